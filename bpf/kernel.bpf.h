/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * kernel view: every kernel struct and field the programs read, and no other.
 * CO-RE finds the real offsets on the running kernel (preserve_access_index),
 * so this is the list of what obit depends on in the kernel, 5.10 to 7.x.
 * Never a layout: order and size of fields here mean nothing. Shapes that
 * differ by version are in flavors.bpf.h.
 */
#ifndef BPF_KERNEL_BPF_H
#define BPF_KERNEL_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

/* include/linux/sched.h; unchanged from 5.10 to 7.3 */
#define PF_EXITING	0x00000004
#define PF_FORKNOEXEC	0x00000040
#define PF_SIGNALED	0x00000400
#define PF_KTHREAD	0x00200000

/* Inode number of the first pid namespace, since 3.8: include/linux/proc_ns.h */
#define PID_NS_FIRST	0xEFFFFFFCU

#define SIGNAL_GROUP_EXIT 0x04	/* include/linux/sched/signal.h */
#define SIGNAL_UNKILLABLE 0x40

/* task->signal->pids[]; include/linux/pid_types.h */
#define PIDTYPE_TGID	1
#define PIDTYPE_PGID	2
#define PIDTYPE_SID	3

#define SIGHUP		1
#define SIGKILL		9
#define SIGCHLD		17
#define SIGCONT		18
#define SA_NOCLDWAIT	0x00000002UL

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

struct list_head {
	struct list_head *next, *prev;
};

struct kernfs_node {
	u64 id;			/* since 5.5; the inode number on 64 bit */
};

struct cgroup_root {
	int hierarchy_id;	/* 0: the unified one */
	unsigned int subsys_mask;
	char name[64];
};

struct cgroup {
	int level;		/* 0: root */
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;	/* place in the unified hierarchy */
	struct list_head cgrp_links;
};

struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link;
};

/* Values are relocated: they depend on the kernel's configuration. */
enum cgroup_subsys_id {
	memory_cgrp_id = 1,
	pids_cgrp_id = 2,
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct cred {
	kuid_t uid, euid, fsuid;
	kgid_t gid, egid, fsgid;
};

struct tty_struct {
	char name[64];
};

struct task_io_accounting {
	u64 read_bytes, write_bytes;	/* CONFIG_TASK_IO_ACCOUNTING */
};

struct mm_struct;
struct task_struct;

struct signal_struct {
	atomic_t live;			/* threads not yet through do_exit */
	int nr_threads;			/* threads not yet released */
	int group_exit_code;
	unsigned int flags;
	int leader;			/* session leader */
	struct list_head thread_head;
	struct pid *pids[4];
	struct tty_struct *tty;
	u64 utime, stime;		/* of released threads, ns */
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	unsigned long maxrss;		/* pages; final once group-dead */
	unsigned long long sum_sched_runtime;
	struct task_io_accounting ioac;
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct sched_entity {
	u64 exec_start;			/* rq_clock_task() of its CPU, last it ran */
	u64 sum_exec_runtime;
	u64 prev_sum_exec_runtime;	/* when it was last picked to run */
};

struct sched_info {			/* CONFIG_SCHED_INFO */
	unsigned long long last_arrival;	/* rq_clock() of its CPU */
};

struct nsproxy;
struct callback_head;
struct completion;

struct task_struct {
	unsigned int flags;
	unsigned int ptrace;
	unsigned int policy;
	struct sched_entity se;
	struct sched_info sched_info;
	struct mm_struct *mm, *active_mm;
	int exit_state;
	int exit_code;
	int exit_signal;		/* -1: not a leader (any more) */
	int pdeath_signal;		/* of this thread */
	int pid;
	int tgid;
	struct task_struct *real_parent, *parent;
	struct list_head children, sibling;
	struct task_struct *group_leader;
	struct list_head thread_node;
	struct pid *thread_pid;		/* NULL once released */
	struct completion *vfork_done;	/* somebody waits in vfork(2) */
	u64 utime, stime;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt;
	u64 start_boottime;		/* since 5.5; ns */
	u64 self_exec_id;		/* since 5.7; counts execs */
	const struct cred *real_cred;
	char comm[16];
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct sighand_struct *sighand;	/* NULL once released */
	sigset_t blocked;
	struct callback_head *task_works;
	kuid_t loginuid;		/* CONFIG_AUDIT */
	struct task_io_accounting ioac;
	struct css_set *cgroups;
	void *stack;
};

struct qstr {
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct dentry_operations {
	void *d_dname;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	const struct dentry_operations *d_op;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {				/* fs/mount.h */
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct mm_struct {
	atomic_t mm_users;
	struct task_struct *owner;	/* CONFIG_MEMCG; NULL once it has let go */
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct linux_binprm {
	unsigned int secureexec:1;
};

struct kernel_siginfo {
	int si_signo;
	int si_errno;
	int si_code;
};

struct bpf_iter_meta {
	u64 seq_num;		/* 0: the first call of a scan */
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bx, di, si, dx, r10, ax, orig_ax, cs;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31];
	u64 pstate;
};

struct pt_regs {
	u64 regs[31];
	u64 pstate;
	u64 orig_x0;
	s32 syscallno;
};
#else
#error "no register view for this architecture: add one here and in flavors.bpf.h"
#endif

#pragma clang attribute pop

#endif
