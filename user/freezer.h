/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * freezer: who is frozen together with a cgroup.
 * Owns where that is read: cgroup v2 (cgroup.freeze, as `docker pause` uses it)
 * and the freezer controller of v1. Never freezes, thaws or mounts.
 */
#ifndef FREEZER_H
#define FREEZER_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/buf.h"

/*
 * This thread is. `cgroups`: those that were asked to freeze, the outermost first,
 * a NUL after each; it goes on when the last of them is thawed. If there is none
 * that can be seen from here, `from_outside`, and its own. What can not be read
 * is not frozen.
 */
bool freezer_holds(uint32_t tgid, uint32_t tid, struct buf *cgroups,
		   bool *from_outside);

#endif
