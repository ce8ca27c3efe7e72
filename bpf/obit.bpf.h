/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * obit: what all programs share. The ring and the one way into it, the switches
 * user space sets before loading, the loss counters, and how an identity is
 * read. Never a fact of its own: those are in the story files.
 *
 * Contexts: tracepoints run with preemption off up to 6.19 and on from 7.0, so
 * there is no per-CPU scratch memory anywhere: a record is reserved, filled in
 * place and committed. signal_generate runs in any context, hard interrupts
 * included.
 */
#ifndef BPF_OBIT_BPF_H
#define BPF_OBIT_BPF_H

#include "kernel.bpf.h"
#include "flavors.bpf.h"
#include <bpf/bpf_tracing.h>
#include <uapi/obit.h>
#include "shared.h"

extern const volatile struct obit_config config;
extern struct obit_counters counters;
extern volatile __u32 scan_id;
extern volatile struct obit_cpu_clock cpu_clock;
extern volatile bool only_clock;	/* iter__tasks: no records */
extern volatile bool woken;		/* the reader has been; it clears this */

#define DONE_KINDS	8
#define DONE_SLOTS	1024
enum { DONE_FORK, DONE_EXEC, DONE_EXIT, DONE_RELEASE, DONE_PRCTL };
extern volatile __u64 done[DONE_KINDS][DONE_SLOTS];

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
};
extern struct ring_map ring SEC(".maps");

/* What a handled signal's sender was, kept until the death it may explain. */
struct asked {
	struct obit_who sender;
	u32 signal;		/* 0: none */
	s32 si_code;
	u32 flags;
	u32 info;
	u64 sent_ns, taken_ns;
};

#define PROC_GROUP_VALUE	OBIT_EXIT_GROUP_VALUE
#define PROC_LEADER_VALUE	OBIT_EXIT_LEADER_VALUE
#define PROC_AMBIGUOUS		OBIT_EXIT_AMBIGUOUS

/*
 * What must be remembered of a process between events. Only processes that
 * need it have one: threads were cloned, or a handled signal came from outside.
 * Keyed by signal_struct: unlike a task or a tid it stays the same through a
 * multi-threaded exec, and its address is not reused before the leader, which
 * holds a reference, is freed; that is where the entry goes.
 */
struct proc_state {
	u64 start_boottime;
	u32 tgid;
	u32 flags;		/* PROC_* */
	u32 threads;		/* at most at once */
	s32 group_value, leader_value;
	u32 pdeath_signal, pdeath_tid;
	u32 pad;
	u64 call_ns;		/* its exit call, as in EXIT */
	u64 calls;		/* times a thread's exit was kept here */
	struct asked sent;	/* the last one generated */
	struct asked taken;	/* the last one a handler took */
};

struct procs_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, u64);
	__type(value, struct proc_state);
};
extern struct procs_map procs SEC(".maps");

/*
 * How many entries of procs are of processes whose start falls here: few have
 * one at all, and a look at this costs a tenth of one at the map.
 */
#define NEAR_SLOTS	16384
extern volatile __u32 near[NEAR_SLOTS];

static __always_inline volatile __u32 *proc_near(u64 start_boottime)
{
	return &near[start_boottime * 0x9e3779b97f4a7c15ULL >> 50 &
		     (NEAR_SLOTS - 1)];
}

/*
 * Exit calls under way, by tid: between a thread's call and its EXIT there is
 * no more to remember than when. Whoever finds its slot taken by another writes
 * an EXIT_CALL instead.
 */
#define CALL_SLOTS	8192
extern volatile struct obit_call calls[CALL_SLOTS];

/*
 * The dead whose EXIT found no room, until they are released: if there is none
 * for their RELEASE either, nobody will ever hear of them. By signal_struct, as
 * procs, but apart: so many may be dead at once that they would crowd out what
 * is known of the living. The value is their start_boottime.
 */
struct untold_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u64);
};
extern struct untold_map untold SEC(".maps");

/*
 * Twins. From 7.0 on tracepoint programs run with preemption on, as fentry
 * programs always have; and while a program is half done on a CPU, the kernel
 * leaves out its next run there (recursion_misses). Keeping preemption off
 * inside does not help: what was due then comes at its end, still inside. So on
 * such kernels every program that may be preempted has a twin right behind it,
 * which does the work if the first did not run; where a process would be lost, or
 * its name, there is a third, for tasks can stand preempted in both; and a fourth
 * for EXIT, without which an obituary says little. `id` names the occasion; a slot
 * that another task has taken meanwhile means a record twice, which the join
 * takes for what it is.
 */
#define is_done(what, id) (config.twins && done_before(what, id))

static __always_inline bool done_before(u32 what, u64 id)
{
	volatile u64 *slot;

	slot = &done[what % DONE_KINDS]
		    [id * 0x9e3779b97f4a7c15ULL >> 54 & (DONE_SLOTS - 1)];
	if (*slot == id)
		return true;
	*slot = id;
	return false;
}

/* A pointer as a plain number, which global functions want: read back from the
 * stack, where the verifier does not follow it. */
static __always_inline u64 number_of(void *ptr)
{
	void *volatile on_stack = ptr;
	u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), (void *)&on_stack);
	return n;
}

static __always_inline void count_lost(u32 kind, u32 reason)
{
	__sync_fetch_and_add(&counters.lost[kind][reason], 1);
	__sync_fetch_and_add(&counters.lost_total, 1);
}

#define COUNTED_BY_CALLER OBIT_LOST_KIND_NR

/* A record of `size` (a constant) bytes with its header filled in, or NULL,
 * and then the loss is counted. What it holds is garbage until filled. */
static __always_inline void *record_begin(u32 type, u64 size, u32 kind)
{
	struct obit_hdr *h = bpf_ringbuf_reserve(&ring, size, 0);

	if (!h) {
		if (kind != COUNTED_BY_CALLER)
			count_lost(kind, OBIT_LOST_RING_FULL);
		return NULL;
	}
	h->type = type;
	h->len = size;
	h->lost = counters.lost_total;
	h->boot_ns = bpf_ktime_get_boot_ns();
	return h;
}

/*
 * Waking the reader costs 20 to 30 times the record. It comes by itself every
 * few ms; it is only woken when the ring fills faster than that, and then once:
 * when it reads it takes the mark back.
 */
static __always_inline void record_end(void *rec)
{
	u64 fill = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	if (fill > config.wake_bytes && !woken) {
		woken = true;
		bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
	} else {
		bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	}
}

/* The same of a record that comes to one a death: its EXIT has looked how full
 * the ring is, or will. */
static __always_inline void record_end_of_death(void *rec)
{
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
}

/* Identity of the process of t; t from a tracepoint argument (BTF pointer). A
 * load of these costs some seven instructions: the kernel checks each. */
static __always_inline void fill_task(struct obit_task *id,
				      struct task_struct *t, u32 tid)
{
	id->start_boottime = t->group_leader->start_boottime;
	id->tgid = t->tgid;
	id->tid = tid;
}

static __always_inline void fill_leader(struct obit_task *id,
					struct task_struct *leader)
{
	u32 tgid = leader->tgid;

	id->start_boottime = leader->start_boottime;
	id->tgid = tgid;
	id->tid = tgid;
}

/* The same by checked reads, for pointers the verifier does not know. */
static __always_inline void read_task(struct obit_task *id,
				      struct task_struct *t, u32 tid)
{
	id->start_boottime = BPF_CORE_READ(t, group_leader, start_boottime);
	id->tgid = BPF_CORE_READ(t, tgid);
	id->tid = tid;
}

static __always_inline void read_comm(char *comm, struct task_struct *t)
{
	bpf_probe_read_kernel(comm, OBIT_COMM_LEN,
			      __builtin_preserve_access_index(&t->comm));
}

/* The comm of a task the verifier knows, in two loads. */
static __always_inline void copy_comm(char *comm, struct task_struct *t)
{
	const u64 *from =
		(const void *)__builtin_preserve_access_index(&t->comm);
	u64 *to = (void *)comm;

	to[0] = from[0];
	to[1] = from[1];
}

/* A process and its name. */
static __always_inline void fill_named(struct obit_task *id, char *comm,
				       struct task_struct *t)
{
	struct task_struct *leader = t->group_leader;

	id->start_boottime = leader->start_boottime;
	id->tgid = t->tgid;
	id->tid = t->pid;
	copy_comm(comm, leader);
}

/* Whoever runs now, and the name of its process (or NULL). */
static __always_inline void fill_current(struct obit_task *id, char *comm)
{
	struct task_struct *cur = current_task();

	if (HAVE_HELPER(get_current_task_btf)) {
		if (comm)
			fill_named(id, comm, cur);
		else
			fill_task(id, cur, cur->pid);
	} else {
		read_task(id, cur, BPF_CORE_READ(cur, pid));
		if (comm)
			read_comm(comm, BPF_CORE_READ(cur, group_leader));
	}
}

/* The same with the real uid. */
static __always_inline void fill_who(struct obit_who *who)
{
	fill_current(&who->task, who->comm);
	who->uid = CUR_READ(current_task(), real_cred, uid.val);
	who->pad = 0;
}

/*
 * Global functions: the verifier looks at them once, not once for every state
 * of every caller. Their arguments must be numbers: a pointer becomes one by
 * BPF_CORE_READ or bpf_get_current_task(). Defined in maps.bpf.c.
 */
int proc_make(u64 key, u64 start_boottime, u32 tgid);
u64 cgroup_v1_of(u64 css_set);

/* Is it t's entry, and not one left behind at the same address? A kernel may
 * keep any program from running, that of the release too. */
static __always_inline bool proc_is(struct proc_state *st,
				    struct task_struct *t)
{
	return st->tgid == (u32)BPF_CORE_READ(t, tgid) &&
	       st->start_boottime ==
		       BPF_CORE_READ(t, group_leader, start_boottime);
}

static __always_inline struct proc_state *proc_find(struct task_struct *t,
						    u64 key, u64 start_boottime)
{
	struct proc_state *st;

	if (!*proc_near(start_boottime))
		return NULL;
	st = bpf_map_lookup_elem(&procs, &key);
	return st && proc_is(st, t) ? st : NULL;
}

/* @start_boottime: of the entry, if there is one */
static __always_inline void proc_forget(u64 key, u64 start_boottime)
{
	volatile __u32 *n = proc_near(start_boottime);

	if (*n && !bpf_map_delete_elem(&procs, &key))
		__sync_fetch_and_add(n, -1);
}

/* The entry of a process, made if there is none; NULL if the map is full. */
static __always_inline struct proc_state *proc_get(struct task_struct *t)
{
	u64 key = (u64)BPF_CORE_READ(t, signal);
	struct proc_state *st = bpf_map_lookup_elem(&procs, &key);

	if (st && proc_is(st, t))
		return st;
	proc_make(key, BPF_CORE_READ(t, group_leader, start_boottime),
		  BPF_CORE_READ(t, tgid));
	return bpf_map_lookup_elem(&procs, &key);
}

/* Counters of the threads that have been released: whoever has run at all has
 * left something in sum_sched_runtime. */
static __always_inline void fill_signal_usage(struct obit_usage *u,
					      struct signal_struct *sig)
{
	u64 cpu_ns = sig->sum_sched_runtime;

	__builtin_memset(u, 0, sizeof(*u));
	u->maxrss_kb = sig->maxrss << (config.page_shift - 10);
	if (!cpu_ns)
		return;
	u->cpu_ns = cpu_ns;
	u->utime_ns = sig->utime;
	u->stime_ns = sig->stime;
	u->minflt = sig->min_flt;
	u->majflt = sig->maj_flt;
	u->nvcsw = sig->nvcsw;
	u->nivcsw = sig->nivcsw;
	add_io(&u->read_bytes, &u->write_bytes, &sig->ioac);
}

static __always_inline void add_usage(struct obit_usage *u,
				      struct task_struct *t)
{
	u->cpu_ns += t->se.sum_exec_runtime;
	u->utime_ns += t->utime;
	u->stime_ns += t->stime;
	u->minflt += t->min_flt;
	u->majflt += t->maj_flt;
	u->nvcsw += t->nvcsw;
	u->nivcsw += t->nivcsw;
	add_io(&u->read_bytes, &u->write_bytes, &t->ioac);
}

static __always_inline struct cgroup *cgroup_of_subsys(struct css_set *cset,
						       u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;

	if (subsys > 31)
		return NULL;
	bpf_probe_read_kernel(&css, sizeof(css),
			      (char *)cset +
				      bpf_core_field_offset(struct css_set,
							    subsys) +
				      subsys * sizeof(void *));
	return BPF_CORE_READ(css, cgroup);
}

static __always_inline bool cgroup_is_v1_child(struct cgroup *cg)
{
	return cg && BPF_CORE_READ(cg, level) > 0 &&
	       BPF_CORE_READ(cg, root, hierarchy_id) != 0;
}

static __always_inline bool cgroup_is_systemd(struct cgroup *cg)
{
	struct cgroup_root *root = BPF_CORE_READ(cg, root);
	char name[8] = {};

	bpf_probe_read_kernel(name, sizeof(name),
			      __builtin_preserve_access_index(&root->name));
	return *(u64 *)name == *(const u64 *)"systemd";
}

static __always_inline u32 hierarchy_of(struct cgroup *cg, u32 *root_id)
{
	struct cgroup_root *root = BPF_CORE_READ(cg, root);
	u32 mask = 0, id = BPF_CORE_READ(root, hierarchy_id);

	*root_id = id;
	if (id == 0)
		return OBIT_HIER_UNIFIED;
	mask = BPF_CORE_READ(root, subsys_mask);
	if (subsys_memory() < 32 && mask & 1U << subsys_memory())
		return OBIT_HIER_MEMORY;
	if (subsys_pids() < 32 && mask & 1U << subsys_pids())
		return OBIT_HIER_PIDS;
	return cgroup_is_systemd(cg) ? OBIT_HIER_SYSTEMD : OBIT_HIER_NONE;
}

/*
 * Left out by a filter? Asked of EXIT and RELEASE, with the same facts. Never of
 * the status: exit(256) leaves 0 and is a failure, which RELEASE cannot know.
 */
static __always_inline bool filtered(struct task_struct *leader)
{
	if (config.filter_tgid && (u32)leader->tgid != config.tgid)
		return true;
	if (config.filter_uid && leader->real_cred->uid.val != config.uid)
		return true;
	if (config.filter_cgroup &&
	    leader->cgroups->dfl_cgrp->kn->id != config.cgroup_id)
		return true;
	/* up to the NUL: what follows it may be left from a longer name */
	for (int i = 0; config.filter_comm && i < OBIT_COMM_LEN; i++) {
		if (leader->comm[i] != config.comm[i])
			return true;
		if (!config.comm[i])
			break;
	}
	return false;
}

/* How t's process would take SIGCHLD from a child with that exit_signal. */
static __always_inline u8 sigchld_of(struct task_struct *t, int exit_signal)
{
	struct sighand_struct *sighand;
	void *handler;

	if (exit_signal <= 0)
		return OBIT_SIGCHLD_NONE;
	if (exit_signal != SIGCHLD)
		return OBIT_SIGCHLD_OTHER;
	sighand = t->sighand;
	if (!sighand)
		return OBIT_SIGCHLD_UNKNOWN;
	handler = sighand->action[SIGCHLD - 1].sa.sa_handler;
	if (handler == (void *)1)
		return OBIT_SIGCHLD_IGNORED;
	if (sighand->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDWAIT)
		return OBIT_SIGCHLD_NOCLDWAIT;
	if (t->group_leader->blocked.sig[0] & 1ULL << (SIGCHLD - 1))
		return OBIT_SIGCHLD_BLOCKED;
	return handler ? OBIT_SIGCHLD_HANDLER : OBIT_SIGCHLD_DEFAULT;
}

#endif
