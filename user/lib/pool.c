// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool: a list of freed objects, last in first out.
 * Never keeps more than a few: see pool.h.
 */
#include <stdlib.h>
#include <string.h>
#include "pool.h"

/* A sanitizer must see each free: it is there to catch a use after it. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEP 0
#endif
#endif
#ifndef KEEP
#define KEEP 128
#endif

void pool_init(struct pool *p, size_t size)
{
	p->free = NULL;
	p->size = size < sizeof(void *) ? sizeof(void *) : size;
	p->nr = 0;
}

void pool_fini(struct pool *p)
{
	void *object;

	while ((object = p->free)) {
		memcpy(&p->free, object, sizeof(p->free));
		free(object);
	}
	p->nr = 0;
}

void *pool_get(struct pool *p)
{
	void *object = p->free;

	if (!object)
		return calloc(1, p->size);
	memcpy(&p->free, object, sizeof(p->free));
	p->nr--;
	return memset(object, 0, p->size);
}

void pool_put(struct pool *p, void *object)
{
	if (!object || p->nr >= KEEP) {
		free(object);
		return;
	}
	memcpy(object, &p->free, sizeof(p->free));
	p->free = object;
	p->nr++;
}
