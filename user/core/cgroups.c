// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroups: the table of names.
 * A cgroup is often removed with its last process, before the records of that
 * process's death have all been seen: a name outlives its cgroup by GRACE_NS,
 * and for as long as anyone holds it. Never does I/O.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroups.h"
#include "core/container.h"

#define GRACE_NS 10000000000ull
#define ROOT_ID 1	/* kernfs gives the first node of a tree, its root, 1 */

struct cgroup {
	struct hash_node node;
	struct timer gone;
	uint64_t id;
	uint32_t hierarchy;
	struct cgroup_name *name;
};

void cgroups_init(struct cgroups *all)
{
	hash_init(&all->by_id);
	all->gone.root = NULL;
	all->systemd_v1 = false;
}

static void cgroup_free(struct cgroups *all, struct cgroup *c)
{
	timer_clear(&all->gone, &c->gone);
	hash_del(&all->by_id, &c->node);
	cgroup_name_put(c->name);
	free(c);
}

void cgroups_fini(struct cgroups *all)
{
	struct hash_iter it;
	struct hash_node *n;

	hash_for_each(&all->by_id, &it, n)
		cgroup_free(all, hash_entry(n, struct cgroup, node));
	hash_fini(&all->by_id);
}

void cgroup_name_put(struct cgroup_name *name)
{
	if (name && !--name->refs)
		free(name);
}

static struct cgroup_name *name_new(const char *path, size_t len)
{
	char id[CONTAINER_ID_MAX];
	size_t id_len = container_id(path, len, id);
	struct cgroup_name *n = malloc(sizeof(*n) + len + id_len);

	if (!n)
		return NULL;
	n->refs = 1;
	n->path_len = (uint32_t)len;
	n->container_len = (uint32_t)id_len;
	memcpy(n->data, path, len);
	memcpy(n->data + len, id, id_len);
	return n;
}

static struct cgroup *find(struct cgroups *all, uint32_t hierarchy, uint64_t id)
{
	uint64_t hv = hash_u64_2(hierarchy, id);
	struct hash_node *n;
	struct cgroup *c;

	hash_for_each_key(&all->by_id, hv, n) {
		c = hash_entry(n, struct cgroup, node);
		if (c->id == id && c->hierarchy == hierarchy)
			return c;
	}
	return NULL;
}

static bool named(const struct cgroup_name *n, const char *path, size_t len)
{
	return n->path_len == len && !memcmp(n->data, path, len);
}

/* v1 cgroups can be renamed, and what is below is renamed with them. */
static int rename_below(struct cgroups *all, uint32_t hierarchy,
			const struct cgroup_name *old, const char *path,
			size_t len)
{
	struct cgroup_name *fresh;
	struct hash_iter it;
	struct hash_node *n;
	struct cgroup *c;
	char *joined;
	size_t rest;

	hash_for_each(&all->by_id, &it, n) {
		c = hash_entry(n, struct cgroup, node);
		if (c->hierarchy != hierarchy ||
		    c->name->path_len <= old->path_len ||
		    c->name->data[old->path_len] != '/' ||
		    memcmp(c->name->data, old->data, old->path_len))
			continue;
		rest = c->name->path_len - old->path_len;
		joined = malloc(len + rest);
		if (!joined)
			return -ENOMEM;
		memcpy(joined, path, len);
		memcpy(joined + len, c->name->data + old->path_len, rest);
		fresh = name_new(joined, len + rest);
		free(joined);
		if (!fresh)
			return -ENOMEM;
		cgroup_name_put(c->name);
		c->name = fresh;
	}
	return 0;
}

static int set_name(struct cgroups *all, const struct obit_cgroup *r)
{
	struct cgroup *c = find(all, r->hierarchy, r->id);
	struct cgroup_name *name;
	int err = 0;

	if (c && named(c->name, r->data, r->path_len)) {
		timer_clear(&all->gone, &c->gone);
		return 0;
	}
	name = name_new(r->data, r->path_len);
	if (!name)
		return -ENOMEM;
	if (c) {
		/* A number that was free again is another cgroup. */
		if (!timer_is_set(&c->gone) && c->name->path_len > 1)
			err = rename_below(all, c->hierarchy, c->name, r->data,
					   r->path_len);
		timer_clear(&all->gone, &c->gone);
		cgroup_name_put(c->name);
		c->name = name;
		return err;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		cgroup_name_put(name);
		return -ENOMEM;
	}
	c->id = r->id;
	c->hierarchy = r->hierarchy;
	c->name = name;
	hash_add(&all->by_id, &c->node, hash_u64_2(r->hierarchy, r->id));
	return 0;
}

int cgroups_feed(struct cgroups *all, const struct obit_cgroup *r)
{
	struct cgroup *c;

	if (r->hierarchy == OBIT_HIER_NONE)
		return 0;
	if (r->kind == OBIT_CGROUP_NAMED) {
		all->systemd_v1 |= r->hierarchy == OBIT_HIER_SYSTEMD &&
				   r->path_len > 1;
		return set_name(all, r);
	}
	c = find(all, r->hierarchy, r->id);
	if (c && !timer_is_set(&c->gone))
		timer_set(&all->gone, &c->gone, r->hdr.boot_ns);
	return 0;
}

void cgroups_tick(struct cgroups *all, uint64_t now)
{
	struct timer *t;

	if (now < GRACE_NS)
		return;
	while ((t = timer_due(&all->gone, now - GRACE_NS)))
		cgroup_free(all, hash_entry(t, struct cgroup, gone));
}

struct cgroup_name *cgroups_get(struct cgroups *all, uint32_t hierarchy,
				uint64_t id)
{
	struct cgroup *c = find(all, hierarchy, id);

	if (!c)
		return NULL;
	c->name->refs++;
	return c->name;
}

void cgroups_pick(struct cgroups *all, uint64_t v2_id, uint32_t v1_hierarchy,
		  uint64_t v1_id, struct cgroup_pick *pick)
{
	struct cgroup_name *v2 = cgroups_get(all, OBIT_HIER_UNIFIED, v2_id);
	bool root = v2 ? v2->path_len == 1 : v2_id <= ROOT_ID;

	pick->hierarchy = OBIT_HIER_UNIFIED;
	pick->id = v2_id;
	pick->name = v2;
	pick->is_root = root;
	if (!root || !v1_id || v1_hierarchy == OBIT_HIER_NONE)
		return;
	cgroup_name_put(v2);
	pick->hierarchy = v1_hierarchy;
	pick->id = v1_id;
	pick->name = cgroups_get(all, v1_hierarchy, v1_id);
	pick->is_root = false;
}
