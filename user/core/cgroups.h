/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroups: names of cgroups by hierarchy and id, from CGROUP records.
 * Owns the names; whoever still needs one after its cgroup has gone holds a
 * reference. Never reads /sys/fs/cgroup.
 */
#ifndef CORE_CGROUPS_H
#define CORE_CGROUPS_H

#include <uapi/obit.h>
#include "core/obituary.h"
#include "core/timers.h"
#include "lib/hash.h"

struct cgroup_name {
	uint32_t refs;
	uint32_t path_len, container_len;
	char data[];			/* path, then container id */
};

struct cgroups {
	struct hash by_id;		/* by hierarchy and id: ids of different
					 * hierarchies are different things */
	struct timers gone;
	bool systemd_v1;		/* systemd's own v1 hierarchy is in use */
};

void cgroups_init(struct cgroups *all);
void cgroups_fini(struct cgroups *all);

int cgroups_feed(struct cgroups *all, const struct obit_cgroup *r);
/* Forgets the names of cgroups that went some seconds before `now`. */
void cgroups_tick(struct cgroups *all, uint64_t now);

/* The name, with a reference to drop by cgroup_name_put(); or NULL. */
struct cgroup_name *cgroups_get(struct cgroups *all, uint32_t hierarchy,
				uint64_t id);
void cgroup_name_put(struct cgroup_name *name);	/* NULL is fine */

static inline struct span cgroup_path(const struct cgroup_name *n)
{
	struct span s = { n->data, n->path_len };

	return s;
}

static inline struct span cgroup_container(const struct cgroup_name *n)
{
	struct span s = { n->data + n->path_len, n->container_len };

	return s;
}

/* Which cgroup an obituary names. */
struct cgroup_pick {
	uint32_t hierarchy;		/* enum obit_hierarchy */
	uint64_t id;			/* 0: none to be told */
	struct cgroup_name *name;	/* a reference; NULL: not known */
	bool is_root;			/* path is "/", name may be NULL */
};

/*
 * The v2 cgroup unless that is the root; else the v1 cgroup given, if any;
 * else the root.
 */
void cgroups_pick(struct cgroups *all, uint64_t v2_id, uint32_t v1_hierarchy,
		  uint64_t v1_id, struct cgroup_pick *pick);

#endif
