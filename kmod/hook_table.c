// SPDX-License-Identifier: GPL-2.0
/*
 * hook_table: every place of the kernel that is watched, and the few lines that
 * lead from each way of being called there to a story. Owns the rows. Never
 * arms one, never tells a fact.
 *
 * Preemption: tracepoint probes run with it off up to 6.19 and on from 7.0
 * (a46023d5616e); at the entry of a function it is off already. Stories find it
 * off.
 */
#include <linux/cgroup.h>
#include <linux/kernel.h>
#include <linux/oom.h>
#include <linux/preempt.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <trace/events/cgroup.h>
#include <trace/events/oom.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>

#include "compat.h"
#include "hook.h"
#include "ring.h"
#include "stories.h"
#include "teardown.h"

#define NO_PREEMPTION(call)                 \
	do {                                \
		preempt_disable_notrace();  \
		call;                       \
		preempt_enable_notrace();   \
	} while (0)

/* --- tracepoints --------------------------------------------------------------- */

static void tp_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	NO_PREEMPTION(obit_forked(parent, child));
}

static void tp_exec(void *data, struct task_struct *p, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	NO_PREEMPTION(obit_execed(p, old_pid, bprm));
}

static void tp_exit(void *data, struct task_struct *p)
{
	NO_PREEMPTION(obit_thread_exits(p));
}

/* Since 6.16. */
static void tp_exit_verdict(void *data, struct task_struct *p, bool group_dead)
{
	NO_PREEMPTION(obit_thread_exits(p));
}

static void tp_generate(void *data, int sig, struct kernel_siginfo *info,
			struct task_struct *t, int group, int result)
{
	NO_PREEMPTION(obit_signal_generated(sig, info, t, group, result));
}

static void tp_deliver(void *data, int sig, struct kernel_siginfo *info,
		       struct k_sigaction *ka)
{
	NO_PREEMPTION(obit_signal_delivered(sig, ka));
}

/* A bare pid up to 6.7, the task and its uid since (72ba14deb40a) and in the
 * stable kernels that carry it. */
static void __maybe_unused tp_victim_pid(void *data, int pid)
{
	NO_PREEMPTION(obit_oom_victim(NULL, pid));
}

static void __maybe_unused tp_victim(void *data, struct task_struct *t,
				     uid_t uid)
{
	NO_PREEMPTION(obit_oom_victim(t, t->pid));
}

static void tp_cgroup_named(void *data, struct cgroup *cg, const char *path)
{
	NO_PREEMPTION(obit_cgroup_named(cg, path));
}

static void tp_cgroup_gone(void *data, struct cgroup *cg, const char *path)
{
	NO_PREEMPTION(obit_cgroup_gone(cg));
}

/* With the state that prev is left in since 5.18 (fa2c3254d7cf), first where
 * others have their second argument, then (9c2136be0878) behind them. */
static void __maybe_unused tp_switch(void *data, bool preempt,
				     struct task_struct *prev,
				     struct task_struct *next)
{
	obit_switched(prev, next);
}

static void __maybe_unused tp_switch_state(void *data, bool preempt,
					   struct task_struct *prev,
					   struct task_struct *next,
					   unsigned int prev_state)
{
	obit_switched(prev, next);
}

/* The kernel's prototypes against ours; makes no code. */
static void __maybe_unused check_types(void)
{
	check_trace_callback_type_sched_process_fork(tp_fork);
	check_trace_callback_type_sched_process_exec(tp_exec);
	check_trace_callback_type_signal_generate(tp_generate);
	check_trace_callback_type_signal_deliver(tp_deliver);
	check_trace_callback_type_cgroup_mkdir(tp_cgroup_named);
	check_trace_callback_type_cgroup_rename(tp_cgroup_named);
	check_trace_callback_type_cgroup_release(tp_cgroup_gone);
	BUILD_BUG_ON(
		!OBIT_TP_TAKES(sched_process_exit, struct task_struct *) &&
		!OBIT_TP_TAKES(sched_process_exit, struct task_struct *, bool));
	BUILD_BUG_ON(!OBIT_TP_TAKES(sched_switch, bool, struct task_struct *,
				    struct task_struct *) &&
		     !OBIT_TP_TAKES(sched_switch, bool, struct task_struct *,
				    struct task_struct *, unsigned int));
	BUILD_BUG_ON(!OBIT_TP_TAKES(mark_victim, int) &&
		     !OBIT_TP_TAKES(mark_victim, struct task_struct *, uid_t));
}

#define SWITCH_PROBE                                                   \
	(OBIT_TP_TAKES(sched_switch, bool, struct task_struct *,       \
		       struct task_struct *) ?                         \
		 (void *)tp_switch :                                   \
		 (void *)tp_switch_state)
#define EXIT_PROBE                                                     \
	(OBIT_TP_TAKES(sched_process_exit, struct task_struct *) ?     \
		 (void *)tp_exit :                                     \
		 (void *)tp_exit_verdict)
#define VICTIM_PROBE                                                   \
	(OBIT_TP_TAKES(mark_victim, int) ? (void *)tp_victim_pid :     \
					   (void *)tp_victim)

/* --- function entries ------------------------------------------------------------ */

#define ARG(type, n) ((type)obit_ftrace_arg(fregs, n))
#define ENTERED(name, call)                                                 \
	static void name(const struct hook *h, obit_ftrace_regs *fregs)     \
	{                                                                   \
		call;                                                       \
	}

ENTERED(in_released, obit_released(ARG(struct task_struct *, 0)))
ENTERED(in_taskstats_exit,
	obit_thread_accounted(ARG(struct task_struct *, 0), ARG(int, 1)))
ENTERED(in_acct_collect, obit_thread_accounted(current, ARG(int, 1)))
ENTERED(in_do_exit, obit_exit_called(ARG(long, 0)))
ENTERED(in_commit_creds, obit_creds_change(ARG(const struct cred *, 0)))
ENTERED(in_kill_pgrp,
	obit_pgrp_signalled(ARG(int, 0), ARG(struct kernel_siginfo *, 1),
			    ARG(struct pid *, 2)))
ENTERED(in_disassociate, obit_ctty_leaves(ARG(int, 0)))

ENTERED(in_end, obit_end_begins())
ENTERED(in_dump, obit_dump_begins())
ENTERED(in_io_uring, obit_end_step(OBIT_PHASE_IO_URING, NULL))
ENTERED(in_verdict, obit_end_verdict(ARG(int, 1)))
/* ptrace_event(PTRACE_EVENT_EXIT) */
ENTERED(in_ptrace_notify,
	(ARG(int, 0) == (PTRACE_EVENT_EXIT << 8 | SIGTRAP) ? obit_exit_stop() :
							     (void)0))

void hook_teardown(const struct hook *h, obit_ftrace_regs *fregs)
{
	obit_teardown_step(h->step, ARG(const void *, 0));
}

/* --- function returns -------------------------------------------------------------- */

#define KEPT(ri, type) ((type *)(ri)->data)

struct notified {
	struct task_struct *p;
	int sig;
};

static int notify_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct notified *n = KEPT(ri, struct notified);

	n->p = (struct task_struct *)regs_get_kernel_argument(regs, 0);
	n->sig = regs_get_kernel_argument(regs, 1);
	return 0;
}

static int notify_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct notified *n = KEPT(ri, struct notified);

	NO_PREEMPTION(
		obit_notified(n->p, n->sig, regs_return_value(regs) & 0xff));
	return 0;
}

struct sending {
	struct task_struct *t;
	int sig;
};

static int send_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sending *s = KEPT(ri, struct sending);
	struct kernel_siginfo *info;

	s->sig = regs_get_kernel_argument(regs, 0);
	info = (struct kernel_siginfo *)regs_get_kernel_argument(regs, 1);
	s->t = (struct task_struct *)regs_get_kernel_argument(regs, 2);
	return !obit_pdeath_is_sending(s->sig, info, s->t);
}

static int send_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sending *s = KEPT(ri, struct sending);

	NO_PREEMPTION(obit_pdeath_sent(s->sig, s->t, regs_return_value(regs)));
	return 0;
}

struct unmapping {
	struct obit_task whose;
	u64 begin_ns;
};

static int unmap_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct unmapping *u = KEPT(ri, struct unmapping);

	u->begin_ns = ktime_get_boot_fast_ns();
	return !obit_mm_goes((void *)regs_get_kernel_argument(regs, 0),
			     &u->whose);
}

static int reap_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct unmapping *u = KEPT(ri, struct unmapping);

	u->begin_ns = ktime_get_boot_fast_ns();
	return !obit_mm_taken((void *)regs_get_kernel_argument(regs, 0),
			      &u->whose);
}

static int unmap_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct unmapping *u = KEPT(ri, struct unmapping);

	NO_PREEMPTION(obit_mm_gone(&u->whose, u->begin_ns));
	return 0;
}

/* A system call's function is given the caller's registers; whoever calls
 * prctl(2) for anything else is not followed to its end. */
static int prctl_begins(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct pt_regs *user =
		(struct pt_regs *)regs_get_kernel_argument(regs, 0);

	return obit_prctl_option(user) != PR_SET_PDEATHSIG;
}

static int __maybe_unused prctl32_begins(struct kretprobe_instance *ri,
					 struct pt_regs *regs)
{
	const struct pt_regs *user =
		(struct pt_regs *)regs_get_kernel_argument(regs, 0);

	return obit_prctl_option32(user) != PR_SET_PDEATHSIG;
}

static int prctl_ends(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (!regs_return_value(regs))
		NO_PREEMPTION(obit_pdeath_set());
	return 0;
}

/* --- the rows ------------------------------------------------------------------------ */

#define RECORDS WANTS(RECORDS)
#define EVENT(event) WANTS(event)
#define OR_EVENT(event) (RECORDS | EVENT(event))
/* Records need it only for what is gone at the tracepoint. */
#define ACCOUNTED (OBIT_EXIT_BEFORE_MM ? EVENT(EXIT) : OR_EVENT(EXIT))

#define TRACEPOINT(name, fn, text, ...)                                \
	{ .kind = OBIT_HOOK_TRACEPOINT, .place = name, .probe = fn,    \
	  .fact = text, .wants = RECORDS, __VA_ARGS__ }
#define FUNCTION(name, who, fn, text, ...)                             \
	{ .kind = OBIT_HOOK_FTRACE, .place = name, .entered = fn,      \
	  .fact = text, .wants = who, __VA_ARGS__ }
#define RETURN(name, who, begins, ends, kept, text, ...)               \
	{ .kind = OBIT_HOOK_KRETPROBE, .place = name, .entry = begins, \
	  .ret = ends, .keeps = kept, .fact = text,                    \
	  .wants = who, __VA_ARGS__ }

/* clang-format off */
const struct hook hook_rows[] = {
	FUNCTION("cgroup_task_release", OR_EVENT(RELEASED), in_released,
		 "who reaped, and when; the last word on the status",
		 .serves = SERVES_RELEASE, .required = true),
	FUNCTION("cgroup_release", OR_EVENT(RELEASED), in_released,
		 "who reaped, and when; the last word on the status (to 6.18)",
		 .serves = SERVES_RELEASE, .required = true),
	RETURN("do_notify_parent", OR_EVENT(REAPABLE), notify_begins,
	       notify_ends, sizeof(struct notified),
	       "since when it can be waited for, and by whom"),
	TRACEPOINT("sched_process_exit", EXIT_PROBE,
		   "the death: status, exit values, usage, kin",
		   .required = true),
	FUNCTION("taskstats_exit", ACCOUNTED, in_taskstats_exit,
		 "which thread was the last; a deleted executable",
		 .serves = SERVES_ACCOUNTED),
	FUNCTION("acct_collect", ACCOUNTED, in_acct_collect,
		 "which thread was the last (kernels without taskstats)",
		 .serves = SERVES_ACCOUNTED),
	FUNCTION("do_exit", RECORDS, in_do_exit,
		 "when it was asked to end: reapable_ns"),
	TRACEPOINT("signal_deliver", tp_deliver,
		   "that a handler took a signal: asked_by"),
	TRACEPOINT("signal_generate", tp_generate,
		   "who killed; hang-ups and parent-death signals"),
	RETURN("group_send_sig_info", OR_EVENT(PDEATH), send_begins, send_ends,
	       sizeof(struct sending),
	       "parent-death signals that the kernel refused to send",
	       .at_once = 64),
	TRACEPOINT("mark_victim", VICTIM_PROBE,
		   "whom the OOM killer chose, and for whom"),
	TRACEPOINT("sched_process_exec", tp_exec, "exe, args"),
	TRACEPOINT("sched_process_fork", tp_fork,
		   "whose child; how many threads"),
	TRACEPOINT("cgroup_mkdir", tp_cgroup_named, "names of cgroups"),
	TRACEPOINT("cgroup_rename", tp_cgroup_named, "names of cgroups"),
	TRACEPOINT("cgroup_release", tp_cgroup_gone, "the end of a cgroup"),
#if defined(CONFIG_X86_64)
	RETURN("__x64_sys_prctl", RECORDS, prctl_begins, prctl_ends, 0,
	       "parent-death signals asked for", .at_once = 64),
	RETURN("__ia32_sys_prctl", RECORDS, prctl32_begins, prctl_ends, 0,
	       "parent-death signals asked for by i386 programs",
	       .at_once = 64),
#elif defined(CONFIG_ARM64)
	RETURN("__arm64_sys_prctl", RECORDS, prctl_begins, prctl_ends, 0,
	       "parent-death signals asked for", .at_once = 64),
#endif
	FUNCTION("commit_creds", RECORDS, in_commit_creds,
		 "parent-death signals cleared by new credentials"),
	FUNCTION("__kill_pgrp_info", EVENT(ORPHANED), in_kill_pgrp,
		 "process groups orphaned by a death"),
	FUNCTION("disassociate_ctty", EVENT(HANGUP), in_disassociate,
		 "the end of a session leader that had a terminal"),
	{ .kind = OBIT_HOOK_TRACEPOINT, .place = "sched_switch",
	  .probe = SWITCH_PROBE, .wants = EVENT(ENDINGS),
	  .fact = "teardown: its end; CPU and off-CPU apart" },
	RETURN("exit_mmap", EVENT(ENDINGS), unmap_begins, unmap_ends,
	       sizeof(struct unmapping),
	       "teardown: who gave back memory that was left to others",
	       .at_once = 16),
	RETURN("__oom_reap_task_mm", EVENT(ENDINGS), reap_begins, unmap_ends,
	       sizeof(struct unmapping),
	       "teardown: memory taken away by the OOM reaper or on purpose",
	       .at_once = 16),
	FUNCTION("taskstats_exit", EVENT(ENDINGS), in_verdict,
		 "teardown: which thread was the last",
		 .serves = SERVES_VERDICT),
	FUNCTION("acct_collect", EVENT(ENDINGS), in_verdict,
		 "teardown: which thread was the last (without taskstats)",
		 .serves = SERVES_VERDICT),
	FUNCTION("__io_uring_cancel", EVENT(ENDINGS), in_io_uring,
		 "teardown: io_uring"),
	FUNCTION("ptrace_notify", EVENT(ENDINGS), in_ptrace_notify,
		 "teardown: ptrace_stop"),
	FUNCTION("vfs_coredump", EVENT(ENDINGS), in_dump,
		 "teardown: coredump", .serves = SERVES_DUMP),
	FUNCTION("do_coredump", EVENT(ENDINGS), in_dump,
		 "teardown: coredump (to 6.16)", .serves = SERVES_DUMP),
	FUNCTION("do_exit", EVENT(ENDINGS), in_end,
		 "teardown: the end of a thread begins"),
};
/* clang-format on */

const unsigned int hook_rows_nr = ARRAY_SIZE(hook_rows);
