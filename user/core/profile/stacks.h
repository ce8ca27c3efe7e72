/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stacks: kernel stacks that have been added up, as a tree of calls.
 * Owns the trees, and how much of them is kept. Never reads symbols: a
 * function's name comes from whoever knows.
 */
#ifndef CORE_PROFILE_STACKS_H
#define CORE_PROFILE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of the function at an address; the same pointer for the same
 * function, valid as long as the profile is; NULL: not known. */
typedef const char *(*symbol_fn)(void *ctx, uint64_t address);

/*
 * One function in a tree of calls. Two addresses in one function are one node.
 * @name: NULL: not known; then @address tells
 * @ns:   in itself; @total_ns: and in what it called
 */
struct call {
	struct call *next, *child;
	const char *name;
	uint64_t address;
	uint64_t ns, total_ns;
};

/* The nodes of all trees; zero-initialised but for max: from so many on, what
 * would be new is added to the caller, and counted. */
struct calls {
	struct call *chunks;		/* linked by their first element's next */
	size_t used, nr, max;
	uint64_t cut;
};

void calls_free(struct calls *c);
/*
 * Adds a stack, ip[0] innermost, below *root. What stands outside do_exit() and
 * inside the scheduler's tracepoint is the same in all and left out. 0 or
 * -ENOMEM.
 */
int calls_add(struct calls *c, struct call **root, const uint64_t *ip,
	      size_t nr, uint64_t ns, symbol_fn symbol, void *ctx);
/* Siblings by total_ns, the largest first; all the way down. */
void calls_sort(struct call **root);
/* The path to where most time was spent, outermost first: how many. */
size_t calls_top(const struct call *root, const struct call **path, size_t max);

#endif
