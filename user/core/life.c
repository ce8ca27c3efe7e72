// SPDX-License-Identifier: GPL-2.0-only
/*
 * life: how a life is over for obit: released, its obituary written, forgotten.
 * Owns what an obituary is held back for. Never looks for what does not come:
 * overdue.c does.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/state.h"

int life_forget(struct join *j, struct proc *p)
{
	notices_forget(j, p);
	return proc_release(&j->procs, p);
}

int life_end(struct join *j, struct proc *p, const struct obit_release *r,
	     enum obituary_fate fate)
{
	int err = compose(j, p, r, fate), err2;

	err2 = life_forget(j, p);
	return err ? err : err2;
}

/* The kernel log is read after the records: its word may still be on the way. So
 * may the last step of its end. */
static bool hold_back(struct join *j, struct proc *p,
		      const struct obit_release *r)
{
	bool oom = p->oom && !p->oom->have_limit;
	bool ending = ending_is_owed(j, p->death);

	if (!(oom || ending) || j->finishing)
		return false;
	p->death->held_for_oom = oom;
	p->death->release = malloc(sizeof(*r));
	if (!p->death->release)
		return false;
	*p->death->release = *r;
	timer_set(&j->procs.timers, &p->timer,
		  plus(r->hdr.boot_ns, ending ? ENDING_PATIENCE_NS : 0));
	return true;
}

/*
 * A release without a death. With no record of it lost, and no process known,
 * it died before the first probe ran; sched_process_free comes late.
 */
static bool was_seen(const struct join *j, const struct proc *p)
{
	return p->fork_ns || p->have_comm || p->sent || p->death || j->lossy;
}

int life_released(struct join *j, const struct obit_release *r)
{
	struct proc *p;
	int err = 0;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p)
		return err;
	if (p->death && p->death->release)
		return 0;
	err = notice_dead_done(j, p);
	if (err)
		return err;
	switch ((enum proc_state)p->state) {
	case PROC_TOLD:
	case PROC_UNSEEN:
		err = notice_reaped(j, p, r);
		return life_forget(j, p) ? -ENOMEM : err;
	case PROC_ALIVE:
		if (!was_seen(j, p))
			return life_forget(j, p);
		if (!proc_death(&j->procs, p))
			return -ENOMEM;
		proc_set_state(&j->procs, p, PROC_DEAD);
		j->seen++;
		break;
	case PROC_DEAD:
		break;
	}
	if (hold_back(j, p, r))
		return 0;
	return life_end(j, p, r, FATE_UNKNOWN);
}

int life_accounted(struct join *j, const struct obit_teardown *r)
{
	struct death *d = NULL;
	int err = ending_record(j, r, &d);

	if (err || !d || !d->release || d->held_for_oom)
		return err;
	return life_end(j, d->proc, d->release, FATE_UNKNOWN);
}
