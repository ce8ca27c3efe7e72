// SPDX-License-Identifier: GPL-2.0-only
/*
 * teardown: what the records of an end become: phases that add up, what was
 * before them and after, who else paid, and for how long an obituary waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/teardown.h"
#include "lib/buf.h"
#include "sink/ending.h"
#include "stream.h"

/* Process 7, child of 3, dies at 20 ms. */
static struct obit_exit *begin(struct stream *s)
{
	stream_task(s, 1, 3, 1, 0, 1);
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

/* --- building ------------------------------------------------------------------- */

union made {
	struct obit_teardown r;
	char room[sizeof(struct obit_teardown) +
		  OBIT_STEPS_MAX * sizeof(struct obit_step)];
};

static void make(union made *m, uint64_t end, uint32_t nr,
		 const struct obit_step *steps)
{
	memset(m, 0, sizeof(*m));
	m->r.hdr.boot_ns = end;
	m->r.flags = OBIT_TEARDOWN_SWITCHES | OBIT_TEARDOWN_LAST;
	m->r.nr = nr;
	memcpy(m->r.steps, steps, nr * sizeof(*steps));
}

static void adds_up(const struct teardown *t)
{
	uint64_t ns = 0, off = 0, steps = 0, at = t->boot_ns;
	unsigned int i;

	for (i = 0; i < OBIT_PHASE_NR; i++) {
		ns += t->phase_ns[i];
		off += t->phase_off_ns[i];
		assert_true(t->phase_off_ns[i] <= t->phase_ns[i]);
		if (t->phase_ns[i])
			assert_true(t->phases >> i & 1);
	}
	for (i = 0; i < t->nr_steps; i++) {
		assert_int_equal(t->steps[i].boot_ns, at);
		at += t->steps[i].ns;
		steps += t->steps[i].ns;
	}
	assert_int_equal(ns, t->kernel_ns);
	assert_int_equal(steps, t->kernel_ns);
	assert_int_equal(off, t->off_ns);
	assert_true(t->nr_steps <= TEARDOWN_STEPS_MAX);
}

/* The same phase twice, a gap that is nobody's, a sleep. */
static void sums(void **state)
{
	static const struct obit_step steps[] = {
		{ .boot_ns = 1000, .phase = OBIT_PHASE_OTHER },
		{ .boot_ns = 1003, .phase = OBIT_PHASE_MM },
		{ .boot_ns = 1010, .phase = OBIT_PHASE_MM_UNMAP, .off_ns = 50 },
		{ .boot_ns = 1110, .phase = OBIT_PHASE_MM },
		{ .boot_ns = 1111, .phase = OBIT_PHASE_DEAD, .off_ns = 99 },
	};
	struct teardown_facts f = { 0 };
	struct teardown t;
	union made m;

	(void)state;
	make(&m, 1121, 5, steps);
	f.record = &m.r;
	assert_true(teardown_build(&t, &f));
	adds_up(&t);
	assert_int_equal(t.kernel_ns, 121);
	assert_int_equal(t.phase_ns[OBIT_PHASE_MM], 8);
	assert_int_equal(t.phase_ns[OBIT_PHASE_MM_UNMAP], 100);
	/* no longer than it lasted, whatever a clock says */
	assert_int_equal(t.off_ns, 60);
	assert_int_equal(teardown_slowest(&t), OBIT_PHASE_MM_UNMAP);
	assert_true(t.off_known);
	assert_false(t.user_known);
}

static void none(void **state)
{
	struct teardown_facts f = { 0 };
	struct teardown t;
	union made m;

	(void)state;
	make(&m, 5, 0, (struct obit_step[]){ { 0 } });
	f.record = &m.r;
	assert_false(teardown_build(&t, &f));
}

/* Any record that passes the gate, with any instants beside it. */
static void any(void **state)
{
	struct obit_step steps[OBIT_STEPS_MAX];
	struct teardown_facts f;
	struct teardown t;
	uint64_t at, last;
	union made m;
	uint32_t n, i;
	int k;

	(void)state;
	srand(7);
	for (k = 0; k < 20000; k++) {
		n = 1 + (uint32_t)rand() % OBIT_STEPS_MAX;
		last = at = 1000 + (uint64_t)rand() % 1000;
		memset(steps, 0, sizeof(steps));
		for (i = 0; i < n; i++) {
			steps[i].boot_ns = last;
			steps[i].phase = (uint16_t)(rand() % OBIT_PHASE_NR);
			steps[i].off_ns = (uint64_t)rand() % 50;
			last += (uint64_t)rand() % 40;
		}
		make(&m, last, n, steps);
		memset(&f, 0, sizeof(f));
		f.record = &m.r;
		f.sent_ns = rand() % 2 ? 0 : (uint64_t)rand() % 3000;
		f.call_ns = rand() % 2 ? 0 : (uint64_t)rand() % 3000;
		f.reapable_ns = rand() % 2 ? 0 : (uint64_t)rand() % 5000;
		f.threads = rand() % 2;
		assert_true(teardown_build(&t, &f));
		adds_up(&t);
		assert_true(t.boot_ns <= at);
		assert_true(t.boot_ns + t.kernel_ns >= last);
	}
}

/* --- before and after ------------------------------------------------------------- */

static void delivery(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_task(&s, 1, 3, 1, 0, 1);
	stream_fork(&s, 10 * MS, 7, 3);
	stream_signal(&s, 15 * MS, 7, 3, 15, OBIT_SI_INFO, 0,
		      OBIT_SIG_GROUP | OBIT_SIG_DECIDED);
	e = stream_exit(&s, 20 * MS, 7, 3, 15);
	e->flags |= OBIT_EXIT_SIGNALED | OBIT_EXIT_GROUP_EXIT;
	stream_teardown(&s, 19 * MS, 7, 3);
	stream_released(&s, 25 * MS, 7, 3, 3, 15);
	/* steps 1 to 3 of 10 ns: delivery itself is one of them */
	expect_end(&s, "signal=SIGTERM teardown.kernel_ns=4000030 "
		       "teardown.phases.delivery=4000010 "
		       "teardown.phases.coredump=10 "
		       "teardown.phases.threads=10");
}

/* The exit call, where only a tracepoint shows it: other threads, or nobody. */
static void called(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s)->call_ns = 12 * MS;
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.kernel_ns=8000020 "
		       "teardown.phases.other=8000000 "
		       "teardown.phases.threads=null");
	begin(&s)->call_ns = 12 * MS;
	stream_exit(&s, 20 * MS + 1, 7, 3, 0)->threads = 5;
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.kernel_ns=8000020 "
		       "teardown.phases.threads=8000000 "
		       "teardown.phases.other=null");
}

/* Reapable only when another thread, slower than the last, is through. */
static void threads_after(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_reapable(&s, 30 * MS, 7, 3, OBIT_REAPABLE_EXACT);
	stream_released(&s, 31 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.kernel_ns=10000000 "
		       "teardown.phases.threads=9999980");
}

/* --- who else paid ------------------------------------------------------------------ */

static void elsewhere(void **state)
{
	static const struct obit_step steps[] = {
		{ .boot_ns = 1000, .phase = OBIT_PHASE_MM },
	};
	struct obit_freed freed[2] = {
		{ .hdr = { .boot_ns = 5000 },
		  .task = { .tgid = 7, .start_boottime = 70 },
		  .by = { .task = { .tgid = 9, .start_boottime = 90 },
			  .comm = "reader" },
		  .begin_ns = 4000,
		  .phase = OBIT_PHASE_MM_UNMAP },
	};
	struct teardown_facts f = { .freed = freed };
	struct teardown t;
	union made m;

	(void)state;
	make(&m, 1121, 1, steps);
	m.r.flags |= OBIT_TEARDOWN_MM_LEFT;
	f.record = &m.r;
	/* nobody has yet: it was not us */
	assert_true(teardown_build(&t, &f));
	assert_int_equal(t.nr_elsewhere, 1);
	assert_int_equal(t.elsewhere[0].tgid, 0);
	assert_int_equal(t.elsewhere[0].ns, 0);
	assert_int_equal(t.elsewhere[0].phase, OBIT_PHASE_MM_UNMAP);
	f.nr_freed = 1;
	assert_true(teardown_build(&t, &f));
	assert_int_equal(t.nr_elsewhere, 1);
	assert_int_equal(t.elsewhere[0].tgid, 9);
	assert_int_equal(t.elsewhere[0].ns, 1000);
	assert_string_equal(t.elsewhere[0].comm, "reader");
	/* not known since when */
	freed[0].begin_ns = 0;
	assert_true(teardown_build(&t, &f));
	assert_int_equal(t.elsewhere[0].ns, 0);
	/* another thread of its own was the last */
	freed[0].by.task = freed[0].task;
	assert_true(teardown_build(&t, &f));
	assert_int_equal(t.nr_elsewhere, 0);
	/* and it adds up all the same */
	adds_up(&t);
}

/* --- waiting for it ------------------------------------------------------------------ */

/* A parent has collected it before it left its CPU. */
static void late(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	stream_teardown(&s, 1, 0, 0);
	begin(&s);
	stream_released(&s, 21 * MS, 7, 3, 3, 0);
	stream_tick(&s, 100 * MS);
	stream_teardown(&s, 22 * MS, 7, 2)->hdr.boot_ns = 23 * MS;
	expect_end(&s, "fate=waited zombie_ns=1000000 "
		       "teardown.kernel_ns=1000000");
}

/* It never comes: 100 ms, and then without. */
static void lost(void **state)
{
	struct stream s = STREAM_INIT;
	struct played p = PLAYED_INIT;

	(void)state;
	stream_teardown(&s, 1, 0, 0);
	begin(&s);
	stream_released(&s, 21 * MS, 7, 3, 3, 0);
	stream_tick(&s, 122 * MS);
	/* told by then: what comes now comes too late */
	stream_teardown(&s, 20 * MS, 7, 2);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, "fate=waited teardown.kernel_ns=null");
	assert_int_equal(p.before.delivered, 1);
	played_free(&p);
}

/* Without --teardown nobody waits for what nobody sends. */
static void not_asked(void **state)
{
	struct stream s = STREAM_INIT;
	struct played p = PLAYED_INIT;

	(void)state;
	begin(&s);
	stream_released(&s, 21 * MS, 7, 3, 3, 0);
	play(&s, &p);
	assert_int_equal(p.before.delivered, 1);
	played_free(&p);
}

/* Before 6.16 several threads look like the last: the last one told is. */
static void several(void **state)
{
	struct stream s = STREAM_INIT;

	(void)state;
	begin(&s);
	stream_teardown(&s, 20 * MS, 7, 5)->flags = 0;
	stream_teardown(&s, 21 * MS, 7, 2)->flags = 0;
	stream_release(&s, 50 * MS, 7, 3, 0);
	expect_end(&s, "teardown.kernel_ns=20 teardown.off_cpu_ns=null");
	begin(&s);
	stream_teardown(&s, 20 * MS, 7, 5);
	stream_teardown(&s, 21 * MS, 7, 2)->flags = 0;
	stream_release(&s, 50 * MS, 7, 3, 0);
	expect_end(&s, "teardown.kernel_ns=50 teardown.off_cpu_ns=0");
}

/* By phase, as a filter has it: null where the phase was not there, and where
 * nobody watched the switches. */
static void off_cpu(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_teardown *r;

	(void)state;
	begin(&s);
	r = stream_teardown(&s, 20 * MS, 7, 3);
	r->steps[1].off_ns = 4;
	stream_release(&s, 50 * MS, 7, 3, 0);
	expect_end(&s, "teardown.off_cpu_ns=4 teardown.off_cpu.delivery=0 "
		       "teardown.off_cpu.coredump=4 teardown.off_cpu.threads=0 "
		       "teardown.off_cpu.files=null");
	begin(&s);
	r = stream_teardown(&s, 20 * MS, 7, 3);
	r->steps[1].off_ns = 4;
	r->flags &= ~OBIT_TEARDOWN_SWITCHES;
	stream_release(&s, 50 * MS, 7, 3, 0);
	expect_end(&s, "teardown.phases.coredump=10 "
		       "teardown.off_cpu.coredump=null");
}

/* --- user space ---------------------------------------------------------------------- */

static void user(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_user_exit *u;

	(void)state;
	/* exit(3), 6 ms of handlers, the end */
	begin(&s);
	s.len = 0;
	stream_fork(&s, 10 * MS, 7, 3);
	stream_user_exit(&s, 14 * MS, 7, 0);
	stream_user_exit(&s, 15 * MS, 7, 0);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.kernel_ns=20 teardown.user_ns=6000000");
	/* covered, and no call: _exit(2) */
	stream_fork(&s, 10 * MS, 7, 3);
	u = stream_user_exit(&s, 11 * MS, 7, OBIT_USER_EXIT_COVERED);
	u->flags = OBIT_USER_EXIT_COVERED;
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.user_ns=0");
	/* the same, but something was lost in between: perhaps the call */
	stream_fork(&s, 10 * MS, 7, 3);
	stream_user_exit(&s, 11 * MS, 7, OBIT_USER_EXIT_COVERED);
	stream_exit(&s, 20 * MS, 7, 3, 0)->hdr.lost = 1;
	stream_teardown(&s, 20 * MS, 7, 2)->hdr.lost = 1;
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.user_ns=null");
	/* covered until an exec: what the new image has is not known */
	stream_fork(&s, 10 * MS, 7, 3);
	stream_user_exit(&s, 11 * MS, 7, OBIT_USER_EXIT_COVERED);
	stream_exec(&s, 12 * MS, 7, 0, "x", 2, "a", 2);
	stream_exit(&s, 20 * MS, 7, 3, 0);
	stream_teardown(&s, 20 * MS, 7, 2);
	stream_released(&s, 25 * MS, 7, 3, 3, 0);
	expect_end(&s, "teardown.user_ns=null");
}

/* --- as JSON -------------------------------------------------------------------------- */

static void json(void **state)
{
	static const struct obit_step steps[] = {
		{ .boot_ns = 1000, .phase = OBIT_PHASE_MM },
		{ .boot_ns = 1003, .phase = OBIT_PHASE_FILES },
		{ .boot_ns = 1013, .phase = OBIT_PHASE_MM, .off_ns = 2 },
	};
	struct teardown_facts f = { .user_exit_ns = 600 };
	struct buf out = BUF_INIT;
	struct teardown t;
	union made m;

	(void)state;
	make(&m, 1020, 3, steps);
	m.r.flags |= OBIT_TEARDOWN_MM_LEFT;
	f.record = &m.r;
	assert_true(teardown_build(&t, &f));
	ending_json(&out, &t);
	assert_string_equal(buf_str(&out),
			    "{\"kernel_ns\":20,\"user_ns\":400,\"off_cpu_ns\":2,"
			    "\"phases\":{\"mm\":10,\"files\":10},"
			    "\"off_cpu\":{\"mm\":2,\"files\":0},"
			    "\"elsewhere\":[{\"phase\":\"mm.unmap\",\"by\":null,"
			    "\"ns\":null}]}");
	buf_free(&out);
	m.r.flags = 0;
	assert_true(teardown_build(&t, &f));
	ending_json(&out, &t);
	assert_non_null(strstr(buf_str(&out), "\"off_cpu_ns\":null"));
	assert_non_null(strstr(buf_str(&out), "\"off_cpu\":null"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),	     cmocka_unit_test(none),
		cmocka_unit_test(any),	     cmocka_unit_test(delivery),
		cmocka_unit_test(called),    cmocka_unit_test(threads_after),
		cmocka_unit_test(elsewhere), cmocka_unit_test(late),
		cmocka_unit_test(lost),	     cmocka_unit_test(not_asked),
		cmocka_unit_test(several),   cmocka_unit_test(user),
		cmocka_unit_test(off_cpu),   cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
