/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control groups a case makes for itself, and removes.
 */
#ifndef DEATH_CGROUPS_H
#define DEATH_CGROUPS_H

#include "death.h"

/* A new group named death-PID-NAME below the root of the v2 hierarchy
 * ("unified") or of a v1 controller; skips the case if there is none. */
const char *cgroup_new(const char *controller, const char *name);
/* A name taken as it is. */
const char *cgroup_new_raw(const char *controller, const char *name);
bool cgroup_write(const char *dir, const char *file, const char *text);
void cgroup_enter(const char *dir, pid_t pid);
bool cgroup_has(const char *controller);
void cgroup_drop(const char *dir);	/* at once: it must be empty */

#endif
