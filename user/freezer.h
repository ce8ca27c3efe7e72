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

/* This thread is; then `cgroup` is the path of the outermost cgroup that is
 * frozen with it: the one to be thawed. What can not be read is not frozen. */
bool freezer_holds(uint32_t tgid, uint32_t tid, struct buf *cgroup);

#endif
