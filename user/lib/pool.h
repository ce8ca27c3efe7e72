/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool: objects of one size that come and go by the thousand.
 * Keeps a few freed ones, which are still in the cache, for the next; the rest
 * goes back to malloc(), so that memory shrinks with what is in use. Never
 * constructs anything: an object begins as zeroes.
 */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <stddef.h>

struct pool {
	void *free;		/* the first of a list through the objects */
	size_t size;
	unsigned int nr;	/* in that list */
};

void pool_init(struct pool *p, size_t size);
void pool_fini(struct pool *p);		/* frees what is kept, not what is used */

void *pool_get(struct pool *p);		/* NULL: no memory */
void pool_put(struct pool *p, void *object);

#endif
