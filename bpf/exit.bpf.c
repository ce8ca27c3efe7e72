// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * exit: the death of a process, at the last thread's sched_process_exit, and
 * the exit call that led to it. Owns EXIT, ASKED and EXIT_CALL. Never what
 * becomes of the status: that is reap.bpf.c.
 */
#include "obit.bpf.h"
#include "pdeath.bpf.h"

/* The nr of a process in its own pid namespace, and that namespace. */
static __always_inline void fill_pid_ns(struct obit_exit *r,
					struct signal_struct *sig)
{
	struct pid *pid = sig->pids[PIDTYPE_TGID];
	u32 level = pid->level;
	struct upid upid = {};
	void *at = (char *)pid + bpf_core_field_offset(struct pid, numbers);

	if (!level) {			/* as most are */
		r->ns_tgid = r->task.tgid;
		r->pid_ns = PID_NS_FIRST;
		return;
	}
	bpf_probe_read_kernel(&upid, sizeof(upid), at + level * sizeof(upid));
	r->ns_tgid = upid.nr;
	r->pid_ns = BPF_CORE_READ(upid.ns, ns.inum);
}

/*
 * The exit call the current task is in: its kind in the upper half, its full
 * 32-bit argument in the lower. Global: the verifier looks at it once.
 */
__noinline u64 exit_call_of_current(void)
{
	s32 value = 0;
	u64 call = exit_syscall_of_current(&value);

	return call << 32 | (u32)value;
}

static __always_inline u32 pid_global(struct pid *pid)
{
	return pid->numbers[0].nr;
}

static __always_inline void fill_cgroup(struct obit_exit *r,
					struct task_struct *leader)
{
	struct css_set *cset = leader->cgroups;
	struct cgroup *cg = cset->dfl_cgrp;

	r->cgroup_id = cg->kn->id;
	r->cgroup_hierarchy = OBIT_HIER_UNIFIED;
	r->cgroup_v1_id = 0;
	if (config.cgroup_v1 && cg->level == 0) {
		cg = (void *)cgroup_v1_of((u64)BPF_CORE_READ(leader, cgroups));
		if (cg) {
			u32 root;

			r->cgroup_v1_id = BPF_CORE_READ(cg, kn, id);
			r->cgroup_hierarchy = hierarchy_of(cg, &root);
		}
	}
}

static __always_inline void fill_ids(struct obit_exit *r,
				     struct task_struct *leader,
				     struct signal_struct *sig)
{
	const struct cred *cred = leader->real_cred;
	struct tty_struct *tty = sig->tty;
	struct pid *sid = sig->pids[PIDTYPE_SID];
	struct pid *pgid = sig->pids[PIDTYPE_PGID];

	r->uid = cred->uid.val;
	r->gid = cred->gid.val;
	r->loginuid = task_loginuid(leader);
	r->sid = pid_global(sid);
	r->pgid = sid == pgid ? r->sid : pid_global(pgid);
	fill_pid_ns(r, sig);
	__builtin_memset(r->tty, 0, sizeof(r->tty));
	if (tty)
		bpf_probe_read_kernel_str(r->tty, sizeof(r->tty),
					  __builtin_preserve_access_index(
						  &tty->name));
}

static __always_inline void fill_kin(struct obit_exit *r,
				     struct task_struct *leader)
{
	struct task_struct *rp = leader->real_parent, *tracer;
	int exit_signal = leader->exit_signal;

	fill_named(&r->parent, r->parent_comm, rp);
	r->exit_signal = exit_signal;
	r->sigchld = signal_autoreap(leader->signal) ?
			     OBIT_SIGCHLD_AUTOREAP :
			     sigchld_of(rp, exit_signal);
	if (leader->ptrace) {
		tracer = leader->parent;
		if ((u32)tracer->tgid != r->parent.tgid) {
			r->flags |= OBIT_EXIT_TRACED;
			fill_named(&r->tracer, r->tracer_comm, tracer);
			return;
		}
	}
	__builtin_memset(&r->tracer, 0, sizeof(r->tracer));
	__builtin_memset(r->tracer_comm, 0, sizeof(r->tracer_comm));
}

/*
 * Released threads are summed up in signal; the leader and the last thread are
 * not yet. maxrss is final: setmax_mm_hiwater_rss() has run.
 */
static __always_inline void fill_usage_at_exit(struct obit_usage *u,
					       struct task_struct *p,
					       struct task_struct *leader,
					       struct signal_struct *sig)
{
	fill_signal_usage(u, sig);
	add_usage(u, leader);
	if (p != leader)
		add_usage(u, p);
}

/* When the exit call of the thread that exits began; 0: none, or not seen. Once. */
static __always_inline u64 take_call(struct task_struct *p)
{
	volatile struct obit_call *c;

	if (!config.exit_calls)
		return 0;
	c = &calls[p->pid & (CALL_SLOTS - 1)];
	if (c->start_boottime != p->start_boottime)
		return 0;
	c->start_boottime = 0;
	return c->boot_ns;
}

/*
 * Keeps what only this thread's exit shows: its exit call, its signal. An
 * exit(2) of one thread among others is no call that ends the process.
 */
static __always_inline void thread_exits(struct task_struct *p,
					 struct signal_struct *sig, u64 call_ns)
{
	struct proc_state *st;
	bool leader = p->group_leader == p;
	u32 call = EXIT_NONE;
	s32 value = 0;

	if (!(p->flags & PF_SIGNALED)) {
		u64 c = exit_call_of_current();

		call = c >> 32;
		value = (s32)c;
	}
	/* of racing exit_group calls the kernel takes the first one's byte; from
	 * 6.0 on the last exit(2) sets the group's as well */
	if (call == EXIT_THREAD && sig->flags & SIGNAL_GROUP_EXIT &&
	    (value & 0xff) << 8 == sig->group_exit_code && !leader)
		call = EXIT_GROUP;
	if (call == EXIT_GROUP && (value & 0xff) << 8 != sig->group_exit_code)
		call = EXIT_NONE;
	if (call == EXIT_THREAD && !leader)
		call = EXIT_NONE;
	if (!(sig->flags & SIGNAL_GROUP_EXIT))
		call_ns = 0;
	if (call == EXIT_NONE && !p->pdeath_signal && !call_ns)
		return;
	st = proc_get(p);
	if (!st)
		return;
	if (p->pdeath_signal && (leader || !st->pdeath_signal)) {
		st->pdeath_signal = p->pdeath_signal;
		st->pdeath_tid = p->pid;
	}
	if (call == EXIT_THREAD) {
		st->leader_value = value;
		st->flags |= PROC_LEADER_VALUE;
	} else if (call == EXIT_GROUP) {
		if (st->flags & PROC_GROUP_VALUE && st->group_value != value)
			st->flags |= PROC_AMBIGUOUS;
		st->group_value = value;
		st->flags |= PROC_GROUP_VALUE;
	}
	if (call_ns && (!st->call_ns || call_ns < st->call_ns))
		st->call_ns = call_ns;
	/* a full barrier on x86: written before signal->live is read again */
	__sync_fetch_and_add(&st->calls, 1);
}

/* The three exit values of a death, and its pdeath signal, into the record. */
static __always_inline void fill_values(struct obit_exit *r,
					struct task_struct *p,
					struct task_struct *leader,
					struct proc_state *st)
{
	u32 call = EXIT_NONE, flags = 0, pdeath = leader->pdeath_signal;
	s32 value = 0;

	r->group_value = 0;
	r->leader_value = 0;
	r->threads = 1;
	r->pdeath_signal = pdeath;
	r->pdeath_tid = pdeath ? r->task.tgid : 0;
	if (st) {
		flags = st->flags & (PROC_GROUP_VALUE | PROC_LEADER_VALUE |
				     PROC_AMBIGUOUS | OBIT_EXIT_EXE_DELETED);
		r->group_value = st->group_value;
		r->leader_value = st->leader_value;
		if (st->threads > 1)
			r->threads = st->threads;
		if (!r->pdeath_signal) {
			r->pdeath_signal = st->pdeath_signal;
			r->pdeath_tid = st->pdeath_tid;
		}
		if (st->call_ns && (!r->call_ns || st->call_ns < r->call_ns))
			r->call_ns = st->call_ns;
	}
	if (p != leader && !r->pdeath_signal && p->pdeath_signal) {
		r->pdeath_signal = p->pdeath_signal;
		r->pdeath_tid = p->pid;
	}
	if (!(r->flags & OBIT_EXIT_SIGNALED)) {
		u64 c = exit_call_of_current();

		call = c >> 32;
		value = (s32)c;
	}
	r->last_value = value;
	if (call == EXIT_THREAD)
		flags |= OBIT_EXIT_LAST_VALUE;
	if (call == EXIT_GROUP &&
	    (value & 0xff) << 8 == (r->exit_code & 0xff00)) {
		if (flags & PROC_GROUP_VALUE && r->group_value != value)
			flags |= PROC_AMBIGUOUS;
		r->group_value = value;
		flags |= PROC_GROUP_VALUE;
	}
	r->flags |= flags;
}

/* ASKED goes out just before EXIT, so that the join has it in time. */
static __always_inline void asked_record(struct task_struct *leader,
					 struct proc_state *st)
{
	struct obit_signal *r;
	struct asked *a = st->taken.signal ? &st->taken : &st->sent;

	if (!a->signal)
		return;
	r = record_begin(OBIT_EV_ASKED, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	fill_task(&r->task, leader, 0);
	copy_comm(r->comm, leader);
	r->sender = a->sender;
	r->signal = a->signal;
	r->si_code = a->si_code;
	r->flags = a->flags;
	r->info = a->info;
	r->sent_ns = a->sent_ns;
	r->taken_ns = a->taken_ns;
	record_end(r);
}

static __always_inline void process_exits(struct task_struct *p,
					  struct signal_struct *sig, u32 flags,
					  u32 p_flags, u64 call_ns)
{
	struct task_struct *leader = p->group_leader;
	u64 start = leader->start_boottime;
	u32 sig_flags = sig->flags;
	struct proc_state *st;
	struct mm_struct *mm;
	struct obit_exit *r;
	u32 exit_code;

	/* a plain exit_group() of a lone thread sets no flag before 6.0 */
	exit_code = sig_flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code :
						    leader->exit_code;
	if (filtered(leader))
		return;
	st = proc_find(p, (u64)sig, start);
	if (st)
		asked_record(leader, st);
	r = record_begin(OBIT_EV_EXIT, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r) {
		u64 key = (u64)sig;

		/* No room to remember it: it counts now, at the risk of its
		 * RELEASE telling of it all the same. */
		if (bpf_map_update_elem(&untold, &key, &start, BPF_ANY))
			count_lost(OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL);
		return;
	}
	if (sig_flags & SIGNAL_GROUP_EXIT)
		flags |= OBIT_EXIT_GROUP_EXIT;
	if (p_flags & PF_SIGNALED)
		flags |= OBIT_EXIT_SIGNALED;
	if (!((p == leader ? p_flags : leader->flags) & PF_FORKNOEXEC))
		flags |= OBIT_EXIT_EXECED;
	mm = p->mm;
	if (mm) {
		struct dentry *exe = mm->exe_file->f_path.dentry;

		flags |= OBIT_EXIT_HAS_MM;
		if (!exe->d_hash.pprev && exe->d_parent != exe)
			flags |= OBIT_EXIT_EXE_DELETED;
	}
	r->flags = flags;
	r->exit_code = exit_code;
	r->pad = 0;
	r->pad2 = 0;
	r->call_ns = call_ns;
	r->task.start_boottime = start;
	r->task.tgid = leader->tgid;
	r->task.tid = p == leader ? r->task.tgid : (u32)p->pid;
	copy_comm(r->comm, leader);
	fill_values(r, p, leader, st);
	fill_kin(r, leader);
	fill_ids(r, leader, sig);
	fill_cgroup(r, leader);
	fill_usage_at_exit(&r->usage, p, leader, sig);
	record_end(r);
}

static __always_inline int exit_seen(struct task_struct *p, u64 group_dead)
{
	struct signal_struct *sig = p->signal;
	u32 flags = 0, p_flags = p->flags;
	u64 call_ns;
	bool dead;

	/* the leader that a thread's exec replaced had the same start */
	if (p_flags & PF_KTHREAD ||
	    is_done(DONE_EXIT, p->start_boottime + p->self_exec_id))
		return 0;
	if (p->children.next != &p->children) {
		flags = OBIT_EXIT_CHILDREN;
		armed_children(bpf_get_current_task(), sig->live.counter != 0);
	}
	call_ns = take_call(p);
	/* first what this thread knows, then the look at live: whoever comes
	 * after the last one has either told it or tells again */
	if (sig->nr_threads > 1)
		thread_exits(p, sig, call_ns);
	dead = *(volatile int *)&sig->live.counter == 0;
	if (dead)
		process_exits(p, sig,
			      flags | (group_dead ? OBIT_EXIT_GROUP_DEAD : 0),
			      p_flags, call_ns);
	return 0;
}

/*
 * In do_exit(), by the thread itself, interrupts on. Since 6.16 before
 * exit_mm() and with the verdict group_dead as second argument; earlier after
 * it. signal->live has been counted down some lines before, in every version:
 * several threads may see 0 here, and the one with group_dead need not be the
 * last to come. So each that sees 0 writes an EXIT, and the last one counts: by
 * then every exit call has been seen.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(tp__sched_process_exit, struct task_struct *p)
{
	return exit_seen(p, config.exit_has_group_dead ? ctx[1] & 1 : 0);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(twin__sched_process_exit, struct task_struct *p)
{
	return exit_seen(p, config.exit_has_group_dead ? ctx[1] & 1 : 0);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(third__sched_process_exit, struct task_struct *p)
{
	return exit_seen(p, config.exit_has_group_dead ? ctx[1] & 1 : 0);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(fourth__sched_process_exit, struct task_struct *p)
{
	return exit_seen(p, config.exit_has_group_dead ? ctx[1] & 1 : 0);
}

/* Left behind by one that has never come to its EXIT. */
#define CALL_STALE_NS	600000000000ULL

/*
 * The current thread has called exit(2) or exit_group(2): when is kept until its
 * EXIT. There is one slot for many tids; who finds another's in it does not wait
 * for room, nor for a death that may be slow.
 */
static __always_inline void exit_called(void)
{
	struct task_struct *cur = current_task();
	u64 start = CUR_READ(cur, start_boottime), now;
	volatile struct obit_call *c;
	struct obit_exit_call *r;

	if (CUR_READ(cur, flags) & PF_KTHREAD)
		return;
	c = &calls[CUR_READ(cur, pid) & (CALL_SLOTS - 1)];
	if (c->start_boottime == start)
		return;
	now = bpf_ktime_get_boot_ns();
	if (!c->start_boottime || now - c->boot_ns > CALL_STALE_NS) {
		c->boot_ns = now;
		c->start_boottime = start;
		return;
	}
	r = record_begin(OBIT_EV_EXIT_CALL, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_current(&r->task, NULL);
	record_end(r);
}

/*
 * Has the running file lost its last name? Up to 6.15 the memory is gone at the
 * tracepoint: here it is still there to be asked.
 */
static __always_inline void note_deleted_exe(void)
{
	struct task_struct *cur = current_task();
	struct mm_struct *mm = CUR_READ(cur, mm);
	struct proc_state *st;
	struct dentry *exe;

	if (config.exit_has_group_dead || !mm)
		return;
	exe = CUR_READ(mm, exe_file, f_path.dentry);
	if (!exe || CUR_READ(exe, d_hash.pprev) ||
	    CUR_READ(exe, d_parent) == exe)
		return;
	st = proc_get(cur);
	if (st)
		st->flags |= OBIT_EXIT_EXE_DELETED;
}

static __always_inline int do_exit_seen(long code)
{
	if (!(code & 0x7f))
		exit_called();
	return 0;
}

/*
 * Every end comes here; exit_group(2) has told the other threads before, which
 * takes it no longer than to come here. The low bits are a signal's. A thread
 * that an exec ends comes with 0, too: its process lives on, so nobody asks.
 */
SEC("fentry/do_exit")
int BPF_PROG(fentry__do_exit, long code)
{
	note_deleted_exe();
	return do_exit_seen(code);
}

SEC("fentry/do_exit")
int BPF_PROG(twin__do_exit, long code)
{
	return do_exit_seen(code);
}

SEC("fentry/do_exit")
int BPF_PROG(third__do_exit, long code)
{
	return do_exit_seen(code);
}

/* --precise without fentry: the call itself, at the price of every call. */
SEC("tp_btf/sys_enter")
int BPF_PROG(tp__sys_enter, struct pt_regs *regs, long id)
{
	bool native = syscall_native(regs);

	if (native ? id == NR_EXIT || id == NR_EXIT_GROUP :
		     id == NR_COMPAT_EXIT || id == NR_COMPAT_EXIT_GROUP)
		exit_called();
	return 0;
}
