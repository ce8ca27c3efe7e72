// SPDX-License-Identifier: GPL-2.0-only
/*
 * lineage: who descends from one process, told by the stream alone.
 * Owns the set of descendants that `--tree` asks for. Never does I/O.
 */
#include <errno.h>
#include <stdlib.h>
#include "core/lineage.h"
#include "lib/hash.h"

/*
 * One node a process, by tgid: a new process of the same tgid replaces the
 * old, so that even when a release is lost the table is bounded by pid_max.
 * A process met by the first scan keeps its parent until the scan is complete:
 * the iterator goes by tgid, and after a wrap children come before parents.
 */
struct node {
	struct hash_node hn;
	uint64_t start_boottime;
	uint32_t tgid;
	uint32_t parent;	/* of the scan; 0 once resolved */
	bool in;
};

struct lineage {
	struct hash nodes;
	uint32_t root;
	bool scanned;		/* the first scan is complete */
};

struct lineage *lineage_new(uint32_t root_tgid)
{
	struct lineage *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	hash_init(&l->nodes);
	l->root = root_tgid;
	return l;
}

void lineage_free(struct lineage *l)
{
	struct hash_iter it;
	struct hash_node *n;

	if (!l)
		return;
	hash_for_each(&l->nodes, &it, n) {
		hash_del(&l->nodes, n);
		free(hash_entry(n, struct node, hn));
	}
	hash_fini(&l->nodes);
	free(l);
}

static struct node *find(const struct lineage *l, uint32_t tgid)
{
	struct hash_node *n;

	hash_for_each_key(&l->nodes, hash_u64(tgid), n)
		if (hash_entry(n, struct node, hn)->tgid == tgid)
			return hash_entry(n, struct node, hn);
	return NULL;
}

static void drop(struct lineage *l, struct node *n)
{
	if (n) {
		hash_del(&l->nodes, &n->hn);
		free(n);
	}
}

bool lineage_has(const struct lineage *l, uint32_t tgid,
		 uint64_t start_boottime)
{
	const struct node *n = find(l, tgid);

	if (!n)
		return tgid && tgid == l->root;
	return n->in && (!start_boottime || !n->start_boottime ||
			 n->start_boottime == start_boottime);
}

static int add(struct lineage *l, const struct obit_task *t, uint32_t parent,
	       bool in)
{
	struct node *n = find(l, t->tgid);

	if (n && n->start_boottime == t->start_boottime) {
		n->in |= in;
		return 0;
	}
	drop(l, n);
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->tgid = t->tgid;
	n->start_boottime = t->start_boottime;
	n->parent = parent;
	n->in = in;
	hash_add(&l->nodes, &n->hn, hash_u64(t->tgid));
	return 0;
}

/* Walks up until somebody is known to be in or out; at most 2^22 tgids. */
static bool resolve(const struct lineage *l, const struct node *n)
{
	unsigned int steps = 0;

	while (n && !n->in && n->parent && steps++ < 1u << 22) {
		/* the root itself may be hidden from scans */
		if (n->parent == l->root)
			return true;
		n = find(l, n->parent);
	}
	return n && n->in;
}

static void resolve_all(struct lineage *l)
{
	struct hash_iter it;
	struct hash_node *hn;
	struct node *n;

	hash_for_each(&l->nodes, &it, hn) {
		n = hash_entry(hn, struct node, hn);
		n->in = n->in || resolve(l, n);
	}
	hash_for_each(&l->nodes, &it, hn) {
		n = hash_entry(hn, struct node, hn);
		n->parent = 0;
		if (!n->in && n->tgid != l->root)
			drop(l, n);
	}
}

int lineage_before(struct lineage *l, const struct obit_hdr *h)
{
	const struct obit_fork *f = (const void *)h;
	const struct obit_task_seen *t = (const void *)h;
	const struct obit_scan *scan = (const void *)h;
	struct node *n;

	switch (h->type) {
	case OBIT_EV_FORK:
		if (lineage_has(l, f->forker.tgid, f->forker.start_boottime) ||
		    lineage_has(l, f->real_parent.tgid,
				f->real_parent.start_boottime))
			return add(l, &f->task, 0, true);
		n = find(l, f->task.tgid);
		/* The root is born, or its tgid given out anew. */
		if (f->task.tgid == l->root)
			return add(l, &f->task, 0, !n);
		if (!l->scanned)
			return add(l, &f->task, f->forker.tgid, false);
		/* A stranger with the tgid of a dead member. */
		if (n && n->start_boottime != f->task.start_boottime)
			drop(l, n);
		return 0;
	case OBIT_EV_TASK:
		return add(l, &t->task, t->parent.tgid,
			   t->task.tgid == l->root);
	case OBIT_EV_SCAN:
		if (scan->what == OBIT_SCAN_TASKS && !l->scanned) {
			resolve_all(l);
			l->scanned = true;
		}
		return 0;
	default:
		return 0;
	}
}

void lineage_after(struct lineage *l, const struct obit_hdr *h)
{
	const struct obit_release *r = (const void *)h;
	struct node *n;

	if (h->type != OBIT_EV_RELEASE || r->task.tgid == l->root)
		return;
	n = find(l, r->task.tgid);
	if (n && n->start_boottime == r->task.start_boottime)
		drop(l, n);
}
