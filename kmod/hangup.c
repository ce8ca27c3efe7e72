// SPDX-License-Identifier: GPL-2.0
/*
 * hangup: whom a death hangs up: a process group that it orphans, the terminal
 * of a session whose leader dies. Owns these two tracepoints. Never a record:
 * that each signal went out is signal.c's.
 */
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/spinlock.h>
#include <linux/tty.h>

#include "compat.h"
#include "stories.h"
#include "trace.h"

/*
 * kill_orphaned_pgrp() is static; what it calls is seen here. Of all who send
 * SIGHUP to a group as the kernel, only it runs so late in an exit:
 *   disassociate_ctty()      before the namespaces are left
 *   the close of a pty master, in exit_task_work(): signals session leaders one
 *                            by one, a group only if it is that session's
 *                            leader who exits, and then from the above
 * That a group was orphaned is nothing to the kernel while nobody in it is
 * stopped: then it calls nothing.
 */
void obit_pgrp_signalled(int sig, struct kernel_siginfo *info, struct pid *pgrp)
{
	if (sig != SIGHUP || info != SEND_SIG_PRIV)
		return;
	if (!(current->flags & PF_EXITING) || current->nsproxy)
		return;
	trace_obit_pgrp_orphaned(pgrp, current);
}

/* The group that was in front when the terminal went before its session. */
static pid_t old_pgrp_of_current(void)
{
	/* nobody else takes it from a task that has not been released */
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	unsigned long flags;
	pid_t nr;

	spin_lock_irqsave(&sighand->siglock, flags);
	nr = pid_nr(current->signal->tty_old_pgrp);
	spin_unlock_irqrestore(&sighand->siglock, flags);
	return nr;
}

/*
 * do_exit() calls disassociate_ctty() with no lock held and may sleep in it;
 * here preemption is off. get_current_tty() and tty_get_pgrp() take spinlocks
 * with interrupts off, nothing else; the last tty_kref_put() hands the terminal
 * to a work item.
 */
void obit_ctty_leaves(int on_exit)
{
	struct tty_struct *tty;
	struct pid *pgrp = NULL;
	pid_t sid, front;

	if (!on_exit || !trace_obit_hangup_enabled() ||
	    !current->signal->leader)
		return;
	tty = get_current_tty();
	if (tty) {
		pgrp = tty_get_pgrp(tty);
		front = pid_nr(pgrp);
	} else {
		front = old_pgrp_of_current();
	}
	rcu_read_lock();
	sid = pid_nr(task_session(current));
	rcu_read_unlock();
	if (tty || front)
		trace_obit_hangup(current, tty, sid, front);
	put_pid(pgrp);
	tty_kref_put(tty);
}
