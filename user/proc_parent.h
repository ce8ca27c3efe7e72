/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc_parent: what /proc tells of a process that should reap and does not.
 * Owns the reading; what it means is core/zombie/why's.
 */
#ifndef PROC_PARENT_H
#define PROC_PARENT_H

#include "core/zombie/zombie.h"

/* Fills in what can be read of all->culprits[which].tgid. If start_boottime is
 * known, only of that very process. */
void proc_parent_fill(struct zombies *all, size_t which);

#endif
