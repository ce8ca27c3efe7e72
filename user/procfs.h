/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * procfs: what /proc says of a process or of one of its threads.
 * Owns the formats of its files and how they are told from a stranger's bytes
 * in them. Never guesses what is not readable, never decides what it means.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "lib/buf.h"

/* /proc/TGID/stat, or that of a thread. */
struct proc_stat {
	char comm[16];
	char state;		/* 'R', 'S', 'D', 'T', 't', 'Z', 'X', ... */
	uint32_t ppid, pgrp;
	uint32_t flags;		/* PF_* of the kernel */
	uint32_t threads;	/* that have not been released */
	uint32_t exit_signal;	/* for its parent; 0: none (clone) */
	uint32_t cpu;		/* last run on */
	uint32_t exit_code;	/* wait status; 0 also where we may not know */
	uint64_t start_ticks;	/* start_boottime in 1/100 s, rounded down */
};

/* /proc/TGID/status, or that of a thread; signal sets: bit n-1 is signal n. */
struct proc_status {
	uint32_t tgid, tracer, uid;
	uint32_t ns_tgid;	/* in its innermost pid namespace; 0 before 4.1 */
	uint32_t ns_depth;	/* pid namespaces it has a number in; 0 same */
	uint64_t pending, shared_pending, blocked, ignored, caught;
};

#define PROC_PF_KTHREAD 0x00200000u

/* Both: tid 0 is the process itself. 0, or a negative errno: -ENOENT and -ESRCH
 * where it is not there or hidden (hidepid). */
int procfs_stat(uint32_t tgid, uint32_t tid, struct proc_stat *st);
int procfs_status(uint32_t tgid, uint32_t tid, struct proc_status *st);

/*
 * What it is called in the pid namespaces that it is in: 1 is that of /proc, 2
 * the one in that, and so on. 0, or a negative errno: -ENOENT also where it has
 * no number at that depth. A group whose leader is outside is 0.
 */
struct proc_ids {
	uint32_t tgid, pgrp;
};
int procfs_ids(uint32_t tgid, uint32_t depth, struct proc_ids *ids);

/* The start of a file of /proc/TGID (of its thread): bytes read, NUL-terminated
 * in `to`, or a negative errno. */
ssize_t procfs_read(uint32_t tgid, uint32_t tid, const char *file, char *to,
		    size_t size);

/* A file of /proc/TGID (of its thread) for reading: a descriptor to be closed,
 * or a negative errno. */
int procfs_open(uint32_t tgid, uint32_t tid, const char *file);

/* The executable, as a link of /proc names it: bytes of `to`, not terminated; or
 * a negative errno: -ENOENT of kernel threads and of the dead, -ENAMETOOLONG. */
ssize_t procfs_exe(uint32_t tgid, uint32_t tid, char *to, size_t size);

/* The command line, a NUL after each argument; at most `max` bytes. Empty for
 * kernel threads and zombies. 0 or a negative errno. */
int procfs_args(uint32_t tgid, size_t max, struct buf *out);

/*
 * The system call a thread is blocked in. -EAGAIN: it runs, or is blocked
 * elsewhere; -EPERM: we may not know.
 */
struct proc_syscall {
	long nr;
	uint64_t args[6];
};
int procfs_syscall(uint32_t tgid, uint32_t tid, struct proc_syscall *sc);
/* Its name if it is one that processes wait in, or NULL. */
const char *procfs_syscall_name(long nr);

/* When the scheduler last accounted for the main thread, by the task clock of
 * its CPU, ns. -ENOENT: this kernel does not tell (CONFIG_SCHED_DEBUG). */
int procfs_exec_start(uint32_t tgid, uint64_t *ns);

/* What only those with rights over a process may read can be read of it: its
 * exit_code, wchan, syscall. */
bool procfs_permitted(uint32_t tgid);

/* start_ticks of this start_boottime. */
uint64_t procfs_ticks(uint64_t start_boottime);

/*
 * /proc is that of our own pid namespace, and that is the initial one: its ids
 * are those of the kernel's records.
 */
bool procfs_is_initial(void);
/* Every numeric entry, in order; fn ends it with non-zero, which is returned.
 * Or a negative errno. */
int procfs_each(int (*fn)(uint32_t tgid, void *ctx), void *ctx);
/* The same of the threads of a process. */
int procfs_each_thread(uint32_t tgid, int (*fn)(uint32_t tid, void *ctx),
		       void *ctx);
/* Any thread that is not dead, or 0. Where the main thread is, the process lives
 * on in others, and only they have its memory and its executable. */
uint32_t procfs_live_thread(uint32_t tgid);
/* Processes of others are hidden from us (hidepid=1 or 2). */
bool procfs_hides(void);

#endif
