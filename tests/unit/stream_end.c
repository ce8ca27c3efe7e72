// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_end: builders of the records of a teardown. Owns what they hold where a
 * test does not say; never checks.
 */
#include "stream.h"

#define ADD(s, NAME, type, at) stream_add(s, OBIT_EV_##NAME, sizeof(type), 0, at)

struct obit_teardown *stream_teardown(struct stream *s, uint64_t at,
				      uint32_t tgid, uint32_t nr)
{
	struct obit_teardown *r = stream_add(s, OBIT_EV_TEARDOWN, sizeof(*r),
					     nr * sizeof(r->steps[0]),
					     at + 10 * nr);
	uint32_t i;

	r->task = task_of(tgid);
	r->task.tid = tgid;
	r->flags = OBIT_TEARDOWN_SWITCHES | OBIT_TEARDOWN_LAST;
	r->nr = nr;
	for (i = 0; i < nr; i++) {
		r->steps[i].boot_ns = at + 10 * i;
		r->steps[i].phase = (uint16_t)(1 + i % (OBIT_PHASE_NR - 1));
	}
	return r;
}

struct obit_freed *stream_freed(struct stream *s, uint64_t at, uint32_t tgid,
				uint32_t by)
{
	struct obit_freed *r = ADD(s, FREED, *r, at);

	r->task = task_of(tgid);
	r->by.task = task_of(by);
	r->begin_ns = at;
	r->phase = OBIT_PHASE_MM_UNMAP;
	return r;
}

struct obit_user_exit *stream_user_exit(struct stream *s, uint64_t at,
					uint32_t tgid, uint32_t flags)
{
	struct obit_user_exit *r = ADD(s, USER_EXIT, *r, at);

	r->task = task_of(tgid);
	r->flags = flags;
	return r;
}

struct obit_stack *stream_stack(struct stream *s, uint64_t at, uint32_t tgid,
				uint32_t nr)
{
	struct obit_stack *r = stream_add(s, OBIT_EV_STACK, sizeof(*r),
					  nr * sizeof(r->ip[0]), at);

	r->task = task_of(tgid);
	r->phase = OBIT_PHASE_FILES;
	r->nr = nr;
	return r;
}
