/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zombie: the dead that nobody has waited for, and who should have.
 * Owns the model of `obit zombies`: since when each is dead and how sure that
 * is, whose fault it is, and why that one does not reap. Pure: what the kernel
 * says is put in, words and numbers come out.
 */
#ifndef CORE_ZOMBIE_H
#define CORE_ZOMBIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "lib/buf.h"

/* --- since when ------------------------------------------------------------------ */

/* What the scheduler noted of a task, by the clocks of its CPU; see struct
 * obit_task_seen. 0: not known. */
struct sched_note {
	uint32_t cpu;
	uint64_t arrived, ran, exec_start;
};

/*
 * What the same clocks of one CPU say now. A task that has just been switched
 * to, at an instant within [boot_from, boot_to], notes arrived, ran, exec_start.
 * Where only exec_start is known, task_clock_lag bounds by how much the task
 * clock can have fallen behind since boot.
 */
struct cpu_now {
	struct sched_note note;
	uint64_t boot_from, boot_to;
	uint64_t task_clock_lag;
};

/*
 * @suspended_ns: time slept by the machine since boot, which those clocks lack
 * @unstable_ns:  by how much they may be off: 0 where the hardware's clock is
 *                stable
 * @ran_counts:   the fair class is in charge (no BPF scheduler): ran is right
 */
struct clock_rules {
	uint64_t boot_ns, suspended_ns, unstable_ns;
	bool ran_counts;
};

/*
 * Time since a task was switched away from for ever; it could be waited for a
 * little before, when others were given its CPU meanwhile. True if known: it is
 * at most *age_ns, and at least *err_ns less. born_ns, not after its birth,
 * bounds it, too.
 */
bool zombie_age(const struct sched_note *dead, uint64_t born_ns,
		const struct cpu_now *now, const struct clock_rules *rules,
		uint64_t *age_ns, uint64_t *err_ns);

/* `3 s`, `~ 3 s` where the error is more than a tenth, `< 3 s` where more
 * than a quarter; `?` if not known. */
void zombie_age_text(struct buf *out, bool known, uint64_t age_ns,
		     uint64_t err_ns);

/* --- who and whose ----------------------------------------------------------------- */

struct zombie {
	uint32_t tgid, uid;
	uint64_t start_boottime;	/* ns; 0: not known exactly */
	uint64_t born_ns;		/* not before; boot ns, 0: not known */
	char comm[OBIT_COMM_LEN];
	uint32_t parent, tracer;	/* tgids; tracer 0: none */
	uint64_t parent_start, tracer_start;	/* start_boottime; 0 unknown */
	uint32_t parent_tid, tracer_tid;	/* whose it is; 0: not known */
	uint32_t exit_code;		/* wait status */
	uint32_t exit_signal;
	uint32_t threads;		/* alive; > 0: a dead leader, no zombie */
	bool have_uid, have_code, have_exit_signal;
	bool had_threads;		/* they may have outlived the main one */
	struct sched_note note;
	bool have_age;
	uint64_t age_ns, age_err_ns;
	size_t culprit;			/* index; zombies only */
};

enum wait_for {
	WAITS_NOT,
	WAITS_ANY,
	WAITS_ONE,	/* id: a tgid */
	WAITS_GROUP,	/* id: a process group; 0: its own */
};

/*
 * A thread of the parent in wait4 or waitid.
 * @inner:  id is of a pid namespace of the parent's, not of obit's
 * @clones: it takes children that send no SIGCHLD (__WALL, __WCLONE)
 * @others: it takes those that do
 * @only_of: the thread, if it takes none but its own (__WNOTHREAD); or 0
 * @names:  it waits for one of this parent's zombies, as far as ids go
 * @takes:  and that one is of a kind that it takes
 * @anothers: as far as ids go it would, but that one is not that thread's
 */
struct wait_seen {
	enum wait_for waits;
	uint32_t id;
	bool inner, clones, others;
	uint32_t only_of;
	bool names, takes, anothers;
};

/* What /proc tells of who should reap. 0 or '\0': not known. */
struct culprit {
	uint32_t tgid;
	uint64_t start_boottime;	/* ns */
	bool as_tracer;			/* it traces them: it must wait first */
	bool readable;			/* there is anything below */
	bool gone;			/* it has ended meanwhile */
	char comm[OBIT_COMM_LEN];
	struct buf args;		/* NUL after each; empty: none, not known */
	char state;			/* of the main thread */
	bool init_of_ns;		/* process 1 of a pid namespace */
	uint32_t threads;
	uint32_t tracer;		/* who traces it */
	char tracer_comm[OBIT_COMM_LEN];
	bool have_signals;
	bool sigchld_caught, sigchld_ignored, sigchld_blocked, sigchld_pending;
	struct buf frozen;	/* the cgroups that freeze it, or empty: the
				 * outermost first, NUL after each */
	bool frozen_outside;	/* that is its own; none that is seen does it */
	struct wait_seen wait;		/* of its threads; see culprit_waits() */
	char doing[32];			/* system call or kernel function */
	size_t nr;			/* zombies it has not reaped */
	bool have_oldest;
	uint64_t oldest_ns, oldest_err_ns;
};

struct zombies {
	struct zombie *v;		/* zombies, then dead leaders */
	size_t nr, nr_leaders, cap;
	struct culprit *culprits;
	size_t nr_culprits;
	uint64_t boot_ns;
	int64_t real_ns;
	int32_t utc_offset_s;
};

void zombies_free(struct zombies *all);
/* A new one at the end, zeroed; NULL: no memory. */
struct zombie *zombies_add(struct zombies *all);
/*
 * Puts them in order, the oldest first, dead leaders last; counts them by who
 * should reap. culprits[].tgid and as_tracer are set, the rest of what /proc
 * knows is to be filled in. 0 or -ENOMEM.
 */
int zombies_sort(struct zombies *all);

/* --- why --------------------------------------------------------------------------- */

enum zombie_why {
	WHY_UNKNOWN,
	WHY_GONE,
	WHY_FROZEN,		/* with its cgroup */
	WHY_STOPPED,
	WHY_TRACED,		/* stopped by its tracer */
	WHY_TRACER,		/* it is the tracer, and does not wait */
	WHY_UNINTERRUPTIBLE,
	WHY_WAITS_OTHER,
	WHY_CLONE,		/* it waits, but not for what sends no SIGCHLD */
	WHY_WAITING,		/* for one of them: it is about to reap */
	WHY_BLOCKED,		/* SIGCHLD */
	WHY_IGNORED,		/* SIGCHLD, since after they died */
	WHY_HANDLER,		/* which did not wait for all */
	WHY_DEFAULT,		/* it takes no notice */
	WHY_NR
};
extern const char *const zombie_why_names[WHY_NR];	/* JSON */

/*
 * What a zombie is called where its parent waits: in the pid namespace that the
 * parent's numbers are of. @own_group: its process group is the parent's.
 */
struct zombie_ids {
	uint32_t tgid, pgrp;
	bool own_group;
};
/* There is this zombie, too: sets w->names, takes and anothers. An exit signal
 * that is not known is SIGCHLD; a thread that is not known is another. */
void wait_meets(struct wait_seen *w, const struct zombie *z,
		const struct zombie_ids *ids);
/* One more thread waits: c->wait is that which comes closest to reaping. */
void culprit_waits(struct culprit *c, const struct wait_seen *w);

enum zombie_why zombie_why(const struct culprit *c);
/* A clause whose subject is the parent: `is stopped, and reaps nothing until
 * it is continued`. Raw bytes of strangers in it. */
void zombie_why_text(struct buf *out, const struct culprit *c);
/* What a person can do about it, a sentence without its full stop. */
void zombie_advice(struct buf *out, const struct culprit *c);

/* --- shown ---------------------------------------------------------------------------- */

/*
 * @width:  columns; 0: not limited
 * @lines:  of the list of zombies, at most; 0: not limited
 * @hint:   printed last, or NULL
 */
struct zombies_view {
	unsigned int width;
	size_t lines;
	bool colour;
	const char *(*user_name)(uint32_t uid);
	const char *hint;
};

void zombies_text(struct buf *out, const struct zombies *all,
		  const struct zombies_view *view);
/* A line for each zombie, each dead leader and each who should reap. */
void zombies_json(struct buf *out, const struct zombies *all);

#endif
