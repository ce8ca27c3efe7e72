// SPDX-License-Identifier: GPL-2.0-only
/*
 * overdue: what should have come, and has not.
 * A zombie that stays, a RELEASE that was lost, a process whose every record
 * was lost are found out by asking for a state. Time is that of the stream,
 * and what is due is kept in order: nothing is searched for. Never does I/O.
 */
#include <errno.h>

#include "core/state.h"

#define GONE_GRACE_NS 500000000ull	/* a RELEASE may come so much later */
#define ASK_AGAIN_NS 1000000000ull
#define ASKS_A_TICK 1024		/* each is a file of /proc to read */
#define SWEEP_DELAY_NS 1000000000ull
#define SWEEP_A_TICK 256

void overdue_from(struct join *j, struct proc *p)
{
	uint64_t since = p->death->reapable_ns;

	if (!j->cfg.zombie_after_ns || p->death->ask_sent || p->death->gone ||
	    p->death->release)
		return;
	if (!since)
		since = p->death->exit.hdr.boot_ns;
	timer_set(&j->procs.timers, &p->timer,
		  plus(since, j->cfg.zombie_after_ns));
}

/* Records have been lost: see later who is there without a cause. */
void overdue_sweep(struct join *j, uint64_t boot_ns)
{
	if (!j->sweep_at)
		j->sweep_at = plus(boot_ns, SWEEP_DELAY_NS);
}

static void ask(struct join *j, struct proc *p)
{
	if (j->ops.ask_state)
		j->ops.ask_state(j->ops.ctx, p->tgid, p->start_boottime);
}

void join_ask_pending(struct join *j)
{
	struct proc *p;

	for (p = j->procs.dead_first; p; p = p->dead_next)
		if (!p->death->release)
			ask(j, p);
}

/* Again after an eighth of its age: so near a later end is told. */
static void ask_later(struct join *j, struct proc *p)
{
	uint64_t since = 0, wait;

	if (p->death)
		since = p->death->reapable_ns ? p->death->reapable_ns :
						p->death->exit.hdr.boot_ns;
	wait = since ? minus(j->now, since) / 8 : 0;
	if (wait < ASK_AGAIN_NS)
		wait = ASK_AGAIN_NS;
	timer_set(&j->procs.timers, &p->timer, plus(j->now, wait));
}

static int still_zombie(struct join *j, struct proc *p, uint64_t boot_ns)
{
	struct death *d = p->death;
	int err;

	if (boot_ns > d->zombie_ns)
		d->zombie_ns = boot_ns;
	d->gone = false;
	if (p->state != PROC_DEAD || !d->ask_sent || !j->cfg.zombie_after_ns)
		return 0;
	ask_later(j, p);
	err = compose(j, p, NULL, FATE_ZOMBIE);
	proc_set_state(&j->procs, p, PROC_TOLD);
	return err ? err : notice_zombie(j, p, boot_ns);
}

int overdue_state(struct join *j, const struct obit_state *r)
{
	struct proc *p =
		proc_find(&j->procs, r->task.tgid, r->task.start_boottime);
	bool gone = !r->state || r->state == 'X' || r->state == 'x';

	if (!p || (p->death && p->death->release))
		return 0;
	if (gone) {
		if (p->death)
			p->death->gone = true;
		else if (!proc_death(p))
			return -ENOMEM;
		p->death->gone = true;
		timer_set(&j->procs.timers, &p->timer,
			  plus(r->hdr.boot_ns, GONE_GRACE_NS));
		return 0;
	}
	if (p->death)
		p->death->gone = false;
	if (r->state != 'Z')
		return 0;
	if (p->state == PROC_ALIVE) {
		/* Its EXIT was lost, and counted where it was lost. */
		proc_set_state(&j->procs, p, PROC_UNSEEN);
		return 0;
	}
	return p->death ? still_zombie(j, p, r->hdr.boot_ns) : 0;
}

static int timer_fired(struct join *j, struct proc *p, unsigned int *asks)
{
	struct death *d = p->death;

	if (d && d->release)
		return life_end(j, p, d->release, FATE_UNKNOWN);
	if (d && d->gone) {
		if (p->state == PROC_DEAD)
			return life_end(j, p, NULL, FATE_UNKNOWN);
		return life_forget(j, p);
	}
	if (d)
		d->ask_sent = true;
	ask_later(j, p);
	++*asks;
	ask(j, p);
	return 0;
}

/*
 * Where records were lost, some of them were the last of their process. Ask
 * for each that should be there, a few at a time.
 */
static void sweep(struct join *j)
{
	unsigned int left = SWEEP_A_TICK;
	struct proc *p;

	if (j->sweep_at && j->now >= j->sweep_at && !j->procs.cursor) {
		j->procs.cursor = j->procs.first;
		j->sweep_at = 0;
	}
	for (; left && (p = j->procs.cursor); left--) {
		j->procs.cursor = p->next;
		if (!timer_is_set(&p->timer))
			ask(j, p);
	}
}

int overdue_tick(struct join *j, const struct obit_tick *r)
{
	unsigned int asks = 0;
	struct timer *t;
	int err = 0, e;

	if (r->hdr.boot_ns > j->now)
		j->now = r->hdr.boot_ns;
	while (asks < ASKS_A_TICK &&
	       (t = timer_due(&j->procs.timers, j->now))) {
		e = timer_fired(j, hash_entry(t, struct proc, timer), &asks);
		err = err ? err : e;
	}
	sweep(j);
	cgroups_tick(&j->cgroups, j->now);
	e = notice_expected(j);
	return err ? err : e;
}
