// SPDX-License-Identifier: GPL-2.0
/*
 * teardown: which step of its end a thread has come to. Owns the list of places
 * and the names of the steps, which are a promise (docs/tracepoints.md). Never
 * measures: the listener takes the time from one step to the next.
 */
#include <linux/sched.h>

#include "compat.h"
#include "stories.h"
#include "teardown.h"
#include "trace.h"

/* PF_EXITING comes only inside of exit_signals(). */
static const char first_step[] = "signals";

/*
 * The calls of do_exit(), in the order of 7.3; older kernels leave the terminal
 * after fs. Steps without a function of their own on every kernel (exit_mm(),
 * exit_notify() are inlined everywhere) begin with the call that is nearest.
 * Of two places with one step a kernel has one; a kernel without the
 * configuration of a place has no such step.
 */
const struct teardown_place teardown_places[] = {
	{ "exit_signals", first_step },
	{ "acct_update_integrals", "accounting" },	/* TASK_XACCT */
	{ "mm_exit_exec_release", "mm" },
	{ "exit_mm_release", "mm" },			/* to 6.18 */
	{ "exit_mmap", "mm.unmap" },			/* the last user's */
	{ "exit_sem", "ipc" },				/* SYSVIPC */
	{ "disassociate_ctty", "tty" },			/* the last thread's */
	{ "exit_files", "files" },
	{ "exit_fs", "fs" },
	{ "exit_nsproxy_namespaces", "namespaces" },
	{ "exit_task_namespaces", "namespaces" },	/* to 6.18 */
	{ "task_work_run", "task_work" },
	{ "exit_thread", "thread" },
	{ "cgroup_task_exit", "cgroup" },
	{ "cgroup_exit", "cgroup" },			/* to 6.18 */
	{ "exit_tasks_rcu_start", "notify" },		/* TASKS_RCU */
	{ "proc_exit_connector", "connector" },		/* PROC_EVENTS */
	{ "do_task_dead", "dead" },
	{ NULL, NULL },
};

/*
 * Several of the places are everybody's: task_work_run() on the way back to
 * user space, acct_update_integrals(), exit_mmap() at every exec. Kernel
 * threads exit the same way, but are no process.
 */
void obit_teardown_step(const char *step)
{
	if (!(current->flags & PF_EXITING) && step != first_step)
		return;
	if (current->flags & PF_KTHREAD)
		return;
	trace_obit_teardown(current, step);
}
