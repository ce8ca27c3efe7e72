// SPDX-License-Identifier: GPL-2.0-only
/*
 * event: is this a record, and a sane one?
 * The gate between bytes (a ring, a device, a file from anywhere) and the
 * join, which trusts what has passed. Never interprets, never changes a byte.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/event.h"

#define SIGNAL_LAST 64		/* _NSIG of every Linux */
#define UTC_OFFSET_MAX 90000	/* s: a day and an hour; zones stay below */

static const char *const names[OBIT_EV_NR] = {
#define OBIT_X(NAME, name, type) [OBIT_EV_##NAME] = #name,
	OBIT_EVENTS(OBIT_X)
#undef OBIT_X
};

static const uint16_t sizes[OBIT_EV_NR] = {
#define OBIT_X(NAME, name, type) [OBIT_EV_##NAME] = sizeof(type),
	OBIT_EVENTS(OBIT_X)
#undef OBIT_X
};

/* Of records that have grown since version 1: what a recording of then has. */
static size_t least_size(unsigned int type)
{
	switch (type) {
	case OBIT_EV_TASK:
		return offsetof(struct obit_task_seen, tracer);
	case OBIT_EV_PDEATH:
		return offsetof(struct obit_pdeath, parent_thread_start);
	case OBIT_EV_EXIT:
		return offsetof(struct obit_exit, call_ns);
	default:
		return sizes[type];
	}
}

const char *event_name(unsigned int type)
{
	return type < OBIT_EV_NR ? names[type] : NULL;
}

/* The kernel always ends a comm, and the producers a tty, with a NUL. */
#define ENDED(a) (!(a)[sizeof(a) - 1])

static bool signal_in_range(uint32_t sig)
{
	return sig >= 1 && sig <= SIGNAL_LAST;
}

static bool exec_sane(const struct obit_exec *r)
{
	size_t room = r->hdr.len - sizeof(*r);

	return ENDED(r->comm) && r->pdeath_signal <= SIGNAL_LAST &&
	       (size_t)r->exe_len + r->args_len <= room &&
	       r->args_len <= r->args_total;
}

static bool exit_sane(const struct obit_exit *r)
{
	return ENDED(r->comm) && ENDED(r->parent_comm) &&
	       ENDED(r->tracer_comm) && ENDED(r->tty) &&
	       r->pdeath_signal <= SIGNAL_LAST &&
	       r->sigchld <= OBIT_SIGCHLD_NONE &&
	       r->cgroup_hierarchy <= OBIT_HIER_SYSTEMD;
}

static bool signal_sane(const struct obit_signal *r)
{
	return ENDED(r->comm) && ENDED(r->sender.comm) &&
	       signal_in_range(r->signal) && r->info <= OBIT_SI_INFO;
}

/* A path fits into its record and has no NUL inside. */
static bool path_sane(const struct obit_hdr *h, size_t fixed, uint32_t len)
{
	return len <= h->len - fixed &&
	       !memchr((const char *)h + fixed, 0, len);
}

static bool cgroup_sane(const struct obit_cgroup *r)
{
	return r->kind <= OBIT_CGROUP_GONE &&
	       r->hierarchy <= OBIT_HIER_SYSTEMD &&
	       path_sane(&r->hdr, sizeof(*r), r->path_len) &&
	       (r->kind != OBIT_CGROUP_NAMED ||
		(r->path_len && r->data[0] == '/'));
}

/* Steps follow each other, and none is after the end. */
static bool teardown_sane(const struct obit_teardown *r)
{
	uint64_t last = 0;
	uint32_t i;

	if (r->nr > OBIT_STEPS_MAX ||
	    r->nr > (r->hdr.len - sizeof(*r)) / sizeof(r->steps[0]))
		return false;
	for (i = 0; i < r->nr; i++) {
		if (r->steps[i].phase >= OBIT_PHASE_NR ||
		    r->steps[i].boot_ns < last)
			return false;
		last = r->steps[i].boot_ns;
	}
	return last <= r->hdr.boot_ns;
}

static bool freed_sane(const struct obit_freed *r)
{
	return ENDED(r->by.comm) && r->phase < OBIT_PHASE_NR &&
	       r->begin_ns <= r->hdr.boot_ns;
}

static bool stack_sane(const struct obit_stack *r)
{
	return r->phase < OBIT_PHASE_NR && r->nr <= OBIT_STACK_MAX &&
	       r->nr <= (r->hdr.len - sizeof(*r)) / sizeof(r->ip[0]);
}

static bool sane(const struct obit_hdr *h)
{
	const union {
		const struct obit_hdr *h;
		const struct obit_exec *exec;
		const struct obit_exit *exit;
		const struct obit_reapable *reapable;
		const struct obit_release *release;
		const struct obit_signal *signal;
		const struct obit_oom_victim *victim;
		const struct obit_oom_limit *limit;
		const struct obit_pdeath *pdeath;
		const struct obit_armed *armed;
		const struct obit_waited *waited;
		const struct obit_task_seen *seen;
		const struct obit_scan *scan;
		const struct obit_cgroup *cgroup;
		const struct obit_clock *clock;
		const struct obit_loss *loss;
		const struct obit_teardown *teardown;
		const struct obit_freed *freed;
		const struct obit_stack *stack;
	} r = { h };

	switch ((enum obit_event)h->type) {
	case OBIT_EV_EXEC:
		return exec_sane(r.exec);
	case OBIT_EV_EXIT:
		return exit_sane(r.exit);
	case OBIT_EV_REAPABLE:
		return ENDED(r.reapable->told_comm) &&
		       r.reapable->sigchld <= OBIT_SIGCHLD_NONE;
	case OBIT_EV_RELEASE:
		return ENDED(r.release->comm) && ENDED(r.release->by_comm) &&
		       ENDED(r.release->parent_comm);
	case OBIT_EV_SIGNAL:
	case OBIT_EV_ASKED:
		return signal_sane(r.signal);
	case OBIT_EV_OOM_VICTIM:
		return ENDED(r.victim->by.comm);
	case OBIT_EV_OOM_LIMIT:
		return r.limit->constraint <= 3 &&
		       path_sane(h, sizeof(*r.limit), r.limit->path_len);
	case OBIT_EV_PDEATH:
		return ENDED(r.pdeath->comm) && ENDED(r.pdeath->parent_comm) &&
		       r.pdeath->signal <= SIGNAL_LAST &&
		       r.pdeath->kind <= OBIT_PDEATH_CRED;
	case OBIT_EV_ARMED:
		return ENDED(r.armed->comm) && ENDED(r.armed->target_comm) &&
		       signal_in_range(r.armed->signal);
	case OBIT_EV_WAITED:
		return ENDED(r.waited->comm);
	case OBIT_EV_TASK:
		return ENDED(r.seen->comm);
	case OBIT_EV_SCAN:
		return r.scan->what <= OBIT_SCAN_PDEATH;
	case OBIT_EV_CGROUP:
		return cgroup_sane(r.cgroup);
	case OBIT_EV_CLOCK:
		return r.clock->utc_offset_s >= -UTC_OFFSET_MAX &&
		       r.clock->utc_offset_s <= UTC_OFFSET_MAX;
	case OBIT_EV_LOSS:
		return r.loss->kind < OBIT_LOST_KIND_NR &&
		       r.loss->reason < OBIT_LOST_REASON_NR;
	case OBIT_EV_TEARDOWN:
		return teardown_sane(r.teardown);
	case OBIT_EV_FREED:
		return freed_sane(r.freed);
	case OBIT_EV_STACK:
		return stack_sane(r.stack);
	case OBIT_EV_FORK:
	case OBIT_EV_EXIT_CALL:
	case OBIT_EV_USER_EXIT:
	case OBIT_EV_STATE:
	case OBIT_EV_TICK:
		return true;
	case OBIT_EV_NONE:
	case OBIT_EV_NR:
		break;
	}
	return false;
}

long event_check(const void *p, size_t avail)
{
	const struct obit_hdr *h = p;

	if (avail < sizeof(*h))
		return -EAGAIN;
	if (h->type == OBIT_EV_NONE || h->len < sizeof(*h) || h->len % 8 ||
	    h->len > OBIT_RECORD_MAX)
		return -EBADMSG;
	if (h->len > avail)
		return -EAGAIN;
	if (h->type >= OBIT_EV_NR)
		return 0;
	if (h->len < least_size(h->type) || !sane(h))
		return -EBADMSG;
	return h->len;
}
