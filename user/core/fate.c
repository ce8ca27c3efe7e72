// SPDX-License-Identifier: GPL-2.0-only
/*
 * fate: from who was told to who has taken the status.
 * Where release_task() was seen it says all. Where only sched_process_free
 * comes, the fate follows from do_notify_parent's rules: a parent that ignores
 * SIGCHLD, or has SA_NOCLDWAIT, gets no zombie; a tracer waits first.
 */
#include <string.h>

#include "core/fate.h"

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool same(uint32_t tgid_a, uint64_t start_a, uint32_t tgid_b,
		 uint64_t start_b)
{
	return tgid_a == tgid_b && (!start_a || !start_b || start_a == start_b);
}

static void person(struct person *p, const struct obit_task *t,
		   const char comm[OBIT_COMM_LEN])
{
	memset(p, 0, sizeof(*p));
	p->tgid = t->tgid;
	p->tid = t->tid;
	p->start_boottime = t->start_boottime;
	memcpy(p->comm, comm, sizeof(p->comm));
}

static bool takes_none(uint8_t sigchld)
{
	return sigchld == OBIT_SIGCHLD_IGNORED ||
	       sigchld == OBIT_SIGCHLD_NOCLDWAIT ||
	       sigchld == OBIT_SIGCHLD_AUTOREAP;
}

static bool told_takes_none(const struct told *t)
{
	return t->autoreap || takes_none(t->sigchld);
}

uint8_t sigchld_of(const struct death *d)
{
	const struct told *t = &d->first_parent;

	if (t->who.tgid && t->sigchld &&
	    (!d->have_exit ||
	     same(t->who.tgid, t->who.start_boottime, d->exit.parent.tgid,
		  d->exit.parent.start_boottime)))
		return t->sigchld;
	return d->have_exit ? d->exit.sigchld : OBIT_SIGCHLD_UNKNOWN;
}

uint64_t zombie_since(const struct death *d, bool *exact)
{
	*exact = d->reapable_ns != 0;
	return *exact ? d->reapable_ns : d->exit.hdr.boot_ns;
}

/* The heir of an orphaned zombie: who was told last, or its parent at the end. */
static void find_new_parent(const struct death *d, const struct obit_release *r,
			    bool parent_is_real, struct fate *f)
{
	const struct obit_task *was = &d->exit.parent;
	const struct told *t = &d->parent;

	if (!d->have_exit || !was->tgid)
		return;
	if (r->parent.tgid && parent_is_real &&
	    !same(r->parent.tgid, r->parent.start_boottime, was->tgid,
		  was->start_boottime))
		person(&f->new_parent, &r->parent, r->parent_comm);
	else if (t->who.tgid && !same(t->who.tgid, t->who.start_boottime,
				      was->tgid, was->start_boottime))
		f->new_parent = t->who;
}

static bool by_new_parent(const struct fate *f, const struct told *t)
{
	return same(f->new_parent.tgid, f->new_parent.start_boottime,
		    t->who.tgid, t->who.start_boottime);
}

static void set(struct fate *f, enum obituary_fate fate,
		const struct person *by)
{
	f->fate = fate;
	if (by)
		f->reaped_by = *by;
}

/* release_task() itself was seen, and who ran it. */
static void exact_fate(const struct death *d, const struct obit_release *r,
		       struct fate *f)
{
	const struct obit_task *parent = &r->parent;
	struct person by;

	if (!parent->tgid)
		parent = d->parent.who.tgid ? NULL : &d->exit.parent;
	person(&by, &r->by, r->by_comm);
	if (r->flags & (OBIT_RELEASE_SELF | OBIT_RELEASE_BY_EXITING) ||
	    r->by.tgid == r->task.tgid)
		set(f, FATE_AUTOREAPED, NULL);
	else if (parent ? same(by.tgid, by.start_boottime, parent->tgid,
			       parent->start_boottime) :
			  same(by.tgid, by.start_boottime, d->parent.who.tgid,
			       d->parent.who.start_boottime))
		set(f, FATE_WAITED, &by);
	else
		set(f, FATE_PTRACE_WAITED, &by);
}

/* A wait call returned its status: nothing is left to deduce. */
static void waited_fate(const struct death *d, struct fate *f)
{
	const struct person *w = &d->waiter;
	bool tracer = d->tracer.who.tgid ||
		      (d->have_exit && d->exit.flags & OBIT_EXIT_TRACED);
	const struct person *parent = f->new_parent.tgid ? &f->new_parent :
				      d->parent.who.tgid ? &d->parent.who :
							   NULL;

	if (tracer &&
	    (parent ? parent->tgid != w->tgid : d->exit.parent.tgid != w->tgid))
		set(f, FATE_PTRACE_WAITED, w);
	else
		set(f, FATE_WAITED, w);
}

static void deduced_fate(const struct death *d, struct fate *f)
{
	struct person who;

	if (f->new_parent.tgid) {
		/* A parent that ignores SIGCHLD is sent no signal at all. */
		if (by_new_parent(f, &d->parent) &&
		    !told_takes_none(&d->parent))
			set(f, FATE_WAITED, &f->new_parent);
		else
			set(f, FATE_AUTOREAPED, NULL);
	} else if (d->tracer.who.tgid &&
		   (d->tracer_last || !d->parent.who.tgid)) {
		set(f, FATE_PTRACE_WAITED, &d->tracer.who);
	} else if (d->parent.who.tgid) {
		if (told_takes_none(&d->parent))
			set(f, FATE_AUTOREAPED, NULL);
		else
			set(f, FATE_WAITED, &d->parent.who);
	} else if (!d->have_exit) {
		set(f, FATE_UNKNOWN, NULL);
	} else if (d->exit.flags & OBIT_EXIT_TRACED &&
		   takes_none(d->exit.sigchld)) {
		person(&who, &d->exit.tracer, d->exit.tracer_comm);
		set(f, FATE_PTRACE_WAITED, &who);
	} else if (takes_none(d->exit.sigchld)) {
		set(f, FATE_AUTOREAPED, NULL);
	} else if (!d->exit.sigchld) {
		set(f, FATE_UNKNOWN, NULL);
	} else {
		person(&who, &d->exit.parent, d->exit.parent_comm);
		set(f, FATE_WAITED, &who);
	}
}

/* It went at once: nobody ever had the chance to wait for it. */
static bool never_zombie(const struct death *d, const struct obit_release *r,
			 const struct fate *f)
{
	if (f->fate != FATE_AUTOREAPED || d->tracer.who.tgid)
		return false;
	if (r->flags & OBIT_RELEASE_EXACT && r->flags & OBIT_RELEASE_SELF)
		return true;
	if (d->first_parent.who.tgid)
		return told_takes_none(&d->first_parent);
	/* Nobody was told: without an exit signal it was a zombie still. */
	return d->have_exit && d->exit.sigchld != OBIT_SIGCHLD_NONE;
}

static void zombie_time(const struct death *d, const struct obit_release *r,
			struct fate *f)
{
	uint64_t since, proof, end = r->hdr.boot_ns;
	bool exact;

	if (f->fate == FATE_UNKNOWN)
		return;
	if (never_zombie(d, r, f)) {
		f->have_zombie = true;
		return;
	}
	since = zombie_since(d, &exact);
	if (!since)
		return;
	if (d->waited_ns && !(r->flags & OBIT_RELEASE_EXACT))
		end = d->waited_ns;
	proof = d->zombie_ns > since ? d->zombie_ns : since;
	f->have_zombie = true;
	f->zombie_ns = minus(end, since);
	if (!exact)
		f->zombie_err_ns = f->zombie_ns;
	else if (!(r->flags & OBIT_RELEASE_EXACT))
		f->zombie_err_ns = minus(end, proof);
}

void fate_of(const struct death *d, const struct obit_release *r,
	     bool parent_is_real, struct fate *f)
{
	bool exact = r->flags & OBIT_RELEASE_EXACT;

	memset(f, 0, sizeof(*f));
	find_new_parent(d, r, parent_is_real || exact, f);
	if (exact && (r->by.tgid ||
		      r->flags & (OBIT_RELEASE_SELF | OBIT_RELEASE_BY_EXITING)))
		exact_fate(d, r, f);
	else if (d->waiter.tgid)
		waited_fate(d, f);
	else
		deduced_fate(d, f);
	zombie_time(d, r, f);
}

void usage_adjust(struct obit_usage *u)
{
	unsigned __int128 stime = u->stime_ns;

	if (!u->cpu_ns)
		u->cpu_ns = u->utime_ns + u->stime_ns;
	if (!u->stime_ns) {
		u->utime_ns = u->cpu_ns;
	} else if (!u->utime_ns) {
		u->stime_ns = u->cpu_ns;
	} else {
		stime = stime * u->cpu_ns /
			((unsigned __int128)u->stime_ns + u->utime_ns);
		u->stime_ns = (uint64_t)stime;
		u->utime_ns = u->cpu_ns - u->stime_ns;
	}
}
