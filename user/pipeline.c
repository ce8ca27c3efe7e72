// SPDX-License-Identifier: GPL-2.0-only
/*
 * pipeline: the only event loop: source -> check -> join -> filter -> sinks.
 * Owns time, signals and the order of records. Never interprets a record.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "core/event.h"
#include "enrich.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "pipeline.h"

/*
 * The producer wakes us when its ring is filled to a part, so as not to pay a
 * wake-up a death. What is in there meanwhile is fetched by time: half of the
 * 100 ms that output may be late, for the other half goes to a busy machine.
 */
#define DRAIN_MS 20

struct question {
	uint32_t tgid;
	uint64_t start_boottime;
};

struct pipeline {
	const struct pipeline_config *cfg;
	struct pipeline_result *result;
	struct join *join;
	struct enrich *enrich;		/* NULL in a replay */
	struct emit emit;		/* into ourselves */
	struct question *questions;	/* asked by the join, to be answered */
	size_t nr_questions, cap_questions;
	uint64_t next_scan;
	bool full;			/* --count is reached */
	bool told_ready;
	int err;			/* the first; sticky */
};

/* --- signals ------------------------------------------------------------------- */

static volatile sig_atomic_t stop_signal, resized;

/*
 * timeout(1) and a closing terminal send the same signal twice at once; a person
 * who presses Ctrl-C again later means it.
 */
static void on_stop(int sig)
{
	static struct timespec first;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!stop_signal) {
		first = now;
		stop_signal = sig;
	} else if (now.tv_sec - first.tv_sec >= 2) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
}

static void on_resize(int sig)
{
	(void)sig;
	resized = 1;
}

struct old_signals {
	struct sigaction intr, term, winch;
};

/*
 * One that comes between a look at the flag and the sleep is seen DRAIN_MS
 * later: that needs no signal mask.
 */
static void catch_signals(struct old_signals *old)
{
	struct sigaction stop = { .sa_handler = on_stop };
	struct sigaction winch = { .sa_handler = on_resize };

	resized = 0;
	sigaction(SIGINT, &stop, &old->intr);
	sigaction(SIGTERM, &stop, &old->term);
	sigaction(SIGWINCH, &winch, &old->winch);
	/* A shell without job control starts `obit &` with SIGINT ignored, for
	 * a reason: Ctrl-C is for what runs in the foreground. */
	if (old->intr.sa_handler == SIG_IGN)
		sigaction(SIGINT, &old->intr, NULL);
}

static void restore_signals(const struct old_signals *old)
{
	sigaction(SIGINT, &old->intr, NULL);
	sigaction(SIGTERM, &old->term, NULL);
	sigaction(SIGWINCH, &old->winch, NULL);
}

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

static int on_obituary(void *ctx, const struct obituary *o)
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

static int on_notice(void *ctx, const struct notice *n)
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

	resized = 0;
	for_each_sink(p, k)
		if (k->type->resize)
			k->type->resize(k->s, tty_width(STDOUT_FILENO, 0));
}

/* --- in: every record, whoever made it ------------------------------------------- */

static int add_context(struct pipeline *p, const struct obit_hdr *h)
{
	if (!p->enrich)
		return 0;
	switch (h->type) {
	case OBIT_EV_TASK:
		return enrich_task(p->enrich, (const void *)h);
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

static int on_event(void *ctx, const struct obit_hdr *h)
{
	struct pipeline *p = ctx;
	const struct pipeline_sink *k;
	int err;

	if (event_check(h, h->len) < 0) {
		log_error("internal error: the %s source gave a damaged record of type %u, %u bytes",
			  p->cfg->type->name, h->type, h->len);
		return p->err = -EDOM;
	}
	err = p->cfg->filter ? filter_before(p->cfg->filter, h) : 0;
	if (err)
		return p->err = err;
	for_each_sink(p, k) {
		err = k->type->event ? k->type->event(k->s, h) : 0;
		if (sink_failed(p, k, err))
			return err;
	}
	if (h->type == OBIT_EV_LOSS)
		count_loss(p, (const void *)h);
	err = join_feed(p->join, h);
	if (p->cfg->filter)
		filter_after(p->cfg->filter, h);
	if (!err)
		err = add_context(p, h);
	if (err && !p->err)
		p->err = err;
	/* Ends the source's read: what follows would not be shown. */
	return err ? err : p->full ? -ECANCELED : 0;
}

/* From within the join: to be answered when it has returned. */
static void on_ask_state(void *ctx, uint32_t tgid, uint64_t start_boottime)
{
	struct pipeline *p = ctx;
	struct question *q;

	if (p->nr_questions == p->cap_questions) {
		size_t cap = p->cap_questions ? p->cap_questions * 2 : 16;

		q = realloc(p->questions, cap * sizeof(*q));
		if (!q) {
			p->err = -ENOMEM;
			return;
		}
		p->questions = q;
		p->cap_questions = cap;
	}
	q = &p->questions[p->nr_questions++];
	q->tgid = tgid;
	q->start_boottime = start_boottime;
}

static int answer_questions(struct pipeline *p)
{
	size_t i;
	int err = 0;

	for (i = 0; i < p->nr_questions && !err; i++)
		err = enrich_state(p->enrich, p->questions[i].tgid,
				   p->questions[i].start_boottime);
	p->nr_questions = 0;
	return err;
}

/* --- the loop ---------------------------------------------------------------------- */

static int tick(struct pipeline *p, uint64_t now)
{
	struct obit_tick t = {
		.hdr = { .type = OBIT_EV_TICK,
			 .len = sizeof(t),
			 .boot_ns = now },
	};

	return on_event(p, &t.hdr);
}

static int scan_pdeath(struct pipeline *p, uint64_t now)
{
	int err;

	if (!p->cfg->pdeath_scan_ns || !p->cfg->type->scan ||
	    now < p->next_scan)
		return 0;
	p->next_scan = now + p->cfg->pdeath_scan_ns;
	err = p->cfg->type->scan(p->cfg->source, &p->emit);
	return err < 0 ? err : 0;
}

/* What the source has, and what the collector knows beside it. */
static int drain(struct pipeline *p)
{
	/* Taken first: all that happened before this instant is in the ring. */
	uint64_t now = p->enrich ? boot_now() : 0;
	int err;

	if (p->enrich) {
		err = enrich_clock(p->enrich);
		if (err)
			return err;
	}
	err = p->cfg->type->read(p->cfg->source, &p->emit);
	if (err < 0 || !p->enrich)
		return err;
	err = enrich_kmsg(p->enrich);
	if (!err)
		err = scan_pdeath(p, now);
	if (!err)
		err = tick(p, now);
	if (!err)
		err = answer_questions(p);
	return err;
}

static int check_books(struct pipeline *p, bool end)
{
	struct join_stats *st = &p->result->stats;

	join_stats(p->join, st);
	if (st->seen == st->delivered + st->pending + st->lost_obituaries &&
	    (!end || !st->pending))
		return 0;
	log_error("internal error: %llu deaths seen, but %llu delivered, %llu pending and %llu lost",
		  (unsigned long long)st->seen,
		  (unsigned long long)st->delivered,
		  (unsigned long long)st->pending,
		  (unsigned long long)st->lost_obituaries);
	return p->err = -EDOM;
}

static bool sleep_for_input(struct pipeline *p, uint64_t deadline)
{
	struct pollfd pfd = { .fd = p->cfg->type->fd(p->cfg->source),
			      .events = POLLIN };
	int ms = DRAIN_MS;
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
	poll(&pfd, pfd.fd < 0 ? 0 : 1, ms);
	return true;
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
		if (p->cfg->ready && !p->told_ready && err >= 0)
			p->cfg->ready(p->cfg->ready_ctx);
		p->told_ready = true;
		if (flush_sinks(p))
			return p->err;
		if (err < 0)
			return err;
		if (check_books(p, false))
			return p->err;
		if (resized)
			resize_sinks(p);
	} while (!stop_signal && !p->full && !asked_to_end(p) &&
		 sleep_for_input(p, deadline));
	/* What died before the signal came is in the ring already. */
	return p->full || !p->enrich ? 0 : drain(p);
}

static int finish(struct pipeline *p, int err)
{
	/* Said by itself or not an error at all. */
	if (err > 0 || err == -ENODATA || (err == -ECANCELED && p->full))
		err = 0;
	/* A failing sink gets no more; the books are closed all the same. */
	if (p->err)
		p->full = true;
	if (p->enrich && !p->full) {
		join_ask_pending(p->join);
		answer_questions(p);
	}
	if (join_finish(p->join) && !p->err)
		p->err = -ENOMEM;
	flush_sinks(p);
	check_books(p, true);
	p->result->by_signal = stop_signal;
	return p->err ? p->err : err;
}

int pipeline_run(const struct pipeline_config *cfg, struct pipeline_result *r)
{
	struct pipeline p = { .cfg = cfg, .result = r };
	struct join_ops ops = { .ctx = &p,
				.obituary = on_obituary,
				.notice = on_notice };
	struct join_config jc = { .zombie_after_ns = cfg->zombie_after_ns };
	struct source_info info;
	struct old_signals old;
	int err = -ENOMEM;

	memset(r, 0, sizeof(*r));
	cfg->type->info(cfg->source, &info);
	jc.tier = info.tier;
	jc.source = info.source;
	p.emit.ctx = &p;
	p.emit.event = on_event;
	if (info.live) {
		ops.ask_state = on_ask_state;
		p.enrich = enrich_new(&p.emit);
		if (!p.enrich)
			goto out;
	}
	p.join = join_new(&jc, &ops);
	if (!p.join)
		goto out;
	stop_signal = 0;
	if (!cfg->own_signals)
		catch_signals(&old);
	err = p.enrich ? enrich_clock(p.enrich) : 0;
	if (!err && p.enrich)
		err = enrich_cgroups(p.enrich);
	if (!err)
		err = loop(&p);
	err = finish(&p, err);
	if (!cfg->own_signals)
		restore_signals(&old);
out:
	if (err == -ENOMEM)
		log_error("out of memory");
	join_free(p.join);
	enrich_free(p.enrich);
	free(p.questions);
	return err;
}
