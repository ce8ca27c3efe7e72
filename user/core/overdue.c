// SPDX-License-Identifier: GPL-2.0-only
/*
 * overdue: what should have come, and has not.
 * A zombie that stays, a RELEASE that was lost, a process whose every record
 * was lost are found out by asking for a state. Time is that of the stream,
 * and what is due is kept in order: nothing is searched for. Never does I/O.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/state.h"

#define ASK_FIRST_NS 200000000ull	/* a RELEASE comes within 50 ms or so */
#define GONE_GRACE_NS 300000000ull	/* it may come so late, or never */
#define GONE_PATIENCE_NS 5000000000ull	/* where nothing can be deduced */
#define ASK_AGAIN_NS 1000000000ull
#define ASKS_A_TICK 1024		/* each is a file of /proc to read */
#define SWEEP_DELAY_NS 1000000000ull
#define SWEEP_A_TICK 256

/*
 * Since when p can be waited for, as far as it is known. From its EXIT until then
 * it may take long: its memory is yet to be given back (6.16), or others want
 * the CPU. Where somebody will be told, and nobody has been yet, it is no zombie,
 * or the record was lost and it is one since it was seen to be.
 */
static uint64_t dead_since(const struct join *j, const struct proc *p)
{
	const struct death *d = p->death;
	bool told = j->cfg.tier != TIER_TRACEPOINTS ||
		    (d->exit.sigchld != OBIT_SIGCHLD_NONE &&
		     d->exit.sigchld != OBIT_SIGCHLD_UNKNOWN);

	if (d->reapable_ns)
		return d->reapable_ns;
	return told && d->zombie_first_ns ? d->zombie_first_ns :
					    d->exit.hdr.boot_ns;
}

void overdue_from(struct join *j, struct proc *p)
{
	if (p->death->asked_at || p->death->gone_ns || p->death->release)
		return;
	timer_set(&j->procs.timers, &p->timer,
		  plus(dead_since(j, p), ASK_FIRST_NS));
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

/*
 * Until it is told of as a zombie: at twice the age, and just when that is due.
 * Then after an eighth of its age: so near a later end is known.
 */
static void ask_later(struct join *j, struct proc *p)
{
	uint64_t since = p->death ? dead_since(j, p) : 0, age, wait;

	age = since ? minus(j->now, since) : 0;
	if (p->death && p->state == PROC_DEAD) {
		wait = age > ASK_FIRST_NS ? age : ASK_FIRST_NS;
		if (age < j->cfg.zombie_after_ns &&
		    age + wait > j->cfg.zombie_after_ns)
			wait = j->cfg.zombie_after_ns - age;
		if (wait > ASK_AGAIN_NS)
			wait = ASK_AGAIN_NS;
	} else {
		wait = age / 8 > ASK_AGAIN_NS ? age / 8 : ASK_AGAIN_NS;
	}
	timer_set(&j->procs.timers, &p->timer, plus(j->now, wait));
}

static int still_zombie(struct join *j, struct proc *p, uint64_t boot_ns)
{
	struct death *d = p->death;
	int err;

	if (boot_ns > d->zombie_ns)
		d->zombie_ns = boot_ns;
	if (!d->zombie_first_ns)
		d->zombie_first_ns = boot_ns;
	if (p->state != PROC_DEAD || !j->cfg.zombie_after_ns ||
	    minus(boot_ns, dead_since(j, p)) < j->cfg.zombie_after_ns)
		return 0;
	err = compose(j, p, NULL, FATE_ZOMBIE);
	proc_set_state(&j->procs, p, PROC_TOLD);
	ask_later(j, p);
	return err ? err : notice_zombie(j, p, boot_ns);
}

/*
 * It is gone, and no RELEASE has come: some kernels keep programs from running
 * in some contexts, uncounted. Whoever was told last has it on his conscience if
 * he is alive still, or died with no child left: only he, or the kernel for him,
 * can have taken it away, at the latest when it was found gone, or when he died.
 * False if nobody is known.
 */
static bool release_deduced(struct join *j, const struct proc *p,
			    struct obit_release *r)
{
	const struct death *d = p->death;
	const struct person *told = &d->parent.who;
	struct proc *parent;
	uint64_t childless;

	memset(r, 0, sizeof(*r));
	if (!d->have_exit)
		return false;
	r->parent = d->exit.parent;
	memcpy(r->parent_comm, d->exit.parent_comm, sizeof(r->parent_comm));
	if (told->tgid) {
		r->parent.tgid = told->tgid;
		r->parent.tid = told->tid;
		r->parent.start_boottime = told->start_boottime;
		memcpy(r->parent_comm, told->comm, sizeof(r->parent_comm));
	}
	r->hdr.boot_ns = d->gone_ns;
	parent = proc_find(&j->procs, r->parent.tgid, r->parent.start_boottime);
	childless = proc_childless_ns(&j->procs, r->parent.tgid,
				      r->parent.start_boottime);
	if (childless >= dead_since(j, p) && childless < d->gone_ns)
		r->hdr.boot_ns = childless;
	else if (!parent || (parent->state != PROC_ALIVE &&
			     !(parent->death &&
			       parent->death->exit.hdr.boot_ns > d->gone_ns)))
		return false;
	r->hdr.type = OBIT_EV_RELEASE;
	r->hdr.len = sizeof(*r);
	r->task = d->exit.task;
	memcpy(r->comm, d->exit.comm, sizeof(r->comm));
	r->exit_code = d->exit.exit_code;
	r->uid = d->exit.uid;
	r->gid = d->exit.gid;
	r->cgroup_id = d->exit.cgroup_id;
	r->usage = d->exit.usage;
	return true;
}

/*
 * The init of a pid namespace that ends by reboot(2) is killed with SIGKILL, and
 * while it ends its status becomes SIGHUP or SIGINT (zap_pid_ns_processes): only
 * its RELEASE tells.
 */
static bool status_may_be_another(const struct death *d)
{
	return d->have_exit && d->exit.ns_tgid == 1 && d->exit.task.tgid != 1 &&
	       (d->exit.exit_code & 0x7f) == SIGKILL;
}

int overdue_end(struct join *j, struct proc *p)
{
	struct obit_release r;
	bool known = release_deduced(j, p, &r);
	bool patient = !known || status_may_be_another(p->death);
	int err = 0, e;

	if (patient && !j->finishing && p->state != PROC_ALIVE &&
	    j->now < plus(p->death->gone_ns, GONE_PATIENCE_NS)) {
		timer_set(&j->procs.timers, &p->timer,
			  plus(p->death->gone_ns, GONE_PATIENCE_NS));
		return 0;
	}
	if (p->state == PROC_DEAD)
		return life_end(j, p, known ? &r : NULL, FATE_UNKNOWN);
	if (known && p->state == PROC_TOLD)
		err = notice_reaped(j, p, &r);
	e = life_forget(j, p);
	return err ? err : e;
}

/*
 * A zombie whose EXIT has not come: what it did last may only be unread yet. It
 * is lost, and counted where it was lost, if it is not there when all that was
 * written before has been read.
 */
static void may_be_unseen(struct join *j, struct proc *p, uint64_t boot_ns)
{
	if (!p->unread_ns) {
		p->unread_ns = boot_ns;
		timer_set(&j->procs.timers, &p->timer,
			  plus(boot_ns, GONE_GRACE_NS));
	} else if (minus(boot_ns, p->unread_ns) >= GONE_GRACE_NS) {
		proc_set_state(&j->procs, p, PROC_UNSEEN);
	}
}

int overdue_state(struct join *j, const struct obit_state *r)
{
	struct proc *p =
		proc_find(&j->procs, r->task.tgid, r->task.start_boottime);
	bool gone = !r->state || r->state == 'X' || r->state == 'x';

	if (!p || (p->death && p->death->release))
		return 0;
	if (gone) {
		if (!proc_death(&j->procs, p))
			return -ENOMEM;
		if (!p->death->gone_ns)
			p->death->gone_ns = r->hdr.boot_ns;
		timer_set(&j->procs.timers, &p->timer,
			  plus(r->hdr.boot_ns, GONE_GRACE_NS));
		return 0;
	}
	if (p->death)
		p->death->gone_ns = 0;
	if (r->state != 'Z')
		return 0;
	if (p->state == PROC_ALIVE) {
		may_be_unseen(j, p, r->hdr.boot_ns);
		return 0;
	}
	return p->death ? still_zombie(j, p, r->hdr.boot_ns) : 0;
}

static int timer_fired(struct join *j, struct proc *p, unsigned int *asks)
{
	struct death *d = p->death;

	if (d && d->release)
		return life_end(j, p, d->release, FATE_UNKNOWN);
	if (d && d->gone_ns)
		return overdue_end(j, p);
	if (d)
		d->asked_at = j->now;
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
