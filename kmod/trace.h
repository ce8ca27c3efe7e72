/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - the module's named tracepoints: obit:* for perf, ftrace, bpftrace
 * and BPF (raw_tp/obit_*). Owns their arguments and their records, which are a
 * promise (docs/tracepoints.md). Never decides that something has happened:
 * the story files do, and call trace_obit_*().
 *
 * Arguments: kernel objects first, for BPF reads them. They are alive for the
 * call, and not NULL unless it says so. Records: start_boottime, 32-bit
 * numbers, then names of fixed length. The name is always the process's, its
 * leader's. A field is never changed, moved or removed; new ones and new
 * arguments come at the end.
 *
 * Not TP_STRUCT's __string(): __assign_str() lost an argument in 6.10, and a
 * name of fixed length is read at an offset that stays.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM obit

#if !defined(OBIT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OBIT_TRACE_H

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/tty.h>
#include <linux/uidgid.h>
#include <uapi/obit.h>

/*
 * trace.c. Called under tracepoints_mutex, which registering a probe takes: so
 * the hooks behind a tracepoint are armed a moment after it is enabled.
 */
#define OBIT_TRACE_REG(event)			\
	int obit_trace_reg_##event(void);	\
	void obit_trace_unreg_##event(void)

OBIT_TRACE_REG(exit);
OBIT_TRACE_REG(reapable);
OBIT_TRACE_REG(released);
OBIT_TRACE_REG(pdeath);
OBIT_TRACE_REG(pgrp_orphaned);
OBIT_TRACE_REG(hangup);
OBIT_TRACE_REG(teardown);

/* How a process was released; part of the promise. */
#define OBIT_HOW_WAITED		0	/* by its parent, with wait(2) */
#define OBIT_HOW_SELF		1	/* by itself: nobody was to wait */
#define OBIT_HOW_EXITING	2	/* by an exiting task: its orphan */
#define OBIT_HOW_TRACER		3	/* by a tracer that is not its parent */

/* Longest name of a teardown step, NUL included. */
#define OBIT_STEP_LEN		16

/* clang-format off */

/*
 * A process is dead: its last thread has passed the point of no return. Once a
 * process. In the last thread, memory still mapped, interrupts on.
 * @p:         the last thread, current; not always the leader
 * @exit_code: wait status as it stands; it can still change (reboot(2) in a
 *             pid namespace), obit_released has the last word
 */
TRACE_EVENT_FN(obit_exit,
	TP_PROTO(struct task_struct *p, u32 exit_code),
	TP_ARGS(p, exit_code),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, tid)
		__field(pid_t, parent_tgid)
		__field(u32, exit_code)
		__field(u32, uid)
		__array(char, comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = p->group_leader->start_boottime;
		__entry->tgid = p->tgid;
		__entry->tid = p->pid;
		rcu_read_lock();
		__entry->parent_tgid = rcu_dereference(p->real_parent)->tgid;
		rcu_read_unlock();
		__entry->exit_code = exit_code;
		__entry->uid = from_kuid(&init_user_ns, task_uid(p));
		memcpy(__entry->comm, p->group_leader->comm, TASK_COMM_LEN);
	),
	TP_printk("comm=%s tgid=%d tid=%d parent_tgid=%d exit_code=0x%x uid=%u",
		  __entry->comm, __entry->tgid, __entry->tid,
		  __entry->parent_tgid, __entry->exit_code, __entry->uid),
	obit_trace_reg_exit, obit_trace_unreg_exit
);

/*
 * A dead process can be waited for: somebody has been told. Comes again when
 * another inherits it. Write tasklist_lock held, interrupts off.
 * @p:        the dead process's leader
 * @told:     who was told: its parent, or a tracer
 * @signal:   meant to tell it; 0: none. With SIG_IGN none is sent all the same
 * @autoreap: nobody has to wait: it is released at once
 */
TRACE_EVENT_FN(obit_reapable,
	TP_PROTO(struct task_struct *p, struct task_struct *told, int signal,
		 bool autoreap),
	TP_ARGS(p, told, signal, autoreap),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, told_tgid)
		__field(int, signal)
		__field(u32, autoreap)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, told_comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = p->start_boottime;
		__entry->tgid = p->tgid;
		__entry->told_tgid = told->tgid;
		__entry->signal = signal;
		__entry->autoreap = autoreap;
		memcpy(__entry->comm, p->comm, TASK_COMM_LEN);
		memcpy(__entry->told_comm, told->group_leader->comm,
		       TASK_COMM_LEN);
	),
	TP_printk("comm=%s tgid=%d told_comm=%s told_tgid=%d signal=%d autoreap=%u",
		  __entry->comm, __entry->tgid, __entry->told_comm,
		  __entry->told_tgid, __entry->signal, __entry->autoreap),
	obit_trace_reg_reapable, obit_trace_unreg_reapable
);

/*
 * A process is gone, its pid about to be free. Once a process; never for a
 * leader whose place another thread took by exec. No locks held.
 * @p:         the dead process's leader
 * @by:        who releases it, current
 * @exit_code: what wait4(2) gave or would have given
 * @how:       OBIT_HOW_*
 */
TRACE_EVENT_FN(obit_released,
	TP_PROTO(struct task_struct *p, struct task_struct *by, u32 exit_code,
		 u32 how),
	TP_ARGS(p, by, exit_code, how),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(u32, exit_code)
		__field(pid_t, by_tgid)
		__field(pid_t, by_tid)
		__field(u32, how)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, by_comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = p->start_boottime;
		__entry->tgid = p->tgid;
		__entry->exit_code = exit_code;
		__entry->by_tgid = by->tgid;
		__entry->by_tid = by->pid;
		__entry->how = how;
		memcpy(__entry->comm, p->comm, TASK_COMM_LEN);
		memcpy(__entry->by_comm, by->group_leader->comm,
		       TASK_COMM_LEN);
	),
	TP_printk("comm=%s tgid=%d exit_code=0x%x by_comm=%s by_tgid=%d by_tid=%d how=%s",
		  __entry->comm, __entry->tgid, __entry->exit_code,
		  __entry->by_comm, __entry->by_tgid, __entry->by_tid,
		  __print_symbolic(__entry->how,
				   { OBIT_HOW_WAITED, "waited" },
				   { OBIT_HOW_SELF, "self" },
				   { OBIT_HOW_EXITING, "exiting" },
				   { OBIT_HOW_TRACER, "tracer" })),
	obit_trace_reg_released, obit_trace_unreg_released
);

/*
 * A thread ends, and one that asked for a parent-death signal is to have it.
 * Write tasklist_lock held, interrupts off.
 * @dead:   the thread that ends, current; its process may live on
 * @target: the thread that asked
 * @error:  0: sent (the target may still ignore it); -EPERM: the kernel refused
 */
TRACE_EVENT_FN(obit_pdeath,
	TP_PROTO(struct task_struct *dead, struct task_struct *target,
		 int signal, int error),
	TP_ARGS(dead, target, signal, error),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(u64, target_start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, tid)
		__field(pid_t, target_tgid)
		__field(pid_t, target_tid)
		__field(int, signal)
		__field(int, error)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, target_comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = dead->group_leader->start_boottime;
		__entry->target_start_boottime =
			target->group_leader->start_boottime;
		__entry->tgid = dead->tgid;
		__entry->tid = dead->pid;
		__entry->target_tgid = target->tgid;
		__entry->target_tid = target->pid;
		__entry->signal = signal;
		__entry->error = error;
		memcpy(__entry->comm, dead->group_leader->comm, TASK_COMM_LEN);
		memcpy(__entry->target_comm, target->group_leader->comm,
		       TASK_COMM_LEN);
	),
	TP_printk("comm=%s tgid=%d tid=%d target_comm=%s target_tgid=%d target_tid=%d signal=%d error=%d",
		  __entry->comm, __entry->tgid, __entry->tid,
		  __entry->target_comm, __entry->target_tgid,
		  __entry->target_tid, __entry->signal, __entry->error),
	obit_trace_reg_pdeath, obit_trace_unreg_pdeath
);

/*
 * A process group with stopped members has lost the last parent outside it that
 * could have continued them: the kernel hangs it up. Write tasklist_lock held,
 * interrupts off.
 * @pgrp: the group
 * @by:   whose exit did it, current
 */
TRACE_EVENT_FN(obit_pgrp_orphaned,
	TP_PROTO(struct pid *pgrp, struct task_struct *by),
	TP_ARGS(pgrp, by),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, tid)
		__field(pid_t, pgid)
		__array(char, comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = by->group_leader->start_boottime;
		__entry->tgid = by->tgid;
		__entry->tid = by->pid;
		__entry->pgid = pid_nr(pgrp);
		memcpy(__entry->comm, by->group_leader->comm, TASK_COMM_LEN);
	),
	TP_printk("comm=%s tgid=%d tid=%d pgid=%d",
		  __entry->comm, __entry->tgid, __entry->tid, __entry->pgid),
	obit_trace_reg_pgrp_orphaned, obit_trace_unreg_pgrp_orphaned
);

/*
 * A session leader that has a controlling terminal dies: the terminal is taken
 * from the session, and whoever is in front is hung up. Likewise if the terminal
 * went before its leader. In the leader's last thread, no locks held.
 * @p:    that thread, current
 * @tty:  the terminal, which may be hanging up; NULL: gone already
 * @sid:  the session
 * @pgrp: the group in front of the terminal; 0: none
 */
TRACE_EVENT_FN(obit_hangup,
	TP_PROTO(struct task_struct *p, struct tty_struct *tty, pid_t sid,
		 pid_t pgrp),
	TP_ARGS(p, tty, sid, pgrp),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, sid)
		__field(pid_t, pgrp)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, tty, OBIT_TTY_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = p->group_leader->start_boottime;
		__entry->tgid = p->tgid;
		__entry->sid = sid;
		__entry->pgrp = pgrp;
		memcpy(__entry->comm, p->group_leader->comm, TASK_COMM_LEN);
		strscpy_pad(__entry->tty, tty ? tty->name : "", OBIT_TTY_LEN);
	),
	TP_printk("comm=%s tgid=%d sid=%d tty=%s pgrp=%d",
		  __entry->comm, __entry->tgid, __entry->sid, __entry->tty,
		  __entry->pgrp),
	obit_trace_reg_hangup, obit_trace_unreg_hangup
);

/*
 * A thread that exits begins a step of its teardown; the one before it is over.
 * @p:    the thread, current
 * @step: static; docs/tracepoints.md lists them. Their order differs by kernel
 */
TRACE_EVENT_FN(obit_teardown,
	TP_PROTO(struct task_struct *p, const char *step),
	TP_ARGS(p, step),
	TP_STRUCT__entry(
		__field(u64, start_boottime)
		__field(pid_t, tgid)
		__field(pid_t, tid)
		__array(char, step, OBIT_STEP_LEN)
	),
	TP_fast_assign(
		__entry->start_boottime = p->group_leader->start_boottime;
		__entry->tgid = p->tgid;
		__entry->tid = p->pid;
		strscpy_pad(__entry->step, step, OBIT_STEP_LEN);
	),
	TP_printk("tgid=%d tid=%d step=%s",
		  __entry->tgid, __entry->tid, __entry->step),
	obit_trace_reg_teardown, obit_trace_unreg_teardown
);

/* clang-format on */

#endif /* OBIT_TRACE_H */

/*
 * "kmod/trace.h", not "./trace.h": define_trace.h looks along -I, and no folder
 * of the kernel's has that name.
 */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH kmod
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
