// SPDX-License-Identifier: GPL-2.0-only
/*
 * tombs: a ring of the released, found by hash.
 * A number that is more than TOMBS behind the last one has been overwritten,
 * and ends its chain. Never takes one out.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/tombs.h"
#include "lib/hash.h"

static struct tomb *tomb_at(const struct tombs *all, uint32_t nr)
{
	return &all->ring[nr % TOMBS];
}

static uint32_t *newest_of(const struct tombs *all, uint32_t tgid,
			   uint64_t start_boottime)
{
	return &all->newest[hash_u64_2(tgid, start_boottime) % TOMBS];
}

void tombs_fini(struct tombs *all)
{
	free(all->ring);
	free(all->newest);
}

static int make(struct tombs *all)
{
	all->ring = calloc(TOMBS, sizeof(*all->ring));
	all->newest = calloc(TOMBS, sizeof(*all->newest));
	if (all->ring && all->newest)
		return 0;
	tombs_fini(all);
	all->ring = NULL;
	all->newest = NULL;
	return -ENOMEM;
}

int tomb_bury(struct tombs *all, uint32_t tgid, uint64_t start_boottime,
	      uint64_t childless_ns, struct whole whole)
{
	uint32_t *newest;
	struct tomb *t;

	if (!all->ring && make(all))
		return -ENOMEM;
	/* Numbers go on from 1 after 2^32: one chain may then end early. */
	if (!++all->nr)
		all->nr = 1;
	newest = newest_of(all, tgid, start_boottime);
	t = tomb_at(all, all->nr);
	t->start_boottime = start_boottime;
	t->childless_ns = childless_ns;
	t->tgid = tgid;
	t->whole = whole;
	t->older = *newest;
	*newest = all->nr;
	if (start_boottime > all->last_start)
		all->last_start = start_boottime;
	return 0;
}

const struct tomb *tomb_find(const struct tombs *all, uint32_t tgid,
			     uint64_t start_boottime)
{
	uint32_t nr, age, last = 0;
	const struct tomb *t;

	/* Nearly always asked of one that has just been forked. */
	if (!all->ring || start_boottime > all->last_start)
		return NULL;
	for (nr = *newest_of(all, tgid, start_boottime); nr; nr = t->older) {
		age = all->nr - nr + 1;
		if (age > TOMBS || age <= last)
			break;
		t = tomb_at(all, nr);
		if (t->tgid == tgid && t->start_boottime == start_boottime)
			return t;
		last = age;
	}
	return NULL;
}
