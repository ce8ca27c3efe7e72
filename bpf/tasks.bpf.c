// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * tasks: what is there already when obit starts: processes, zombies among them.
 * Owns the TASK record. Never a change: those are events.
 */
#include "obit.bpf.h"

SEC("iter/task")
int iter__tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct obit_task_seen *r;
	struct task_struct *parent;

	if (!t || t->pid != t->tgid || t->flags & PF_KTHREAD)
		return 0;
	r = record_begin(OBIT_EV_TASK, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return 0;
	parent = t->real_parent;
	fill_task(&r->task, t, t->pid);
	fill_task(&r->parent, parent, parent->pid);
	read_comm(r->comm, t);
	r->exit_state = t->exit_state;
	r->threads = t->signal->nr_threads;
	r->live = t->signal->live.counter;
	r->scan = scan_id;
	record_end(r);
	return 0;
}
