/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * teardown: where the end of one process spent its time.
 * Owns how TEARDOWN, FREED, USER_EXIT and the instants of the other records
 * become phases that add up. Never asks the clock; never prints.
 */
#include <string.h>

#include "core/teardown.h"

const char *const phase_names[OBIT_PHASE_NR] = {
#define OBIT_X(NAME, name) [OBIT_PHASE_##NAME] = name,
	OBIT_PHASES(OBIT_X)
#undef OBIT_X
};

static void step(struct teardown *t, enum obit_phase phase, uint64_t from,
		 uint64_t to, uint64_t off_ns)
{
	struct teardown_step *s = &t->steps[t->nr_steps++];
	uint64_t ns = to - from;

	if (off_ns > ns)
		off_ns = ns;
	s->boot_ns = from;
	s->ns = ns;
	s->off_ns = off_ns;
	s->phase = phase;
	t->phases |= 1u << phase;
	t->phase_ns[phase] += ns;
	t->phase_off_ns[phase] += off_ns;
	t->kernel_ns += ns;
	t->off_ns += off_ns;
}

/*
 * What lies between the signal or the exit call and the thread's first step. A
 * tracepoint of the call does not tell what follows it: with other threads it
 * is mostly they.
 */
static uint64_t before(struct teardown *t, const struct teardown_facts *f)
{
	const struct obit_step *first = &f->record->steps[0];
	uint64_t begin = first->boot_ns;

	if (f->sent_ns && f->sent_ns < begin) {
		step(t, OBIT_PHASE_DELIVERY, f->sent_ns, begin, 0);
		return begin;
	}
	if (f->sent_ns || !f->call_ns || f->call_ns >= begin)
		return begin;
	if (first->phase == OBIT_PHASE_OTHER ||
	    first->phase == OBIT_PHASE_THREADS)
		return f->call_ns;
	step(t, f->threads ? OBIT_PHASE_THREADS : OBIT_PHASE_OTHER, f->call_ns,
	     begin, 0);
	return begin;
}

static bool is_own(const struct obit_freed *f)
{
	return f->by.task.tgid == f->task.tgid &&
	       f->by.task.start_boottime == f->task.start_boottime;
}

static void put_elsewhere(struct teardown *t, const struct teardown_facts *f)
{
	bool left = f->record->flags & OBIT_TEARDOWN_MM_LEFT;
	struct teardown_elsewhere *e;
	unsigned int i;

	for (i = 0; i < f->nr_freed; i++) {
		left = left && f->freed[i].phase != OBIT_PHASE_MM_UNMAP;
		if (is_own(&f->freed[i]) ||
		    t->nr_elsewhere == TEARDOWN_ELSEWHERE_MAX)
			continue;
		e = &t->elsewhere[t->nr_elsewhere++];
		e->phase = (enum obit_phase)f->freed[i].phase;
		e->tgid = f->freed[i].by.task.tgid;
		e->start_boottime = f->freed[i].by.task.start_boottime;
		memcpy(e->comm, f->freed[i].by.comm, sizeof(e->comm));
		if (f->freed[i].begin_ns)
			e->ns = f->freed[i].hdr.boot_ns - f->freed[i].begin_ns;
	}
	if (left && t->nr_elsewhere < TEARDOWN_ELSEWHERE_MAX)
		t->elsewhere[t->nr_elsewhere++].phase = OBIT_PHASE_MM_UNMAP;
}

static void put_user(struct teardown *t, const struct teardown_facts *f)
{
	if (f->user_exit_ns) {
		t->user_known = true;
		if (f->user_exit_ns < t->boot_ns)
			t->user_ns = t->boot_ns - f->user_exit_ns;
	} else {
		t->user_known = f->user_covered;
	}
}

bool teardown_build(struct teardown *t, const struct teardown_facts *f)
{
	const struct obit_teardown *r = f->record;
	uint64_t from, end = r->hdr.boot_ns, to;
	uint32_t i;

	memset(t, 0, sizeof(*t));
	if (!r->nr)
		return false;
	from = before(t, f);
	for (i = 0; i < r->nr; i++) {
		to = i + 1 < r->nr ? r->steps[i + 1].boot_ns : end;
		step(t, (enum obit_phase)r->steps[i].phase, from, to,
		     r->steps[i].off_ns);
		from = to;
	}
	/* Another thread came through its end later than the last to begin. */
	if (f->reapable_ns > end)
		step(t, OBIT_PHASE_THREADS, end, f->reapable_ns, 0);
	t->boot_ns = t->steps[0].boot_ns;
	t->off_known = r->flags & OBIT_TEARDOWN_SWITCHES;
	t->coarse = r->flags & OBIT_TEARDOWN_COARSE;
	put_elsewhere(t, f);
	put_user(t, f);
	return true;
}

enum obit_phase teardown_slowest(const struct teardown *t)
{
	enum obit_phase p, slowest = OBIT_PHASE_OTHER;

	for (p = 0; p < OBIT_PHASE_NR; p++)
		if (t->phase_ns[p] > t->phase_ns[slowest])
			slowest = p;
	return slowest;
}

uint64_t teardown_elsewhere_ns(const struct teardown *t)
{
	uint64_t ns = 0;
	unsigned int i;

	for (i = 0; i < t->nr_elsewhere; i++)
		ns += t->elsewhere[i].ns;
	return ns;
}
