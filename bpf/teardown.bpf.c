// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * teardown: the end of a thread, step by step, by one function a boundary. Owns
 * TEARDOWN. Only loaded with --teardown. Never the death itself, never a sum:
 * user space adds up.
 *
 * Steps are kept as they come, in no order that would be assumed: it differs by
 * kernel. Which thread was the last is known at taskstats_exit(); what is kept of
 * the others goes there. The record is written when the last one is switched
 * from for good.
 */
#include "steps.bpf.h"

/* --- the record ----------------------------------------------------------------- */

#define TEARDOWN_SIZE(n) \
	(sizeof(struct obit_teardown) + (n) * sizeof(struct obit_step))

/* @room: a constant, at least n */
static __always_inline void teardown_write(struct end *e, u32 n, u32 room,
					   u64 now)
{
	struct obit_teardown *r;

	r = record_begin(OBIT_EV_TEARDOWN, TEARDOWN_SIZE(room),
			 OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->hdr.len = TEARDOWN_SIZE(n);
	r->hdr.boot_ns = now;
	r->task = e->task;
	r->flags = e->flags;
	r->nr = n;
	bpf_probe_read_kernel(r->steps, room * sizeof(r->steps[0]),
			      &e->steps[(END_HEAD - e->head) & END_HEAD]);
	record_end_of_death(r);
}

/* Under the lock of the run queue: no more than a copy. */
static __always_inline void end_done(struct end *e, u64 now)
{
	u32 n = e->nr - END_HEAD + e->head;

	if (!(e->flags & (OBIT_TEARDOWN_LAST | OBIT_TEARDOWN_COARSE)))
		return;
	mm_has_not_come(e);
	if (n <= 6)
		teardown_write(e, n, 6, now);
	else if (n <= 20)
		teardown_write(e, n, 20, now);
	else if (n <= OBIT_STEPS_MAX)
		teardown_write(e, n, OBIT_STEPS_MAX, now);
}

/*
 * The only time that a thread does not run is between two of these. They are
 * many: but for the few that are of ending threads this is all that is done.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(end__sched_switch, bool preempt, struct task_struct *prev,
	     struct task_struct *next)
{
	u32 waiting = ends_waiting;
	struct end *e;
	u64 now;
	u32 tid;

	if (!((prev->flags | next->flags) & PF_EXITING) && !waiting)
		return 0;
	now = bpf_ktime_get_boot_ns();
	if (prev->flags & PF_EXITING || waiting) {
		e = end_of_task(prev);
		if (e && task_is_dead(prev)) {
			end_done(e, now);
			/* if the place where it would have was missed */
			end_waits_no_more(e);
			tid = prev->pid;
			bpf_map_delete_elem(&ends, &tid);
		} else if (e) {
			e->out_ns = now;
		}
	}
	if (next->flags & PF_EXITING || waiting) {
		e = end_of_task(next);
		if (e && e->out_ns) {
			e->steps[(e->nr - 1) & END_STEPS].off_ns +=
				now - e->out_ns;
			e->out_ns = 0;
		}
	}
	return 0;
}

/* --- tier fentry: one function a boundary ------------------------------------------- */

/* Threads are ended by an exec, too: their process lives on. */
SEC("fentry/do_exit")
int BPF_PROG(end__do_exit)
{
	struct task_struct *cur = current_task();
	u64 now = bpf_ktime_get_boot_ns();
	u32 phase = first_phase();
	struct end *e;

	if (CUR_READ(cur, flags) & PF_KTHREAD)
		return 0;
	e = end_begin(phase, now);
	if (!e)
		return 0;
	step_add(e, phase, now);
	if (CUR_READ(cur, signal, flags) & SIGNAL_GROUP_EXIT)
		group_begin(e, now);
	return 0;
}

/* By the thread that took the signal, before its do_exit(). */
static __always_inline int dump_begins(void)
{
	u64 now = bpf_ktime_get_boot_ns();
	struct end *e = end_begin(OBIT_PHASE_COREDUMP, now);
	struct group_end *g;

	if (!e)
		return 0;
	g = group_begin(e, now);
	if (g) {
		g->dump_ns = now;
		g->dumper = e->task.tid;
	}
	return 0;
}

static __always_inline int dump_ends(void)
{
	u64 key = (u64)BPF_CORE_READ(current_task(), signal);
	u64 now = bpf_ktime_get_boot_ns();
	struct end *e = end_of_current();
	struct group_end *g;

	if (!e || end_phase(e) != OBIT_PHASE_COREDUMP)
		return 0;
	g = group_find(key, e);
	if (g) {
		g->dump_off_ns = e->steps[END_HEAD].off_ns;
		g->dumped_ns = now;
	}
	step_add(e, OBIT_PHASE_OTHER, now);
	return 0;
}

SEC("fentry/do_coredump")
int BPF_PROG(end__do_coredump)
{
	return dump_begins();
}

SEC("fexit/do_coredump")
int BPF_PROG(ends__do_coredump)
{
	return dump_ends();
}

/* Its name since 6.17. */
SEC("fentry/vfs_coredump")
int BPF_PROG(end__vfs_coredump)
{
	return dump_begins();
}

SEC("fexit/vfs_coredump")
int BPF_PROG(ends__vfs_coredump)
{
	return dump_ends();
}

/* PTRACE_EVENT_EXIT << 8 | SIGTRAP: ptrace_event() in do_exit() */
#define EXIT_STOP	0x605

SEC("fentry/ptrace_notify")
int BPF_PROG(end__ptrace_notify, int exit_code)
{
	struct end *e = exit_code == EXIT_STOP ? end_of_current() : NULL;

	if (!e)
		return 0;
	step_add(e, OBIT_PHASE_PTRACE_STOP, bpf_ktime_get_boot_ns());
	return 0;
}

SEC("fexit/ptrace_notify")
int BPF_PROG(ends__ptrace_notify, int exit_code)
{
	struct end *e = exit_code == EXIT_STOP ? end_of_current() : NULL;

	if (!e || end_phase(e) != OBIT_PHASE_PTRACE_STOP)
		return 0;
	step_add(e, OBIT_PHASE_OTHER, bpf_ktime_get_boot_ns());
	return 0;
}

/* Also called by exec, which has no entry. */
SEC("fentry/__io_uring_cancel")
int BPF_PROG(end____io_uring_cancel)
{
	struct end *e = end_of_current();

	if (e)
		step_add(e, OBIT_PHASE_IO_URING, bpf_ktime_get_boot_ns());
	return 0;
}

/* PF_EXITING comes only inside. do_exit() may have been missed: a program that
 * another thread is preempted in does not run again on that CPU. */
SEC("fentry/exit_signals")
int BPF_PROG(end__exit_signals)
{
	u64 now = bpf_ktime_get_boot_ns();
	struct end *e;

	if (CUR_READ(current_task(), flags) & PF_KTHREAD)
		return 0;
	e = end_begin(OBIT_PHASE_SIGNALS, now);
	if (e)
		step_add(e, OBIT_PHASE_SIGNALS, now);
	return 0;
}

/* By a filter of the kernel side, as EXIT. On 5.10 its pointers are not known
 * to the verifier: its record comes, and is not asked for. */
static __always_inline bool left_out(struct task_struct *cur)
{
	return HAVE_HELPER(get_current_task_btf) && filtered(cur->group_leader);
}

/* The verdict: from here on only the last thread of a process has an entry. It
 * is asked for in two places, lest it be missed. */
static __always_inline int last_seen(bool group_dead)
{
	struct task_struct *cur = current_task();
	u64 now = bpf_ktime_get_boot_ns();
	struct end *e;

	if (CUR_READ(cur, flags) & PF_KTHREAD)
		return 0;
	if (!group_dead || left_out(cur)) {
		end_forget(end_of_current());
		return 0;
	}
	e = end_begin(OBIT_PHASE_ACCOUNTING, now);
	if (!e)
		return 0;
	end_waits_no_more(e);
	step_add(e, OBIT_PHASE_ACCOUNTING, now);
	e->flags |= OBIT_TEARDOWN_LAST;
	put_head(e);
	return 0;
}

SEC("fentry/taskstats_exit")
int BPF_PROG(end__taskstats_exit, struct task_struct *p, int group_dead)
{
	return last_seen(group_dead);
}

SEC("fentry/acct_collect")
int BPF_PROG(end__acct_collect, long code, int group_dead)
{
	return last_seen(group_dead);
}

static __always_inline int mm_seen(void)
{
	struct task_struct *cur = current_task();
	struct end *e;

	if (!(CUR_READ(cur, flags) & PF_EXITING))
		return 0;
	e = end_of_current();
	if (!e)
		return 0;
	step_add(e, OBIT_PHASE_MM, bpf_ktime_get_boot_ns());
	may_leave(e, BPF_CORE_READ(cur, mm));
	return 0;
}

SEC("fentry/exit_mm_release")
int BPF_PROG(end__exit_mm_release)
{
	return mm_seen();
}

/* Its name from 6.19 on. */
SEC("fentry/mm_exit_exec_release")
int BPF_PROG(end__mm_exit_exec_release)
{
	return mm_seen();
}

SEC("fentry/exit_mmap")
int BPF_PROG(end__exit_mmap, struct mm_struct *mm)
{
	u64 now = bpf_ktime_get_boot_ns(), key = number_of(mm);
	struct end *e = end_of_own(key);
	struct leftover *left;

	if (e) {
		step_add(e, OBIT_PHASE_MM_UNMAP, now);
		return 0;
	}
	left = leftover_of(key);
	if (left)
		left->begin_ns = now;
	return 0;
}

SEC("fexit/exit_mmap")
int BPF_PROG(ends__exit_mmap, struct mm_struct *mm)
{
	u64 key = number_of(mm);
	struct end *e = end_of_own(key);

	if (e)
		step_add(e, OBIT_PHASE_MM, bpf_ktime_get_boot_ns());
	mm_gone(key, e);
	return 0;
}

/* By the OOM reaper, or process_mrelease(2). */
SEC("fentry/__oom_reap_task_mm")
int BPF_PROG(end____oom_reap_task_mm, struct mm_struct *mm)
{
	reaping_begins(mm, bpf_ktime_get_boot_ns());
	return 0;
}

SEC("fexit/__oom_reap_task_mm")
int BPF_PROG(ends____oom_reap_task_mm, struct mm_struct *mm)
{
	reaping_ends(number_of(mm));
	return 0;
}

#define PHASE_AT(function, phase)                         \
	SEC("fentry/" #function)                          \
	int BPF_PROG(end__##function)                     \
	{                                                 \
		return comes_to(OBIT_PHASE_##phase);      \
	}

PHASE_AT(acct_update_integrals, ACCOUNTING)
PHASE_AT(exit_sem, IPC)
PHASE_AT(disassociate_ctty, TTY)
PHASE_AT(exit_files, FILES)
PHASE_AT(exit_fs, FS)
PHASE_AT(exit_task_namespaces, NAMESPACES)
PHASE_AT(exit_nsproxy_namespaces, NAMESPACES)	/* from 6.19 on */
PHASE_AT(task_work_run, FILE_CLOSE)
PHASE_AT(exit_thread, THREAD)
PHASE_AT(cgroup_exit, CGROUP)
PHASE_AT(cgroup_task_exit, CGROUP)		/* from 6.19 on */
PHASE_AT(exit_tasks_rcu_start, NOTIFY)
PHASE_AT(proc_exit_connector, CONNECTOR)
PHASE_AT(do_task_dead, DEAD)
