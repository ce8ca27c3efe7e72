// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_mounts: the words of a list, and paths that name nothing here. What is
 * mounted is tests/live/zombies_frozen's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cgroup_mounts.h"

static void lists(void **state)
{
	(void)state;
	assert_true(cgroup_list_has("rw,memory", "memory"));
	assert_true(cgroup_list_has("memory,rw", "memory"));
	assert_true(cgroup_list_has("rw,pids,name=systemd\n", "name=systemd"));
	assert_true(cgroup_list_has(",,pids", "pids"));
	assert_false(cgroup_list_has("rw,cpuacct", "cpu"));
	assert_false(cgroup_list_has("rw,name=pids", "pids"));
	assert_false(cgroup_list_has("rw,pids2,xpids", "pids"));
	assert_false(cgroup_list_has("rw\npids", "pids"));
	assert_false(cgroup_list_has("", "pids"));
}

static void outside(void **state)
{
	(void)state;
	assert_true(cgroup_is_outside("/.."));
	assert_true(cgroup_is_outside("/../a"));
	assert_false(cgroup_is_outside("/..a"));
	assert_false(cgroup_is_outside("/a/.."));
	assert_false(cgroup_is_outside("/"));
	assert_false(cgroup_is_outside(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
