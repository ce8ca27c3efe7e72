/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * profile: obituaries in, where teardown spends its time out.
 * Owns the statistics, by group and by phase, and how much memory they may take
 * whatever dies. Never does I/O, never asks the clock.
 */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/obituary.h"
#include "core/profile/held.h"
#include "core/profile/histogram.h"
#include "core/profile/stacks.h"
#include "core/teardown.h"
#include "lib/buf.h"
#include "lib/hash.h"

enum profile_by {
	PROFILE_BY_COMM,
	PROFILE_BY_CGROUP,
	PROFILE_BY_EXE,
	PROFILE_BY_NR
};
extern const char *const profile_by_names[PROFILE_BY_NR];

/*
 * @groups: more are added up as `(others)`; 0: 4096
 * @worst:  single deaths that are remembered; 0: 10
 * @symbol: NULL: nobody knows; functions are addresses then
 */
struct profile_config {
	enum profile_by by;
	size_t groups, worst;
	symbol_fn symbol;
	void *symbol_ctx;
};

/*
 * Of all deaths with a known teardown that have something in common. Times in
 * ns; of each phase its time, what of it was off CPU, and deaths that had it.
 * @name: bytes of a stranger
 */
struct profile_group {
	struct hash_node hn;
	char *name;
	size_t name_len;
	struct histogram kernel;	/* its nr: deaths */
	uint64_t off_ns;
	uint64_t phase_ns[OBIT_PHASE_NR];
	uint64_t phase_off_ns[OBIT_PHASE_NR];
	uint64_t phase_nr[OBIT_PHASE_NR];
	/* Stacks of the time on and off the CPU; NULL: none. */
	struct call *on[OBIT_PHASE_NR], *off[OBIT_PHASE_NR];
};

/* A single death. @wall_ns: CLOCK_REALTIME of it, 0: not known. */
struct profile_death {
	uint64_t kernel_ns, off_ns, phase_ns;
	uint64_t start_boottime, boot_ns, wall_ns;
	int32_t utc_offset_s;
	uint32_t tgid;
	char comm[OBIT_COMM_LEN];
	bool off_known;
	enum obit_phase phase;		/* the slowest, that took phase_ns */
};

/*
 * @deaths:    all; of them @known have a teardown, and of these @off_known tell
 *             what of it was off CPU, @user_known how long user space took;
 *             of @coarse the phases are those of tracepoints alone
 * @others:    how many groups became one; it is the last one then
 * @elsewhere: deaths of which a part was done by another task
 */
struct profile {
	struct profile_config cfg;
	uint64_t deaths, known, off_known, user_known, coarse, elsewhere;
	uint64_t user_ns, elsewhere_ns;
	struct profile_group all;	/* no name, no stacks */
	struct histogram phases[OBIT_PHASE_NR];
	struct hash by_name;
	struct profile_group **groups;	/* NULL-terminated after profile_end() */
	size_t nr_groups, room;
	struct profile_group *rest;	/* (others), or NULL */
	uint64_t others;		/* deaths in it */
	struct profile_death *worst;	/* a heap; after profile_end() in order */
	size_t nr_worst;
	struct calls calls;
	uint64_t stacks;		/* that were added */
};

struct profile *profile_new(const struct profile_config *cfg);	/* or NULL */
void profile_free(struct profile *p);		/* NULL is fine */

/* held: what is kept of it beside, or NULL. 0 or -ENOMEM. */
int profile_add(struct profile *p, const struct obituary *o,
		const struct held *held);
/* Puts groups, stacks and the worst in order, the largest first. */
void profile_end(struct profile *p);

/* Of a group, or of all: the phase that took longest. */
enum obit_phase profile_slowest(const struct profile_group *g);
/* part of whole, in tenths of a percent, rounded down; 0 of nothing. */
unsigned int profile_share(uint64_t part, uint64_t whole);

/* --- as one tree ------------------------------------------------------------ */

enum profile_frame_kind {
	FRAME_ALL,
	FRAME_GROUP,
	FRAME_PHASE,
	FRAME_OFF_CPU,		/* of a phase: not running */
	FRAME_CALL,		/* a function of the kernel */
};

/* @name: bytes of a stranger where it is a group; valid during the call */
struct profile_frame {
	enum profile_frame_kind kind;
	unsigned int depth;		/* 0: all */
	const char *name;
	size_t name_len;
	uint64_t total_ns, self_ns;
	uint64_t deaths;		/* 0: not known */
	enum obit_phase phase;		/* from FRAME_PHASE on */
	bool off_cpu;			/* from FRAME_OFF_CPU on */
};
#define PROFILE_DEPTH_MAX (4 + OBIT_STACK_MAX)

/*
 * After profile_end(): every frame before its children, children by size. The
 * sum of all self_ns is the kernel_ns of all. visit() returns 0 to go on;
 * anything else ends the walk and is returned.
 */
int profile_walk(const struct profile *p,
		 int (*visit)(void *ctx, const struct profile_frame *f),
		 void *ctx);

/* --- for people and for programs -------------------------------------------- */

/*
 * @width: columns; 0: not limited (80 is assumed)
 * @blocks: bars of block characters; else of #
 * @lost:  records that did not come through
 */
struct profile_view {
	unsigned int width;
	bool colour, blocks, header;
	uint64_t span_ns;		/* how long was recorded; 0: not known */
	uint64_t lost, forgotten;
	const char *no_teardown;	/* why none could be known, or NULL */
};

/* After profile_end(). Errors stick in the buffers. */
void profile_text(struct buf *out, const struct profile *p,
		  const struct profile_view *v);
void profile_json(struct buf *out, const struct profile *p,
		  const struct profile_view *v);

#endif
