/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_mounts: which cgroup hierarchies are mounted, what of them, and where.
 * Owns what /proc/self/mountinfo says of them. Never mounts, never opens one.
 */
#ifndef CGROUP_MOUNTS_H
#define CGROUP_MOUNTS_H

#include <stdbool.h>

/*
 * @options: of the hierarchy; of v1 its controllers, or name=, are among them
 * @root:    what of it is mounted there, "" for all: the path of a cgroup, as
 *           /proc/PID/cgroup has it, begins with that. See cgroup_is_outside().
 */
struct cgroup_mount {
	bool v2;
	const char *options, *root, *at;
};

/* fn ends it with non-zero, which is returned. */
int cgroup_mounts_each(int (*fn)(const struct cgroup_mount *m, void *ctx),
		       void *ctx);

/* This path is above the root of our cgroup namespace: it names nothing here. */
bool cgroup_is_outside(const char *path);
/* `list` has words with commas between, and ends with its line, if not before. */
bool cgroup_list_has(const char *list, const char *word);

#endif
