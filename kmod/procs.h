/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procs.h - what must be remembered of a process between events.
 * Owns one entry for each process that needs it: threads were cloned, or a
 * handled signal came from outside. Never a record.
 *
 * Keyed by signal_struct: unlike a task or a tid it stays the same through a
 * multi-threaded exec, and its address is not reused before the leader, which
 * holds a reference, is freed. The entry goes when the leader is released.
 */
#ifndef OBIT_PROCS_H
#define OBIT_PROCS_H

#include <linux/types.h>
#include <uapi/obit.h>

struct task_struct;

/* What a handled signal's sender was, kept until the death it may explain. */
struct asked {
	struct obit_who sender;
	u32 signal;			/* 0: none */
	s32 si_code;
	u32 flags;
	u32 info;
	u64 sent_ns, taken_ns;
};

#define PROC_GROUP_VALUE	OBIT_EXIT_GROUP_VALUE
#define PROC_LEADER_VALUE	OBIT_EXIT_LEADER_VALUE
#define PROC_AMBIGUOUS		OBIT_EXIT_AMBIGUOUS
#define PROC_EXE_DELETED	OBIT_EXIT_EXE_DELETED
#define PROC_EXIT_LOST		0x80000000U	/* no EXIT record went out */

struct proc_facts {
	u32 flags;			/* PROC_* */
	u32 threads;			/* at most at once */
	s32 group_value, leader_value;
	u32 pdeath_signal, pdeath_tid;
	u32 deaths;			/* times all threads were seen gone */
	u64 call_ns;			/* its exit call, as in EXIT */
	struct asked sent;		/* the last one generated */
	struct asked taken;		/* the last one a handler took */
};

/*
 * The entry of t's process, locked, to be given to procs_unlock(); made if
 * @make. NULL: there is none, or no memory for it (then counted as lost).
 * Any context but NMI, siglock and tasklist_lock held or not; no other procs_*
 * or ring_* call between lock and unlock.
 */
struct proc_facts *procs_lock(struct task_struct *t, bool make);
void procs_unlock(struct proc_facts *f);

/* A copy of it; false: there is none. *f is zeroed then. */
bool procs_copy(struct task_struct *t, struct proc_facts *f);

/* The process is released. */
void procs_drop(struct task_struct *t);

/* All of them: nobody listens any more, no probe runs. */
void procs_clear(void);
u32 procs_count(void);

int procs_init(void);
void procs_exit(void);

#endif /* OBIT_PROCS_H */
