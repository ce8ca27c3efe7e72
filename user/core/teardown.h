/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * teardown: where the end of one process spent its time.
 * Owns how TEARDOWN, FREED, USER_EXIT and the instants of the other records
 * become phases that add up. Never asks the clock; never prints.
 */
#ifndef CORE_TEARDOWN_H
#define CORE_TEARDOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>

extern const char *const phase_names[OBIT_PHASE_NR];

/* One stretch of it. Steps follow each other without a gap. */
struct teardown_step {
	uint64_t boot_ns;		/* when it began, CLOCK_BOOTTIME */
	uint64_t ns;			/* how long */
	uint64_t off_ns;		/* of that, not on a CPU */
	enum obit_phase phase;
};
/* The record's, and what the join puts before and behind. */
#define TEARDOWN_STEPS_MAX	(OBIT_STEPS_MAX + 4)

/* Teardown that another task paid for. */
struct teardown_elsewhere {
	enum obit_phase phase;
	uint64_t start_boottime;	/* of who did it; 0 unknown */
	uint32_t tgid;			/* 0: not known who */
	char comm[OBIT_COMM_LEN];
	uint64_t ns;			/* 0: not known how long */
};
#define TEARDOWN_ELSEWHERE_MAX	4

/*
 * The sum of phase_ns is kernel_ns, and so is the sum over steps.
 * @off_known: sched_switch was watched: off_ns mean something
 * @user_ns:   from exit(3) to the exit call, where @user_known; 0 and known for
 *             an end without exit(3): _exit(2), a signal
 * @coarse:    by tracepoints alone: its phases are not those of another's
 */
struct teardown {
	uint64_t boot_ns;		/* when it began */
	uint64_t kernel_ns, off_ns;
	uint64_t user_ns;
	bool user_known, off_known, coarse;
	uint64_t phase_ns[OBIT_PHASE_NR];
	uint64_t phase_off_ns[OBIT_PHASE_NR];
	uint32_t phases;		/* 1 << enum obit_phase: those that were there */
	unsigned int nr_steps, nr_elsewhere;
	struct teardown_step steps[TEARDOWN_STEPS_MAX];
	struct teardown_elsewhere elsewhere[TEARDOWN_ELSEWHERE_MAX];
};
_Static_assert(OBIT_PHASE_NR <= 32, "phases is a 32-bit set");

/*
 * What is known of one end. Instants are CLOCK_BOOTTIME, 0: not known.
 * @record:  TEARDOWN, or NULL: then there is nothing to build
 * @freed:   FREED records, in order
 * @sent_ns: when the signal that ended it was generated; 0: it was none
 * @call_ns: its exit call, the earliest of its threads
 * @threads: it had more than one
 * @user_exit_ns: exit(3)
 * @user_covered: a call of exit(3) would have been seen
 */
struct teardown_facts {
	const struct obit_teardown *record;
	const struct obit_freed *freed;
	unsigned int nr_freed;
	uint64_t sent_ns, call_ns, reapable_ns, user_exit_ns;
	bool threads, user_covered;
};

/* False, and nothing in t, if the record has no step. */
bool teardown_build(struct teardown *t, const struct teardown_facts *f);

/* The phase that took longest; OBIT_PHASE_OTHER of none. */
enum obit_phase teardown_slowest(const struct teardown *t);
/* What other tasks did of it, as far as it is known how long they took. */
uint64_t teardown_elsewhere_ns(const struct teardown *t);

#endif
