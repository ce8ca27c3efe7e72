/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * teardown: which phase of its end a thread is in, for every story that asks.
 * Owns the map of threads that end. Never writes it: teardown.bpf.c does.
 */
#ifndef BPF_TEARDOWN_BPF_H
#define BPF_TEARDOWN_BPF_H

#include "obit.bpf.h"

/*
 * A thread in its end: from its do_exit(), or from the core dump or fatal signal
 * before it, until it is switched from for good; or until it turns out that it
 * is not the last of its process. Keyed by tid, which nobody else has so long;
 * @start_boottime tells one that was left behind.
 *
 * @out_ns: it was switched away from then; 0: it runs
 * @nr:     steps so far, counted from the first END_HEAD, which are for what
 *          other threads did before; @head of those are there, the last ones
 */
#define END_HEAD	3

struct end {
	u64 start_boottime;	/* of the thread */
	u64 mm;			/* its mm_struct; 0: it was gone when it began */
	struct obit_task task;
	u64 out_ns;
	u32 nr, head;
	u32 flags;		/* OBIT_TEARDOWN_* */
	u32 waits;		/* it counts in ends_waiting */
	struct obit_step steps[OBIT_STEPS_MAX];
};

struct ends_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);	/* 1 without --teardown */
	__type(key, u32);
	__type(value, struct end);
};
extern struct ends_map ends SEC(".maps");

static __always_inline struct end *end_of(u32 tid, u64 start_boottime)
{
	struct end *e = bpf_map_lookup_elem(&ends, &tid);

	return e && e->start_boottime == start_boottime ? e : NULL;
}

static __always_inline struct end *end_of_task(struct task_struct *t)
{
	return end_of(t->pid, t->start_boottime);
}

static __always_inline struct end *end_of_current(void)
{
	return end_of(bpf_get_current_pid_tgid(),
		      CUR_READ(current_task(), start_boottime));
}

/* enum obit_phase of where it has come to. */
static __always_inline u32 end_phase(const struct end *e)
{
	return e->steps[(e->nr - 1) & (OBIT_STEPS_MAX - 1)].phase;
}

#endif
