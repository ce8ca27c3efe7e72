/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * flavors: every place where kernels differ in shape, with version and reason.
 * The only file that tests for the existence of a field, type or helper; a
 * test here is resolved at load time and the other branch never runs.
 */
#ifndef BPF_FLAVORS_BPF_H
#define BPF_FLAVORS_BPF_H

#include "kernel.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Helpers that came after 5.10: get_current_task_btf 5.11, task_pt_regs 5.15. */
#define HAVE_HELPER(name) \
	bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_##name)

/*
 * Whoever runs. Where the verifier knows what it is, it is read as any pointer
 * is; a checked read (BPF_CORE_READ) costs some 70 instructions for each step.
 * CUR_READ(t, a, b): t->a->b, of a task that came from here.
 */
static __always_inline struct task_struct *current_task(void)
{
	if (HAVE_HELPER(get_current_task_btf))
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

#define CUR_READ(t, ...)                                                 \
	(HAVE_HELPER(get_current_task_btf) ? ___arrow(t, __VA_ARGS__) : \
					     BPF_CORE_READ(t, __VA_ARGS__))

/*
 * mm->rss_stat: struct mm_rss_stat with atomic_long_t count[] up to 6.1,
 * percpu_counter[] since 6.2 (f1a7941243c1); there the shared part is .count,
 * short by what the CPUs have not folded in yet.
 */
struct percpu_counter {
	s64 count;
} __attribute__((preserve_access_index));

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
} __attribute__((preserve_access_index));

struct mm_rss_stat {
	atomic64_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
} __attribute__((preserve_access_index));

/* Pages of file (0), anonymous (1) and shared (3) memory; swap (2) is not RSS. */
static __always_inline u64 mm_rss_pages(struct mm_struct *mm)
{
	s64 file = 0, anon = 0, shmem = 0;

	if (bpf_core_type_exists(struct mm_rss_stat)) {
		struct mm_struct___atomic *m = (void *)mm;

		file = BPF_CORE_READ(m, rss_stat.count[0].counter);
		anon = BPF_CORE_READ(m, rss_stat.count[1].counter);
		shmem = BPF_CORE_READ(m, rss_stat.count[3].counter);
	} else {
		struct mm_struct___percpu *m = (void *)mm;

		file = BPF_CORE_READ(m, rss_stat[0].count);
		anon = BPF_CORE_READ(m, rss_stat[1].count);
		shmem = BPF_CORE_READ(m, rss_stat[3].count);
	}
	return (file > 0 ? file : 0) + (anon > 0 ? anon : 0) +
	       (shmem > 0 ? shmem : 0);
}

/* mm->owner: CONFIG_MEMCG. NULL once its process has let go of it. */
static __always_inline struct task_struct *mm_owner(struct mm_struct *mm)
{
	if (!bpf_core_field_exists(mm->owner))
		return NULL;
	return BPF_CORE_READ(mm, owner);
}

/* signal->autoreap: CLONE_AUTOREAP, 7.1. */
struct signal_struct___autoreap {
	unsigned int autoreap:1;
} __attribute__((preserve_access_index));

static __always_inline bool signal_autoreap(struct signal_struct *sig)
{
	struct signal_struct___autoreap *s = (void *)sig;

	if (!bpf_core_field_exists(s->autoreap))
		return false;
	return BPF_CORE_READ_BITFIELD_PROBED(s, autoreap);
}

/* signal->is_child_subreaper: a bit up to 6.12, a bool in 7.3. */
struct signal_struct___subreaper {
	unsigned int is_child_subreaper:1;
} __attribute__((preserve_access_index));

static __always_inline bool signal_subreaper(struct signal_struct *sig)
{
	struct signal_struct___subreaper *s = (void *)sig;

	if (!bpf_core_field_exists(s->is_child_subreaper))
		return false;
	return BPF_CORE_READ_BITFIELD_PROBED(s, is_child_subreaper);
}

/* The CPU a task is or was last on: task->cpu up to 5.15, since 5.16
 * (bcf9033e5449) task->thread_info.cpu, as it was before 4.9. */
struct task_struct___cpu {
	unsigned int cpu;
} __attribute__((preserve_access_index));

struct thread_info___cpu {
	u32 cpu;
} __attribute__((preserve_access_index));

struct task_struct___thread_info {
	struct thread_info___cpu thread_info;
} __attribute__((preserve_access_index));

static __always_inline u32 task_cpu(struct task_struct *t)
{
	struct task_struct___cpu *old = (void *)t;
	struct task_struct___thread_info *new = (void *)t;

	if (bpf_core_field_exists(old->cpu))
		return BPF_CORE_READ(old, cpu);
	return BPF_CORE_READ(new, thread_info.cpu);
}

/* task->state, since 5.14 (2f064a59a11f) __state. */
#define TASK_DEAD	0x80

struct task_struct___state {
	long state;
} __attribute__((preserve_access_index));

struct task_struct___new_state {
	unsigned int __state;
} __attribute__((preserve_access_index));

static __always_inline bool task_is_dead(struct task_struct *t)
{
	struct task_struct___new_state *new = (void *)t;
	struct task_struct___state *old = (void *)t;
	u64 state;

	if (bpf_core_field_exists(new->__state))
		state = BPF_CORE_READ(new, __state);
	else
		state = BPF_CORE_READ(old, state);
	return state & TASK_DEAD;
}

/* When it was last switched to, by the clock of that CPU: CONFIG_SCHED_INFO. */
static __always_inline u64 task_arrived(struct task_struct *t)
{
	if (!bpf_core_field_exists(t->sched_info.last_arrival))
		return 0;
	return BPF_CORE_READ(t, sched_info.last_arrival);
}

/*
 * The saved user registers. bpf_task_pt_regs() knows the padding at the top of
 * the stack (FRED changed it on x86); before 5.15 they are right at its end
 * (THREAD_SIZE 16 KiB on x86-64).
 */
static __always_inline struct pt_regs *user_regs_of_current(void)
{
	if (HAVE_HELPER(task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(
			bpf_get_current_task_btf());
#if defined(__TARGET_ARCH_x86)
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	return (struct pt_regs *)((char *)BPF_CORE_READ(t, stack) + 16384 -
				  bpf_core_type_size(struct pt_regs));
#else
	return NULL;	/* arm64: THREAD_SIZE depends on the page size */
#endif
}

#define REG_READ(regs, r)                                  \
	(HAVE_HELPER(task_pt_regs) ? (u64)(regs)->r :      \
				     (u64)BPF_CORE_READ(regs, r))

/* task->loginuid: CONFIG_AUDIT. All ones: not set. */
static __always_inline u32 task_loginuid(struct task_struct *t)
{
	if (!bpf_core_field_exists(t->loginuid))
		return ~0U;
	return t->loginuid.val;
}

/* task->ioac and signal->ioac: CONFIG_TASK_IO_ACCOUNTING. */
static __always_inline void add_io(u64 *read, u64 *written,
				   struct task_io_accounting *ioac)
{
	if (bpf_core_field_exists(ioac->read_bytes)) {
		*read += ioac->read_bytes;
		*written += ioac->write_bytes;
	}
}

enum exit_syscall {
	EXIT_NONE,
	EXIT_THREAD,		/* exit(2) */
	EXIT_GROUP,		/* exit_group(2) */
};

/*
 * The exit call the current task is in, and its full 32-bit argument. Only for a task
 * that is in do_exit() and was not killed: a system call from which it exits
 * then is one of these two.
 *
 * x86: int $0x80 counts by the i386 table whatever cs says; 1 and 252 are
 * write and ioprio_get in the 64-bit table, from which nobody exits. Bit 30
 * marks x32.
 */
static __always_inline enum exit_syscall exit_syscall_of_current(s32 *value)
{
	struct pt_regs *regs = user_regs_of_current();

	if (!regs)
		return EXIT_NONE;
#if defined(__TARGET_ARCH_x86)
	u32 nr = (u32)REG_READ(regs, orig_ax) & ~0x40000000U;
	bool compat = REG_READ(regs, cs) != 0x33;

	if (!compat && (nr == 231 || nr == 60)) {
		*value = (s32)REG_READ(regs, di);
		return nr == 231 ? EXIT_GROUP : EXIT_THREAD;
	}
	if (nr == 252 || nr == 1) {
		*value = (s32)REG_READ(regs, bx);
		return nr == 252 ? EXIT_GROUP : EXIT_THREAD;
	}
#elif defined(__TARGET_ARCH_arm64)
	s32 nr = REG_READ(regs, syscallno);
	bool compat = REG_READ(regs, pstate) & 0x10; /* PSR_MODE32_BIT */

	*value = (s32)REG_READ(regs, orig_x0);
	if (nr == (compat ? 248 : 94))
		return EXIT_GROUP;
	if (nr == (compat ? 1 : 93))
		return EXIT_THREAD;
#endif
	return EXIT_NONE;
}

/* System call numbers and arguments of a 64-bit caller (--precise). */
#if defined(__TARGET_ARCH_x86)
#define NR_PRCTL	157
#define NR_EXIT		60
#define NR_EXIT_GROUP	231
#define NR_COMPAT_EXIT	1
#define NR_COMPAT_EXIT_GROUP 252
#define NR_WAIT4	61
#define NR_WAITID	247
static __always_inline bool syscall_native(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, cs) == 0x33;
}
#define syscall_nr(regs)   ((u32)BPF_CORE_READ(regs, orig_ax))
#define syscall_arg1(regs) BPF_CORE_READ(regs, di)
#define syscall_arg2(regs) BPF_CORE_READ(regs, si)
#define syscall_arg3(regs) BPF_CORE_READ(regs, dx)
#define syscall_arg4(regs) BPF_CORE_READ(regs, r10)
#define syscall_compat_arg1(regs) (u32)BPF_CORE_READ(regs, bx)
#elif defined(__TARGET_ARCH_arm64)
#define NR_PRCTL	167
#define NR_EXIT		93
#define NR_EXIT_GROUP	94
#define NR_COMPAT_EXIT	1
#define NR_COMPAT_EXIT_GROUP 248
#define NR_WAIT4	260
#define NR_WAITID	95
static __always_inline bool syscall_native(struct pt_regs *regs)
{
	return !(BPF_CORE_READ(regs, pstate) & 0x10);
}
#define syscall_nr(regs)   ((u32)BPF_CORE_READ(regs, syscallno))
#define syscall_arg1(regs) BPF_CORE_READ(regs, orig_x0)
#define syscall_arg2(regs) BPF_CORE_READ(regs, regs[1])
#define syscall_arg3(regs) BPF_CORE_READ(regs, regs[2])
#define syscall_arg4(regs) BPF_CORE_READ(regs, regs[3])
#define syscall_compat_arg1(regs) (u32)BPF_CORE_READ(regs, orig_x0)
#endif

/* Which subsystem has which index depends on the kernel's configuration. */
static __always_inline u32 subsys_memory(void)
{
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return ~0U;
	return bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
}

static __always_inline u32 subsys_pids(void)
{
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return ~0U;
	return bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
}

#endif
