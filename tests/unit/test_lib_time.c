// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instants against date(1), durations against arithmetic done by hand.
 * Never compares with its own formatter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/timefmt.h"

static void like_date(void **state)
{
	/* clang-format off */
	static const uint64_t instants[] = {
		0, 1, 999999999, 1000000000, 1000000000123456789,
		1711846799999999999, 1711846800000000000, /* clocks go on */
		1729990799000000007, 1729990800000000007, /* and back */
		1795307083000100000, 4102444800000000001,
	};
	/* clang-format on */
	char out[TIME_RFC3339_MAX], want[64], line[128];
	size_t i, n;
	FILE *f;

	(void)state;
	for (i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		snprintf(line, sizeof(line),
			 "date -d @%llu.%09llu "
			 "+%%Y-%%m-%%dT%%H:%%M:%%S.%%N%%:z",
			 (unsigned long long)instants[i] / 1000000000,
			 (unsigned long long)instants[i] % 1000000000);
		f = popen(line, "r");
		assert_non_null(f);
		assert_non_null(fgets(want, sizeof(want), f));
		assert_int_equal(pclose(f), 0);
		want[strcspn(want, "\n")] = '\0';
		n = time_rfc3339(out, instants[i]);
		assert_string_equal(out, want);
		assert_int_equal(n, strlen(want));
		n = time_hms(out, instants[i]);
		assert_int_equal(n, 12);
		assert_memory_equal(out, want + 11, 12);
	}
}

static void durations(void **state)
{
	/* clang-format off */
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0 s" }, { 1, "1 ns" }, { 870, "870 ns" },
		{ 999, "999 ns" }, { 1000, "1 us" }, { 1250, "1.2 us" },
		{ 12000, "12 us" }, { 999999, "999 us" }, { 1000000, "1 ms" },
		{ 3000000, "3 ms" }, { 3040000, "3 ms" }, { 3100000, "3.1 ms" },
		{ 9999999, "9.9 ms" }, { 10000000, "10 ms" },
		{ 999999999, "999 ms" }, { 1000000000, "1 s" },
		{ 1290000000, "1.2 s" }, { 45000000000, "45 s" },
		{ 59999999999, "59 s" }, { 60000000000, "1m" },
		{ 200000000000, "3m 20s" }, { 3599999999999, "59m 59s" },
		{ 3600000000000, "1h" }, { 7500000000000, "2h 5m" },
		{ 183600000000000, "2d 3h" }, { 86400000000000, "1d" },
		{ UINT64_MAX, "213503d 23h" },
	};
	/* clang-format on */
	char out[DURATION_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(duration_format(out, rows[i].ns),
				 strlen(rows[i].text));
		assert_string_equal(out, rows[i].text);
	}
}

static void durations_with_errors(void **state)
{
	/* clang-format off */
	static const struct {
		uint64_t ns, err;
		const char *text;
	} rows[] = {
		{ 20000000, 0, "20 ms" },
		{ 20000000, 20000000, "< 20 ms" },
		{ 19300000, 19300000, "< 20 ms" },	/* never less */
		{ 19300000, 99999999, "< 20 ms" },
		{ 20000000, 15000000, "< 20 ms" },
		{ 1250000000, 10000000, "1.2 s" },	/* does not show */
		{ 1250000000, 100000000, "~ 1.2 s" },
		{ 999700, 999700, "< 1 ms" },
		{ 59500000000, 59500000000, "< 1m" },
		{ 0, 1, "< 1 ns" },
	};
	/* clang-format on */
	char out[DURATION_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = duration_format_err(out, rows[i].ns, rows[i].err);
		assert_string_equal(out, rows[i].text);
		assert_int_equal(n, strlen(out));
	}
	duration_format_err(out, UINT64_MAX, UINT64_MAX);
}

static void parses(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{ "0", 0 }, { "0s", 0 }, { "1ns", 1 }, { "500us", 500000 },
		{ "5\xc2\xb5s", 5000 }, { "20ms", 20000000 },
		{ "1s", 1000000000 }, { "1.5s", 1500000000 },
		{ "0.000000001s", 1 }, { "1.0000000009s", 1000000000 },
		{ "3m", 180000000000 }, { "3min", 180000000000 },
		{ "2h", 7200000000000 }, { "1d", 86400000000000 },
		{ "1h30m", 5400000000000 }, { "1m2s3ms", 62003000000 },
		{ "18446744073709551615ns", UINT64_MAX },
	};
	/* clang-format on */
	/* clang-format off */
	static const char *const bad[] = {
		"", "1", "s", "-1s", "+1s", " 1s", "1 s", "1s ", "1x", "1S",
		"1.s", ".5s", "1s1s", "30m1h", "1sec", "1ms2s", "0x1s", "1e3s",
	};
	/* clang-format on */
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(duration_parse(rows[i].text, &ns), 0);
		assert_int_equal(ns, rows[i].ns);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (duration_parse(bad[i], &ns) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(duration_parse("18446744073709551616ns", &ns),
			 -ERANGE);
	assert_int_equal(duration_parse("213504d", &ns), -ERANGE);
	assert_int_equal(duration_parse("99999999999999999999s", &ns), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_date),
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_with_errors),
		cmocka_unit_test(parses),
	};

	/* A zone with summer time, written out: no zone files needed. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
