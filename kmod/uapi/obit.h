/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * obit event ABI: the one description of what a producer (the BPF programs,
 * obit.ko, the collector's own scans, a recorded file) tells the collector.
 * Never holds an interpretation: names, meanings and causes are made in user
 * space from these facts.
 *
 * THE STREAM
 * A stream is a sequence of records. Every record starts with struct obit_hdr,
 * nearly every one goes on with the struct obit_task it is about. Records of
 * one process are in causal order: FORK before EXEC before EXIT before
 * REAPABLE before RELEASE. The collector joins them by identity,
 * (tgid, start_boottime), which names a process (thread group) for ever: it
 * survives a multi-threaded exec, where the kernel copies the leader's
 * start_boottime to the new leader, and it tells tgid reuse apart.
 *
 * All ids are those of the initial pid and user namespaces unless a field
 * says otherwise. All times are CLOCK_BOOTTIME in ns. Strings of the kernel
 * are bytes, not text: no encoding is promised. Memory not filled is zero.
 *
 * VERSIONS
 * Fields are only ever appended and types only ever added. A reader accepts a
 * longer record and ignores the rest, and skips a type it does not know, by
 * its len. OBIT_ABI_VERSION grows with every such change; a change that old
 * readers could misread raises OBIT_ABI_COMPAT, and readers refuse a stream
 * whose compat number is above their own version.
 */
#ifndef _UAPI_OBIT_H
#define _UAPI_OBIT_H

#ifndef OBIT_KERNEL_VIEW	/* bpf/kernel.bpf.h has the __u types already */
#include <linux/types.h>
#endif

#define OBIT_ABI_VERSION	3
#define OBIT_ABI_COMPAT		1

#define OBIT_COMM_LEN		16	/* TASK_COMM_LEN */
#define OBIT_TTY_LEN		24	/* tty->name, cut: "pts3", "ttyS0" */

/*
 * One line an event: X(NAME, name, struct). The number is given by the order,
 * so only append.
 */
#define OBIT_EVENTS(X) \
	X(FORK,		fork,		struct obit_fork)	\
	X(EXEC,		exec,		struct obit_exec)	\
	X(EXIT,		exit,		struct obit_exit)	\
	X(REAPABLE,	reapable,	struct obit_reapable)	\
	X(RELEASE,	release,	struct obit_release)	\
	X(SIGNAL,	signal,		struct obit_signal)	\
	X(ASKED,	asked,		struct obit_signal)	\
	X(OOM_VICTIM,	oom_victim,	struct obit_oom_victim)	\
	X(OOM_LIMIT,	oom_limit,	struct obit_oom_limit)	\
	X(PDEATH,	pdeath,		struct obit_pdeath)	\
	X(ARMED,	armed,		struct obit_armed)	\
	X(EXIT_CALL,	exit_call,	struct obit_exit_call)	\
	X(WAITED,	waited,		struct obit_waited)	\
	X(TASK,		task,		struct obit_task_seen)	\
	X(SCAN,		scan,		struct obit_scan)	\
	X(CGROUP,	cgroup,		struct obit_cgroup)	\
	X(CLOCK,	clock,		struct obit_clock)	\
	X(STATE,	state,		struct obit_state)	\
	X(LOSS,		loss,		struct obit_loss)	\
	X(TICK,		tick,		struct obit_tick)	\
	X(TEARDOWN,	teardown,	struct obit_teardown)	\
	X(FREED,	freed,		struct obit_freed)	\
	X(USER_EXIT,	user_exit,	struct obit_user_exit)	\
	X(STACK,	stack,		struct obit_stack)

enum obit_event {
	OBIT_EV_NONE,
#define OBIT_X(NAME, name, type) OBIT_EV_##NAME,
	OBIT_EVENTS(OBIT_X)
#undef OBIT_X
		OBIT_EV_NR
};

/*
 * @len:     bytes of the whole record, header and data included, multiple of 8
 * @lost:    records this producer had failed to write when it wrote this one,
 *           modulo 2^32: where it steps, the gap is here
 * @boot_ns: when the fact happened (not when it was written)
 */
struct obit_hdr {
	__u16 type;			/* enum obit_event */
	__u16 len;
	__u32 lost;
	__u64 boot_ns;
};

/* A process, or a thread of it. start_boottime is always the group leader's. */
struct obit_task {
	__u64 start_boottime;		/* 0: not known */
	__u32 tgid;			/* 0: nobody, or not known */
	__u32 tid;			/* 0: the process as such */
};

/* A process as people know it. uid is the real uid. */
struct obit_who {
	struct obit_task task;
	char comm[OBIT_COMM_LEN];
	__u32 uid;
	__u32 pad;
};

/* A new process (never a thread). @forker: who called fork, by thread: that
 * thread's end sends the parent-death signal. With CLONE_PARENT the real
 * parent is another: @real_parent.
 */
struct obit_fork {
	struct obit_hdr hdr;
	struct obit_task task;
	struct obit_task forker;
	struct obit_task real_parent;
};

/*
 * A successful execve. data[] holds exe_len bytes of path, then args_len bytes
 * of NUL-terminated arguments as they stood in the new image's memory before
 * it ran its first instruction.
 */
#define OBIT_EXEC_LEAF_FIRST	0x01	/* exe: NUL-terminated components, last first */
#define OBIT_EXEC_DELETED	0x02	/* the file had no name any more */
#define OBIT_EXEC_NO_EXE	0x04	/* exe is execve's filename argument */
#define OBIT_EXEC_SECURE	0x08	/* setuid, setgid or file capabilities: AT_SECURE */
#define OBIT_EXEC_SCANNED	0x10	/* read from /proc later, not at exec */
#define OBIT_EXEC_ARGS_FAULT	0x20	/* arguments could not be read */
#define OBIT_EXEC_EXE_CUT	0x40	/* path deeper or longer than there was room */
#define OBIT_EXEC_PSEUDO	0x80	/* the file names itself (memfd): exe is that name */

struct obit_exec {
	struct obit_hdr hdr;
	struct obit_task task;
	char comm[OBIT_COMM_LEN];	/* after the exec */
	__u32 flags;
	__u32 old_tid;			/* thread that called execve, before it became tgid */
	__u32 args_total;		/* bytes of all arguments, NULs included */
	__u16 args_len;			/* bytes of them here */
	__u16 exe_len;
	__u32 pdeath_signal;		/* still armed after the exec; 0 none */
	__u32 pad;
	char data[];
};

/* Counters of the whole process. Times are raw: utime and stime are sampled by
 * ticks on most kernels, cpu_ns is the scheduler's exact sum.
 */
struct obit_usage {
	__u64 cpu_ns, utime_ns, stime_ns;
	__u64 maxrss_kb;
	__u64 minflt, majflt;
	__u64 nvcsw, nivcsw;
	__u64 read_bytes, write_bytes;
};

/* How the process that is to be told would take SIGCHLD, at that instant. */
enum obit_sigchld {
	OBIT_SIGCHLD_UNKNOWN,
	OBIT_SIGCHLD_HANDLER,
	OBIT_SIGCHLD_DEFAULT,
	OBIT_SIGCHLD_IGNORED,		/* SIG_IGN: reaped by the kernel at once */
	OBIT_SIGCHLD_NOCLDWAIT,		/* SA_NOCLDWAIT: likewise */
	OBIT_SIGCHLD_AUTOREAP,		/* CLONE_AUTOREAP (7.1): likewise */
	OBIT_SIGCHLD_BLOCKED,		/* handler or default, but blocked in that thread */
	OBIT_SIGCHLD_OTHER,		/* exit_signal is another signal */
	OBIT_SIGCHLD_NONE,		/* no exit_signal */
};

/*
 * A thread's sched_process_exit at which the process looked dead
 * (signal->live == 0). Where the kernel does not say which thread was the
 * last (before 6.16) several threads can see that: the last record counts.
 *
 * @task.tid:    the thread that exits
 * @exit_code:   wait status by the kernel's rule: signal->group_exit_code when
 *               SIGNAL_GROUP_EXIT is set, else the leader's exit_code. It can
 *               still change (reboot(2) in a pid namespace, a core dump);
 *               RELEASE has the last word.
 * The three values are the full 32-bit arguments of exit calls, from the
 * saved user registers; which of them are there is in @flags.
 * @call_ns:     when the exit call began, of all threads that took part in it
 *               the earliest; 0: there was none, or an EXIT_CALL tells
 */
#define OBIT_EXIT_GROUP_DEAD	0x0001	/* the kernel said so: surely the last thread */
#define OBIT_EXIT_GROUP_EXIT	0x0002	/* SIGNAL_GROUP_EXIT was set */
#define OBIT_EXIT_SIGNALED	0x0004	/* PF_SIGNALED of the last thread */
#define OBIT_EXIT_EXECED	0x0008	/* PF_FORKNOEXEC clear in the leader */
#define OBIT_EXIT_TRACED	0x0010	/* @tracer, not the real parent, is told first */
#define OBIT_EXIT_GROUP_VALUE	0x0020	/* group_value is there: of exit_group(2) */
#define OBIT_EXIT_LEADER_VALUE	0x0040	/* leader_value: the leader's exit(2) */
#define OBIT_EXIT_LAST_VALUE	0x0080	/* last_value: this thread's exit(2) */
#define OBIT_EXIT_AMBIGUOUS	0x0100	/* two exit_group calls raced, same low byte */
#define OBIT_EXIT_CHILDREN	0x0200	/* it had children when it died */
#define OBIT_EXIT_EXE_DELETED	0x0400	/* the running file has no name any more */
#define OBIT_EXIT_HAS_MM	0x0800	/* user memory was still there */

struct obit_exit {
	struct obit_hdr hdr;
	struct obit_task task;
	char comm[OBIT_COMM_LEN];	/* the group leader's */
	struct obit_task parent;	/* real parent; tid: the thread it hangs on */
	char parent_comm[OBIT_COMM_LEN]; /* of the parent's group leader */
	struct obit_task tracer;
	char tracer_comm[OBIT_COMM_LEN];
	__u32 exit_code;
	__u32 flags;			/* OBIT_EXIT_* */
	__s32 group_value, leader_value, last_value;
	__u32 exit_signal;		/* task->exit_signal of the leader */
	__u32 uid, gid;			/* real ids, initial user namespace */
	__u32 loginuid;			/* 0xffffffff: not set */
	__u32 sid, pgid;		/* 0: not known */
	__u32 ns_tgid;			/* tgid in its own (innermost) pid namespace */
	__u32 pid_ns;			/* inode of that namespace */
	__u32 threads;			/* at most so many at once, as far as seen */
	__u32 pdeath_signal;		/* 0: none */
	__u32 pdeath_tid;
	__u8  sigchld;			/* enum obit_sigchld */
	__u8  cgroup_hierarchy;		/* enum obit_hierarchy of v1_id */
	__u16 pad;
	__u32 pad2;
	__u64 cgroup_id;		/* in the v2 hierarchy; 0: none */
	__u64 cgroup_v1_id;		/* first non-root of memory, pids, systemd; 0: none */
	char tty[OBIT_TTY_LEN];		/* empty: none */
	struct obit_usage usage;	/* up to here; RELEASE has the whole */
	__u64 call_ns;			/* since version 3 */
};

enum obit_hierarchy {
	OBIT_HIER_NONE,
	OBIT_HIER_UNIFIED,
	OBIT_HIER_MEMORY,
	OBIT_HIER_PIDS,
	OBIT_HIER_SYSTEMD,
};

/*
 * The process can be waited for: its parent (or tracer) has been told, by
 * do_notify_parent(). Comes again when the parent dies and another inherits
 * the zombie, and when a tracer gives it back.
 * @task:    the dead process. A producer that sees only the signal cannot
 *           always name it: then start_boottime is 0, @ns_tgid is its tgid as
 *           @told sees it, and tgid is that too if @told is in the initial
 *           pid namespace, else 0
 * @told:    process that was told
 */
#define OBIT_REAPABLE_EXACT	0x01	/* from do_notify_parent itself */
#define OBIT_REAPABLE_AUTOREAP	0x02	/* do_notify_parent: released at once */
#define OBIT_REAPABLE_AGAIN	0x04	/* by another than the dead process itself */
#define OBIT_REAPABLE_TRACER	0x08	/* @told is the tracer, not the real parent */

struct obit_reapable {
	struct obit_hdr hdr;
	struct obit_task task;
	struct obit_task told;
	char told_comm[OBIT_COMM_LEN];
	__u32 flags;
	__u32 signal;
	__u32 ns_tgid;			/* 0 where task is known */
	__u8  sigchld;			/* enum obit_sigchld of @told */
	__u8  pad[3];
};

/*
 * The process is gone: release_task() (exact), or, where only tracepoints
 * run, sched_process_free, an RCU grace period later.
 * @exit_code: what wait4(2) gave or would have given
 * @parent:    real parent at that instant (tier 1: its memory may have been
 *             reused meanwhile: a hint to be checked against what is known)
 */
#define OBIT_RELEASE_EXACT	0x01	/* from release_task; @by is the releaser */
#define OBIT_RELEASE_SELF	0x02	/* the dying task released itself */
#define OBIT_RELEASE_BY_EXITING	0x04	/* @by was exiting: its orphans, or a pid ns */
#define OBIT_RELEASE_EXECED	0x08	/* PF_FORKNOEXEC clear */
#define OBIT_RELEASE_SIGNALED	0x10	/* PF_SIGNALED of the leader */

struct obit_release {
	struct obit_hdr hdr;
	struct obit_task task;
	char comm[OBIT_COMM_LEN];
	struct obit_task by;
	char by_comm[OBIT_COMM_LEN];
	struct obit_task parent;
	char parent_comm[OBIT_COMM_LEN];
	__u32 exit_code;
	__u32 flags;
	__u32 uid, gid;
	__u64 cgroup_id;
	struct obit_usage usage;
};

/*
 * SIGNAL: a signal was generated that ends a process by default, or that the
 * kernel sent because of a death. Only user space says what it means.
 * ASKED: written just before EXIT: the last terminating signal from outside
 * that a handler of this process took.
 * @task:    target; tid is the thread it was aimed at
 * @sender:  whoever ran when it was generated. That is the sender only as
 *           @info and @flags allow: a timer runs over a bystander.
 */
#define OBIT_SIG_GROUP		0x0001	/* sent to the process, not one thread */
#define OBIT_SIG_EXITING	0x0002	/* sender had PF_EXITING */
#define OBIT_SIG_KTHREAD	0x0004	/* sender is a kernel thread */
#define OBIT_SIG_HAS_NS		0x0008	/* sender still has its nsproxy */
#define OBIT_SIG_TASK_WORK	0x0010	/* sender->task_works != NULL */
#define OBIT_SIG_DECIDED	0x0020	/* target is exiting by just this signal */
#define OBIT_SIG_HANDLER	0x0040	/* target has a handler for it */
#define OBIT_SIG_BLOCKED	0x0080	/* blocked in the thread it was aimed at */
#define OBIT_SIG_PDEATH		0x0100	/* equals the target's pdeath_signal */
#define OBIT_SIG_CHILD		0x0200	/* target's real parent is the sender itself */
#define OBIT_SIG_SAME_GROUP	0x0400	/* sender and target are one process */
#define OBIT_SIG_TRACED		0x0800	/* target is ptraced */
#define OBIT_SIG_TARGET_AUTOREAP 0x1000	/* signal->autoreap of the target (7.1) */
#define OBIT_SIG_SENDER_ALIVE	0x2000	/* sender's process has live threads */
#define OBIT_SIG_TRACER		0x4000	/* sender is the target's tracer */
#define OBIT_SIG_SESSION_LEADER	0x8000	/* sender is (or was) a session leader */
#define OBIT_SIG_TARGET_EXITING	0x10000	/* the target thread had PF_EXITING */
#define OBIT_SIG_IGNORED	0x20000	/* generated, but dropped: result was not "delivered" */

enum obit_siginfo {
	OBIT_SI_NOINFO,			/* SEND_SIG_NOINFO */
	OBIT_SI_PRIV,			/* SEND_SIG_PRIV: the kernel */
	OBIT_SI_INFO,			/* a siginfo; @si_code is its code */
};

struct obit_signal {
	struct obit_hdr hdr;
	struct obit_task task;
	char comm[OBIT_COMM_LEN];	/* of the target */
	struct obit_who sender;
	__u32 signal;
	__s32 si_code;
	__u32 flags;			/* OBIT_SIG_* */
	__u32 info;			/* enum obit_siginfo */
	__u64 sent_ns;			/* when it was generated */
	__u64 taken_ns;			/* ASKED: when the handler took it; else 0 */
};

/* oom:mark_victim. @by: who ran into the limit. */
struct obit_oom_victim {
	struct obit_hdr hdr;
	struct obit_task
		task; /* start_boottime 0 where the kernel gives a bare pid */
	struct obit_who by;
	__u64 rss_kb;			/* 0: not known */
};

/* The kernel log's word on an OOM kill; made by the collector. data[]: the
 * cgroup whose limit was hit (oom_memcg=), empty for the whole machine.
 */
struct obit_oom_limit {
	struct obit_hdr hdr;
	struct obit_task task;		/* start_boottime 0 */
	__u32 constraint;		/* 0 none (global), 1 cpuset, 2 mempolicy, 3 memcg */
	__u32 path_len;
	char data[];
};

/*
 * A parent-death signal as it stands or as it changes.
 * @task: the thread it belongs to; @parent: the thread it hangs on
 */
enum obit_pdeath_kind {
	OBIT_PDEATH_STATE,		/* seen as it stood (scan, exec, exit) */
	OBIT_PDEATH_SET,		/* prctl(PR_SET_PDEATHSIG) returned 0 */
	OBIT_PDEATH_CRED,		/* cleared by a credential change */
};

struct obit_pdeath {
	struct obit_hdr hdr;
	struct obit_task task;
	struct obit_task parent;
	char comm[OBIT_COMM_LEN];
	char parent_comm[OBIT_COMM_LEN];
	__u32 signal;			/* 0: none */
	__u32 kind;			/* enum obit_pdeath_kind */
	__u32 scan;			/* id of the SCAN it belongs to; 0 none */
	__u32 flags;			/* OBIT_PDEATH_*, since version 2 */
	/* Version 2: when @parent.tid itself began; 0 unknown. A thread younger
	 * than the child can not have forked it: the child was adopted. */
	__u64 parent_thread_start;
	__u32 uid;			/* real uid of @task */
	__u32 pad2;
};
#define OBIT_PDEATH_DETAILS	0x01	/* the fields of version 2 are there */
#define OBIT_PDEATH_SUBREAPER	0x02	/* @parent adopts: PR_SET_CHILD_SUBREAPER */

/* A thread with an armed parent-death signal whose parent thread @task exits
 * now: a SIGNAL must follow, or the kernel refused it.
 */
struct obit_armed {
	struct obit_hdr hdr;
	struct obit_task task;		/* the thread that exits */
	char comm[OBIT_COMM_LEN];
	struct obit_task target;
	char target_comm[OBIT_COMM_LEN];
	__u32 signal;
	__u32 flags;			/* OBIT_ARMED_* */
};
#define OBIT_ARMED_ALIVE	0x01	/* the exiting thread's process lives on */
#define OBIT_ARMED_DENIED	0x02	/* the kernel refused: surely no signal */

/* exit_group(2) or exit(2) was called: the start of reapable_ns. The earliest
 * of a process counts, that of EXIT included.
 */
struct obit_exit_call {
	struct obit_hdr hdr;
	struct obit_task task;
};

/* wait4(2) or waitid(2) returned a dead child (--precise). */
struct obit_waited {
	struct obit_hdr hdr;
	struct obit_task task;		/* the waiter */
	char comm[OBIT_COMM_LEN];
	__u32 pid;			/* the child as the waiter sees it */
	__u32 pid_ns;			/* inode of the waiter's pid namespace */
};

/*
 * A process that is there already, from an iteration over tasks.
 *
 * Of the dead, version 2 also has what tells when they died, which no task
 * keeps as such: by the scheduler's clock of @cpu, it was at @arrived + @ran, and
 * a little later if that CPU was stolen or served interrupts meanwhile.
 * @exec_start is of the last switch away from it; but that clock stands still
 * while the CPU is stolen or serves interrupts (as configured), and so is
 * behind by a time that never grows less.
 *
 * @exit_code:  what wait4(2) would give, by the rule of EXIT
 * @arrived:    clock of @cpu when it last began to run; 0 unknown
 * @ran:        time it ran from then on, as far as known: 0 but in the fair
 *              class
 * @exec_start: 0 unknown
 */
#define OBIT_TASK_DEAD		0x01	/* a leader that has exited: the below holds */
#define OBIT_TASK_SIGNALED	0x02	/* PF_SIGNALED of the leader */
#define OBIT_TASK_HAD_THREADS	0x04	/* other threads of it have ended */

struct obit_task_seen {
	struct obit_hdr hdr;
	struct obit_task task;
	struct obit_task parent;	/* real parent */
	char comm[OBIT_COMM_LEN];
	__u32 exit_state;		/* 0x20 zombie, 0x10 dead */
	__u32 threads;
	__u32 live;			/* signal->live */
	__u32 scan;
	/* version 2 */
	struct obit_task tracer;	/* tgid 0: none */
	__u32 flags;			/* OBIT_TASK_* */
	__u32 exit_code;
	__u32 exit_signal;
	__u32 uid;			/* real uid */
	__u32 cpu;
	__u32 pad;
	__u64 arrived, ran, exec_start;
};

/* All records of scan @scan have been written. */
struct obit_scan {
	struct obit_hdr hdr;
	__u32 scan;
	__u32 what;			/* enum obit_scan_what */
};
enum obit_scan_what {
	OBIT_SCAN_TASKS,
	OBIT_SCAN_PDEATH,
};

/* A cgroup was made, renamed, seen by a scan (name known), or is gone. */
enum obit_cgroup_kind {
	OBIT_CGROUP_NAMED,
	OBIT_CGROUP_GONE,
};

struct obit_cgroup {
	struct obit_hdr hdr;
	__u64 id;			/* kernfs id; inode number of the directory */
	__u32 hierarchy;		/* enum obit_hierarchy; NONE: another v1 */
	__u32 root;			/* kernel's hierarchy_id (0: v2); 0xffffffff: not known */
	__u32 kind;			/* enum obit_cgroup_kind */
	__u32 path_len;			/* without NUL; no NUL inside */
	char data[];
};

/* CLOCK_REALTIME - CLOCK_BOOTTIME, and the zone, at hdr.boot_ns; the collector
 * writes one at the start and whenever it changes.
 */
struct obit_clock {
	struct obit_hdr hdr;
	__s64 real_minus_boot_ns;
	__s32 utc_offset_s;
	__u32 pad;
};

/* What /proc said of a process the collector asked about. */
struct obit_state {
	struct obit_hdr hdr;
	struct obit_task task;
	__u32 state;			/* 'Z', 'R', ...; 0: no such process */
#define OBIT_STATE_LEADERLESS 'z'	/* the leader is one, threads of it live */
	__u32 pad;
};

/* Records lost by a producer since the last LOSS record, by the collector's
 * reading of its counters.
 */
enum obit_lost_kind {
	OBIT_LOST_OBITUARY,		/* no record of this death will come */
	OBIT_LOST_CONTEXT,		/* facts that will be null */
	OBIT_LOST_SIGNAL,		/* a killer, a hang-up, a parent-death signal */
	OBIT_LOST_KIND_NR
};
enum obit_lost_reason {
	OBIT_LOST_RING_FULL,
	OBIT_LOST_MAP_FULL,
	OBIT_LOST_MISSED,		/* a probe did not run (recursion) */
	OBIT_LOST_OVERSIZE,
	OBIT_LOST_REASON_NR
};

struct obit_loss {
	struct obit_hdr hdr;
	__u32 kind;			/* enum obit_lost_kind */
	__u32 reason;			/* enum obit_lost_reason */
	__u64 count;
};

/* Nothing: time has come to hdr.boot_ns, and all records up to here are in. */
struct obit_tick {
	struct obit_hdr hdr;
};

#define OBIT_ABI_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), #type " is " #size " bytes")

/* What the end of a process is spent on: TEARDOWN, FREED, USER_EXIT, STACK. */
#include "obit_teardown.h"

/* Longest record any producer writes. */
#define OBIT_RECORD_MAX		8192

OBIT_ABI_SIZE(struct obit_hdr, 16);
OBIT_ABI_SIZE(struct obit_task, 16);
OBIT_ABI_SIZE(struct obit_who, 40);
OBIT_ABI_SIZE(struct obit_fork, 64);
OBIT_ABI_SIZE(struct obit_exec, 72);
OBIT_ABI_SIZE(struct obit_usage, 80);
OBIT_ABI_SIZE(struct obit_exit, 312);
OBIT_ABI_SIZE(struct obit_reapable, 80);
OBIT_ABI_SIZE(struct obit_release, 216);
OBIT_ABI_SIZE(struct obit_signal, 120);
OBIT_ABI_SIZE(struct obit_oom_victim, 80);
OBIT_ABI_SIZE(struct obit_oom_limit, 40);
OBIT_ABI_SIZE(struct obit_pdeath, 112);
OBIT_ABI_SIZE(struct obit_armed, 88);
OBIT_ABI_SIZE(struct obit_exit_call, 32);
OBIT_ABI_SIZE(struct obit_waited, 56);
OBIT_ABI_SIZE(struct obit_task_seen, 144);
OBIT_ABI_SIZE(struct obit_scan, 24);
OBIT_ABI_SIZE(struct obit_cgroup, 40);
OBIT_ABI_SIZE(struct obit_clock, 32);
OBIT_ABI_SIZE(struct obit_state, 40);
OBIT_ABI_SIZE(struct obit_loss, 32);
OBIT_ABI_SIZE(struct obit_tick, 16);

#endif /* _UAPI_OBIT_H */
