// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hash tables against a plain array that holds the same keys.
 * Never looks inside a chain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/hash.h"

struct thing {
	struct hash_node node;
	uint64_t tgid, start_boottime;
	bool present, seen;
};

#define NR 5000

static struct thing *find(const struct hash *h, uint64_t tgid, uint64_t start)
{
	uint64_t hv = hash_u64_2(tgid, start);
	struct hash_node *n;

	hash_for_each_key(h, hv, n) {
		struct thing *t = hash_entry(n, struct thing, node);

		if (t->tgid == tgid && t->start_boottime == start)
			return t;
	}
	return NULL;
}

static struct thing *things_new(void)
{
	struct thing *all = calloc(NR, sizeof(*all));
	size_t i;

	assert_non_null(all);
	/* Few tgids, used again and again, as a busy machine has them. */
	for (i = 0; i < NR; i++) {
		all[i].tgid = i % 97;
		all[i].start_boottime = 1000000007ull * (i / 97);
	}
	return all;
}

static void insert(struct hash *h, struct thing *t)
{
	hash_add(h, &t->node, hash_u64_2(t->tgid, t->start_boottime));
	t->present = true;
}

static void check(const struct hash *h, struct thing *all, size_t present)
{
	struct hash_iter it;
	struct hash_node *n;
	size_t i, seen = 0;

	assert_int_equal(h->nr, present);
	for (i = 0; i < NR; i++) {
		assert_ptr_equal(find(h, all[i].tgid, all[i].start_boottime),
				 all[i].present ? &all[i] : NULL);
		all[i].seen = false;
	}
	hash_for_each(h, &it, n) {
		struct thing *t = hash_entry(n, struct thing, node);

		assert_true(t->present && !t->seen);
		t->seen = true;
		seen++;
	}
	assert_int_equal(seen, present);
}

static void follows_a_model(void **state)
{
	struct thing *all = things_new();
	struct hash h;
	size_t i, step, present = 0;

	(void)state;
	srand(1);
	hash_init(&h);
	for (step = 0; step < 60; step++) {
		for (i = 0; i < 2000; i++) {
			struct thing *t = &all[rand() % NR];
			/* Waves: first mostly births, then mostly deaths. */
			bool birth = rand() % 10 < (step / 15 % 2 ? 2 : 8);

			if (birth && !t->present) {
				insert(&h, t);
				present++;
			} else if (!birth && t->present) {
				hash_del(&h, &t->node);
				t->present = false;
				present--;
			}
		}
		check(&h, all, present);
		if (step % 7 == 0) {
			hash_shrink(&h);
			check(&h, all, present);
		}
	}
	hash_fini(&h);
	free(all);
}

static void grows_and_shrinks(void **state)
{
	struct thing *all = things_new();
	struct hash h;
	size_t i, most;

	(void)state;
	hash_init(&h);
	for (i = 0; i < NR; i++)
		insert(&h, &all[i]);
	most = h.nr_buckets;
	assert_true(most >= NR / 2);
	assert_true(most <= NR * 4);
	for (i = 0; i < NR; i++)
		hash_del(&h, &all[i].node);
	assert_int_equal(h.nr, 0);
	/* Deaths alone never rehash; the next births give the memory back. */
	assert_int_equal(h.nr_buckets, most);
	for (i = 0; i < 20; i++) {
		insert(&h, &all[i]);
		hash_del(&h, &all[i].node);
	}
	assert_true(h.nr_buckets <= 64);
	hash_shrink(&h);
	assert_int_equal(h.nr_buckets, HASH_SMALL);
	hash_fini(&h);
	free(all);
}

static void deletes_while_iterating(void **state)
{
	struct thing *all = things_new();
	struct hash_iter it;
	struct hash_node *n;
	struct hash h;
	size_t i, seen = 0, present = NR;

	(void)state;
	hash_init(&h);
	for (i = 0; i < NR; i++)
		insert(&h, &all[i]);
	hash_for_each(&h, &it, n) {
		struct thing *t = hash_entry(n, struct thing, node);

		assert_false(t->seen);
		t->seen = true;
		seen++;
		if (t->tgid % 2) {
			hash_del(&h, n);
			/* As free() would: nobody may look at it again. */
			memset(n, 0xee, sizeof(*n));
			t->present = false;
			present--;
		}
	}
	assert_int_equal(seen, NR);
	check(&h, all, present);
	hash_fini(&h);
	free(all);
}

static void same_hash_different_keys(void **state)
{
	struct thing a = { .tgid = 1 }, b = { .tgid = 2 }, c = { .tgid = 3 };
	struct hash_node *n;
	struct hash h;
	int nr = 0;

	(void)state;
	hash_init(&h);
	hash_add(&h, &a.node, 42);
	hash_add(&h, &b.node, 42);
	hash_add(&h, &c.node, 42 + HASH_SMALL); /* same bucket, other hash */
	hash_for_each_key(&h, 42, n) {
		assert_ptr_not_equal(n, &c.node);
		nr++;
	}
	assert_int_equal(nr, 2);
	hash_del(&h, &a.node);
	assert_ptr_equal(hash_first(&h, 42), &b.node);
	assert_null(hash_same(b.node.next, 42));
	hash_del(&h, &a.node); /* not in it: no harm */
	assert_int_equal(h.nr, 2);
	hash_fini(&h);
}

/* No bucket of a sensible key set holds much more than its share. */
static void spreads(void **state)
{
	unsigned int load[1024];
	size_t i, k;

	(void)state;
	for (k = 0; k < 4; k++) {
		memset(load, 0, sizeof(load));
		for (i = 0; i < 8 * 1024; i++) {
			char name[32];
			uint64_t hv;

			snprintf(name, sizeof(name), "/system.slice/run-%zu",
				 i);
			hv = k == 0 ? hash_u64(i) :
			     k == 1 ? hash_u64(i << 32) :
			     k == 2 ? hash_u64_2(i, 4000000 * i) :
				      hash_str(name);
			load[hv & 1023]++;
		}
		for (i = 0; i < 1024; i++)
			assert_true(load[i] < 40); /* 8 expected */
	}
}

static void hashes_are_functions(void **state)
{
	(void)state;
	assert_int_equal(hash_str("abc"), hash_bytes("abc", 3));
	assert_int_equal(hash_u64_2(1, 2), hash_u64_2(1, 2));
	assert_int_not_equal(hash_u64_2(1, 2), hash_u64_2(2, 1));
	assert_int_not_equal(hash_bytes("", 0), hash_bytes("\0", 1));
	assert_int_not_equal(hash_bytes("\0", 1), hash_bytes("\0\0", 2));
	assert_int_not_equal(hash_str("12345678"), hash_str("12345679"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_model),
		cmocka_unit_test(grows_and_shrinks),
		cmocka_unit_test(deletes_while_iterating),
		cmocka_unit_test(same_hash_different_keys),
		cmocka_unit_test(spreads),
		cmocka_unit_test(hashes_are_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
