// SPDX-License-Identifier: GPL-2.0-only
/*
 * notices: what is told beside obituaries: parent-death signals, hang-ups,
 * zombies, losses. Owns what is known of armed threads and of signals that
 * are due. Never writes an obituary.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cause.h"
#include "core/fate.h"
#include "core/state.h"

/*
 * A dying thread sends its parent-death signals in exit_notify(), which it may
 * come to late: there is its memory to give back, and others want the CPU. If
 * its process dies with it, that it can be waited for says that they are sent.
 * If not, nothing says so: then they are taken for refused after so long, as
 * they are if the other never comes. So many may be waited for.
 */
#define EXPECT_OF_THREAD_NS 1000000000ull
#define EXPECT_OF_DEAD_NS 10000000000ull
#define EXPECT_MAX 16384

/* A thread that was armed later than this before the end of a scan may have
 * been missed by it. */
#define SCAN_NS 500000000ull

/* A thread known to have a parent-death signal. */
struct armed {
	struct hash_node by_tid;
	struct armed *next;		/* of the same process */
	struct proc *proc;
	uint64_t updated_ns;
	uint32_t tid, signal, scan;
	bool missed;			/* by the last scan */
	char comm[OBIT_COMM_LEN];
};

/* A SIGNAL that must follow. */
struct expected {
	struct hash_node by_dead;	/* by tgid of the thread that exits */
	struct timer timer;
	uint64_t lost_signals;		/* lost so far, when it was promised */
	struct obit_armed armed;
};

void notices_init(struct join *j)
{
	hash_init(&j->armed);
	hash_init(&j->expected);
}

/* --- making one ------------------------------------------------------------- */

static struct notice *notice_init(const struct join *j, struct notice *n,
				  enum notice_type type, uint64_t boot_ns)
{
	memset(n, 0, sizeof(*n));
	n->type = type;
	n->boot_ns = boot_ns;
	n->real_ns = real_ns(j, boot_ns);
	n->utc_offset_s = j->utc_offset_s;
	return n;
}

static int notice_emit(struct join *j, const struct notice *n)
{
	return j->ops.notice ? j->ops.notice(j->ops.ctx, n) : 0;
}

static void set_task(struct notice *n, enum notice_have bit, struct person *p,
		     const struct obit_task *t, const char *comm)
{
	if (!t->tgid)
		return;
	person_set(p, t, comm);
	n->have |= 1u << bit;
}

static void set_person(struct notice *n, enum notice_have bit,
		       struct person *to, const struct person *p)
{
	if (!p->tgid)
		return;
	*to = *p;
	n->have |= 1u << bit;
}

static void set_signal(struct notice *n, uint32_t sig)
{
	n->signal = (int32_t)sig;
	if (sig)
		n->have |= 1u << NB_SIGNAL;
}

/* --- signals that were promised ---------------------------------------------- */

static void expected_free(struct join *j, struct expected *e)
{
	timer_clear(&j->expected_by, &e->timer);
	hash_del(&j->expected, &e->by_dead);
	free(e);
}

static bool same_target(const struct obit_task *a, const struct obit_task *b)
{
	return a->tgid == b->tgid && a->start_boottime == b->start_boottime &&
	       (!a->tid || !b->tid || a->tid == b->tid);
}

/* The promise that this signal, or this refusal, keeps. */
static void keep_promise(struct join *j, const struct obit_task *dead,
			 const struct obit_task *target)
{
	uint64_t hv = hash_u64(dead->tgid);
	struct expected *e;
	struct hash_node *n;

	hash_for_each_key(&j->expected, hv, n) {
		e = hash_entry(n, struct expected, by_dead);
		if (e->armed.task.tgid == dead->tgid &&
		    e->armed.task.tid == dead->tid &&
		    same_target(&e->armed.target, target)) {
			expected_free(j, e);
			return;
		}
	}
}

static bool is_alive(struct join *j, const struct obit_task *t)
{
	struct proc *p = proc_find(&j->procs, t->tgid, t->start_boottime);

	return p && p->state == PROC_ALIVE;
}

static int denied(struct join *j, const struct obit_armed *r)
{
	struct notice n;

	notice_init(j, &n, NOTICE_PDEATH_SEND, r->hdr.boot_ns);
	set_task(&n, NB_WHO, &n.who, &r->task, r->comm);
	set_task(&n, NB_TARGET, &n.target, &r->target, r->target_comm);
	set_signal(&n, r->signal);
	n.process_alive = r->flags & OBIT_ARMED_ALIVE;
	n.denied = true;
	return notice_emit(j, &n);
}

/* Its time is up, and no signal came: the kernel sent none. */
static int not_kept(struct join *j, struct expected *e)
{
	int err = 0;

	if (e->lost_signals == j->lost_signals && is_alive(j, &e->armed.target))
		err = denied(j, &e->armed);
	expected_free(j, e);
	return err;
}

int notice_armed(struct join *j, const struct obit_armed *r)
{
	struct proc *target =
		proc_find(&j->procs, r->target.tgid, r->target.start_boottime);
	struct expected *e;
	struct timer *t;

	if (target && target->state != PROC_ALIVE)
		return 0;	/* nothing reaches the dead */
	if (r->flags & OBIT_ARMED_DENIED) {
		keep_promise(j, &r->task, &r->target);
		return denied(j, r);
	}
	if (!target || !r->task.tgid)
		return 0;
	if (j->expected.nr >= EXPECT_MAX) {
		t = timer_due(&j->expected_by, UINT64_MAX);
		expected_free(j, hash_entry(t, struct expected, timer));
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->armed = *r;
	e->lost_signals = j->lost_signals;
	hash_add(&j->expected, &e->by_dead, hash_u64(r->task.tgid));
	timer_set(&j->expected_by, &e->timer,
		  plus(r->hdr.boot_ns, r->flags & OBIT_ARMED_ALIVE ?
					       EXPECT_OF_THREAD_NS :
					       EXPECT_OF_DEAD_NS));
	return 0;
}

int notice_expected(struct join *j)
{
	struct timer *t;
	int err = 0, e;

	while ((t = timer_due(&j->expected_by, j->now))) {
		e = not_kept(j, hash_entry(t, struct expected, timer));
		err = err ? err : e;
	}
	return err;
}

int notice_dead_done(struct join *j, const struct proc *p)
{
	struct expected *e, *found;
	struct hash_node *n;
	int err = 0, e1;
	uint64_t hv;

	while (j->expected.nr) {
		hv = hash_u64(p->tgid);
		found = NULL;
		hash_for_each_key(&j->expected, hv, n) {
			e = hash_entry(n, struct expected, by_dead);
			if (e->armed.task.tgid == p->tgid &&
			    e->armed.task.start_boottime == p->start_boottime)
				found = e;	/* the first that was promised */
		}
		if (!found)
			break;
		e1 = not_kept(j, found);
		err = err ? err : e1;
	}
	return err;
}

/* --- signals that came -------------------------------------------------------- */

int notice_signal(struct join *j, const struct obit_signal *s)
{
	struct sender from;
	struct notice n;

	sender_of(s, &from);
	if (from.cause == CAUSE_PDEATH) {
		keep_promise(j, &s->sender.task, &s->task);
		notice_init(j, &n, NOTICE_PDEATH_SEND, s->sent_ns);
		n.process_alive = s->flags & OBIT_SIG_SENDER_ALIVE;
	} else if (from.hangup) {
		notice_init(j, &n, NOTICE_HANGUP, s->sent_ns);
		n.kind = from.hangup;
		n.have |= 1u << NB_KIND;
	} else {
		return 0;
	}
	if (from.known)
		set_person(&n, NB_WHO, &n.who, &from.who);
	set_task(&n, NB_TARGET, &n.target, &s->task, s->comm);
	set_signal(&n, s->signal);
	return notice_emit(j, &n);
}

/* --- threads with a parent-death signal -------------------------------------- */

static struct armed *armed_find(struct join *j, const struct proc *p,
				uint32_t tid)
{
	struct hash_node *n;
	struct armed *a;
	uint64_t hv;

	if (!p->armed)
		return NULL;
	hv = hash_u64(tid);
	hash_for_each_key(&j->armed, hv, n) {
		a = hash_entry(n, struct armed, by_tid);
		if (a->tid == tid && a->proc == p)
			return a;
	}
	return NULL;
}

static void armed_free(struct join *j, struct armed *a)
{
	struct armed **at = &a->proc->armed;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	hash_del(&j->armed, &a->by_tid);
	free(a);
}

static struct armed *armed_get(struct join *j, struct proc *p, uint32_t tid)
{
	struct armed *a = armed_find(j, p, tid);

	if (a)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->proc = p;
	a->tid = tid;
	a->next = p->armed;
	p->armed = a;
	hash_add(&j->armed, &a->by_tid, hash_u64(tid));
	return a;
}

void notices_forget(struct join *j, struct proc *p)
{
	while (p->armed)
		armed_free(j, p->armed);
}

void notices_fini(struct join *j)
{
	struct hash_iter it;
	struct hash_node *n;
	struct proc *p;

	for (p = j->procs.first; p; p = p->next)
		notices_forget(j, p);
	hash_for_each(&j->expected, &it, n)
		expected_free(j, hash_entry(n, struct expected, by_dead));
	hash_fini(&j->armed);
	hash_fini(&j->expected);
}

static int emit_set(struct join *j, const struct proc *p, uint32_t tid,
		    const char *comm, uint32_t sig, uint64_t boot_ns,
		    const struct obit_task *parent, const char *parent_comm,
		    bool sampled)
{
	struct obit_task who = { p->start_boottime, p->tgid, tid };
	struct notice n;

	notice_init(j, &n, NOTICE_PDEATH_SET, boot_ns);
	set_task(&n, NB_WHO, &n.who, &who, comm);
	set_task(&n, NB_OTHER, &n.other, parent, parent_comm);
	set_signal(&n, sig);
	n.sampled = sampled;
	n.have |= 1u << NB_SAMPLED;
	return notice_emit(j, &n);
}

static int emit_clear(struct join *j, const struct proc *p, uint32_t tid,
		      const char *comm, uint64_t boot_ns, const char *reason,
		      bool sampled)
{
	struct obit_task who = { p->start_boottime, p->tgid, tid };
	struct notice n;

	notice_init(j, &n, NOTICE_PDEATH_CLEAR, boot_ns);
	set_task(&n, NB_WHO, &n.who, &who, comm);
	n.reason = reason;
	if (reason)
		n.have |= 1u << NB_REASON;
	n.sampled = sampled;
	n.have |= 1u << NB_SAMPLED;
	return notice_emit(j, &n);
}

int notice_pdeath(struct join *j, const struct obit_pdeath *r)
{
	bool sampled = r->kind == OBIT_PDEATH_STATE, is_new;
	struct armed *a;
	struct proc *p;
	int err;

	p = proc_get(&j->procs, r->task.tgid, r->task.start_boottime, &err);
	if (!p || p->state != PROC_ALIVE)
		return err;
	a = armed_find(j, p, r->task.tid);
	is_new = !a || a->signal != r->signal;
	if (r->kind == OBIT_PDEATH_CRED || (sampled && !r->signal)) {
		if (a)
			armed_free(j, a);
		if (sampled && !a)
			return 0;
		return emit_clear(j, p, r->task.tid, r->comm, r->hdr.boot_ns,
				  sampled ? NULL : "cred_change", sampled);
	}
	if (!r->signal) {
		if (a)
			armed_free(j, a);
	} else {
		a = armed_get(j, p, r->task.tid);
		if (!a)
			return -ENOMEM;
		a->signal = r->signal;
		a->scan = r->scan;
		a->updated_ns = r->hdr.boot_ns;
		memcpy(a->comm, r->comm, sizeof(a->comm));
	}
	/* What the first scan finds in processes older than obit is how things
	 * stood: nobody saw it being set. */
	if (sampled && (!is_new || (!p->fork_ns && !j->scanned)))
		return 0;
	return emit_set(j, p, r->task.tid, r->comm, r->signal, r->hdr.boot_ns,
			&r->parent, r->parent_comm, sampled);
}

int notice_pdeath_scanned(struct join *j, const struct obit_scan *r)
{
	bool complete = j->lost_at_scan == j->lost_records;
	struct hash_iter it;
	struct hash_node *n;
	struct armed *a;
	int err = 0, e;

	if (r->what != OBIT_SCAN_PDEATH)
		return 0;
	j->scanned = true;
	j->lost_at_scan = j->lost_records;
	if (!complete)
		return 0;
	hash_for_each(&j->armed, &it, n) {
		a = hash_entry(n, struct armed, by_tid);
		if (a->scan == r->scan ||
		    plus(a->updated_ns, SCAN_NS) > r->hdr.boot_ns) {
			a->missed = false;
			continue;
		}
		/* Where the change itself is hooked its record is on the way:
		 * a scan can fall between the two. */
		if (j->cfg.tier != TIER_TRACEPOINTS && !a->missed) {
			a->missed = true;
			continue;
		}
		/* Another thread than the leader may just have exited. */
		e = a->tid != a->proc->tgid ?
			    0 :
			    emit_clear(j, a->proc, a->tid, a->comm,
				       r->hdr.boot_ns, NULL, true);
		err = err ? err : e;
		armed_free(j, a);
	}
	return err;
}

/* The thread that calls execve takes the leader's place; the others are gone. */
int notice_pdeath_exec(struct join *j, struct proc *p,
		       const struct obit_exec *r)
{
	struct armed *a = armed_find(j, p, r->old_tid ? r->old_tid : p->tgid);
	uint32_t was = a ? a->signal : 0;
	struct proc *parent;

	notices_forget(j, p);
	if (!r->pdeath_signal) {
		if (!was)
			return 0;
		return emit_clear(j, p, p->tgid, r->comm, r->hdr.boot_ns,
				  r->flags & OBIT_EXEC_SECURE ? "setuid_exec" :
								NULL,
				  j->cfg.tier == TIER_TRACEPOINTS);
	}
	a = armed_get(j, p, p->tgid);
	if (!a)
		return -ENOMEM;
	a->signal = r->pdeath_signal;
	a->updated_ns = r->hdr.boot_ns;
	memcpy(a->comm, r->comm, sizeof(a->comm));
	if (was == r->pdeath_signal)
		return 0;
	parent = proc_find(&j->procs, p->parent.tgid, p->parent.start_boottime);
	return emit_set(j, p, p->tgid, r->comm, r->pdeath_signal,
			r->hdr.boot_ns, &p->parent,
			parent ? parent->comm :
				 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			true);
}

int notice_pdeath_exit(struct join *j, struct proc *p,
		       const struct obit_exit *r)
{
	struct armed *a = armed_find(j, p, r->pdeath_tid);
	bool is_new = r->pdeath_signal && (!a || a->signal != r->pdeath_signal);

	notices_forget(j, p);
	if (!is_new)
		return 0;
	return emit_set(j, p, r->pdeath_tid, r->comm, r->pdeath_signal,
			r->hdr.boot_ns, &r->parent, r->parent_comm, true);
}

/* --- zombies, losses ---------------------------------------------------------- */

int notice_zombie(struct join *j, struct proc *p, uint64_t boot_ns)
{
	const struct death *d = p->death;
	struct obit_task who = { p->start_boottime, p->tgid, 0 };
	struct notice n;
	bool exact;

	notice_init(j, &n, NOTICE_ZOMBIE, boot_ns);
	set_task(&n, NB_WHO, &n.who, &who, d->exit.comm);
	if (d->parent.who.tgid)
		set_person(&n, NB_OTHER, &n.other, &d->parent.who);
	else
		set_task(&n, NB_OTHER, &n.other, &d->exit.parent,
			 d->exit.parent_comm);
	n.exit_code = d->exit.exit_code;
	n.zombie_ns = minus(boot_ns, zombie_since(d, &exact));
	n.have |= 1u << NB_EXIT_CODE | 1u << NB_ZOMBIE_NS;
	return notice_emit(j, &n);
}

/* A zombie older than obit: nobody saw how its parent takes SIGCHLD, but that
 * it was one says enough, if the parent is still the same. */
static void unseen_fate(struct join *j, const struct proc *p,
			const struct obit_release *r, struct fate *f)
{
	memset(f, 0, sizeof(*f));
	if (r->flags & OBIT_RELEASE_EXACT) {
		if (!(r->flags & (OBIT_RELEASE_SELF | OBIT_RELEASE_BY_EXITING)))
			person_set(&f->reaped_by, &r->by, r->by_comm);
	} else if (r->parent.tgid && r->parent.tgid == p->parent.tgid &&
		   proc_parent_is_real(&j->procs, r)) {
		person_set(&f->reaped_by, &r->parent, r->parent_comm);
	}
}

int notice_reaped(struct join *j, struct proc *p, const struct obit_release *r)
{
	struct obit_task who = { p->start_boottime, p->tgid, 0 };
	struct notice n;
	struct fate f;

	if (p->state == PROC_TOLD)
		fate_of(p->death, r, proc_parent_is_real(&j->procs, r), &f);
	else
		unseen_fate(j, p, r, &f);
	notice_init(j, &n, NOTICE_REAPED, r->hdr.boot_ns);
	set_task(&n, NB_WHO, &n.who, &who,
		 p->state == PROC_TOLD ? p->death->exit.comm : r->comm);
	set_person(&n, NB_OTHER, &n.other, &f.reaped_by);
	n.exit_code = r->exit_code;
	n.have |= 1u << NB_EXIT_CODE;
	if (f.have_zombie) {
		n.zombie_ns = f.zombie_ns;
		n.zombie_err_ns = f.zombie_err_ns;
		n.have |= 1u << NB_ZOMBIE_NS;
	}
	return notice_emit(j, &n);
}

int notice_loss(struct join *j, const struct obit_loss *r)
{
	static const char *const kinds[OBIT_LOST_KIND_NR] = {
		[OBIT_LOST_OBITUARY] = "obituary",
		[OBIT_LOST_CONTEXT] = "context",
		[OBIT_LOST_SIGNAL] = "signal",
	};
	static const char *const reasons[OBIT_LOST_REASON_NR] = {
		[OBIT_LOST_RING_FULL] = "ring_full",
		[OBIT_LOST_MAP_FULL] = "map_full",
		[OBIT_LOST_MISSED] = "missed",
		[OBIT_LOST_OVERSIZE] = "oversize",
	};
	struct notice n;

	notice_init(j, &n, NOTICE_LOST, r->hdr.boot_ns);
	n.kind = kinds[r->kind];
	n.reason = reasons[r->reason];
	n.count = r->count;
	n.source = j->cfg.source;
	n.have |= 1u << NB_KIND | 1u << NB_REASON | 1u << NB_COUNT;
	return notice_emit(j, &n);
}
