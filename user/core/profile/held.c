// SPDX-License-Identifier: GPL-2.0-only
/*
 * held: the stacks and signals of a process until its obituary comes.
 * Owns them, and how much of them is kept. Never interprets them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile/held.h"

/* Stacks of all processes together: half of them at full depth are 50 MiB. */
#define STACKS_BYTES	(64u << 20)

/* A join gives an obituary up 6 s after the release at most. */
#define ASKED_WITHIN_NS	10000000000ull

/* @oldest, @newest: those that were released come first, by when they were;
 *                   then the others, by when they were first heard of
 * @released:        the last of the former, or NULL */
struct holding {
	struct hash all;
	struct held *oldest, *newest, *released;
	size_t nr, max, bytes;
	uint64_t forgotten;
};

struct holding *holding_new(size_t max)
{
	struct holding *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	hash_init(&h->all);
	h->max = max;
	return h;
}

static size_t stack_size(const struct held_stack *s)
{
	return sizeof(*s) + s->nr * sizeof(s->ip[0]);
}

static size_t drop_stacks(struct holding *h, struct held *d)
{
	struct held_stack *s;
	size_t nr = 0;

	while ((s = d->stacks)) {
		d->stacks = s->next;
		h->bytes -= stack_size(s);
		free(s);
		nr++;
	}
	return nr;
}

static void unlink_held(struct holding *h, struct held *d)
{
	if (h->released == d)
		h->released = d->older;
	*(d->older ? &d->older->newer : &h->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &h->newest) = d->older;
}

/* Behind `older`, or as the first if that is NULL. */
static void link_held(struct holding *h, struct held *d, struct held *older)
{
	d->older = older;
	d->newer = older ? older->newer : h->oldest;
	*(d->older ? &d->older->newer : &h->oldest) = d;
	*(d->newer ? &d->newer->older : &h->newest) = d;
}

void holding_drop(struct holding *h, struct held *d)
{
	drop_stacks(h, d);
	unlink_held(h, d);
	hash_del(&h->all, &d->hn);
	h->nr--;
	free(d);
}

void holding_free(struct holding *h)
{
	if (!h)
		return;
	while (h->oldest)
		holding_drop(h, h->oldest);
	hash_fini(&h->all);
	free(h);
}

struct held *holding_find(struct holding *h, uint32_t tgid,
			  uint64_t start_boottime)
{
	uint64_t hv = hash_u64_2(tgid, start_boottime);
	struct hash_node *n;
	struct held *d;

	hash_for_each_key(&h->all, hv, n) {
		d = hash_entry(n, struct held, hn);
		if (d->tgid == tgid && d->start_boottime == start_boottime)
			return d;
	}
	return NULL;
}

static void forget_oldest(struct holding *h)
{
	struct held_stack *s;

	for (s = h->oldest->stacks; s; s = s->next)
		h->forgotten++;
	holding_drop(h, h->oldest);
}

static struct held *get(struct holding *h, const struct obit_task *t)
{
	struct held *d = holding_find(h, t->tgid, t->start_boottime);

	if (d)
		return d;
	if (h->nr >= h->max)
		forget_oldest(h);
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->tgid = t->tgid;
	d->start_boottime = t->start_boottime;
	link_held(h, d, h->newest);
	hash_add(&h->all, &d->hn, hash_u64_2(d->tgid, d->start_boottime));
	h->nr++;
	return d;
}

static int on_signal(struct holding *h, const struct obit_signal *r)
{
	struct held *d = get(h, &r->task);

	if (!d)
		return -ENOMEM;
	if (d->nr_signals == HELD_SIGNALS) {
		memmove(d->signals, d->signals + 1,
			sizeof(d->signals) - sizeof(d->signals[0]));
		d->nr_signals--;
	}
	d->signals[d->nr_signals++] = (struct held_signal){
		.boot_ns = r->sent_ns ? r->sent_ns : r->hdr.boot_ns,
		.sender = r->sender,
		.signal = r->signal,
		.info = r->info,
		.flags = r->flags,
	};
	return 0;
}

/* The record's boot_ns is the end of what it tells of; its middle is in the
 * phase that it belongs to. */
static int on_stack(struct holding *h, const struct obit_stack *r)
{
	size_t size = sizeof(struct held_stack) + r->nr * sizeof(r->ip[0]);
	struct held *d = get(h, &r->task);
	struct held_stack *s;

	if (!d)
		return -ENOMEM;
	while (h->bytes + size > STACKS_BYTES && h->oldest != d)
		forget_oldest(h);
	if (h->bytes + size > STACKS_BYTES) {
		h->forgotten++;
		return 0;
	}
	s = malloc(size);
	if (!s)
		return -ENOMEM;
	s->boot_ns = r->hdr.boot_ns;
	if (r->flags & OBIT_STACK_OFF_CPU)
		s->boot_ns -= r->ns / 2 < s->boot_ns ? r->ns / 2 : 0;
	s->ns = r->ns;
	s->tid = r->task.tid;
	s->flags = r->flags;
	s->nr = r->nr;
	memcpy(s->ip, r->ip, r->nr * sizeof(r->ip[0]));
	s->next = d->stacks;
	d->stacks = s;
	h->bytes += size;
	return 0;
}

/* What is not asked for soon never will be. */
static void on_release(struct holding *h, const struct obit_release *r)
{
	struct held *d = holding_find(h, r->task.tgid, r->task.start_boottime);

	if (!d || d->released_ns)
		return;
	d->released_ns = r->hdr.boot_ns;
	unlink_held(h, d);
	link_held(h, d, h->released);
	h->released = d;
}

static void on_tick(struct holding *h, uint64_t now)
{
	while (h->released && h->oldest->released_ns < now &&
	       now - h->oldest->released_ns > ASKED_WITHIN_NS)
		holding_drop(h, h->oldest);
}

int holding_record(struct holding *h, const struct obit_hdr *r)
{
	const struct obit_teardown *t = (const void *)r;
	struct held *d;

	switch (r->type) {
	case OBIT_EV_SIGNAL:
		return on_signal(h, (const void *)r);
	case OBIT_EV_STACK:
		return on_stack(h, (const void *)r);
	case OBIT_EV_TEARDOWN:
		/* Only of interest beside stacks: which of the threads. */
		d = holding_find(h, t->task.tgid, t->task.start_boottime);
		if (d)
			d->tid = t->task.tid;
		return 0;
	case OBIT_EV_RELEASE:
		on_release(h, (const void *)r);
		return 0;
	case OBIT_EV_TICK:
		on_tick(h, r->boot_ns);
		return 0;
	default:
		return 0;
	}
}

uint64_t holding_forgotten(const struct holding *h)
{
	return h->forgotten;
}
