// SPDX-License-Identifier: GPL-2.0-only
/*
 * tell: what a live source says of itself: each counter that has moved comes
 * once, by how much it has; and who wants no more is told no more, without any
 * of it being told twice. Against counters that this test sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "core/event.h"
#include "lib/clock.h"
#include "source/source.h"

static struct told {
	struct obit_loss v[OBIT_LOST_KIND_NR * OBIT_LOST_REASON_NR];
	unsigned int nr, refuse_at;	/* refuse_at: from this one on; 0: none */
	uint64_t from;
} told;

static int on_event(void *ctx, const struct obit_hdr *h)
{
	struct told *t = ctx;

	assert_true(event_check(h, h->len) > 0);
	assert_int_equal(h->type, OBIT_EV_LOSS);
	assert_in_range(h->boot_ns, t->from, boot_now());
	assert_true(t->nr < sizeof(t->v) / sizeof(t->v[0]));
	memcpy(&t->v[t->nr++], h, sizeof(t->v[0]));
	return t->refuse_at && t->nr >= t->refuse_at ? -ECANCELED : 0;
}

static int tell(const __u64 (*counters)[OBIT_LOST_REASON_NR],
		uint64_t (*known)[OBIT_LOST_REASON_NR], unsigned int refuse_at)
{
	const struct emit to = { &told, on_event };

	memset(&told, 0, sizeof(told));
	told.refuse_at = refuse_at;
	told.from = boot_now();
	return source_losses(&to, counters, known);
}

static void expect(unsigned int i, uint32_t kind, uint32_t reason, uint64_t nr)
{
	assert_true(i < told.nr);
	assert_int_equal(told.v[i].kind, kind);
	assert_int_equal(told.v[i].reason, reason);
	assert_int_equal(told.v[i].count, nr);
}

static void losses(void **state)
{
	__u64 counters[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR] = { { 0 } };
	uint64_t known[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR] = { { 0 } };
	const __u64(*c)[OBIT_LOST_REASON_NR] = (const void *)counters;

	(void)state;
	assert_int_equal(tell(c, known, 0), 0);
	assert_int_equal(told.nr, 0);
	counters[OBIT_LOST_OBITUARY][OBIT_LOST_RING_FULL] = 3;
	counters[OBIT_LOST_SIGNAL][OBIT_LOST_OVERSIZE] = 1;
	assert_int_equal(tell(c, known, 0), 0);
	assert_int_equal(told.nr, 2);
	expect(0, OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL, 3);
	expect(1, OBIT_LOST_SIGNAL, OBIT_LOST_OVERSIZE, 1);
	assert_int_equal(tell(c, known, 0), 0);
	assert_int_equal(told.nr, 0);
	counters[OBIT_LOST_OBITUARY][OBIT_LOST_RING_FULL] = 10;
	assert_int_equal(tell(c, known, 0), 0);
	assert_int_equal(told.nr, 1);
	expect(0, OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL, 7);
}

static void refused(void **state)
{
	__u64 counters[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR] = { { 0 } };
	uint64_t known[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR] = { { 0 } };
	const __u64(*c)[OBIT_LOST_REASON_NR] = (const void *)counters;

	(void)state;
	counters[OBIT_LOST_OBITUARY][OBIT_LOST_MISSED] = 1;
	counters[OBIT_LOST_CONTEXT][OBIT_LOST_MAP_FULL] = 2;
	assert_int_equal(tell(c, known, 1), -ECANCELED);
	assert_int_equal(told.nr, 1);
	expect(0, OBIT_LOST_OBITUARY, OBIT_LOST_MISSED, 1);
	assert_int_equal(tell(c, known, 0), 0);
	assert_int_equal(told.nr, 1);
	expect(0, OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL, 2);
}

static int on_teardown(void *ctx, const struct obit_hdr *h)
{
	const struct obit_teardown *t = (const void *)h;

	assert_true(event_check(h, h->len) > 0);
	assert_int_equal(h->type, OBIT_EV_TEARDOWN);
	assert_int_equal(t->task.tgid, 0);
	++*(unsigned int *)ctx;
	return 0;
}

static void teardown_begins(void **state)
{
	unsigned int nr = 0;
	const struct emit to = { &nr, on_teardown };

	(void)state;
	assert_int_equal(source_teardown_begins(&to), 0);
	assert_int_equal(nr, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses),
		cmocka_unit_test(refused),
		cmocka_unit_test(teardown_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
