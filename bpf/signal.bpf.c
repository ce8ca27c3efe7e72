// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * signal: who sent what may kill. Owns SIGNAL, the REAPABLE that SIGCHLD
 * betrays where do_notify_parent() cannot be hooked, and the memory of handled
 * signals (procs). Never a cause: user space judges.
 *
 * The sender is caught when the signal is generated. At delivery it is too
 * late: complete_signal() turns any fatal signal without a core dump into
 * SIGKILL from nobody.
 */
#include "obit.bpf.h"

/* Signals that do not end a process by default: CHLD CONT STOP TSTP TTIN TTOU
 * URG WINCH. Bit n - 1 is signal n. */
#define HARMLESS ((1ULL << 16) | (1ULL << 17) | (1ULL << 18) | (1ULL << 19) | \
		  (1ULL << 20) | (1ULL << 21) | (1ULL << 22) | (1ULL << 27))

/* result of send_signal(), include/trace/events/signal.h */
#define TRACE_SIGNAL_DELIVERED		0
#define TRACE_SIGNAL_LOSE_INFO		4

#define SI_USER		0
#define SI_QUEUE	-1
#define SI_TKILL	-6
#define CLD_EXITED	1
#define CLD_DUMPED	3

/* Between the functions of this file: the target ignores the signal. */
#define SIG_IS_IGNORED	0x80000000U

static __always_inline u32 cur_flags(void)
{
	return CUR_READ(current_task(), flags);
}

static __always_inline void *handler_of(struct task_struct *t, int sig)
{
	struct sighand_struct *sighand = BPF_CORE_READ(t, sighand);
	void *handler = NULL;

	bpf_probe_read_kernel(&handler, sizeof(handler),
			      (char *)sighand +
				      bpf_core_field_offset(struct sighand_struct,
							    action) +
				      (sig - 1) * bpf_core_type_size(
							  struct k_sigaction) +
				      bpf_core_field_offset(struct k_sigaction,
							    sa.sa_handler));
	return handler;
}

/* The nr of the current process in the pid namespace at `level`. */
static __always_inline u32 cur_nr_at(u32 level)
{
	struct pid *pid =
		BPF_CORE_READ(current_task(), signal, pids[PIDTYPE_TGID]);
	u32 nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (char *)pid +
				      bpf_core_field_offset(struct pid,
							    numbers) +
				      level * sizeof(struct upid));
	return nr;
}

/*
 * SIGCHLD (or another exit_signal) from do_notify_parent(). The dead process is
 * the one that runs, unless a dying parent passes its zombies on or a tracer
 * gives one back: si_pid, as the told process sees it, tells.
 */
static __always_inline void reapable_by_signal(int sig, u32 nr, u32 tgid,
					       struct task_struct *t)
{
	u32 level = t->thread_pid->level;
	struct task_struct *leader;
	struct obit_reapable *r;
	bool self;

	self = nr == (level ? cur_nr_at(level) : tgid);
	leader = CUR_READ(current_task(), group_leader);
	/* a traced leader is announced while its threads live */
	if (self && CUR_READ(leader, signal, nr_threads) > 1)
		return;
	r = record_begin(OBIT_EV_REAPABLE, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	r->flags = self ? 0 : OBIT_REAPABLE_AGAIN;
	r->task.tgid = self ? tgid : level ? 0 : nr;
	r->task.tid = r->task.tgid;
	r->task.start_boottime = self ? CUR_READ(leader, start_boottime) : 0;
	if (self && CUR_READ(leader, ptrace) &&
	    CUR_READ(leader, real_parent, tgid) != t->tgid)
		r->flags |= OBIT_REAPABLE_TRACER;
	fill_named(&r->told, r->told_comm, t);
	r->signal = sig;
	r->ns_tgid = self ? 0 : nr;
	r->sigchld = sigchld_of(t, sig);
	__builtin_memset(r->pad, 0, sizeof(r->pad));
	record_end_of_death(r);
}

/*
 * SEND_SIG_NOINFO is (void *)0 and SEND_SIG_PRIV (void *)1. In assembly, for
 * the verifier takes a tracepoint's pointer for valid: it would drop a test
 * against 0 as never true, and refuses arithmetic the compiler may prefer.
 */
static __always_inline u32 siginfo_kind(struct kernel_siginfo *info)
{
	u32 kind;

	asm volatile("%[kind] = 2\n\t"
		     "if %[info] > 1 goto +3\n\t"
		     "%[kind] = 1\n\t"
		     "if %[info] == 1 goto +1\n\t"
		     "%[kind] = 0"
		     : [kind] "=&r"(kind)
		     : [info] "r"(info));
	return kind;
}

/* Of a siginfo, which is laid out as user space knows it. In one read: newer
 * kernels let no program look into a siginfo that may be none. */
struct sent {
	int code;
	u32 pad;
	u32 pid;		/* of a SIGCHLD: si_pid */
};

struct shot {		/* one generated signal, in words of this file */
	int sig, code;
	u32 info;	/* enum obit_siginfo */
	u32 flags;	/* OBIT_SIG_* */
};

/*
 * The flags that tell of the sender, and of the target. Global functions: what
 * the verifier knows of each bit would multiply the states of all that follows.
 */
__noinline u32 sender_flags(u64 target)
{
	struct task_struct *t = (void *)target, *cur = current_task();
	u32 flags = BPF_CORE_READ(cur, flags);
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u32 f = 0;

	if (flags & PF_EXITING)
		f |= OBIT_SIG_EXITING;
	if (flags & PF_KTHREAD)
		f |= OBIT_SIG_KTHREAD;
	if (BPF_CORE_READ(cur, nsproxy))
		f |= OBIT_SIG_HAS_NS;
	if (BPF_CORE_READ(cur, task_works))
		f |= OBIT_SIG_TASK_WORK;
	if (BPF_CORE_READ(cur, signal, live.counter))
		f |= OBIT_SIG_SENDER_ALIVE;
	if (BPF_CORE_READ(cur, signal, leader))
		f |= OBIT_SIG_SESSION_LEADER;
	if ((u32)BPF_CORE_READ(t, tgid) == tgid)
		f |= OBIT_SIG_SAME_GROUP;
	if ((u32)BPF_CORE_READ(t, real_parent, tgid) == tgid)
		f |= OBIT_SIG_CHILD;
	if (BPF_CORE_READ(t, ptrace)) {
		f |= OBIT_SIG_TRACED;
		if ((u32)BPF_CORE_READ(t, parent, tgid) == tgid)
			f |= OBIT_SIG_TRACER;
	}
	return f;
}

__noinline u32 target_flags(u64 target, u32 sig)
{
	struct task_struct *t = (void *)target;
	struct signal_struct *s = BPF_CORE_READ(t, signal);
	u64 handler = (u64)handler_of(t, sig);
	u32 f = 0;

	if (BPF_CORE_READ(s, flags) & SIGNAL_GROUP_EXIT &&
	    (u32)BPF_CORE_READ(s, group_exit_code) == sig)
		f |= OBIT_SIG_DECIDED;
	if (handler > 1)
		f |= OBIT_SIG_HANDLER;
	if (handler == 1)
		f |= SIG_IS_IGNORED;
	if (BPF_CORE_READ(t, blocked.sig[0]) & 1ULL << (sig - 1))
		f |= OBIT_SIG_BLOCKED;
	if ((u32)BPF_CORE_READ(t, pdeath_signal) == sig)
		f |= OBIT_SIG_PDEATH;
	if (BPF_CORE_READ(t, flags) & PF_EXITING)
		f |= OBIT_SIG_TARGET_EXITING;
	if (signal_autoreap(s))
		f |= OBIT_SIG_TARGET_AUTOREAP;
	return f;
}

static __always_inline void signal_record(struct task_struct *t,
					  const struct shot *shot)
{
	struct obit_signal *r;

	r = record_begin(OBIT_EV_SIGNAL, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	fill_task(&r->task, t, t->pid);
	copy_comm(r->comm, t->group_leader);
	fill_who(&r->sender);
	r->signal = shot->sig;
	r->si_code = shot->code;
	r->flags = shot->flags;
	r->info = shot->info;
	r->sent_ns = r->hdr.boot_ns;
	r->taken_ns = 0;
	record_end(r);
}

/* A handler is there to take it: remembered, not sent, for such signals may
 * come in any number; only the last one matters, and only at the end. */
static __always_inline void remember(struct task_struct *t,
				     const struct shot *shot)
{
	struct proc_state *st = proc_get(t);

	if (!st)
		return;
	fill_who(&st->sent.sender);
	st->sent.si_code = shot->code;
	st->sent.flags = shot->flags;
	st->sent.info = shot->info;
	st->sent.sent_ns = bpf_ktime_get_boot_ns();
	st->sent.taken_ns = 0;
	st->sent.signal = shot->sig;
}

/* Could whoever runs now be its sender, and is he outside the target? */
static __always_inline bool from_outside(const struct shot *s)
{
	if (s->flags & OBIT_SIG_SAME_GROUP)
		return false;
	if (s->info == OBIT_SI_INFO)
		return s->code == SI_USER || s->code == SI_QUEUE ||
		       s->code == SI_TKILL;
	if (s->info == OBIT_SI_NOINFO)
		return true;
	/* PRIV: the kernel; a person at the terminal, or somebody's death */
	return s->flags & OBIT_SIG_EXITING || s->sig == SIGHUP ||
	       s->flags & OBIT_SIG_KTHREAD;
}

static __always_inline void may_kill(struct task_struct *t, struct shot *s,
				     u32 result, u32 flags)
{
	u64 target = number_of(t);
	bool sent = result == TRACE_SIGNAL_DELIVERED ||
		    result == TRACE_SIGNAL_LOSE_INFO;
	bool of_death;	/* sent because somebody dies, or a terminal goes */
	bool ignores;

	s->flags |= target_flags(target, s->sig) | sender_flags(target);
	ignores = s->flags & SIG_IS_IGNORED;
	s->flags &= ~SIG_IS_IGNORED;
	of_death = s->info != OBIT_SI_INFO &&
		   !(s->flags & OBIT_SIG_SAME_GROUP) &&
		   (flags & PF_EXITING ||
		    (s->info == OBIT_SI_PRIV &&
		     (s->sig == SIGHUP || s->sig == SIGCONT)));
	if (!sent) {
		if (!of_death)
			return;
		s->flags |= OBIT_SIG_IGNORED;
	}
	if (sent && s->flags & OBIT_SIG_HANDLER && from_outside(s))
		remember(t, s);
	if (of_death || (!(s->flags & OBIT_SIG_HANDLER) && !ignores))
		signal_record(t, s);
}

/*
 * Is it do_notify_parent()'s? User space cannot forge a positive code for
 * another, but SIGIO has some: fcntl(F_SETSIG) lets any signal come with
 * POLL_IN, 1. So it must be SIGCHLD, or what the dying process was cloned with.
 */
static __always_inline bool is_notification(int sig, int code, u32 tgid,
					    struct task_struct *t)
{
	struct task_struct *cur;

	if (code < CLD_EXITED || code > CLD_DUMPED || (u32)t->tgid == tgid)
		return false;
	if (sig == SIGCHLD)
		return true;
	cur = current_task();
	return CUR_READ(cur, flags) & PF_EXITING &&
	       CUR_READ(cur, group_leader, exit_signal) == sig;
}

/*
 * At the end of __send_signal[_locked](), after complete_signal(), under the
 * target's siglock with interrupts off, in any context. info is 0 or 1 where
 * the kernel has none to give (SEND_SIG_NOINFO, SEND_SIG_PRIV).
 */
SEC("tp_btf/signal_generate")
int BPF_PROG(tp__signal_generate, int sig, struct kernel_siginfo *info,
	     struct task_struct *t, int group, int result)
{
	struct shot s = { .sig = sig };
	struct sent sent = {};
	u32 flags;

	if (sig < 1 || sig > 64)
		return 0;
	s.info = siginfo_kind(info);
	if (s.info == OBIT_SI_INFO) {
		/* nearly all signals are these: children's */
		if (config.exact_reapable && HARMLESS & 1ULL << (sig - 1))
			return 0;
		bpf_probe_read_kernel(&sent, sizeof(sent),
				      __builtin_preserve_access_index(
					      &info->si_code));
		s.code = sent.code;
	}
	if (s.info == OBIT_SI_INFO) {
		u32 tgid = bpf_get_current_pid_tgid() >> 32;

		if (is_notification(sig, s.code, tgid, t)) {
			if (!config.exact_reapable)
				reapable_by_signal(sig, sent.pid, tgid, t);
			return 0;
		}
	}
	flags = cur_flags();
	if (HARMLESS & 1ULL << (sig - 1) &&
	    !(sig == SIGCONT && s.info == OBIT_SI_PRIV) &&
	    !(flags & PF_EXITING && s.info == OBIT_SI_NOINFO))
		return 0;
	if (group)
		s.flags = OBIT_SIG_GROUP;
	may_kill(t, &s, result, flags);
	return 0;
}

/*
 * In get_signal(), by the task that takes the signal. Only the arrival at a
 * handler is of interest here: that of the signal remembered above.
 */
SEC("tp_btf/signal_deliver")
int BPF_PROG(tp__signal_deliver, int sig, struct kernel_siginfo *info,
	     struct k_sigaction *ka)
{
	struct proc_state *st;
	u64 key;

	if (sig < 1 || sig > 64 || HARMLESS & 1ULL << (sig - 1))
		return 0;
	if ((u64)BPF_CORE_READ(ka, sa.sa_handler) <= 1)
		return 0;
	if (!*proc_near(BPF_CORE_READ(current_task(), group_leader,
				      start_boottime)))
		return 0;
	key = (u64)BPF_CORE_READ(current_task(), signal);
	st = bpf_map_lookup_elem(&procs, &key);
	if (!st || !proc_is(st, current_task()))
		return 0;
	if (st->sent.signal != (u32)sig || st->sent.taken_ns)
		return 0;
	st->sent.taken_ns = bpf_ktime_get_boot_ns();
	st->taken = st->sent;
	return 0;
}
