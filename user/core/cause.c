// SPDX-License-Identifier: GPL-2.0-only
/*
 * cause: the table of who sends which signal how.
 * At signal_generate, current is the sender only where the siginfo and its
 * state prove it: timers and interrupts run over a bystander. Never guesses:
 * what fits no row is the kernel, and nobody.
 */
#include <signal.h>
#include <string.h>

#include "core/cause.h"

/* The kernel's si_codes, which libc headers do not all have. */
enum {
	CODE_USER = 0,		/* kill */
	CODE_QUEUE = -1,	/* sigqueue */
	CODE_TKILL = -6,	/* tkill, tgkill: raise, abort */
	CODE_SECCOMP = 1,	/* SYS_SECCOMP, of SIGSYS */
};

static void person_of(const struct obit_signal *s, struct person *p)
{
	memset(p, 0, sizeof(*p));
	p->start_boottime = s->sender.task.start_boottime;
	p->tgid = s->sender.task.tgid;
	p->tid = s->sender.task.tid;
	p->uid = s->sender.uid;
	p->signal = (int32_t)s->signal;
	memcpy(p->comm, s->sender.comm, sizeof(p->comm));
}

static bool has(const struct obit_signal *s, uint32_t flags)
{
	return (s->flags & flags) == flags;
}

static bool lacks(const struct obit_signal *s, uint32_t flags)
{
	return !(s->flags & flags);
}

static void nobody(struct sender *to, enum obituary_cause cause)
{
	to->cause = cause;
	to->known = false;
}

static void somebody(struct sender *to, enum obituary_cause cause)
{
	to->cause = cause;
	to->known = to->who.tgid != 0;
}

/*
 * SIGHUP and SIGCONT from the kernel. Of an exiting sender, what it has lost
 * already tells which step of do_exit() it is in: disassociate_ctty() comes
 * before exit_task_namespaces(), the final task_work_run() (which closes its
 * files, a pty master among them) after, and exit_notify() last, where
 * task_works holds the work_exited mark.
 */
static void hangup(const struct obit_signal *s, struct sender *to)
{
	to->hangup = "tty_closed";
	if (has(s, OBIT_SIG_KTHREAD)) {
		nobody(to, CAUSE_HANGUP);
		return;
	}
	if (has(s,
		OBIT_SIG_EXITING | OBIT_SIG_HAS_NS | OBIT_SIG_SESSION_LEADER))
		to->hangup = "session_leader";
	else if (has(s, OBIT_SIG_EXITING | OBIT_SIG_TASK_WORK) &&
		 lacks(s, OBIT_SIG_HAS_NS))
		to->hangup = "orphaned_pgrp";
	somebody(to, to->hangup[0] == 'o' ? CAUSE_ORPHANED_PGRP : CAUSE_HANGUP);
}

/* SIGKILL from the kernel, not by an OOM kill: that is known by its victim. */
static void kernel_kill(const struct obit_signal *s, struct sender *to)
{
	bool late = has(s, OBIT_SIG_EXITING | OBIT_SIG_TASK_WORK) &&
		    lacks(s, OBIT_SIG_HAS_NS);	/* in exit_notify() */

	if (has(s, OBIT_SIG_SAME_GROUP))
		nobody(to, CAUSE_SIGNAL);	/* RLIMIT_CPU */
	else if (late)
		/* zap_pid_ns_processes() or exit_ptrace() */
		somebody(to,
			 has(s, OBIT_SIG_GROUP) ? CAUSE_PIDNS : CAUSE_EXITKILL);
	else if (has(s, OBIT_SIG_TARGET_AUTOREAP) && has(s, OBIT_SIG_KTHREAD))
		nobody(to, CAUSE_PIDFD_AUTOKILL);
	else if (has(s, OBIT_SIG_TARGET_AUTOREAP))
		somebody(to, CAUSE_PIDFD_AUTOKILL);
	else
		nobody(to, CAUSE_SIGNAL);
}

/* SEND_SIG_PRIV: the kernel of its own will. */
static void from_kernel(const struct obit_signal *s, struct sender *to)
{
	switch (s->signal) {
	case SIGHUP:
	case SIGCONT:
		hangup(s, to);
		return;
	case SIGKILL:
		kernel_kill(s, to);
		return;
	case SIGINT:
	case SIGQUIT:
		/* The line discipline, run by a kworker or by whoever writes
		 * to the master of a pty: neither has killed anybody. */
		nobody(to, CAUSE_TERMINAL);
		return;
	}
	nobody(to, CAUSE_SIGNAL);
}

/* SEND_SIG_NOINFO: counts as sent by current, who need not know. */
static void from_current(const struct obit_signal *s, struct sender *to)
{
	if (has(s, OBIT_SIG_KTHREAD))
		nobody(to, CAUSE_SIGNAL);
	else if (has(s, OBIT_SIG_EXITING | OBIT_SIG_PDEATH) &&
		 lacks(s, OBIT_SIG_SAME_GROUP))
		somebody(to, CAUSE_PDEATH);
	else if (s->signal == SIGKILL &&
		 lacks(s, OBIT_SIG_GROUP | OBIT_SIG_EXITING))
		somebody(to, CAUSE_CGROUP_KILL);
	else if (has(s, OBIT_SIG_SAME_GROUP) && lacks(s, OBIT_SIG_GROUP))
		nobody(to, CAUSE_SIGNAL);	/* SIGPIPE, SIGXFSZ */
	else if (has(s, OBIT_SIG_SAME_GROUP))
		somebody(to, CAUSE_SELF);	/* kill(2) since 7.3 */
	else
		somebody(to, CAUSE_SIGNAL);
}

static bool is_fault(uint32_t sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGILL || sig == SIGTRAP;
}

static void from_siginfo(const struct obit_signal *s, struct sender *to)
{
	bool own = has(s, OBIT_SIG_SAME_GROUP);

	if (s->si_code == CODE_USER || s->si_code == CODE_QUEUE ||
	    s->si_code == CODE_TKILL) {
		if (has(s, OBIT_SIG_KTHREAD))
			nobody(to, CAUSE_SIGNAL);
		else
			somebody(to, own ? CAUSE_SELF : CAUSE_SIGNAL);
		return;
	}
	if (own && s->signal == SIGSYS && s->si_code == CODE_SECCOMP)
		nobody(to, CAUSE_SECCOMP);
	else if (own && s->si_code > 0 && is_fault(s->signal))
		nobody(to, CAUSE_FAULT);
	else
		nobody(to, CAUSE_SIGNAL);	/* timers, SIGIO, ... */
}

void sender_of(const struct obit_signal *s, struct sender *to)
{
	memset(to, 0, sizeof(*to));
	person_of(s, &to->who);
	switch ((enum obit_siginfo)s->info) {
	case OBIT_SI_NOINFO:
		from_current(s, to);
		break;
	case OBIT_SI_PRIV:
		from_kernel(s, to);
		break;
	case OBIT_SI_INFO:
		from_siginfo(s, to);
		break;
	default:
		nobody(to, CAUSE_UNKNOWN);
	}
}

/* do_exit(sig) without a signal: seccomp, or an oops (make_task_dead). */
static enum obituary_cause direct_cause(uint32_t sig)
{
	if (sig == SIGSYS || sig == SIGKILL)
		return CAUSE_SECCOMP;
	return sig == SIGSEGV ? CAUSE_OOPS : CAUSE_UNKNOWN;
}

static const struct sent *decider_of(const struct cause_facts *f, uint32_t sig)
{
	const struct sent *d = sent_decider(f->sent, sig);
	uint32_t then = f->exit_code_at_exit & 0x7f;

	/* reboot(2) in a pid namespace: its init gets SIGKILL, and the status
	 * is then changed to SIGHUP or SIGINT (zap_pid_ns_processes). */
	if (!d && f->have_exit && then != sig && then)
		d = sent_decider(f->sent, then);
	return d;
}

static void by_sender(const struct obit_signal *s, struct cause *to)
{
	struct sender from;

	sender_of(s, &from);
	to->decider = s;
	to->cause = from.cause;
	to->have_killer = from.known;
	to->killer = from.who;
}

void cause_of(const struct cause_facts *f, struct cause *to)
{
	uint32_t sig = f->exit_code & 0x7f;
	const struct sent *d;
	bool sure;

	memset(to, 0, sizeof(*to));
	to->cause = CAUSE_EXIT;
	if (!sig)
		return;
	d = decider_of(f, sig);
	sure = d && d->rank <= SENT_SURE;
	if (f->oom_victim && sig == SIGKILL &&
	    (!sure || d->s.info == OBIT_SI_PRIV)) {
		to->cause = CAUSE_OOM;
		to->decider = d ? &d->s : NULL;
	} else if (!sure && f->have_signaled && !f->signaled &&
		   direct_cause(sig) != CAUSE_UNKNOWN) {
		to->cause = direct_cause(sig);
	} else if (d) {
		by_sender(&d->s, to);
	} else if (f->asked && f->asked->signal == sig) {
		/* Sent to a handler, which was reset before it ran. */
		by_sender(f->asked, to);
	} else {
		to->cause = CAUSE_UNKNOWN;
	}
}

static bool gives(int32_t value, uint32_t exit_code)
{
	return ((uint32_t)value & 0xff) == (exit_code >> 8 & 0xff);
}

bool exit_value_of(const struct obit_exit *e, uint32_t exit_code,
		   int32_t *value)
{
	if (exit_code & 0x7f)
		return false;
	if (e->flags & OBIT_EXIT_GROUP_VALUE &&
	    gives(e->group_value, exit_code)) {
		/* Two calls raced and both would give this status. */
		if (e->flags & OBIT_EXIT_AMBIGUOUS)
			return false;
		*value = e->group_value;
		return true;
	}
	/* With SIGNAL_GROUP_EXIT set (always so since 6.0, at the last thread)
	 * the status is the last thread's, else the leader's. */
	if (e->flags & OBIT_EXIT_GROUP_EXIT &&
	    e->flags & OBIT_EXIT_LAST_VALUE &&
	    gives(e->last_value, exit_code)) {
		*value = e->last_value;
		return true;
	}
	if (e->flags & OBIT_EXIT_LEADER_VALUE &&
	    gives(e->leader_value, exit_code)) {
		*value = e->leader_value;
		return true;
	}
	if (e->flags & OBIT_EXIT_LAST_VALUE &&
	    gives(e->last_value, exit_code)) {
		*value = e->last_value;
		return true;
	}
	return false;
}
