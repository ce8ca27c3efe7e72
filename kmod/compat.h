/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - what differs between kernels, in one place.
 * Owns every LINUX_VERSION_CODE and feature test of the module; the rest of
 * kmod/ reads as if written for the newest kernel. Never holds a function
 * that records a fact.
 */
#ifndef OBIT_COMPAT_H
#define OBIT_COMPAT_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

/*
 * 5.10 is the oldest kernel the module is built and booted on. Older ones
 * lack more than names: put_task_struct_rcu_user() and with it the lifetime
 * of a dead task (5.4), the shape of tracepoint probes (5.10, static calls).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "obit.ko needs Linux 5.10 or later"
#endif

/*
 * With PREEMPT_RT spinlocks sleep, siglock and the allocator's among them, and
 * probes that run with preemption off take both. Without cgroups there is no
 * cgroup_release(), the one place where every release comes by.
 */
#ifdef CONFIG_PREEMPT_RT
#error "obit.ko does not run on kernels with CONFIG_PREEMPT_RT"
#endif
#ifndef CONFIG_CGROUPS
#error "obit.ko needs CONFIG_CGROUPS"
#endif

/* Only `make kmod` knows the version; a build by hand goes without. */
#ifndef OBIT_VERSION
#define OBIT_VERSION "unknown"
#endif

/* The module's own workqueue (main.c). */
struct workqueue_struct;
extern struct workqueue_struct *obit_wq;

/* Since 6.3 (bc292ab00f6c) vm_flags may only be changed by these. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define obit_vm_flags_set	vm_flags_set
#define obit_vm_flags_clear	vm_flags_clear
#else
static inline void obit_vm_flags_set(struct vm_area_struct *vma,
				     unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void obit_vm_flags_clear(struct vm_area_struct *vma,
				       unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/*
 * ftrace callbacks get the function's arguments: in whole registers up to 5.10,
 * since 5.11 (d19ad0775dcd) in as many as a call needs. A callback says that it
 * guards against recursion itself by a flag up to 5.10, and by none later.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
typedef struct pt_regs obit_ftrace_regs;
#define OBIT_FTRACE_FLAGS \
	(FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
#define obit_ftrace_arg(regs, n) regs_get_kernel_argument(regs, n)
#else
typedef struct ftrace_regs obit_ftrace_regs;
#ifdef ftrace_regs_get_argument
#ifdef FTRACE_OPS_FL_SAVE_ARGS
#define OBIT_FTRACE_FLAGS FTRACE_OPS_FL_SAVE_ARGS
#else
#define OBIT_FTRACE_FLAGS 0
#endif
#define obit_ftrace_arg(fregs, n) ftrace_regs_get_argument(fregs, n)
#else
/* arguments are there without the flag only where the architecture has said
 * so; with it they are everywhere */
#define OBIT_FTRACE_FLAGS FTRACE_OPS_FL_SAVE_REGS
#define obit_ftrace_arg(fregs, n) \
	regs_get_kernel_argument(ftrace_get_regs(fregs), n)
#endif
#endif

/* prctl(2)'s first argument, of a native and of an i386 caller. */
static inline unsigned long obit_prctl_option(const struct pt_regs *user)
{
#if defined(CONFIG_X86)
	return user->di;
#elif defined(CONFIG_ARM64)
	return user->orig_x0;
#else
#error "where does this architecture keep the first argument of prctl(2)?"
#endif
}

static inline unsigned long obit_prctl_option32(const struct pt_regs *user)
{
#if defined(CONFIG_X86)
	return (u32)user->bx;
#else
	return 0;
#endif
}

/*
 * Is the tracepoint's probe called with just these arguments? Asked of the
 * prototype and not of the version: distributions carry such changes back.
 */
#define OBIT_TP_TAKES(name, ...)                                             \
	__builtin_types_compatible_p(typeof(&check_trace_callback_type_##name), \
				     void (*)(void (*)(void *, __VA_ARGS__)))

/* signal->autoreap came with CLONE_AUTOREAP, 7.1. */
static inline bool obit_signal_autoreap(const struct signal_struct *sig)
{
#ifdef CLONE_AUTOREAP
	return sig->autoreap;
#else
	return false;
#endif
}

/* --- tasks ------------------------------------------------------------------- */

/* Bytes that went to and from storage: CONFIG_TASK_IO_ACCOUNTING. */
static inline u64 obit_io_read(const struct task_io_accounting *io)
{
#ifdef CONFIG_TASK_IO_ACCOUNTING
	return io->read_bytes;
#else
	return 0;
#endif
}

static inline u64 obit_io_written(const struct task_io_accounting *io)
{
#ifdef CONFIG_TASK_IO_ACCOUNTING
	return io->write_bytes;
#else
	return 0;
#endif
}

/* Switched from for good? task->state, since 5.14 (2f064a59a11f) __state. */
static inline bool obit_task_is_dead(const struct task_struct *t)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return READ_ONCE(t->__state) & TASK_DEAD;
#else
	return READ_ONCE(t->state) & TASK_DEAD;
#endif
}

/* Whose memory it is, under rcu_read_lock(); NULL: nobody's any more, or the
 * kernel does not keep it. */
static inline struct task_struct *obit_mm_owner(const struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	return rcu_dereference(mm->owner);
#else
	return NULL;
#endif
}

/* When it was last switched to, by its CPU's clock; 0: not known. */
static inline u64 obit_arrived(const struct task_struct *t)
{
#ifdef CONFIG_SCHED_INFO
	return t->sched_info.last_arrival;
#else
	return 0;
#endif
}

/* Which controllers there are is the configuration's; -1: not this one. */
#ifdef CONFIG_MEMCG
#define OBIT_SUBSYS_MEMORY	memory_cgrp_id
#else
#define OBIT_SUBSYS_MEMORY	(-1)
#endif
#ifdef CONFIG_CGROUP_PIDS
#define OBIT_SUBSYS_PIDS	pids_cgrp_id
#else
#define OBIT_SUBSYS_PIDS	(-1)
#endif
#define OBIT_SUBSYS_MASK(id)	((id) < 0 ? 0U : 1U << ((id) & 31))

/* Is sched_process_exit, since 6.16 (with its second argument), before
 * exit_mm()? */
#define OBIT_EXIT_BEFORE_MM \
	OBIT_TP_TAKES(sched_process_exit, struct task_struct *, bool)

/*
 * The exit call the current task is in, and its full 32-bit argument. Only for
 * a task that is in do_exit() and was not killed: a system call from which it
 * exits then is one of these two.
 *
 * x86: int $0x80 counts by the i386 table whatever the code segment says; 1 and
 * 252 are write and ioprio_get in the 64-bit table, from which nobody exits.
 * Bit 30 marks x32.
 */
enum exit_call {
	EXIT_CALL_NONE,
	EXIT_CALL_THREAD,		/* exit(2) */
	EXIT_CALL_GROUP,		/* exit_group(2) */
};

static inline enum exit_call obit_exit_call_of_current(s32 *value)
{
	struct pt_regs *regs = task_pt_regs(current);
#if defined(CONFIG_X86)
	u32 nr = (u32)regs->orig_ax & ~0x40000000U;

#ifdef CONFIG_X86_64
	if (user_64bit_mode(regs) && (nr == 60 || nr == 231)) {
		*value = (s32)regs->di;
		return nr == 60 ? EXIT_CALL_THREAD : EXIT_CALL_GROUP;
	}
#endif
	if (nr == 1 || nr == 252) {
		*value = (s32)regs->bx;
		return nr == 1 ? EXIT_CALL_THREAD : EXIT_CALL_GROUP;
	}
#elif defined(CONFIG_ARM64)
	bool compat = compat_user_mode(regs);

	*value = (s32)regs->orig_x0;
	if (regs->syscallno == (compat ? 1 : 93))
		return EXIT_CALL_THREAD;
	if (regs->syscallno == (compat ? 248 : 94))
		return EXIT_CALL_GROUP;
#endif
	*value = 0;
	return EXIT_CALL_NONE;
}

#endif /* OBIT_COMPAT_H */
