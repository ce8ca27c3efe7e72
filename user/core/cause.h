/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cause: what a signal's facts mean, and why a process died.
 * Pure functions: no tables of processes, no memory, no time.
 */
#ifndef CORE_CAUSE_H
#define CORE_CAUSE_H

#include "core/obituary.h"
#include "core/sent.h"

/* Who is behind a signal, by where in the kernel it was generated. */
struct sender {
	enum obituary_cause cause;	/* should it kill */
	bool known;			/* who is the sender; else a bystander,
					 * the kernel, or nobody */
	struct person who;
	const char *hangup;		/* notice kind, if it is a hang-up */
};

void sender_of(const struct obit_signal *s, struct sender *to);

/* What decides on the cause of one death. */
struct cause_facts {
	uint32_t exit_code;		/* final */
	uint32_t exit_code_at_exit;	/* as sched_process_exit showed it */
	bool have_exit;			/* exit_flags are of an EXIT record */
	uint32_t exit_flags;		/* OBIT_EXIT_* */
	bool have_signaled, signaled;	/* PF_SIGNALED known, and set */
	bool oom_victim;		/* mark_victim or a sharer of its memory */
	const struct sent *sent;
	const struct obit_signal *asked;	/* or NULL */
};

struct cause {
	enum obituary_cause cause;
	const struct obit_signal *decider;	/* or NULL */
	bool have_killer;
	struct person killer;
};

void cause_of(const struct cause_facts *f, struct cause *to);

/*
 * The argument of the exit call that set the status, if it can be told. True
 * and *value, or false.
 */
bool exit_value_of(const struct obit_exit *e, uint32_t exit_code,
		   int32_t *value);

#endif
