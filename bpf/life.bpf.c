// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * life: how a process begins and what it becomes: fork and exec.
 * Owns the FORK and EXEC records, and the count of threads. Never an end.
 */
#include "obit.bpf.h"

#define PATH_MAX_BYTES	512	/* of exe that is shipped whole */
#define NAME_BYTES	256	/* NAME_MAX and its NUL */
#define EXE_ROOM	1024	/* a power of two above the sum: a mask bounds it */
#define PATH_STEPS	48	/* names and mount crossings */
#define ARGS_SMALL	512
#define ARGS_LARGE	4096

static __always_inline void forked(struct task_struct *parent,
				   struct task_struct *child)
{
	struct task_struct *real;
	struct obit_fork *r;

	if (child->group_leader != child) {
		struct proc_state *st = proc_get(child);
		u32 n = child->signal->nr_threads;

		if (st && st->threads < n)
			st->threads = n;
		return;
	}
	r = record_begin(OBIT_EV_FORK, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_leader(&r->task, child);
	fill_task(&r->forker, parent, parent->pid);
	real = child->real_parent;
	if (real == parent)
		r->real_parent = r->forker;
	else
		fill_task(&r->real_parent, real, real->pid);
	record_end_of_death(r);
}

static __always_inline int fork_seen(struct task_struct *parent,
				     struct task_struct *child)
{
	if (!(child->flags & PF_KTHREAD) &&
	    !is_done(DONE_FORK, child->start_boottime))
		forked(parent, child);
	return 0;
}

/*
 * In kernel_clone(), after copy_process() and before the child is woken: the
 * child has its identity, and nothing of it can be in the ring yet.
 */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(tp__sched_process_fork, struct task_struct *parent,
	     struct task_struct *child)
{
	return fork_seen(parent, child);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(twin__sched_process_fork, struct task_struct *parent,
	     struct task_struct *child)
{
	return fork_seen(parent, child);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(third__sched_process_fork, struct task_struct *parent,
	     struct task_struct *child)
{
	return fork_seen(parent, child);
}

/*
 * The path of the running file, as readlink(/proc/TGID/exe) would walk it: from
 * the last name to the root of the mount namespace, over mount points. Names
 * are NUL-terminated, last first, for BPF can only append. bpf_d_path() may not
 * be called from a tracepoint. Without locks: a rename meanwhile can mix names,
 * which d_path() avoids by trying again; exec of a path being renamed is rare.
 */

/* Appends a name; the length so far lives in the record, so that the verifier
 * forgets what it knew of it and each turn of the loop looks like the last. */
static __always_inline bool add_name(struct obit_exec *r, struct dentry *d)
{
	const unsigned char *name = BPF_CORE_READ(d, d_name.name);
	u32 off = *(volatile u16 *)&r->exe_len;
	long n;

	if (off >= PATH_MAX_BYTES)
		return false;
	n = bpf_probe_read_kernel_str(r->data + off, NAME_BYTES, name);
	if (n <= 0 || n > NAME_BYTES)
		return false;
	*(volatile u16 *)&r->exe_len = off + n;
	return true;
}

static __always_inline void read_exe(struct obit_exec *r, struct mm_struct *mm)
{
	struct file *file = BPF_CORE_READ(mm, exe_file);
	struct dentry *d = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct mount *m;

	if (!d || !vfs)
		return;
	/* simple_dname(): a file that was never in a directory, as memfd */
	if (BPF_CORE_READ(d, d_op, d_dname)) {
		r->flags |= OBIT_EXEC_PSEUDO;
		add_name(r, d);
		return;
	}
	r->flags |= OBIT_EXEC_LEAF_FIRST;
	if (!BPF_CORE_READ(d, d_hash.pprev) && BPF_CORE_READ(d, d_parent) != d)
		r->flags |= OBIT_EXEC_DELETED;
	m = (struct mount *)((char *)vfs -
			     bpf_core_field_offset(struct mount, mnt));

	for (int i = 0; i < PATH_STEPS; i++) {
		struct dentry *root = BPF_CORE_READ(m, mnt.mnt_root);
		struct dentry *up = BPF_CORE_READ(d, d_parent);
		struct mount *over;

		if (d != root && d != up) {
			if (!add_name(r, d))
				break;
			d = up;
			continue;
		}
		over = BPF_CORE_READ(m, mnt_parent);
		if (d != root || over == m || !over)
			return;
		d = BPF_CORE_READ(m, mnt_mountpoint);
		m = over;
	}
	r->flags |= OBIT_EXEC_EXE_CUT;
}

/*
 * In exec_binprm(), by the new program before its first instruction: argv has
 * just been copied to its stack, so the pages are there. `room` is a constant.
 */
static __always_inline void exec_record(struct task_struct *p, u32 old_tid,
					struct linux_binprm *bprm, u32 room)
{
	const u32 data = EXE_ROOM + room;
	struct mm_struct *mm = p->mm;
	u64 start = mm->arg_start, total = mm->arg_end - start;
	u32 exe_len, n;
	struct obit_exec *r;

	r = record_begin(OBIT_EV_EXEC, sizeof(*r) + data, OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_task(&r->task, p, p->pid);
	read_comm(r->comm, p);
	r->old_tid = old_tid;
	r->args_total = total;
	r->pdeath_signal = p->pdeath_signal;
	r->pad = 0;
	r->flags = BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec) ?
			   OBIT_EXEC_SECURE :
			   0;
	r->exe_len = 0;
	read_exe(r, mm);
	exe_len = *(volatile u16 *)&r->exe_len;
	barrier_var(exe_len);
	exe_len &= EXE_ROOM - 1;	/* for the verifier: it is less */
	n = total < room ? total : room;
	barrier_var(n);
	if (n > room)
		n = room;
	if (n && bpf_probe_read_user(r->data + exe_len, n, (void *)start)) {
		r->flags |= OBIT_EXEC_ARGS_FAULT;
		n = 0;
	}
	r->args_len = n;
	r->hdr.len = (sizeof(*r) + exe_len + n + 7) & ~7;
	record_end(r);
}

static __always_inline int exec_seen(struct task_struct *p, u32 old_tid,
				     struct linux_binprm *bprm)
{
	struct mm_struct *mm = p->mm;

	if (is_done(DONE_EXEC, p->start_boottime + p->self_exec_id))
		return 0;
	if (mm->arg_end - mm->arg_start <= ARGS_SMALL)
		exec_record(p, old_tid, bprm, ARGS_SMALL);
	else
		exec_record(p, old_tid, bprm, ARGS_LARGE);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp__sched_process_exec, struct task_struct *p, int old_pid,
	     struct linux_binprm *bprm)
{
	return exec_seen(p, old_pid, bprm);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(twin__sched_process_exec, struct task_struct *p, int old_pid,
	     struct linux_binprm *bprm)
{
	return exec_seen(p, old_pid, bprm);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(third__sched_process_exec, struct task_struct *p, int old_pid,
	     struct linux_binprm *bprm)
{
	return exec_seen(p, old_pid, bprm);
}
