/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * obit event ABI, the part about the end of a process: what it is spent on, by
 * whom, and why. Part of obit.h, which includes it; never included alone.
 */
#ifndef _UAPI_OBIT_TEARDOWN_H
#define _UAPI_OBIT_TEARDOWN_H

#ifndef _UAPI_OBIT_H
#error "include obit.h"
#endif

/*
 * What the end of a process is spent on, by what is torn down: X(NAME, "name").
 * A name means the same on every kernel, in every record, key and tracepoint.
 * Only append. A phase begins at the call named here, or at the nearest one
 * that the kernel has, and lasts until the next begins.
 */
#define OBIT_PHASES(X) \
	X(OTHER,	"other")	/* nobody's: between two known ones */	\
	X(DELIVERY,	"delivery")	/* fatal signal sent, not yet taken */	\
	X(COREDUMP,	"coredump")	/* do_coredump(), vfs_coredump() */	\
	X(THREADS,	"threads")	/* begun to end, other threads had not */ \
	X(PTRACE_STOP,	"ptrace_stop")	/* PTRACE_EVENT_EXIT */			\
	X(IO_URING,	"io_uring")	/* __io_uring_cancel() */		\
	X(SIGNALS,	"signals")	/* exit_signals(); timers too */	\
	X(ACCOUNTING,	"accounting")	/* acct_update_integrals(), taskstats */ \
	X(MM,		"mm")		/* exit_mm(), but for the next */	\
	X(MM_UNMAP,	"mm.unmap")	/* exit_mmap(): the last user's */	\
	X(IPC,		"ipc")		/* exit_sem(), exit_shm() */		\
	X(TTY,		"tty")		/* disassociate_ctty() */		\
	X(FILES,	"files")	/* exit_files(): the table */		\
	X(FS,		"fs")		/* exit_fs() */				\
	X(NAMESPACES,	"namespaces")	/* exit_nsproxy_namespaces() */		\
	X(FILE_CLOSE,	"file_close")	/* task_work_run(): what closing costs */ \
	X(THREAD,	"thread")	/* exit_thread() */			\
	X(CGROUP,	"cgroup")	/* cgroup_task_exit() */		\
	X(NOTIFY,	"notify")	/* exit_notify() */			\
	X(CONNECTOR,	"connector")	/* proc_exit_connector() */		\
	X(DEAD,		"dead")		/* do_task_dead(), to the last switch */ \
	X(RESOURCES,	"resources")	/* ipc to cgroup in one: no hooks between */

enum obit_phase {
#define OBIT_X(NAME, name) OBIT_PHASE_##NAME,
	OBIT_PHASES(OBIT_X)
#undef OBIT_X
		OBIT_PHASE_NR
};

/* @boot_ns: when it began; @off_ns: time in it that the thread did not run */
struct obit_step {
	__u64 boot_ns;
	__u64 off_ns;
	__u16 phase;			/* enum obit_phase */
	__u16 pad;
	__u32 pad2;
};
#define OBIT_STEPS_MAX		32

/*
 * The end of a thread at which the process looked dead (as EXIT), step by step
 * in the order they came; one phase can come more than once. Comes after the
 * thread's EXIT, before or after RELEASE: a parent may collect a process that
 * has not yet left its CPU.
 * @hdr.boot_ns: the end of the last step
 *
 * One of nobody (@task.tgid 0) without a step says that from here on there is
 * one of each death.
 */
#define OBIT_TEARDOWN_SWITCHES	0x01	/* off_ns are known */
#define OBIT_TEARDOWN_CUT	0x02	/* there were more steps than room */
#define OBIT_TEARDOWN_LAST	0x04	/* the kernel said so: surely the last thread */
#define OBIT_TEARDOWN_COARSE	0x08	/* by tracepoints alone */
#define OBIT_TEARDOWN_MM_LEFT	0x10	/* others held its memory still: FREED tells */

struct obit_teardown {
	struct obit_hdr hdr;
	struct obit_task task;
	__u32 flags;			/* OBIT_TEARDOWN_* */
	__u32 nr;			/* of steps */
	struct obit_step steps[];
};

/*
 * Another task gave back a process's memory: it held the last reference
 * (mmput() elsewhere), or did it on purpose (process_mrelease(2), the OOM
 * reaper). @hdr.boot_ns: when that had been done. @begin_ns: 0: not known.
 * Where @by is of the process itself, another thread of it was the last.
 */
struct obit_freed {
	struct obit_hdr hdr;
	struct obit_task task;		/* whose memory it was */
	struct obit_who by;
	__u64 begin_ns;
	__u32 phase;			/* enum obit_phase */
	__u32 pad;
};

/*
 * exit(3) of the C library was called: handlers and destructors run now. Of
 * several in a process the earliest counts, until an exec.
 *
 * With COVERED it is no call: a probe is armed in the C library of this process
 * from now on, so that no call means that there was none. A fork inherits that,
 * an exec ends it: the new image has a library of its own, or none.
 */
#define OBIT_USER_EXIT_COVERED	0x01
#define OBIT_USER_EXIT_QUICK	0x02	/* quick_exit(3): its own handlers only */

struct obit_user_exit {
	struct obit_hdr hdr;
	struct obit_task task;
	__u32 flags;			/* OBIT_USER_EXIT_* */
	__u32 pad;
};

/*
 * The kernel's stack in a step of a teardown, innermost first: why it takes as
 * long as it does. @ns: time not running that this stack accounts for, or, for
 * a sample of a running thread, the time between two samples.
 */
#define OBIT_STACK_OFF_CPU	0x01
#define OBIT_STACK_CUT		0x02	/* it was deeper */

struct obit_stack {
	struct obit_hdr hdr;
	struct obit_task task;
	__u64 ns;
	__u16 phase;			/* enum obit_phase */
	__u16 flags;			/* OBIT_STACK_* */
	__u32 nr;			/* of addresses */
	__u64 ip[];
};
#define OBIT_STACK_MAX		64

OBIT_ABI_SIZE(struct obit_step, 24);
OBIT_ABI_SIZE(struct obit_teardown, 40);
OBIT_ABI_SIZE(struct obit_freed, 88);
OBIT_ABI_SIZE(struct obit_user_exit, 40);
OBIT_ABI_SIZE(struct obit_stack, 48);

#endif /* _UAPI_OBIT_TEARDOWN_H */
