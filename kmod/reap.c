// SPDX-License-Identifier: GPL-2.0
/*
 * reap: what becomes of a dead process: somebody is told that it can be waited
 * for (REAPABLE), and it is released (RELEASE). Owns both records and their
 * tracepoints. Never the death itself: that is exit.c.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "procs.h"
#include "record.h"
#include "ring.h"
#include "stories.h"
#include "trace.h"

/* --- it can be waited for ---------------------------------------------------- */

static u32 reapable_flags(const struct task_struct *p,
			  const struct task_struct *told, bool autoreap)
{
	u32 flags = OBIT_REAPABLE_EXACT;

	if (autoreap)
		flags |= OBIT_REAPABLE_AUTOREAP;
	/* by its dying parent, which hands it on, or by a tracer that has
	 * waited for it and gives it back */
	if (current->tgid != p->tgid)
		flags |= OBIT_REAPABLE_AGAIN;
	if (p->ptrace && told->tgid != rcu_dereference(p->real_parent)->tgid)
		flags |= OBIT_REAPABLE_TRACER;
	return flags;
}

static void record_reapable(struct task_struct *p, struct task_struct *told,
			    int sig, bool autoreap)
{
	struct obit_reapable *r;

	r = ring_reserve(OBIT_EV_REAPABLE, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_task(&r->task, p, p->pid);
	fill_task(&r->told, told, told->pid);
	fill_comm(r->told_comm, told);
	r->flags = reapable_flags(p, told, autoreap);
	r->signal = sig;
	r->ns_tgid = 0;
	r->sigchld = obit_signal_autoreap(p->signal) ?
			     OBIT_SIGCHLD_AUTOREAP :
			     sigchld_of(told, p->exit_signal);
	memset(r->pad, 0, sizeof(r->pad));
	ring_commit(r);
}

/*
 * do_notify_parent() is called for traced threads as well, and tells the tracer
 * of a leader while other threads of it live. Neither can be waited for as a
 * process; the latter comes again when they are gone. A kernel thread ends like
 * a process, but is none: nothing else tells of it.
 */
void obit_notified(struct task_struct *p, int sig, bool autoreap)
{
	struct task_struct *told;

	if (p->group_leader != p || get_nr_threads(p) != 1 ||
	    p->flags & PF_KTHREAD)
		return;
	rcu_read_lock();
	told = rcu_dereference(p->parent);
	trace_obit_reapable(p, told, sig, autoreap);
	if (READ_ONCE(ring_recording))
		record_reapable(p, told, sig, autoreap);
	rcu_read_unlock();
}

/* --- it is gone -------------------------------------------------------------- */

static u32 how_released(const struct task_struct *p,
			const struct task_struct *parent)
{
	if (current->tgid == p->tgid)
		return OBIT_HOW_SELF;
	if (current->flags & PF_EXITING)
		return OBIT_HOW_EXITING;
	return current->tgid == parent->tgid ? OBIT_HOW_WAITED :
					       OBIT_HOW_TRACER;
}

static u32 release_flags(const struct task_struct *p)
{
	u32 flags = OBIT_RELEASE_EXACT;

	if (current->tgid == p->tgid)
		flags |= OBIT_RELEASE_SELF;
	if (current->flags & PF_EXITING)
		flags |= OBIT_RELEASE_BY_EXITING;
	if (!(p->flags & PF_FORKNOEXEC))
		flags |= OBIT_RELEASE_EXECED;
	if (p->flags & PF_SIGNALED)
		flags |= OBIT_RELEASE_SIGNALED;
	return flags;
}

/* If its EXIT is out, the obituary can still be written by other means. */
static void release_lost(struct task_struct *p)
{
	struct proc_facts *f = procs_lock(p, false);
	u32 kind = OBIT_LOST_CONTEXT;

	if (f) {
		if (f->flags & PROC_EXIT_LOST)
			kind = OBIT_LOST_OBITUARY;
		procs_unlock(f);
	}
	ring_lost(kind, OBIT_LOST_RING_FULL);
}

static void record_release(struct task_struct *p, struct task_struct *parent)
{
	struct obit_release *r;

	r = ring_reserve(OBIT_EV_RELEASE, sizeof(*r), RING_UNCOUNTED);
	if (!r) {
		release_lost(p);
		return;
	}
	fill_task(&r->task, p, p->pid);
	fill_comm(r->comm, p);
	fill_task(&r->by, current, current->pid);
	fill_comm(r->by_comm, current);
	fill_task(&r->parent, parent, parent->pid);
	fill_comm(r->parent_comm, parent);
	r->exit_code = wait_status_of(p);
	r->flags = release_flags(p);
	r->uid = __kuid_val(task_cred_xxx(p, uid));
	r->gid = __kgid_val(task_cred_xxx(p, gid));
	r->cgroup_id = cgroup_id(task_dfl_cgroup(p));
	/* its own counters join those of its threads only after this hook */
	fill_signal_usage(&r->usage, p->signal);
	add_usage(&r->usage, p);
	ring_commit(r);
}

/*
 * release_task() calls this for each task it takes down, the zombie leader
 * included that the release of the last thread finishes off in the same call.
 * A thread, and the leader whose place another thread has taken by exec, has
 * another group_leader: no process ends with it.
 */
void obit_released(struct task_struct *p)
{
	struct task_struct *parent;

	if (p->group_leader != p || p->flags & PF_KTHREAD)
		return;
	rcu_read_lock();
	parent = rcu_dereference(p->real_parent);
	trace_obit_released(p, current, wait_status_of(p),
			    how_released(p, parent));
	if (READ_ONCE(ring_recording))
		record_release(p, parent);
	rcu_read_unlock();
	procs_drop(p);
}
