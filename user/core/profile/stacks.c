// SPDX-License-Identifier: GPL-2.0-only
/*
 * stacks: kernel stacks that have been added up, as a tree of calls.
 * Owns the trees, and how much of them is kept. Never reads symbols.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile/stacks.h"

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

/* --- what a stack has at both ends ------------------------------------------ */

static bool is(const char *name, const char *what)
{
	return name && !strcmp(name, what);
}

/* Where a call came from is where it returns to, which may be the next function
 * already; where a sample found it is where it was. */
static const char *name_at(const uint64_t *ip, size_t i, symbol_fn symbol,
			   void *ctx)
{
	return symbol ? symbol(ctx, i ? ip[i] - 1 : ip[i]) : NULL;
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
		name = name_at(ip, i, symbol, ctx);
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

/*
 * A function with an fexit program is entered twice: once to call the
 * trampoline, and again from there. To be told once. @outer: name of the frame
 * before; what is left out changes nothing.
 */
static bool is_trampoline(const char *name, const char *outer, bool *again)
{
	bool was = *again;

	*again = name && !strncmp(name, "bpf_trampoline_", 15);
	return *again || (was && name && name == outer);
}

int calls_add(struct calls *c, struct call **root, const uint64_t *ip,
	      size_t nr, uint64_t ns, symbol_fn symbol, void *ctx)
{
	struct call **first = root, *node = NULL, *parent = NULL;
	const char *name;
	bool again = false;
	size_t from, to;

	trim(ip, nr, symbol, ctx, &from, &to);
	while (to-- > from) {
		name = name_at(ip, to, symbol, ctx);
		if (is_trampoline(name, parent ? parent->name : NULL, &again))
			continue;
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

/* --- asking ----------------------------------------------------------------- */

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
