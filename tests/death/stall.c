// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the machine stood still while cases ran. A sleeper of real-time
 * priority is late only if no CPU runs it: the load of the cases themselves,
 * and of obit, does not show.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "death.h"
#include "stall.h"

static pthread_t sleeper;
static _Atomic u64 longest;

static void *sleep_and_look(void *unused)
{
	static const struct timespec nap = { 0, MSEC };
	u64 before, now;

	(void)unused;
	for (before = boot_ns();; before = now) {
		nanosleep(&nap, NULL);
		now = boot_ns();
		if (now - before > longest + MSEC)
			longest = now - before - MSEC;
	}
	return NULL;
}

int stall_watch(void)
{
	static const struct sched_param first = { .sched_priority = 50 };
	int err = pthread_create(&sleeper, NULL, sleep_and_look, NULL);

	if (!err)
		pthread_setschedparam(sleeper, SCHED_FIFO, &first);
	return err;
}

u64 stall_longest(void)
{
	const char *said = getenv("DEATH_STOOD_STILL_MS"); /* self-test */

	if (said)
		return atoi(said) * MSEC;
	return atomic_load(&longest);
}
