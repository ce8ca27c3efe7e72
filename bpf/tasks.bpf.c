// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * tasks: what is there already when obit starts: processes, zombies among them.
 * Owns the TASK record, and what the scheduler left in a dead task from which
 * the instant of its death can be told. Never a change: those are events.
 */
#include "obit.bpf.h"

#define SCHED_NORMAL	0	/* include/uapi/linux/sched.h */
#define SCHED_BATCH	3
#define SCHED_IDLE	5

static __always_inline u64 minus(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* What it ran since it was last picked. Only the fair class keeps that. */
static __always_inline u64 ran(struct task_struct *t)
{
	u32 policy = BPF_CORE_READ(t, policy);

	if (policy != SCHED_NORMAL && policy != SCHED_BATCH &&
	    policy != SCHED_IDLE)
		return 0;
	return minus(BPF_CORE_READ(t, se.sum_exec_runtime),
		     BPF_CORE_READ(t, se.prev_sum_exec_runtime));
}

/* t: a leader that has exited. Nothing of it changes any more, but that other
 * threads may end, and with them the status. */
static __always_inline void fill_dead(struct obit_task_seen *r,
				      struct task_struct *t)
{
	struct signal_struct *sig = t->signal;

	r->flags |= OBIT_TASK_DEAD;
	if (t->flags & PF_SIGNALED)
		r->flags |= OBIT_TASK_SIGNALED;
	if (sig->sum_sched_runtime)
		r->flags |= OBIT_TASK_HAD_THREADS;
	r->exit_code = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code :
							t->exit_code;
	r->cpu = task_cpu(t);
	r->arrived = task_arrived(t);
	r->ran = ran(t);
	r->exec_start = t->se.exec_start;
}

/* The reader has slept just before the first call: it knows by CLOCK_BOOTTIME
 * when it arrived. */
static __always_inline void note_clock(void)
{
	struct task_struct *cur = current_task();

	cpu_clock.exec_start = BPF_CORE_READ(cur, se.exec_start);
	cpu_clock.ran = ran(cur);
	cpu_clock.arrived = task_arrived(cur);
	cpu_clock.boot_ns = bpf_ktime_get_boot_ns();
}

SEC("iter/task")
int iter__tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct obit_task_seen *r;
	struct task_struct *parent;

	if (!ctx->meta->seq_num)
		note_clock();
	if (only_clock || !t || t->pid != t->tgid || t->flags & PF_KTHREAD)
		return 0;
	r = record_begin(OBIT_EV_TASK, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return 0;
	__builtin_memset(&r->tracer, 0,
			 sizeof(*r) - offsetof(struct obit_task_seen, tracer));
	parent = t->real_parent;
	fill_task(&r->task, t, t->pid);
	fill_task(&r->parent, parent, parent->pid);
	read_comm(r->comm, t);
	r->exit_state = t->exit_state;
	r->threads = t->signal->nr_threads;
	r->live = t->signal->live.counter;
	r->scan = scan_id;
	if (t->parent != parent)
		fill_task(&r->tracer, t->parent, t->parent->pid);
	r->exit_signal = t->exit_signal;
	r->uid = t->real_cred->uid.val;
	if (t->exit_state)
		fill_dead(r, t);
	record_end(r);
	return 0;
}
