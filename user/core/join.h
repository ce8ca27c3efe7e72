/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * join: records in, obituaries and notices out.
 * A pure function of the stream: it keeps a table of live and dead processes
 * by (tgid, start_boottime), and knows the time only from the records (TICK).
 * Never does I/O, never asks the clock; what it must ask of the system it asks
 * through ops, whose answers come back as records of the stream (STATE), so
 * that a recorded stream replays to the same obituaries.
 */
#ifndef CORE_JOIN_H
#define CORE_JOIN_H

#include "core/obituary.h"

struct join;

struct join_ops {
	void *ctx;
	/* 0, or a negative errno that join_feed then returns. The record and
	 * its strings are valid during the call only. */
	int (*obituary)(void *ctx, const struct obituary *o);
	int (*notice)(void *ctx, const struct notice *n);
	/* Is it a zombie still? The answer is to be fed as a STATE record soon
	 * (not from inside the call). NULL: nobody can tell (replay: the
	 * recorded answer comes by itself). */
	void (*ask_state)(void *ctx, uint32_t tgid, uint64_t start_boottime);
};

struct join_config {
	uint64_t zombie_after_ns;	/* 0: never report a zombie early */
	enum tier tier;			/* of the producer: what a null means */
	enum obituary_source source;
};

/* In deaths, by processes: seen == delivered + pending + lost, always. */
struct join_stats {
	uint64_t seen, delivered, pending, lost_obituaries;
	uint64_t failures;		/* delivered with a status other than 0 */
	uint64_t lost_records;		/* of any kind */
	uint64_t processes;		/* live entries in the table */
};

struct join *join_new(const struct join_config *cfg,
		      const struct join_ops *ops);
void join_free(struct join *j);		/* NULL is fine */

/* Feeds one valid record (event_check). 0, or a negative errno (-ENOMEM, or
 * what a callback returned). Unknown types are ignored. */
int join_feed(struct join *j, const struct obit_hdr *h);

/*
 * Before the end, where the system can be asked: asks for the state of all that
 * is pending, so that a zombie is told from one whose release is merely late.
 */
void join_ask_pending(struct join *j);

/* At the end: everything pending is written with what is known. */
int join_finish(struct join *j);

void join_stats(const struct join *j, struct join_stats *st);

#endif
