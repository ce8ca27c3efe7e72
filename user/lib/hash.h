/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hash: an intrusive chained hash table that grows and shrinks.
 * Owns only its array of buckets; the nodes live inside the caller's objects.
 * Never allocates per object, never fails an insertion, never compares keys.
 *
 *	struct thing { struct hash_node node; uint64_t id; };
 *
 *	uint64_t hv = hash_u64(id);
 *	struct hash_node *n;
 *	hash_for_each_key(&table, hv, n)
 *		if (hash_entry(n, struct thing, node)->id == id)
 *			return hash_entry(n, struct thing, node);
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SMALL 8	/* buckets inside struct hash: no memory, no failure */

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash {
	struct hash_node **buckets;
	size_t nr_buckets;	/* a power of two */
	size_t nr;		/* nodes in the table */
	struct hash_node *small[HASH_SMALL];
};

#define hash_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

void hash_init(struct hash *h);	/* needed: not zero-initialised; not movable */
void hash_fini(struct hash *h);	/* frees the buckets, not the nodes */

/*
 * Adding cannot fail: when there is no memory for more buckets the chains just
 * get longer. It is here, and not in hash_del(), that a table shrinks, so that
 * deleting the current node while iterating is always safe.
 */
void hash_add(struct hash *h, struct hash_node *n, uint64_t hash);
void hash_del(struct hash *h, struct hash_node *n);	/* n must be in h */
void hash_shrink(struct hash *h);	/* give memory back now; not while iterating */

static inline struct hash_node *hash_same(struct hash_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

static inline struct hash_node *hash_first(const struct hash *h, uint64_t hash)
{
	return hash_same(h->buckets[hash & (h->nr_buckets - 1)], hash);
}

/* Every node with this hash value, newest first; the caller compares keys. */
#define hash_for_each_key(h, hv, n) \
	for ((n) = hash_first((h), (hv)); (n); (n) = hash_same((n)->next, (hv)))

/*
 * Every node. The current node may be deleted and freed; others must not be,
 * and nothing may be added.
 */
struct hash_iter {
	const struct hash *h;
	size_t bucket;
	struct hash_node *next;
};

struct hash_node *hash_iter_first(struct hash_iter *it, const struct hash *h);
struct hash_node *hash_iter_next(struct hash_iter *it);

#define hash_for_each(h, it, n) \
	for ((n) = hash_iter_first((it), (h)); (n); (n) = hash_iter_next(it))

/*
 * Hash values. Seeded once per run from the kernel's random numbers: the keys
 * are chosen by strangers (cgroup names, comms), who must not be able to choose
 * collisions too. So a value means nothing outside this process.
 */
extern uint64_t hash_seed_value;	/* 0: not drawn yet; use hash_seed() */
uint64_t hash_seed_draw(void);

static inline uint64_t hash_seed(void)
{
	return hash_seed_value ? hash_seed_value : hash_seed_draw();
}

/* Folded 64x64 multiplication: both halves depend on every bit of a and b. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Odd constants with about half their bits set: digits of pi. */
#define HASH_K0 0x243f6a8885a308d3ull
#define HASH_K1 0x13198a2e03707345ull
#define HASH_K2 0xa4093822299f31d1ull

static inline uint64_t hash_u64(uint64_t a)
{
	return hash_fold(a ^ hash_seed(), HASH_K0);
}

/* (tgid, start_boottime) */
static inline uint64_t hash_u64_2(uint64_t a, uint64_t b)
{
	return hash_fold(hash_u64(a) ^ b, HASH_K1);
}

uint64_t hash_bytes(const void *p, size_t len);
uint64_t hash_str(const char *s);

#endif
