// SPDX-License-Identifier: GPL-2.0
/*
 * exit: the death of a process, at the last thread's sched_process_exit, and
 * the exit call that led to it. Owns EXIT, ASKED, EXIT_CALL and the tracepoint
 * obit_exit. Never what becomes of the status: that is reap.c.
 */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tty.h>
#include <linux/uidgid.h>
#include <trace/events/sched.h>

#include "compat.h"
#include "deferred.h"
#include "lossless.h"
#include "procs.h"
#include "record.h"
#include "ring.h"
#include "stories.h"
#include "trace.h"

/* --- the cgroup ---------------------------------------------------------------- */

static bool is_v1_child(const struct cgroup *cg)
{
	return cg->level > 0 && cg->root->hierarchy_id;
}

static struct cgroup *v1_of_subsys(struct css_set *cset, int subsys)
{
	struct cgroup_subsys_state *css;

	if (subsys < 0)
		return NULL;
	css = cset->subsys[subsys];
	return css && is_v1_child(css->cgroup) ? css->cgroup : NULL;
}

/*
 * The first non-root place of memory and pids in the v1 hierarchies: where those
 * are used everything sits in the root of v2. systemd's own hierarchy has no
 * controller, and only a struct that is private to the cgroup code leads there:
 * not told.
 */
static struct cgroup *v1_of(struct css_set *cset)
{
	struct cgroup *cg = v1_of_subsys(cset, OBIT_SUBSYS_MEMORY);

	return cg ? cg : v1_of_subsys(cset, OBIT_SUBSYS_PIDS);
}

static void fill_cgroup(struct obit_exit *r, const struct task_struct *leader)
{
	struct css_set *cset = rcu_dereference(leader->cgroups);
	struct cgroup *cg = cset->dfl_cgrp;
	u32 root;

	r->cgroup_id = cgroup_id(cg);
	r->cgroup_hierarchy = OBIT_HIER_UNIFIED;
	r->cgroup_v1_id = 0;
	if (cg->level)
		return;
	cg = v1_of(cset);
	if (cg) {
		r->cgroup_v1_id = cgroup_id(cg);
		r->cgroup_hierarchy = hierarchy_of(cg, &root);
	}
}

/* --- who it was ------------------------------------------------------------------ */

/* By reference: a hang-up on another CPU may drop the last one meanwhile. */
static void fill_tty(struct obit_exit *r, const struct signal_struct *sig)
{
	struct tty_struct *tty = READ_ONCE(sig->tty) ? get_current_tty() : NULL;

	memset(r->tty, 0, sizeof(r->tty));
	if (!tty)
		return;
	strscpy(r->tty, tty->name, sizeof(r->tty));
	tty_kref_put(tty);
}

static void fill_ids(struct obit_exit *r, struct task_struct *leader,
		     const struct signal_struct *sig)
{
	const struct cred *cred = rcu_dereference(leader->real_cred);
	struct pid *pid = READ_ONCE(sig->pids[PIDTYPE_TGID]);

	r->uid = __kuid_val(cred->uid);
	r->gid = __kgid_val(cred->gid);
	r->loginuid = __kuid_val(audit_get_loginuid(leader));
	r->sid = pid_nr(READ_ONCE(sig->pids[PIDTYPE_SID]));
	r->pgid = pid_nr(READ_ONCE(sig->pids[PIDTYPE_PGID]));
	r->ns_tgid = pid->numbers[pid->level].nr;
	r->pid_ns = pid->numbers[pid->level].ns->ns.inum;
}

static void fill_kin(struct obit_exit *r, const struct task_struct *leader)
{
	const struct task_struct *real = rcu_dereference(leader->real_parent);
	const struct task_struct *tracer = rcu_dereference(leader->parent);

	fill_task(&r->parent, real, real->pid);
	fill_comm(r->parent_comm, real);
	r->exit_signal = leader->exit_signal;
	r->sigchld = sigchld_of_parent(leader);
	if (leader->ptrace && tracer->tgid != real->tgid) {
		r->flags |= OBIT_EXIT_TRACED;
		fill_task(&r->tracer, tracer, tracer->pid);
		fill_comm(r->tracer_comm, tracer);
	} else {
		memset(&r->tracer, 0, sizeof(r->tracer));
		memset(r->tracer_comm, 0, sizeof(r->tracer_comm));
	}
}

/* Has the running file lost its last name? Its memory is still there. */
static bool exe_is_deleted(const struct mm_struct *mm)
{
	const struct file *exe;
	struct dentry *d;
	bool deleted;

	rcu_read_lock();
	exe = rcu_dereference(mm->exe_file);
	/* files are reused under RCU since 6.7, and begin without a path: who
	 * shares the memory may have changed it (PR_SET_MM_EXE_FILE) */
	d = exe ? READ_ONCE(exe->f_path.dentry) : NULL;
	deleted = d && d_unlinked(d);
	rcu_read_unlock();
	return deleted;
}

/* --- exit calls ----------------------------------------------------------------------- */

/*
 * Those under way, by tid: between a thread's call and its EXIT there is no more
 * to remember than when. Whoever finds its slot taken by another writes an
 * EXIT_CALL instead; left behind by one that has never come to its EXIT, it is
 * free again after a while.
 */
#define CALL_SLOTS	8192
#define CALL_STALE_NS	(600LL * NSEC_PER_SEC)

static struct call {
	u64 start_boottime;		/* of the thread; 0: free */
	u64 boot_ns;			/* 0: free, or just taken */
} calls[CALL_SLOTS];

static struct call *call_of(const struct task_struct *p)
{
	return &calls[p->pid & (CALL_SLOTS - 1)];
}

/* Is the slot the current thread's now? Of two that come at once one has it. */
static bool keep_time(struct call *c, u64 now)
{
	u64 was = READ_ONCE(c->start_boottime);
	u64 since = READ_ONCE(c->boot_ns);

	/* another CPU's clock may be ahead of this one's */
	if (was && (!since || (s64)(now - since) < CALL_STALE_NS))
		return false;
	if (cmpxchg64(&c->start_boottime, was, current->start_boottime) != was)
		return false;
	WRITE_ONCE(c->boot_ns, now);
	return true;
}

/*
 * do_exit(). Every end comes here; exit_group(2) has told the other threads
 * before, which takes it no longer than to come here. The low bits are a
 * signal's. A thread that an exec ends comes with 0, too: its process lives on,
 * so nobody asks.
 */
void obit_exit_called(long code)
{
	struct obit_exit_call *r;
	u64 now;

	if (code & 0x7f || !READ_ONCE(ring_recording) ||
	    current->flags & PF_KTHREAD)
		return;
	now = ktime_get_boot_fast_ns();
	if (keep_time(call_of(current), now))
		return;
	r = ring_reserve(OBIT_EV_EXIT_CALL, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_task(&r->task, current, current->pid);
	ring_commit(r);
}

/* When the thread that exits was asked to; 0: it was not, or not seen. Once. */
static u64 take_call(const struct task_struct *p)
{
	struct call *c = call_of(p);
	u64 boot_ns;

	if (READ_ONCE(c->start_boottime) != p->start_boottime)
		return 0;
	boot_ns = READ_ONCE(c->boot_ns);
	WRITE_ONCE(c->boot_ns, 0);
	smp_store_release(&c->start_boottime, 0);
	return boot_ns;
}

static void keep_call(struct proc_facts *f, u64 call_ns)
{
	if (call_ns && (!f->call_ns || call_ns < f->call_ns))
		f->call_ns = call_ns;
}

/* What is known of the process, with the current thread's own call. */
static void copy_facts(struct task_struct *p, u64 call_ns, struct proc_facts *f)
{
	procs_copy(p, f);
	keep_call(f, call_ns);
}

/* --- exit values ------------------------------------------------------------------- */

/* Of a thread that was killed the registers tell nothing. */
static enum exit_call exit_call_of(const struct task_struct *p, s32 *value)
{
	*value = 0;
	if (p->flags & PF_SIGNALED)
		return EXIT_CALL_NONE;
	return obit_exit_call_of_current(value);
}

static bool has_low_byte(u32 exit_code, s32 value)
{
	return (value & 0xff) << 8 == exit_code;
}

static void set_group_value(struct proc_facts *f, s32 value)
{
	if (f->flags & PROC_GROUP_VALUE && f->group_value != value)
		f->flags |= PROC_AMBIGUOUS;
	f->group_value = value;
	f->flags |= PROC_GROUP_VALUE;
}

/*
 * Which of the process's values this thread's call is, if any. Of racing
 * exit_group calls the kernel takes the first one's byte; from 6.0 on the last
 * exit(2) sets the group's as well.
 */
static enum exit_call call_that_counts(const struct task_struct *p, s32 *value)
{
	const struct signal_struct *sig = p->signal;
	bool leader = thread_group_leader((struct task_struct *)p);
	enum exit_call call = exit_call_of(p, value);
	bool fits = has_low_byte(READ_ONCE(sig->group_exit_code), *value);

	if (call == EXIT_CALL_THREAD && !leader)
		call = READ_ONCE(sig->flags) & SIGNAL_GROUP_EXIT && fits ?
			       EXIT_CALL_GROUP :
			       EXIT_CALL_NONE;
	if (call == EXIT_CALL_GROUP && !fits)
		call = EXIT_CALL_NONE;
	return call;
}

/*
 * Keeps what only this thread's exit shows: its exit call, its signal. An
 * exit(2) of one thread among others is no call that ends the process.
 */
static void keep_thread(struct task_struct *p, u64 call_ns)
{
	s32 value;
	enum exit_call call = call_that_counts(p, &value);
	struct proc_facts *f;

	if (!(READ_ONCE(p->signal->flags) & SIGNAL_GROUP_EXIT))
		call_ns = 0;
	if (call == EXIT_CALL_NONE && !p->pdeath_signal && !call_ns)
		return;
	f = procs_lock(p, true);
	if (!f)
		return;
	if (p->pdeath_signal && (thread_group_leader(p) || !f->pdeath_signal)) {
		f->pdeath_signal = p->pdeath_signal;
		f->pdeath_tid = p->pid;
	}
	if (call == EXIT_CALL_THREAD) {
		f->leader_value = value;
		f->flags |= PROC_LEADER_VALUE;
	} else if (call == EXIT_CALL_GROUP) {
		set_group_value(f, value);
	}
	keep_call(f, call_ns);
	procs_unlock(f);
}

/* The three values of a death, and its parent-death signal. *f is a copy. */
static void fill_values(struct obit_exit *r, const struct task_struct *p,
			const struct task_struct *leader, struct proc_facts *f)
{
	s32 value;
	enum exit_call call = exit_call_of(p, &value);

	r->last_value = value;
	if (call == EXIT_CALL_THREAD)
		r->flags |= OBIT_EXIT_LAST_VALUE;
	if (call == EXIT_CALL_GROUP &&
	    has_low_byte(r->exit_code & 0xff00, value))
		set_group_value(f, value);
	r->group_value = f->group_value;
	r->leader_value = f->leader_value;
	r->flags |= f->flags & (PROC_GROUP_VALUE | PROC_LEADER_VALUE |
				PROC_AMBIGUOUS | PROC_EXE_DELETED);
	r->threads = max(f->threads, 1U);
	r->pdeath_signal = leader->pdeath_signal;
	r->pdeath_tid = leader->pid;
	if (!r->pdeath_signal) {
		r->pdeath_signal = f->pdeath_signal;
		r->pdeath_tid = f->pdeath_tid;
	}
	if (!r->pdeath_signal && p->pdeath_signal) {
		r->pdeath_signal = p->pdeath_signal;
		r->pdeath_tid = p->pid;
	}
}

/* --- the records ------------------------------------------------------------------- */

static u32 exit_flags(const struct task_struct *p,
		      const struct task_struct *leader, u32 sig_flags)
{
	u32 flags = 0;

	/* the others have been released already */
	if (READ_ONCE(p->signal->nr_threads) == 1)
		flags |= OBIT_EXIT_GROUP_DEAD;
	if (sig_flags & SIGNAL_GROUP_EXIT)
		flags |= OBIT_EXIT_GROUP_EXIT;
	if (p->flags & PF_SIGNALED)
		flags |= OBIT_EXIT_SIGNALED;
	if (!(leader->flags & PF_FORKNOEXEC))
		flags |= OBIT_EXIT_EXECED;
	if (!list_empty(&p->children))
		flags |= OBIT_EXIT_CHILDREN;
	if (p->mm)
		flags |= OBIT_EXIT_HAS_MM;
	if (p->mm && exe_is_deleted(p->mm))
		flags |= OBIT_EXIT_EXE_DELETED;
	return flags;
}

/* All but the header. Under rcu_read_lock(); p is current. */
static void fill_exit(struct obit_exit *r, struct task_struct *p,
		      struct proc_facts *f)
{
	struct task_struct *leader = p->group_leader;
	const struct signal_struct *sig = p->signal;

	r->exit_code = wait_status_of(leader);
	r->flags = exit_flags(p, leader, READ_ONCE(sig->flags));
	r->pad = 0;
	r->pad2 = 0;
	r->call_ns = f->call_ns;
	fill_task(&r->task, p, p->pid);
	fill_comm(r->comm, p);
	fill_values(r, p, leader, f);
	fill_kin(r, leader);
	fill_ids(r, leader, sig);
	fill_tty(r, sig);
	fill_cgroup(r, leader);
	/* Released threads are summed up in signal; the leader and the last
	 * thread are not yet. maxrss is final: setmax_mm_hiwater_rss() has
	 * run. */
	fill_signal_usage(&r->usage, sig);
	add_usage(&r->usage, leader);
	if (p != leader)
		add_usage(&r->usage, p);
}

static const struct asked *asked_of(const struct proc_facts *f)
{
	return f->taken.signal ? &f->taken : &f->sent;
}

static void fill_asked(struct obit_signal *r, const struct task_struct *p,
		       const struct asked *a)
{
	fill_task(&r->task, p, 0);
	fill_comm(r->comm, p);
	r->sender = a->sender;
	r->signal = a->signal;
	r->si_code = a->si_code;
	r->flags = a->flags;
	r->info = a->info;
	r->sent_ns = a->sent_ns;
	r->taken_ns = a->taken_ns;
}

static void exit_is_lost(struct task_struct *p)
{
	struct proc_facts *f = procs_lock(p, true);

	if (!f)
		return;
	f->flags |= PROC_EXIT_LOST;
	procs_unlock(f);
}

/*
 * ASKED goes out just before EXIT, so that the join has it in time. Of the EXITs
 * of several threads the last one in the ring counts: its place is taken first,
 * so that it knows all that those before it knew.
 */
static void record_exit(struct task_struct *p, struct proc_facts *f, bool alone,
			u64 call_ns)
{
	const struct asked *a = asked_of(f);
	struct obit_signal *asked;
	struct obit_exit *r;

	if (a->signal) {
		asked = ring_reserve(OBIT_EV_ASKED, sizeof(*asked),
				     OBIT_LOST_SIGNAL);
		if (asked) {
			fill_asked(asked, p, a);
			ring_commit(asked);
		}
	}
	r = ring_reserve(OBIT_EV_EXIT, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r) {
		exit_is_lost(p);
		return;
	}
	if (!alone)
		copy_facts(p, call_ns, f);
	fill_exit(r, p, f);
	ring_commit(r);
}

/* --- lossless mode ----------------------------------------------------------------- */

/* Records that wait for room with their task. asked.signal 0: none. */
struct exit_later {
	struct deferred d;
	u32 sighting;
	struct obit_signal asked;
	struct obit_exit exit;
};

/* In exit_task_work(): the parent has not been told yet. */
static void exit_later(struct deferred *d)
{
	struct exit_later *l = container_of(d, struct exit_later, d);
	struct proc_facts f;

	lossless_wait();
	procs_copy(current, &f);
	if (f.deaths > l->sighting)
		return;		/* a thread that knew more has told it */
	if (l->asked.signal && !ring_write(&l->asked))
		ring_lost(OBIT_LOST_SIGNAL, OBIT_LOST_RING_FULL);
	if (!ring_write(&l->exit)) {
		ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_RING_FULL);
		exit_is_lost(current);
	}
}

static void begin(struct obit_hdr *h, u32 type, u32 len)
{
	h->type = type;
	h->len = len;
	h->boot_ns = ktime_get_boot_fast_ns();
}

/* False: it has to be written now. */
static bool put_off(struct task_struct *p, struct proc_facts *f)
{
	struct exit_later *l = deferred_alloc(sizeof(*l), exit_later);

	if (!l)
		return false;
	l->sighting = f->deaths;
	begin(&l->asked.hdr, OBIT_EV_ASKED, sizeof(l->asked));
	fill_asked(&l->asked, p, asked_of(f));
	begin(&l->exit.hdr, OBIT_EV_EXIT, sizeof(l->exit));
	fill_exit(&l->exit, p, f);
	return deferred_add(l);
}

/* --- a thread exits ------------------------------------------------------------------ */

/* Which sighting of the death this is. */
static void count_sighting(struct task_struct *p)
{
	struct proc_facts *f = procs_lock(p, true);

	if (!f)
		return;
	f->deaths++;
	procs_unlock(f);
}

/* Only threads that are still there can have come before or can come after.
 * Pairs with the unlock of siglock in release_task(): what the others knew. */
static void process_exits(struct task_struct *p, u64 call_ns)
{
	bool alone = smp_load_acquire(&p->signal->nr_threads) == 1;
	struct proc_facts f;

	if (!alone)
		count_sighting(p);
	copy_facts(p, call_ns, &f);
	if (!lossless_wants(p) || !put_off(p, &f))
		record_exit(p, &f, alone, call_ns);
}

/*
 * In do_exit(). Since 6.16 before exit_mm() and with the verdict group_dead;
 * earlier after it. signal->live has been counted down some lines before, in
 * every version: several threads may see 0 here, and the one with group_dead
 * need not be the last to come. So each that sees 0 writes an EXIT, and the last
 * one counts: by then every exit call has been seen.
 */
void obit_thread_exits(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	u64 call_ns;

	if (!READ_ONCE(ring_recording) || p->flags & PF_KTHREAD)
		return;
	call_ns = take_call(p);
	rcu_read_lock();
	if (READ_ONCE(sig->nr_threads) > 1)
		keep_thread(p, call_ns);
	/*
	 * First what this thread knows, then the look at live: whoever comes
	 * after the last one has either told it or tells again. Pairs with the
	 * atomic_dec_and_test() in do_exit().
	 */
	smp_mb();
	if (!atomic_read(&sig->live))
		process_exits(p, call_ns);
	rcu_read_unlock();
}

/* Up to 6.15 the memory is gone at the tracepoint: here it is still there to be
 * asked, and all of the verdict is known. */
void obit_thread_accounted(struct task_struct *p, int group_dead)
{
	struct proc_facts *f;

	if (p->flags & PF_KTHREAD)
		return;
	if (!OBIT_EXIT_BEFORE_MM && READ_ONCE(ring_recording) && p->mm &&
	    exe_is_deleted(p->mm)) {
		f = procs_lock(p, true);
		if (f) {
			f->flags |= PROC_EXE_DELETED;
			procs_unlock(f);
		}
	}
	if (group_dead)
		trace_obit_exit(p, wait_status_of(p->group_leader));
}
