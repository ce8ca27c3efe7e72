/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * witness: a source with its join: one who watches, and what it makes of it.
 * Owns the join, the questions it asks of the system until they are answered,
 * and from when to when its records count. Never reads from the source, never
 * asks the system: that is the pipeline's.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/join.h"
#include "enrich.h"
#include "lib/buf.h"
#include "source/source.h"

struct witness;

/* 0 or a negative errno, which ends what it is called from. */
struct witness_ops {
	void *ctx;
	int (*record)(void *ctx, struct witness *w, const struct obit_hdr *h);
	int (*obituary)(void *ctx, struct witness *w, const struct obituary *o);
	int (*notice)(void *ctx, struct witness *w, const struct notice *n);
};

struct question {
	uint32_t tgid;
	uint64_t start_boottime;
};

/*
 * @emit:  what its source is read into
 * @since, @until: boot_ns; its own records count in [since, until)
 * @again: records of the collector that came before what they belong to; to be
 *         fed once more after the next read
 * @ended: its source has no more
 */
struct witness {
	const struct source_type *type;
	struct source *source;
	struct source_info info;
	struct emit emit;
	struct join *join;
	uint64_t since, until;
	bool ended;
	const struct witness_ops *ops;
	struct question *questions;
	size_t nr_questions, cap_questions;
	struct buf again;
	int err;
};

/* type and source stay the caller's; ops as long as the witness. 0, -ENOMEM. */
int witness_init(struct witness *w, const struct source_type *type,
		 struct source *source, uint64_t zombie_after_ns,
		 const struct witness_ops *ops);
void witness_fini(struct witness *w);	/* zeroed is fine */

/* A record of its source: does it count? What was lost always does. */
static inline bool witness_watched(const struct witness *w,
				   const struct obit_hdr *h)
{
	return h->type == OBIT_EV_LOSS ||
	       (h->boot_ns >= w->since && h->boot_ns < w->until);
}

/* Answers what the join has asked, through e. */
int witness_answer(struct witness *w, struct enrich *e);
/* A copy of a collector's record, to be fed again after the next read. */
int witness_again(struct witness *w, const struct obit_hdr *h);
int witness_feed_again(struct witness *w);

#endif
