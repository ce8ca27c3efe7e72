// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the machine, or one of its CPUs, stood still while cases ran. On each
 * a sleeper of real-time priority is late only if that does not run: the load
 * of the cases themselves, and of obit, does not show.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "death.h"
#include "stall.h"

static _Atomic u64 longest;

static void stood_still(u64 ns)
{
	u64 was = longest;

	while (was < ns && !atomic_compare_exchange_weak(&longest, &was, ns))
		;
}

static void *sleep_and_look(void *unused)
{
	static const struct timespec nap = { 0, MSEC };
	u64 before, now;

	(void)unused;
	for (before = boot_ns();; before = now) {
		nanosleep(&nap, NULL);
		now = boot_ns();
		if (now - before > MSEC)
			stood_still(now - before - MSEC);
	}
	return NULL;
}

static int watch_cpu(int cpu)
{
	static const struct sched_param first = { .sched_priority = 50 };
	pthread_t sleeper;
	cpu_set_t one;
	int err = pthread_create(&sleeper, NULL, sleep_and_look, NULL);

	if (err)
		return err;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	pthread_setaffinity_np(sleeper, sizeof(one), &one);
	pthread_setschedparam(sleeper, SCHED_FIFO, &first);
	return 0;
}

int stall_watch(void)
{
	cpu_set_t ours;
	int err = 0;

	if (sched_getaffinity(0, sizeof(ours), &ours)) {
		CPU_ZERO(&ours);	/* more than a cpu_set_t holds */
		CPU_SET(0, &ours);
	}
	for (int cpu = 0; cpu < CPU_SETSIZE && !err; cpu++)
		if (CPU_ISSET(cpu, &ours))
			err = watch_cpu(cpu);
	return err;
}

u64 stall_longest(void)
{
	const char *said = getenv("DEATH_STOOD_STILL_MS"); /* self-test */

	if (said)
		return atoi(said) * MSEC;
	return atomic_load(&longest);
}
