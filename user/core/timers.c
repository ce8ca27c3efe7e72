// SPDX-License-Identifier: GPL-2.0-only
/*
 * timers: a pairing heap.
 * Owns nothing but the links between its nodes.
 */
#include "core/timers.h"

/* Two heaps into one; both are roots, b is not linked from anywhere. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *t;

	if (!a || !b)
		return a ? a : b;
	if (b->when < a->when) {
		t = a;
		a = b;
		b = t;
	}
	b->next = a->child;
	if (b->next)
		b->next->link = &b->next;
	a->child = b;
	b->link = &a->child;
	return a;
}

/* Siblings into one heap: in pairs from the left, then from the right. */
static struct timer *meld_all(struct timer *list)
{
	struct timer *pairs = NULL, *a, *b, *rest, *root = NULL;

	for (; list; list = rest) {
		a = list;
		b = a->next;
		rest = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	for (; pairs; pairs = rest) {
		rest = pairs->next;
		pairs->next = NULL;
		root = meld(root, pairs);
	}
	return root;
}

static void set_root(struct timers *all, struct timer *t)
{
	all->root = t;
	if (t) {
		t->next = NULL;
		t->link = &all->root;
	}
}

void timer_clear(struct timers *all, struct timer *t)
{
	struct timer *below;

	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	below = meld_all(t->child);
	if (all->root)
		below = meld(all->root, below);
	set_root(all, below);
	t->child = t->next = NULL;
	t->link = NULL;
}

void timer_set(struct timers *all, struct timer *t, uint64_t when)
{
	timer_clear(all, t);
	t->when = when;
	t->child = t->next = NULL;
	set_root(all, meld(all->root, t));
}

struct timer *timer_due(struct timers *all, uint64_t now)
{
	struct timer *t = all->root;

	if (!t || t->when > now)
		return NULL;
	timer_clear(all, t);
	return t;
}
