// SPDX-License-Identifier: GPL-2.0-only
/*
 * overdue: what was there before obit, what stays a zombie, what was lost, and
 * what is left at the end. Answers of /proc come from the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

static void expect_end(struct stream *s, const char *want)
{
	struct played p = PLAYED_INIT;

	play(s, &p);
	if (p.nr_obituaries != 1)
		expect_counts(&p, 1, p.nr_notices);
	expect_obituary(&p, 0, want);
	played_free(&p);
}

/* --- older than obit -------------------------------------------------------------------- */

static void test_scanned(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_task(&s, 10 * MS, 7, 3, 0, 1);
	stream_exec(&s, 10 * MS, 7, OBIT_EXEC_SCANNED, "/bin/a", 6, "a", 2);
	/* a dead leader whose threads live is not dead */
	stream_task(&s, 10 * MS, 8, 3, 0x20, 2);
	stream_signal(&s, 15 * MS, 8, 3, 15, OBIT_SI_INFO, 0,
		      OBIT_SIG_GROUP | OBIT_SIG_DECIDED);
	/* a zombie: died before there was anyone to see */
	stream_task(&s, 10 * MS, 9, 3, 0x20, 0);
	stream_task(&s, 10 * MS, 3, 1, 0, 1);
	stream_scan(&s, 11 * MS, 1, OBIT_SCAN_TASKS);
	/* a zombie to the scan, yet its EXIT is on its way */
	stream_task(&s, 10 * MS, 6, 3, 0x20, 0);
	stream_exit(&s, 9 * MS, 6, 3, 0);
	stream_release(&s, 20 * MS, 6, 3, 0);
	/* released before the first probe ran, freed after */
	stream_release(&s, 12 * MS, 5, 3, 0);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_exit(&s, 20 * MS, 8, 3, 15);
	stream_release(&s, 21 * MS, 7, 3, 0);
	stream_release(&s, 21 * MS, 8, 3, 15);
	stream_release(&s, 22 * MS, 9, 3, 4 << 8);
	play(&s, &p);
	expect_counts(&p, 3, 1);
	expect_obituary(&p, 0, "tgid=6");
	expect_obituary(&p, 1, "tgid=7 exe=/bin/a args=a|");
	expect_obituary(&p, 2, "tgid=8 exe=null args=null killer.tgid=3");
	expect_notice(&p, 0,
		      "event=reaped at=22000000 who=9/0/p9 "
		      "other=3/3/p3 exit_code=1024 zombie_ns=null");
	assert_int_equal(p.stats.seen, 3);
	played_free(&p);
}

/* A scan reads /proc later than the records it is followed by were made. */
static void test_scan_is_late(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_task(&s, 50 * MS, 7, 3, 0, 1);
	stream_exec(&s, 50 * MS, 7, OBIT_EXEC_SCANNED, "/bin/new", 8, "n", 2);
	stream_fork(&s, 20 * MS, 8, 7);
	stream_exec(&s, 30 * MS, 7, 0, "/bin/new", 8, "n", 2);
	stream_fork(&s, 40 * MS, 9, 7);
	stream_exit(&s, 60 * MS, 8, 7, 0);
	stream_release(&s, 61 * MS, 8, 7, 0);
	stream_exit(&s, 60 * MS, 9, 7, 0);
	stream_release(&s, 61 * MS, 9, 7, 0);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	/* what 7 ran before is not known: null, not the wrong one */
	expect_obituary(&p, 0, "tgid=8 exe=null args=null");
	expect_obituary(&p, 1, "tgid=9 exe=/bin/new args=n|");
	played_free(&p);
}

/* --- zombies ---------------------------------------------------------------------------- */

static int is_zombie(uint32_t tgid)
{
	(void)tgid;
	return 'Z';
}

static int is_gone(uint32_t tgid)
{
	(void)tgid;
	return 0;
}

static int is_running(uint32_t tgid)
{
	(void)tgid;
	return 'R';
}

static void test_zombie(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_zombie;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 4 << 8);
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_tick(&s, 1029 * MS);
	stream_tick(&s, 1040 * MS);
	/* at 2.04 s it is asked again: so near the end is known */
	stream_tick(&s, 2050 * MS);
	stream_release(&s, 2350 * MS, 7, 3, 4 << 8);
	play(&s, &p);
	assert_int_equal(p.nr_asked, 3);
	expect_counts(&p, 1, 2);
	expect_obituary(&p, 0,
			"fate=zombie zombie_ns=null zombie_err_ns=null "
			"reaped_by.tgid=null exit_code=1024 "
			"sigchld=handler");
	expect_notice(&p, 0,
		      "event=zombie at=1040000000 who=7/0/p7 "
		      "other=3/3/p3 exit_code=1024 "
		      "zombie_ns=1010000000");
	expect_notice(&p, 1,
		      "event=reaped at=2350000000 who=7/0/p7 "
		      "other=3/3/p3 exit_code=1024 "
		      "zombie_ns=2320000000 zombie_err_ns=300000000");
	assert_int_equal(p.stats.processes, 0);
	played_free(&p);
}

/* The free record was merely late. */
static void test_released_meanwhile(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_tick(&s, 1040 * MS);
	stream_tick(&s, 1100 * MS);
	stream_release(&s, 1120 * MS, 7, 3, 0);
	stream_tick(&s, 3000 * MS);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
			"fate=waited reaped_by.tgid=3 "
			"zombie_ns=1090000000");
	played_free(&p);
}

static void test_release_lost(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_tick(&s, 1030 * MS);
	stream_tick(&s, 1540 * MS);
	stream_tick(&s, 6000 * MS);
	stream_tick(&s, 6100 * MS);
	/* and then it comes after all */
	stream_release(&s, 6200 * MS, 7, 3, 0);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
			"fate=unknown zombie_ns=null "
			"reaped_by.tgid=null");
	assert_int_equal(p.before.pending, 0);
	played_free(&p);
}

/*
 * A RELEASE that never comes, of a zombie whose parent lives: only the parent
 * can have waited, at the latest when /proc no longer knew it.
 */
static void test_release_deduced(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 5 * MS, 3, 1);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 5 << 8);
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_tick(&s, 229 * MS);	/* too early to ask */
	stream_tick(&s, 240 * MS);
	stream_tick(&s, 500 * MS);	/* it may still come */
	stream_tick(&s, 560 * MS);
	stream_release(&s, 600 * MS, 7, 3, 5 << 8);
	play(&s, &p);
	assert_int_equal(p.nr_asked, 1);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
			"fate=waited reaped_by.tgid=3 exit_code=1280 "
			"zombie_ns=210000000 zombie_err_ns=210000000");
	played_free(&p);
}

/* What a pid namespace's init killed by reboot(2) left is in its RELEASE alone. */
static void test_release_of_ns_init(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 5 * MS, 3, 1);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, SIGKILL)->ns_tgid = 1;
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_tick(&s, 240 * MS);
	stream_tick(&s, 560 * MS);
	stream_tick(&s, 1500 * MS);	/* the machine stood still */
	stream_release(&s, 600 * MS, 7, 3, SIGINT);
	stream_tick(&s, 6000 * MS);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "fate=waited reaped_by.tgid=3 exit_code=2");
	played_free(&p);
}

/* The parent died too: who had it then is not known. */
static void test_release_of_orphan(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 5 * MS, 3, 1);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_exit(&s, 40 * MS, 3, 1, 0)->flags |= OBIT_EXIT_CHILDREN;
	stream_release(&s, 50 * MS, 3, 1, 0);
	stream_tick(&s, 240 * MS);
	stream_tick(&s, 560 * MS);
	stream_tick(&s, 5300 * MS);
	play(&s, &p);
	assert_int_equal(p.before.pending, 0);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 1,
			"tgid=7 fate=unknown zombie_ns=null "
			"reaped_by.tgid=null");
	played_free(&p);
}

/* The parent died with no child left: it had waited by then. */
static void test_release_before_parent(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 5 * MS, 3, 1);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_reapable(&s, 30 * MS, 7, 3, 0);
	stream_exit(&s, 40 * MS, 3, 1, 0);
	stream_release(&s, 50 * MS, 3, 1, 0);
	stream_tick(&s, 240 * MS);
	stream_tick(&s, 560 * MS);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 1,
			"tgid=7 fate=waited reaped_by.tgid=3 "
			"zombie_ns=10000000 zombie_err_ns=10000000");
	played_free(&p);
}

/* A big process takes its time from sched_process_exit to exit_notify. */
static void test_not_yet_reapable(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_running;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_tick(&s, 1030 * MS);
	stream_tick(&s, 2000 * MS);
	stream_tick(&s, 2500 * MS);
	stream_reapable(&s, 2600 * MS, 7, 3, 0);
	stream_release(&s, 2610 * MS, 7, 3, 0);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "fate=waited zombie_ns=10000000");
	played_free(&p);
}

/* A replay: the answer is in the stream. */
static void test_recorded_answer(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_state(&s, 30 * MS, 7, 'Z');	/* nobody asked: only proof */
	stream_tick(&s, 1030 * MS);
	stream_state(&s, 1031 * MS, 7, 'Z');
	play(&s, &p);
	expect_counts(&p, 1, 1);
	expect_obituary(&p, 0, "fate=zombie");
	played_free(&p);
}

/*
 * It took long from its EXIT to the moment its parent was told: --zombie-after
 * counts from the latter, and a Z in between tells nothing yet.
 */
static void test_slow_teardown(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_tick(&s, 1030 * MS);
	stream_state(&s, 1035 * MS, 7, 'Z');
	stream_reapable(&s, 1034 * MS, 7, 3, 0);
	stream_tick(&s, 1100 * MS);
	stream_state(&s, 1101 * MS, 7, 'Z');
	stream_release(&s, 1200 * MS, 7, 3, 0);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "fate=waited zombie_ns=166000000");
	played_free(&p);
}

static void test_finish(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 8, 3);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 5 << 8);
	stream_exit(&s, 21 * MS, 8, 3, 6 << 8);
	play(&s, &p);
	assert_int_equal(p.before.pending, 2);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0,
			"tgid=7 fate=unknown exit_code=1280 "
			"zombie_ns=null");
	expect_obituary(&p, 1, "tgid=8 fate=unknown exit_code=1536");
	assert_int_equal(p.stats.failures, 2);
	played_free(&p);
}

/* Asked once more at the end: a zombie is known from one that is just late. */
static int seven_is_zombie(uint32_t tgid)
{
	return tgid == 7 ? 'Z' : 0;
}

static void test_finish_asks(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = seven_is_zombie;
	p.answer_at_end = 30 * MS;
	stream_fork(&s, 10 * MS, 8, 3);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 5 << 8);
	stream_exit(&s, 21 * MS, 8, 3, 6 << 8);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0, "tgid=7 fate=zombie zombie_ns=null");
	expect_obituary(&p, 1, "tgid=8 fate=unknown");
	played_free(&p);
}

/* --- losses ----------------------------------------------------------------------------- */

static void test_exit_lost(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_release *r;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exec(&s, 11 * MS, 7, 0, "/bin/a", 7, "a", 2);
	r = stream_release(&s, 30 * MS, 7, 3, 3 << 8);
	r->usage.maxrss_kb = 55;
	expect_end(&s, "tgid=7 comm=p7 exe=/bin/a args=a| time=null "
		       "boot_ns=null life_ns=null exit_code=768 exit_status=3 "
		       "exit_value=null cause=exit uid=1000 gid=100 "
		       "execed=true parent.tgid=null fate=unknown "
		       "usage.maxrss_kb=55 threads=null sid=null");
	/* told of it, at least */
	stream_fork(&s, 10 * MS, 7, 3);
	stream_reapable(&s, 20 * MS, 7, 3, 0);
	stream_release(&s, 30 * MS, 7, 3, 9);
	expect_end(&s, "fate=waited reaped_by.tgid=3 zombie_ns=10000000 "
		       "cause=unknown");
	/* everything before was lost, and the stream says so */
	stream_release(&s, 30 * MS, 7, 3, 0)->hdr.lost = 2;
	expect_end(&s, "tgid=7 comm=p7 time=null fate=unknown");
}

static void test_losses(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_loss(&s, 10 * MS, OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL, 3);
	stream_loss(&s, 11 * MS, OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL, 2);
	stream_loss(&s, 12 * MS, OBIT_LOST_SIGNAL, OBIT_LOST_MISSED, 1);
	stream_loss(&s, 12 * MS, OBIT_LOST_SIGNAL, OBIT_LOST_OVERSIZE, 0);
	stream_life(&s, 20 * MS, 7, 3, 0);
	play(&s, &p);
	expect_counts(&p, 1, 3);
	expect_notice(&p, 0,
		      "event=lost at=10000000 kind=obituary "
		      "reason=ring_full count=3");
	expect_notice(&p, 1, "event=lost kind=context reason=map_full count=2");
	expect_notice(&p, 2, "event=lost kind=signal reason=missed count=1");
	assert_int_equal(p.stats.seen, 4);
	assert_int_equal(p.stats.lost_obituaries, 3);
	assert_int_equal(p.stats.lost_records, 6);
	played_free(&p);
}

/* Every record of a death was lost: its entry does not stay for ever. */
static void test_swept(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.answer = is_gone;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_fork(&s, 10 * MS, 8, 3);
	stream_tick(&s, 5000 * MS);
	stream_loss(&s, 5000 * MS, OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL, 2);
	stream_tick(&s, 5500 * MS);
	stream_tick(&s, 6000 * MS);
	stream_tick(&s, 6600 * MS);
	play(&s, &p);
	assert_int_equal(p.nr_asked, 2);
	expect_counts(&p, 0, 1);
	assert_int_equal(p.stats.processes, 0);
	assert_int_equal(p.stats.seen, 2);
	played_free(&p);
}

/* Asked about after a loss, while its last records were not read yet. */
static void test_unread(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_state(&s, 20 * MS, 7, 'Z');
	stream_exec(&s, 14 * MS, 7, 0, "/bin/a", 7, "a", 2);
	stream_signal(&s, 15 * MS, 7, 9, SIGUSR1, OBIT_SI_NOINFO, 0,
		      OBIT_SIG_GROUP);
	stream_exit_call(&s, 15 * MS, 7);
	stream_exit(&s, 16 * MS, 7, 3, SIGUSR1);
	stream_release(&s, 30 * MS, 7, 3, SIGUSR1);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "exe=/bin/a cause=signal killer.tgid=9");
	played_free(&p);
}

/* Still so when all that was written before has been read: EXIT was lost. */
static void test_unseen(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_state(&s, 20 * MS, 7, 'Z');
	stream_state(&s, 100 * MS, 7, 'Z');
	stream_tick(&s, 300 * MS);
	stream_tick(&s, 321 * MS);
	stream_state(&s, 322 * MS, 7, 'Z');
	stream_release(&s, 400 * MS, 7, 3, 0);
	play(&s, &p);
	assert_int_equal(p.nr_asked, 1);
	expect_counts(&p, 0, 1);
	expect_notice(&p, 0, "event=reaped");
	played_free(&p);
}

/* Its leader is a zombie, and it is none. */
static void test_leaderless(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_state(&s, 20 * MS, 7, OBIT_STATE_LEADERLESS);
	stream_state(&s, 400 * MS, 7, OBIT_STATE_LEADERLESS);
	stream_signal(&s, 415 * MS, 7, 9, SIGUSR1, OBIT_SI_NOINFO, 0,
		      OBIT_SIG_GROUP);
	stream_exit(&s, 416 * MS, 7, 3, SIGUSR1);
	stream_release(&s, 430 * MS, 7, 3, SIGUSR1);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "cause=signal killer.tgid=9");
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scanned),
		cmocka_unit_test(test_scan_is_late),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_released_meanwhile),
		cmocka_unit_test(test_release_lost),
		cmocka_unit_test(test_release_deduced),
		cmocka_unit_test(test_release_of_ns_init),
		cmocka_unit_test(test_release_of_orphan),
		cmocka_unit_test(test_release_before_parent),
		cmocka_unit_test(test_not_yet_reapable),
		cmocka_unit_test(test_recorded_answer),
		cmocka_unit_test(test_slow_teardown),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_finish_asks),
		cmocka_unit_test(test_exit_lost),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_swept),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_leaderless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
