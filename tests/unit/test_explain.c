// SPDX-License-Identifier: GPL-2.0-only
/*
 * obit explain: each reading checked against a real child, the shell, Perl's
 * and Python's habits, through the command's own JSON, read by jansson.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
/* Whole: what tests link with has no commands in it. */
#include "cmd/cmd.c"
#include "cmd/explain.c"

static char last_error[512];

static void keep_error(const char *line, void *ctx)
{
	(void)ctx;
	snprintf(last_error, sizeof(last_error), "%s", line);
}

/* Runs the command; its standard output comes back in a static buffer. */
static int explain(const char *format, const char *word, char *out, size_t size)
{
	char option[16], text[64], *argv[] = { "explain", option, text, NULL };
	struct buf err = BUF_INIT;
	FILE *f = tmpfile();
	int saved = dup(STDOUT_FILENO), first, ret;
	size_t n;

	snprintf(option, sizeof(option), "-o%s", format);
	snprintf(text, sizeof(text), "%s", word);
	last_error[0] = '\0';
	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	first = opts_parse(cmd_explain.groups, 3, argv, cmd_explain.opts_flags,
			   &err);
	ret = first < 0 ? first : cmd_explain.run(3 - first, argv + first);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	fclose(f);
	buf_free(&err);
	assert_int_equal(first, 2);
	return ret;
}

static json_t *readings(const char *word)
{
	char out[16384];
	json_error_t error;
	json_t *root, *list;

	assert_int_equal(explain("json", word, out, sizeof(out)), EX_OK);
	assert_int_equal(strcspn(out, "\n"), strlen(out) - 1); /* one line */
	root = json_loads(out, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s: %s", error.text, out);
	assert_string_equal(json_string_value(json_object_get(root, "status")),
			    word);
	list = json_incref(json_object_get(root, "readings"));
	assert_true(json_array_size(list) > 0);
	json_decref(root);
	return list;
}

static json_t *reading_as(json_t *list, const char *as)
{
	json_t *r;
	size_t i;

	json_array_foreach(list, i, r)
		if (!strcmp(json_string_value(json_object_get(r, "as")), as))
			return r;
	return NULL;
}

static void first_is(const char *word, const char *as, int exit_status,
		     const char *sig)
{
	json_t *list = readings(word), *r = json_array_get(list, 0);
	json_t *st = json_object_get(r, "exit_status");
	json_t *name = json_object_get(r, "signal");

	assert_string_equal(json_string_value(json_object_get(r, "as")), as);
	if (exit_status >= 0)
		assert_int_equal(json_integer_value(st), exit_status);
	else
		assert_true(json_is_null(st));
	if (sig)
		assert_string_equal(json_string_value(name), sig);
	else
		assert_true(json_is_null(name));
	assert_non_null(json_string_value(json_object_get(r, "says")));
	json_decref(list);
}

static void likeliest_first(void **state)
{
	(void)state;
	first_is("0", "shell_status", 0, NULL);
	first_is("1", "shell_status", 1, NULL);
	first_is("64", "shell_status", 64, NULL);
	first_is("137", "shell_status", 137, "SIGKILL");
	first_is("139", "shell_status", 139, "SIGSEGV");
	first_is("0x8b", "wait_status", -1, "SIGSEGV");
	first_is("0x8b00", "wait_status", 139, NULL);
	first_is("256", "wait_status", 1, NULL);
	first_is("-1", "exit_argument", 255, NULL);
	first_is("-9", "returncode", -1, "SIGKILL");
	first_is("4294967295", "exit_argument", 255, NULL);
	first_is("EX_CONFIG", "sysexit", 78, NULL);
	first_is("config", "sysexit", 78, NULL);
	first_is("SIGTERM", "signal", -1, "SIGTERM");
	first_is("TERM", "signal", -1, "SIGTERM");
	first_is("rtmin+3", "signal", -1, "SIGRTMIN+3");
	first_is("9/KILL", "signal", -1, "SIGKILL");
	first_is("203/EXEC", "shell_status", 203, NULL);
	first_is("143/n/a", "shell_status", 143, "SIGTERM");
	first_is("128+SIGKILL", "shell_status", 137, "SIGKILL");
	first_is("128+9", "shell_status", 137, "SIGKILL");
	first_is("265", "ksh_status", -1, "SIGKILL");
	first_is("0x137f", "wait_status", -1, "SIGSTOP");
}

/* Every raw status of a real child is a reading, and the right one. */
static void raw_statuses(void **state)
{
	/* clang-format off */
	static const struct {
		int exit_value, sig;
	} rows[] = {
		{ 1, 0 }, { 2, 0 }, { 78, 0 }, { 255, 0 }, { 300, 0 },
		{ 0, SIGHUP }, { 0, SIGKILL }, { 0, SIGTERM }, { 0, SIGSEGV },
		{ 0, 37 },
	};
	/* clang-format on */
	json_t *list, *r;
	char word[32];
	size_t i;
	int st;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid = fork();

		if (!pid) {
			signal(rows[i].sig, SIG_DFL);
			if (rows[i].sig)
				kill(getpid(), rows[i].sig);
			_exit(rows[i].exit_value);
		}
		assert_int_equal(waitpid(pid, &st, 0), pid);
		snprintf(word, sizeof(word), "0x%x", (unsigned int)st);
		list = readings(word);
		r = reading_as(list, "wait_status");
		assert_non_null(r);
		if (WIFEXITED(st))
			assert_int_equal(json_integer_value(
						 json_object_get(r,
								 "exit_status")),
					 WEXITSTATUS(st));
		else
			assert_string_not_equal(json_string_value(
							json_object_get(r,
									"signal")),
						"");
		assert_int_equal(json_is_true(
					 json_object_get(r, "core_dumped")),
				 WIFSIGNALED(st) && WCOREDUMP(st));
		json_decref(list);
	}
}

/* What exit() does to its argument, asked of the kernel. */
static void exit_arguments(void **state)
{
	/* clang-format off */
	static const char *const words[] = {
		"256", "512", "300", "-1", "-2", "-128", "-129", "4294967295",
		"2147483647", "-2147483648", "65536",
	};
	/* clang-format on */
	size_t i;
	int st;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		json_t *list = readings(words[i]);
		json_t *r = reading_as(list, "exit_argument");
		pid_t pid = fork();

		if (!pid)
			_exit((int)strtoll(words[i], NULL, 10));
		assert_int_equal(waitpid(pid, &st, 0), pid);
		assert_non_null(r);
		assert_int_equal(json_integer_value(
					 json_object_get(r, "exit_status")),
				 WEXITSTATUS(st));
		json_decref(list);
	}
}

/* Honest where a number proves nothing. */
static void honest_notes(void **state)
{
	/* clang-format off */
	static const struct {
		const char *word, *as, *note;
	} rows[] = {
		{ "137", "shell_status", "no proof of an out-of-memory" },
		{ "137", "shell_status", "exit(137)" },
		{ "0", "shell_status", "exit(256)" },
		{ "256", "exit_argument", "looks like a success" },
		{ "78", "shell_status", "Only if the program keeps" },
		{ "4294967295", "exit_argument", "it is -1" },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *list = readings(rows[i].word);
		json_t *r = reading_as(list, rows[i].as);

		assert_non_null(r);
		assert_non_null(
			strstr(json_string_value(json_object_get(r, "note")),
			       rows[i].note));
		json_decref(list);
	}
}

/* No kernel makes these: SIGKILL with a core, a status with leftovers. */
static void nonsense_is_left_out(void **state)
{
	static const char *const words[] = { "137", "300", "193", "0x189" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		json_t *list = readings(words[i]);

		assert_null(reading_as(list, "wait_status"));
		json_decref(list);
	}
}

static void every_small_number(void **state)
{
	char word[16], out[16384];
	int i;

	(void)state;
	for (i = -70; i < 700; i++) {
		snprintf(word, sizeof(word), "%d", i);
		json_decref(readings(word));
		assert_int_equal(explain("table", word, out, sizeof(out)), 0);
		assert_memory_equal(out, word, strlen(word));
		assert_null(strstr(out, "(null)"));
		snprintf(word, sizeof(word), "0x%x", (i + 70) * 93);
		json_decref(readings(word));
	}
}

static void bad_input(void **state)
{
	/* clang-format off */
	static const char *const words[] = {
		"", "x", "SIGFOO", "4294967296", "-2147483649", "0x", "1.5",
		"99999999999999999999999", "128+", "128+FOO", "/", "x/KILL",
		"SIG", "9 ", "1e3", "EX_", "a\nb",
	};
	/* clang-format on */
	char out[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(explain("json", words[i], out, sizeof(out)),
				 EX_USAGE);
		assert_string_equal(out, "");
		assert_true(strlen(last_error) > 20);
		assert_null(strchr(last_error, '\n'));
	}
	explain("json", "SIGTREM", out, sizeof(out));
	assert_non_null(strstr(last_error, "did you mean SIGTERM?"));
	explain("json", "EX_CONIFG", out, sizeof(out));
	assert_non_null(strstr(last_error, "did you mean EX_CONFIG?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(likeliest_first),
		cmocka_unit_test(raw_statuses),
		cmocka_unit_test(exit_arguments),
		cmocka_unit_test(honest_notes),
		cmocka_unit_test(nonsense_is_left_out),
		cmocka_unit_test(every_small_number),
		cmocka_unit_test(bad_input),
	};

	log_set_writer(keep_error, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
