/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timefmt: instants and durations, to text and back.
 * Owns their formats. Never reads a clock.
 */
#ifndef LIB_TIMEFMT_H
#define LIB_TIMEFMT_H

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull
#define NSEC_PER_USEC	1000ull

#define TIME_RFC3339_MAX 48	/* bytes, with the NUL */
#define DURATION_MAX 32		/* bytes, with the NUL */

/*
 * CLOCK_REALTIME ns to `2026-11-22T00:24:43.123456789+01:00` in the local zone
 * (`Z` never: UTC is +00:00). Returns the length. Keeps the last second, so one
 * call a record is cheap; not for several threads at once.
 */
size_t time_rfc3339(char out[TIME_RFC3339_MAX], uint64_t realtime_ns);
/* `00:24:43.123`, local: what a live table shows. */
size_t time_hms(char out[TIME_RFC3339_MAX], uint64_t realtime_ns);

/* For people, rounded down: `0 s` `870 ns` `12 us` `3 ms` `1.2 s` `45 s`
 * `3m 20s` `2h 5m` `2d 3h`. Returns the length. */
size_t duration_format(char out[DURATION_MAX], uint64_t ns);
/*
 * A duration known to lie in [ns - err_ns, ns]: as duration_format() when the
 * error would not show, `~ 1.2 s` (the middle) when it is at most a quarter,
 * else the upper limit alone, rounded up: `< 20 ms`.
 */
size_t duration_format_err(char out[DURATION_MAX], uint64_t ns,
			   uint64_t err_ns);
/* `1s` `20ms` `1.5s` `500us` `3m` `2h` `1d` `1h30m`; a unit is required except
 * for 0. Returns 0, -EINVAL, or -ERANGE past 2^64 ns. */
int duration_parse(const char *s, uint64_t *ns);

#endif
