// SPDX-License-Identifier: GPL-2.0-only
/*
 * proc_parent: what /proc tells of a process that should reap and does not:
 * whether it runs, what it waits for, and how it takes SIGCHLD. Any thread may
 * wait, so all are looked at. Never judges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "proc_parent.h"
#include "procfs.h"

#define ARGS_MAX	4096
#define THREADS_MAX	256	/* looked at; each takes some 20 us */
#define SIGCHLD_BIT	(1ull << (17 - 1))

/* The process behind a file descriptor of another, if it is a pidfd. */
static uint32_t pid_of_fd(uint32_t tgid, uint32_t fd)
{
	char file[32], text[512], *p;

	snprintf(file, sizeof(file), "fdinfo/%u", fd);
	if (procfs_read(tgid, 0, file, text, sizeof(text)) < 0)
		return 0;
	p = strstr(text, "\nPid:");
	return p ? (uint32_t)strtoul(p + 5, NULL, 10) : 0;
}

static enum wait_for wait4_for(int32_t pid, uint32_t *id)
{
	*id = (uint32_t)(pid < 0 ? -pid : pid);
	return pid == -1 ? WAITS_ANY : pid > 0 ? WAITS_ONE : WAITS_GROUP;
}

static enum wait_for waits_for(uint32_t tgid, const struct proc_syscall *sc,
			       uint32_t *id)
{
	if (sc->nr == SYS_wait4)
		return wait4_for((int32_t)sc->args[0], id);
	if (sc->nr != SYS_waitid)
		return WAITS_NOT;
	*id = (uint32_t)sc->args[1];
	switch ((int)sc->args[0]) {
	case P_ALL:
		return WAITS_ANY;
	case P_PID:
		return WAITS_ONE;
	case P_PGID:
		return WAITS_GROUP;
	case 3:				/* P_PIDFD, since 5.4 */
		*id = pid_of_fd(tgid, *id);
		return WAITS_ONE;
	default:
		return WAITS_NOT;
	}
}

struct look {
	struct culprit *c;
	unsigned int threads;
};

static int look_at_thread(uint32_t tid, void *ctx)
{
	struct look *l = ctx;
	struct proc_syscall sc;
	enum wait_for waits;
	const char *name;
	uint32_t id = 0;
	int err;

	if (l->threads++ == THREADS_MAX)
		return 1;
	err = procfs_syscall(l->c->tgid, tid, &sc);
	if (err)
		return 0;
	waits = waits_for(l->c->tgid, &sc, &id);
	if (waits != WAITS_NOT && l->c->waits != WAITS_ANY) {
		l->c->waits = waits;
		l->c->wait_id = id;
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

static void look_at_status(struct culprit *c)
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
	c->tracer = st.tracer;
	if (c->tracer && !procfs_stat(c->tracer, 0, &tracer))
		memcpy(c->tracer_comm, tracer.comm, sizeof(c->tracer_comm));
}

void proc_parent_fill(struct culprit *c)
{
	struct look look = { .c = c };
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
	look_at_status(c);
	procfs_args(c->tgid, ARGS_MAX, &c->args);
	procfs_each_thread(c->tgid, look_at_thread, &look);
	look_at_wchan(c);
}
