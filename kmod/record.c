// SPDX-License-Identifier: GPL-2.0
/*
 * record: parts of records that several stories fill.
 * Owns how an identity, a name, a sum of counters and a disposition of SIGCHLD
 * are read. Never reserves, never decides.
 *
 * Nothing is locked: each value is right by itself, at some instant of the
 * call. What keeps the pointers alive is said in record.h.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "record.h"

/* --- who --------------------------------------------------------------------- */

void fill_task(struct obit_task *id, const struct task_struct *t, u32 tid)
{
	id->start_boottime = t->group_leader->start_boottime;
	id->tgid = t->tgid;
	id->tid = tid;
}

/* Whole, and not up to the NUL: a reader compares bytes. A name that is being
 * changed may come torn; it always has its NUL (the last byte is never set). */
void fill_thread_comm(char *comm, const struct task_struct *t)
{
	BUILD_BUG_ON(sizeof(t->comm) != OBIT_COMM_LEN);
	memcpy(comm, t->comm, OBIT_COMM_LEN);
}

void fill_comm(char *comm, const struct task_struct *t)
{
	fill_thread_comm(comm, t->group_leader);
}

void fill_who(struct obit_who *who, const struct task_struct *t)
{
	fill_task(&who->task, t, t->pid);
	fill_comm(who->comm, t);
	who->uid = __kuid_val(rcu_dereference(t->real_cred)->uid);
	who->pad = 0;
}

/* --- counters ---------------------------------------------------------------- */

void fill_signal_usage(struct obit_usage *u, const struct signal_struct *sig)
{
	u->cpu_ns = sig->sum_sched_runtime;
	u->utime_ns = sig->utime;
	u->stime_ns = sig->stime;
	u->maxrss_kb = (u64)sig->maxrss << (PAGE_SHIFT - 10);
	u->minflt = sig->min_flt;
	u->majflt = sig->maj_flt;
	u->nvcsw = sig->nvcsw;
	u->nivcsw = sig->nivcsw;
	u->read_bytes = obit_io_read(&sig->ioac);
	u->write_bytes = obit_io_written(&sig->ioac);
}

void add_usage(struct obit_usage *u, const struct task_struct *t)
{
	u->cpu_ns += t->se.sum_exec_runtime;
	u->utime_ns += t->utime;
	u->stime_ns += t->stime;
	u->minflt += t->min_flt;
	u->majflt += t->maj_flt;
	u->nvcsw += t->nvcsw;
	u->nivcsw += t->nivcsw;
	u->read_bytes += obit_io_read(&t->ioac);
	u->write_bytes += obit_io_written(&t->ioac);
}

/* --- how a parent hears ------------------------------------------------------- */

/*
 * Without siglock, which the hook's context may hold: sighand goes away with
 * the parent's last thread, but its memory stays a sighand for as long as RCU
 * reads (SLAB_TYPESAFE_BY_RCU).
 */
u8 sigchld_of(const struct task_struct *t, int exit_signal)
{
	const struct sighand_struct *sighand;
	const struct k_sigaction *ka;

	if (exit_signal <= 0)
		return OBIT_SIGCHLD_NONE;
	if (exit_signal != SIGCHLD)
		return OBIT_SIGCHLD_OTHER;
	sighand = rcu_dereference(t->sighand);
	if (!sighand)
		return OBIT_SIGCHLD_UNKNOWN;
	ka = &sighand->action[SIGCHLD - 1];
	if (ka->sa.sa_handler == SIG_IGN)
		return OBIT_SIGCHLD_IGNORED;
	if (ka->sa.sa_flags & SA_NOCLDWAIT)
		return OBIT_SIGCHLD_NOCLDWAIT;
	if (sigismember((sigset_t *)&t->group_leader->blocked, SIGCHLD))
		return OBIT_SIGCHLD_BLOCKED;
	return ka->sa.sa_handler == SIG_DFL ? OBIT_SIGCHLD_DEFAULT :
					      OBIT_SIGCHLD_HANDLER;
}

u8 sigchld_of_parent(const struct task_struct *p)
{
	const struct task_struct *leader = p->group_leader;

	if (obit_signal_autoreap(leader->signal))
		return OBIT_SIGCHLD_AUTOREAP;
	return sigchld_of(rcu_dereference(leader->real_parent),
			  leader->exit_signal);
}

/* --- cgroups ------------------------------------------------------------------ */

u32 hierarchy_of(const struct cgroup *cg, u32 *root_id)
{
	const struct cgroup_root *root = cg->root;

	*root_id = root->hierarchy_id;
	if (!root->hierarchy_id)
		return OBIT_HIER_UNIFIED;
	if (root->subsys_mask & OBIT_SUBSYS_MASK(OBIT_SUBSYS_MEMORY))
		return OBIT_HIER_MEMORY;
	if (root->subsys_mask & OBIT_SUBSYS_MASK(OBIT_SUBSYS_PIDS))
		return OBIT_HIER_PIDS;
	return strcmp(root->name, "systemd") ? OBIT_HIER_NONE :
					       OBIT_HIER_SYSTEMD;
}

/* --- the status ---------------------------------------------------------------- */

/* As wait_task_zombie() takes it. Before 6.0 a plain exit_group() of a lone
 * thread sets no flag: then the leader's own code is the one. */
u32 wait_status_of(const struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;

	return READ_ONCE(sig->flags) & SIGNAL_GROUP_EXIT ?
		       READ_ONCE(sig->group_exit_code) :
		       READ_ONCE(leader->exit_code);
}
