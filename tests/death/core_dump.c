// SPDX-License-Identifier: GPL-2.0-only
/*
 * A core is on disk: bit 0x80 of the status, also where a thread dumped and
 * the leader's own exit code lacks it. core_pattern is never changed: where
 * it is a plain file name the core goes to a private folder.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

static void core_wanted(void)
{
	struct rlimit rl;
	char pattern[128] = "";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);

	if (fd < 0 || read(fd, pattern, sizeof(pattern) - 1) < 1)
		case_skip("missing feature: no core_pattern");
	close(fd);
	if (pattern[0] == '|' || pattern[0] == '/' || pattern[0] == '@')
		case_skip("missing feature: core_pattern is not a file here");
	getrlimit(RLIMIT_CORE, &rl);
	if (rl.rlim_max < 1 << 24)
		case_skip("missing feature: RLIMIT_CORE's hard limit is low");
	MUST(chdir(scratch()));
}

static void allow_core(void)
{
	struct rlimit rl = { 1 << 26, 1 << 26 };

	if (setrlimit(RLIMIT_CORE, &rl))
		_exit(90);
	prctl(PR_SET_DUMPABLE, 1);
}

static void leader_dumps(struct victim *v)
{
	allow_core();
	victim_hold(v);
	*(volatile int *)16 = 1;
}

static void dumped(struct victim *v, const char *cause, json_t *by)
{
	if (!WCOREDUMP(v->status))
		case_fail("no core was written: status %#x", v->status);
	died_signal(v, WTERMSIG(v->status), cause, by);
	/* the dump itself is reading and writing of the kernel's */
	expect_usage(v, "minflt", 0, 1 << 20);
}

DEATH_CASE("core_leader", core_leader, 0, "SIGSEGV with a core: 0x8b")
{
	struct victim *v = victim_new("dumper");

	core_wanted();
	victim_fork(v, leader_dumps);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	dumped(v, "fault", NULL);
}

static void thread_dumps(struct victim *v)
{
	v->word[0] = sys_gettid();
	victim_hold(v);
	*(volatile int *)16 = 1;
}

static void leader_waits(struct victim *v)
{
	allow_core();
	thread_start(thread_dumps, v);
	for (;;)
		pause();
}

DEATH_CASE("core_thread", core_thread, 0,
	   "a thread dumps: 0x8b though the leader's own code is 0x0b")
{
	struct victim *v = victim_new("dumper");

	core_wanted();
	victim_fork(v, leader_waits);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_wait(v);
	dumped(v, "fault", NULL);
	expect(v, "threads", json_integer(2));
}

static void quits(struct victim *v)
{
	allow_core();
	victim_hold(v);
	victim_hold(v);
}

DEATH_CASE("core_killed", core_killed, 0, "SIGQUIT from outside, with a core")
{
	struct victim *v = victim_new("dumper");

	core_wanted();
	victim_fork(v, quits);
	victim_base(v);
	victim_doom(v);
	MUST(kill(v->pid, SIGQUIT));
	victim_wait(v);
	dumped(v, "signal", killer_of(getpid(), getpid(), SIGQUIT));
}
