// SPDX-License-Identifier: GPL-2.0
/*
 * ending: the steps of an end, kept until the thread is switched from for good,
 * and then written. Owns TEARDOWN and FREED. Never adds up: user space does.
 *
 * Which thread of a process was the last is known at taskstats_exit(): what is
 * kept of the others goes there. Steps are kept as they come: their order differs
 * by kernel.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "ending.h"
#include "record.h"
#include "ring.h"
#include "stories.h"

#define SLOT_BITS	12
#define PROBES		16
#define GROUP_BITS	10
#define LEFT_MAX	16
/* In front of a thread's own steps: what others of its process did before. */
#define HEAD		3

/*
 * @t:     whose end this is; NULL: nobody's. Set by itself, taken back by
 *         itself or, preemption and interrupts off, by the switch from it
 * @mm:    its memory, compared only
 * @head:  of the first HEAD steps so many are there, the last ones
 * @waits: it counts in endings.waiting
 */
struct ending {
	struct task_struct *t;
	u64 start;
	struct obit_task task;
	const void *mm;
	u64 out_ns;
	u32 nr, head, flags;
	bool waits;
	struct obit_step steps[OBIT_STEPS_MAX];
};

/* What the threads of a process did, for the last of them to tell. Where two
 * processes fall together the later one has the place. */
struct group_end {
	const void *sig;
	u64 start;
	u64 begin_ns, dump_ns, dumped_ns, dump_off_ns;
	pid_t dumper;
};

/* Memory that others held when its process was through with it. */
struct leftover {
	const void *mm;
	struct obit_task task;
};

/*
 * @open: a reader has asked for them. Until then @slots, which stay, may hold
 *        what the last reader's hooks left there, and be cleared
 * @lock: of what is below
 */
static struct {
	struct ending *slots;
	bool open;
	raw_spinlock_t lock;
	struct group_end groups[1 << GROUP_BITS];
	struct leftover left[LEFT_MAX];
	unsigned int nr_left, next_left;
	atomic_t waiting;		/* kept, and perhaps no PF_EXITING yet */
} endings = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(endings.lock),
};

/* --- who ends --------------------------------------------------------------------- */

static struct ending *ending_of(const struct task_struct *t)
{
	unsigned int at = hash_ptr(t, SLOT_BITS), i;
	struct ending *e;

	/* pairs with the release of who has cleared them */
	if (!smp_load_acquire(&endings.open))
		return NULL;
	for (i = 0; i < PROBES; i++) {
		e = &endings.slots[(at + i) & ((1 << SLOT_BITS) - 1)];
		if (READ_ONCE(e->t) == t)
			return e->start == t->start_boottime ? e : NULL;
	}
	return NULL;
}

static void waits_no_more(struct ending *e)
{
	if (e->waits)
		atomic_dec(&endings.waiting);
	e->waits = false;
}

static void ending_drop(struct ending *e)
{
	waits_no_more(e);
	smp_store_release(&e->t, NULL);
}

/* A place of its own, or one that was left behind: whoever had it has gone. */
static struct ending *slot_for(struct task_struct *t)
{
	unsigned int at = hash_ptr(t, SLOT_BITS), i;
	struct ending *e;

	for (i = 0; i < PROBES; i++) {
		e = &endings.slots[(at + i) & ((1 << SLOT_BITS) - 1)];
		if (READ_ONCE(e->t) == t)
			return e;
	}
	for (i = 0; i < PROBES; i++) {
		e = &endings.slots[(at + i) & ((1 << SLOT_BITS) - 1)];
		if (!READ_ONCE(e->t) && !cmpxchg(&e->t, NULL, t))
			return e;
	}
	return NULL;
}

/* The current thread begins to end, if it has not yet. */
static struct ending *ending_begin(enum obit_phase phase, u64 now)
{
	struct ending *e = ending_of(current);

	if (e || !smp_load_acquire(&endings.open) ||
	    current->flags & PF_KTHREAD)
		return e;
	e = slot_for(current);
	if (!e) {
		ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL);
		return NULL;
	}
	e->start = current->start_boottime;
	e->mm = current->mm;
	fill_task(&e->task, current, current->pid);
	e->out_ns = 0;
	e->head = 0;
	e->flags = OBIT_TEARDOWN_SWITCHES;
	memset(e->steps, 0, sizeof(e->steps));
	e->steps[HEAD].boot_ns = now;
	e->steps[HEAD].phase = phase;
	e->nr = HEAD + 1;
	e->waits = !(current->flags & PF_EXITING);
	if (e->waits)
		atomic_inc(&endings.waiting);
	return e;
}

static void add_step(struct ending *e, enum obit_phase phase, u64 now)
{
	if (e->steps[e->nr - 1].phase == phase)
		return;
	if (e->nr == OBIT_STEPS_MAX) {
		e->flags |= OBIT_TEARDOWN_CUT;
		return;
	}
	e->steps[e->nr].boot_ns = now;
	e->steps[e->nr++].phase = phase;
}

/* --- other threads of the process ------------------------------------------------------ */

/* endings.lock held. NULL: there is none, or none any more. */
static struct group_end *group_of(const struct ending *e, bool make)
{
	const void *sig = current->signal;
	struct group_end *g = &endings.groups[hash_ptr(sig, GROUP_BITS)];

	if (g->sig == sig && g->start == e->task.start_boottime)
		return g;
	if (!make)
		return NULL;
	memset(g, 0, sizeof(*g));
	g->sig = sig;
	g->start = e->task.start_boottime;
	return g;
}

static void group_begins(const struct ending *e, u64 now, bool dumps)
{
	struct group_end *g;
	unsigned long flags;

	if (READ_ONCE(current->signal->nr_threads) <= 1)
		return;
	raw_spin_lock_irqsave(&endings.lock, flags);
	g = group_of(e, true);
	if (!g->begin_ns)
		g->begin_ns = now;
	if (dumps) {
		g->dump_ns = now;
		g->dumper = current->pid;
	}
	raw_spin_unlock_irqrestore(&endings.lock, flags);
}

static void put_step(struct ending *e, unsigned int at, enum obit_phase phase,
		     u64 boot_ns, u64 off_ns)
{
	e->steps[at].phase = phase;
	e->steps[at].boot_ns = boot_ns;
	e->steps[at].off_ns = off_ns;
	e->head = HEAD - at;
}

static void put_others(struct ending *e)
{
	u64 own = e->steps[HEAD].boot_ns;
	struct group_end *g;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&endings.lock, flags);
	g = group_of(e, false);
	if (g && g->dumped_ns && g->dumper != current->pid) {
		/* it has waited for the core, in its do_exit() */
		for (i = HEAD; i < e->nr; i++)
			e->steps[i].boot_ns =
				max(e->steps[i].boot_ns, g->dumped_ns);
		put_step(e, 2, OBIT_PHASE_COREDUMP, g->dump_ns, g->dump_off_ns);
		if (g->begin_ns < g->dump_ns)
			put_step(e, 1, OBIT_PHASE_THREADS, g->begin_ns, 0);
	} else if (g && g->begin_ns < own) {
		put_step(e, 2, OBIT_PHASE_THREADS, g->begin_ns, 0);
	}
	if (g)
		g->sig = NULL;
	raw_spin_unlock_irqrestore(&endings.lock, flags);
}

/* --- memory that is left to others ----------------------------------------------------- */

/* A child of vfork(2) has none of its own. */
static void may_leave(struct ending *e, struct mm_struct *mm)
{
	unsigned long flags;
	struct leftover *l;

	if (!mm || atomic_read(&mm->mm_users) <= 1 || current->vfork_done)
		return;
	raw_spin_lock_irqsave(&endings.lock, flags);
	l = &endings.left[endings.next_left++ % LEFT_MAX];
	if (!l->mm)
		WRITE_ONCE(endings.nr_left, endings.nr_left + 1);
	l->mm = mm;
	l->task = e->task;
	l->task.tid = 0;
	raw_spin_unlock_irqrestore(&endings.lock, flags);
	e->flags |= OBIT_TEARDOWN_MM_LEFT;
}

/* Takes it off the list; false: it was not there. */
static bool take_leftover(const void *mm, struct obit_task *whose)
{
	unsigned long flags;
	bool found = false;
	unsigned int i;

	if (!READ_ONCE(endings.nr_left))
		return false;
	raw_spin_lock_irqsave(&endings.lock, flags);
	for (i = 0; i < LEFT_MAX && !found; i++) {
		if (endings.left[i].mm != mm)
			continue;
		found = true;
		*whose = endings.left[i].task;
		endings.left[i].mm = NULL;
		endings.nr_left--;
	}
	raw_spin_unlock_irqrestore(&endings.lock, flags);
	return found;
}

bool obit_mm_goes(struct mm_struct *mm, struct obit_task *whose)
{
	struct ending *e = ending_of(current);

	if (!take_leftover(mm, whose))
		return false;
	if (!e || e->mm != mm)
		return true;
	e->flags &= ~OBIT_TEARDOWN_MM_LEFT;
	return false;
}

bool obit_mm_taken(struct mm_struct *mm, struct obit_task *whose)
{
	const struct task_struct *owner;
	bool known;

	rcu_read_lock();
	owner = obit_mm_owner(mm);
	known = owner;
	/* exit_mmap() does it itself for an OOM victim, up to 5.17 */
	if (known && owner->tgid == current->tgid)
		known = false;
	if (known)
		fill_task(whose, owner, 0);
	rcu_read_unlock();
	return known;
}

void obit_mm_gone(const struct obit_task *whose, u64 begin_ns)
{
	struct obit_freed *r;

	if (!READ_ONCE(ring_recording))
		return;
	r = ring_reserve(OBIT_EV_FREED, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->task = *whose;
	rcu_read_lock();
	fill_who(&r->by, current);
	rcu_read_unlock();
	r->begin_ns = begin_ns;
	r->phase = OBIT_PHASE_MM_UNMAP;
	r->pad = 0;
	ring_commit(r);
}

/* --- steps --------------------------------------------------------------------------- */

void obit_end_begins(void)
{
	enum obit_phase phase = atomic_read(&current->signal->live) > 1 ?
					OBIT_PHASE_THREADS :
					OBIT_PHASE_OTHER;
	u64 now = ktime_get_boot_fast_ns();
	struct ending *e = ending_begin(phase, now);
	struct group_end *g;
	unsigned long flags;

	if (!e)
		return;
	/* a dump is over when its thread goes on */
	if (e->steps[e->nr - 1].phase == OBIT_PHASE_COREDUMP) {
		raw_spin_lock_irqsave(&endings.lock, flags);
		g = group_of(e, false);
		if (g) {
			g->dumped_ns = now;
			g->dump_off_ns = e->steps[e->nr - 1].off_ns;
		}
		raw_spin_unlock_irqrestore(&endings.lock, flags);
	}
	add_step(e, phase, now);
	if (READ_ONCE(current->signal->flags) & SIGNAL_GROUP_EXIT)
		group_begins(e, now, false);
}

void obit_dump_begins(void)
{
	u64 now = ktime_get_boot_fast_ns();
	struct ending *e = ending_begin(OBIT_PHASE_COREDUMP, now);

	if (e)
		group_begins(e, now, true);
}

void obit_exit_stop(void)
{
	struct ending *e = ending_of(current);

	if (e)
		add_step(e, OBIT_PHASE_PTRACE_STOP, ktime_get_boot_fast_ns());
}

void obit_end_step(enum obit_phase phase, const void *arg)
{
	struct ending *e = ending_of(current);

	if (!e || (phase == OBIT_PHASE_MM_UNMAP && e->mm != arg))
		return;
	add_step(e, phase, ktime_get_boot_fast_ns());
	if (phase == OBIT_PHASE_MM)
		may_leave(e, current->mm);
}

void obit_end_verdict(int group_dead)
{
	struct ending *e = ending_of(current);

	if (!e)
		return;
	if (!group_dead) {
		ending_drop(e);
		return;
	}
	waits_no_more(e);
	add_step(e, OBIT_PHASE_ACCOUNTING, ktime_get_boot_fast_ns());
	e->flags |= OBIT_TEARDOWN_LAST;
	put_others(e);
}

/* --- the record -------------------------------------------------------------------------- */

static void record_ending(const struct ending *e, u64 now)
{
	u32 first = HEAD - e->head, nr = e->nr - first;
	struct obit_teardown *r;

	if (!(e->flags & OBIT_TEARDOWN_LAST) || !READ_ONCE(ring_recording))
		return;
	r = ring_reserve(OBIT_EV_TEARDOWN, struct_size(r, steps, nr),
			 OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->hdr.boot_ns = now;
	r->task = e->task;
	r->flags = e->flags;
	r->nr = nr;
	memcpy(r->steps, e->steps + first, nr * sizeof(r->steps[0]));
	ring_commit(r);
}

/* Under the lock of the run queue. Every switch of every task comes here: for
 * nearly all of them two flags are looked at. */
void obit_switched(struct task_struct *prev, struct task_struct *next)
{
	bool waiting = atomic_read(&endings.waiting);
	struct ending *e;
	u64 now;

	if (likely(!((prev->flags | next->flags) & PF_EXITING) && !waiting))
		return;
	now = ktime_get_boot_fast_ns();
	e = prev->flags & PF_EXITING || waiting ? ending_of(prev) : NULL;
	if (e && obit_task_is_dead(prev)) {
		record_ending(e, now);
		ending_drop(e);
	} else if (e) {
		e->out_ns = now;
	}
	e = next->flags & PF_EXITING || waiting ? ending_of(next) : NULL;
	if (e && e->out_ns) {
		e->steps[e->nr - 1].off_ns += now - e->out_ns;
		e->out_ns = 0;
	}
}

/* --- beginning and end ------------------------------------------------------------------ */

int endings_open(void)
{
	size_t size = sizeof(struct ending) << SLOT_BITS;

	if (!endings.slots)
		endings.slots = vzalloc(size);
	if (!endings.slots)
		return -ENOMEM;
	/* of the last time: who was there then has gone, unseen */
	memset(endings.slots, 0, size);
	memset(endings.groups, 0, sizeof(endings.groups));
	memset(endings.left, 0, sizeof(endings.left));
	endings.nr_left = 0;
	atomic_set(&endings.waiting, 0);
	smp_store_release(&endings.open, true);
	return 0;
}

void endings_close(void)
{
	WRITE_ONCE(endings.open, false);
}

void endings_free(void)
{
	vfree(endings.slots);
	endings.slots = NULL;
}
