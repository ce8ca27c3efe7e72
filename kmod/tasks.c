// SPDX-License-Identifier: GPL-2.0
/*
 * tasks: what is there already when a reader starts: processes, zombies among
 * them, and armed parent-death signals. Owns TASK, the PDEATH records of a scan,
 * SCAN, and what the scheduler left in a dead task from which the instant of its
 * death can be told. Never a change: those are events.
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "pdeath.h"
#include "record.h"
#include "ring.h"
#include "tasks.h"

#define BATCH		512	/* tasks looked at before others may run */
#define RESTARTS	3

/* What it ran since it was last picked. Only the fair class keeps that. */
static u64 ran(const struct task_struct *t)
{
	u64 sum = t->se.sum_exec_runtime, before = t->se.prev_sum_exec_runtime;

	if (t->policy != SCHED_NORMAL && t->policy != SCHED_BATCH &&
	    t->policy != SCHED_IDLE)
		return 0;
	return sum > before ? sum - before : 0;
}

/* t: a leader that has exited. Nothing of it changes any more, but that other
 * threads may end, and with them the status. */
static void fill_dead(struct obit_task_seen *r, const struct task_struct *t)
{
	r->flags |= OBIT_TASK_DEAD;
	if (t->flags & PF_SIGNALED)
		r->flags |= OBIT_TASK_SIGNALED;
	if (t->signal->sum_sched_runtime)
		r->flags |= OBIT_TASK_HAD_THREADS;
	r->exit_code = wait_status_of(t);
	r->cpu = task_cpu(t);
	r->arrived = obit_arrived(t);
	r->ran = ran(t);
	r->exec_start = t->se.exec_start;
}

static void fill_seen(struct obit_task_seen *r, const struct task_struct *t,
		      u32 scan)
{
	const struct task_struct *real = rcu_dereference(t->real_parent);
	const struct task_struct *parent = rcu_dereference(t->parent);

	memset((char *)r + sizeof(r->hdr), 0, sizeof(*r) - sizeof(r->hdr));
	fill_task(&r->task, t, t->pid);
	fill_task(&r->parent, real, real->pid);
	fill_comm(r->comm, t);
	r->exit_state = READ_ONCE(t->exit_state);
	r->threads = READ_ONCE(t->signal->nr_threads);
	r->live = atomic_read(&t->signal->live);
	r->scan = scan;
	if (parent != real)
		fill_task(&r->tracer, parent, parent->pid);
	r->exit_signal = t->exit_signal;
	r->uid = __kuid_val(rcu_dereference(t->real_cred)->uid);
	if (r->exit_state)
		fill_dead(r, t);
}

/* The place in the ring first, then the look: whatever of t's end is in the
 * ring before this is seen here, and what is not comes behind. */
static void record_task(struct task_struct *leader, u32 scan)
{
	struct obit_task_seen *r;

	if (!pid_alive(leader))
		return;		/* released while on its way out of the list */
	preempt_disable();
	r = ring_reserve(OBIT_EV_TASK, sizeof(*r), OBIT_LOST_CONTEXT);
	if (r) {
		fill_seen(r, leader, scan);
		ring_commit(r);
	}
	preempt_enable();
}

static void record_armed(struct task_struct *t, u32 scan)
{
	u32 signal = READ_ONCE(t->pdeath_signal);
	struct obit_pdeath *r;

	if (!signal || t->exit_state || t->flags & PF_EXITING)
		return;
	preempt_disable();
	r = ring_reserve(OBIT_EV_PDEATH, sizeof(*r), OBIT_LOST_SIGNAL);
	if (r) {
		fill_pdeath(r, t);
		r->signal = signal;
		r->kind = OBIT_PDEATH_STATE;
		r->scan = scan;
		ring_commit(r);
	}
	preempt_enable();
}

/* How many tasks that were. */
static unsigned int record_process(struct task_struct *leader, u32 what,
				   u32 scan)
{
	struct task_struct *t;
	unsigned int n = 0;

	if (leader->flags & PF_KTHREAD)
		return 1;
	if (what == OBIT_SCAN_TASKS) {
		record_task(leader, scan);
		return 1;
	}
	for_each_thread(leader, t) {
		record_armed(t, scan);
		n++;
	}
	return n;
}

/*
 * Lets others run, and RCU end, in the middle of the list. False: the place in
 * it is lost, for that process has been released meanwhile.
 */
static bool pause_at(struct task_struct *leader)
{
	bool alive;

	get_task_struct(leader);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	/* whose place another thread has taken by exec is in no list any more,
	 * some time before it is released */
	alive = pid_alive(leader) && READ_ONCE(leader->group_leader) == leader;
	put_task_struct(leader);
	return alive;
}

/*
 * Goes through all processes. Where the place in the list is lost it begins
 * again: a process told twice is the same process. After RESTARTS times it goes
 * through in one: then RCU waits, for some 100 ns a task.
 */
static void record_all(u32 what, u32 scan)
{
	struct task_struct *leader;
	unsigned int n, restarts = 0;

	rcu_read_lock();
again:
	n = 0;
	for_each_process(leader) {
		n += record_process(leader, what, scan);
		if (n < BATCH || restarts == RESTARTS)
			continue;
		n = 0;
		if (!pause_at(leader)) {
			restarts++;
			goto again;
		}
	}
	rcu_read_unlock();
}

int tasks_scan(u32 what, u32 *scan)
{
	static atomic_t scans = ATOMIC_INIT(0);
	struct obit_scan *r;

	if (what != OBIT_SCAN_TASKS && what != OBIT_SCAN_PDEATH)
		return -EINVAL;
	*scan = atomic_inc_return(&scans);
	record_all(what, *scan);
	preempt_disable();
	r = ring_reserve(OBIT_EV_SCAN, sizeof(*r), OBIT_LOST_CONTEXT);
	if (r) {
		r->scan = *scan;
		r->what = what;
		ring_commit(r);
	}
	preempt_enable();
	return r ? 0 : -ENOSPC;
}
