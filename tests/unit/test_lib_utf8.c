// SPDX-License-Identifier: GPL-2.0-only
/*
 * UTF-8 against jansson's checker and glibc's wcwidth().
 * Never trusts the tables under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "lib/utf8.h"

static void check_valid(const unsigned char *p, size_t len)
{
	json_t *oracle = json_stringn((const char *)p, len);

	if (utf8_valid((const char *)p, len) != (oracle != NULL))
		fail_msg("%02x %02x %02x %02x, %zu bytes", p[0], p[1], p[2],
			 p[3], len);
	json_decref(oracle);
}

static void valid_like_jansson(void **state)
{
	/* clang-format off */
	static const unsigned char edge[] = {
		0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
		0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0,
		0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfe, 0xff,
	};
	/* clang-format on */
	size_t n = sizeof(edge), i;
	unsigned char p[4] = { 0 };

	(void)state;
	for (i = 0; i < 65536; i++) {
		p[0] = (unsigned char)(i >> 8);
		p[1] = (unsigned char)i;
		check_valid(p, 1);
		check_valid(p, 2);
	}
	for (i = 0; i < n * n * n * n; i++) {
		p[0] = edge[i % n];
		p[1] = edge[i / n % n];
		p[2] = edge[i / n / n % n];
		p[3] = edge[i / n / n / n];
		check_valid(p, 3);
		check_valid(p, 4);
	}
}

static size_t encode(uint32_t cp, char *p)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xc0 | cp >> 6);
		p[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xe0 | cp >> 12);
		p[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		p[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | cp >> 18);
	p[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	p[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	p[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

static void decodes_what_was_encoded(void **state)
{
	uint32_t cp, got;
	char p[4];
	size_t n;

	(void)state;
	for (cp = 0; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = encode(cp, p);
		assert_int_equal(utf8_decode(p, n, &got), n);
		assert_int_equal(got, cp);
		if (n > 1) /* cut short: one maximal part */
			assert_int_equal(utf8_decode(p, n - 1, &got),
					 -(int)(n - 1));
	}
}

/* Ranges whose widths Unicode does not change from version to version. */
static void widths_like_libc(void **state)
{
	/* clang-format off */
	static const uint32_t ranges[][2] = {
		{ 0x20, 0x7e }, { 0xa0, 0xac }, { 0xae, 0x36f },
		{ 0x400, 0x482 }, { 0x490, 0x4ff }, { 0x2010, 0x2027 },
		{ 0x2500, 0x25fc }, { 0x3041, 0x3096 }, { 0x30a0, 0x30ff },
		{ 0x4e00, 0x9fef }, { 0xac00, 0xd7a3 }, { 0xff01, 0xff60 },
		{ 0x1f600, 0x1f64f }, { 0x20000, 0x2a6d6 },
	};
	/* clang-format on */
	uint32_t cp;
	size_t i;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		fail_msg("the C library has no C.UTF-8");
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (cp = ranges[i][0]; cp <= ranges[i][1]; cp++)
			if (utf8_cp_width(cp) != wcwidth((wchar_t)cp))
				fail_msg("U+%04X: %d, libc says %d", cp,
					 utf8_cp_width(cp),
					 wcwidth((wchar_t)cp));
}

static void fits(void **state)
{
	static const char text[] = "a\xe4\xb8\xad"
				   "e\xcc\x81"
				   "b\xff";
	size_t used;

	(void)state;
	/* columns: a=1, wide=2, e+accent=1, b=1, a bad byte=1 */
	assert_int_equal(utf8_width(text, strlen(text)), 6);
	assert_int_equal(utf8_fit(text, strlen(text), 2, &used), 1);
	assert_int_equal(used, 1); /* half a wide one does not fit */
	assert_int_equal(utf8_fit(text, strlen(text), 3, &used), 4);
	assert_int_equal(utf8_fit(text, strlen(text), 4, &used), 7);
	assert_int_equal(used, 4); /* the accent stays with its letter */
	assert_int_equal(utf8_fit(text, strlen(text), 99, NULL), strlen(text));
	assert_int_equal(utf8_width("", 0), 0);
}

static void printable(void **state)
{
	/* clang-format off */
	static const uint32_t bad[] = {
		0, 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0xad, 0x200b, 0x200e,
		0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff,
		0xfffe, 0xffff, 0xfff9, 0x1fffe, 0xe0041, 0x10ffff, 0x110000,
	};
	/* clang-format on */
	/* clang-format off */
	static const uint32_t good[] = {
		0x20, 0x41, 0x7e, 0xa0, 0xe9, 0x301, 0x200c, 0x200d, 0x2026,
		0x4e2d, 0xfffd, 0x1f600,
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_cp_printable(bad[i]));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_cp_printable(good[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_like_jansson),
		cmocka_unit_test(decodes_what_was_encoded),
		cmocka_unit_test(widths_like_libc),
		cmocka_unit_test(fits),
		cmocka_unit_test(printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
