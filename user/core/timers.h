/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timers: what is due when, soonest first.
 * A pairing heap whose nodes live inside the caller's objects: setting a timer
 * costs a comparison, nothing is allocated, nothing is ever scanned. Never
 * reads a clock.
 */
#ifndef CORE_TIMERS_H
#define CORE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: not set. */
struct timer {
	uint64_t when;
	struct timer *child, *next;
	struct timer **link;	/* what points to it; NULL: not set */
};

/* Zero-initialised: empty. */
struct timers {
	struct timer *root;
};

static inline bool timer_is_set(const struct timer *t)
{
	return t->link;
}

void timer_set(struct timers *all, struct timer *t, uint64_t when);
void timer_clear(struct timers *all, struct timer *t);	/* set or not */
/* The soonest that is due at `now`, cleared; NULL: none is. */
struct timer *timer_due(struct timers *all, uint64_t now);

#endif
