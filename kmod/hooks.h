/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hooks.h - which places of the kernel are watched, and for whom.
 * Owns the table of hooks, and that they are armed with the first listener and
 * disarmed after the last. Never a fact.
 */
#ifndef OBIT_HOOKS_H
#define OBIT_HOOKS_H

#include <linux/types.h>
#include <uapi/obit_dev.h>

/* Listeners, one bit each: the readers of /dev/obit, and each tracepoint. */
enum hook_want {
	WANT_RECORDS,
	WANT_EXIT,
	WANT_REAPABLE,
	WANT_RELEASED,
	WANT_PDEATH,
	WANT_ORPHANED,
	WANT_HANGUP,
	WANT_TEARDOWN,
	WANT_ENDINGS,		/* readers that ask for TEARDOWN records */
};
#define WANTS(listener) (1UL << WANT_##listener)

/*
 * Arms what the listeners need and disarms what nobody needs any more; @wants:
 * WANTS() of each. All in one go: functions that are watched already
 * are changed one by one, and each of them stops every CPU. 0, or -ENODEV where
 * a required hook cannot be had (then nothing is armed for any of them). Sleeps:
 * registers and unregisters probes.
 */
int hooks_want(unsigned long wants, bool on);

/* The same for one of them, from where it cannot be done at once: under
 * tracepoints_mutex, which a tracepoint's own reg and unreg hold. Done by a work
 * item; after hooks_exit() it does nothing. */
void hooks_want_later(enum hook_want want, bool on);

/* Times that armed probes could not run. */
u64 hooks_missed(void);
unsigned int hooks_count(void);
/* 0 or -EINVAL */
int hooks_describe(u32 index, struct obit_dev_hook *h);

int hooks_init(void);
/* All disarmed, no probe running. */
void hooks_exit(void);

#endif /* OBIT_HOOKS_H */
