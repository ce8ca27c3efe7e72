// SPDX-License-Identifier: GPL-2.0-only
/*
 * fate: what became of the status, on both tiers, and how long it took.
 * Each stream is what a kernel was seen to send for that fate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/fate.h"
#include "stream.h"

/* Process 7, child of 3, dies at 20 ms; 3 and 5 live. */
static struct obit_exit *begin(struct stream *s)
{
	stream_task(s, 1, 3, 1, 0, 1);
	stream_task(s, 1, 5, 1, 0, 1);
	stream_fork(s, 10 * MS, 7, 3);
	return stream_exit(s, 20 * MS, 7, 3, 0);
}

static void expect_end(struct stream *s, const char *want)
{
	struct played p = PLAYED_INIT;

	play(s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, want);
	played_free(&p);
}

/* --- tier 1: sched_process_free ------------------------------------------------ */

static void test_waited(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 reaped_by.comm=p3 "
		       "new_parent.tgid=null zombie_ns=30000000 "
		       "zombie_err_ns=30000000 sigchld=handler");
}

static void test_waited_by_default_action(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s)->sigchld = OBIT_SIGCHLD_DEFAULT;
	stream_reapable(&s, 21 * MS, 7, 3, 0)->sigchld = OBIT_SIGCHLD_DEFAULT;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 sigchld=default");
}

/* SIG_IGN: no signal is generated at all. */
static void test_ignored(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s)->sigchld = OBIT_SIGCHLD_IGNORED;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null zombie_ns=0 "
		       "zombie_err_ns=0 sigchld=ignored");
}

/* SA_NOCLDWAIT: the signal is generated, and it is reaped at once. */
static void test_nocldwait(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s)->sigchld = OBIT_SIGCHLD_NOCLDWAIT;
	stream_reapable(&s, 21 * MS, 7, 3, 0)->sigchld = OBIT_SIGCHLD_NOCLDWAIT;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null zombie_ns=0 "
		       "zombie_err_ns=0 sigchld=nocldwait");
}

/* clone() without an exit signal: a zombie, and nobody is told. */
static void test_no_exit_signal(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	e = begin(&s);
	e->sigchld = OBIT_SIGCHLD_NONE;
	e->exit_signal = 0;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 zombie_ns=31000000 "
		       "zombie_err_ns=31000000 sigchld=none");
}

static void test_other_exit_signal(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s)->sigchld = OBIT_SIGCHLD_OTHER;
	stream_reapable(&s, 21 * MS, 7, 3, 0)->sigchld = OBIT_SIGCHLD_OTHER;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 sigchld=other");
}

/* The parent changed its mind between the death and the notification. */
static void test_notification_counts(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0)->sigchld = OBIT_SIGCHLD_NOCLDWAIT;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=autoreaped sigchld=nocldwait zombie_ns=0");
}

/* Its parent died after its EXIT, before it told anybody: that is no heir. */
static void test_adopted_alive(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 5, 0)->sigchld = OBIT_SIGCHLD_DEFAULT;
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=5 new_parent.tgid=null "
		       "parent.tgid=5 parent.comm=p5 sigchld=default");
}

static void test_inherited_and_waited(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_reapable(&s, 30 * MS, 7, 5, OBIT_REAPABLE_AGAIN);
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=5 new_parent.tgid=5 "
		       "new_parent.comm=p5 parent.tgid=3 zombie_ns=30000000 "
		       "zombie_err_ns=30000000 sigchld=handler");
}

static void test_inherited_and_ignored(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null new_parent.tgid=5 "
		       "zombie_ns=30000000 sigchld=handler");
}

static void test_inherited_with_nocldwait(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_reapable(&s, 30 * MS, 7, 5, OBIT_REAPABLE_AGAIN)->sigchld =
		OBIT_SIGCHLD_NOCLDWAIT;
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null new_parent.tgid=5 "
		       "sigchld=handler");
}

/* At the free the parent's memory may be somebody else's by now. */
static void test_parent_that_is_none(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_release(&s, 51 * MS, 7, 12345, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 new_parent.tgid=null");
}

/* The heir, too, dies before the free record comes. */
static void test_heir_is_dead_by_then(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_exit(&s, 30 * MS, 5, 1, 0);
	stream_release(&s, 51 * MS, 7, 5, 0);
	stream_release(&s, 52 * MS, 5, 1, 0);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0, "fate=autoreaped new_parent.tgid=5");
	played_free(&p);
	/* one that is younger than the dead is no heir, but its memory's */
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_fork(&s, 40 * MS, 8, 3);
	stream_release(&s, 51 * MS, 7, 8, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 new_parent.tgid=null");
}

/* Init is known without having been seen. */
static void test_inherited_by_init(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	stream_reapable(&s, 22 * MS, 7, 1, OBIT_REAPABLE_AGAIN);
	stream_release(&s, 51 * MS, 7, 1, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=1 new_parent.tgid=1");
}

/* Re-notified, where only the signal is seen: si_pid as the one told has it. */
static void test_inherited_unnamed(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_reapable *r;

	(void)state;
	begin(&s)->ns_tgid = 2;
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	r = stream_reapable(&s, 30 * MS, 7, 5, OBIT_REAPABLE_AGAIN);
	r->task.start_boottime = 0;
	r->task.tgid = 0;
	r->ns_tgid = 2;
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=5 new_parent.tgid=5");
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	r = stream_reapable(&s, 30 * MS, 7, 5, OBIT_REAPABLE_AGAIN);
	r->task.start_boottime = 0;
	r->ns_tgid = 7;
	stream_release(&s, 51 * MS, 7, 5, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=5 new_parent.tgid=5");
}

static struct obit_exit *begin_traced(struct stream *s)
{
	struct obit_exit *e = begin(s);

	e->flags |= OBIT_EXIT_TRACED;
	e->tracer = thread_of(5, 5);
	e->tracer_comm[0] = 'p';
	e->tracer_comm[1] = '5';
	return e;
}

static void test_traced_then_waited(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin_traced(&s);
	stream_reapable(&s, 21 * MS, 7, 5, OBIT_REAPABLE_TRACER);
	stream_reapable(&s, 25 * MS, 7, 3, OBIT_REAPABLE_AGAIN);
	stream_release(&s, 51 * MS, 7, 3, 0);
	/* a zombie since it could first be waited for, by whomever */
	expect_end(&s, "fate=waited reaped_by.tgid=3 new_parent.tgid=null "
		       "zombie_ns=30000000");
}

static void test_traced_parent_ignores(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin_traced(&s)->sigchld = OBIT_SIGCHLD_IGNORED;
	stream_reapable(&s, 21 * MS, 7, 5, OBIT_REAPABLE_TRACER);
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=ptrace_waited reaped_by.tgid=5 sigchld=ignored "
		       "zombie_ns=30000000");
	/* the tracer ignores SIGCHLD, too, but must wait nevertheless */
	begin_traced(&s)->sigchld = OBIT_SIGCHLD_IGNORED;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=ptrace_waited reaped_by.tgid=5 reaped_by.comm=p5");
}

/* With the system calls seen, nothing needs deducing. */
static void test_precise(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_waited *w;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	w = stream_add(&s, OBIT_EV_WAITED, sizeof(*w), 0, 22 * MS);
	w->task = thread_of(3, 4);
	w->comm[0] = 'w';
	w->pid = 7;
	w->pid_ns = PID_NS;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 reaped_by.comm=w "
		       "zombie_ns=1000000 zombie_err_ns=1000000");
	/* a wait by one who cannot have waited for it is of another */
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, 0);
	w = stream_add(&s, OBIT_EV_WAITED, sizeof(*w), 0, 22 * MS);
	w->task = thread_of(6, 6);
	w->pid = 7;
	stream_release(&s, 51 * MS, 7, 3, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=3 reaped_by.comm=p3 "
		       "zombie_ns=30000000");
}

/* --- tier 2: release_task -------------------------------------------------------- */

static void test_exact(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 22 * MS, 7, 3, 3, 0)->by.tid = 4;
	expect_end(&s, "fate=waited reaped_by.tgid=3 zombie_ns=1000000 "
		       "zombie_err_ns=0");
	/* itself */
	begin(&s)->sigchld = OBIT_SIGCHLD_IGNORED;
	stream_reapable(&s, 21 * MS, 7, 3,
			OBIT_REAPABLE_EXACT | OBIT_REAPABLE_AUTOREAP)
		->sigchld = OBIT_SIGCHLD_IGNORED;
	stream_released(&s, 22 * MS, 7, 3, 7, 0)->flags |= OBIT_RELEASE_SELF;
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null zombie_ns=0 "
		       "zombie_err_ns=0");
	/* by its parent's death, the heir ignoring it */
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_reapable(&s, 30 * MS, 7, 5,
			OBIT_REAPABLE_EXACT | OBIT_REAPABLE_AGAIN |
				OBIT_REAPABLE_AUTOREAP);
	stream_released(&s, 31 * MS, 7, 5, 3, 0)->flags |=
		OBIT_RELEASE_BY_EXITING;
	expect_end(&s, "fate=autoreaped reaped_by.tgid=null new_parent.tgid=5 "
		       "zombie_ns=10000000 zombie_err_ns=0");
	/* an heir that was never seen is believed: this is release_task */
	begin(&s);
	stream_reapable(&s, 21 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 31 * MS, 7, 99, 99, 0);
	expect_end(&s, "fate=waited reaped_by.tgid=99 new_parent.tgid=99");
	/* the tracer */
	begin_traced(&s);
	stream_reapable(&s, 21 * MS, 7, 5,
			OBIT_REAPABLE_EXACT | OBIT_REAPABLE_TRACER);
	stream_released(&s, 23 * MS, 7, 3, 5, 0);
	expect_end(&s, "fate=ptrace_waited reaped_by.tgid=5 "
		       "new_parent.tgid=null zombie_ns=2000000 "
		       "zombie_err_ns=0");
}

/* --- cputime_adjust() -------------------------------------------------------------- */

static void adjusted(uint64_t cpu, uint64_t u, uint64_t s, uint64_t want_u,
		     uint64_t want_s)
{
	struct obit_usage usage = { .cpu_ns = cpu,
				    .utime_ns = u,
				    .stime_ns = s };

	usage_adjust(&usage);
	assert_int_equal(usage.utime_ns, want_u);
	assert_int_equal(usage.stime_ns, want_s);
}

static void test_usage(void **state)
{
	(void)state;
	adjusted(1000, 4, 4, 500, 500);
	adjusted(1000, 3, 1, 750, 250);
	adjusted(1000, 4, 0, 1000, 0);
	adjusted(1000, 0, 4, 0, 1000);
	adjusted(1000, 0, 0, 1000, 0);
	adjusted(0, 0, 0, 0, 0);
	adjusted(0, 3, 4, 3, 4);
	adjusted(UINT64_MAX, UINT64_MAX, UINT64_MAX,
		 UINT64_MAX - UINT64_MAX / 2, UINT64_MAX / 2);
}

/* --- from the exit call on ----------------------------------------------------- */

static void test_exit_call_in_exit(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 18 * MS, 7, 3, 0)->call_ns = 16 * MS;
	stream_exit(&s, 18 * MS, 7, 3, 0)->call_ns = 17 * MS;
	stream_reapable(&s, 19 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 30 * MS, 7, 3, 3, 0);
	expect_end(&s, "reapable_ns=3000000");
}

/* As version 2 wrote it: what lies behind it is another record's. */
static void test_short_exit(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit_call(&s, 17 * MS, 7);
	e = stream_exit(&s, 18 * MS, 7, 3, 0);
	e->call_ns = 1;
	e->hdr.len = 304;
	s.len -= sizeof(*e) - 304;
	stream_reapable(&s, 19 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 30 * MS, 7, 3, 3, 0);
	expect_end(&s, "reapable_ns=2000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waited),
		cmocka_unit_test(test_waited_by_default_action),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_nocldwait),
		cmocka_unit_test(test_no_exit_signal),
		cmocka_unit_test(test_other_exit_signal),
		cmocka_unit_test(test_notification_counts),
		cmocka_unit_test(test_adopted_alive),
		cmocka_unit_test(test_inherited_and_waited),
		cmocka_unit_test(test_inherited_and_ignored),
		cmocka_unit_test(test_inherited_with_nocldwait),
		cmocka_unit_test(test_parent_that_is_none),
		cmocka_unit_test(test_heir_is_dead_by_then),
		cmocka_unit_test(test_inherited_by_init),
		cmocka_unit_test(test_inherited_unnamed),
		cmocka_unit_test(test_traced_then_waited),
		cmocka_unit_test(test_traced_parent_ignores),
		cmocka_unit_test(test_precise),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_exit_call_in_exit),
		cmocka_unit_test(test_short_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
