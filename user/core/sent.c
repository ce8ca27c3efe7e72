// SPDX-License-Identifier: GPL-2.0-only
/*
 * sent: which signal was it?
 * For most signals the kernel settles a death as the signal is generated
 * (complete_signal), and the record says so. A signal that dumps core, or is
 * blocked when it is sent, decides later: then it follows from what was sent.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/sent.h"

#define SENT_MAX 16	/* a process; a rank and signal takes one at most */

static enum sent_rank rank(const struct obit_signal *s)
{
	if (s->flags & OBIT_SIG_DECIDED)
		return SENT_DECIDED;
	if (s->flags & OBIT_SIG_IGNORED)
		return SENT_DROPPED;
	if (s->flags & OBIT_SIG_HANDLER)
		return SENT_HANDLER;
	/* A debugger may have swallowed it: no surer than a blocked one. */
	if (s->flags & (OBIT_SIG_BLOCKED | OBIT_SIG_TRACED))
		return SENT_BLOCKED;
	return SENT_SURE;
}

/*
 * A standard signal that is pending is not queued again (legacy_queue() in
 * kernel/signal.c), the second one is dropped. So of several blocked ones that
 * were not dropped all but the last have been taken, by sigwait or a debugger.
 */
static bool last_counts(enum sent_rank r)
{
	return r == SENT_BLOCKED || r == SENT_HANDLER;
}

int sent_keep(struct sent **list, const struct obit_signal *s)
{
	enum sent_rank r = rank(s);
	struct sent **at, *e;
	unsigned int nr = 0;

	for (at = list; (e = *at); at = &e->next, nr++)
		if (e->rank == r && e->s.signal == s->signal) {
			if (last_counts(r))
				e->s = *s;
			return 0;
		}
	if (nr == SENT_MAX) {
		/* Whatever is oldest and has not killed it will not do so. */
		e = *list;
		*list = e->next;
		free(e);
		for (at = list; *at; at = &(*at)->next)
			;
	}
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->next = NULL;
	e->rank = r;
	e->s = *s;
	*at = e;
	return 0;
}

void sent_free(struct sent *list)
{
	struct sent *e;

	while ((e = list)) {
		list = e->next;
		free(e);
	}
}

const struct sent *sent_decider(const struct sent *list, uint32_t sig)
{
	const struct sent *e, *best = NULL;

	for (e = list; e; e = e->next)
		if (e->s.signal == sig && (!best || e->rank < best->rank))
			best = e;
	return best;
}
