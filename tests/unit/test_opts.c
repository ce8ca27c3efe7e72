// SPDX-License-Identifier: GPL-2.0-only
/*
 * Option tables: every kind, the GNU syntax, and the sentences about mistakes.
 * Never checks half a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/opts.h"
#include "lib/utf8.h"

enum colour { RED = 3, GREEN = 7 };

/* clang-format off */
static const struct opt_name colours[] = {
	{ "red", RED, "the colour of alarm" },
	{ "green", GREEN, NULL },
	{ NULL, 0, NULL }
};
/* clang-format on */

struct demo {
	bool fast, colour_on;
	unsigned int verbose;
	uint32_t tgid;
	uint64_t cgroup_id, buffer, wait_ns;
	const char *file;
	struct opt_strings comm;
	enum colour colour;
	int called;
};

static int parse_call(const struct opt *o, const char *arg, void *field,
		      struct buf *why)
{
	if (!strcmp(o->name, "once")) {
		assert_string_equal(arg, "");
		++*(int *)field;
		return 0;
	}
	if (strcmp(arg, "good")) {
		buf_adds(why, "it must be good");
		return -EINVAL;
	}
	*(int *)field += 10;
	return 0;
}

/* clang-format off */
static const struct opt demo_opts[] = {
	OPT_FLAG('f', "fast", struct demo, fast, .help = "Do not wait."),
	OPT_FLAG(0, "colour", struct demo, colour_on, .negatable = true,
		 .dflt = "1", .help = "Use colours."),
	OPT_COUNT('v', "verbose", struct demo, verbose, .help = "Say more."),
	OPT_U32('t', "tgid", struct demo, tgid, .min = 1,
		.help = "Only this process."),
	OPT_U64(0, "cgroup-id", struct demo, cgroup_id, .help = "Only here."),
	OPT_SIZE('b', "buffer", struct demo, buffer, .dflt = "8M",
		 .min = 4096, .max = 1ull << 30, .env = "TEST_OPTS_BUFFER",
		 .help = "Size of the ring."),
	OPT_DURATION('w', "wait", struct demo, wait_ns, .dflt = "1s",
		     .help = "How long to wait before the one sentence that is "
			     "so long that it needs a second line."),
	OPT_STRING('F', "file", struct demo, file, .metavar = "PATH",
		   .env = "TEST_OPTS_FILE", .help = "Read from PATH."),
	OPT_STRINGS('c', "comm", struct demo, comm, .metavar = "NAME",
		    .help = "Only this name."),
	OPT_END
};
/* clang-format on */

static const struct opt more_opts[] = {
	OPT_ENUM('o', "output", struct demo, colour, .names = colours,
		 .dflt = "red", .bare = "green", .help = "Which colour."),
	OPT_CALL(0, "call", struct demo, called, .parse = parse_call,
		 .help = "Calls."),
	OPT_CALL(0, "once", struct demo, called, .parse = parse_call,
		 .no_arg = true, .help = "Calls without a value."),
	OPT_FLAG(0, "secret", struct demo, fast, .hidden = true,
		 .help = "Not shown."),
	OPT_END
};

static struct demo demo;
/* clang-format off */
static const struct opts_group groups[] = {
	{ "Options", demo_opts, &demo },
	{ "More", more_opts, &demo },
	OPTS_GROUP_END
};
/* clang-format on */

#define MAX_ARGS 16
static char *args[MAX_ARGS + 1];
static char arg_text[MAX_ARGS][64];
static struct buf err;
static int argc;

/* "a|b|c" is three arguments. */
static int parse(const char *line, unsigned int flags)
{
	size_t n;

	memset(&demo, 0, sizeof(demo));
	buf_clear(&err);
	args[0] = arg_text[0];
	strcpy(arg_text[0], "obit");
	argc = 1;
	while (*line) {
		n = strcspn(line, "|");
		snprintf(arg_text[argc], sizeof(arg_text[0]), "%.*s", (int)n,
			 line);
		args[argc] = arg_text[argc];
		argc++;
		line += n + (line[n] == '|');
	}
	args[argc] = NULL;
	return opts_parse(groups, argc, args, flags, &err);
}

static void fails(const char *line, const char *sentence)
{
	assert_int_equal(parse(line, 0), -EINVAL);
	assert_string_equal(buf_str(&err), sentence);
	opts_free(groups);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("", 0), 1);
	assert_true(demo.colour_on);
	assert_false(demo.fast);
	assert_int_equal(demo.buffer, 8 << 20);
	assert_int_equal(demo.wait_ns, 1000000000);
	assert_int_equal(demo.colour, RED);
	assert_null(demo.file);
	assert_int_equal(demo.comm.nr, 0);
}

static void every_kind(void **state)
{
	(void)state;
	assert_int_equal(parse("-f|-vv|-v|--tgid=412|--cgroup-id|0xff|-b64K|"
			       "--wait|20ms|-F|-|--no-colour|-cbash|--comm=sh|"
			       "-o",
			       0),
			 16);
	assert_true(demo.fast);
	assert_false(demo.colour_on);
	assert_int_equal(demo.verbose, 3);
	assert_int_equal(demo.tgid, 412);
	assert_int_equal(demo.cgroup_id, 255);
	assert_int_equal(demo.buffer, 65536);
	assert_int_equal(demo.wait_ns, 20000000);
	assert_string_equal(demo.file, "-");
	assert_int_equal(demo.comm.nr, 2);
	assert_string_equal(demo.comm.v[0], "bash");
	assert_string_equal(demo.comm.v[1], "sh");
	assert_int_equal(demo.colour, GREEN);
	opts_free(groups);
	assert_null(demo.comm.v);

	assert_int_equal(parse("--once|--call|good|--call=good|--once", 0), 6);
	assert_int_equal(demo.called, 22);
	assert_int_equal(parse("--colour|--secret|-fvt7", 0), 4);
	assert_true(demo.colour_on && demo.fast);
	assert_int_equal(demo.verbose, 1);
	assert_int_equal(demo.tgid, 7);
	assert_int_equal(parse("--file=", 0), 2); /* empty is a value */
	assert_string_equal(demo.file, "");
}

static void optional_value(void **state)
{
	(void)state;
	/* Only with = : the next word is an operand. */
	assert_int_equal(parse("--output|red", 0), 2);
	assert_int_equal(demo.colour, GREEN);
	assert_string_equal(args[2], "red");
	assert_int_equal(parse("--output=red", 0), 2);
	assert_int_equal(demo.colour, RED);
	assert_int_equal(parse("-ored", 0), 2);
	assert_int_equal(demo.colour, RED);
}

static void operands(void **state)
{
	(void)state;
	assert_int_equal(parse("1|-f|2|-w|3s|-|3", 0), 4);
	assert_true(demo.fast);
	assert_string_equal(args[4], "1");
	assert_string_equal(args[5], "2");
	assert_string_equal(args[6], "-");
	assert_string_equal(args[7], "3");
	assert_null(args[8]);

	assert_int_equal(parse("1|--|-f|2", 0), 2);
	assert_false(demo.fast);
	assert_string_equal(args[2], "1");
	assert_string_equal(args[3], "-f");
	assert_string_equal(args[4], "2");

	assert_int_equal(parse("-f|--", 0), 3);
	assert_int_equal(argc, 3);
}

static void stops_at_a_command(void **state)
{
	(void)state;
	assert_int_equal(parse("-v|ls|-f|--what", OPTS_STOP), 2);
	assert_int_equal(demo.verbose, 1);
	assert_false(demo.fast);
	assert_string_equal(args[2], "ls");
	assert_string_equal(args[3], "-f");
	assert_string_equal(args[4], "--what");
	assert_int_equal(parse("-v|--|-ls|-f", OPTS_STOP), 3);
	assert_string_equal(args[3], "-ls");
}

static void negative_numbers(void **state)
{
	(void)state;
	assert_int_equal(parse("-1|-f|-256", OPTS_NUMBERS), 2);
	assert_string_equal(args[2], "-1");
	assert_string_equal(args[3], "-256");
	fails("-1", "there is no option -1");
}

static void unknown_options(void **state)
{
	(void)state;
	fails("--fsat", "there is no option --fsat; did you mean --fast?");
	fails("--fa", "there is no option --fa; did you mean --fast?");
	fails("--wiat=3s", "there is no option --wiat; did you mean --wait?");
	fails("--xyzzyx", "there is no option --xyzzyx");
	fails("--co", "there is no option --co"); /* colour, comm */
	fails("--no-fast", "there is no option --no-fast");
	fails("--=x", "there is no option --");
	fails("-x", "there is no option -x");
	fails("-fx", "there is no option -x");
	fails("-tgid|5", "there is no option -tgid; did you mean --tgid?");
	fails("-wait=5s",
	      "there is no option -wait=5s; did you mean --wait=5s?");
	fails("--secre", "there is no option --secre"); /* hidden stays so */
}

static void bad_values(void **state)
{
	(void)state;
	fails("--tgid", "--tgid needs a value: -t, --tgid N");
	fails("-t", "-t needs a value: -t, --tgid N");
	fails("--fast=yes", "--fast takes no value");
	fails("--once=1", "--once takes no value");
	fails("-t0",
	      "-t cannot be \"0\": it must be a whole number, at least 1");
	fails("--tgid=", "--tgid cannot be \"\": it must be a whole number, "
			 "at least 1");
	fails("-t|-5", "-t cannot be \"-5\": it must be a whole number, "
		       "at least 1");
	fails("-t4294967296", "-t cannot be \"4294967296\": it must be a whole "
			      "number from 1 to 4294967295");
	fails("--cgroup-id=18446744073709551616",
	      "--cgroup-id cannot be "
	      "\"18446744073709551616\": it must be a whole number, and this "
	      "one is too large");
	fails("-b1k2", "-b cannot be \"1k2\": it must be a size such as 512K "
		       "or 8M from 4096 bytes to 1073741824 bytes");
	fails("-b2G", "-b cannot be \"2G\": it must be a size such as 512K "
		      "or 8M from 4096 bytes to 1073741824 bytes");
	fails("--wait=5", "--wait cannot be \"5\": it must be a duration such "
			  "as 20ms, 1s or 2h");
	fails("--output=rde", "--output cannot be \"rde\": did you mean red?");
	fails("--output=blue", "--output cannot be \"blue\": it must be red or "
			       "green");
	fails("--call=bad", "--call cannot be \"bad\": it must be good");
}

static void environment(void **state)
{
	(void)state;
	setenv("TEST_OPTS_BUFFER", "16K", 1);
	setenv("TEST_OPTS_FILE", "/from/env", 1);
	assert_int_equal(parse("", 0), 1);
	assert_int_equal(demo.buffer, 16384);
	assert_string_equal(demo.file, "/from/env");
	assert_int_equal(parse("-b32K", 0), 2);
	assert_int_equal(demo.buffer, 32768);
	setenv("TEST_OPTS_BUFFER", "", 1); /* empty: as if unset */
	assert_int_equal(parse("", 0), 1);
	assert_int_equal(demo.buffer, 8 << 20);
	setenv("TEST_OPTS_BUFFER", "lots", 1);
	fails("", "the environment's TEST_OPTS_BUFFER cannot be \"lots\": it "
		  "must be a size such as 512K or 8M from 4096 bytes to "
		  "1073741824 bytes");
	unsetenv("TEST_OPTS_BUFFER");
	unsetenv("TEST_OPTS_FILE");
}

static void single_values(void **state)
{
	/* clang-format off */
	static const char *const bad_sizes[] = {
		"", "K", "8kB", "8MB", "8Mi", "8 M", "-8", "8M8", "0x8", "8X",
		"+8", "8.5M", "\xff",
	};
	/* clang-format on */
	uint64_t v;
	size_t i;

	(void)state;
	assert_int_equal(parse_size("8M", &v), 0);
	assert_int_equal(v, 8388608);
	assert_int_equal(parse_size("8MiB", &v), 0);
	assert_int_equal(v, 8388608);
	assert_int_equal(parse_size("1k", &v), 0);
	assert_int_equal(v, 1024);
	assert_int_equal(parse_size("2T", &v), 0);
	assert_int_equal(v, 2199023255552);
	assert_int_equal(parse_size("16777216T", &v), -ERANGE);
	assert_int_equal(parse_size("99999999999999999999999999", &v), -ERANGE);
	for (i = 0; i < sizeof(bad_sizes) / sizeof(bad_sizes[0]); i++)
		if (parse_size(bad_sizes[i], &v) != -EINVAL)
			fail_msg("\"%s\" was taken", bad_sizes[i]);

	assert_int_equal(parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(parse_u64("0xFFFFFFFFffffffff", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("0x10000000000000000", &v), -ERANGE);
	assert_int_equal(parse_u64("18446744073709551616x", &v), -EINVAL);
	assert_int_equal(parse_u64("0x", &v), -EINVAL);
	assert_int_equal(parse_u64("010", &v), 0); /* ten, not octal */
	assert_int_equal(v, 10);
	assert_int_equal(parse_u64("1 ", &v), -EINVAL);
	assert_int_equal(parse_u64("-1", &v), -EINVAL);
}

static void help_fits(void **state)
{
	struct buf out = BUF_INIT;
	unsigned int width;
	char *line, *save;

	(void)state;
	opts_help(groups, 80, &out);
	assert_string_equal(
		buf_str(&out),
		"Options:\n"
		"  -f, --fast              Do not wait.\n"
		"      --[no-]colour       Use colours. [default: 1]\n"
		"  -v, --verbose           Say more.\n"
		"  -t, --tgid N            Only this process.\n"
		"      --cgroup-id N       Only here.\n"
		"  -b, --buffer SIZE       Size of the ring. [default: 8M] [$TEST_OPTS_BUFFER]\n"
		"  -w, --wait TIME         How long to wait before the one sentence that is so\n"
		"                          long that it needs a second line. [default: 1s]\n"
		"  -F, --file PATH         Read from PATH. [$TEST_OPTS_FILE]\n"
		"  -c, --comm NAME         Only this name. Repeatable.\n"
		"\n"
		"More:\n"
		"  -o, --output[=red|green]\n"
		"                          Which colour. [default: red]\n"
		"                          red: the colour of alarm\n"
		"      --call TEXT         Calls.\n"
		"      --once              Calls without a value.\n");
	for (width = 50; width < 120; width += 7) {
		buf_clear(&out);
		opts_help(groups, width, &out);
		for (line = strtok_r((char *)buf_str(&out), "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			assert_true(strlen(line) <= width);
			assert_true(line[strlen(line) - 1] != ' ');
		}
	}
	buf_free(&out);
}

static void wraps(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	opts_wrap(&out, "one two  three\n\nfour unbreakableword", 2, 0, 9);
	assert_string_equal(buf_str(&out),
			    "one two\n  three\n\n  four\n  unbreakableword");
	buf_clear(&out);
	opts_wrap(&out, "no limit at all", 2, 50, 0);
	assert_string_equal(buf_str(&out), "no limit at all");
	buf_free(&out);
}

static void nearest(void **state)
{
	static const char *const names[] = { "trace", "explain", "doctor",
					     "wait", "run" };

	(void)state;
	assert_string_equal(opts_nearest("trcae", names, 5), "trace");
	assert_string_equal(opts_nearest("explian", names, 5), "explain");
	assert_string_equal(opts_nearest("doc", names, 5), "doctor");
	assert_string_equal(opts_nearest("rum", names, 5), "run");
	assert_null(opts_nearest("zzz", names, 5));
	assert_null(opts_nearest("", names, 5));
	assert_null(opts_nearest("x", names, 5));
	assert_null(opts_nearest("trace", names, 0));
	assert_null(opts_nearest("a very long word that is in no table at all,"
				 " whoever looks",
				 names, 5));
}

static void count_option(const struct opts_group *g, const struct opt *o,
			 void *ctx)
{
	assert_non_null(g->title);
	assert_false(o->hidden);
	++*(int *)ctx;
}

static void iterates(void **state)
{
	int nr = 0;

	(void)state;
	opts_for_each(groups, count_option, &nr);
	assert_int_equal(nr, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_kind),
		cmocka_unit_test(optional_value),
		cmocka_unit_test(operands),
		cmocka_unit_test(stops_at_a_command),
		cmocka_unit_test(negative_numbers),
		cmocka_unit_test(unknown_options),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(environment),
		cmocka_unit_test(single_values),
		cmocka_unit_test(help_fits),
		cmocka_unit_test(wraps),
		cmocka_unit_test(nearest),
		cmocka_unit_test(iterates),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&err);
	return failed;
}
