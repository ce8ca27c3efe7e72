// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantiles and powers of two, against what sorting all values gives: exact of
 * few, within the stated error of many, and nothing lost at either end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include "core/profile/histogram.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* By nearest rank: the value at ceil(n * q). */
static uint64_t sorted_quantile(const uint64_t *v, size_t n, unsigned int q)
{
	size_t rank = (n * q + 999) / 1000;

	return v[rank ? rank - 1 : 0];
}

static void agrees(uint64_t *v, size_t n, bool exact)
{
	static const unsigned int wanted[] = { 1, 10, 250, 500, 900, 990, 999 };
	struct histogram h = { 0 };
	uint64_t want, got, off;
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(histogram_add(&h, v[i]), 0);
	qsort(v, n, sizeof(*v), compare);
	assert_int_equal(h.nr, n);
	assert_int_equal(h.min, v[0]);
	assert_int_equal(h.max, v[n - 1]);
	assert_int_equal(histogram_quantile(&h, 1000), v[n - 1]);
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		want = sorted_quantile(v, n, wanted[i]);
		got = histogram_quantile(&h, wanted[i]);
		off = got > want ? got - want : want - got;
		if (exact)
			assert_int_equal(got, want);
		else
			assert_true(off * 64 <= want);
	}
	histogram_free(&h);
}

static uint64_t random_ns(unsigned int bits)
{
	uint64_t r = (uint64_t)random() << 31 ^ (uint64_t)random();

	return r >> (random() % bits) & ((1ULL << bits) - 1);
}

static void quantiles(void **state)
{
	static uint64_t v[5000];
	size_t n, i;

	(void)state;
	srandom(7);
	for (n = 1; n <= 5000; n = n * 3 / 2 + 1) {
		for (i = 0; i < n; i++)
			v[i] = random_ns(46);
		agrees(v, n, n <= HISTOGRAM_EXACT);
	}
	/* All alike, and the smallest ones, which have a bucket each. */
	for (i = 0; i < 5000; i++)
		v[i] = 123456789;
	agrees(v, 5000, true);
	for (i = 0; i < 5000; i++)
		v[i] = i % 33;
	agrees(v, 5000, true);
}

static void empty_and_huge(void **state)
{
	uint64_t counts[HISTOGRAM_OCTAVES];
	struct histogram h = { 0 };
	int i;

	(void)state;
	assert_int_equal(histogram_quantile(&h, 500), 0);
	histogram_log2(&h, counts);
	for (i = 0; i < HISTOGRAM_OCTAVES; i++)
		assert_int_equal(counts[i], 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(histogram_add(&h, UINT64_MAX - 1), 0);
	assert_int_equal(h.max, UINT64_MAX - 1);
	assert_true(h.sum == UINT64_MAX);
	assert_true(histogram_quantile(&h, 500) == UINT64_MAX - 1);
	histogram_log2(&h, counts);
	assert_int_equal(counts[HISTOGRAM_OCTAVES - 1], 100);
	histogram_free(&h);
}

static void powers(void **state)
{
	uint64_t counts[HISTOGRAM_OCTAVES];
	struct histogram h = { 0 };
	unsigned int i, many;

	(void)state;
	/* 2^i - 1 and 2^i, before and after the buckets are divided. */
	for (many = 1; many <= 3; many += 2) {
		for (i = 1; i < HISTOGRAM_OCTAVES * many; i++) {
			histogram_add(&h, (1ULL << i % HISTOGRAM_OCTAVES) - 1);
			histogram_add(&h, 1ULL << i % HISTOGRAM_OCTAVES);
		}
		histogram_log2(&h, counts);
		/* 1 - 1 and 1 of each round but the first, 2 - 1 of each. */
		assert_int_equal(counts[0], many == 1 ? 1 : 1 + 2 * 2 + 3);
		for (i = 1; i < HISTOGRAM_OCTAVES - 1; i++)
			assert_int_equal(counts[i], many == 1 ? 2 : 8);
		assert_int_equal(counts[i], many == 1 ? 1 : 4);
	}
	histogram_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles),
		cmocka_unit_test(empty_and_huge),
		cmocka_unit_test(powers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
