// SPDX-License-Identifier: GPL-2.0-only
/*
 * timefmt: instants and durations, to text and back.
 * Owns their formats. Never reads a clock.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "buf.h"
#include "timefmt.h"

/* Everything but the fraction changes once a second, deaths come thousands. */
static struct {
	time_t sec;
	bool valid;
	char date_time[24]; /* 2026-11-22T00:24:43 */
	char zone[16]; /* +00:00 */
	size_t date_time_len, zone_len;
} last;

static void at_second(time_t sec)
{
	long off;
	struct tm tm;

	if (last.valid && last.sec == sec)
		return;
	localtime_r(&sec, &tm);
	off = tm.tm_gmtoff / 60;
	last.date_time_len = strftime(last.date_time, sizeof(last.date_time),
				      "%Y-%m-%dT%H:%M:%S", &tm);
	last.zone_len = (size_t)snprintf(last.zone, sizeof(last.zone),
					 "%c%02ld:%02ld", off < 0 ? '-' : '+',
					 (off < 0 ? -off : off) / 60 % 100,
					 (off < 0 ? -off : off) % 60);
	last.sec = sec;
	last.valid = true;
}

static void digits(char *to, uint64_t v, int n)
{
	while (n--) {
		to[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

size_t time_rfc3339(char out[TIME_RFC3339_MAX], uint64_t realtime_ns)
{
	char *p = out;

	at_second((time_t)(realtime_ns / NSEC_PER_SEC));
	memcpy(p, last.date_time, last.date_time_len);
	p += last.date_time_len;
	*p++ = '.';
	digits(p, realtime_ns % NSEC_PER_SEC, 9);
	p += 9;
	memcpy(p, last.zone, last.zone_len + 1);
	return (size_t)(p - out) + last.zone_len;
}

size_t time_hms(char out[TIME_RFC3339_MAX], uint64_t realtime_ns)
{
	at_second((time_t)(realtime_ns / NSEC_PER_SEC));
	memcpy(out, last.date_time + last.date_time_len - 8, 8);
	out[8] = '.';
	digits(out + 9, realtime_ns % NSEC_PER_SEC / NSEC_PER_MSEC, 3);
	out[12] = '\0';
	return 12;
}

static uint64_t divide(uint64_t ns, uint64_t unit, bool up)
{
	return ns / unit + (up && ns % unit ? 1 : 0);
}

/* `1.2 s`, `3 ms`: at most three digits. up: never less than the truth. */
static size_t format_unit(char *out, uint64_t ns, uint64_t unit,
			  const char *name, bool up)
{
	/* 10 * unit fits: the largest unit here is one second. */
	uint64_t tenths = ns < 10 * unit ? divide(ns * 10, unit, up) : 100;

	char *p = out;

	if (tenths < 100 && tenths % 10) {
		p += u64_decimal(p, tenths / 10);
		*p++ = '.';
		*p++ = (char)('0' + tenths % 10);
	} else {
		ns = tenths < 100 ? tenths / 10 : divide(ns, unit, up);
		p += u64_decimal(p, ns);
	}
	*p++ = ' ';
	return (size_t)(stpcpy(p, name) - out);
}

static size_t format_pair(char *out, uint64_t big, const char *big_name,
			  uint64_t small, const char *small_name)
{
	if (!small)
		return (size_t)snprintf(out, DURATION_MAX, "%llu%s",
					(unsigned long long)big, big_name);
	return (size_t)snprintf(out, DURATION_MAX, "%llu%s %llu%s",
				(unsigned long long)big, big_name,
				(unsigned long long)small, small_name);
}

static size_t format_rounded(char *out, uint64_t ns, bool up)
{
	uint64_t s;

	if (!ns)
		return (size_t)snprintf(out, DURATION_MAX, "0 s");
	/* 999.7 us rounded up is 1 ms, not 1000 us: compare rounded. */
	if (divide(ns, 1, up) < NSEC_PER_USEC)
		return format_unit(out, ns, 1, "ns", up);
	if (divide(ns, NSEC_PER_USEC, up) < 1000)
		return format_unit(out, ns, NSEC_PER_USEC, "us", up);
	if (divide(ns, NSEC_PER_MSEC, up) < 1000)
		return format_unit(out, ns, NSEC_PER_MSEC, "ms", up);
	s = divide(ns, NSEC_PER_SEC, up);
	if (s < 60)
		return format_unit(out, ns, NSEC_PER_SEC, "s", up);
	if (s < 3600)
		return format_pair(out, s / 60, "m", s % 60, "s");
	s = divide(s, 60, up);
	if (s < 24 * 60)
		return format_pair(out, s / 60, "h", s % 60, "m");
	s = divide(s, 60, up);
	return format_pair(out, s / 24, "d", s % 24, "h");
}

size_t duration_format(char out[DURATION_MAX], uint64_t ns)
{
	return format_rounded(out, ns, false);
}

static size_t prefixed(char *out, const char *prefix, const char *text,
		       size_t n)
{
	memcpy(out, prefix, 2);
	memcpy(out + 2, text, n + 1);
	return n + 2;
}

size_t duration_format_err(char out[DURATION_MAX], uint64_t ns, uint64_t err_ns)
{
	char text[DURATION_MAX]; /* 24 at most: 213503d 23h */
	size_t n;

	n = duration_format(out, ns);
	if (!err_ns)
		return n;
	if (err_ns < ns) {
		duration_format(text, ns - err_ns);
		if (!strcmp(text, out))
			return n;
		if (err_ns <= ns / 4) {
			n = duration_format(text, ns - err_ns / 2);
			return prefixed(out, "~ ", text, n);
		}
	}
	/* An upper limit that was rounded down would be a lie. */
	n = format_rounded(text, ns + (ns ? 0 : 1), true);
	return prefixed(out, "< ", text, n);
}

/* clang-format off */
static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 }, { "us", NSEC_PER_USEC }, { "\xc2\xb5s", NSEC_PER_USEC },
	{ "ms", NSEC_PER_MSEC }, { "s", NSEC_PER_SEC },
	{ "min", 60 * NSEC_PER_SEC }, { "m", 60 * NSEC_PER_SEC },
	{ "h", 3600 * NSEC_PER_SEC }, { "d", 86400 * NSEC_PER_SEC },
};
/* clang-format on */

static int parse_number(const char **s, uint64_t *whole, uint64_t *frac,
			uint64_t *scale)
{
	const char *p = *s;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (*whole = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
			return -ERANGE;
	*frac = 0;
	*scale = 1;
	if (*p == '.') {
		p++;
		if (*p < '0' || *p > '9')
			return -EINVAL;
		/* Nine digits are a nanosecond of a second; more say nothing. */
		for (; *p >= '0' && *p <= '9'; p++) {
			if (*scale == NSEC_PER_SEC)
				continue;
			*frac = *frac * 10 + (uint64_t)(*p - '0');
			*scale *= 10;
		}
	}
	*s = p;
	return 0;
}

/* The unit's length in ns, or 0. Longest name first: "ms" is not "m", "s". */
static uint64_t parse_unit(const char **s)
{
	size_t i, n, best = 0;
	uint64_t ns = 0;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		n = strlen(units[i].name);
		if (n > best && !strncmp(*s, units[i].name, n)) {
			best = n;
			ns = units[i].ns;
		}
	}
	*s += best;
	return ns;
}

int duration_parse(const char *s, uint64_t *ns)
{
	uint64_t total = 0, whole, frac, scale, unit, part, above = UINT64_MAX;
	int err;

	if (!strcmp(s, "0")) {
		*ns = 0;
		return 0;
	}
	do {
		err = parse_number(&s, &whole, &frac, &scale);
		if (err)
			return err;
		unit = parse_unit(&s);
		/* `30m1h` and `1s1s` are slips, not durations. */
		if (!unit || unit >= above)
			return -EINVAL;
		above = unit;
		if (__builtin_mul_overflow(whole, unit, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		part = (uint64_t)((unsigned __int128)frac * unit / scale);
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
	} while (*s);
	*ns = total;
	return 0;
}
