/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * held: the stacks and signals of a process until its obituary comes.
 * Owns them, and how much of them is kept. Never interprets them.
 */
#ifndef CORE_PROFILE_HELD_H
#define CORE_PROFILE_HELD_H

#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "lib/hash.h"

/* @ip: innermost first; boot_ns: its middle */
struct held_stack {
	struct held_stack *next;
	uint64_t boot_ns, ns;
	uint32_t tid, flags, nr;
	uint64_t ip[];
};

struct held_signal {
	uint64_t boot_ns;
	struct obit_who sender;
	uint32_t signal;
	uint32_t info;			/* enum obit_siginfo */
	uint32_t flags;			/* OBIT_SIG_* */
};
#define HELD_SIGNALS 8

/*
 * Of one process.
 * @tid: the thread whose teardown was told; 0: not yet
 * @released_ns: by the stream; 0: not yet. Its obituary has come, or comes soon,
 *               or never: a filter did not let it pass
 * @signals: the last ones, in order
 */
struct held {
	struct hash_node hn;
	struct held *older, *newer;
	uint64_t start_boottime, released_ns;
	uint32_t tgid, tid;
	unsigned int nr_signals;
	struct held_signal signals[HELD_SIGNALS];
	struct held_stack *stacks;
};

struct holding;

/* max: processes, beyond which the oldest are forgotten. NULL: no memory. */
struct holding *holding_new(size_t max);
void holding_free(struct holding *h);
/* SIGNAL, STACK and TEARDOWN records, and RELEASE and TICK, by which it knows
 * what is not asked for any more; others are nothing to it. 0, -ENOMEM. */
int holding_record(struct holding *h, const struct obit_hdr *r);
struct held *holding_find(struct holding *h, uint32_t tgid,
			  uint64_t start_boottime);	/* or NULL */
void holding_drop(struct holding *h, struct held *d);
/* Stacks that were forgotten, as there was no room; not those that nobody asked
 * for in time. */
uint64_t holding_forgotten(const struct holding *h);

#endif
