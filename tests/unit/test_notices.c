// SPDX-License-Identifier: GPL-2.0-only
/*
 * notices: parent-death signals set, cleared, sent and refused; hang-ups.
 * Each stream is what a kernel was seen to send for that event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

#define PRIV OBIT_SI_PRIV
#define NOINFO OBIT_SI_NOINFO
#define DYING (OBIT_SIG_GROUP | OBIT_SIG_EXITING)
#define SENT_PDEATH (DYING | OBIT_SIG_TASK_WORK | OBIT_SIG_PDEATH | \
		     OBIT_SIG_CHILD)

static void run(struct stream *s, struct played *p, unsigned int obituaries,
		unsigned int notices)
{
	play(s, p);
	expect_counts(p, obituaries, notices);
}

/* --- sent ------------------------------------------------------------------------- */

/* 3 dies; its children 7 and 8 have asked for SIGTERM and SIGHUP. */
static void test_pdeath_kills(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_fork(&s, 2 * MS, 8, 3);
	stream_exit(&s, 10 * MS, 3, 1, 0);
	stream_armed(&s, 10 * MS, 3, 7, 15, 0);
	stream_armed(&s, 10 * MS, 3, 8, 1, 0);
	stream_signal(&s, 11 * MS, 7, 3, 15, NOINFO, 0,
		      SENT_PDEATH | OBIT_SIG_DECIDED);
	/* ignored by 8: sent nevertheless */
	stream_signal(&s, 11 * MS, 8, 3, 1, NOINFO, 0,
		      SENT_PDEATH | OBIT_SIG_IGNORED);
	stream_reapable(&s, 12 * MS, 3, 1, 0);
	stream_release(&s, 30 * MS, 3, 1, 0);
	stream_exit(&s, 31 * MS, 7, 1, 15);
	stream_release(&s, 32 * MS, 7, 1, 15);
	stream_tick(&s, 400 * MS);
	run(&s, &p, 2, 2);
	expect_notice(&p, 0,
		      "event=pdeath_send at=11000000 who=3/3/p3 "
		      "target=7/7/p7 signal=SIGTERM alive=false "
		      "denied=false");
	expect_notice(&p, 1,
		      "event=pdeath_send who=3/3/p3 target=8/8/p8 "
		      "signal=SIGHUP denied=false");
	expect_obituary(&p, 1,
			"tgid=7 cause=pdeath killer.tgid=3 "
			"killer.comm=p3 killer.signal=SIGTERM "
			"parent.tgid=1");
	played_free(&p);
}

/* The thread that forked ends; its process lives on. */
static void test_pdeath_of_a_thread(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_signal *g;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3)->forker.tid = 4;
	stream_armed(&s, 10 * MS, 3, 7, 15, OBIT_ARMED_ALIVE)->task.tid = 4;
	g = stream_signal(&s, 11 * MS, 7, 3, 15, NOINFO, 0,
			  SENT_PDEATH | OBIT_SIG_DECIDED |
				  OBIT_SIG_SENDER_ALIVE);
	g->sender.task.tid = 4;
	stream_exit(&s, 31 * MS, 7, 3, 15);
	stream_release(&s, 32 * MS, 7, 3, 15);
	stream_tick(&s, 400 * MS);
	run(&s, &p, 1, 1);
	expect_notice(&p, 0,
		      "event=pdeath_send who=3/4/p3 target=7/7/p7 "
		      "signal=SIGTERM alive=true denied=false");
	expect_obituary(&p, 0,
			"cause=pdeath killer.tgid=3 killer.tid=4 "
			"killer_lives=true");
	played_free(&p);
}

/*
 * The main thread sends it with others of its process alive. If it had called
 * exit(2) it ended for itself; else exit_group() or a signal took all of them,
 * and whoever comes first says nothing.
 */
static void test_pdeath_of_main_thread(void **state)
{
	static const struct {
		bool left;	/* it called exit(2) itself */
		uint64_t exec_at;	/* a thread's, whose place it was; 0: none */
		uint64_t exit_at, release_at;	/* of 3, in ms; 0: later */
		const char *want;
	} rows[] = {
		{ false, 0, 12, 13, "killer.tid=3 killer_lives=null" },
		{ false, 0, 12, 0, "killer.tid=3 killer_lives=null" },
		{ true, 0, 12, 13, "killer.tid=3 killer_lives=true" },
		{ true, 0, 12, 0, "killer.tid=3 killer_lives=true" },
		{ true, 0, 0, 0, "killer.tid=3 killer_lives=true" },
		{ false, 12, 13, 14, "killer.tid=3 killer_lives=true" },
		{ false, 12, 13, 0, "killer.tid=3 killer_lives=true" },
		/* an exec long before: it is a main thread like any other */
		{ false, 3, 13, 14, "killer.tid=3 killer_lives=null" },
		{ false, 3, 13, 0, "killer.tid=3 killer_lives=null" },
	};
	struct obit_exit *e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct played p = PLAYED_INIT;
		struct stream s = STREAM_INIT;

		stream_fork(&s, 1 * MS, 3, 1);
		stream_fork(&s, 2 * MS, 7, 3);
		if (rows[i].exec_at)
			stream_exec(&s, rows[i].exec_at * MS, 3, 0, "/a", 3,
				    "a", 2)
				->old_tid = 4;
		stream_signal(&s, 11 * MS, 7, 3, 15, NOINFO, 0,
			      SENT_PDEATH | OBIT_SIG_DECIDED |
				      OBIT_SIG_SENDER_ALIVE);
		if (rows[i].exit_at) {
			e = stream_exit(&s, rows[i].exit_at * MS, 3, 1, 0);
			if (rows[i].left)
				e->flags |= OBIT_EXIT_LEADER_VALUE;
			else
				e->flags &= ~OBIT_EXIT_LEADER_VALUE;
		}
		if (rows[i].release_at)
			stream_release(&s, rows[i].release_at * MS, 3, 1, 0);
		stream_exit(&s, 31 * MS, 7, 1, 15);
		stream_release(&s, 32 * MS, 7, 1, 15);
		stream_tick(&s, 400 * MS);
		play(&s, &p);
		expect_obituary(&p, rows[i].release_at ? 1 : 0, rows[i].want);
		played_free(&p);
	}
}

/*
 * Another thread sends it, and its process ends soon after: together with the rest
 * if exit_group() or the signal that ended all came before.
 */
static void test_pdeath_of_thread_and_all(void **state)
{
	static const struct {
		uint64_t killed_at, called_at;	/* 3, in ms; 0: not so */
		bool released;
		const char *want;
	} rows[] = {
		{ 20, 0, true, "killer.tid=4 killer_lives=null" },
		{ 20, 0, false, "killer.tid=4 killer_lives=null" },
		{ 30, 0, true, "killer.tid=4 killer_lives=true" },
		{ 0, 22, true, "killer.tid=4 killer_lives=null" },
		{ 0, 22, false, "killer.tid=4 killer_lives=null" },
		{ 0, 38, true, "killer.tid=4 killer_lives=true" },
		/* nobody knows since when */
		{ 0, 0, true, "killer.tid=4 killer_lives=true" },
	};
	struct obit_signal *g;
	struct obit_exit *e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct played p = PLAYED_INIT;
		struct stream s = STREAM_INIT;
		uint32_t code = rows[i].killed_at ? 9 : 0;

		stream_fork(&s, 1 * MS, 3, 1);
		stream_fork(&s, 2 * MS, 7, 3)->forker.tid = 4;
		if (rows[i].killed_at == 20)
			stream_signal(&s, 20 * MS, 3, 5, 9, OBIT_SI_INFO, 0,
				      OBIT_SIG_GROUP | OBIT_SIG_DECIDED);
		g = stream_signal(&s, 21 * MS, 7, 3, 15, NOINFO, 0,
				  SENT_PDEATH | OBIT_SIG_DECIDED |
					  OBIT_SIG_SENDER_ALIVE);
		g->sender.task.tid = 4;
		if (rows[i].killed_at == 30)
			stream_signal(&s, 30 * MS, 3, 5, 9, OBIT_SI_INFO, 0,
				      OBIT_SIG_GROUP | OBIT_SIG_DECIDED);
		e = stream_exit(&s, 40 * MS, 3, 1, code);
		e->flags &= ~OBIT_EXIT_LEADER_VALUE;
		e->call_ns = rows[i].called_at * MS;
		if (rows[i].released)
			stream_release(&s, 41 * MS, 3, 1, code);
		stream_exit(&s, 51 * MS, 7, 1, 15);
		stream_release(&s, 52 * MS, 7, 1, 15);
		stream_tick(&s, 400 * MS);
		play(&s, &p);
		expect_obituary(&p, rows[i].released, rows[i].want);
		played_free(&p);
	}
}

/* The kernel refused: armed, and no signal came. */
static void test_denied(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_exit(&s, 10 * MS, 3, 1, 0);
	stream_armed(&s, 10 * MS, 3, 7, 9, 0);
	stream_tick(&s, 20 * MS);
	/* its own release proves that it has passed exit_notify() */
	stream_release(&s, 30 * MS, 3, 1, 0);
	stream_tick(&s, 400 * MS);
	run(&s, &p, 1, 1);
	expect_notice(&p, 0,
		      "event=pdeath_send at=10000000 who=3/3/p3 "
		      "target=7/7/p7 signal=SIGKILL alive=false "
		      "denied=true");
	played_free(&p);
}

static void test_denied_by_time(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_armed(&s, 10 * MS, 3, 7, 9, OBIT_ARMED_ALIVE);
	stream_tick(&s, 1009 * MS);
	stream_tick(&s, 1010 * MS);
	stream_tick(&s, 1700 * MS);
	run(&s, &p, 0, 1);
	expect_notice(&p, 0, "event=pdeath_send alive=true denied=true");
	played_free(&p);
}

/* Where the refusal itself is seen, it is told once. */
static void test_denied_exactly(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_exit(&s, 10 * MS, 3, 1, 0);
	stream_armed(&s, 10 * MS, 3, 7, 9, 0);
	stream_armed(&s, 11 * MS, 3, 7, 9, OBIT_ARMED_DENIED);
	stream_release(&s, 30 * MS, 3, 1, 0);
	stream_tick(&s, 400 * MS);
	run(&s, &p, 1, 1);
	expect_notice(&p, 0, "event=pdeath_send at=11000000 denied=true");
	played_free(&p);
}

/* What is not a refusal: the target died, or the record was lost. */
static void test_not_denied(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_fork(&s, 2 * MS, 8, 3);
	stream_exit(&s, 9 * MS, 8, 3, 0);
	stream_exit(&s, 10 * MS, 3, 1, 0);
	stream_armed(&s, 10 * MS, 3, 7, 9, 0);
	stream_armed(&s, 10 * MS, 3, 8, 9, 0);	/* a zombie */
	stream_armed(&s, 10 * MS, 3, 8, 9, OBIT_ARMED_DENIED);
	stream_exit(&s, 10 * MS, 7, 3, 0);
	stream_release(&s, 30 * MS, 3, 1, 0);
	stream_tick(&s, 400 * MS);
	run(&s, &p, 3, 0);
	played_free(&p);

	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_armed(&s, 10 * MS, 3, 7, 9, OBIT_ARMED_ALIVE);
	stream_loss(&s, 15 * MS, OBIT_LOST_SIGNAL, OBIT_LOST_RING_FULL, 1);
	stream_tick(&s, 10010 * MS);
	run(&s, &p, 0, 1);
	expect_notice(&p, 0, "event=lost");
	played_free(&p);
}

/* Two threads of 3 armed the same child's two threads. */
static void test_armed_threads(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_armed(&s, 10 * MS, 3, 7, 9, 0)->target.tid = 70;
	stream_armed(&s, 10 * MS, 3, 7, 9, 0)->target.tid = 71;
	stream_signal(&s, 11 * MS, 7, 3, 10, NOINFO, 0, SENT_PDEATH)->task.tid =
		71;
	stream_tick(&s, 10010 * MS);
	run(&s, &p, 0, 2);
	expect_notice(&p, 0, "target=7/71/p7 denied=false");
	expect_notice(&p, 1, "target=7/70/p7 denied=true");
	played_free(&p);
}

/* --- hang-ups ----------------------------------------------------------------------- */

static void test_session_leader(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	const uint32_t how = DYING | OBIT_SIG_HAS_NS | OBIT_SIG_SESSION_LEADER;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_fork(&s, 2 * MS, 8, 3);
	stream_exit(&s, 10 * MS, 3, 1, 0);
	/* the whole foreground group, the dying leader among it */
	stream_signal(&s, 11 * MS, 3, 3, 1, PRIV, 0, how);
	stream_signal(&s, 11 * MS, 7, 3, 1, PRIV, 0, how | OBIT_SIG_DECIDED);
	stream_signal(&s, 11 * MS, 8, 3, 1, PRIV, 0, how | OBIT_SIG_HANDLER);
	stream_release(&s, 30 * MS, 3, 1, 0);
	stream_exit(&s, 31 * MS, 7, 1, 1);
	stream_release(&s, 32 * MS, 7, 1, 1);
	run(&s, &p, 2, 2);
	expect_notice(&p, 0,
		      "event=hangup at=11000000 who=3/3/p3 "
		      "target=7/7/p7 signal=SIGHUP kind=session_leader");
	expect_notice(&p, 1, "event=hangup target=8/8/p8");
	expect_obituary(&p, 1,
			"tgid=7 cause=hangup killer.tgid=3 "
			"killer.signal=SIGHUP signal=SIGHUP");
	played_free(&p);
}

static void test_orphaned_group(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	const uint32_t how = DYING | OBIT_SIG_TASK_WORK;

	(void)state;
	stream_fork(&s, 2 * MS, 7, 3);
	stream_signal(&s, 11 * MS, 7, 3, 1, PRIV, 0, how | OBIT_SIG_DECIDED);
	/* SIGCONT is "ignored" by default, and yet it wakes */
	stream_signal(&s, 11 * MS, 7, 3, 18, PRIV, 0, how | OBIT_SIG_IGNORED);
	stream_exit(&s, 31 * MS, 7, 1, 1);
	stream_release(&s, 32 * MS, 7, 1, 1);
	run(&s, &p, 1, 2);
	expect_notice(&p, 0,
		      "event=hangup who=3/3/p3 target=7/7/p7 "
		      "signal=SIGHUP kind=orphaned_pgrp");
	expect_notice(&p, 1, "event=hangup signal=SIGCONT kind=orphaned_pgrp");
	expect_obituary(&p, 0, "cause=orphaned_pgrp killer.tgid=3");
	played_free(&p);
}

static void test_hangup_by_nobody(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 2 * MS, 7, 3);
	stream_signal(&s, 11 * MS, 7, 40, 1, PRIV, 0,
		      OBIT_SIG_GROUP | OBIT_SIG_KTHREAD | OBIT_SIG_DECIDED);
	stream_exit(&s, 31 * MS, 7, 1, 1);
	stream_release(&s, 32 * MS, 7, 1, 1);
	run(&s, &p, 1, 1);
	expect_notice(&p, 0,
		      "event=hangup who=null target=7/7/p7 "
		      "kind=tty_closed");
	expect_obituary(&p, 0, "cause=hangup killer.tgid=null");
	played_free(&p);
}

/* kill -HUP is no hang-up, and timers none either. */
static void test_no_hangup(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 2 * MS, 7, 3);
	stream_signal(&s, 11 * MS, 7, 3, 1, OBIT_SI_INFO, 0, OBIT_SIG_GROUP);
	stream_signal(&s, 11 * MS, 7, 3, 1, NOINFO, 0,
		      OBIT_SIG_GROUP | OBIT_SIG_HAS_NS);
	stream_signal(&s, 11 * MS, 7, 3, 14, PRIV, 0, OBIT_SIG_GROUP);
	run(&s, &p, 0, 0);
	played_free(&p);
}

/* --- set and cleared ------------------------------------------------------------------ */

static void test_set_and_cleared(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 2 * MS, 7, 3);
	stream_pdeath(&s, 3 * MS, 7, 3, 15, OBIT_PDEATH_SET, 0);
	stream_pdeath(&s, 4 * MS, 7, 3, 15, OBIT_PDEATH_STATE, 1);
	stream_pdeath(&s, 5 * MS, 7, 3, 0, OBIT_PDEATH_SET, 0);
	stream_pdeath(&s, 6 * MS, 7, 3, 9, OBIT_PDEATH_SET, 0);
	stream_pdeath(&s, 7 * MS, 7, 3, 0, OBIT_PDEATH_CRED, 0);
	run(&s, &p, 0, 4);
	expect_notice(&p, 0,
		      "event=pdeath_set at=3000000 who=7/7/p7 "
		      "other=3/3/p3 signal=SIGTERM sampled=false");
	expect_notice(&p, 1, "event=pdeath_set at=5000000 signal=null");
	expect_notice(&p, 2, "event=pdeath_set signal=SIGKILL");
	expect_notice(&p, 3,
		      "event=pdeath_clear at=7000000 who=7/7/p7 "
		      "reason=cred_change sampled=false");
	played_free(&p);
}

static void test_exec(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 1 * MS, 3, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	/* set before the exec, kept by it */
	stream_exec(&s, 3 * MS, 7, 0, "/a", 3, "a", 2)->pdeath_signal = 15;
	stream_exec(&s, 4 * MS, 7, 0, "/b", 3, "b", 2)->pdeath_signal = 15;
	/* su: cleared */
	stream_exec(&s, 5 * MS, 7, OBIT_EXEC_SECURE, "/su", 4, "su", 3);
	stream_exec(&s, 6 * MS, 7, OBIT_EXEC_SECURE, "/su", 4, "su", 3);
	/* a thread that is not the leader calls execve and becomes it */
	stream_pdeath(&s, 7 * MS, 7, 3, 9, OBIT_PDEATH_SET, 0)->task.tid = 8;
	stream_exec(&s, 8 * MS, 7, 0, "/c", 3, "c", 2)->old_tid = 8;
	run(&s, &p, 0, 4);
	expect_notice(&p, 0,
		      "event=pdeath_set at=3000000 who=7/7/p7 "
		      "signal=SIGTERM sampled=true");
	expect_notice(&p, 1,
		      "event=pdeath_clear at=5000000 who=7/7/p7 "
		      "reason=setuid_exec sampled=true");
	expect_notice(&p, 2,
		      "event=pdeath_set at=7000000 who=7/8/p7 "
		      "signal=SIGKILL");
	expect_notice(&p, 3, "event=pdeath_clear at=8000000 reason=null");
	played_free(&p);
}

static void test_seen_at_exit(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_fork(&s, 2 * MS, 7, 3);
	e = stream_exit(&s, 10 * MS, 7, 3, 0);
	e->pdeath_signal = 10;
	e->pdeath_tid = 7;
	stream_release(&s, 11 * MS, 7, 3, 0);
	stream_fork(&s, 12 * MS, 8, 3);
	stream_pdeath(&s, 13 * MS, 8, 3, 10, OBIT_PDEATH_SET, 0);
	e = stream_exit(&s, 14 * MS, 8, 3, 0);
	e->pdeath_signal = 10;
	e->pdeath_tid = 8;
	stream_release(&s, 15 * MS, 8, 3, 0);
	run(&s, &p, 2, 2);
	expect_notice(&p, 0,
		      "event=pdeath_set at=10000000 who=7/7/p7 "
		      "other=3/3/p3 signal=SIGUSR1 sampled=true");
	expect_notice(&p, 1,
		      "event=pdeath_set at=13000000 who=8/8/p8 "
		      "sampled=false");
	expect_obituary(&p, 0, "pdeath_signal=SIGUSR1 pdeath_tid=7");
	played_free(&p);
}

static void test_scans(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	/* 5 is older than obit: how it stands is no event; 7 is not */
	stream_task(&s, 1 * MS, 5, 3, 0, 1);
	stream_fork(&s, 2 * MS, 7, 3);
	stream_pdeath(&s, 3 * MS, 5, 3, 15, OBIT_PDEATH_STATE, 1);
	stream_pdeath(&s, 3 * MS, 7, 3, 15, OBIT_PDEATH_STATE, 1);
	stream_scan(&s, 4 * MS, 1, OBIT_SCAN_PDEATH);
	/* 5 has changed it, 7 a thread more */
	stream_pdeath(&s, 1003 * MS, 5, 3, 9, OBIT_PDEATH_STATE, 2);
	stream_pdeath(&s, 1003 * MS, 7, 3, 15, OBIT_PDEATH_STATE, 2);
	stream_pdeath(&s, 1003 * MS, 7, 3, 1, OBIT_PDEATH_STATE, 2)->task.tid =
		8;
	stream_scan(&s, 1004 * MS, 2, OBIT_SCAN_PDEATH);
	/* 5 has switched it off; the thread 8 may just have ended */
	stream_pdeath(&s, 2003 * MS, 7, 3, 15, OBIT_PDEATH_STATE, 3);
	stream_scan(&s, 2004 * MS, 3, OBIT_SCAN_PDEATH);
	/* a scan with a gap proves nothing */
	stream_loss(&s, 3000 * MS, OBIT_LOST_CONTEXT, OBIT_LOST_RING_FULL, 1);
	stream_scan(&s, 3004 * MS, 4, OBIT_SCAN_PDEATH);
	stream_scan(&s, 4004 * MS, 5, OBIT_SCAN_PDEATH);
	run(&s, &p, 0, 6);
	expect_notice(&p, 0,
		      "event=pdeath_set at=3000000 who=7/7/p7 "
		      "signal=SIGTERM sampled=true");
	expect_notice(&p, 1, "event=pdeath_set who=5/5/p5 signal=SIGKILL");
	expect_notice(&p, 2, "event=pdeath_set who=7/8/p7 signal=SIGHUP");
	expect_notice(&p, 3,
		      "event=pdeath_clear at=2004000000 who=5/5/p5 "
		      "reason=null sampled=true");
	expect_notice(&p, 4, "event=lost");
	expect_notice(&p, 5, "event=pdeath_clear at=4004000000 who=7/7/p7");
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pdeath_kills),
		cmocka_unit_test(test_pdeath_of_a_thread),
		cmocka_unit_test(test_pdeath_of_main_thread),
		cmocka_unit_test(test_pdeath_of_thread_and_all),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_denied_by_time),
		cmocka_unit_test(test_denied_exactly),
		cmocka_unit_test(test_not_denied),
		cmocka_unit_test(test_armed_threads),
		cmocka_unit_test(test_session_leader),
		cmocka_unit_test(test_orphaned_group),
		cmocka_unit_test(test_hangup_by_nobody),
		cmocka_unit_test(test_no_hangup),
		cmocka_unit_test(test_set_and_cleared),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_seen_at_exit),
		cmocka_unit_test(test_scans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
