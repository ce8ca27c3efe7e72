// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile_stacks: kernel stacks that have been added up, as a tree of calls.
 * Owns the trees, and how much of them is kept. Never reads symbols.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile_stacks.h"

#define CHUNK 1024

void calls_free(struct calls *c)
{
	struct call *chunk;

	while ((chunk = c->chunks)) {
		c->chunks = chunk->next;
		free(chunk);
	}
	c->nr = c->used = 0;
}

static struct call *call_new(struct calls *c)
{
	struct call *chunk;

	if (!c->chunks || c->used == CHUNK) {
		chunk = calloc(CHUNK, sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->next = c->chunks;
		c->chunks = chunk;
		c->used = 1;		/* the first one links the chunks */
	}
	c->nr++;
	return &c->chunks[c->used++];
}

static struct call *find(struct call *first, const char *name, uint64_t address)
{
	while (first && (name ? first->name != name :
				first->name || first->address != address))
		first = first->next;
	return first;
}

/* --- what a stack has at both ends ---------------------------------------------- */

static bool is(const char *name, const char *what)
{
	return name && !strcmp(name, what);
}

/* The probe's own frames: up to the tracepoint, or the timer, that ran it. */
static bool is_probe(const char *name)
{
	return is(name, "__traceiter_sched_switch") ||
	       is(name, "__bpf_trace_sched_switch") ||
	       is(name, "bpf_trace_run3") || is(name, "bpf_trace_run4");
}

/* @from, @to: ip[from..to) is what the teardown did. */
static void trim(const uint64_t *ip, size_t nr, symbol_fn symbol, void *ctx,
		 size_t *from, size_t *to)
{
	const char *name;
	size_t i;

	*from = 0;
	*to = nr;
	for (i = 0; i < nr && symbol; i++) {
		name = symbol(ctx, ip[i]);
		if (is_probe(name))
			*from = i + 1;
		if (is(name, "do_exit") || is(name, "get_signal")) {
			*to = i;
			break;
		}
	}
	if (*from > *to)
		*from = *to;
}

int calls_add(struct calls *c, struct call **root, const uint64_t *ip,
	      size_t nr, uint64_t ns, symbol_fn symbol, void *ctx)
{
	struct call **first = root, *node = NULL, *parent = NULL;
	const char *name;
	size_t from, to;

	trim(ip, nr, symbol, ctx, &from, &to);
	while (to-- > from) {
		name = symbol ? symbol(ctx, ip[to]) : NULL;
		node = find(*first, name, ip[to]);
		if (!node && c->max && c->nr >= c->max) {
			c->cut++;
			break;
		}
		if (!node) {
			node = call_new(c);
			if (!node)
				return -ENOMEM;
			node->name = name;
			node->address = ip[to];
			node->next = *first;
			*first = node;
		}
		node->total_ns += ns;
		parent = node;
		first = &node->child;
	}
	if (parent)
		parent->ns += ns;
	return 0;
}

/* --- asking -------------------------------------------------------------------------- */

static struct call *merge(struct call *a, struct call *b)
{
	struct call *all = NULL, **end = &all, **larger;

	while (a && b) {
		larger = a->total_ns >= b->total_ns ? &a : &b;
		*end = *larger;
		*larger = (*larger)->next;
		end = &(*end)->next;
	}
	*end = a ? a : b;
	return all;
}

static struct call *sort(struct call *first)
{
	struct call *half = first, *end = first;

	if (!first || !first->next)
		return first;
	while (end->next && end->next->next) {
		half = half->next;
		end = end->next->next;
	}
	end = half->next;
	half->next = NULL;
	return merge(sort(first), sort(end));
}

/* As deep as a stack is: OBIT_STACK_MAX. */
void calls_sort(struct call **root)
{
	struct call *c;

	*root = sort(*root);
	for (c = *root; c; c = c->next)
		calls_sort(&c->child);
}

static const struct call *largest(const struct call *first)
{
	const struct call *best = first;

	for (; first; first = first->next)
		if (first->total_ns > best->total_ns)
			best = first;
	return best;
}

size_t calls_top(const struct call *root, const struct call **path, size_t max)
{
	const struct call *c = largest(root);
	size_t nr = 0;

	while (c && nr < max) {
		path[nr++] = c;
		/* It stays here when most of it is its own. */
		if (!c->child || c->ns > largest(c->child)->total_ns)
			break;
		c = largest(c->child);
	}
	return nr;
}
