/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unseen: the obituary of a process whose death nobody saw, from what it left.
 * Owns which keys of it can be known: its status, its parent, that it is a
 * zombie. Never a cause beyond what the status says. Does no I/O.
 */
#ifndef CORE_UNSEEN_H
#define CORE_UNSEEN_H

#include "core/obituary.h"

/* exit_code and what follows from it. */
void unseen_status(struct obituary *o, uint32_t exit_code);

/* t: a dead leader whose threads have ended too. parent_comm: NULL: unknown. */
void unseen_zombie(struct obituary *o, const struct obit_task_seen *t,
		   const char *parent_comm);

#endif
