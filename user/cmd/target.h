/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target: a process that `obit wait` waits for.
 * Owns the hold on it (a pidfd), which process its number meant when that was
 * taken, and what is known of its end. Never prints an obituary.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "core/obituary.h"

/*
 * @start_ticks: start_boottime in 1/100 s; 0: /proc did not tell
 * @dead_ns:     when it was found dead, CLOCK_BOOTTIME; 0: it lives
 * @exit_seen:   its death is in the stream: its obituary will come
 * @done:        there is no more to wait for
 */
struct target {
	uint32_t tgid;
	int pidfd;
	uint64_t start_ticks;
	char comm[OBIT_COMM_LEN];
	uint64_t dead_ns;
	bool exit_seen, done, have_code;
	uint32_t exit_code;		/* wait status */
	const char *why;		/* ... it is not known: end of a sentence */
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

/*
 * Its status from what the kernel keeps: of a zombie in /proc, of a reaped
 * process in the pidfd (6.15). True if that is known. seen: what there was of a
 * zombie, for an obituary; its tgid is 0 if nothing was.
 */
bool target_look(struct target *t, struct obit_task_seen *seen);

/* Its obituary as a line of JSON: what can be known without a witness, who is
 * named as its source. 0 or a negative errno of standard output. */
int target_print(const struct obituary *o);

#endif
