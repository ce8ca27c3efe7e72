// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk: a profile as one tree: all, groups, phases, and below them what
 * was off the CPU, and the kernel's functions.
 * Owns that the parts add up to the whole. Never puts anything into words.
 */
#include <stdio.h>
#include <string.h>
#include "core/profile/profile.h"

struct walk {
	int (*visit)(void *ctx, const struct profile_frame *f);
	void *ctx;
	struct profile_frame f;		/* what holds for all below */
};

static int visit(struct walk *w, const char *name, size_t len, uint64_t total,
		 uint64_t self)
{
	w->f.name = name;
	w->f.name_len = len;
	w->f.total_ns = total;
	w->f.self_ns = self;
	return w->visit(w->ctx, &w->f);
}

static uint64_t sum_of(const struct call *first)
{
	uint64_t sum = 0;

	for (; first; first = first->next)
		sum += first->total_ns;
	return sum;
}

static int walk_calls(struct walk *w, const struct call *first)
{
	char address[24];
	int err = 0;

	w->f.depth++;
	for (; first && !err; first = first->next) {
		w->f.kind = FRAME_CALL;
		snprintf(address, sizeof(address), "0x%llx",
			 (unsigned long long)first->address);
		err = visit(w, first->name ? first->name : address,
			    strlen(first->name ? first->name : address),
			    first->total_ns, first->ns);
		if (!err)
			err = walk_calls(w, first->child);
	}
	w->f.depth--;
	return err;
}

static int walk_off(struct walk *w, const struct call *first, uint64_t ns)
{
	static const char off[] = "[off-CPU]";
	uint64_t known = sum_of(first);
	int err;

	w->f.depth++;
	w->f.kind = FRAME_OFF_CPU;
	w->f.off_cpu = true;
	err = visit(w, off, strlen(off), ns, ns > known ? ns - known : 0);
	if (!err)
		err = walk_calls(w, first);
	w->f.off_cpu = false;
	w->f.depth--;
	return err;
}

static int walk_phase(struct walk *w, const struct profile_group *g,
		      enum obit_phase i)
{
	uint64_t ns = g->phase_ns[i], off = g->phase_off_ns[i];
	uint64_t known = sum_of(g->on[i]);
	int err;

	off = off < ns ? off : ns;
	known += off;
	w->f.depth = 2;
	w->f.kind = FRAME_PHASE;
	w->f.phase = i;
	w->f.deaths = g->phase_nr[i];
	err = visit(w, phase_names[i], strlen(phase_names[i]), ns,
		    ns > known ? ns - known : 0);
	w->f.deaths = 0;
	if (!err && off)
		err = walk_off(w, g->off[i], off);
	if (!err)
		err = walk_calls(w, g->on[i]);
	return err;
}

/* The largest that has not been yet. */
static enum obit_phase next_phase(const struct profile_group *g, uint32_t done)
{
	enum obit_phase i, next = OBIT_PHASE_NR;

	for (i = 0; i < OBIT_PHASE_NR; i++)
		if (!(done >> i & 1) && g->phase_ns[i] &&
		    (next == OBIT_PHASE_NR ||
		     g->phase_ns[i] > g->phase_ns[next]))
			next = i;
	return next;
}

static int walk_group(struct walk *w, const struct profile_group *g)
{
	enum obit_phase i;
	uint32_t done = 0;
	int err;

	w->f.depth = 1;
	w->f.kind = FRAME_GROUP;
	w->f.deaths = g->kernel.nr;
	err = visit(w, g->name, g->name_len, g->kernel.sum, 0);
	while (!err && (i = next_phase(g, done)) < OBIT_PHASE_NR) {
		done |= 1u << i;
		err = walk_phase(w, g, i);
	}
	return err;
}

int profile_walk(const struct profile *p,
		 int (*fn)(void *ctx, const struct profile_frame *f), void *ctx)
{
	struct walk w = { .visit = fn, .ctx = ctx };
	size_t i;
	int err;

	w.f.kind = FRAME_ALL;
	w.f.deaths = p->known;
	err = visit(&w, "all", 3, p->all.kernel.sum, 0);
	for (i = 0; i < p->nr_groups && !err; i++)
		if (p->groups[i]->kernel.sum)
			err = walk_group(&w, p->groups[i]);
	return err;
}
