// SPDX-License-Identifier: GPL-2.0-only
/*
 * pick: what of a tree of deaths to look at.
 * Owns the judgement which failure came first and who matters most. Changes
 * nothing but the marks of a view.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "core/tree/tree.h"

/* --- the first failure ----------------------------------------------------------- */

/* As a shell would see it; -1: not known. */
static int status_of(const struct tree_node *n)
{
	if (!n->ob)
		return n->state == TREE_ALIVE ? -1 : 0;
	if (obituary_has(n->ob, OB_SIGNAL))
		return 128 + n->ob->signal;
	return obituary_has(n->ob, OB_EXIT_STATUS) ? (int)n->ob->exit_status :
						     -1;
}

/* A parent that was struck itself did not fail by its children. */
static bool may_explain(const struct tree_node *child,
			const struct tree_node *parent)
{
	return child->failed && !parent->struck &&
	       child->died_ns <= parent->died_ns;
}

static bool got_over(const struct tree_node *child,
		     const struct tree_node *parent)
{
	return parent->forked_ns > child->died_ns;
}

static struct tree_node *explains(const struct tree_node *parent)
{
	struct tree_node *n, *best = NULL;
	bool over, passed, best_over = true, best_passed = false;

	for (n = parent->child; n; n = n->next) {
		if (!may_explain(n, parent))
			continue;
		over = got_over(n, parent);
		passed = status_of(n) == status_of(parent);
		if (best && over != best_over) {
			if (over)
				continue;
		} else if (best && passed != best_passed) {
			if (!passed)
				continue;
		} else if (best && over && passed) {
			/* One command after the other: the last decides. */
			if (n->died_ns < best->died_ns)
				continue;
		} else if (best && n->died_ns >= best->died_ns) {
			continue;
		}
		best = n;
		best_over = over;
		best_passed = passed;
	}
	return best;
}

struct tree_node *tree_first_failure(const struct tree *t)
{
	struct tree_node *n = tree_root(t), *next, *first = NULL;

	if (n && n->failed) {
		while ((next = explains(n)))
			n = next;
		return n;
	}
	for (n = tree_root(t); n; n = tree_next(t, n))
		if (n->failed && (!first || n->died_ns < first->died_ns))
			first = n;
	return first;
}

/* --- the view ---------------------------------------------------------------------- */

enum weight { NOTHING, FAILED, PASSED_ON, LEFT, STRUCK, FIRST };

struct candidate {
	struct tree_node *n;
	enum weight weight;
};

/* A broken pipe is how `yes | head` ends well. */
static bool struck_hard(const struct tree_node *n)
{
	return n->struck && n->ob && n->ob->signal != SIGPIPE;
}

static enum weight weigh(const struct tree_node *n,
			 const struct tree_node *first)
{
	if (n == first)
		return FIRST;
	if (struck_hard(n))
		return STRUCK;
	if (n->state != TREE_DEAD)
		return LEFT;
	if (n->failed && n->parent && n->parent->failed)
		return PASSED_ON;
	return n->failed ? FAILED : NOTHING;
}

static int by_weight(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->n->died_ns > y->n->died_ns) -
	       (x->n->died_ns < y->n->died_ns);
}

/* Lines it takes to show it; more than limit: too many. */
static size_t lines_needed(const struct tree_node *n, size_t limit)
{
	size_t nr = 0;

	for (; n && !n->shown && nr <= limit; n = n->parent)
		nr++;
	return nr;
}

static void show(struct tree_node *n)
{
	for (; n && !n->shown; n = n->parent)
		n->shown = true;
}

static int pick_best(struct tree *t, size_t nr, size_t budget)
{
	struct candidate *c = malloc(nr * sizeof(*c));
	struct tree_node *first = tree_first_failure(t), *n = NULL;
	/* The root is shown already. */
	size_t i = 0, left = budget ? budget - 1 : 0, need;

	if (!c)
		return -ENOMEM;
	while ((n = tree_next(t, n))) {
		c[i].n = n;
		c[i].weight = weigh(n, first);
		if (c[i].weight != NOTHING)
			i++;
	}
	nr = i;
	qsort(c, nr, sizeof(*c), by_weight);
	for (i = 0; i < nr; i++) {
		need = lines_needed(c[i].n, left);
		/* The first failure is shown whatever it takes. */
		if (need > left && c[i].weight != FIRST)
			continue;
		show(c[i].n);
		left -= need < left ? need : left;
	}
	free(c);
	return 0;
}

/* Whoever is not shown counts for the nearest ancestor that is. */
static void count_hidden(struct tree *t)
{
	struct tree_node *n = NULL;

	while ((n = tree_next(t, n))) {
		n->hidden_ok = n->ok;
		n->hidden_bad = n->bad;
		n->hidden_alive = 0;
		n->anchor = n->shown ? n : n->parent->anchor;
		if (n->shown)
			continue;
		n->anchor->hidden_ok += n->ok;
		n->anchor->hidden_bad += n->bad;
		if (n->state == TREE_ALIVE)
			n->anchor->hidden_alive++;
		else if (n->failed)
			n->anchor->hidden_bad++;
		else
			n->anchor->hidden_ok++;
	}
}

int tree_pick(struct tree *t, enum tree_view view, size_t budget)
{
	struct tree_node *n = NULL;
	size_t nr = 0, folded = 0;
	int err = 0;

	while ((n = tree_next(t, n))) {
		n->shown = false;
		folded += n->ok + n->bad;
		nr++;
	}
	if (!nr)
		return 0;
	tree_root(t)->shown = true;
	if (view == TREE_FULL ||
	    (view == TREE_SHORT && nr <= budget && !folded)) {
		while ((n = tree_next(t, n)))
			n->shown = true;
	} else if (view == TREE_WANTED) {
		while ((n = tree_next(t, n)))
			if (n->wanted)
				show(n);
	} else {
		err = pick_best(t, nr, budget);
	}
	count_hidden(t);
	return err;
}
