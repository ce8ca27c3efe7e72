/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target: a process that `obit wait` waits for.
 * Owns the hold on it (a pidfd), which process its number meant when that was
 * taken, and what is known of its end. Never writes an obituary.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "core/obituary.h"

/* What is known of an end by those who have not seen it. */
enum target_end {
	TARGET_KNOWN,	/* its status is */
	TARGET_LATER,	/* the kernel will tell it as soon as it is reaped */
	TARGET_LOST,	/* its status can not be had */
};

/*
 * @start_ticks: start_boottime in 1/100 s; 0: /proc did not tell
 * @dead_ns:     when it was found dead, CLOCK_BOOTTIME; 0: it lives
 * @lived:       it has been found alive: it ended just before dead_ns
 * @exit_seen:   its death is in the stream: its obituary will come
 * @done:        there is no more to wait for
 * @told:        that it is dead, and for whom it waits
 * @reaped:      when it was last looked at
 * @zombie:      what there was of it before; tgid 0: nothing
 * @parent_comm: of the parent in there; empty: not known
 */
struct target {
	uint32_t tgid;
	int pidfd;
	uint64_t start_ticks;
	char comm[OBIT_COMM_LEN];
	uint64_t dead_ns;
	bool lived, exit_seen, done, told, reaped, have_code;
	uint32_t exit_code;		/* wait status */
	const char *why;		/* ... it is not known: end of a sentence */
	struct obit_task_seen zombie;
	char parent_comm[OBIT_COMM_LEN];
};

/*
 * The process that an operand names. 0, or the exit status of the command
 * (EX_USAGE: no process can be meant; EX_UNAVAILABLE: there is none; 125: obit
 * itself failed) after one sentence by log_error().
 */
int target_open(struct target *t, const char *operand);
void target_close(struct target *t);

/* It is this one, not another that got its number. */
bool target_is(const struct target *t, uint32_t tgid, uint64_t start_boottime);

/* "sleep[4711]"; "process 4711" where its name is not known. */
#define TARGET_NAME_MAX 40
const char *target_name(const struct target *t, char to[TARGET_NAME_MAX]);

/* What the kernel keeps of one that is dead: of a zombie in /proc, of a reaped
 * process in the pidfd (6.15). */
enum target_end target_look(struct target *t);

/* The same by a record of its zombie. */
void target_seen(struct target *t, const struct obit_task_seen *seen);

/* Once, where the end of a dead one is known LATER: who should reap it. */
void target_tell_zombie(struct target *t);

/* Its obituary by what is KNOWN. */
void target_obituary(const struct target *t, enum obituary_source source,
		     struct obituary *o);

#endif
