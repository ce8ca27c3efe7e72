// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * reap: what becomes of the status: the process can be waited for (REAPABLE),
 * somebody did (WAITED), it is gone (RELEASE). Each by the exact function where
 * that can be hooked, else by the nearest stable tracepoint. Never the death
 * itself: that is exit.bpf.c.
 */
#include "obit.bpf.h"
#include "pdeath.bpf.h"

/*
 * do_notify_parent(tsk, sig), under write tasklist_lock with interrupts off,
 * on its return. A traced leader is announced to its tracer while threads of it
 * still live: that is not reapable yet, and comes again.
 */
SEC("fexit/do_notify_parent")
int BPF_PROG(fexit__do_notify_parent, struct task_struct *tsk, int sig,
	     bool autoreap)
{
	struct task_struct *told;
	struct obit_reapable *r;
	u32 flags = OBIT_REAPABLE_EXACT;

	if (tsk->group_leader != tsk || tsk->signal->nr_threads != 1)
		return 0;
	told = tsk->parent;
	if (tsk->ptrace && told->tgid != tsk->real_parent->tgid)
		flags |= OBIT_REAPABLE_TRACER;
	if (autoreap)
		flags |= OBIT_REAPABLE_AUTOREAP;
	if (bpf_get_current_pid_tgid() >> 32 != (u32)tsk->tgid)
		flags |= OBIT_REAPABLE_AGAIN;
	r = record_begin(OBIT_EV_REAPABLE, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return 0;
	fill_leader(&r->task, tsk);
	fill_named(&r->told, r->told_comm, told);
	r->flags = flags;
	r->signal = sig;
	r->ns_tgid = 0;
	r->sigchld = signal_autoreap(tsk->signal) ?
			     OBIT_SIGCHLD_AUTOREAP :
			     sigchld_of(told, tsk->exit_signal);
	__builtin_memset(r->pad, 0, sizeof(r->pad));
	record_end_of_death(r);
	return 0;
}

/* Late, its memory may be anything: it is read with checks, and believed by
 * halves. */
static __always_inline void
release_parent(struct obit_release *r, struct task_struct *parent, bool exact)
{
	if (exact) {
		fill_named(&r->parent, r->parent_comm, parent);
		return;
	}
	read_task(&r->parent, parent, BPF_CORE_READ(parent, pid));
	read_comm(r->parent_comm, BPF_CORE_READ(parent, group_leader));
	/* freed meanwhile, and a fork is just filling it: not itself yet */
	if (r->parent.tid == r->parent.tgid &&
	    BPF_CORE_READ(parent, group_leader) != parent)
		__builtin_memset(&r->parent, 0, sizeof(r->parent));
}

static __always_inline void release_record(struct task_struct *p, u32 flags)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *parent = p->real_parent;
	const struct cred *cred;
	u64 key = (u64)sig;
	struct obit_release *r;
	u32 exit_code, of_p;
	bool none;
	u64 *lost;

	exit_code = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code :
						     p->exit_code;
	if (filtered(p)) {
		/* here, where each process comes by once */
		__sync_fetch_and_add(&counters.filtered, 1);
		goto forget;
	}
	/* only where something has been lost at all */
	lost = counters.lost_total ? bpf_map_lookup_elem(&untold, &key) : NULL;
	none = lost && *lost == p->start_boottime;
	if (lost)
		bpf_map_delete_elem(&untold, &key);
	r = record_begin(OBIT_EV_RELEASE, sizeof(*r), COUNTED_BY_CALLER);
	if (!r) {
		/* an EXIT that is out gets its obituary by other means */
		count_lost(none ? OBIT_LOST_OBITUARY : OBIT_LOST_CONTEXT,
			   OBIT_LOST_RING_FULL);
		goto forget;
	}
	of_p = p->flags;
	if (!(of_p & PF_FORKNOEXEC))
		flags |= OBIT_RELEASE_EXECED;
	if (of_p & PF_SIGNALED)
		flags |= OBIT_RELEASE_SIGNALED;
	fill_leader(&r->task, p);
	copy_comm(r->comm, p);
	release_parent(r, parent, flags & OBIT_RELEASE_EXACT);
	r->exit_code = exit_code;
	cred = p->real_cred;
	r->uid = cred->uid.val;
	r->gid = cred->gid.val;
	r->cgroup_id = p->cgroups->dfl_cgrp->kn->id;
	fill_signal_usage(&r->usage, sig);
	if (flags & OBIT_RELEASE_EXACT) {
		struct task_struct *cur = current_task();

		/* its own counters join signal->* only after this hook */
		add_usage(&r->usage, p);
		if (CUR_READ(cur, flags) & PF_EXITING)
			flags |= OBIT_RELEASE_BY_EXITING;
		if (cur == parent) {	/* as usual */
			r->by = r->parent;
			__builtin_memcpy(r->by_comm, r->parent_comm,
					 sizeof(r->by_comm));
		} else {
			fill_current(&r->by, r->by_comm);
		}
		if (r->by.tgid == r->task.tgid)
			flags |= OBIT_RELEASE_SELF;
	} else {
		__builtin_memset(&r->by, 0, sizeof(r->by));
		__builtin_memset(r->by_comm, 0, sizeof(r->by_comm));
	}
	r->flags = flags;
	record_end_of_death(r);
forget:
	proc_forget(key, p->start_boottime);
}

/*
 * delayed_put_task_struct(), an RCU callback: 10 to 50 ms after release_task(),
 * in no relation to what runs. task->signal, exit_code, comm, cred and cgroups
 * are still there. A thread, and the leader that a thread's exec replaced, has
 * another group_leader.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(tp__sched_process_free, struct task_struct *p)
{
	if (p->group_leader != p || p->flags & PF_KTHREAD)
		return 0;
	release_record(p, 0);
	return 0;
}

static __always_inline int release_seen(struct task_struct *p)
{
	if (p->group_leader == p && !(p->flags & PF_KTHREAD) &&
	    !is_done(DONE_RELEASE, p->start_boottime))
		release_record(p, OBIT_RELEASE_EXACT);
	return 0;
}

/*
 * release_task() calls this for each task it takes down, also for the zombie
 * leader that the last thread's release finishes off in the same call, which a
 * hook on release_task() itself would miss. No locks are held.
 */
SEC("fentry/cgroup_release")
int BPF_PROG(fentry__cgroup_release, struct task_struct *p)
{
	return release_seen(p);
}

/* Its name from 6.19 on. */
SEC("fentry/cgroup_task_release")
int BPF_PROG(fentry__cgroup_task_release, struct task_struct *p)
{
	return release_seen(p);
}

SEC("fentry/cgroup_task_release")
int BPF_PROG(twin__cgroup_task_release, struct task_struct *p)
{
	return release_seen(p);
}

SEC("fentry/cgroup_task_release")
int BPF_PROG(third__cgroup_task_release, struct task_struct *p)
{
	return release_seen(p);
}

/*
 * --precise: the return of a wait that reaped. wait4() returns the pid;
 * waitid() returns 0 and the pid is in the caller's siginfo, at 12 bytes for
 * i386 and 16 for 64-bit callers (only those are looked at).
 */
static __always_inline void waited_record(u32 pid)
{
	struct task_struct *cur = current_task();
	struct obit_waited *r;
	struct pid *tp;
	u32 level;
	struct upid upid = {};

	r = record_begin(OBIT_EV_WAITED, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_current(&r->task, r->comm);
	r->pid = pid;
	tp = BPF_CORE_READ(cur, thread_pid);
	level = BPF_CORE_READ(tp, level);
	bpf_probe_read_kernel(&upid, sizeof(upid),
			      (char *)tp +
				      bpf_core_field_offset(struct pid,
							    numbers) +
				      level * sizeof(upid));
	r->pid_ns = BPF_CORE_READ(upid.ns, ns.inum);
	record_end(r);
}

#define WNOWAIT 0x01000000

static __always_inline void wait_returns(struct pt_regs *regs, u32 nr, long ret)
{
	u32 status = 0;
	s32 info[5] = {};	/* si_signo errno code, padding, si_pid */
	void *at;

	if (nr == NR_WAIT4 && ret > 0) {
		at = (void *)syscall_arg2(regs);
		if (at && !bpf_probe_read_user(&status, sizeof(status), at) &&
		    ((status & 0xff) == 0x7f || status == 0xffff))
			return;		/* stopped, continued */
		waited_record(ret);
	} else if (nr == NR_WAITID && ret == 0) {
		if (syscall_arg4(regs) & WNOWAIT)
			return;
		at = (void *)syscall_arg3(regs);
		if (at && !bpf_probe_read_user(info, sizeof(info), at) &&
		    info[2] >= 1 && info[2] <= 3 && info[4] > 0)
			waited_record(info[4]);
	}
}

SEC("tp_btf/sys_exit")
int BPF_PROG(tp__sys_exit, struct pt_regs *regs, long ret)
{
	u32 nr;

	if (ret < 0 || !syscall_native(regs))
		return 0;
	nr = syscall_nr(regs);
	if (nr == NR_WAIT4 || nr == NR_WAITID)
		wait_returns(regs, nr, ret);
	else if (nr == NR_PRCTL && syscall_arg1(regs) == 1 && ret == 0)
		pdeath_set_record();
	return 0;
}
