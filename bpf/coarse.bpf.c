// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * coarse: the end of a process as tracepoints show it, where functions cannot be
 * hooked. Only loaded with --teardown. What no tracepoint tells apart has one
 * name, or is `other`; never a guess.
 */
#include "steps.bpf.h"

/* By default these stop a process or do nothing: CHLD CONT STOP TSTP TTIN TTOU URG
 * WINCH. Bit n - 1 is signal n. */
#define NOT_FATAL (0xfULL << 18 | 3ULL << 16 | 1ULL << 22 | 1ULL << 27)

/* A thread has taken a signal that ends it. */
SEC("tp_btf/signal_deliver")
int BPF_PROG(coarse__signal_deliver, int sig, struct kernel_siginfo *info,
	     struct k_sigaction *ka)
{
	u64 now = bpf_ktime_get_boot_ns();
	struct end *e;

	if (sig < 1 || sig > 64 || NOT_FATAL & 1ULL << (sig - 1) ||
	    BPF_CORE_READ(ka, sa.sa_handler))
		return 0;
	/* a namespace's init, which is spared */
	if (sig != SIGKILL &&
	    CUR_READ(current_task(), signal, flags) & SIGNAL_UNKILLABLE)
		return 0;
	e = end_begin(first_phase(), now);
	if (e)
		group_begin(e, now);
	return 0;
}

/*
 * Those two that may be preempted have a twin where that matters (see is_done()).
 * What it finds done it does again, to no effect.
 */

/*
 * From 6.16 on before exit_mm(), and in the thread that was the last; earlier
 * after it, in each that sees nobody alive. What comes next is the memory, then.
 */
static __always_inline int last_ends(const u64 *ctx, struct task_struct *p)
{
	u64 now = bpf_ktime_get_boot_ns();
	u32 phase = OBIT_PHASE_RESOURCES;
	struct mm_struct *mm = p->mm;
	struct end *e;
	bool last;

	if (p->flags & PF_KTHREAD)
		return 0;
	last = config.exit_has_group_dead ? ctx[1] & 1 :
					    p->signal->live.counter == 0;
	if (!last || filtered(p->group_leader)) {
		end_forget(end_of_current());
		return 0;
	}
	if (config.exit_has_group_dead && mm)
		phase = OBIT_PHASE_MM;
	e = end_begin(phase, now);
	if (!e)
		return 0;
	end_waits_no_more(e);
	step_add(e, phase, now);
	e->flags |= OBIT_TEARDOWN_COARSE;
	if (config.exit_has_group_dead)
		e->flags |= OBIT_TEARDOWN_LAST;
	may_leave(e, mm);
	put_head(e);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(coarse__sched_process_exit, struct task_struct *p)
{
	return last_ends(ctx, p);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(twin__coarse_exit, struct task_struct *p)
{
	return last_ends(ctx, p);
}

/* The tracepoint is at the end of exit_mmap(); since 6.1. */
static __always_inline int memory_gone(struct mm_struct *mm)
{
	u64 key = number_of(mm);
	struct end *e = end_of_own(key);

	if (e)
		step_add(e,
			 config.exit_has_group_dead ? OBIT_PHASE_RESOURCES :
						      OBIT_PHASE_MM,
			 bpf_ktime_get_boot_ns());
	mm_gone(key, e);
	return 0;
}

SEC("tp_btf/exit_mmap")
int BPF_PROG(coarse__exit_mmap, struct mm_struct *mm)
{
	return memory_gone(mm);
}

SEC("tp_btf/exit_mmap")
int BPF_PROG(twin__coarse_exit_mmap, struct mm_struct *mm)
{
	return memory_gone(mm);
}

/* In exit_notify(): somebody is told. */
SEC("tp_btf/signal_generate")
int BPF_PROG(coarse__signal_generate, int sig)
{
	struct end *e;

	if (sig != SIGCHLD || !(CUR_READ(current_task(), flags) & PF_EXITING))
		return 0;
	e = end_of_current();
	if (!e || !(e->flags & OBIT_TEARDOWN_COARSE))
		return 0;
	mm_has_not_come(e);
	step_add(e, OBIT_PHASE_NOTIFY, bpf_ktime_get_boot_ns());
	return 0;
}
