// SPDX-License-Identifier: GPL-2.0-only
/*
 * oomlog: lines of real kernels, and lines by people who name a cgroup or a
 * process to deceive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/oomlog.h"

#define MEMCG "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),"
#define NONE "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),"

/* clang-format off */
static const struct {
	const char *line;
	bool ok;
	uint32_t constraint, pid;
	const char *memcg;
} rows[] = {
	{ MEMCG "cpuset=user.slice,mems_allowed=0,oom_memcg=/user.slice/x,task_memcg=/user.slice/x,task=python3,pid=1234,uid=1000",
	  true, 3, 1234, "/user.slice/x" },
	{ MEMCG "cpuset=/,mems_allowed=0-1,oom_memcg=/a,task_memcg=/a/b/c,task=sh,pid=7,uid=0\n",
	  true, 3, 7, "/a" },
	{ NONE "cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=sh,pid=4194303,uid=4294967295",
	  true, 0, 4194303, "" },
	{ "oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=sh,pid=7,uid=0",
	  true, 1, 7, "" },
	{ "oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=0,cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=sh,pid=7,uid=0",
	  true, 2, 7, "" },
	/* commas and keys in names */
	{ MEMCG "cpuset=a,b,mems_allowed=0,oom_memcg=/x,y,task_memcg=/x,y/z,task=a,b,pid=1,pid=7,uid=0",
	  true, 3, 7, "/x,y" },
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=1,uid=0,pid=7,uid=0",
	  true, 3, 7, "/a" },
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/q,task_memcg=/a,task_memcg=/q,task=sh,pid=7,uid=0",
	  true, 3, 7, "/a,task_memcg=/q" },
	{ MEMCG "cpuset=,oom_memcg=/e,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=sh,pid=7,uid=0",
	  true, 3, 7, "/a" },
	/* two readings: /a killed in /a/..., or another limit of that name */
	{ MEMCG "cpuset=,oom_memcg=/,task_memcg=/x,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=sh,pid=7,uid=0",
	  false, 0, 0, "" },
	/* no reading */
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/b,task=sh,pid=7,uid=0",
	  false, 0, 0, "" },
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=sh,pid=,uid=0",
	  false, 0, 0, "" },
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=sh,pid=0,uid=0",
	  false, 0, 0, "" },
	{ MEMCG "cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=sh,pid=99999999999,uid=0",
	  false, 0, 0, "" },
	{ "oom-kill:constraint=CONSTRAINT_NEW,nodemask=(null),cpuset=/,pid=7,uid=0",
	  false, 0, 0, "" },
	{ "Memory cgroup out of memory: Killed process 7 (sh)", false, 0, 0, "" },
	{ "oom-kill:", false, 0, 0, "" },
	{ "", false, 0, 0, "" },
};
/* clang-format on */

static void test_lines(void **state)
{
	struct oomlog o;
	size_t i;
	bool ok;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ok = oomlog_parse(rows[i].line, strlen(rows[i].line), &o);
		if (ok != rows[i].ok)
			fail_msg("%s: %d", rows[i].line, ok);
		if (!ok)
			continue;
		assert_int_equal(o.constraint, rows[i].constraint);
		assert_int_equal(o.pid, rows[i].pid);
		if (o.memcg.len != strlen(rows[i].memcg) ||
		    memcmp(o.memcg.p ? o.memcg.p : "", rows[i].memcg,
			   o.memcg.len))
			fail_msg("%s: %.*s", rows[i].line, (int)o.memcg.len,
				 o.memcg.p);
	}
}

/* Every cut of a good line is refused, or read the same but for the pid. */
static void test_cut_lines(void **state)
{
	const char *line = rows[0].line;
	struct oomlog o;
	size_t len;

	(void)state;
	for (len = 0; len < strlen(line); len++)
		if (oomlog_parse(line, len, &o))
			assert_int_equal(o.pid, 1234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cut_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
