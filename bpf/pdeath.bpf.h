/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pdeath: what several programs need of parent-death signals: the ARMED record
 * and the walk over the children of a thread that exits, and the PDEATH record.
 * Never whether one is sent: that is seen at signal_generate.
 */
#ifndef BPF_PDEATH_BPF_H
#define BPF_PDEATH_BPF_H

#include "obit.bpf.h"

#define ARMED_STEPS	256	/* children and their threads looked at */

/* Global, so that the verifier looks at it once and not at every turn of the
 * loop below: then pointers come as numbers, to be read with checks. */
__noinline int armed_record(u64 parent, u64 target, u32 signal, u32 alive)
{
	struct task_struct *p = (void *)parent, *t = (void *)target;
	struct obit_armed *r;

	r = record_begin(OBIT_EV_ARMED, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return 0;
	read_task(&r->task, p, BPF_CORE_READ(p, pid));
	read_comm(r->comm, BPF_CORE_READ(p, group_leader));
	read_task(&r->target, t, BPF_CORE_READ(t, pid));
	read_comm(r->target_comm, BPF_CORE_READ(t, group_leader));
	r->signal = signal;
	r->flags = alive ? OBIT_ARMED_ALIVE : 0;
	record_end(r);
	return 0;
}

/*
 * forget_original_parent() will go over p->children and every thread of each,
 * and signal those that asked for it, unless check_kill_permission() says no:
 * then nothing is generated and only this walk knows. Not under tasklist_lock:
 * the reads are checked, and a list that changes underneath ends the walk. What
 * it does not come to is counted as lost.
 */
__noinline int armed_children(u64 parent, u32 alive)
{
	struct task_struct *p = (void *)parent;
	struct list_head *head, *pos, *next, *threads = NULL, *tpos = NULL;

	head = (struct list_head *)((char *)p +
				    bpf_core_field_offset(struct task_struct,
							  children));
	pos = BPF_CORE_READ(head, next);
	if (pos == head)
		return 0;
	for (int i = 0; i < ARMED_STEPS; i++) {
		struct task_struct *t;
		struct signal_struct *sig;
		u32 signal;

		if (!tpos) {
			if (!pos || pos == head)
				return 0;
			t = (void *)((char *)pos -
				     bpf_core_field_offset(struct task_struct,
							   sibling));
			next = BPF_CORE_READ(t, sibling.next);
			/* taken off the list meanwhile, it points at itself */
			if (next == pos)
				break;
			pos = next;
			sig = BPF_CORE_READ(t, signal);
			if (BPF_CORE_READ(sig, nr_threads) > 1) {
				threads =
					(struct list_head
						 *)((char *)sig +
						    bpf_core_field_offset(
							    struct signal_struct,
							    thread_head));
				tpos = BPF_CORE_READ(threads, next);
				continue;
			}
		} else {
			if (tpos == threads) {
				tpos = NULL;
				continue;
			}
			t = (void *)((char *)tpos -
				     bpf_core_field_offset(struct task_struct,
							   thread_node));
			tpos = BPF_CORE_READ(t, thread_node.next);
		}
		signal = BPF_CORE_READ(t, pdeath_signal);
		if (signal && !BPF_CORE_READ(t, exit_state))
			armed_record(parent, (u64)t, signal, alive);
	}
	count_lost(OBIT_LOST_SIGNAL, OBIT_LOST_OVERSIZE);
	return 0;
}

/* t's parent-death signal as it stands; t by checked reads. */
static __always_inline void pdeath_record(struct task_struct *t, u32 kind,
					  u32 signal, u32 scan)
{
	struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	struct obit_pdeath *r;

	r = record_begin(OBIT_EV_PDEATH, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	read_task(&r->task, t, BPF_CORE_READ(t, pid));
	read_comm(r->comm, BPF_CORE_READ(t, group_leader));
	read_task(&r->parent, parent, BPF_CORE_READ(parent, pid));
	read_comm(r->parent_comm, BPF_CORE_READ(parent, group_leader));
	r->signal = signal;
	r->kind = kind;
	r->scan = scan;
	r->flags = OBIT_PDEATH_DETAILS;
	if (signal_subreaper(BPF_CORE_READ(parent, signal)))
		r->flags |= OBIT_PDEATH_SUBREAPER;
	r->parent_thread_start = BPF_CORE_READ(parent, start_boottime);
	r->uid = BPF_CORE_READ(t, real_cred, uid.val);
	r->pad2 = 0;
	record_end(r);
}

/* After prctl(PR_SET_PDEATHSIG) returned 0, in its caller. */
static __always_inline void pdeath_set_record(void)
{
	struct task_struct *cur = current_task();

	pdeath_record(cur, OBIT_PDEATH_SET, BPF_CORE_READ(cur, pdeath_signal),
		      0);
}

#endif
