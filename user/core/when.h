/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * when: instants of the stream as text, in the zone the stream names.
 * Owns that a replay on another machine, in another zone, prints the same
 * bytes. Never reads a clock or TZ. Keeps the last second: not for threads.
 */
#ifndef CORE_WHEN_H
#define CORE_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_MAX 48	/* bytes, with the NUL */

/* `2026-11-22T00:24:43.123456789+01:00`. Returns the length. */
size_t when_rfc3339(char out[WHEN_MAX], int64_t real_ns, int32_t utc_offset_s);
/* `00:24:43.123` */
size_t when_hms(char out[WHEN_MAX], int64_t real_ns, int32_t utc_offset_s);

#endif
