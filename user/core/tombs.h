/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tombs: who was released lately, for records that come late.
 * A ring with chains through it: to bury costs one look at memory that is not
 * at hand, and nothing is ever taken out. Never decides anything.
 */
#ifndef CORE_TOMBS_H
#define CORE_TOMBS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Records that come after a release are late (a duplicate, another witness),
 * and must not raise the dead. So many releases are remembered: 2.4 MB once all
 * are used, several seconds at the highest exit rate known.
 */
#define TOMBS 65536

/*
 * Since when a thread's end was the whole process's, in ns of the stream.
 * @since_ns:  0: never, or not known
 * @main_only: known of the main thread alone
 */
struct whole {
	uint64_t since_ns:63;
	uint64_t main_only:1;
};

/* @older: number of the tomb buried before it with the same hash; 0: none */
struct tomb {
	uint64_t start_boottime;
	uint64_t childless_ns;	/* when it died without children; 0 */
	struct whole whole;
	uint32_t tgid;
	uint32_t older;
};

/* Zero-initialised: empty. */
struct tombs {
	struct tomb *ring;	/* TOMBS of them; NULL: none was needed yet */
	uint32_t *newest;	/* by hash: number of the last one buried */
	uint32_t nr;		/* number of the last one; the first is 1 */
	uint64_t last_start;	/* no one that is here was forked later */
};

void tombs_fini(struct tombs *all);
/* 0 or -ENOMEM. */
int tomb_bury(struct tombs *all, uint32_t tgid, uint64_t start_boottime,
	      uint64_t childless_ns, struct whole whole);
/* NULL: not there, or so long ago that it has been forgotten. */
const struct tomb *tomb_find(const struct tombs *all, uint32_t tgid,
			     uint64_t start_boottime);

#endif
