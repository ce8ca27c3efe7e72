/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stories.h - what the hooks call: one function for each thing that happens.
 * Owns the list. hooks.c hangs them in; the story files tell the fact, as a
 * record, as a tracepoint, or both. Never a hook's own mechanics.
 *
 * All are called with preemption off, so nothing in them sleeps. Unless said
 * otherwise: in the task it is about, in process context, interrupts on, no
 * locks held.
 */
#ifndef OBIT_STORIES_H
#define OBIT_STORIES_H

#include <linux/types.h>
#include <uapi/obit.h>

struct task_struct;
struct mm_struct;
struct linux_binprm;
struct kernel_siginfo;
struct k_sigaction;
struct cgroup;
struct cred;
struct pid;
struct tty_struct;
struct pt_regs;

/* life.c */
void obit_forked(struct task_struct *parent, struct task_struct *child);
void obit_execed(struct task_struct *p, pid_t old_pid,
		 struct linux_binprm *bprm);
int life_init(void);
void life_exit(void);

/* exit.c */
/* taskstats_exit(): the first place that knows the verdict on every kernel. */
void obit_thread_accounted(struct task_struct *p, int group_dead);
/* sched_process_exit */
void obit_thread_exits(struct task_struct *p);
void obit_exit_called(long code);		/* do_exit */

/* reap.c */
/* do_notify_parent() has returned; write tasklist_lock, interrupts off. */
void obit_notified(struct task_struct *p, int sig, bool autoreap);
/* cgroup_release(), cgroup_task_release(): from release_task(), by whoever
 * releases p. */
void obit_released(struct task_struct *p);

/* signal.c: under t's siglock, interrupts off, in any context. */
void obit_signal_generated(int sig, struct kernel_siginfo *info,
			   struct task_struct *t, int group, int result);
/* in the task that takes it, under its siglock */
void obit_signal_delivered(int sig, struct k_sigaction *ka);

/* pdeath.c */
/* group_send_sig_info(): does a dying thread call it for t's parent-death
 * signal? If so: write tasklist_lock, interrupts off. Else any context. */
bool obit_pdeath_is_sending(int sig, struct kernel_siginfo *info,
			    struct task_struct *t);
/* that call has returned */
void obit_pdeath_sent(int sig, struct task_struct *t, int ret);
/* prctl(PR_SET_PDEATHSIG) returned 0 */
void obit_pdeath_set(void);
/* commit_creds(), before it clears anything */
void obit_creds_change(const struct cred *new);

/* hangup.c: for the tracepoints; the records are signals. */
/* __kill_pgrp_info(); tasklist_lock, interrupts on or off. */
void obit_pgrp_signalled(int sig, struct kernel_siginfo *info,
			 struct pid *pgrp);
/* disassociate_ctty(1) by a dying session leader */
void obit_ctty_leaves(int on_exit);

/* oom.c: task_lock of the victim held, by the allocating task. */
void obit_oom_victim(struct task_struct *victim, pid_t pid);

/* cgroup.c: cgroup_mutex held, or from a work item. */
void obit_cgroup_named(struct cgroup *cg, const char *path);
void obit_cgroup_gone(struct cgroup *cg);

/* teardown.c: a step of do_exit() begins. @arg: the function's first argument. */
void obit_teardown_step(enum obit_phase phase, const void *arg);

/* ending.c: the same for readers of TEARDOWN records. */
void obit_end_begins(void);			/* do_exit() */
void obit_dump_begins(void);			/* do_coredump(), vfs_coredump() */
void obit_exit_stop(void);			/* ptrace_notify(PTRACE_EVENT_EXIT) */
/* @arg: of exit_mmap(), the mm; else ignored */
void obit_end_step(enum obit_phase phase, const void *arg);
/* taskstats_exit(), acct_collect(): is it the last thread? */
void obit_end_verdict(int group_dead);
/* sched_switch: rq lock held, interrupts off */
void obit_switched(struct task_struct *prev, struct task_struct *next);
/* exit_mmap() begins, by whom it may be: true: somebody else's memory, whose, and
 * obit_mm_gone() is to be called when it has returned. */
bool obit_mm_goes(struct mm_struct *mm, struct obit_task *whose);
void obit_mm_gone(const struct obit_task *whose, u64 begin_ns);
/* __oom_reap_task_mm() begins: the same of memory that its process still has. */
bool obit_mm_taken(struct mm_struct *mm, struct obit_task *whose);

#endif /* OBIT_STORIES_H */
