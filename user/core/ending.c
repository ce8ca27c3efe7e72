// SPDX-License-Identifier: GPL-2.0-only
/*
 * ending: what is told of the end of a process beside its death.
 * Owns how TEARDOWN, FREED and USER_EXIT are kept until the obituary, and for
 * how long that waits for them. Never adds up: teardown.c does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

static struct ending *ending_of(struct death *d)
{
	if (!d->ending)
		d->ending = calloc(1, sizeof(*d->ending));
	return d->ending;
}

/* Before 6.16 several threads can look like the last: then the last one told
 * counts, as it does of EXIT. */
static int keep_record(struct ending *e, const struct obit_teardown *r)
{
	struct obit_teardown *copy;

	if (e->record && e->record->flags & ~r->flags & OBIT_TEARDOWN_LAST)
		return 0;
	copy = malloc(r->hdr.len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, r, r->hdr.len);
	free(e->record);
	e->record = copy;
	return 0;
}

int ending_record(struct join *j, const struct obit_teardown *r,
		  struct death **whose)
{
	struct ending *e;
	struct death *d;
	struct proc *p;
	int err;

	/* Of nobody: from here on they come. */
	j->teardown = true;
	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state > PROC_DEAD)
		return err;
	d = proc_death(&j->procs, p);
	e = d ? ending_of(d) : NULL;
	*whose = d;
	return e ? keep_record(e, r) : -ENOMEM;
}

int ending_freed(struct join *j, const struct obit_freed *r)
{
	struct proc *p = r->task.start_boottime ?
				 proc_find(&j->procs, r->task.tgid,
					   r->task.start_boottime) :
				 proc_find_tgid(&j->procs, r->task.tgid);
	struct ending *e;
	struct death *d;

	if (!p || p->state > PROC_DEAD)
		return 0;
	d = proc_death(&j->procs, p);
	e = d ? ending_of(d) : NULL;
	if (!e)
		return -ENOMEM;
	if (e->nr_freed < TEARDOWN_ELSEWHERE_MAX)
		e->freed[e->nr_freed++] = *r;
	return 0;
}

int ending_user_exit(struct join *j, const struct obit_user_exit *r)
{
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	if (!p->user_covered)
		p->covered_lost = j->hdr_lost;
	p->user_covered = true;
	if (!(r->flags & OBIT_USER_EXIT_COVERED) &&
	    (!p->user_exit_ns || r->hdr.boot_ns < p->user_exit_ns))
		p->user_exit_ns = r->hdr.boot_ns;
	return 0;
}

bool ending_is_owed(const struct join *j, const struct death *d)
{
	return j->teardown && d->have_exit && !(d->ending && d->ending->record);
}

bool ending_build(const struct join *j, const struct proc *p, uint64_t sent_ns,
		  struct teardown *t)
{
	const struct death *d = p->death;
	const struct ending *e = d->ending;
	struct teardown_facts f = {
		.sent_ns = sent_ns,
		.call_ns = p->exit_call_ns,
		.reapable_ns = d->reapable_ns,
		.user_exit_ns = p->user_exit_ns,
		/* what was lost since may have been the call */
		.user_covered =
			p->user_covered &&
			(p->user_exit_ns || p->covered_lost == j->hdr_lost),
		.threads = d->exit.threads > 1,
	};

	if (!e || !e->record)
		return false;
	f.record = e->record;
	f.freed = e->freed;
	f.nr_freed = e->nr_freed;
	return teardown_build(t, &f);
}
