// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * stacks: why a teardown takes as long as it does: the kernel's stack where an
 * ending thread is switched away from, and where a timer finds it running. Owns
 * STACK. Only loaded with --stacks. Never adds up: user space does.
 *
 * At a switch back the stack is that of another task, so the one taken at the
 * switch away is kept until then: only then is it known how long it stood.
 */
#include "stacks.bpf.h"

#define STACK_BYTES	(OBIT_STACK_MAX * sizeof(u64))

struct waits_map waits SEC(".maps");
static const struct wait no_wait;
const volatile __u64 sample_ns = 1000000;

/* Its process is over, as far as can be told: an exec ends threads, too. */
static __always_inline bool ends_with_all(struct task_struct *t, struct end *e)
{
	if (e)
		return true;
	return t->flags & PF_EXITING && t->signal->live.counter == 0;
}

static __always_inline u16 phase_of(struct end *e)
{
	return e ? end_phase(e) : OBIT_PHASE_OTHER;
}

/* @bytes: what bpf_get_stack() gave: a multiple of 8, or an error */
static __always_inline void fill_stack(struct obit_stack *r, u64 ns, u16 phase,
				       u16 flags, long bytes)
{
	u32 n = bytes > 0 ? (u64)bytes / sizeof(u64) : 0;

	n = n < OBIT_STACK_MAX ? n : OBIT_STACK_MAX;
	r->hdr.len = sizeof(*r) + n * sizeof(u64);
	r->ns = ns;
	r->phase = phase;
	r->flags = flags | (n == OBIT_STACK_MAX ? OBIT_STACK_CUT : 0);
	r->nr = n;
}

static __always_inline void leaves(void *ctx, struct task_struct *prev, u64 now)
{
	struct end *e = end_of_task(prev);
	u32 tid = prev->pid;
	struct wait *w;

	if (task_is_dead(prev) || !ends_with_all(prev, e))
		return;
	bpf_map_update_elem(&waits, &tid, &no_wait, BPF_ANY);
	w = bpf_map_lookup_elem(&waits, &tid);
	if (!w) {
		count_lost(OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL);
		return;
	}
	w->start_boottime = prev->start_boottime;
	w->out_ns = now;
	w->phase = phase_of(e);
	w->bytes = bpf_get_stack(ctx, w->ip, STACK_BYTES, 0);
}

static __always_inline void comes_back(struct task_struct *next, u64 now)
{
	u32 tid = next->pid;
	struct wait *w = bpf_map_lookup_elem(&waits, &tid);
	struct obit_stack *r;

	if (!w)
		return;
	if (w->start_boottime != next->start_boottime)
		goto out;
	r = record_begin(OBIT_EV_STACK, sizeof(*r) + STACK_BYTES,
			 OBIT_LOST_CONTEXT);
	if (!r)
		goto out;
	r->hdr.boot_ns = now;
	fill_task(&r->task, next, tid);
	fill_stack(r, now - w->out_ns, w->phase, OBIT_STACK_OFF_CPU, w->bytes);
	bpf_probe_read_kernel(r->ip, STACK_BYTES, w->ip);
	record_end_of_death(r);
out:
	bpf_map_delete_elem(&waits, &tid);
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(stack__sched_switch, bool preempt, struct task_struct *prev,
	     struct task_struct *next)
{
	u32 waiting = ends_waiting;
	u64 now;

	if (!((prev->flags | next->flags) & PF_EXITING) && !waiting)
		return 0;
	now = bpf_ktime_get_boot_ns();
	if (prev->flags & PF_EXITING || waiting)
		leaves(ctx, prev, now);
	if (next->flags & PF_EXITING || waiting)
		comes_back(next, now);
	return 0;
}

/* A timer of each CPU. What it finds ending stands for a whole period. */
SEC("?perf_event")
int stack__sample(void *ctx)
{
	struct task_struct *cur = current_task();
	struct end *e = end_of_current();
	struct obit_stack *r;
	long bytes;

	if (!e && !(CUR_READ(cur, flags) & PF_EXITING &&
		    !CUR_READ(cur, signal, live.counter)))
		return 0;
	r = record_begin(OBIT_EV_STACK, sizeof(*r) + STACK_BYTES,
			 OBIT_LOST_CONTEXT);
	if (!r)
		return 0;
	fill_current(&r->task, NULL);
	bytes = bpf_get_stack(ctx, r->ip, STACK_BYTES, 0);
	fill_stack(r, sample_ns, phase_of(e), 0, bytes);
	record_end_of_death(r);
	return 0;
}
