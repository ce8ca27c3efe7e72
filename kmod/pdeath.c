// SPDX-License-Identifier: GPL-2.0
/*
 * pdeath: parent-death signals set, cleared, sent and refused. Owns the PDEATH
 * records of changes, ARMED, and the tracepoint. Never the signal itself, once
 * it has been generated: that is signal.c.
 */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "pdeath.h"
#include "record.h"
#include "ring.h"
#include "stories.h"
#include "trace.h"

/* --- set and cleared ----------------------------------------------------------- */

void fill_pdeath(struct obit_pdeath *r, const struct task_struct *t)
{
	const struct task_struct *parent = rcu_dereference(t->real_parent);

	fill_task(&r->task, t, t->pid);
	fill_comm(r->comm, t);
	fill_task(&r->parent, parent, parent->pid);
	fill_comm(r->parent_comm, parent);
	r->flags = OBIT_PDEATH_DETAILS;
	if (parent->signal->is_child_subreaper)
		r->flags |= OBIT_PDEATH_SUBREAPER;
	r->parent_thread_start = parent->start_boottime;
	r->uid = __kuid_val(task_cred_xxx(t, uid));
	r->pad2 = 0;
}

static void record_change(u32 kind, u32 signal)
{
	struct obit_pdeath *r;

	if (!READ_ONCE(ring_recording))
		return;
	rcu_read_lock();
	r = ring_reserve(OBIT_EV_PDEATH, sizeof(*r), OBIT_LOST_SIGNAL);
	if (r) {
		fill_pdeath(r, current);
		r->signal = signal;
		r->kind = kind;
		r->scan = 0;
		ring_commit(r);
	}
	rcu_read_unlock();
}

void obit_pdeath_set(void)
{
	record_change(OBIT_PDEATH_SET, current->pdeath_signal);
}

/*
 * commit_creds() clears it when an effective or filesystem id changes (or when
 * capabilities are gained, which is not looked at: the scan finds those). A
 * setuid exec has cleared it earlier, see EXEC with OBIT_EXEC_SECURE.
 */
void obit_creds_change(const struct cred *new)
{
	const struct cred *old = current_real_cred();

	if (!current->pdeath_signal)
		return;
	if (!uid_eq(old->euid, new->euid) || !gid_eq(old->egid, new->egid) ||
	    !uid_eq(old->fsuid, new->fsuid) || !gid_eq(old->fsgid, new->fsgid))
		record_change(OBIT_PDEATH_CRED, 0);
}

/* --- sent and refused ---------------------------------------------------------- */

/*
 * forget_original_parent() calls group_send_sig_info() for every thread that
 * asked for it. No other sender in a dying task comes without a siginfo:
 * hang-ups, PTRACE_O_EXITKILL and a pid namespace's end are SEND_SIG_PRIV.
 * kill(2), without one too from 7.3 on, is never called by the dying.
 */
bool obit_pdeath_is_sending(int sig, struct kernel_siginfo *info,
			    struct task_struct *t)
{
	return current->flags & PF_EXITING && info == SEND_SIG_NOINFO && sig &&
	       sig == t->pdeath_signal && t->tgid != current->tgid;
}

static void record_denied(int sig, struct task_struct *t)
{
	struct obit_armed *r;

	r = ring_reserve(OBIT_EV_ARMED, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	fill_task(&r->task, current, current->pid);
	fill_comm(r->comm, current);
	fill_task(&r->target, t, t->pid);
	fill_comm(r->target_comm, t);
	r->signal = sig;
	r->flags = OBIT_ARMED_DENIED;
	if (atomic_read(&current->signal->live))
		r->flags |= OBIT_ARMED_ALIVE;
	ring_commit(r);
}

/*
 * Without a siginfo it counts as sent by a user: check_kill_permission(), or a
 * security module there, may refuse it, and then nothing is generated. What is
 * sent has its SIGNAL record; so ARMED is written for the refused alone, and
 * promises nothing. Children that are dead already are signalled like the
 * living, but that concerns nobody.
 */
void obit_pdeath_sent(int sig, struct task_struct *t, int ret)
{
	if (t->exit_state || ret == -ESRCH)
		return;
	trace_obit_pdeath(current, t, sig, ret);
	if (ret && READ_ONCE(ring_recording)) {
		rcu_read_lock();
		record_denied(sig, t);
		rcu_read_unlock();
	}
}
