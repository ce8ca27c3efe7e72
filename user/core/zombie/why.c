// SPDX-License-Identifier: GPL-2.0-only
/*
 * why: why a parent does not reap, by what /proc says of it.
 * The order of the questions is the order of what would have to end first: who
 * is stopped does not handle signals, whatever its handlers are. Does no I/O.
 */
#include <string.h>
#include "core/zombie/zombie.h"

const char *const zombie_why_names[WHY_NR] = {
	[WHY_UNKNOWN] = NULL,
	[WHY_GONE] = "gone",
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

enum zombie_why zombie_why(const struct culprit *c)
{
	if (!c->readable)
		return c->gone ? WHY_GONE : WHY_UNKNOWN;
	if (c->state == 't')
		return WHY_TRACED;
	if (c->state == 'T')
		return WHY_STOPPED;
	if (c->as_tracer)
		return WHY_TRACER;
	if (c->waits == WAITS_ANY)
		return c->nr_clone == c->nr && c->nr ? WHY_CLONE : WHY_WAITING;
	if (c->waits != WAITS_NOT)
		return WHY_WAITS_OTHER;
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

void zombie_why_text(struct buf *out, const struct culprit *c)
{
	switch (zombie_why(c)) {
	case WHY_GONE:
		buf_adds(out, "has ended meanwhile: init has them now");
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
		buf_adds(out, "is in wait, but for ");
		if (c->waits == WAITS_ONE)
			buf_printf(out, "process %u only", c->wait_id);
		else if (c->wait_id)
			buf_printf(out, "process group %u only", c->wait_id);
		else
			buf_adds(out, "its own process group only");
		break;
	case WHY_CLONE:
		buf_adds(out,
			 "is in wait, but they were cloned without SIGCHLD: only __WALL or __WCLONE takes them");
		break;
	case WHY_WAITING:
		buf_adds(out, "is in wait for any child: it is about to reap");
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
