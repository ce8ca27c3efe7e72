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

/* The promised names: those of the phases in records. */
static const char *const steps[OBIT_PHASE_NR] = {
#define OBIT_X(NAME, name) [OBIT_PHASE_##NAME] = name,
	OBIT_PHASES(OBIT_X)
#undef OBIT_X
};

/*
 * The calls of do_exit(), in the order of 7.3; older kernels leave the terminal
 * after fs. Steps without a function of their own on every kernel (exit_mm(),
 * exit_notify() are inlined everywhere) begin with the call that is nearest.
 * Of two places with one step a kernel has one; a kernel without the
 * configuration of a place has no such step.
 */
const struct teardown_place teardown_places[] = {
	{ "exit_signals", OBIT_PHASE_SIGNALS },
	{ "acct_update_integrals", OBIT_PHASE_ACCOUNTING }, /* TASK_XACCT */
	{ "mm_exit_exec_release", OBIT_PHASE_MM },
	{ "exit_mm_release", OBIT_PHASE_MM },		/* to 6.18 */
	{ "exit_mmap", OBIT_PHASE_MM_UNMAP },		/* the last user's */
	{ "exit_sem", OBIT_PHASE_IPC },			/* SYSVIPC */
	{ "disassociate_ctty", OBIT_PHASE_TTY },	/* the last thread's */
	{ "exit_files", OBIT_PHASE_FILES },
	{ "exit_fs", OBIT_PHASE_FS },
	{ "exit_nsproxy_namespaces", OBIT_PHASE_NAMESPACES },
	{ "exit_task_namespaces", OBIT_PHASE_NAMESPACES }, /* to 6.18 */
	{ "task_work_run", OBIT_PHASE_FILE_CLOSE },
	{ "exit_thread", OBIT_PHASE_THREAD },
	{ "cgroup_task_exit", OBIT_PHASE_CGROUP },
	{ "cgroup_exit", OBIT_PHASE_CGROUP },		/* to 6.18 */
	{ "exit_tasks_rcu_start", OBIT_PHASE_NOTIFY },	/* TASKS_RCU */
	{ "proc_exit_connector", OBIT_PHASE_CONNECTOR }, /* PROC_EVENTS */
	{ "do_task_dead", OBIT_PHASE_DEAD },
	{ NULL, OBIT_PHASE_OTHER },
};

/*
 * Several of the places are everybody's: task_work_run() on the way back to
 * user space, acct_update_integrals(), exit_mmap() at every exec. Kernel
 * threads exit the same way, but are no process. PF_EXITING comes only inside of
 * exit_signals().
 */
void obit_teardown_step(enum obit_phase phase, const void *arg)
{
	if (!(current->flags & PF_EXITING) && phase != OBIT_PHASE_SIGNALS)
		return;
	if (current->flags & PF_KTHREAD)
		return;
	trace_obit_teardown(current, steps[phase]);
	obit_end_step(phase, arg);
}
