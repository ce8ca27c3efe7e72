// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipeline: the only event loop: source -> check -> join -> filter -> sinks,
 * or with two sources: two joins, whose obituaries are paired and compared.
 * Owns time, signals and the order of records. Never interprets a record.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "books.h"
#include "core/event.h"
#include "enrich.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "pipeline.h"
#include "stop.h"
#include "witness.h"

/*
 * The producer wakes us when its ring is filled to a part, so as not to pay a
 * wake-up a death. What is in there meanwhile is fetched by time: half of the
 * 100 ms that output may be late, for the other half goes to a busy machine.
 */
#define DRAIN_MS 20

#define WITNESSES_MAX 2

/*
 * @witnesses: the first one is whose records tell of descent (--tree), and
 *             whose tasks are looked up in /proc
 * @pair:      NULL: there is one witness
 * @enrich:    NULL in a replay
 * @added:     where the collector's own records go: to every witness
 */
struct pipeline {
	const struct pipeline_config *cfg;
	struct pipeline_result *result;
	struct witness witnesses[WITNESSES_MAX];
	struct witness_ops ops;
	struct pair *pair;
	struct enrich *enrich;
	struct emit added;
	uint64_t next_scan;
	bool raw;			/* some sink takes records as they are */
	bool full;			/* --count is reached */
	bool told_ready;
	int err;			/* the first; sticky */
};

#define for_each_witness(p, w) \
	for ((w) = (p)->witnesses; \
	     (w) < (p)->witnesses + ((p)->pair ? 2 : 1); (w)++)

/* --- out: to the sinks ---------------------------------------------------------- */

static int sink_failed(struct pipeline *p, const struct pipeline_sink *k,
		       int err)
{
	if (err && !p->err) {
		p->err = err;
		p->result->failed = k;
		p->result->sink_err = err;
	}
	return err;
}

#define for_each_sink(p, k) \
	for ((k) = (p)->cfg->sinks; (k) < (p)->cfg->sinks + (p)->cfg->nr_sinks; \
	     (k)++)

static int show_obituary(void *ctx, const struct obituary *o)
{
	struct pipeline *p = ctx;
	const struct pipeline_sink *k;
	int err;

	/* The filter sees all: it remembers the zombies that it let pass. */
	if (p->full ||
	    (p->cfg->filter && !filter_obituary(p->cfg->filter, o)) ||
	    !(p->cfg->events & PIPELINE_OBITUARY))
		return 0;
	for_each_sink(p, k) {
		err = k->type->obituary ? k->type->obituary(k->s, o) : 0;
		if (sink_failed(p, k, err))
			return err;
	}
	p->result->shown++;
	p->full = p->cfg->count && p->result->shown >= p->cfg->count;
	return 0;
}

static int show_notice(void *ctx, const struct notice *n)
{
	struct pipeline *p = ctx;
	const struct pipeline_sink *k;
	int err;

	if (p->full || (p->cfg->filter && !filter_notice(p->cfg->filter, n)) ||
	    !(p->cfg->events & PIPELINE_NOTICE(n->type)))
		return 0;
	for_each_sink(p, k) {
		err = k->type->notice ? k->type->notice(k->s, n) : 0;
		if (sink_failed(p, k, err))
			return err;
	}
	return 0;
}

static int on_obituary(void *ctx, struct witness *w, const struct obituary *o)
{
	struct pipeline *p = ctx;

	(void)w;
	return p->pair ? pair_obituary(p->pair, o) : show_obituary(p, o);
}

static int on_notice(void *ctx, struct witness *w, const struct notice *n)
{
	struct pipeline *p = ctx;

	return p->pair ? pair_notice(p->pair, w->info.source, n) :
			 show_notice(p, n);
}

static int flush_sinks(struct pipeline *p)
{
	const struct pipeline_sink *k;

	for_each_sink(p, k)
		sink_failed(p, k, k->type->flush(k->s));
	return p->err;
}

static void resize_sinks(struct pipeline *p)
{
	const struct pipeline_sink *k;

	stop_resized = 0;
	for_each_sink(p, k)
		if (k->type->resize)
			k->type->resize(k->s, tty_width(STDOUT_FILENO, 0));
}

/* --- in: every record, whoever made it ------------------------------------------- */

static int add_context(struct pipeline *p, const struct witness *w,
		       const struct obit_hdr *h)
{
	if (!p->enrich)
		return 0;
	switch (h->type) {
	case OBIT_EV_TASK:
		/* What /proc says goes to both: it is asked once. */
		return w == p->witnesses ?
			       enrich_task(p->enrich, (const void *)h) :
			       0;
	case OBIT_EV_OOM_VICTIM:
		/* The log line stands before this record was made: now it is
		 * in time for the obituary, which may be the next record. */
		enrich_expect_oom(p->enrich);
		return enrich_kmsg(p->enrich);
	default:
		return 0;
	}
}

static void count_loss(struct pipeline *p, const struct obit_loss *l)
{
	if (l->kind < OBIT_LOST_KIND_NR)
		p->result->lost[l->kind] += l->count;
}

static int check(struct pipeline *p, const struct obit_hdr *h, const char *who)
{
	if (event_check(h, h->len) >= 0)
		return 0;
	log_error("internal error: the %s gave a damaged record of type %u, %u bytes",
		  who, h->type, h->len);
	return p->err = -EDOM;
}

/* Raw, to those that want it; a recording is of one witness. */
static int show_record(struct pipeline *p, const struct obit_hdr *h)
{
	const struct pipeline_sink *k;
	int err;

	if (!p->raw || p->pair)
		return 0;
	for_each_sink(p, k) {
		err = k->type->event ? k->type->event(k->s, h) : 0;
		if (sink_failed(p, k, err))
			return err;
	}
	return 0;
}

/* To those that follow descent: the first witness's, and the collector's. */
static int show_first(struct pipeline *p, const struct obit_hdr *h)
{
	int err = p->cfg->filter ? filter_before(p->cfg->filter, h) : 0;

	if (!err && p->cfg->record)
		err = p->cfg->record(p->cfg->record_ctx, h);
	if (err)
		p->err = err;
	return err;
}

/* Ends a source's read: what follows would not be shown. */
static int done(struct pipeline *p, int err)
{
	if (err && !p->err)
		p->err = err;
	return err ? err : p->full ? -ECANCELED : 0;
}

static int on_record(void *ctx, struct witness *w, const struct obit_hdr *h)
{
	struct pipeline *p = ctx;
	struct filter *f = w == p->witnesses ? p->cfg->filter : NULL;
	int err = w->type->checked ? 0 : check(p, h, w->type->name);

	if (err || !witness_watched(w, h))
		return err;
	err = w == p->witnesses ? show_first(p, h) : 0;
	if (!err)
		err = show_record(p, h);
	if (err)
		return err;
	if (h->type == OBIT_EV_LOSS)
		count_loss(p, (const void *)h);
	err = join_feed(w->join, h);
	if (f)
		filter_after(f, h);
	if (!err && p->pair && h->type == OBIT_EV_TICK)
		err = pair_tick(p->pair, w->info.source, h->boot_ns);
	if (!err)
		err = add_context(p, w, h);
	return done(p, err);
}

/*
 * The kernel log names a victim whose record another witness may not have been
 * read yet: to be said again when it has.
 */
static int add_to(struct pipeline *p, struct witness *w,
		  const struct obit_hdr *h)
{
	int err = join_feed(w->join, h);

	if (!err && p->pair && h->type == OBIT_EV_OOM_LIMIT)
		err = witness_again(w, h);
	if (!err && p->pair && h->type == OBIT_EV_TICK)
		err = pair_tick(p->pair, w->info.source, h->boot_ns);
	return err;
}

/* What the collector knows is each witness's: they differ in what they saw. */
static int on_added(void *ctx, const struct obit_hdr *h)
{
	struct pipeline *p = ctx;
	struct filter *f = p->cfg->filter;
	int err = check(p, h, "collector"), e;
	struct witness *w;

	if (err)
		return p->err = err;
	err = show_first(p, h);
	if (!err)
		err = show_record(p, h);
	if (err)
		return err;
	for_each_witness(p, w)
	{
		e = add_to(p, w, h);
		err = err ? err : e;
	}
	if (f)
		filter_after(f, h);
	return done(p, err);
}

/* --- the loop ---------------------------------------------------------------------- */

static int tick(struct pipeline *p, uint64_t now)
{
	struct obit_tick t = {
		.hdr = { .type = OBIT_EV_TICK,
			 .len = sizeof(t),
			 .boot_ns = now },
	};

	return on_added(p, &t.hdr);
}

static int scan_pdeath(struct pipeline *p, uint64_t now)
{
	struct witness *w;
	int err = 0;

	if (!p->cfg->pdeath_scan_ns || now < p->next_scan)
		return 0;
	p->next_scan = now + p->cfg->pdeath_scan_ns;
	for_each_witness(p, w) if (w->type->scan && err >= 0)
		err = w->type->scan(w->source, &w->emit);
	return err < 0 ? err : 0;
}

/* What the sources have; -ENODATA when none has any more. */
static int read_all(struct pipeline *p)
{
	struct witness *w;
	bool more = false;
	int err;

	for_each_witness(p, w)
	{
		if (w->ended)
			continue;
		err = w->type->read(w->source, &w->emit);
		if (err >= 0)
			err = witness_feed_again(w);
		if (err < 0 && err != -ENODATA)
			return err;
		w->ended = err == -ENODATA;
		more |= !w->ended;
		/* The other one need not wait for it any more. */
		if (w->ended && p->pair)
			pair_tick(p->pair, w->info.source, UINT64_MAX - 1);
	}
	return more ? 0 : -ENODATA;
}

/* What the sources have, and what the collector knows beside it. */
static int drain(struct pipeline *p)
{
	/* Taken first: all that happened before this instant is in the ring. */
	uint64_t now = p->enrich ? boot_now() : 0;
	struct witness *w;
	int err;

	if (p->enrich) {
		err = enrich_clock(p->enrich);
		if (err)
			return err;
	}
	err = read_all(p);
	if (err < 0 || !p->enrich)
		return err;
	err = enrich_kmsg(p->enrich);
	if (!err)
		err = scan_pdeath(p, now);
	if (!err)
		err = tick(p, now);
	for_each_witness(p, w) if (!err) err = witness_answer(w, p->enrich);
	return err;
}

static int check_books(struct pipeline *p, bool end)
{
	int err = books_check(p->witnesses, p->pair, end, p->result);

	if (err)
		p->err = err;
	return err;
}

static bool sleep_for_input(struct pipeline *p, uint64_t deadline)
{
	struct pollfd pfd[WITNESSES_MAX];
	struct witness *w;
	int ms = DRAIN_MS;
	nfds_t nr = 0;
	uint64_t now;

	if (!p->enrich)
		return true;
	if (deadline) {
		now = boot_now();
		if (now >= deadline)
			return false;
		if (deadline - now < DRAIN_MS * NSEC_PER_MSEC)
			ms = (int)((deadline - now) / NSEC_PER_MSEC) + 1;
	}
	for_each_witness(p, w)
	{
		pfd[nr].fd = w->type->fd(w->source);
		pfd[nr].events = POLLIN;
		nr += pfd[nr].fd >= 0;
	}
	poll(pfd, nr, ms);
	return true;
}

static void say_ready(struct pipeline *p)
{
	if (p->told_ready)
		return;
	p->told_ready = true;
	/* Who was there before has been listed by both. */
	if (p->pair && p->enrich)
		pair_from(p->pair, boot_now());
	if (p->cfg->ready)
		p->cfg->ready(p->cfg->ready_ctx);
}

/* What died before the signal came is in the rings already. Two must see the
 * same end: what comes after this instant neither does. */
static int last_drain(struct pipeline *p)
{
	uint64_t now = boot_now();
	struct witness *w;

	if (!p->pair)
		return drain(p);
	for_each_witness(p, w) w->until = now;
	pair_ending(p->pair, now);
	return drain(p);
}

static bool asked_to_end(const struct pipeline *p)
{
	return p->cfg->until && p->cfg->until(p->cfg->until_ctx);
}

static int loop(struct pipeline *p)
{
	uint64_t deadline = 0;
	int err;

	if (p->enrich && p->cfg->duration_ns)
		deadline = boot_now() + p->cfg->duration_ns;
	do {
		err = drain(p);
		if (err >= 0)
			say_ready(p);
		if (flush_sinks(p))
			return p->err;
		if (err < 0)
			return err;
		if (check_books(p, false))
			return p->err;
		if (stop_resized)
			resize_sinks(p);
	} while (!stop_signal && !p->full && !asked_to_end(p) &&
		 sleep_for_input(p, deadline));
	if (p->cfg->fresh_line)
		stop_end_line();
	return p->full || !p->enrich ? 0 : last_drain(p);
}

static int finish_joins(struct pipeline *p)
{
	struct witness *w;
	int err = 0, e;

	if (p->enrich && !p->full)
		for_each_witness(p, w)
		{
			join_ask_pending(w->join);
			witness_answer(w, p->enrich);
		}
	for_each_witness(p, w)
	{
		e = join_finish(w->join);
		err = err ? err : e;
	}
	if (p->pair) {
		e = pair_finish(p->pair);
		err = err ? err : e;
	}
	return err;
}

static int finish(struct pipeline *p, int err)
{
	/* Said by itself or not an error at all. */
	if (err > 0 || err == -ENODATA || (err == -ECANCELED && p->full))
		err = 0;
	/* A failing sink gets no more; the books are closed all the same. */
	if (p->err)
		p->full = true;
	/* What nobody is shown any more is not compared either. */
	if (p->full && p->pair)
		pair_from(p->pair, UINT64_MAX);
	if (finish_joins(p) && !p->err)
		p->err = -ENOMEM;
	flush_sinks(p);
	check_books(p, true);
	if (p->pair)
		books_say_keys(p->pair);
	p->result->by_signal = stop_signal;
	return p->err ? p->err : err;
}

/* Each witness by its name, and both in the same time. */
static int start_pair(struct pipeline *p)
{
	struct pair_ops ops = { .ctx = p,
				.obituary = show_obituary,
				.notice = show_notice };
	struct witness *a = &p->witnesses[0], *b = &p->witnesses[1];
	struct pair_config cfg = { 0 };
	int err;

	err = witness_init(b, p->cfg->other_type, p->cfg->other,
			   p->cfg->zombie_after_ns, &p->ops);
	if (err)
		return err;
	if (a->info.source == b->info.source || a->info.live != b->info.live) {
		log_error(
			"two witnesses must be bpf and kmod, both live or both recorded");
		return -EINVAL;
	}
	cfg.tier[a->info.source] = a->info.tier;
	cfg.tier[b->info.source] = b->info.tier;
	p->pair = pair_new(&cfg, &ops);
	if (!p->pair)
		return -ENOMEM;
	p->result->both = true;
	if (!a->info.live)
		return 0;
	/* One has been watching a little longer; say_ready() ends the wait. */
	a->since = b->since = boot_now();
	pair_from(p->pair, UINT64_MAX);
	return 0;
}

static int start(struct pipeline *p)
{
	const struct pipeline_sink *k;
	int err;

	p->ops = (struct witness_ops){ .ctx = p,
				       .record = on_record,
				       .obituary = on_obituary,
				       .notice = on_notice };
	p->added.ctx = p;
	p->added.event = on_added;
	for_each_sink(p, k)
		p->raw |= k->type->event != NULL;
	err = witness_init(p->witnesses, p->cfg->type, p->cfg->source,
			   p->cfg->zombie_after_ns, &p->ops);
	if (!err && p->cfg->other)
		err = start_pair(p);
	if (!err && p->witnesses->info.live) {
		p->enrich = enrich_new(&p->added);
		err = p->enrich ? 0 : -ENOMEM;
	}
	return err;
}

int pipeline_run(const struct pipeline_config *cfg, struct pipeline_result *r)
{
	struct pipeline p = { .cfg = cfg, .result = r };
	int err;

	memset(r, 0, sizeof(*r));
	err = start(&p);
	if (err)
		goto out;
	stop_reset();
	if (!cfg->own_signals)
		stop_catch();
	err = p.enrich ? enrich_clock(p.enrich) : 0;
	if (!err && p.enrich)
		err = enrich_cgroups(p.enrich);
	if (!err)
		err = loop(&p);
	err = finish(&p, err);
	if (!cfg->own_signals)
		stop_restore();
out:
	if (err == -ENOMEM)
		log_error("out of memory");
	pair_free(p.pair);
	enrich_free(p.enrich);
	witness_fini(&p.witnesses[0]);
	witness_fini(&p.witnesses[1]);
	return err;
}
