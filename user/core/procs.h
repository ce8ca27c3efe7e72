/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * procs: the table of processes, living and dead, by (tgid, start_boottime).
 * Owns their memory, their executables and arguments (shared from fork on),
 * and the memory of who was released lately. Never decides anything.
 */
#ifndef CORE_PROCS_H
#define CORE_PROCS_H

#include <uapi/obit.h>
#include "core/cgroups.h"
#include "core/image.h"
#include "core/obituary.h"
#include "core/oom.h"
#include "core/sent.h"
#include "core/teardown.h"
#include "core/timers.h"
#include "core/tombs.h"
#include "lib/hash.h"
#include "lib/pool.h"

/* --- what is known of a death before it is released ---------------------- */

/* Somebody who was told of it by do_notify_parent(). */
struct told {
	struct person who;		/* tgid 0: nobody was */
	uint64_t boot_ns;		/* last time */
	uint8_t sigchld;
	bool autoreap;
};

/* With --teardown: what its end was spent on. */
struct ending {
	struct obit_teardown *record;	/* a copy; NULL: none has come */
	struct obit_freed freed[TEARDOWN_ELSEWHERE_MAX];
	unsigned int nr_freed;
};

struct death {
	struct obit_exit exit;		/* boot_ns 0 in hdr: none came */
	bool have_exit, have_asked, ns_indexed;
	uint64_t asked_at;		/* when its state was asked for; 0 */
	uint64_t gone_ns;		/* when it was found gone; 0 */
	struct obit_signal asked;
	uint64_t reapable_ns;		/* first instant it was; 0: not seen */
	uint64_t zombie_ns;		/* last instant it was proved one; 0 */
	uint64_t zombie_first_ns;	/* the first; 0 */
	struct told parent, tracer;	/* the last of each kind */
	struct told first_parent;
	bool tracer_last;		/* the last one told was the tracer */
	struct person waiter;		/* whose wait returned; tgid 0: unknown */
	uint64_t waited_ns;
	struct cgroup_pick cgroup;
	struct obit_release *release;	/* a copy, while held back; or NULL */
	bool held_for_oom;		/* release: by what is to come of the log */
	struct ending *ending;		/* or NULL */
	struct proc *proc;
	struct hash_node by_ns_tgid;
};

/* --- processes ------------------------------------------------------------ */

enum proc_state {
	PROC_ALIVE,
	PROC_DEAD,	/* EXIT seen; its obituary is owed */
	PROC_TOLD,	/* a zombie whose obituary has been written */
	PROC_UNSEEN,	/* a zombie that died before there was anyone to see */
};

struct proc {
	struct hash_node by_tgid;
	struct proc *prev, *next;	/* all, in order of appearance */
	struct proc *dead_prev, *dead_next;	/* obituary owed, in order */
	uint64_t start_boottime;
	uint32_t tgid;
	uint8_t state;			/* enum proc_state */
	bool have_comm;
	char comm[OBIT_COMM_LEN];
	struct obit_task parent;	/* real parent at fork, by thread */
	struct image *image;		/* or NULL */
	struct sent *sent;
	struct oom *oom;		/* or NULL */
	uint64_t oom_rss_kb;
	uint64_t fork_ns;		/* 0: not seen */
	uint64_t exit_call_ns;		/* earliest; 0: not seen */
	uint64_t leader_since_ns;	/* another thread's exec; 0: the first */
	uint64_t unread_ns;		/* a zombie then, and no EXIT; 0: not so */
	uint64_t user_exit_ns;		/* exit(3), the earliest; 0: not seen */
	bool user_covered;		/* ... and would have been seen */
	uint32_t covered_lost;		/* join.hdr_lost at that time */
	struct timer timer;		/* what it is for goes by state */
	struct death *death;		/* or NULL */
	struct armed *armed;		/* its threads with a parent-death signal */
};

struct procs {
	struct hash by_tgid;
	struct hash by_ns_tgid;		/* of the dead */
	struct timers timers;
	struct proc *first, *last;
	struct proc *dead_first, *dead_last;
	struct proc *cursor;		/* next of a sweep; NULL: no sweep */
	uint64_t nr_alive, nr_dead;	/* PROC_ALIVE, obituaries owed */
	struct pool lives, deaths;	/* struct proc, struct death */
	struct tombs tombs;
};

void procs_init(struct procs *all);
void procs_fini(struct procs *all);

struct proc *proc_find(struct procs *all, uint32_t tgid,
		       uint64_t start_boottime);
/* There was such a process, living or not: no accident of memory. */
bool proc_known(struct procs *all, uint32_t tgid, uint64_t start_boottime);
/* r->parent can be believed: exact, or a process that can be its parent. */
bool proc_parent_is_real(struct procs *all, const struct obit_release *r);
/*
 * When it died with no child left, zombies included, in ns of the stream; 0: it
 * lives, had some, or is not known. Whoever had been its child by then and was
 * dead has been reaped by it.
 */
uint64_t proc_childless_ns(struct procs *all, uint32_t tgid,
			   uint64_t start_boottime);
/*
 * The end of that thread at that time, in ns of the stream, was that of its
 * process, which has ended. False, too, if that is not known.
 */
bool proc_ended_whole(struct procs *all, const struct obit_task *thread,
		      uint64_t at_ns);
/* A process of that tgid that has not been released: the latest. */
struct proc *proc_find_tgid(struct procs *all, uint32_t tgid);
/*
 * Finds it or makes it, alive. NULL with *err 0: it has been released before
 * (or is nobody), and what is said of it comes too late.
 */
struct proc *proc_get(struct procs *all, uint32_t tgid, uint64_t start_boottime,
		      int *err);
/* Its death, made if need be. NULL: no memory. */
struct death *proc_death(struct procs *all, struct proc *p);
void proc_set_state(struct procs *all, struct proc *p, enum proc_state state);
/* Frees it; records that still name it will be ignored. 0 or -ENOMEM. */
int proc_release(struct procs *all, struct proc *p);

/* The dead are found by the tgid of their own pid namespace, too. */
void proc_index_ns(struct procs *all, struct proc *p);

#endif
