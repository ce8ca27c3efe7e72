// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroups: names that come, change and go, and which one an obituary has.
 * Expectations follow the contract's rule for `cgroup`, by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/cgroups.h"
#include "stream.h"

#define V2 OBIT_HIER_UNIFIED
#define MEM OBIT_HIER_MEMORY

static void feed(struct cgroups *all, uint64_t at, uint32_t kind,
		 uint32_t hierarchy, uint64_t id, const char *path)
{
	struct stream s = STREAM_INIT;

	assert_int_equal(cgroups_feed(all, stream_cgroup(&s, at, kind,
							 hierarchy, id, path)),
			 0);
	stream_free(&s);
}

static void named(struct cgroups *all, uint32_t hierarchy, uint64_t id,
		  const char *want)
{
	struct cgroup_name *n = cgroups_get(all, hierarchy, id);

	if (!want) {
		assert_null(n);
		return;
	}
	assert_non_null(n);
	assert_int_equal(n->path_len, strlen(want));
	assert_memory_equal(n->data, want, strlen(want));
	cgroup_name_put(n);
}

static void test_table(void **state)
{
	struct cgroup_name *held;
	struct cgroups all;

	(void)state;
	cgroups_init(&all);
	feed(&all, 0, OBIT_CGROUP_NAMED, V2, 5, "/a");
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 5, "/m");
	feed(&all, 0, OBIT_CGROUP_NAMED, OBIT_HIER_NONE, 6, "/cpu");
	named(&all, V2, 5, "/a");
	named(&all, MEM, 5, "/m");
	named(&all, V2, 6, NULL);
	named(&all, OBIT_HIER_NONE, 6, NULL);

	/* gone: the name stays for a while, and for who holds it */
	held = cgroups_get(&all, V2, 5);
	feed(&all, 100 * SEC, OBIT_CGROUP_GONE, V2, 5, "");
	cgroups_tick(&all, 101 * SEC);
	named(&all, V2, 5, "/a");
	cgroups_tick(&all, 120 * SEC);
	named(&all, V2, 5, NULL);
	named(&all, MEM, 5, "/m");
	assert_memory_equal(held->data, "/a", 2);
	cgroup_name_put(held);

	/* gone, and a new one of that number */
	feed(&all, 200 * SEC, OBIT_CGROUP_GONE, MEM, 5, "");
	feed(&all, 201 * SEC, OBIT_CGROUP_NAMED, MEM, 5, "/n");
	cgroups_tick(&all, 300 * SEC);
	named(&all, MEM, 5, "/n");

	feed(&all, 0, OBIT_CGROUP_GONE, V2, 99, "");
	cgroups_fini(&all);
}

static void test_rename(void **state)
{
	struct cgroups all;

	(void)state;
	cgroups_init(&all);
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 1, "/");
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 2, "/a");
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 3, "/a/b");
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 4, "/ab");
	feed(&all, 0, OBIT_CGROUP_NAMED, V2, 3, "/a/b");
	feed(&all, 0, OBIT_CGROUP_NAMED, MEM, 2, "/longer");
	named(&all, MEM, 2, "/longer");
	named(&all, MEM, 3, "/longer/b");
	named(&all, MEM, 4, "/ab");
	named(&all, V2, 3, "/a/b");
	cgroups_fini(&all);
}

/* One death in the cgroups given; what its obituary says. */
static void death(uint64_t v2, uint32_t hierarchy, uint64_t v1,
		  const char *want)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, V2, 1, "/");
	stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, V2, 20, "/user.slice");
	stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, MEM, 30,
		      "/docker/"
		      "0123456789abcdef0123456789abcdef"
		      "0123456789abcdef0123456789abcdef");
	stream_fork(&s, 10 * MS, 7, 3);
	e = stream_exit(&s, 20 * MS, 7, 3, 0);
	e->cgroup_id = v2;
	e->cgroup_hierarchy = (uint8_t)hierarchy;
	e->cgroup_v1_id = v1;
	stream_release(&s, 30 * MS, 7, 3, 0);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0, want);
	played_free(&p);
}

static void test_which(void **state)
{
	(void)state;
	death(20, 0, 0,
	      "cgroup=/user.slice cgroup_hierarchy=unified "
	      "cgroup_id=20 container=null");
	death(20, MEM, 30,
	      "cgroup=/user.slice cgroup_hierarchy=unified "
	      "cgroup_id=20");
	death(1, MEM, 30,
	      "cgroup_hierarchy=memory cgroup_id=30 "
	      "container=0123456789abcdef0123456789abcdef"
	      "0123456789abcdef0123456789abcdef");
	death(1, 0, 0, "cgroup=/ cgroup_hierarchy=unified cgroup_id=1");
	/* no v2 hierarchy in this kernel */
	death(0, 0, 0, "cgroup=/ cgroup_hierarchy=unified cgroup_id=null");
	death(0, MEM, 30, "cgroup_hierarchy=memory cgroup_id=30");
	/* a name nobody told: null, not a guess */
	death(77, MEM, 30, "cgroup=null cgroup_hierarchy=null cgroup_id=77");
	death(1, MEM, 77, "cgroup=null cgroup_id=77");
}

/* Removed with its last process, before its release is seen. */
static void test_gone_before_release(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;

	(void)state;
	p.zombie_after_ns = 0;
	stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, V2, 20, "/job");
	stream_fork(&s, 10 * MS, 7, 3);
	stream_exit(&s, 20 * MS, 7, 3, 0)->cgroup_id = 20;
	stream_cgroup(&s, 21 * MS, OBIT_CGROUP_GONE, V2, 20, "");
	stream_tick(&s, 60 * SEC);
	stream_release(&s, 61 * SEC, 7, 3, 0);
	/* told late, by a scan */
	stream_fork(&s, 62 * SEC, 8, 3);
	stream_exit(&s, 62 * SEC, 8, 3, 0)->cgroup_id = 21;
	stream_cgroup(&s, 62 * SEC, OBIT_CGROUP_NAMED, V2, 21, "/late");
	stream_release(&s, 62 * SEC, 8, 3, 0);
	play(&s, &p);
	expect_counts(&p, 2, 0);
	expect_obituary(&p, 0, "cgroup=/job cgroup_id=20");
	expect_obituary(&p, 1, "cgroup=/late cgroup_id=21");
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_gone_before_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
