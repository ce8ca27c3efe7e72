// SPDX-License-Identifier: GPL-2.0-only
/*
 * target: a process held by its pidfd, from its life to its reaping, and what
 * of its end is known at each step. The processes are children of the test,
 * which knows how they end and reaps them itself.
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
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/target.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "pidfd.h"

#define STATUS 21u

static char said[512];
static unsigned int nr_said;

static void keep_line(const char *line, void *ctx)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", line);
	nr_said++;
}

static bool at_least(unsigned int major, unsigned int minor)
{
	unsigned int a = 0, b = 0;
	struct utsname u;

	assert_int_equal(uname(&u), 0);
	assert_int_equal(sscanf(u.release, "%u.%u", &a, &b), 2);
	return a > major || (a == major && b >= minor);
}

/* A child that ends with STATUS as soon as *gate is closed. */
static pid_t begin(int *gate)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fds[1]);
		while (read(fds[0], &c, 1) > 0)
			;
		_exit(STATUS);
	}
	close(fds[0]);
	*gate = fds[1];
	return pid;
}

/* It has ended, and is a zombie. */
static void end(pid_t pid, int gate)
{
	siginfo_t info;

	close(gate);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), STATUS);
}

static void held(void **state)
{
	uint32_t code = 0;
	int gate, fd, err;
	pid_t pid = begin(&gate);

	(void)state;
	fd = pidfd_of((uint32_t)pid);
	assert_true(fd >= 0);
	assert_false(pidfd_dead(fd));
	assert_true(pidfd_held(fd));
	if (at_least(6, 13))
		assert_int_equal(pidfd_parent(fd), getpid());
	if (at_least(6, 16))
		assert_int_equal(pidfd_has_memory(fd), 1);
	end(pid, gate);
	assert_true(pidfd_dead(fd));
	assert_true(pidfd_held(fd));
	if (at_least(6, 13))
		assert_int_equal(pidfd_parent(fd), getpid());
	assert_true(pidfd_has_memory(fd) <= 0);
	err = pidfd_exit_code(fd, &code);
	assert_true(err < 0);
	if (at_least(6, 13))
		assert_int_equal(err, -ENODATA);
	assert_true(pidfd_keeps_code() == at_least(6, 15));
	reap(pid);
	assert_true(pidfd_dead(fd));
	assert_false(pidfd_held(fd));
	err = pidfd_exit_code(fd, &code);
	if (at_least(6, 15)) {
		assert_int_equal(err, 0);
		assert_int_equal(code, STATUS << 8);
	} else {
		assert_true(err == -ENOTTY || err == -EINVAL);
	}
	close(fd);
}

/* The zombie of a child is its parent's to read, whoever runs the test. */
static void found_dead(void **state)
{
	struct obituary o;
	struct target t;
	char number[16];
	int gate;
	pid_t pid = begin(&gate);

	(void)state;
	snprintf(number, sizeof(number), "%d", (int)pid);
	assert_int_equal(target_open(&t, number), 0);
	end(pid, gate);
	assert_int_equal(target_look(&t), TARGET_KNOWN);
	target_obituary(&t, SOURCE_PIDFD, &o);
	assert_int_equal(o.tgid, pid);
	assert_int_equal(o.exit_code, STATUS << 8);
	assert_int_equal(o.fate, FATE_ZOMBIE);
	assert_int_equal(o.source, SOURCE_PIDFD);
	assert_true(obituary_has(&o, OB_PARENT));
	assert_int_equal(o.parent.tgid, getpid());
	assert_int_equal(o.uid, getuid());
	assert_false(obituary_has(&o, OB_TIME)); /* not seen */
	reap(pid);
	if (at_least(6, 15)) {
		assert_int_equal(target_look(&t), TARGET_KNOWN);
		target_obituary(&t, SOURCE_PIDFD, &o);
		assert_int_equal(o.exit_code, STATUS << 8);
		assert_int_equal(o.fate, FATE_UNKNOWN);
		assert_int_equal(o.parent.tgid, getpid()); /* as it was seen */
	} else {
		assert_int_equal(target_look(&t), TARGET_LOST);
		assert_non_null(strstr(t.why, "this kernel does not keep it"));
	}
	target_close(&t);
}

/* Nothing but the pidfd, and when its process was found dead. */
static void seen_to_end(void **state)
{
	struct target t = { .tgid = 4711,
			    .exit_code = 3 << 8,
			    .reaped = true,
			    .lived = true,
			    .have_code = true };
	uint64_t real = real_now();
	struct obituary o;

	(void)state;
	t.dead_ns = boot_now() - 1000000000;
	target_obituary(&t, SOURCE_PIDFD, &o);
	assert_true(obituary_has(&o, OB_TIME));
	assert_true(o.boot_ns == t.dead_ns);
	assert_true(llabs((int64_t)real - 1000000000 - o.real_ns) <
		    10000000000ll);
	assert_false(obituary_has(&o, OB_COMM));
	assert_false(obituary_has(&o, OB_UID));
	assert_false(obituary_has(&o, OB_PARENT));
	assert_int_equal(o.fate, FATE_UNKNOWN);
	assert_int_equal(o.exit_status, 3);
}

static void names(void **state)
{
	struct target t = { .tgid = 4711, .pidfd = -1 };
	char name[TARGET_NAME_MAX];

	(void)state;
	assert_string_equal(target_name(&t, name), "process 4711");
	log_set_writer(keep_line, NULL);
	t.zombie.parent.tgid = 42;
	nr_said = 0;
	target_tell_zombie(&t);
	assert_non_null(strstr(said, "process 4711 is dead, and its parent "
				     "process 42 has not reaped it"));
	target_tell_zombie(&t);
	assert_int_equal(nr_said, 1);
	t.told = false;
	memcpy(t.comm, "abcdefghijklmnop", sizeof(t.comm));
	strcpy(t.parent_comm, "sh");
	target_tell_zombie(&t);
	assert_non_null(strstr(said, "abcdefghijklmnop[4711] is dead, and its "
				     "parent sh[42] has"));
	log_set_writer(NULL, NULL);
}

static void operands(void **state)
{
	static const struct {
		const char *operand;
		int status;
		const char *words;
	} bad[] = {
		{ "0", EX_USAGE, "no process id" },
		{ "", EX_USAGE, "no process id" },
		{ "x", EX_USAGE, "no process id" },
		{ "99999999999999999999999x", EX_USAGE, "no process id" },
		{ "4294967297", EX_UNAVAILABLE, "no process has the id" },
		{ "18446744073709551615", EX_UNAVAILABLE, "no process has" },
		{ "18446744073709551616", EX_UNAVAILABLE, "no process has" },
		{ "99999999999999999999999", EX_UNAVAILABLE,
		  "no process has the id 99999999999999999999999: " },
	};
	struct target t;
	size_t i;

	(void)state;
	log_set_writer(keep_line, NULL);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		nr_said = 0;
		assert_int_equal(target_open(&t, bad[i].operand),
				 bad[i].status);
		assert_int_equal(nr_said, 1);
		if (!strstr(said, bad[i].words))
			fail_msg("\"%s\": %s", bad[i].operand, said);
	}
	log_set_writer(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held),	       cmocka_unit_test(found_dead),
		cmocka_unit_test(seen_to_end), cmocka_unit_test(names),
		cmocka_unit_test(operands),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
