/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock: what time it is, in ns. Everything of a stream is CLOCK_BOOTTIME; the
 * join, and whatever else a replay goes through, must not ask.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

uint64_t boot_now(void);	/* CLOCK_BOOTTIME */
uint64_t real_now(void);	/* CLOCK_REALTIME */

#endif
