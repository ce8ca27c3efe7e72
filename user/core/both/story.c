// SPDX-License-Identifier: GPL-2.0-only
/*
 * story: what is kept of a death until both witnesses have told of it.
 * Owns the copy of an obituary and of what became of a zombie. Never compares,
 * never decides.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/both/story.h"
#include "core/teardown.h"

void story_drop(struct story *s)
{
	free(s->teardown);
	s->teardown = NULL;
	free(s->bytes);
	s->bytes = NULL;
	memset(&s->o, 0, sizeof(s->o));
}

/* An obituary owns no memory: its strings are copied behind one another. */
static int copy(struct story *s, const struct obituary *o)
{
	struct span *const spans[] = { &s->o.exe,	 &s->o.filename,
				       &s->o.args,	 &s->o.tty,
				       &s->o.cgroup,	 &s->o.container,
				       &s->o.oom.cgroup };
	size_t i, nr = sizeof(spans) / sizeof(spans[0]), len = 0, at = 0;

	s->o = *o;
	for (i = 0; i < nr; i++)
		len += spans[i]->p ? spans[i]->len : 0;
	s->bytes = malloc(len ? len : 1);
	s->teardown = o->teardown ? malloc(sizeof(*s->teardown)) : NULL;
	if (s->teardown) {
		*s->teardown = *o->teardown;
		s->o.teardown = s->teardown;
	}
	if (!s->bytes || (o->teardown && !s->teardown)) {
		story_drop(s);
		memset(&s->o, 0, sizeof(s->o));
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++) {
		if (!spans[i]->p)
			continue;
		memcpy(s->bytes + at, spans[i]->p, spans[i]->len);
		spans[i]->p = s->bytes + at;
		at += spans[i]->len;
	}
	return 0;
}

struct story *story_new(const struct obituary *o)
{
	struct story *s = calloc(1, sizeof(*s));

	if (!s || copy(s, o)) {
		free(s);
		return NULL;
	}
	s->tgid = o->tgid;
	s->start_boottime = o->start_boottime;
	s->from = o->source;
	return s;
}

void story_free(struct story *s)
{
	story_drop(s);
	free(s->end[SOURCE_BPF]);
	free(s->end[SOURCE_KMOD]);
	free(s);
}

int story_end(struct story *s, enum obituary_source from,
	      const struct obituary *o)
{
	struct obituary *end;

	if (s->end[from])
		return 0;
	end = calloc(1, sizeof(*end));
	if (!end)
		return -ENOMEM;
	end->tgid = s->tgid;
	end->start_boottime = s->start_boottime;
	end->have = o->have & (1ull << OB_REAPED_BY | 1ull << OB_ZOMBIE_NS |
			       1ull << OB_COMM);
	memcpy(end->comm, o->comm, sizeof(end->comm));
	end->boot_ns = o->boot_ns;
	end->real_ns = o->real_ns;
	end->utc_offset_s = o->utc_offset_s;
	end->reaped_by = o->reaped_by;
	end->zombie_ns = o->zombie_ns;
	end->zombie_err_ns = o->zombie_err_ns;
	s->end[from] = end;
	return 0;
}

int story_end_notice(struct story *s, enum obituary_source from,
		     const struct notice *n)
{
	struct obituary o = { .boot_ns = n->boot_ns,
			      .real_ns = n->real_ns,
			      .utc_offset_s = n->utc_offset_s,
			      .reaped_by = n->other,
			      .zombie_ns = n->zombie_ns,
			      .zombie_err_ns = n->zombie_err_ns };

	memcpy(o.comm, n->who.comm, sizeof(o.comm));
	obituary_set(&o, OB_COMM);
	if (n->have >> NB_OTHER & 1)
		obituary_set(&o, OB_REAPED_BY);
	if (n->have >> NB_ZOMBIE_NS & 1)
		obituary_set(&o, OB_ZOMBIE_NS);
	return story_end(s, from, &o);
}
