// SPDX-License-Identifier: GPL-2.0-only
/*
 * join: lives, deaths, identities and losses, by hand-built streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

static void test_simple_exit(void **state)
{
	struct played p = PLAYED_INIT;
	struct stream s = STREAM_INIT;
	struct obit_exit *e;

	(void)state;
	stream_clock(&s, 5, 1000 * (int64_t)SEC);
	stream_fork(&s, 100 * MS, 7, 3);
	stream_exec(&s, 101 * MS, 7, OBIT_EXEC_LEAF_FIRST, "sh\0bin\0usr", 11,
		    "sh\0-c\0exit 3\0", 13);
	e = stream_exit(&s, 110 * MS, 7, 3, 3 << 8);
	e->flags |= OBIT_EXIT_GROUP_VALUE;
	e->group_value = 3;
	e->usage.maxrss_kb = 700;
	memcpy(e->tty, "pts/3", 5);
	stream_reapable(&s, 111 * MS, 7, 3, 0);
	stream_release(&s, 131 * MS, 7, 3, 3 << 8);
	stream_tick(&s, 140 * MS);
	play(&s, &p);
	expect_counts(&p, 1, 0);
	expect_obituary(&p, 0,
		"event=obituary time=1000110000000 boot_ns=110000000 "
		"reapable_ns=null tgid=7 ns_tgid=7 start_boottime=7000 "
		"comm=p7 exe=/usr/bin/sh filename=null args=sh|-c|exit_3| "
		"args_cut=0 uid=1000 gid=100 loginuid=null sid=7 pgid=7 "
		"tty=pts/3 parent.tgid=3 parent.start_boottime=3000 "
		"parent.comm=p3 cgroup=/ cgroup_hierarchy=unified "
		"cgroup_id=1 container=null pid_ns=4026531836 "
		"life_ns=109993000 threads=1 execed=true exit_value=3 "
		"exit_code=768 exit_status=3 truncated=false signal=null "
		"core_dumped=null meaning=null cause=exit killer.tgid=null "
		"asked_by.tgid=null oom.by.tgid=null fate=waited "
		"reaped_by.tgid=3 reaped_by.start_boottime=3000 "
		"reaped_by.comm=p3 new_parent.tgid=null zombie_ns=20000000 "
		"zombie_err_ns=20000000 sigchld=handler pdeath_signal=null "
		"usage.maxrss_kb=700 source=bpf");
	assert_int_equal(p.before.pending, 0);
	assert_int_equal(p.stats.failures, 1);
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
