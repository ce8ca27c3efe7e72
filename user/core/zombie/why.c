// SPDX-License-Identifier: GPL-2.0-only
/*
 * why: why a parent does not reap, by what /proc says of it.
 * The order of the questions is the order of what would have to end first: who
 * is stopped does not handle signals, whatever its handlers are. Does no I/O.
 */
#include <string.h>
#include "core/value.h"
#include "core/zombie/zombie.h"

#define CHILD_SIGNAL	17	/* SIGCHLD, by the ABI */

const char *const zombie_why_names[WHY_NR] = {
	[WHY_UNKNOWN] = NULL,
	[WHY_GONE] = "gone",
	[WHY_FROZEN] = "frozen",
	[WHY_STOPPED] = "stopped",
	[WHY_TRACED] = "traced",
	[WHY_TRACER] = "tracer",
	[WHY_UNINTERRUPTIBLE] = "uninterruptible",
	[WHY_WAITS_OTHER] = "waits_for_other",
	[WHY_CLONE] = "clone_child",
	[WHY_WAITING] = "waiting",
	[WHY_BLOCKED] = "sigchld_blocked",
	[WHY_IGNORED] = "sigchld_ignored",
	[WHY_HANDLER] = "sigchld_handler",
	[WHY_DEFAULT] = "sigchld_default",
};

static bool names(const struct wait_seen *w, const struct zombie_ids *ids)
{
	switch (w->waits) {
	case WAITS_ANY:
		return true;
	case WAITS_ONE:
		return w->id == ids->tgid;
	case WAITS_GROUP:
		return w->id ? w->id == ids->pgrp : ids->own_group;
	case WAITS_NOT:
		break;
	}
	return false;
}

/* Or what it traces: the kernel looks at both lists of a thread. */
static bool is_in_reach(const struct wait_seen *w, const struct zombie *z)
{
	return !w->only_of || z->parent_tid == w->only_of ||
	       z->tracer_tid == w->only_of;
}

void wait_meets(struct wait_seen *w, const struct zombie *z,
		const struct zombie_ids *ids)
{
	bool of_clone = z->have_exit_signal && z->exit_signal != CHILD_SIGNAL;

	if (!names(w, ids))
		return;
	if (!is_in_reach(w, z)) {
		w->anothers = true;
		return;
	}
	w->names = true;
	w->takes = w->takes || (of_clone ? w->clones : w->others);
}

static int closeness(const struct wait_seen *w)
{
	if (w->waits == WAITS_NOT)
		return 0;
	return w->takes ? 4 : w->names ? 3 : w->anothers ? 2 : 1;
}

void culprit_waits(struct culprit *c, const struct wait_seen *w)
{
	if (closeness(w) > closeness(&c->wait))
		c->wait = *w;
}

/* No thread of it would take one: is it the kind, or is it another's wait? */
static enum zombie_why why_in_wait(const struct wait_seen *w)
{
	if (w->takes)
		return WHY_WAITING;
	return w->names && !w->clones ? WHY_CLONE : WHY_WAITS_OTHER;
}

enum zombie_why zombie_why(const struct culprit *c)
{
	if (!c->readable)
		return c->gone ? WHY_GONE : WHY_UNKNOWN;
	/* Not even SIGCONT reaches it, nor whoever traces it. */
	if (c->frozen.len)
		return WHY_FROZEN;
	if (c->state == 't')
		return WHY_TRACED;
	if (c->state == 'T')
		return WHY_STOPPED;
	if (c->as_tracer)
		return WHY_TRACER;
	if (c->wait.waits != WAITS_NOT)
		return why_in_wait(&c->wait);
	if (c->state == 'D')
		return WHY_UNINTERRUPTIBLE;
	if (!c->have_signals)
		return WHY_UNKNOWN;
	if (c->sigchld_ignored)
		return WHY_IGNORED;
	if (c->sigchld_blocked)
		return WHY_BLOCKED;
	return c->sigchld_caught ? WHY_HANDLER : WHY_DEFAULT;
}

static void add_comm(struct buf *out, const char *comm, uint32_t tgid)
{
	if (!comm[0]) {
		buf_printf(out, "process %u", tgid);
		return;
	}
	buf_add(out, comm, strnlen(comm, OBIT_COMM_LEN));
	buf_printf(out, "[%u]", tgid);
}

/* What it does meanwhile, as a clause of its own. */
static void add_doing(struct buf *out, const struct culprit *c)
{
	if (c->state == 'R')
		buf_adds(out, "; it is running");
	else if (c->doing[0])
		buf_printf(out, "; it is in %s", c->doing);
	else if (c->state == 'S')
		buf_adds(out, "; it sleeps");
	else if (c->state == 'Z')
		buf_adds(out, "; its main thread has ended");
	if (c->threads > 1)
		buf_printf(out, ", one of %u threads", c->threads);
}

static void add_group(struct buf *out, const struct wait_seen *w)
{
	if (!w->id)
		buf_adds(out, "its own process group");
	else
		buf_printf(out, "process group %u%s", w->id,
			   w->inner ? " of its pid namespace" : "");
}

static void add_waits_other(struct buf *out, const struct wait_seen *w)
{
	buf_adds(out, "is in wait, but for ");
	if (w->names) {
		buf_adds(out, "what was cloned without SIGCHLD (__WCLONE)");
	} else if (w->anothers) {
		buf_adds(out,
			 "the waiting thread's own children (__WNOTHREAD)");
	} else if (w->waits == WAITS_ONE) {
		buf_printf(out, "process %u%s", w->id,
			   w->inner ? " of its pid namespace" : "");
	} else {
		add_group(out, w);
	}
	buf_adds(out, " only");
}

static void add_waiting(struct buf *out, const struct culprit *c)
{
	bool one = c->nr == 1;

	buf_adds(out, "is in wait for ");
	if (c->wait.waits == WAITS_ANY)
		buf_adds(out, "any child");
	else if (c->wait.waits == WAITS_ONE)
		buf_adds(out, one ? "it" : "one of them");
	else
		add_group(out, &c->wait);
	if (c->wait.waits == WAITS_GROUP)
		buf_adds(out, one ? ", which it is of" :
				    ", which one of them is of");
	buf_adds(out, ": it is about to reap");
}

static void add_frozen(struct buf *out, const struct culprit *c)
{
	struct span all = { c->frozen.p, c->frozen.len }, path;
	const char *before = "is frozen (cgroup ";
	bool several = false;
	size_t at = 0;

	while (args_next(all, &at, &path)) {
		several = before[0] == ',';
		buf_adds(out, before);
		buf_add(out, path.p, path.len);
		before = several ? ", " : ", and in it, by itself, ";
	}
	if (c->frozen_outside)
		buf_adds(out, ", by one further out, not to be seen from here");
	buf_printf(out, "): it reaps nothing until %sthawed",
		   several ? "each is " : "");
}

static void add_thaw(struct buf *out, const struct culprit *c)
{
	struct span all = { c->frozen.p, c->frozen.len }, first;
	size_t at = 0;

	args_next(all, &at, &first);
	if (c->frozen_outside)
		buf_adds(out,
			 "thawing the cgroup further out lets it go on and reap");
	else if (at < all.len)
		buf_adds(out,
			 "thawing the outermost cgroup is not enough: those in it were frozen by themselves");
	else
		buf_adds(out, "thawing the cgroup lets it go on and reap");
}

void zombie_why_text(struct buf *out, const struct culprit *c)
{
	switch (zombie_why(c)) {
	case WHY_GONE:
		buf_adds(out, "has ended meanwhile: init has them now");
		break;
	case WHY_FROZEN:
		add_frozen(out, c);
		break;
	case WHY_STOPPED:
		buf_adds(out, "is stopped: it reaps nothing until SIGCONT");
		break;
	case WHY_TRACED:
		buf_adds(out, "is stopped by its tracer");
		if (c->tracer) {
			buf_addc(out, ' ');
			add_comm(out, c->tracer_comm, c->tracer);
		}
		break;
	case WHY_TRACER:
		buf_adds(out,
			 "traces them, and must wait for them before their parents can");
		add_doing(out, c);
		break;
	case WHY_UNINTERRUPTIBLE:
		buf_adds(out, "is in uninterruptible sleep");
		if (c->doing[0])
			buf_printf(out, " in %s", c->doing);
		break;
	case WHY_WAITS_OTHER:
		add_waits_other(out, &c->wait);
		break;
	case WHY_CLONE:
		buf_adds(out,
			 "is in wait, but they were cloned without SIGCHLD: only __WALL or __WCLONE takes them");
		break;
	case WHY_WAITING:
		add_waiting(out, c);
		break;
	case WHY_BLOCKED:
		buf_adds(out, "has SIGCHLD blocked");
		if (c->sigchld_pending)
			buf_adds(out, ", and it is pending");
		add_doing(out, c);
		break;
	case WHY_IGNORED:
		buf_adds(out,
			 "ignores SIGCHLD, but only since they died: it would have to wait for these");
		add_doing(out, c);
		break;
	case WHY_HANDLER:
		buf_adds(out,
			 "has a SIGCHLD handler, which did not wait for them");
		add_doing(out, c);
		break;
	case WHY_DEFAULT:
		buf_adds(out,
			 "does not handle SIGCHLD, and does not wait for them");
		add_doing(out, c);
		break;
	case WHY_UNKNOWN:
	case WHY_NR:
		buf_adds(out,
			 c->readable ?
				 "does not reap them: why can not be read" :
				 "can not be looked at");
		break;
	}
}

void zombie_advice(struct buf *out, const struct culprit *c)
{
	enum zombie_why why = zombie_why(c);

	if (why == WHY_WAITING || why == WHY_GONE) {
		buf_adds(out, "look again: they may be gone by now");
		return;
	}
	if (why == WHY_FROZEN) {
		add_thaw(out, c);
		return;
	}
	if (why == WHY_STOPPED) {
		buf_adds(out, "continuing ");
		add_comm(out, c->comm, c->tgid);
		buf_adds(out, " (SIGCONT) lets it go on and reap");
		return;
	}
	if (why == WHY_TRACED) {
		buf_adds(out, "its tracer has to let it go on, or to detach");
		return;
	}
	if (why == WHY_TRACER) {
		buf_adds(out, "ending ");
		add_comm(out, c->comm, c->tgid);
		buf_adds(out, " gives them back to their parents");
		return;
	}
	if (c->init_of_ns) {
		add_comm(out, c->comm, c->tgid);
		buf_adds(out,
			 c->tgid == 1 ?
				 " is process 1: if it does not reap, nobody will but a reboot" :
				 " is process 1 of its container, and no init: run the container with one (docker run --init), and restart it");
		return;
	}
	if (why == WHY_UNINTERRUPTIBLE) {
		buf_adds(out,
			 "nothing reaches it before that ends, not even SIGKILL");
		return;
	}
	if (why == WHY_HANDLER)
		buf_adds(out, "another SIGCHLD may make it look again; ");
	buf_adds(out, "restarting ");
	add_comm(out, c->comm, c->tgid);
	buf_adds(out, ", or ending it, lets init reap them");
}
