// SPDX-License-Identifier: GPL-2.0-only
/*
 * when: instants of the stream as text, in the zone the stream names.
 * Never reads a clock or TZ.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/when.h"
#include "lib/timefmt.h"

/* All but the fraction changes once a second; deaths come by the thousand. */
static struct {
	bool valid;
	int64_t sec;
	int32_t offset;
	char text[32];		/* 2026-11-22T00:24:43 */
	size_t len;
	char zone[16];		/* +00:00 */
	size_t zone_len;
} last;

static void at_second(int64_t sec, int32_t offset)
{
	unsigned int off = (unsigned int)(offset < 0 ? -offset : offset) / 60;
	time_t local = (time_t)(sec + offset);
	struct tm tm;

	if (last.valid && last.sec == sec && last.offset == offset)
		return;
	if (!gmtime_r(&local, &tm))
		memset(&tm, 0, sizeof(tm));
	last.len = strftime(last.text, sizeof(last.text), "%Y-%m-%dT%H:%M:%S",
			    &tm);
	last.zone_len = (size_t)snprintf(last.zone, sizeof(last.zone),
					 "%c%02u:%02u", offset < 0 ? '-' : '+',
					 off / 60 % 100, off % 60);
	last.sec = sec;
	last.offset = offset;
	last.valid = true;
}

static uint32_t split(int64_t real_ns, int64_t *sec)
{
	int64_t ns = real_ns % (int64_t)NSEC_PER_SEC;

	*sec = real_ns / (int64_t)NSEC_PER_SEC;
	if (ns < 0) {
		ns += (int64_t)NSEC_PER_SEC;
		--*sec;
	}
	return (uint32_t)ns;
}

static char *digits(char *to, uint32_t v, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--) {
		to[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return to + n;
}

size_t when_rfc3339(char out[WHEN_MAX], int64_t real_ns, int32_t utc_offset_s)
{
	char *p = out;
	int64_t sec;
	uint32_t ns = split(real_ns, &sec);

	at_second(sec, utc_offset_s);
	p = (char *)memcpy(p, last.text, last.len) + last.len;
	*p++ = '.';
	p = digits(p, ns, 9);
	memcpy(p, last.zone, last.zone_len + 1);
	return (size_t)(p - out) + last.zone_len;
}

size_t when_hms(char out[WHEN_MAX], int64_t real_ns, int32_t utc_offset_s)
{
	int64_t sec;
	uint32_t ns = split(real_ns, &sec);

	at_second(sec, utc_offset_s);
	/* A year may have more than four digits: the end is what is fixed. */
	memcpy(out, last.text + last.len - 8, 8);
	out[8] = '.';
	*digits(out + 9, ns / (uint32_t)NSEC_PER_MSEC, 3) = '\0';
	return 12;
}
