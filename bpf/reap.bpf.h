/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * reap and pdeath share the record of a parent-death signal that was just set:
 * one system-call tracepoint serves both. Never a program.
 */
#ifndef BPF_REAP_BPF_H
#define BPF_REAP_BPF_H

#include "obit.bpf.h"

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
	r->pad = 0;
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
