// SPDX-License-Identifier: GPL-2.0-only
/*
 * witness: a source with its join: one who watches, and what it makes of it.
 * Owns the join and its questions. Never reads, never asks the system itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "witness.h"

static int on_record(void *ctx, const struct obit_hdr *h)
{
	struct witness *w = ctx;

	return w->ops->record(w->ops->ctx, w, h);
}

static int on_obituary(void *ctx, const struct obituary *o)
{
	struct witness *w = ctx;

	return w->ops->obituary(w->ops->ctx, w, o);
}

static int on_notice(void *ctx, const struct notice *n)
{
	struct witness *w = ctx;

	return w->ops->notice(w->ops->ctx, w, n);
}

/* From within the join: to be answered when it has returned. */
static void on_ask_state(void *ctx, uint32_t tgid, uint64_t start_boottime)
{
	struct witness *w = ctx;
	struct question *q;

	if (w->nr_questions == w->cap_questions) {
		size_t cap = w->cap_questions ? w->cap_questions * 2 : 16;

		q = realloc(w->questions, cap * sizeof(*q));
		if (!q) {
			w->err = -ENOMEM;
			return;
		}
		w->questions = q;
		w->cap_questions = cap;
	}
	q = &w->questions[w->nr_questions++];
	q->tgid = tgid;
	q->start_boottime = start_boottime;
}

int witness_init(struct witness *w, const struct source_type *type,
		 struct source *source, uint64_t zombie_after_ns,
		 const struct witness_ops *ops)
{
	struct join_ops jo = { .ctx = w,
			       .obituary = on_obituary,
			       .notice = on_notice };
	struct join_config jc = { .zombie_after_ns = zombie_after_ns };

	memset(w, 0, sizeof(*w));
	w->type = type;
	w->source = source;
	w->until = UINT64_MAX;
	w->ops = ops;
	w->emit.ctx = w;
	w->emit.event = on_record;
	type->info(source, &w->info);
	jc.tier = w->info.tier;
	jc.source = w->info.source;
	if (w->info.live)
		jo.ask_state = on_ask_state;
	w->join = join_new(&jc, &jo);
	return w->join ? 0 : -ENOMEM;
}

void witness_fini(struct witness *w)
{
	join_free(w->join);
	free(w->questions);
	buf_free(&w->again);
}

int witness_answer(struct witness *w, struct enrich *e)
{
	size_t i;
	int err = w->err;

	for (i = 0; i < w->nr_questions && !err; i++)
		err = enrich_state(e, w->questions[i].tgid,
				   w->questions[i].start_boottime);
	w->nr_questions = 0;
	return err;
}

int witness_again(struct witness *w, const struct obit_hdr *h)
{
	buf_add(&w->again, h, h->len);
	return w->again.err;
}

int witness_feed_again(struct witness *w)
{
	const struct obit_hdr *h;
	size_t at;
	int err = 0;

	for (at = 0; at < w->again.len && !err; at += h->len) {
		h = (const void *)(w->again.p + at);
		err = join_feed(w->join, h);
	}
	buf_clear(&w->again);
	return err;
}
