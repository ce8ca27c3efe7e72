// SPDX-License-Identifier: GPL-2.0-only
/*
 * tree: the processes that descend from one, by who forked whom.
 * Owns the nodes and what is remembered of each death. Never does I/O, never
 * judges: which failure matters is pick.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/tree/tree.h"

/* Longer command lines are cut: nobody reads more, and a tree may have many. */
#define COMMAND_MAX 2048

struct tree {
	struct hash nodes;
	uint32_t root_tgid;
	bool by_comm;
	char root_comm[OBIT_COMM_LEN];
	size_t keep;
	struct tree_node *root;
	struct tree_count count;
};

struct tree *tree_new(uint32_t tgid, const char *comm, size_t keep)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	hash_init(&t->nodes);
	t->root_tgid = tgid;
	t->keep = keep;
	if (comm) {
		t->by_comm = true;
		strncpy(t->root_comm, comm, sizeof(t->root_comm) - 1);
	}
	return t;
}

static void command_put(struct tree_command *c)
{
	if (c && !--c->refs)
		free(c);
}

static void node_free(struct tree *t, struct tree_node *n)
{
	hash_del(&t->nodes, &n->hn);
	command_put(n->command);
	free(n->ob);
	free(n);
}

void tree_free(struct tree *t)
{
	struct hash_iter it;
	struct hash_node *n;

	if (!t)
		return;
	hash_for_each(&t->nodes, &it, n)
		node_free(t, hash_entry(n, struct tree_node, hn));
	hash_fini(&t->nodes);
	free(t);
}

struct tree_node *tree_root(const struct tree *t)
{
	return t->root;
}

void tree_count(const struct tree *t, struct tree_count *c)
{
	*c = t->count;
}

struct tree_node *tree_next(const struct tree *t, const struct tree_node *n)
{
	if (!n)
		return t->root;
	if (n->child)
		return n->child;
	while (n && !n->next)
		n = n->parent;
	return n ? n->next : NULL;
}

static struct tree_node *find(const struct tree *t, uint32_t tgid,
			      uint64_t start_boottime)
{
	uint64_t hv = hash_u64_2(tgid, start_boottime);
	struct tree_node *n;
	struct hash_node *hn;

	if (!tgid)
		return NULL;
	hash_for_each_key(&t->nodes, hv, hn) {
		n = hash_entry(hn, struct tree_node, hn);
		if (n->tgid == tgid && n->start_boottime == start_boottime)
			return n;
	}
	return NULL;
}

static struct tree_node *member(const struct tree *t, const struct obit_task *k)
{
	return find(t, k->tgid, k->start_boottime);
}

bool tree_has(const struct tree *t, uint32_t tgid, uint64_t start_boottime)
{
	return find(t, tgid, start_boottime) != NULL;
}

/* --- births ------------------------------------------------------------------- */

static struct tree_node *add(struct tree *t, const struct obit_task *k,
			     struct tree_node *parent, uint64_t born_ns)
{
	struct tree_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->tgid = k->tgid;
	n->start_boottime = k->start_boottime;
	n->born_ns = born_ns;
	n->parent = parent;
	if (parent) {
		n->prev = parent->last;
		if (parent->last)
			parent->last->next = n;
		else
			parent->child = n;
		parent->last = n;
		memcpy(n->comm, parent->comm, sizeof(n->comm));
		n->command = parent->command;
		if (n->command)
			n->command->refs++;
	} else {
		t->root = n;
	}
	hash_add(&t->nodes, &n->hn, hash_u64_2(n->tgid, n->start_boottime));
	t->count.total++;
	t->count.alive++;
	return n;
}

/* Under the one who will hear of its end, if that is a member. */
static int on_fork(struct tree *t, const struct obit_fork *f)
{
	struct tree_node *forker = member(t, &f->forker);
	struct tree_node *parent = member(t, &f->real_parent);

	if (!t->root && !t->by_comm && f->task.tgid == t->root_tgid)
		return add(t, &f->task, NULL, f->hdr.boot_ns) ? 0 : -ENOMEM;
	if (!parent)
		parent = forker;
	if (!parent || member(t, &f->task))
		return 0;
	parent->forked_ns = f->hdr.boot_ns;
	return add(t, &f->task, parent, f->hdr.boot_ns) ? 0 : -ENOMEM;
}

/* The scan at the start: the root is there, but has no children yet. */
static int on_task(struct tree *t, const struct obit_task_seen *k)
{
	if (t->root)
		return 0;
	/* What is behind the NUL is no part of it (before 5.17 of an older name). */
	if (t->by_comm ? strncmp(k->comm, t->root_comm, sizeof(k->comm)) :
			 k->task.tgid != t->root_tgid)
		return 0;
	return add(t, &k->task, NULL, k->task.start_boottime) ? 0 : -ENOMEM;
}

static int on_exec(struct tree *t, const struct obit_exec *x)
{
	struct tree_node *n = member(t, &x->task);
	bool filename = !x->args_len;
	const char *from = x->data + (filename ? 0 : x->exe_len);
	uint32_t len = filename ? x->exe_len : x->args_len, kept = len;
	struct tree_command *c;

	if (!n)
		return 0;
	memcpy(n->comm, x->comm, sizeof(n->comm));
	command_put(n->command);
	n->command = NULL;
	n->execed = true;
	/* A path whose components stand last first is no line to show. */
	if (filename && x->flags & OBIT_EXEC_LEAF_FIRST)
		return 0;
	if (kept > COMMAND_MAX)
		kept = COMMAND_MAX;
	c = malloc(sizeof(*c) + kept);
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->len = kept;
	c->cut = len - kept;
	if (!filename && x->args_total > x->args_len)
		c->cut += x->args_total - x->args_len;
	c->filename = filename;
	memcpy(c->bytes, from, kept);
	n->command = c;
	return 0;
}

/* --- deaths ------------------------------------------------------------------- */

static void set_dead(struct tree *t, struct tree_node *n, enum tree_state state)
{
	if (n->state == TREE_ALIVE) {
		t->count.alive--;
		t->count.dead++;
	}
	if (n->state == TREE_ZOMBIE)
		t->count.zombies--;
	if (state == TREE_ZOMBIE)
		t->count.zombies++;
	n->state = state;
}

/*
 * Where a FORK record was lost, the death tells the parent: the one at that
 * moment, which is a member too if it adopted a member's orphan.
 */
static int on_exit_record(struct tree *t, const struct obit_exit *x)
{
	struct tree_node *n = member(t, &x->task), *parent;

	if (!n) {
		parent = member(t, &x->parent);
		if (!parent)
			return 0;
		n = add(t, &x->task, parent, x->task.start_boottime);
		if (!n)
			return -ENOMEM;
	}
	n->died_ns = x->hdr.boot_ns;
	memcpy(n->comm, x->comm, sizeof(n->comm));
	if (n->state == TREE_ALIVE)
		set_dead(t, n, TREE_DEAD);
	return 0;
}

int tree_event(struct tree *t, const struct obit_hdr *h)
{
	switch (h->type) {
	case OBIT_EV_FORK:
		return on_fork(t, (const void *)h);
	case OBIT_EV_TASK:
		return on_task(t, (const void *)h);
	case OBIT_EV_EXEC:
		return on_exec(t, (const void *)h);
	case OBIT_EV_EXIT:
		return on_exit_record(t, (const void *)h);
	default:
		return 0;
	}
}

static char *keep_span(struct span *s, char *to)
{
	if (!s->len)
		return to;
	memcpy(to, s->p, s->len);
	s->p = to;
	return to + s->len;
}

/* In one piece; of the strings those that phrases are made of. */
static struct obituary *keep_obituary(const struct obituary *o)
{
	const uint64_t drop = 1ULL << OB_FILENAME | 1ULL << OB_ARGS |
			      1ULL << OB_EXE | 1ULL << OB_CGROUP |
			      1ULL << OB_CONTAINER;
	struct obituary *k;
	char *to;

	k = malloc(sizeof(*k) + o->tty.len + o->oom.cgroup.len);
	if (!k)
		return NULL;
	*k = *o;
	k->have &= ~drop;
	memset(&k->exe, 0, sizeof(k->exe));
	memset(&k->filename, 0, sizeof(k->filename));
	memset(&k->args, 0, sizeof(k->args));
	memset(&k->cgroup, 0, sizeof(k->cgroup));
	memset(&k->container, 0, sizeof(k->container));
	to = keep_span(&k->tty, (char *)(k + 1));
	keep_span(&k->oom.cgroup, to);
	return k;
}

static void unlink_node(struct tree_node *n)
{
	struct tree_node *p = n->parent;

	if (n->prev)
		n->prev->next = n->next;
	else
		p->child = n->next;
	if (n->next)
		n->next->prev = n->prev;
	else
		p->last = n->prev;
}

/* Of a large tree what nobody will look at: leaves, and who becomes one. */
static void fold(struct tree *t, struct tree_node *n)
{
	struct tree_node *p;

	while (t->nodes.nr > t->keep && n->parent && !n->child && !n->wanted &&
	       n->state == TREE_DEAD && n->told) {
		p = n->parent;
		p->ok += n->ok + !n->failed;
		p->bad += n->bad + n->failed;
		unlink_node(n);
		node_free(t, n);
		n = p;
	}
}

int tree_bury(struct tree *t, const struct obituary *o, bool wanted)
{
	struct tree_node *n = find(t, o->tgid, o->start_boottime);

	if (!n || n->told)
		return 0;
	n->wanted = wanted;
	n->failed = obituary_failed(o);
	n->struck = obituary_has(o, OB_SIGNAL);
	n->died_ns = o->boot_ns ? o->boot_ns : n->born_ns;
	n->life_ns = obituary_has(o, OB_LIFE) ? o->life_ns :
						n->died_ns - n->born_ns;
	n->told = true;
	t->count.told++;
	if (obituary_has(o, OB_COMM))
		memcpy(n->comm, o->comm, sizeof(n->comm));
	set_dead(t, n, o->fate == FATE_ZOMBIE ? TREE_ZOMBIE : TREE_DEAD);
	t->count.failed += n->failed;
	t->count.struck += n->struck;
	t->count.wanted += wanted;
	if (n->failed || obituary_has(o, OB_ASKED_BY) ||
	    o->fate == FATE_ZOMBIE || !obituary_has(o, OB_EXIT_CODE)) {
		n->ob = keep_obituary(o);
		if (!n->ob)
			return -ENOMEM;
	}
	fold(t, n);
	return 0;
}

void tree_reaped(struct tree *t, uint32_t tgid, uint64_t start_boottime)
{
	struct tree_node *n = find(t, tgid, start_boottime);

	if (!n || n->state != TREE_ZOMBIE)
		return;
	set_dead(t, n, TREE_DEAD);
	fold(t, n);
}

void tree_gone(struct tree *t, struct tree_node *n)
{
	if (n->state == TREE_ALIVE)
		set_dead(t, n, TREE_DEAD);
}
