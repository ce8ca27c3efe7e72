// SPDX-License-Identifier: GPL-2.0-only
/*
 * procs: the table of processes.
 * Every process that lives costs an entry here, so that one is small; what a
 * death needs is allocated when it dies. Never decides anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/procs.h"

/* exit_group(2) ends the other threads before its caller comes to do_exit, where
 * the call is seen. */
#define CALL_IS_LATE_NS 10000000ull

void procs_init(struct procs *all)
{
	memset(all, 0, sizeof(*all));
	hash_init(&all->by_tgid);
	hash_init(&all->by_ns_tgid);
	pool_init(&all->lives, sizeof(struct proc));
	pool_init(&all->deaths, sizeof(struct death));
}

/* --- tombs ------------------------------------------------------------------ */

/* When p died without children, which then cannot have been inherited; or 0. */
static uint64_t childless_ns(const struct proc *p)
{
	/* an exiting thread's children may have gone to somebody else */
	if (!p->death || !p->death->have_exit || p->death->exit.threads > 1 ||
	    p->death->exit.flags & OBIT_EXIT_CHILDREN)
		return 0;
	return p->death->exit.hdr.boot_ns;
}

/* --- finding ---------------------------------------------------------------- */

struct proc *proc_find(struct procs *all, uint32_t tgid,
		       uint64_t start_boottime)
{
	uint64_t hv = hash_u64(tgid);
	struct hash_node *n;
	struct proc *p;

	hash_for_each_key(&all->by_tgid, hv, n) {
		p = hash_entry(n, struct proc, by_tgid);
		if (p->tgid == tgid && p->start_boottime == start_boottime)
			return p;
	}
	return NULL;
}

struct proc *proc_find_tgid(struct procs *all, uint32_t tgid)
{
	uint64_t hv = hash_u64(tgid);
	struct proc *p, *found = NULL;
	struct hash_node *n;

	hash_for_each_key(&all->by_tgid, hv, n) {
		p = hash_entry(n, struct proc, by_tgid);
		if (p->tgid == tgid &&
		    (!found || p->start_boottime > found->start_boottime))
			found = p;
	}
	return found;
}

bool proc_known(struct procs *all, uint32_t tgid, uint64_t start_boottime)
{
	return proc_find(all, tgid, start_boottime) ||
	       tomb_find(&all->tombs, tgid, start_boottime);
}

bool proc_parent_is_real(struct procs *all, const struct obit_release *r)
{
	if (r->flags & OBIT_RELEASE_EXACT || r->parent.tgid == 1)
		return true;
	/* Read late, it may be whoever got the parent's task_struct since; but
	 * an heir is an ancestor, or its parent's own process: older. */
	return r->parent.start_boottime < r->task.start_boottime &&
	       proc_known(all, r->parent.tgid, r->parent.start_boottime);
}

uint64_t proc_childless_ns(struct procs *all, uint32_t tgid,
			   uint64_t start_boottime)
{
	struct proc *p = proc_find(all, tgid, start_boottime);
	const struct tomb *t = p ? NULL :
				   tomb_find(&all->tombs, tgid, start_boottime);

	return p ? childless_ns(p) : t ? t->childless_ns : 0;
}

/*
 * Since when the end of a thread of p is that of p: since exit_group(2), or the
 * signal that ended all. Where neither is known (no tracepoint shows the call),
 * that goes for the main thread alone: the EXIT keeps what it gave exit(2) for
 * itself, if it did; and one that another thread's exec replaced ended early.
 */
static struct whole whole_of(const struct proc *p)
{
	const struct death *d = p->death;
	const struct sent *by = NULL;
	struct whole w = { 0 };

	if (!d || !d->have_exit)
		return w;
	if (d->exit.exit_code & 0x7f)
		by = sent_decider(p->sent, d->exit.exit_code & 0x7f);
	else if (p->exit_call_ns)
		w.since_ns = p->exit_call_ns > CALL_IS_LATE_NS ?
				     p->exit_call_ns - CALL_IS_LATE_NS :
				     1;
	if (by)
		w.since_ns = by->s.sent_ns;
	if (w.since_ns)
		return w;
	w.main_only = true;
	if (!(d->exit.flags & OBIT_EXIT_LEADER_VALUE))
		w.since_ns = p->leader_since_ns ? p->leader_since_ns : 1;
	return w;
}

bool proc_ended_whole(struct procs *all, const struct obit_task *thread,
		      uint64_t at_ns)
{
	const struct proc *p =
		proc_find(all, thread->tgid, thread->start_boottime);
	const struct tomb *t = p ? NULL :
				   tomb_find(&all->tombs, thread->tgid,
					     thread->start_boottime);
	struct whole w = { 0 };

	if (p)
		w = whole_of(p);
	else if (t)
		w = t->whole;
	return w.since_ns && at_ns >= w.since_ns &&
	       (thread->tid == thread->tgid || !w.main_only);
}

static void link_proc(struct procs *all, struct proc *p)
{
	p->prev = all->last;
	*(all->last ? &all->last->next : &all->first) = p;
	all->last = p;
}

static void unlink_proc(struct procs *all, struct proc *p)
{
	if (all->cursor == p)
		all->cursor = p->next;
	*(p->prev ? &p->prev->next : &all->first) = p->next;
	*(p->next ? &p->next->prev : &all->last) = p->prev;
}

static void link_dead(struct procs *all, struct proc *p)
{
	p->dead_prev = all->dead_last;
	p->dead_next = NULL;
	*(all->dead_last ? &all->dead_last->dead_next : &all->dead_first) = p;
	all->dead_last = p;
	all->nr_dead++;
}

static void unlink_dead(struct procs *all, struct proc *p)
{
	*(p->dead_prev ? &p->dead_prev->dead_next : &all->dead_first) =
		p->dead_next;
	*(p->dead_next ? &p->dead_next->dead_prev : &all->dead_last) =
		p->dead_prev;
	all->nr_dead--;
}

struct proc *proc_get(struct procs *all, uint32_t tgid, uint64_t start_boottime,
		      int *err)
{
	struct proc *p;

	*err = 0;
	if (!tgid || !start_boottime)
		return NULL;
	p = proc_find(all, tgid, start_boottime);
	if (p)
		return p;
	if (tomb_find(&all->tombs, tgid, start_boottime))
		return NULL;
	p = pool_get(&all->lives);
	if (!p) {
		*err = -ENOMEM;
		return NULL;
	}
	p->tgid = tgid;
	p->start_boottime = start_boottime;
	link_proc(all, p);
	hash_add(&all->by_tgid, &p->by_tgid, hash_u64(tgid));
	all->nr_alive++;
	return p;
}

struct death *proc_death(struct procs *all, struct proc *p)
{
	if (!p->death) {
		p->death = pool_get(&all->deaths);
		if (p->death)
			p->death->proc = p;
	}
	return p->death;
}

void proc_set_state(struct procs *all, struct proc *p, enum proc_state state)
{
	if (p->state == PROC_ALIVE)
		all->nr_alive--;
	else if (p->state == PROC_DEAD)
		unlink_dead(all, p);
	p->state = state;
	if (state == PROC_ALIVE)
		all->nr_alive++;
	else if (state == PROC_DEAD)
		link_dead(all, p);
}

void proc_index_ns(struct procs *all, struct proc *p)
{
	struct death *d = p->death;

	if (d->ns_indexed)
		hash_del(&all->by_ns_tgid, &d->by_ns_tgid);
	d->ns_indexed = true;
	hash_add(&all->by_ns_tgid, &d->by_ns_tgid, hash_u64(d->exit.ns_tgid));
}

/* --- freeing ---------------------------------------------------------------- */

static void ending_free(struct ending *e)
{
	if (e)
		free(e->record);
	free(e);
}

static void death_free(struct procs *all, struct death *d)
{
	if (d->ns_indexed)
		hash_del(&all->by_ns_tgid, &d->by_ns_tgid);
	cgroup_name_put(d->cgroup.name);
	free(d->release);
	ending_free(d->ending);
	pool_put(&all->deaths, d);
}

static void proc_free(struct procs *all, struct proc *p)
{
	proc_set_state(all, p, PROC_UNSEEN);	/* off the lists of others */
	timer_clear(&all->timers, &p->timer);
	unlink_proc(all, p);
	hash_del(&all->by_tgid, &p->by_tgid);
	if (p->death)
		death_free(all, p->death);
	image_put(p->image);
	sent_free(p->sent);
	oom_put(p->oom);
	pool_put(&all->lives, p);
}

int proc_release(struct procs *all, struct proc *p)
{
	int err = tomb_bury(&all->tombs, p->tgid, p->start_boottime,
			    childless_ns(p), whole_of(p));

	proc_free(all, p);
	return err;
}

void procs_fini(struct procs *all)
{
	while (all->first)
		proc_free(all, all->first);
	hash_fini(&all->by_tgid);
	hash_fini(&all->by_ns_tgid);
	pool_fini(&all->lives);
	pool_fini(&all->deaths);
	tombs_fini(&all->tombs);
}
