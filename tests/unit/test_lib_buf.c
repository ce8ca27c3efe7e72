// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growable buffers: content against libc's own printf, and the sticky error.
 * Never asks the code under test what is right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/buf.h"

static void grows_and_keeps(void **state)
{
	struct buf b = BUF_INIT;
	char *p;
	size_t i, len;

	(void)state;
	for (i = 0; i < 10000; i++)
		buf_addc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 10000);
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.p[i], 'a' + (int)(i % 26));
	p = buf_steal(&b, &len);
	assert_int_equal(len, 10000);
	assert_int_equal(strlen(p), 10000);
	free(p);
	assert_null(b.p);
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

static void decimals(void **state)
{
	/* clang-format off */
	static const uint64_t values[] = {
		0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 65535, 99999, 100000,
		4294967295u, 4294967296u, 9999999999u, INT64_MAX,
		(uint64_t)INT64_MAX + 1, 9999999999999999999u, UINT64_MAX,
	};
	/* clang-format on */
	struct buf b = BUF_INIT;
	char want[32];
	uint64_t v = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_clear(&b);
		buf_addu(&b, values[i]);
		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		assert_string_equal(buf_str(&b), want);
		buf_clear(&b);
		buf_addd(&b, (int64_t)values[i]);
		snprintf(want, sizeof(want), "%" PRId64, (int64_t)values[i]);
		assert_string_equal(buf_str(&b), want);
	}
	for (i = 0; i < 100000; i++) {
		v = v * 6364136223846793005u + 1442695040888963407u;
		buf_clear(&b);
		buf_addu(&b, v >> (i % 64));
		snprintf(want, sizeof(want), "%" PRIu64, v >> (i % 64));
		assert_string_equal(buf_str(&b), want);
	}
	buf_free(&b);
}

static void printf_at_every_size(void **state)
{
	struct buf b = BUF_INIT;
	char want[512];
	int n;

	(void)state;
	/* Around 64, 128, 256 the text just fits, or just does not. */
	for (n = 0; n < 400; n++) {
		buf_free(&b);
		buf_printf(&b, "%*d", n, 7);
		snprintf(want, sizeof(want), "%*d", n, 7);
		assert_string_equal(buf_str(&b), want);
		buf_printf(&b, "%s", "");
		assert_string_equal(buf_str(&b), want);
	}
	buf_free(&b);
}

static void error_sticks(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "kept");
	assert_int_equal(buf_grow(&b, SIZE_MAX - 2), -ENOMEM);
	buf_adds(&b, "lost");
	buf_printf(&b, "%d", 1);
	buf_addu(&b, 5);
	buf_fill(&b, 'x', 3);
	assert_int_equal(b.err, -ENOMEM);
	assert_int_equal(b.len, 4);
	assert_string_equal(buf_str(&b), "kept");
	assert_null(buf_reserve(&b, 1));
	buf_clear(&b);
	buf_adds(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	assert_int_equal(buf_grow(&b, SIZE_MAX / 2), -ENOMEM);
	assert_null(buf_steal(&b, NULL));
	assert_null(b.p);
}

static void empty_appends(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "x", 0);
	buf_fill(&b, 'x', 0);
	buf_adds(&b, "");
	assert_int_equal(b.len, 0);
	assert_int_equal(b.err, 0);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps),
		cmocka_unit_test(decimals),
		cmocka_unit_test(printf_at_every_size),
		cmocka_unit_test(error_sticks),
		cmocka_unit_test(empty_appends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
