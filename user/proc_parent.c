// SPDX-License-Identifier: GPL-2.0-only
/*
 * proc_parent: what /proc tells of a process that should reap and does not:
 * whether it runs or is frozen, what it waits for, and how it takes SIGCHLD. Any thread may
 * wait, so all are looked at. What it comes to is core/zombie/why's affair.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "freezer.h"
#include "proc_parent.h"
#include "procfs.h"

#define ARGS_MAX	4096
#define THREADS_MAX	256	/* looked at; each takes some 20 us */
#define SIGCHLD_BIT	(1ull << (17 - 1))

/* Not all of them are in every libc's headers. */
#define WAIT_WALL	0x40000000u
#define WAIT_WCLONE	0x80000000u
#define WAIT_WNOTHREAD	0x20000000u
#define WAIT_P_PIDFD	3	/* since 5.4 */

/*
 * The process behind a file descriptor of another, if it is a pidfd. It is asked
 * of the thread that uses it: a main thread that has ended has none open, and
 * unshare(CLONE_FILES) gives a thread its own.
 */
static uint32_t pid_of_fd(uint32_t tgid, uint32_t tid, uint32_t fd)
{
	char file[32], text[512], *p;
	long pid;

	snprintf(file, sizeof(file), "fdinfo/%u", fd);
	if (procfs_read(tgid, tid, file, text, sizeof(text)) < 0)
		return 0;
	p = strstr(text, "\nPid:");
	pid = p ? strtol(p + 5, NULL, 10) : 0;
	return pid > 0 ? (uint32_t)pid : 0;	/* -1: it has been reaped */
}

static void wait4_for(int32_t pid, struct wait_seen *w)
{
	w->id = pid < 0 ? 0u - (uint32_t)pid : (uint32_t)pid;
	w->waits = pid == -1 ? WAITS_ANY : pid > 0 ? WAITS_ONE : WAITS_GROUP;
}

static void waitid_for(uint32_t tgid, uint32_t tid,
		       const struct proc_syscall *sc, struct wait_seen *w)
{
	w->id = (uint32_t)sc->args[1];
	switch ((int)sc->args[0]) {
	case P_ALL:
		w->waits = WAITS_ANY;
		break;
	case P_PID:
		w->waits = WAITS_ONE;
		break;
	case P_PGID:
		w->waits = WAITS_GROUP;
		break;
	case WAIT_P_PIDFD:
		/* fdinfo has the number that /proc goes by. */
		w->id = pid_of_fd(tgid, tid, w->id);
		w->waits = w->id ? WAITS_ONE : WAITS_NOT;
		w->inner = false;
		break;
	default:
		break;
	}
	/* It waits for stops only. */
	if (!(sc->args[3] & WEXITED))
		w->waits = WAITS_NOT;
}

static void waits_for(uint32_t tgid, uint32_t tid,
		      const struct proc_syscall *sc, struct wait_seen *w)
{
	uint32_t options;

	if (sc->nr == SYS_wait4)
		wait4_for((int32_t)sc->args[0], w);
	else if (sc->nr == SYS_waitid)
		waitid_for(tgid, tid, sc, w);
	/* As eligible_child() has it. */
	options = (uint32_t)sc->args[sc->nr == SYS_wait4 ? 2 : 3];
	w->clones = options & (WAIT_WALL | WAIT_WCLONE);
	w->others = options & WAIT_WALL || !(options & WAIT_WCLONE);
	w->only_of = options & WAIT_WNOTHREAD ? tid : 0;
}

/*
 * @depth: of the pid namespace whose numbers the parent waits by
 * @pgrp:  its own group, by /proc's number
 * @ids:   the zombies', by their place in all->v, each read when first needed:
 *         once, however many threads wait
 */
struct look {
	const struct zombies *all;
	size_t which;
	struct culprit *c;
	unsigned int threads;
	uint32_t depth, pgrp;
	struct zombie_ids *ids;
	bool thawed;		/* one of its threads is not frozen */
};

/* One that is gone has been reaped: nobody waits for that. */
static void read_ids(const struct look *l, uint32_t tgid, struct zombie_ids *to)
{
	struct proc_ids outer, inner;

	to->tgid = UINT32_MAX;
	if (procfs_ids(tgid, 1, &outer))
		return;
	inner = outer;
	if (l->depth > 1 && procfs_ids(tgid, l->depth, &inner))
		return;
	to->tgid = inner.tgid;
	to->pgrp = inner.pgrp;
	/* By /proc's numbers, where every group has one. */
	to->own_group = outer.pgrp && outer.pgrp == l->pgrp;
}

static void judge_wait(struct look *l, struct wait_seen *w)
{
	struct zombie_ids *ids, plain;
	bool by_tgid = w->waits == WAITS_ANY || !w->inner;
	const struct zombie *z;
	size_t i;

	by_tgid = by_tgid && w->waits != WAITS_GROUP;
	if (!by_tgid && !l->ids)
		l->ids = calloc(l->all->nr, sizeof(*l->ids));
	for (i = 0; i < l->all->nr && !w->takes; i++) {
		z = &l->all->v[i];
		if (z->culprit != l->which)
			continue;
		plain = (struct zombie_ids){ .tgid = z->tgid };
		ids = by_tgid || !l->ids ? &plain : &l->ids[i];
		if (!ids->tgid)
			read_ids(l, z->tgid, ids);
		wait_meets(w, z, ids);
	}
}

/* v1 can freeze one thread and not another, and any of them could wait. */
static void look_if_frozen(struct look *l, uint32_t tid)
{
	struct proc_stat st;

	if (l->thawed || freezer_holds(l->c->tgid, tid, &l->c->frozen,
				       &l->c->frozen_outside))
		return;
	if (procfs_stat(l->c->tgid, tid, &st) || st.state == 'Z' ||
	    st.state == 'X')
		return;		/* no, but it does not reap either */
	l->thawed = true;
	buf_clear(&l->c->frozen);
}

static int look_at_thread(uint32_t tid, void *ctx)
{
	struct look *l = ctx;
	struct wait_seen w = { .inner = l->depth > 1 };
	struct proc_syscall sc;
	const char *name;
	int err;

	if (l->threads++ == THREADS_MAX)
		return 1;
	look_if_frozen(l, tid);
	err = procfs_syscall(l->c->tgid, tid, &sc);
	if (err)
		return 0;
	waits_for(l->c->tgid, tid, &sc, &w);
	if (w.waits != WAITS_NOT && !l->c->wait.takes) {
		judge_wait(l, &w);
		culprit_waits(l->c, &w);
	}
	name = tid == l->c->tgid ? procfs_syscall_name(sc.nr) : NULL;
	if (name)
		snprintf(l->c->doing, sizeof(l->c->doing), "%s", name);
	return 0;
}

/* The kernel function it sleeps in, where the system call says nothing. */
static void look_at_wchan(struct culprit *c)
{
	char text[64];

	if (c->doing[0] && c->state != 'D')
		return;
	if (procfs_read(c->tgid, 0, "wchan", text, sizeof(text)) > 0 &&
	    strcmp(text, "0"))
		snprintf(c->doing, sizeof(c->doing), "%.31s", text);
}

static void look_at_status(struct culprit *c, uint32_t *depth)
{
	struct proc_status st;
	struct proc_stat tracer;

	if (procfs_status(c->tgid, 0, &st))
		return;
	c->have_signals = true;
	c->sigchld_caught = st.caught & SIGCHLD_BIT;
	c->sigchld_ignored = st.ignored & SIGCHLD_BIT;
	c->sigchld_blocked = st.blocked & SIGCHLD_BIT;
	c->sigchld_pending = (st.pending | st.shared_pending) & SIGCHLD_BIT;
	c->init_of_ns = st.ns_tgid == 1;
	*depth = st.ns_depth;
	c->tracer = st.tracer;
	if (c->tracer && !procfs_stat(c->tracer, 0, &tracer))
		memcpy(c->tracer_comm, tracer.comm, sizeof(c->tracer_comm));
}

void proc_parent_fill(struct zombies *all, size_t which)
{
	struct culprit *c = &all->culprits[which];
	struct look look = { .all = all, .which = which, .c = c };
	struct proc_stat st;

	if (procfs_stat(c->tgid, 0, &st)) {
		c->gone = !procfs_hides();
		return;
	}
	if (c->start_boottime &&
	    st.start_ticks != procfs_ticks(c->start_boottime)) {
		c->gone = true;
		return;
	}
	c->readable = true;
	memcpy(c->comm, st.comm, sizeof(c->comm));
	c->state = st.state;
	c->threads = st.threads;
	look.pgrp = st.pgrp;
	look_at_status(c, &look.depth);
	procfs_args(c->tgid, ARGS_MAX, &c->args);
	procfs_each_thread(c->tgid, look_at_thread, &look);
	free(look.ids);
	look_at_wchan(c);
}
