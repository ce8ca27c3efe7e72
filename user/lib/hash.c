// SPDX-License-Identifier: GPL-2.0-only
/*
 * hash: an intrusive chained hash table that grows and shrinks.
 * Owns the buckets and the hash functions. Never compares keys.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "hash.h"

/*
 * A full table doubles at one node a bucket and halves below one in eight:
 * far enough apart that a table whose size swings by a few never thrashes.
 */
#define SHRINK_AT 8

void hash_init(struct hash *h)
{
	memset(h, 0, sizeof(*h));
	h->buckets = h->small;
	h->nr_buckets = HASH_SMALL;
}

void hash_fini(struct hash *h)
{
	if (h->buckets != h->small)
		free(h->buckets);
	hash_init(h);
}

static void link_node(struct hash_node **buckets, size_t nr,
		      struct hash_node *n)
{
	struct hash_node **b = &buckets[n->hash & (nr - 1)];

	n->next = *b;
	*b = n;
}

static void resize(struct hash *h, size_t nr)
{
	struct hash_node **old = h->buckets, **new, *n, *next;
	size_t i, nr_old = h->nr_buckets;

	if (nr == nr_old)
		return;
	if (nr <= HASH_SMALL) {
		nr = HASH_SMALL;
		new = h->small;
		memset(new, 0, sizeof(h->small));
	} else {
		new = calloc(nr, sizeof(*new));
		if (!new)
			return; /* longer chains, still right */
	}
	for (i = 0; i < nr_old; i++) {
		for (n = old[i]; n; n = next) {
			next = n->next;
			link_node(new, nr, n);
		}
	}
	if (old != h->small)
		free(old);
	h->buckets = new;
	h->nr_buckets = nr;
}

void hash_shrink(struct hash *h)
{
	size_t nr = HASH_SMALL;

	while (nr < h->nr)
		nr *= 2;
	if (nr < h->nr_buckets)
		resize(h, nr);
}

void hash_add(struct hash *h, struct hash_node *n, uint64_t hash)
{
	if (h->nr >= h->nr_buckets)
		resize(h, h->nr_buckets * 2);
	else if (h->nr_buckets > HASH_SMALL &&
		 h->nr < h->nr_buckets / SHRINK_AT)
		resize(h, h->nr_buckets / 2);
	n->hash = hash;
	link_node(h->buckets, h->nr_buckets, n);
	h->nr++;
}

void hash_del(struct hash *h, struct hash_node *n)
{
	struct hash_node **p = &h->buckets[n->hash & (h->nr_buckets - 1)];

	while (*p && *p != n)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = n->next;
	n->next = NULL;
	h->nr--;
}

struct hash_node *hash_iter_next(struct hash_iter *it)
{
	struct hash_node *n = it->next;

	while (!n && it->bucket < it->h->nr_buckets)
		n = it->h->buckets[it->bucket++];
	it->next = n ? n->next : NULL;
	return n;
}

struct hash_node *hash_iter_first(struct hash_iter *it, const struct hash *h)
{
	it->h = h;
	it->bucket = 0;
	it->next = NULL;
	return hash_iter_next(it);
}

uint64_t hash_seed_value;

uint64_t hash_seed_draw(void)
{
	uint64_t value;

	/* GRND_NONBLOCK: early in boot a weaker seed beats waiting. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value)) {
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		value = (uint64_t)ts.tv_nsec << 20 ^ (uint64_t)getpid();
	}
	hash_seed_value = value | 1;
	return hash_seed_value;
}

uint64_t hash_bytes(const void *p, size_t len)
{
	const char *s = p;
	uint64_t h = hash_seed() ^ hash_fold(len + HASH_K2, HASH_K0), w;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&w, s, 8);
		h = hash_fold(h ^ w, HASH_K1) + w;
	}
	w = 0;
	if (len)
		memcpy(&w, s, len);
	return hash_fold(h ^ w, HASH_K0) ^ hash_fold(w ^ HASH_K2, h | 1);
}

uint64_t hash_str(const char *s)
{
	return hash_bytes(s, strlen(s));
}
