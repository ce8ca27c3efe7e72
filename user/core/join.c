// SPDX-License-Identifier: GPL-2.0-only
/*
 * join: the life and death of a process, record by record.
 * Alive until EXIT, then its obituary is owed until RELEASE. What does not come
 * is overdue.c's. Never does I/O, never asks a clock, never goes through all
 * processes for what one record says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

/* --- births ------------------------------------------------------------------ */

static int on_fork(struct join *j, const struct obit_fork *r)
{
	struct proc *p, *from;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->fork_ns || p->state != PROC_ALIVE)
		return err;
	p->fork_ns = r->hdr.boot_ns;
	p->parent = r->real_parent.tgid ? r->real_parent : r->forker;
	/* A process seen by a scan first has been read from /proc itself. */
	if (p->image)
		return 0;
	from = proc_find(&j->procs, r->forker.tgid, r->forker.start_boottime);
	if (!from || from == p)
		return 0;
	p->image = from->image;
	if (p->image)
		p->image->refs++;
	p->user_covered = from->user_covered;
	p->covered_lost = from->covered_lost;
	if (from->have_comm && !p->have_comm) {
		memcpy(p->comm, from->comm, sizeof(p->comm));
		p->have_comm = true;
	}
	return 0;
}

static int on_exec(struct join *j, const struct obit_exec *r)
{
	struct image *im;
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	/* What was read from /proc never replaces what the kernel told. */
	if (r->flags & OBIT_EXEC_SCANNED && p->image && !p->image->scanned &&
	    p->image->boot_ns)
		return 0;
	im = image_new(r);
	if (!im)
		return -ENOMEM;
	/* Children forked before this exec hold what was read after it. */
	if (p->image && p->image->scanned && !(r->flags & OBIT_EXEC_SCANNED) &&
	    r->hdr.boot_ns < p->image->boot_ns)
		p->image->stale = true;
	image_put(p->image);
	p->image = im;
	memcpy(p->comm, r->comm, sizeof(p->comm));
	p->have_comm = true;
	if (r->flags & OBIT_EXEC_SCANNED)
		return 0;
	p->user_covered = false;
	p->user_exit_ns = 0;
	if (r->old_tid && r->old_tid != p->tgid)
		p->leader_since_ns = r->hdr.boot_ns;
	return notice_pdeath_exec(j, p, r);
}

static int on_task(struct join *j, const struct obit_task_seen *r)
{
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	/* A leader that is dead while its threads live is neither dead nor a
	 * zombie: signal->live tells. */
	if (r->exit_state && !r->live && !p->death)
		proc_set_state(&j->procs, p, PROC_UNSEEN);
	p->parent = r->parent;
	memcpy(p->comm, r->comm, sizeof(p->comm));
	p->have_comm = true;
	return 0;
}

/* --- signals ----------------------------------------------------------------- */

static int take_oom(struct proc *p, struct oom *o, uint64_t rss_kb)
{
	if (p->oom != o) {
		oom_put(p->oom);
		p->oom = o;
		o->refs++;
	}
	if (rss_kb)
		p->oom_rss_kb = rss_kb;
	return 0;
}

static int on_signal(struct join *j, const struct obit_signal *s)
{
	struct proc *p;
	struct oom *o;
	int err;

	p = proc_get(&j->procs, s->task.tgid, s->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	err = notice_signal(j, s);
	if (err)
		return err;
	/* Who shares the memory of an OOM victim is killed, too, and not
	 * marked; the one that ran into the limit may be among them. */
	if (s->signal == 9 && s->info == OBIT_SI_PRIV && !p->oom) {
		o = oom_by(&j->ooms, s->sender.task.tid, s->hdr.boot_ns);
		if (o)
			take_oom(p, o, 0);
	}
	return sent_keep(&p->sent, s);
}

static int on_asked(struct join *j, const struct obit_signal *s)
{
	struct death *d;
	struct proc *p;
	int err;

	p = proc_get(&j->procs, s->task.tgid, s->task.start_boottime, &err);
	if (!p || p->state > PROC_DEAD)
		return err;
	d = proc_death(&j->procs, p);
	if (!d)
		return -ENOMEM;
	d->asked = *s;
	d->have_asked = true;
	return 0;
}

static int on_oom_victim(struct join *j, const struct obit_oom_victim *r)
{
	struct proc *p = r->task.start_boottime ?
				 proc_find(&j->procs, r->task.tgid,
					   r->task.start_boottime) :
				 proc_find_tgid(&j->procs, r->task.tgid);
	struct oom *o;

	if (!p || p->state > PROC_DEAD)
		return 0;
	o = oom_get(&j->ooms, r);
	if (!o)
		return -ENOMEM;
	if (!o->by.start_boottime) {
		struct proc *by = proc_find_tgid(&j->procs, o->by.tgid);

		o->by.start_boottime = by ? by->start_boottime : 0;
	}
	take_oom(p, o, r->rss_kb);
	oom_put(o);
	return 0;
}

static int on_oom_limit(struct join *j, const struct obit_oom_limit *r)
{
	struct proc *p = proc_find_tgid(&j->procs, r->task.tgid);

	return oom_limit(&j->ooms, r, p && p->oom ? &p->oom : NULL);
}

/* @boot_ns: 0: not known */
static void exit_called(struct proc *p, uint64_t boot_ns)
{
	if (boot_ns && (!p->exit_call_ns || boot_ns < p->exit_call_ns))
		p->exit_call_ns = boot_ns;
}

static int on_exit_call(struct join *j, const struct obit_exit_call *r)
{
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	exit_called(p, r->hdr.boot_ns);
	return 0;
}

/* --- deaths ------------------------------------------------------------------ */

/* A recording of version 1 or 2 has shorter ones. */
static void copy_exit(struct obit_exit *to, const struct obit_exit *r)
{
	if (r->hdr.len >= sizeof(*r)) {
		*to = *r;
		return;
	}
	memset(to, 0, sizeof(*to));
	memcpy(to, r, r->hdr.len);
}

/* Several threads can find the process dead; only the last one is right. */
static void take_exit(struct death *d, const struct obit_exit *r)
{
	struct obit_exit was;

	if (!d->have_exit) {
		copy_exit(&d->exit, r);
		return;
	}
	was = d->exit;
	copy_exit(&d->exit, r);
	/* What an earlier one knew of other threads' calls holds on. */
	if (was.flags & ~r->flags & OBIT_EXIT_LEADER_VALUE) {
		d->exit.leader_value = was.leader_value;
		d->exit.flags |= OBIT_EXIT_LEADER_VALUE;
	}
	if (was.flags & ~r->flags & OBIT_EXIT_GROUP_VALUE) {
		d->exit.group_value = was.group_value;
		d->exit.flags |= OBIT_EXIT_GROUP_VALUE;
	}
	if (was.threads > r->threads)
		d->exit.threads = was.threads;
}

static int on_exit_record(struct join *j, const struct obit_exit *r)
{
	struct death *d;
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state == PROC_TOLD)
		return err;
	d = proc_death(&j->procs, p);
	if (!d)
		return -ENOMEM;
	/* Each thread that saw the process dead writes one; the last has all. */
	take_exit(d, r);
	exit_called(p, d->exit.call_ns);
	if (p->state != PROC_DEAD) {
		proc_set_state(&j->procs, p, PROC_DEAD);
		j->seen++;
	}
	cgroup_name_put(d->cgroup.name);
	cgroups_pick(&j->cgroups, r->cgroup_id, r->cgroup_hierarchy,
		     r->cgroup_v1_id, &d->cgroup);
	overdue_from(j, p);
	if (!d->have_exit)
		err = notice_pdeath_exit(j, p, r);
	d->have_exit = true;
	proc_index_ns(&j->procs, p);
	return err;
}

/*
 * Whose notification is this? Where only the signal was seen, the kernel has
 * told the dead one's tgid as the one told sees it.
 */
static struct proc *reapable_proc(struct join *j, const struct obit_reapable *r)
{
	uint64_t hv = hash_u64(r->ns_tgid);
	struct proc *found = NULL;
	struct hash_node *n;
	struct death *d;

	if (r->task.start_boottime)
		return proc_find(&j->procs, r->task.tgid,
				 r->task.start_boottime);
	if (r->task.tgid)
		return proc_find_tgid(&j->procs, r->task.tgid);
	if (!r->ns_tgid)
		return NULL;
	hash_for_each_key(&j->procs.by_ns_tgid, hv, n) {
		d = hash_entry(n, struct death, by_ns_tgid);
		if (d->exit.ns_tgid != r->ns_tgid ||
		    d->proc->tgid == r->ns_tgid)
			continue;
		if (found)
			return NULL;	/* either: better none than a wrong one */
		found = d->proc;
	}
	return found;
}

static void told(struct told *t, const struct obit_reapable *r)
{
	person_set(&t->who, &r->told, r->told_comm);
	t->boot_ns = r->hdr.boot_ns;
	t->sigchld = r->sigchld;
	t->autoreap = r->flags & OBIT_REAPABLE_AUTOREAP;
}

/*
 * Between its EXIT and its own telling of a parent, which makes a zombie of it,
 * the dead can still be orphaned alive. Whom it tells, both decided under one
 * lock, is its parent then; where that is another later, it was inherited.
 */
static void adopted_alive(struct death *d, const struct obit_reapable *r)
{
	struct obit_exit *e = &d->exit;

	if (!d->have_exit || !r->told.start_boottime ||
	    (r->told.tgid == e->parent.tgid &&
	     r->told.start_boottime == e->parent.start_boottime))
		return;
	e->parent = r->told;
	memcpy(e->parent_comm, r->told_comm, sizeof(e->parent_comm));
	e->sigchld = r->sigchld;
}

static int on_reapable(struct join *j, const struct obit_reapable *r)
{
	struct proc *p = reapable_proc(j, r);
	struct death *d;
	int err;

	if (!p || p->state == PROC_UNSEEN)
		return 0;
	d = proc_death(&j->procs, p);
	if (!d)
		return -ENOMEM;
	if (!d->reapable_ns) {
		d->reapable_ns = r->hdr.boot_ns;
		if (p->state == PROC_DEAD)
			overdue_from(j, p);
	}
	err = notice_dead_done(j, p);
	d->tracer_last = r->flags & OBIT_REAPABLE_TRACER;
	if (d->tracer_last) {
		told(&d->tracer, r);
		return err;
	}
	told(&d->parent, r);
	if (!d->first_parent.who.tgid) {
		d->first_parent = d->parent;
		if (!(r->flags & OBIT_REAPABLE_AGAIN))
			adopted_alive(d, r);
	}
	return err;
}

static bool may_wait(const struct proc *p, const struct obit_task *who)
{
	const struct death *d = p->death;

	return d && (d->exit.parent.tgid == who->tgid ||
		     d->exit.tracer.tgid == who->tgid ||
		     d->parent.who.tgid == who->tgid ||
		     d->tracer.who.tgid == who->tgid);
}

static int on_waited(struct join *j, const struct obit_waited *r)
{
	struct proc *p = proc_find_tgid(&j->procs, r->pid);
	uint64_t hv = hash_u64(r->pid);
	struct hash_node *n;
	struct death *d;

	if (!p || p->state == PROC_ALIVE || !may_wait(p, &r->task)) {
		p = NULL;
		hash_for_each_key(&j->procs.by_ns_tgid, hv, n) {
			d = hash_entry(n, struct death, by_ns_tgid);
			if (d->exit.ns_tgid == r->pid &&
			    d->exit.pid_ns == r->pid_ns &&
			    may_wait(d->proc, &r->task))
				p = d->proc;
		}
	}
	if (!p || !p->death)
		return 0;
	person_set(&p->death->waiter, &r->task, r->comm);
	p->death->waited_ns = r->hdr.boot_ns;
	return 0;
}

/* --- the rest ---------------------------------------------------------------- */

static int on_loss(struct join *j, const struct obit_loss *r)
{
	if (!r->count)
		return 0;
	j->lossy = true;
	j->lost_records += r->count;
	if (r->kind == OBIT_LOST_OBITUARY) {
		j->lost_obituaries += r->count;
		j->seen += r->count;
	}
	if (r->kind == OBIT_LOST_SIGNAL)
		j->lost_signals += r->count;
	overdue_sweep(j, r->hdr.boot_ns);
	return notice_loss(j, r);
}

int join_feed(struct join *j, const struct obit_hdr *h)
{
	const void *r = h;

	if (h->lost)
		j->lossy = true;
	if (h->lost > j->hdr_lost)
		j->hdr_lost = h->lost;
	switch ((enum obit_event)h->type) {
	case OBIT_EV_FORK:
		return on_fork(j, r);
	case OBIT_EV_EXEC:
		return on_exec(j, r);
	case OBIT_EV_EXIT:
		return on_exit_record(j, r);
	case OBIT_EV_REAPABLE:
		return on_reapable(j, r);
	case OBIT_EV_RELEASE:
		return life_released(j, r);
	case OBIT_EV_SIGNAL:
		return on_signal(j, r);
	case OBIT_EV_ASKED:
		return on_asked(j, r);
	case OBIT_EV_OOM_VICTIM:
		return on_oom_victim(j, r);
	case OBIT_EV_OOM_LIMIT:
		return on_oom_limit(j, r);
	case OBIT_EV_PDEATH:
		return notice_pdeath(j, r);
	case OBIT_EV_ARMED:
		return notice_armed(j, r);
	case OBIT_EV_EXIT_CALL:
		return on_exit_call(j, r);
	case OBIT_EV_WAITED:
		return on_waited(j, r);
	case OBIT_EV_TASK:
		return on_task(j, r);
	case OBIT_EV_SCAN:
		return notice_pdeath_scanned(j, r);
	case OBIT_EV_CGROUP:
		return cgroups_feed(&j->cgroups, r);
	case OBIT_EV_CLOCK:
		j->real_minus_boot_ns =
			((const struct obit_clock *)r)->real_minus_boot_ns;
		j->utc_offset_s = ((const struct obit_clock *)r)->utc_offset_s;
		return 0;
	case OBIT_EV_STATE:
		return overdue_state(j, r);
	case OBIT_EV_LOSS:
		return on_loss(j, r);
	case OBIT_EV_TICK:
		return overdue_tick(j, r);
	case OBIT_EV_TEARDOWN:
		return life_accounted(j, r);
	case OBIT_EV_FREED:
		return ending_freed(j, r);
	case OBIT_EV_USER_EXIT:
		return ending_user_exit(j, r);
	case OBIT_EV_STACK:
	case OBIT_EV_NONE:
	case OBIT_EV_NR:
		break;
	}
	return 0;
}

int join_finish(struct join *j)
{
	struct proc *p;
	int err = 0, e;

	j->finishing = true;
	while ((p = j->procs.dead_first)) {
		if (p->death->gone_ns && !p->death->release)
			e = overdue_end(j, p);
		else
			e = life_end(j, p, p->death->release,
				     p->death->zombie_ns ? FATE_ZOMBIE :
							   FATE_UNKNOWN);
		err = err ? err : e;
	}
	return err;
}

struct join *join_new(const struct join_config *cfg, const struct join_ops *ops)
{
	struct join *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->cfg = *cfg;
	j->ops = *ops;
	procs_init(&j->procs);
	cgroups_init(&j->cgroups);
	notices_init(j);
	return j;
}

void join_free(struct join *j)
{
	if (!j)
		return;
	notices_fini(j);
	procs_fini(&j->procs);
	cgroups_fini(&j->cgroups);
	ooms_fini(&j->ooms);
	free(j);
}

void join_stats(const struct join *j, struct join_stats *st)
{
	st->seen = j->seen;
	st->delivered = j->delivered;
	st->pending = j->procs.nr_dead;
	st->lost_obituaries = j->lost_obituaries;
	st->failures = j->failures;
	st->lost_records = j->lost_records;
	st->processes = j->procs.nr_alive;
}
