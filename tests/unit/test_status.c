// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit statuses against glibc's macros and names, real children, and a shell.
 * Nothing here is derived from the tables under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/status.h"

static void decodes_like_libc(void **state)
{
	unsigned int st;

	(void)state;
	for (st = 0; st < 0x10000; st++) {
		struct status s = status_decode(st);
		int w = (int)st;

		if (WIFEXITED(w)) {
			assert_int_equal(s.kind, STATUS_EXITED);
			assert_int_equal(s.exit_status, WEXITSTATUS(w));
		} else if (WIFCONTINUED(w)) {
			assert_int_equal(s.kind, STATUS_CONTINUED);
		} else if (WIFSTOPPED(w)) {
			assert_int_equal(s.kind, STATUS_STOPPED);
			assert_int_equal(s.signal, WSTOPSIG(w));
		} else if (WIFSIGNALED(w) && WTERMSIG(w) <= SIGRTMAX) {
			assert_int_equal(s.kind, STATUS_SIGNALED);
			assert_int_equal(s.signal, WTERMSIG(w));
			assert_int_equal(s.core_dumped, !!WCOREDUMP(w));
			assert_int_equal(s.exit_status, -1);
		} else {
			assert_int_equal(s.kind, STATUS_ODD);
		}
	}
}

static void leftovers(void **state)
{
	(void)state;
	assert_int_equal(status_decode(0x0100).leftover, 0);
	assert_int_equal(status_decode(0x008b).leftover, 0);
	assert_int_equal(status_decode(0x137f).leftover, 0);
	assert_int_equal(status_decode(0x0189).leftover, 0x100);
	assert_int_equal(status_decode(0x0080).leftover, 0x80);
	assert_int_equal(status_decode(0x10100).leftover, 0x10000);
	/* PTRACE_EVENT_EXIT (6) with SIGTRAP (5) */
	assert_int_equal(status_decode(0x6057f).leftover, 0x60000);
	assert_int_equal(status_decode(0x6057f).signal, 5);
}

static int run_child(int exit_value)
{
	int st;
	pid_t pid = fork();

	if (!pid)
		_exit(exit_value);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	return st;
}

static void exits_like_the_kernel(void **state)
{
	/* clang-format off */
	static const int values[] = {
		0, 1, 2, 64, 78, 126, 127, 128, 137, 254, 255, 256, 257, 300,
		511, 512, 65535, 65536, INT32_MAX, INT32_MIN, -1, -2, -127,
		-128, -129, -255, -256, -257,
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int st = run_child(values[i]), seen = WEXITSTATUS(st);

		assert_int_equal(status_encode_exit(values[i]), st);
		/* Cut: neither reading of the parent's byte gives it back. */
		assert_int_equal(status_truncated(values[i]),
				 seen != values[i] &&
					 (signed char)seen != values[i]);
	}
}

static void names_like_libc(void **state)
{
	char want[32], plain[32];
	int sig;

	(void)state;
	assert_int_equal(SIGRTMIN, 34);
	for (sig = 1; sig < 32; sig++) {
		snprintf(want, sizeof(want), "SIG%s", sigabbrev_np(sig));
		/* glibc says POLL where signal(7) and everyone says IO. */
		if (sig == SIGPOLL)
			strcpy(want, "SIGIO");
		assert_string_equal(signal_name(sig), want);
		assert_int_equal(signal_parse(want), sig);
		assert_int_equal(signal_parse(want + 3), sig);
	}
	assert_string_equal(signal_name(32), "SIG32");
	assert_string_equal(signal_name(33), "SIG33");
	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++) {
		if (sig == SIGRTMIN)
			strcpy(want, "SIGRTMIN");
		else
			snprintf(want, sizeof(want), "SIGRTMIN+%d",
				 sig - SIGRTMIN);
		assert_string_equal(signal_name(sig), want);
		assert_int_equal(signal_parse(want), sig);
		assert_int_equal(signal_parse(want + 3), sig);
		snprintf(want, sizeof(want), "rtmax-%d", SIGRTMAX - sig);
		assert_int_equal(signal_parse(want), sig);
	}
	for (sig = 1; sig <= SIGRTMAX; sig++) {
		snprintf(plain, sizeof(plain), "%d", sig);
		assert_int_equal(signal_parse(plain), sig);
	}
	assert_int_equal(signal_parse("sigterm"), SIGTERM);
	assert_int_equal(signal_parse("Poll"), SIGPOLL);
	assert_int_equal(signal_parse("IOT"), SIGABRT);
	assert_int_equal(signal_parse("CLD"), SIGCHLD);
	assert_int_equal(signal_parse("RTMAX"), SIGRTMAX);
	assert_null(signal_name(0));
	assert_null(signal_name(-1));
	assert_null(signal_name(65));
	assert_non_null(signal_about(99));
}

static void bad_signal_names(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", "SIG", "0", "65", "-1", "9x", "0x9", "KILLED", "SIGSIGKILL",
		"RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+", "RTMI",
		"RTMIN+99999999999", " KILL", "99999999999999999999",
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(signal_parse(bad[i]), -EINVAL);
}

/* What really happens to a process that has the signal at its default. */
static void default_actions(void **state)
{
	struct rlimit none = { 0, 0 };
	int sig, st;
	pid_t pid;

	(void)state;
	for (sig = 1; sig <= SIGRTMAX; sig++) {
		sigset_t all;

		if (sig == 32 || sig == 33)
			continue; /* raise() refuses glibc's own */
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			setrlimit(RLIMIT_CORE, &none);
			/* An orphaned group would not stop by SIGTSTP. */
			setpgid(0, 0);
			signal(sig, SIG_DFL);
			sigfillset(&all);
			sigprocmask(SIG_UNBLOCK, &all, NULL);
			kill(getpid(), sig);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &st, WUNTRACED), pid);
		switch (signal_default_action(sig)) {
		case SIGNAL_TERM:
		case SIGNAL_CORE:
			assert_true(WIFSIGNALED(st) && WTERMSIG(st) == sig);
			break;
		case SIGNAL_IGNORE:
		case SIGNAL_CONT:
			assert_true(WIFEXITED(st));
			break;
		case SIGNAL_STOP:
			assert_true(WIFSTOPPED(st) && WSTOPSIG(st) == sig);
			break;
		}
		if (WIFSTOPPED(st)) {
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &st, 0), pid);
		}
	}
}

/* SIG_KERNEL_COREDUMP_MASK of include/linux/signal.h. */
static void core_signals(void **state)
{
	/* clang-format off */
	static const int core[] = {
		SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS,
		SIGSYS, SIGXCPU, SIGXFSZ,
	};
	/* clang-format on */
	bool is_core[128] = { false };
	size_t i;
	int sig;

	(void)state;
	for (i = 0; i < sizeof(core) / sizeof(core[0]); i++)
		is_core[core[i]] = true;
	for (sig = 1; sig <= SIGRTMAX; sig++)
		assert_int_equal(signal_default_action(sig) == SIGNAL_CORE,
				 is_core[sig]);
	assert_int_equal(signal_default_action(SIGCONT), SIGNAL_CONT);
}

/* What a real shell says after such a death. */
static void shell_convention(void **state)
{
	/* clang-format off */
	static const int sigs[] = {
		SIGHUP, SIGINT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM,
		SIGUSR2,
	};
	/* clang-format on */
	char line[128], want[32];
	size_t i;
	int st;

	(void)state;
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		snprintf(line, sizeof(line),
			 "exec 2>/dev/null; ulimit -c 0; sh -c 'kill -%d $$';"
			 " exit $?",
			 sigs[i]);
		st = system(line);
		assert_true(WIFEXITED(st));
		snprintf(want, sizeof(want), "128+SIG%s",
			 sigabbrev_np(sigs[i]));
		assert_string_equal(status_meaning(WEXITSTATUS(st)), want);
	}
	st = system("/nonexistent/command 2>/dev/null");
	assert_string_equal(status_meaning(WEXITSTATUS(st)),
			    "command not found");
	st = system("/dev/null 2>/dev/null");
	assert_string_equal(status_meaning(WEXITSTATUS(st)), "not executable");
}

/* Numbers and names as /usr/include/sysexits.h of every Unix has them. */
static void sysexits_table(void **state)
{
	/* clang-format off */
	static const char *const names[] = {
		"USAGE", "DATAERR", "NOINPUT", "NOUSER", "NOHOST",
		"UNAVAILABLE", "SOFTWARE", "OSERR", "OSFILE", "CANTCREAT",
		"IOERR", "TEMPFAIL", "PROTOCOL", "NOPERM", "CONFIG",
	};
	/* clang-format on */
	char full[32];
	int i;

	(void)state;
	for (i = 0; i < 15; i++) {
		snprintf(full, sizeof(full), "EX_%s", names[i]);
		assert_string_equal(status_meaning(64 + i), full);
		assert_int_equal(sysexit_by_name(full)->status, 64 + i);
		assert_int_equal(sysexit_by_name(names[i])->status, 64 + i);
		assert_non_null(status_meaning_about(64 + i));
	}
	assert_int_equal(sysexit_by_name("ex_ok")->status, 0);
	assert_null(sysexit_by_name("EX_"));
	assert_null(sysexit_by_name("EX_NONE"));
	assert_null(sysexit_by_status(63));
	assert_null(sysexit_by_status(79));
}

static void meaning_of_every_status(void **state)
{
	int i;

	(void)state;
	for (i = -300; i < 600; i++) {
		bool known = (i >= 64 && i <= 78) || i == 126 || i == 127 ||
			     (i >= 129 && i <= 192);

		assert_int_equal(status_meaning(i) != NULL, known);
		assert_int_equal(status_meaning_about(i) != NULL, known);
	}
	assert_string_equal(status_meaning(128 + 37), "128+SIGRTMIN+3");
}

/* `systemd-analyze exit-status` of systemd 252. */
static void systemd_names(void **state)
{
	/* clang-format off */
	static const struct {
		int status;
		const char *name;
	} rows[] = {
		{ 200, "CHDIR" }, { 203, "EXEC" }, { 209, "STDOUT" },
		{ 216, "GROUP" }, { 217, "USER" }, { 222, "STDERR" },
		{ 224, "PAM" }, { 226, "NAMESPACE" }, { 228, "SECCOMP" },
		{ 231, "APPARMOR" }, { 233, "RUNTIME_DIRECTORY" },
		{ 235, "CHOWN" }, { 237, "KEYRING" },
		{ 241, "CONFIGURATION_DIRECTORY" }, { 243, "CREDENTIALS" },
		{ 244, "BPF" },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(status_systemd(rows[i].status),
				    rows[i].name);
	assert_null(status_systemd(-1));
	assert_null(status_systemd(0));
	assert_null(status_systemd(199));
	assert_null(status_systemd(223));
	assert_null(status_systemd(234));
	assert_null(status_systemd(245));
}

static void phrase_is(uint32_t exit_code, const int32_t *exit_value,
		      const char *want)
{
	struct buf b = BUF_INIT;

	status_phrase(&b, exit_code, exit_value);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void phrases(void **state)
{
	/* clang-format off */
	static const int32_t zero = 0, false_success = 256, minus = -1,
			     config = 78, low = -129;

	(void)state;
	phrase_is(0, &zero, "exit 0");
	phrase_is(0, NULL, "exit 0");
	phrase_is(0x0100, NULL, "exit 1");
	phrase_is(0x4e00, &config, "exit 78 (EX_CONFIG)");
	phrase_is(0x7f00, NULL, "exit 127 (command not found)");
	phrase_is(0x8900, NULL, "exit 137 (128+SIGKILL)");
	phrase_is(0, &false_success,
		  "exit 256 \xe2\x80\x94 seen by the parent as 0");
	phrase_is(0x7f00, &low,
		  "exit -129 \xe2\x80\x94 seen by the parent as 127");
	phrase_is(0xff00, &minus, "exit 255 (-1)");
	phrase_is(0x0009, NULL, "killed by SIGKILL");
	phrase_is(0x008b, NULL, "killed by SIGSEGV, core dumped");
	phrase_is(0x0025, NULL, "killed by SIGRTMIN+3");
	phrase_is(0x0020, NULL, "killed by SIG32");
	phrase_is(0x137f, NULL, "stopped by SIGSTOP");
	phrase_is(0xffff, NULL, "continued");
	phrase_is(0x0050, NULL, "no wait status of Linux (0x50)");
	phrase_is(0x0109, NULL, "killed by SIGKILL (0x109)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_like_libc),
		cmocka_unit_test(leftovers),
		cmocka_unit_test(exits_like_the_kernel),
		cmocka_unit_test(names_like_libc),
		cmocka_unit_test(bad_signal_names),
		cmocka_unit_test(default_actions),
		cmocka_unit_test(core_signals),
		cmocka_unit_test(shell_convention),
		cmocka_unit_test(sysexits_table),
		cmocka_unit_test(meaning_of_every_status),
		cmocka_unit_test(systemd_names),
		cmocka_unit_test(phrases),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
