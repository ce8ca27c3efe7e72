// SPDX-License-Identifier: GPL-2.0-only
/*
 * join: lives, identities, statuses, killers and executables, by hand-built
 * streams. What does not come (zombies, losses) is test_overdue.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

static void test_simple_exit(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_clock(&s, 5, 1000 * (int64_t)SEC);
	stream_fork(&s, 100 * MS, 7, 3);
	stream_exec(&s, 101 * MS, 7, OBIT_EXEC_LEAF_FIRST, "sh\0bin\0usr", 11,
		    "sh\0-c\0exit 3\0", 13);
	e = stream_exit(&s, 110 * MS, 7, 3, 3 << 8);
	e->flags |= OBIT_EXIT_GROUP_VALUE;
	e->group_value = 3;
	e->usage.maxrss_kb = 700;
	memcpy(e->tty, "pts/3", 5);
	stream_reapable(&s, 111 * MS, 7, 3, 0);
	stream_release(&s, 131 * MS, 7, 3, 3 << 8);
	stream_tick(&s, 140 * MS);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(
		&p, 0,
		"event=obituary time=1000110000000 boot_ns=110000000 "
		"reapable_ns=null tgid=7 ns_tgid=7 start_boottime=7000 "
		"comm=p7 exe=/usr/bin/sh filename=null args=sh|-c|exit_3| "
		"args_cut=0 uid=1000 gid=100 loginuid=null sid=7 pgid=7 "
		"tty=pts/3 parent.tgid=3 parent.start_boottime=3000 "
		"parent.comm=p3 cgroup=/ cgroup_hierarchy=unified "
		"cgroup_id=1 container=null pid_ns=4026531836 "
		"life_ns=109993000 threads=1 execed=true exit_value=3 "
		"exit_code=768 exit_status=3 truncated=false signal=null "
		"core_dumped=null meaning=null cause=exit killer.tgid=null "
		"asked_by.tgid=null oom.by.tgid=null fate=waited "
		"reaped_by.tgid=3 reaped_by.start_boottime=3000 "
		"reaped_by.comm=p3 new_parent.tgid=null zombie_ns=20000000 "
		"zombie_err_ns=20000000 sigchld=handler pdeath_signal=null "
		"usage.maxrss_kb=700 source=bpf");
	assert_int_equal(p.before.pending, 0);
	assert_int_equal(p.stats.failures, 1);
	played_free(&p);
}

#define INFO OBIT_SI_INFO
#define PRIV OBIT_SI_PRIV
#define NOINFO OBIT_SI_NOINFO
#define DECIDED OBIT_SIG_DECIDED
#define GROUP OBIT_SIG_GROUP
#define EXITING OBIT_SIG_EXITING

static void expect_end(struct stream *s, const char *want)
{
	struct played p = PLAYED_INIT;

	play(s, &p);
	if (p.nr_obituaries != 1)
		expect_counts(&p, 1, p.nr_notices);
	expect_obituary(&p, 0, want);
	played_free(&p);
}

/* --- identities ------------------------------------------------------------------ */

static void test_tgid_reused(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_fork *f;
	struct obit_exit *e;
	struct obit_release *r;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 11 * MS, 7, 3, 1 << 8);
	/* released, but freed only later: the number is in use again */
	f = stream_fork(&s, 12 * MS, 7, 4);
	f->task.start_boottime = 99;
	e = stream_exit(&s, 13 * MS, 7, 4, 2 << 8);
	e->task.start_boottime = 99;
	stream_release(&s, 14 * MS, 7, 3, 1 << 8);
	r = stream_release(&s, 15 * MS, 7, 4, 2 << 8);
	r->task.start_boottime = 99;
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0,
			"start_boottime=7000 exit_code=256 "
			"parent.tgid=3");
	expect_obituary(&p, 1,
			"start_boottime=99 exit_code=512 "
			"parent.tgid=4");
	assert_int_equal(p.stats.processes, 0);
	played_free(&p);
}

static void test_once_only(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	int i;

	(void)state;
	stream_life(&s, 10 * MS, 7, 3, 0);
	/* everything again, late, and twice */
	for (i = 0; i < 2; i++) {
		stream_life(&s, 20 * MS, 7, 3, 1 << 8);
		stream_task(&s, 21 * MS, 7, 3, 0x20, 0);
		stream_signal(&s, 22 * MS, 7, 3, 9, INFO, 0, DECIDED);
		stream_state(&s, 22 * MS, 7, 'Z');
		stream_exec(&s, 23 * MS, 7, 0, "/x", 3, "x", 2);
	}
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "exit_code=0");
	assert_int_equal(p.stats.seen, 1);
	assert_int_equal(p.stats.processes, 0);
	played_free(&p);
}

static void test_nobody(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_life(&s, 10 * MS, 0, 3, 0);
	stream_exit(&s, 10 * MS, 7, 3, 0)->task.start_boottime = 0;
	stream_release(&s, 10 * MS, 7, 3, 0)->task.start_boottime = 0;
	play(&s, &p);
	expect_counts(&p, 0, 0);
	played_free(&p);
}

/* --- the status -------------------------------------------------------------------- */

/* Several threads see signal->live at 0: only the last one is right. */
static void test_last_exit_counts(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	e = stream_exit(&s, 20 * MS, 7, 3, 0);
	e->flags = OBIT_EXIT_EXECED | OBIT_EXIT_LEADER_VALUE;
	e->leader_value = 3;
	e->threads = 9;
	e = stream_exit(&s, 21 * MS, 7, 3, 3 << 8);
	e->flags = OBIT_EXIT_EXECED | OBIT_EXIT_LAST_VALUE;
	e->last_value = 5;
	e->task.tid = 8;
	e->threads = 2;
	stream_release(&s, 30 * MS, 7, 3, 3 << 8);
	expect_end(&s, "boot_ns=21000000 exit_code=768 exit_value=3 threads=9");
	/* the one with the kernel's group_dead need not be the last to come */
	stream_fork(&s, 10 * MS, 7, 3);
	e = stream_exit(&s, 20 * MS, 7, 3, 5 << 8);
	e = stream_exit(&s, 21 * MS, 7, 3, 5 << 8);
	e->flags = OBIT_EXIT_EXECED | OBIT_EXIT_GROUP_VALUE;
	e->group_value = 5;
	stream_release(&s, 30 * MS, 7, 3, 5 << 8);
	expect_end(&s, "boot_ns=21000000 exit_code=1280 exit_value=5");
}

/* reboot(2) in a pid namespace, after sched_process_exit. */
static void test_release_has_the_last_word(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_signal(&s, 15 * MS, 7, 8, 9, PRIV, 0,
		      GROUP | DECIDED | OBIT_SIG_HAS_NS);
	stream_exit(&s, 20 * MS, 7, 3, 9);
	stream_reapable(&s, 25 * MS, 7, 3, 0);
	stream_release(&s, 30 * MS, 7, 3, 1);
	expect_end(&s, "exit_code=1 signal=SIGHUP exit_status=null "
		       "exit_value=null cause=signal killer.tgid=null "
		       "reapable_ns=10000000");
}

static void test_truncated(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	e = stream_exit(&s, 20 * MS, 7, 3, 0);
	e->flags |= OBIT_EXIT_GROUP_VALUE;
	e->group_value = 256;
	stream_release(&s, 30 * MS, 7, 3, 0);
	expect_end(&s, "exit_value=256 exit_status=0 truncated=true "
		       "exit_code=0 meaning=null");
	stream_fork(&s, 10 * MS, 7, 3);
	e = stream_exit(&s, 20 * MS, 7, 3, 78 << 8);
	e->flags |= OBIT_EXIT_GROUP_VALUE;
	e->group_value = 78;
	stream_release(&s, 30 * MS, 7, 3, 78 << 8);
	expect_end(&s, "exit_value=78 truncated=false meaning=EX_CONFIG");
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 7 << 8);
	stream_release(&s, 30 * MS, 7, 3, 7 << 8);
	expect_end(&s, "exit_value=null truncated=null exit_status=7");
}

static void test_core(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_signal(&s, 15 * MS, 7, 7, 11, INFO, 1, 0);
	stream_exit(&s, 20 * MS, 7, 3, 0x8b);
	stream_release(&s, 30 * MS, 7, 3, 0x8b);
	expect_end(&s, "exit_code=139 signal=SIGSEGV core_dumped=true "
		       "cause=fault killer.tgid=null");
}

/* --- who killed it ------------------------------------------------------------------ */

static void test_killed(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_signal(&s, 15 * MS, 7, 5, 15, INFO, 0, GROUP | DECIDED)
		->sender.task.tid = 6;
	stream_exit(&s, 20 * MS, 7, 3, 15);
	stream_reapable(&s, 22 * MS, 7, 3, 0);
	stream_release(&s, 30 * MS, 7, 3, 15);
	expect_end(&s, "cause=signal signal=SIGTERM killer.tgid=5 killer.tid=6 "
		       "killer.comm=p5 killer.uid=1000005 "
		       "killer.start_boottime=5000 killer.signal=SIGTERM "
		       "core_dumped=false exit_status=null "
		       "reapable_ns=7000000");
}

/* A handler takes SIGTERM and exits 0: the commonest way to stop. */
static void test_asked(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_asked(&s, 15 * MS, 7, 5, 15, INFO, 0, GROUP | OBIT_SIG_HANDLER);
	stream_exit(&s, 18 * MS, 7, 3, 0);
	stream_release(&s, 30 * MS, 7, 3, 0);
	expect_end(&s, "cause=exit killer.tgid=null asked_by.tgid=5 "
		       "asked_by.comm=p5 asked_by.uid=1000005 "
		       "asked_by.signal=SIGTERM asked_by.age_ns=3000000");
}

/* The handler resets itself and raises it: killed by itself, asked by 5. */
static void test_raised_again(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_signal(&s, 16 * MS, 7, 7, 15, INFO, -6, DECIDED);
	stream_asked(&s, 15 * MS, 7, 5, 15, INFO, 0, GROUP | OBIT_SIG_HANDLER);
	stream_exit(&s, 18 * MS, 7, 3, 15);
	stream_release(&s, 30 * MS, 7, 3, 15);
	expect_end(&s, "cause=self killer.tgid=7 asked_by.tgid=5");
}

/* Sent to a handler; the disposition was reset before it was taken. */
static void test_asked_decides(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_asked(&s, 15 * MS, 7, 5, 15, INFO, 0, GROUP | OBIT_SIG_HANDLER);
	stream_exit(&s, 18 * MS, 7, 3, 15);
	stream_release(&s, 30 * MS, 7, 3, 15);
	expect_end(&s, "cause=signal killer.tgid=5");
}

/* Nobody asks who is nobody: timers, faults, the terminal, itself; nor one
 * whose signal stayed blocked to the end. */
static void test_asked_by_nobody(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_signal *a;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		stream_fork(&s, 10 * MS, 7, 3);
		a = stream_asked(&s, 15 * MS, 7, i == 3 ? 7 : 5, 14, INFO, 0,
				 OBIT_SIG_HANDLER);
		if (i == 0) {
			a->info = PRIV;
		} else if (i == 1) {
			a->si_code = -2;
		} else if (i == 2) {
			a->signal = 2;
			a->info = PRIV;
			a->flags |= OBIT_SIG_KTHREAD;
		} else if (i == 4) {
			a->taken_ns = 0;
		}
		stream_exit(&s, 18 * MS, 7, 3, 0);
		stream_release(&s, 30 * MS, 7, 3, 0);
		expect_end(&s, "asked_by.tgid=null killer.tgid=null");
	}
}

/* A parent-death signal that a handler took names the dead. */
static void test_asked_by_the_dead(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_asked(&s, 15 * MS, 7, 3, 15, NOINFO, 0,
		     GROUP | EXITING | OBIT_SIG_PDEATH | OBIT_SIG_HANDLER |
			     OBIT_SIG_TASK_WORK);
	stream_exit(&s, 18 * MS, 7, 1, 0);
	stream_release(&s, 30 * MS, 7, 1, 0);
	expect_end(&s, "asked_by.tgid=3 asked_by.signal=SIGTERM parent.tgid=1");
}

static void test_unseen_signal(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 18 * MS, 7, 3, 15);
	stream_release(&s, 30 * MS, 7, 3, 15);
	expect_end(&s, "cause=unknown signal=SIGTERM killer.tgid=null "
		       "reapable_ns=null");
}

static void test_reapable_of_an_exit(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit_call(&s, 17 * MS, 7);
	stream_exit_call(&s, 16 * MS, 7);
	stream_exit(&s, 18 * MS, 7, 3, 0);
	stream_reapable(&s, 19 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 30 * MS, 7, 3, 3, 0);
	expect_end(&s,
		   "reapable_ns=3000000 zombie_ns=11000000 zombie_err_ns=0");
}

/* --- OOM kills ------------------------------------------------------------------------ */

#define OOM_KILL 9, PRIV, 0, GROUP | DECIDED | OBIT_SIG_HAS_NS

static void test_oom(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_fork(&s, 10 * MS, 8, 3);
	stream_signal(&s, 20 * MS, 7, 5, OOM_KILL);
	stream_oom(&s, 20 * MS, 7, 5, 4096);
	/* shares the memory: killed by the same thread, not marked */
	stream_signal(&s, 21 * MS, 8, 5, OOM_KILL);
	stream_exit(&s, 22 * MS, 7, 3, 9);
	stream_exit(&s, 22 * MS, 8, 3, 9);
	stream_release(&s, 30 * MS, 7, 3, 9);
	stream_release(&s, 30 * MS, 8, 3, 9);
	/* the kernel log is read after the records */
	stream_limit(&s, 31 * MS, 7, "/job");
	stream_tick(&s, 32 * MS);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0,
			"tgid=7 cause=oom killer.tgid=null "
			"oom.cgroup=/job oom.by.tgid=5 oom.by.comm=p5 "
			"oom.by.start_boottime=5000 oom.rss_kb=4096");
	expect_obituary(&p, 1,
			"tgid=8 cause=oom killer.tgid=null "
			"oom.cgroup=/job oom.by.tgid=5 oom.rss_kb=null");
	assert_int_equal(p.before.pending, 0);
	played_free(&p);
}

/* The one that runs into the limit shares the victim's memory: it is killed by
 * itself, and has not killed itself. */
static void test_oom_by_a_sharer(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_fork(&s, 10 * MS, 8, 3);
	stream_signal(&s, 20 * MS, 7, 8, OOM_KILL);
	stream_oom(&s, 20 * MS, 7, 8, 4096);
	stream_signal(&s, 21 * MS, 8, 8, OOM_KILL);
	stream_exit(&s, 22 * MS, 8, 3, 9);
	stream_release(&s, 30 * MS, 8, 3, 9);
	stream_tick(&s, 31 * MS);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
			"tgid=8 cause=oom killer.tgid=null "
			"oom.by.tgid=8 oom.by.comm=p8");
	played_free(&p);
}

/* Its own cgroup is never assumed; the limit comes from the log or not at all. */
static void test_oom_without_log(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_oom_victim *v;

	(void)state;
	stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, OBIT_HIER_UNIFIED, 20, "/job");
	stream_fork(&s, 10 * MS, 7, 3);
	/* 5.10 gives a bare pid */
	v = stream_oom(&s, 20 * MS, 7, 5, 0);
	v->task.start_boottime = 0;
	stream_exit(&s, 22 * MS, 7, 3, 9)->cgroup_id = 20;
	stream_release(&s, 30 * MS, 7, 3, 9);
	stream_tick(&s, 32 * MS);
	expect_end(&s, "cause=oom oom.cgroup=null oom.by.tgid=5 "
		       "oom.rss_kb=null cgroup=/job");
	stream_fork(&s, 10 * MS, 7, 3);
	stream_oom(&s, 20 * MS, 7, 5, 1);
	stream_limit(&s, 20 * MS, 7, "");
	stream_exit(&s, 22 * MS, 7, 3, 9);
	stream_release(&s, 30 * MS, 7, 3, 9);
	expect_end(&s, "cause=oom oom.cgroup=/");
}

/* Two kills in a row by one thread, each with its line. */
static void test_two_ooms(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	uint32_t i;

	(void)state;
	for (i = 7; i < 9; i++) {
		stream_fork(&s, 10 * MS, i, 3);
		stream_signal(&s, 20 * MS, i, 5, OOM_KILL);
		stream_oom(&s, 20 * MS, i, 5, i);
	}
	stream_limit(&s, 21 * MS, 7, "/a");
	stream_limit(&s, 21 * MS, 8, "/b");
	for (i = 7; i < 9; i++) {
		stream_exit(&s, 22 * MS, i, 3, 9);
		stream_release(&s, 30 * MS, i, 3, 9);
	}
	play(&s, &p);
	expect_obituary(&p, 0, "tgid=7 oom.cgroup=/a oom.rss_kb=7");
	expect_obituary(&p, 1, "tgid=8 oom.cgroup=/b oom.rss_kb=8");
	played_free(&p);
}

/* kill -9 by the one who also ran into a limit, a second before. */
static void test_no_oom(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_fork(&s, 10 * MS, 8, 3);
	stream_oom(&s, 20 * MS, 7, 5, 1);
	stream_signal(&s, 2000 * MS, 8, 5, OOM_KILL);
	stream_exit(&s, 2001 * MS, 8, 3, 9);
	stream_release(&s, 2002 * MS, 8, 3, 9);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
			"tgid=8 cause=signal oom.by.tgid=null "
			"killer.tgid=null");
	played_free(&p);
}

/* --- executables ---------------------------------------------------------------------- */

static void exe(uint32_t flags, const char *bytes, size_t len, const char *want)
{
	struct stream s = STREAM_INIT;

	stream_fork(&s, 10 * MS, 7, 3);
	stream_exec(&s, 11 * MS, 7, flags, bytes, len, "x\0", 2);
	stream_exit(&s, 12 * MS, 7, 3, 0);
	stream_release(&s, 13 * MS, 7, 3, 0);
	expect_end(&s, want);
}

static void test_exe(void **state)
{
	const uint32_t leaf = OBIT_EXEC_LEAF_FIRST;

	(void)state;
	exe(leaf, "sh\0bin\0usr", 11, "exe=/usr/bin/sh filename=null");
	exe(leaf, "init", 5, "exe=/init");
	exe(leaf, "sh\0bin\0/", 9, "exe=/bin/sh");
	exe(leaf | OBIT_EXEC_DELETED, "sh\0bin", 7, "exe=/bin/sh_(deleted)");
	exe(OBIT_EXEC_PSEUDO, "memfd:x", 7, "exe=/memfd:x_(deleted)");
	exe(leaf | OBIT_EXEC_PSEUDO, "memfd:x", 8, "exe=/memfd:x_(deleted)");
	exe(OBIT_EXEC_SCANNED, "/bin/sh (deleted)", 17,
	    "exe=/bin/sh_(deleted)");
	exe(OBIT_EXEC_NO_EXE, "./a.out", 8,
	    "exe=null filename=./a.out args=x|");
	/* half a path would be a wrong one */
	exe(leaf | OBIT_EXEC_EXE_CUT, "sh\0bin", 7, "exe=null filename=null");
	exe(leaf, "sh\0bi", 5, "exe=null");
	exe(leaf, "sh\0\0bin", 8, "exe=null");
	exe(leaf, "sh\0a/b", 7, "exe=null");
	exe(leaf, "", 0, "exe=null args=x|");
}

static void test_fork_inherits(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_fork *f;
	struct obit_exec *x;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	x = stream_exec(&s, 11 * MS, 7, 0, "/bin/a", 7, "a\0very", 6);
	x->args_total = 100;
	stream_fork(&s, 12 * MS, 8, 7);
	/* CLONE_PARENT: the memory is the forker's, not the parent's */
	f = stream_fork(&s, 12 * MS, 9, 7);
	f->real_parent = thread_of(3, 3);
	stream_exec(&s, 13 * MS, 7, 0, "/bin/b", 7, "b", 2);
	x = stream_exec(&s, 13 * MS, 9, OBIT_EXEC_ARGS_FAULT, "/bin/c", 7, "c",
			2);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_release(&s, 21 * MS, 7, 3, 0);
	stream_exit(&s, 20 * MS, 8, 1, 0)->flags = OBIT_EXIT_GROUP_DEAD;
	stream_release(&s, 21 * MS, 8, 1, 0);
	stream_exit(&s, 20 * MS, 9, 3, 0);
	stream_release(&s, 21 * MS, 9, 3, 0);
	play(&s, &p);
	expect_counts(&p, 3, 0);
	expect_obituary(&p, 0, "tgid=7 exe=/bin/b args=b| args_cut=0");
	expect_obituary(&p, 1,
			"tgid=8 exe=/bin/a args=a|very args_cut=94 "
			"execed=false");
	expect_obituary(&p, 2, "tgid=9 exe=/bin/c args=null args_cut=null");
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_exit),
		cmocka_unit_test(test_tgid_reused),
		cmocka_unit_test(test_once_only),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_last_exit_counts),
		cmocka_unit_test(test_release_has_the_last_word),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_raised_again),
		cmocka_unit_test(test_asked_decides),
		cmocka_unit_test(test_asked_by_nobody),
		cmocka_unit_test(test_asked_by_the_dead),
		cmocka_unit_test(test_unseen_signal),
		cmocka_unit_test(test_reapable_of_an_exit),
		cmocka_unit_test(test_oom),
		cmocka_unit_test(test_oom_by_a_sharer),
		cmocka_unit_test(test_oom_without_log),
		cmocka_unit_test(test_two_ooms),
		cmocka_unit_test(test_no_oom),
		cmocka_unit_test(test_exe),
		cmocka_unit_test(test_fork_inherits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
