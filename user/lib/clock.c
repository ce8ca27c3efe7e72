// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock: what time it is, in ns. Owns which clocks the project uses; whatever a
 * replay goes through never asks here.
 */
#include <time.h>
#include "clock.h"
#include "timefmt.h"

static uint64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t boot_now(void)
{
	return now(CLOCK_BOOTTIME);
}

uint64_t real_now(void)
{
	return now(CLOCK_REALTIME);
}
