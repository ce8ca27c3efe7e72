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

#endif /* OBIT_COMPAT_H */
