// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup: names of cgroups as they are made, renamed and freed, so that one
 * which goes with its last process still has its name. Owns CGROUP. Never who
 * is in one: EXIT says that, by id.
 */
#include <linux/cgroup.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "compat.h"
#include "record.h"
#include "ring.h"
#include "stories.h"

/* The room the kernel has for the path it gives to these tracepoints:
 * TRACE_CGROUP_PATH_LEN in kernel/cgroup/cgroup-internal.h. */
#define TRACED_PATH_MAX	1024

static void record_cgroup(struct cgroup *cg, u32 kind, const char *path,
			  size_t path_len)
{
	size_t len = sizeof(struct obit_cgroup);
	struct obit_cgroup *r;

	if (path)
		len = ALIGN(len + path_len + 1, 8);
	r = ring_reserve(OBIT_EV_CGROUP, len, OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->id = cgroup_id(cg);
	r->hierarchy = hierarchy_of(cg, &r->root);
	r->kind = kind;
	r->path_len = path_len;
	if (path) {
		memcpy(r->data, path, path_len);
		memset(r->data + path_len, 0, len - sizeof(*r) - path_len);
	}
	ring_commit(r);
}

/* It filled the kernel's buffer and has been cut without a word: a wrong name.
 * cgroup_mutex is held, and guards the buffer. */
static void named_at_length(struct cgroup *cg)
{
	static char path[PATH_MAX];
	int n = cgroup_path(cg, path, sizeof(path));

	if (n < 0 || n >= sizeof(path))
		ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_OVERSIZE);
	else
		record_cgroup(cg, OBIT_CGROUP_NAMED, path, n);
}

/* cgroup_mkdir, cgroup_rename: cgroup_mutex held, interrupts off. */
void obit_cgroup_named(struct cgroup *cg, const char *path)
{
	size_t len;

	if (!READ_ONCE(ring_recording))
		return;
	len = strlen(path);
	if (len < TRACED_PATH_MAX - 1)
		record_cgroup(cg, OBIT_CGROUP_NAMED, path, len);
	else
		named_at_length(cg);
}

/* cgroup_release. Not at rmdir: zombies may be in it still. Here the last
 * reference is gone. */
void obit_cgroup_gone(struct cgroup *cg)
{
	if (READ_ONCE(ring_recording))
		record_cgroup(cg, OBIT_CGROUP_GONE, NULL, 0);
}
