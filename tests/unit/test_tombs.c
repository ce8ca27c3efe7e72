// SPDX-License-Identifier: GPL-2.0-only
/*
 * tombs: what was buried last is found, what was buried long ago is not, and
 * what never was is not; against an array of all that ever was buried. And a
 * pool: what it gives is zeroes, and no two at a time are the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/tombs.h"
#include "lib/pool.h"

#define N (3 * TOMBS + 17)

static uint64_t start_of(uint32_t i)
{
	return 1000 + i * 7919ull % 100003;	/* not in order, and not unique */
}

static const struct whole never;

static uint32_t tgid_of(uint32_t i)
{
	return 2 + i % 30000;
}

static void finds_the_last(void **state)
{
	struct tombs all = { 0 };
	const struct tomb *t;
	uint32_t i;

	(void)state;
	assert_null(tomb_find(&all, 1, 1));
	for (i = 0; i < N; i++) {
		struct whole whole = { .since_ns = i, .main_only = i % 3 == 0 };

		assert_int_equal(tomb_bury(&all, tgid_of(i), start_of(i), i,
					   whole),
				 0);
		t = tomb_find(&all, tgid_of(i), start_of(i));
		assert_non_null(t);
		assert_int_equal(t->childless_ns, i);
		assert_int_equal(t->whole.since_ns, i);
		assert_int_equal(t->whole.main_only, i % 3 == 0);
	}
	for (i = N - TOMBS; i < N; i++)
		assert_non_null(tomb_find(&all, tgid_of(i), start_of(i)));
	for (i = 0; i < N; i++)
		assert_null(tomb_find(&all, 40000 + tgid_of(i), start_of(i)));
	assert_null(tomb_find(&all, tgid_of(N - 1), 1ull << 60));
	tombs_fini(&all);
}

static void forgets_the_first(void **state)
{
	struct tombs all = { 0 };
	uint32_t i;

	(void)state;
	for (i = 1; i <= TOMBS; i++)
		assert_int_equal(tomb_bury(&all, i, i, 0, never), 0);
	assert_non_null(tomb_find(&all, 1, 1));
	assert_int_equal(tomb_bury(&all, i, i, 0, never), 0);
	assert_null(tomb_find(&all, 1, 1));
	assert_non_null(tomb_find(&all, 2, 2));
	tombs_fini(&all);
}

/* Numbers start again after 2^32: chains end, and none runs in a circle. */
static void starts_numbers_again(void **state)
{
	struct tombs all = { 0 };
	uint32_t i;

	(void)state;
	assert_int_equal(tomb_bury(&all, 1, 1, 0, never), 0);
	all.nr = UINT32_MAX - TOMBS;
	for (i = 1; i < 3 * TOMBS; i++) {
		assert_int_equal(tomb_bury(&all, i, i, i, never), 0);
		assert_int_equal(tomb_find(&all, i, i)->childless_ns, i);
		assert_null(tomb_find(&all, i + 1, i));
	}
	tombs_fini(&all);
}

static void pool_gives_zeroes(void **state)
{
	char *object[1000], zero[100] = { 0 };
	struct pool p;
	int round, i;

	(void)state;
	pool_init(&p, sizeof(zero));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 1000; i++) {
			object[i] = pool_get(&p);
			assert_non_null(object[i]);
			assert_memory_equal(object[i], zero, sizeof(zero));
			memset(object[i], i, sizeof(zero));
		}
		for (i = 0; i < 1000; i++) {
			assert_int_equal(object[i][0], (char)i);
			assert_int_equal(object[i][99], (char)i);
		}
		for (i = 0; i < 1000; i++)
			pool_put(&p, object[i]);
	}
	pool_put(&p, NULL);
	pool_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_last),
		cmocka_unit_test(forgets_the_first),
		cmocka_unit_test(starts_numbers_again),
		cmocka_unit_test(pool_gives_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
