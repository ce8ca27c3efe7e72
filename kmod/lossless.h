/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lossless.h - a task that exits waits for room in the ring rather than lose
 * its record. Off unless a reader asked for it when it started, and only as
 * long as that reader's file is open. Owns who waits, how long, and the counts.
 */
#ifndef OBIT_LOSSLESS_H
#define OBIT_LOSSLESS_H

#include <linux/types.h>
#include <uapi/obit_dev.h>

struct task_struct;

/* -EBUSY: another file has it. -EINVAL: unknown scope. */
int lossless_start(const struct obit_dev_start *s, const void *owner);
/* Everybody who waits is let go. Nothing if @owner has not started it. */
void lossless_stop(const void *owner);

/* Should the exit of p, the current task, wait? Preemption may be off. */
bool lossless_wants(struct task_struct *p);

/* Waits until there is room, the time is over, or the reader is gone. Process
 * context of an exiting task; SIGKILL cannot end it, for it is dying already. */
void lossless_wait(void);

/* A reader has made room. */
void lossless_room(void);

void lossless_info(struct obit_dev_info *info);

#endif /* OBIT_LOSSLESS_H */
