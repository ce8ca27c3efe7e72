// SPDX-License-Identifier: GPL-2.0
/*
 * signal: who sent what may kill. Owns SIGNAL, and the memory of signals that a
 * handler takes. Never a cause: user space judges.
 *
 * The sender is caught when the signal is generated. At delivery it is too
 * late: complete_signal() turns every fatal signal without a core dump into
 * SIGKILL from nobody.
 */
#include <linux/cred.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <trace/events/signal.h>

#include "compat.h"
#include "procs.h"
#include "record.h"
#include "ring.h"
#include "stories.h"

/* A signal just generated. */
struct shot {
	struct task_struct *target;
	int sig;
	s32 code;			/* si_code; 0 without a siginfo */
	u32 info;			/* enum obit_siginfo */
	u32 flags;			/* OBIT_SIG_* */
	bool ignored;			/* disposition is SIG_IGN */
};

/* Does it not end a process by default? */
static bool is_harmless(int sig)
{
	return sig_kernel_ignore(sig) || sig_kernel_stop(sig);
}

static u32 siginfo_kind(const struct kernel_siginfo *info)
{
	if (info == SEND_SIG_NOINFO)
		return OBIT_SI_NOINFO;
	return info == SEND_SIG_PRIV ? OBIT_SI_PRIV : OBIT_SI_INFO;
}

/*
 * Is it do_notify_parent()'s? User space cannot forge a positive code for
 * another, but SIGIO has some: fcntl(F_SETSIG) lets any signal come with
 * POLL_IN, 1. So it must be SIGCHLD, or what the dying process was cloned with.
 *
 * The leader is there to be asked although current may have been released
 * already: do_notify_parent() holds tasklist_lock. In an interrupt it may not
 * be (see fill_sender), but there nobody is told of a death.
 */
static bool is_notification(const struct shot *s)
{
	if (s->info != OBIT_SI_INFO || s->code < CLD_EXITED ||
	    s->code > CLD_DUMPED || s->target->tgid == current->tgid)
		return false;
	if (s->sig == SIGCHLD)
		return true;
	return in_task() && current->flags & PF_EXITING &&
	       current->group_leader->exit_signal == s->sig;
}

/* --- the facts ---------------------------------------------------------------- */

static u32 sender_flags(const struct task_struct *t)
{
	u32 f = 0;

	if (current->flags & PF_EXITING)
		f |= OBIT_SIG_EXITING;
	if (current->flags & PF_KTHREAD)
		f |= OBIT_SIG_KTHREAD;
	if (current->nsproxy)
		f |= OBIT_SIG_HAS_NS;
	if (READ_ONCE(current->task_works))
		f |= OBIT_SIG_TASK_WORK;
	if (atomic_read(&current->signal->live))
		f |= OBIT_SIG_SENDER_ALIVE;
	if (current->signal->leader)
		f |= OBIT_SIG_SESSION_LEADER;
	if (t->tgid == current->tgid)
		f |= OBIT_SIG_SAME_GROUP;
	if (rcu_dereference(t->real_parent)->tgid == current->tgid)
		f |= OBIT_SIG_CHILD;
	if (t->ptrace) {
		f |= OBIT_SIG_TRACED;
		if (rcu_dereference(t->parent)->tgid == current->tgid)
			f |= OBIT_SIG_TRACER;
	}
	return f;
}

static u32 target_flags(struct task_struct *t, int sig)
{
	const struct signal_struct *signal = t->signal;
	u32 f = 0;

	/* complete_signal() has just done it, where the signal is fatal */
	if (signal->flags & SIGNAL_GROUP_EXIT && signal->group_exit_code == sig)
		f |= OBIT_SIG_DECIDED;
	if (sigismember(&t->blocked, sig))
		f |= OBIT_SIG_BLOCKED;
	if (t->pdeath_signal == sig)
		f |= OBIT_SIG_PDEATH;
	if (t->flags & PF_EXITING)
		f |= OBIT_SIG_TARGET_EXITING;
	if (obit_signal_autoreap(signal))
		f |= OBIT_SIG_TARGET_AUTOREAP;
	return f;
}

/*
 * An interrupt can find a thread that has been released already and is on its
 * way to its last schedule(). Its leader may be freed by then. It is a
 * bystander: what it still knows itself is enough.
 */
static void fill_sender(struct obit_who *who)
{
	if (likely(pid_alive(current))) {
		fill_who(who, current);
		return;
	}
	memset(who, 0, sizeof(*who));
	who->task.tgid = current->tgid;
	who->task.tid = current->pid;
	fill_thread_comm(who->comm, current);
	who->uid = __kuid_val(current_real_cred()->uid);
}

static void record_signal(const struct shot *s)
{
	struct obit_signal *r;

	r = ring_reserve(OBIT_EV_SIGNAL, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	fill_task(&r->task, s->target, s->target->pid);
	fill_comm(r->comm, s->target);
	fill_sender(&r->sender);
	r->signal = s->sig;
	r->si_code = s->code;
	r->flags = s->flags;
	r->info = s->info;
	r->sent_ns = r->hdr.boot_ns;
	r->taken_ns = 0;
	ring_commit(r);
}

/* A handler is there to take it: remembered, not written, for such signals may
 * come in any number; only the last one matters, and only at the end. */
static void remember(const struct shot *s)
{
	struct proc_facts *f = procs_lock(s->target, true);

	if (!f)
		return;
	fill_sender(&f->sent.sender);
	f->sent.signal = s->sig;
	f->sent.si_code = s->code;
	f->sent.flags = s->flags;
	f->sent.info = s->info;
	f->sent.sent_ns = ktime_get_boot_fast_ns();
	f->sent.taken_ns = 0;
	procs_unlock(f);
}

/* --- which of them matter ------------------------------------------------------ */

/* Could whoever runs now be its sender, and is he outside the target? */
static bool is_from_outside(const struct shot *s)
{
	if (s->flags & OBIT_SIG_SAME_GROUP)
		return false;
	switch (s->info) {
	case OBIT_SI_INFO:
		return s->code == SI_USER || s->code == SI_QUEUE ||
		       s->code == SI_TKILL;
	case OBIT_SI_NOINFO:
		return true;
	default:
		/* the kernel, for somebody at a terminal or somebody's death */
		return s->sig == SIGHUP ||
		       s->flags & (OBIT_SIG_EXITING | OBIT_SIG_KTHREAD);
	}
}

/* Sent because somebody dies, or because a terminal goes? */
static bool is_of_death(const struct shot *s)
{
	if (s->info == OBIT_SI_INFO || s->flags & OBIT_SIG_SAME_GROUP)
		return false;
	return s->flags & OBIT_SIG_EXITING ||
	       (s->info == OBIT_SI_PRIV &&
		(s->sig == SIGHUP || s->sig == SIGCONT));
}

/* Of those that end nobody by default only SIGCONT from the kernel and a
 * parent-death signal can be news. */
static bool is_news(const struct shot *s)
{
	return !is_harmless(s->sig) ||
	       (s->sig == SIGCONT && s->info == OBIT_SI_PRIV) ||
	       (s->info == OBIT_SI_NOINFO && current->flags & PF_EXITING);
}

static void set_disposition(struct shot *s)
{
	const struct sighand_struct *sighand =
		rcu_dereference(s->target->sighand);
	__sighandler_t handler = sighand->action[s->sig - 1].sa.sa_handler;

	s->ignored = handler == SIG_IGN;
	if (handler != SIG_IGN && handler != SIG_DFL)
		s->flags |= OBIT_SIG_HANDLER;
}

static void look_at(struct shot *s, int result)
{
	bool sent = result == TRACE_SIGNAL_DELIVERED ||
		    result == TRACE_SIGNAL_LOSE_INFO;
	bool of_death;

	s->flags |= sender_flags(s->target) | target_flags(s->target, s->sig);
	set_disposition(s);
	of_death = is_of_death(s);
	if (!sent) {
		if (!of_death)
			return;
		s->flags |= OBIT_SIG_IGNORED;
	}
	if (sent && s->flags & OBIT_SIG_HANDLER && is_from_outside(s))
		remember(s);
	if (of_death || !(s->flags & OBIT_SIG_HANDLER || s->ignored))
		record_signal(s);
}

/*
 * At the end of __send_signal[_locked](), after complete_signal(). siglock is
 * held, so t has not been released: its leader, its parents and its sighand are
 * there.
 */
void obit_signal_generated(int sig, struct kernel_siginfo *info,
			   struct task_struct *t, int group, int result)
{
	struct shot s = { .target = t, .sig = sig };

	if (!READ_ONCE(ring_recording) || !valid_signal(sig) || !sig)
		return;
	s.info = siginfo_kind(info);
	if (s.info == OBIT_SI_INFO)
		s.code = info->si_code;
	if (group)
		s.flags = OBIT_SIG_GROUP;
	if (is_notification(&s) || !is_news(&s))
		return;
	rcu_read_lock();
	look_at(&s, result);
	rcu_read_unlock();
}

/* get_signal(), in the task that takes it. Only the arrival at a handler is of
 * interest: that of the signal remembered above. */
void obit_signal_delivered(int sig, struct k_sigaction *ka)
{
	struct proc_facts *f;

	if (!READ_ONCE(ring_recording) || is_harmless(sig) ||
	    ka->sa.sa_handler == SIG_DFL || ka->sa.sa_handler == SIG_IGN)
		return;
	f = procs_lock(current, false);
	if (!f)
		return;
	if (f->sent.signal == sig && !f->sent.taken_ns) {
		f->sent.taken_ns = ktime_get_boot_fast_ns();
		f->taken = f->sent;
	}
	procs_unlock(f);
}
