/* SPDX-License-Identifier: GPL-2.0 */
/*
 * record.h - parts of records that several stories fill: who a task is, what it
 * used, how it takes SIGCHLD, its cgroup. Never reserves, never decides.
 *
 * All under rcu_read_lock() or with the task pinned by what the hook holds;
 * any context. Pointers into other tasks (real_parent, parent) are RCU's.
 */
#ifndef OBIT_RECORD_H
#define OBIT_RECORD_H

#include <linux/sched.h>
#include <linux/types.h>
#include <uapi/obit.h>

struct signal_struct;
struct cgroup;

/* A process, by thread @tid (0: as such). */
void fill_task(struct obit_task *id, const struct task_struct *t, u32 tid);
/* The name of t's process: its leader's. OBIT_COMM_LEN bytes. */
void fill_comm(char *comm, const struct task_struct *t);
/* Name of that very thread. */
void fill_thread_comm(char *comm, const struct task_struct *t);
void fill_who(struct obit_who *who, const struct task_struct *t);

/* Counters of the threads that have been released, and one task's own. */
void fill_signal_usage(struct obit_usage *u, const struct signal_struct *sig);
void add_usage(struct obit_usage *u, const struct task_struct *t);

/* enum obit_sigchld of t's process for a child with that exit_signal. */
u8 sigchld_of(const struct task_struct *t, int exit_signal);
/* The same for p's own real parent, CLONE_AUTOREAP included. */
u8 sigchld_of_parent(const struct task_struct *p);

/* enum obit_hierarchy, and the kernel's hierarchy_id. */
u32 hierarchy_of(const struct cgroup *cg, u32 *root_id);

/* The wait status by the kernel's rule, as it stands. */
u32 wait_status_of(const struct task_struct *leader);

#endif /* OBIT_RECORD_H */
