/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * story: what is kept of a death until both witnesses have told of it.
 * Owns the copy of an obituary, which owns no memory itself, and of what became
 * of a zombie. Never compares, never decides: that is pair's.
 */
#ifndef CORE_BOTH_STORY_H
#define CORE_BOTH_STORY_H

#include "core/obituary.h"
#include "core/timers.h"
#include "lib/hash.h"

enum story_state {
	STORY_HALF,	/* one obituary is here; in `half` */
	STORY_ZOMBIE,	/* both were; one told of a zombie: how does it end? */
	STORY_TOLD,	/* as alone; in case the second comes after all */
};

/*
 * @cut:   it came because the end of obit cut it off
 * @o:     of STORY_HALF; its strings are in `bytes`, its teardown is `teardown`
 * @tail:  notices of the module that follow it, should it be told
 * @end:   what became of a zombie, as each witness tells, in an obituary that
 *         has those keys only; or NULL
 */
struct story {
	struct hash_node hn;
	struct timer timer;		/* in pair.half or pair.rest, by state */
	uint64_t start_boottime;
	uint32_t tgid;
	enum story_state state;
	enum obituary_source from;
	bool cut;
	struct obituary o;
	char *bytes;
	struct teardown *teardown;
	struct notice tail[2];
	unsigned int nr_tail;
	struct obituary *end[SOURCE_NR];
};

/* With a copy of o; NULL: no memory. */
struct story *story_new(const struct obituary *o);
void story_free(struct story *s);
/* The obituary has been told or compared: its memory is given back. */
void story_drop(struct story *s);

/* What became of it, by its obituary or by a `reaped`; the first word counts.
 * 0 or -ENOMEM. */
int story_end(struct story *s, enum obituary_source from,
	      const struct obituary *o);
int story_end_notice(struct story *s, enum obituary_source from,
		     const struct notice *n);

#endif
