/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * steps: how the steps of an end are kept, what the other threads of its process
 * did before, and what becomes of memory that it leaves to others. Shared by the
 * exact (teardown.bpf.c) and the coarse programs. Never a program.
 */
#ifndef BPF_STEPS_BPF_H
#define BPF_STEPS_BPF_H

#include "teardown.bpf.h"

#define END_STEPS	(OBIT_STEPS_MAX - 1)

/*
 * What other threads of a process that ends did, for the last of them to tell:
 * by signal_struct. Whoever is left behind is driven out by others.
 */
struct group_end {
	u64 start_boottime;
	u32 tgid;
	u32 dumper;		/* tid that writes the core */
	u64 begin_ns;		/* the first of them began to end */
	u64 dump_ns, dumped_ns;	/* 0: no core; not yet */
	u64 dump_off_ns;
};

struct group_ends_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);	/* 1 without --teardown */
	__type(key, u64);
	__type(value, struct group_end);
};
extern struct group_ends_map group_ends SEC(".maps");

/* Memory whose process is through with it while somebody else holds it; by
 * mm_struct. */
struct leftover {
	struct obit_task task;
	u64 begin_ns;		/* somebody has begun to give it back */
};

struct leftovers_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);	/* 1 without --teardown */
	__type(key, u64);
	__type(value, struct leftover);
};
extern struct leftovers_map leftovers SEC(".maps");

/* Threads in `ends` that have no PF_EXITING yet. */
extern volatile __u32 ends_waiting;
/* There has been a leftover. */
extern volatile bool any_leftover;

static const struct end no_end;

/* --- steps ------------------------------------------------------------------- */

static __always_inline void step_add(struct end *e, u32 phase, u64 now)
{
	u32 n = e->nr;
	struct obit_step *s;

	if (end_phase(e) == phase)
		return;
	if (n >= OBIT_STEPS_MAX) {
		e->flags |= OBIT_TEARDOWN_CUT;
		return;
	}
	s = &e->steps[n & (OBIT_STEPS_MAX - 1)];
	s->boot_ns = now;
	s->phase = phase;
	e->nr = n + 1;
}

/* The current thread begins to end, if it has not yet. NULL: no room. */
static __always_inline struct end *end_begin(u32 phase, u64 now)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct end *e = end_of_current();

	if (e)
		return e;
	bpf_map_update_elem(&ends, &tid, &no_end, BPF_ANY);
	e = bpf_map_lookup_elem(&ends, &tid);
	if (!e) {
		count_lost(OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL);
		return NULL;
	}
	e->start_boottime = CUR_READ(current_task(), start_boottime);
	e->mm = (u64)CUR_READ(current_task(), mm);
	fill_current(&e->task, NULL);
	e->flags = OBIT_TEARDOWN_SWITCHES;
	e->nr = END_HEAD + 1;
	e->steps[END_HEAD].boot_ns = now;
	e->steps[END_HEAD].phase = phase;
	if (!(CUR_READ(current_task(), flags) & PF_EXITING)) {
		e->waits = 1;
		__sync_fetch_and_add(&ends_waiting, 1);
	}
	return e;
}

static __always_inline void end_waits_no_more(struct end *e)
{
	if (!e->waits)
		return;
	e->waits = 0;
	__sync_fetch_and_add(&ends_waiting, -1);
}

static __always_inline void end_forget(struct end *e)
{
	u32 tid = bpf_get_current_pid_tgid();

	if (!e)
		return;
	end_waits_no_more(e);
	bpf_map_delete_elem(&ends, &tid);
}

/* What a thread begins its end with: with others to wait for, or not. */
static __always_inline u32 first_phase(void)
{
	return BPF_CORE_READ(current_task(), signal, live.counter) > 1 ?
		       OBIT_PHASE_THREADS :
		       OBIT_PHASE_OTHER;
}

/* An exiting thread comes to a phase; of others there is no entry. */
static __always_inline int comes_to(u32 phase)
{
	struct end *e;

	if (!(CUR_READ(current_task(), flags) & PF_EXITING))
		return 0;
	e = end_of_current();
	if (e)
		step_add(e, phase, bpf_ktime_get_boot_ns());
	return 0;
}

/* --- the other threads --------------------------------------------------------- */

static __always_inline struct group_end *group_find(u64 key,
						    const struct end *e)
{
	struct group_end *g = bpf_map_lookup_elem(&group_ends, &key);

	return g && g->start_boottime == e->task.start_boottime &&
			       g->tgid == e->task.tgid ?
		       g :
		       NULL;
}

/* The process of the current thread, which has more, ends by now. */
static __always_inline struct group_end *group_begin(struct end *e, u64 now)
{
	struct task_struct *cur = current_task();
	u64 key = (u64)BPF_CORE_READ(cur, signal);
	struct group_end new = {}, *g;

	if (CUR_READ(cur, signal, nr_threads) <= 1)
		return NULL;
	g = group_find(key, e);
	if (g)
		return g;
	new.start_boottime = e->task.start_boottime;
	new.tgid = e->task.tgid;
	new.begin_ns = now;
	bpf_map_update_elem(&group_ends, &key, &new, BPF_ANY);
	return bpf_map_lookup_elem(&group_ends, &key);
}

static __always_inline void head_add(struct end *e, u32 at, u32 phase, u64 ns,
				     u64 off_ns)
{
	e->steps[at].phase = phase;
	e->steps[at].boot_ns = ns;
	e->steps[at].off_ns = off_ns;
	e->head = END_HEAD - at;
}

/* The last thread: what the others did before it comes before its own steps. */
static __always_inline void put_head(struct end *e)
{
	u64 key = (u64)BPF_CORE_READ(current_task(), signal);
	u64 own = e->steps[END_HEAD].boot_ns;
	struct group_end *g = group_find(key, e);

	if (!g)
		return;
	if (g->dumped_ns && g->dumper != e->task.tid) {
		/* It has waited for the core, in its do_exit(). */
		for (int i = END_HEAD; i < END_HEAD + 6; i++)
			if (e->steps[i].boot_ns &&
			    e->steps[i].boot_ns < g->dumped_ns)
				e->steps[i].boot_ns = g->dumped_ns;
		head_add(e, 2, OBIT_PHASE_COREDUMP, g->dump_ns, g->dump_off_ns);
		if (g->begin_ns < g->dump_ns)
			head_add(e, 1, OBIT_PHASE_THREADS, g->begin_ns, 0);
	} else if (g->begin_ns < own) {
		head_add(e, 2, OBIT_PHASE_THREADS, g->begin_ns, 0);
	}
	if (e->flags & OBIT_TEARDOWN_LAST)
		bpf_map_delete_elem(&group_ends, &key);
}

/* --- memory ------------------------------------------------------------------- */

/*
 * The last thread of a process lets go of its memory, while others hold it:
 * readers of /proc, another thread that is slow, or processes that share it. A
 * child of vfork(2) has none of its own.
 */
static __always_inline void may_leave(struct end *e, struct mm_struct *mm)
{
	struct leftover left = {};
	u64 key = (u64)mm;

	if (!mm || BPF_CORE_READ(mm, mm_users.counter) <= 1 ||
	    BPF_CORE_READ(current_task(), vfork_done))
		return;
	left.task = e->task;
	any_leftover = true;
	bpf_map_update_elem(&leftovers, &key, &left, BPF_ANY);
	e->flags |= OBIT_TEARDOWN_MM_LEFT;
}

static __always_inline struct leftover *leftover_of(u64 mm)
{
	return any_leftover ? bpf_map_lookup_elem(&leftovers, &mm) : NULL;
}

/* Its pages are taken from it before it lets go of them: an entry beside that of
 * the mm, if there is one. */
static __always_inline u64 reaped_key(u64 mm)
{
	return mm | 1;
}

static __always_inline void reaping_begins(struct mm_struct *mm, u64 now)
{
	u64 key = number_of(mm), reaped = reaped_key(key);
	struct leftover left = {}, *let_go = leftover_of(key);
	struct task_struct *owner = mm_owner(mm);

	if (owner)
		read_task(&left.task, owner, 0);
	else if (let_go)
		left.task = let_go->task;
	else
		return;
	/* exit_mmap() does it itself for an OOM victim, up to 5.17 */
	if (left.task.tgid == bpf_get_current_pid_tgid() >> 32)
		return;
	left.begin_ns = now;
	bpf_map_update_elem(&leftovers, &reaped, &left, BPF_ANY);
}

/* @begin_ns: 0: not known */
static __always_inline void freed_record(const struct obit_task *whose,
					 u64 begin_ns)
{
	struct obit_freed *r;

	r = record_begin(OBIT_EV_FREED, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->task = *whose;
	r->task.tid = 0;
	fill_who(&r->by);
	r->begin_ns = begin_ns;
	r->phase = OBIT_PHASE_MM_UNMAP;
	r->pad = 0;
	record_end(r);
}

/* The current thread, if that is its own memory. Not by active_mm, which is
 * anybody's as soon as it has been preempted in here. */
static __always_inline struct end *end_of_own(u64 mm)
{
	struct end *e = end_of_current();

	return e && e->mm == mm ? e : NULL;
}

/* In tier tracepoints the end of the memory was to come, and somebody else had
 * it: nothing tells where that was. */
static __always_inline void mm_has_not_come(struct end *e)
{
	if (e->flags & OBIT_TEARDOWN_COARSE && end_phase(e) == OBIT_PHASE_MM)
		e->steps[(e->nr - 1) & END_STEPS].phase = OBIT_PHASE_OTHER;
}

static __always_inline void reaping_ends(u64 mm)
{
	u64 reaped = reaped_key(mm);
	struct leftover *left = bpf_map_lookup_elem(&leftovers, &reaped);

	if (!left)
		return;
	freed_record(&left->task, left->begin_ns);
	bpf_map_delete_elem(&leftovers, &reaped);
}

/* The end of exit_mmap(). */
static __always_inline void mm_gone(u64 mm, struct end *own)
{
	struct leftover *left = leftover_of(mm);

	if (!left)
		return;
	if (own)
		own->flags &= ~OBIT_TEARDOWN_MM_LEFT;
	else
		freed_record(&left->task, left->begin_ns);
	bpf_map_delete_elem(&leftovers, &mm);
}

#endif
