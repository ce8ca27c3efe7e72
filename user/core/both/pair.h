/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pair: two witnesses, one story. Obituaries of two joins in; one of each death
 * out, and a `dissent` for every key on which the two differ.
 * The BPF obituary is the one that is told, at once; the module's is what it is
 * compared with, and is told itself only where BPF has nothing to say.
 * A pure function of what comes in and of the time it is told. Never does I/O.
 */
#ifndef CORE_BOTH_PAIR_H
#define CORE_BOTH_PAIR_H

#include "core/obituary.h"

struct pair;

struct pair_ops {
	void *ctx;
	/* 0, or a negative errno that the call they are made from returns. */
	int (*obituary)(void *ctx, const struct obituary *o);
	int (*notice)(void *ctx, const struct notice *n);
};

/*
 * @tier:        of each witness: what it owes
 * @patience_ns: how long the second witness may be behind the first; 0: 10 s.
 *               A join waits for 6 s at most before it gives a death up
 * @most:        obituaries held at once; 0: 32768. The oldest go first
 */
struct pair_config {
	enum tier tier[SOURCE_NR];
	uint64_t patience_ns;
	size_t most;
};

/* In deaths, unless said otherwise. */
struct pair_stats {
	uint64_t told;			/* obituaries given out */
	uint64_t failures;		/* told with a status other than 0 */
	uint64_t both;			/* seen by both */
	uint64_t alone[SOURCE_NR];	/* seen by that one alone */
	uint64_t apart;			/* not compared: as obit began or ended */
	uint64_t late;			/* told as alone before the second came */
	uint64_t waiting;		/* for the second witness */
	uint64_t differ;		/* with at least one dissent */
	uint64_t dissents;		/* keys */
	uint64_t silent;		/* keys */
};

/* Of one key, over all deaths. */
struct pair_key {
	const struct field *f;
	uint64_t dissents;
	uint64_t silent[SOURCE_NR];	/* by whose value is null */
	uint64_t most_apart;		/* of those that agree, within margins */
};

struct pair *pair_new(const struct pair_config *cfg,
		      const struct pair_ops *ops);
void pair_free(struct pair *p);		/* NULL is fine */

/* o->source says whose it is. It is copied where it has to wait. */
int pair_obituary(struct pair *p, const struct obituary *o);
/* Passes on what one witness alone is to tell: BPF; losses are each one's own. */
int pair_notice(struct pair *p, enum obituary_source from,
		const struct notice *n);
/* Time has come so far for that witness, and all it saw by then is in. */
int pair_tick(struct pair *p, enum obituary_source from, uint64_t boot_ns);

/* Deaths before this instant were not watched by both: never a dissent. */
void pair_from(struct pair *p, uint64_t boot_ns);
/* Likewise after this one (0: there is no such end), and what comes from here
 * on is told with what is known, since the end cut it off. */
void pair_ending(struct pair *p, uint64_t boot_ns);
/* What still waits was seen by one alone. */
int pair_finish(struct pair *p);

void pair_stats(const struct pair *p, struct pair_stats *st);
/* Every obituary that came in is accounted for. */
bool pair_balanced(const struct pair *p);
/* The i-th key of the field table; NULL: there is none. */
const struct pair_key *pair_key(const struct pair *p, size_t i);

#endif
