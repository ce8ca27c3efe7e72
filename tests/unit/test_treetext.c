// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_treetext: a tree of deaths on paper and its verdict, to the byte, at
 * several widths. Trees are made by hand.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sink/tree.h"
#include "trees.h"

/* --- on paper ---------------------------------------------------------------------- */

static void expect_text(unsigned int width, bool colour, const char *want)
{
	struct tree_look look = { .width = width,
				  .colour = colour,
				  .header = true,
				  .rest = true,
				  .now_ns = 2 * SEC };
	struct buf out = BUF_INIT;

	tree_text(&out, tree, &look);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

static void build(void)
{
	struct obituary o;

	tree_begin(SIZE_MAX);
	EXEC(1 * MS, ROOT, "make\0-j2");
	fork_at(2 * MS, 101, ROOT);
	EXEC(2 * MS, 101, "sh\0-c\0cc -c a.c");
	fork_at(3 * MS, 102, 101);
	EXEC(3 * MS, 102, "cc\0-c\0a.c\0-DX=\x1b[31m");
	fork_at(4 * MS, 103, ROOT);
	fork_at(SEC, 104, 103);
	EXEC(SEC, 104, "sleep\0009");
	o = death_of(1200 * MS, 102, SIGKILL);
	obituary_set(&o, OB_KILLER);
	o.killer.tgid = 50;
	strcpy(o.killer.comm, "reaper");
	bury(&o);
	die_at(1300 * MS, 101, 137 << 8);
	die_at(1400 * MS, 103, 0);
	die_at(1500 * MS, ROOT, 0x200);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 40), 0);
}

static void paper(void **state)
{
	(void)state;
	build();
	expect_text(
		0, false,
		"  HOW IT ENDED                             AFTER  PROCESS\n"
		"  exit 2                                   1.4 s  100 make -j2\n"
		"  exit 137 (128+SIGKILL)                   1.2 s  ├ 101 sh -c 'cc -c a.c'\n"
		"> killed by SIGKILL from reaper[50]        1.1 s  │ └ 102 cc -c a.c $'-DX=\\e[31m'\n"
		"  exit 0                                   1.3 s  └ 103 p103 (a fork)\n"
		"  still alive                                1 s    └ 104 sleep 9\n");
	expect_text(56, false,
		    "  HOW IT ENDED              PROCESS\n"
		    "  exit 2                    100 make -j2\n"
		    "  exit 137 (128+SIGKILL)    ├ 101 sh -c 'cc -c a.c'\n"
		    "> SIGKILL from reaper[50]   │ └ 102 cc -c a.c $'-DX=\\e[…\n"
		    "  exit 0                    └ 103 p103 (a fork)\n"
		    "  still alive                 └ 104 sleep 9\n");
	assert_int_equal(tree_pick(tree, TREE_SHORT, 4), 0);
	expect_text(
		80, true,
		"\x1b[1m  HOW IT ENDED                   AFTER  PROCESS\x1b[0m\n"
		"  \x1b[33mexit 2                      \x1b[0m   1.4 s  100 make -j2\n"
		"  \x1b[33mexit 137 (128+SIGKILL)      \x1b[0m   1.2 s  ├ 101 sh -c 'cc -c a.c'\n"
		"\x1b[1;31m> \x1b[0m\x1b[31mSIGKILL from reaper[50]     \x1b[0m   1.1 s  │ └ 102 cc -c a.c $'-DX=\\e[31m'\n"
		"                                        └ \x1b[2m… 1 still alive, 1 that ended well\x1b[0m\n");
}

static void expect_verdict(const char *want)
{
	struct tree_verdict v = { .prefix = "obit: ",
				  .self = 50,
				  .passed_on = "passed on" };
	struct tree_look look = { .now_ns = 2 * SEC };
	struct buf out = BUF_INIT;

	tree_verdict(&out, tree, &v, &look);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

static void verdict(void **state)
{
	(void)state;
	build();
	expect_verdict(
		"obit: p100[100]: exit 2 after 1.4 s; 5 processes, 3 failed, 1 of them by a signal\n"
		"obit: first to fail: p102[102]: killed by SIGKILL from reaper[50] after 1.1 s\n"
		"      cc -c a.c $'-DX=\\e[31m'\n"
		"obit: then failed: p101[101] exit 137 (128+SIGKILL), p100[100] exit 2\n"
		"obit: still alive: p104[104]\n");
}

static void verdict_of_one(void **state)
{
	struct obituary o = death_of(2 * MS, ROOT, SIGTERM);

	(void)state;
	tree_begin(SIZE_MAX);
	obituary_set(&o, OB_KILLER);
	o.killer.tgid = 50;
	strcpy(o.killer.comm, "obit");
	bury(&o);
	expect_verdict(
		"obit: p100[100]: killed by SIGTERM from obit[50] after 1.9 ms; 1 process, 1 failed, 1 of them by a signal\n"
		"obit: passed on\n");
}

static void zombie_at(uint64_t at, uint32_t tgid, uint32_t parent)
{
	struct obituary o = death_of(at, tgid, 0);

	o.fate = FATE_ZOMBIE;
	obituary_set(&o, OB_PARENT);
	o.parent.tgid = parent;
	o.parent.start_boottime = parent * 1000;
	strcpy(o.parent.comm, "lazy");
	bury(&o);
}

/* A parent that is dead does not reap; who does not is whoever got it then. */
static void verdict_of_zombies(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	EXEC(1 * MS, ROOT, "lazy");
	fork_at(2 * MS, 101, ROOT);
	EXEC(2 * MS, 101, "lazy");
	fork_at(3 * MS, 102, 101);
	fork_at(3 * MS, 103, ROOT);
	zombie_at(4 * MS, 102, 101);
	zombie_at(4 * MS, 103, ROOT);
	die_at(5 * MS, ROOT, 0);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 40), 0);
	expect_verdict(
		"obit: p100[100]: exit 0 after 4.9 ms; 4 processes\n"
		"obit: still alive: p101[101]\n"
		"obit: zombies left: p102[102] (exit 0), not reaped by lazy[101]; p103[103] (exit 0), not reaped by whoever inherited it from lazy[100]\n");
}

/* Who does not reap several is named once; and who is not named is counted. */
static void verdict_of_many_zombies(void **state)
{
	uint32_t i;

	(void)state;
	tree_begin(SIZE_MAX);
	EXEC(1 * MS, ROOT, "make");
	fork_at(2 * MS, 101, ROOT);
	EXEC(2 * MS, 101, "lazy");
	fork_at(2 * MS, 102, ROOT);
	EXEC(2 * MS, 102, "lazy");
	for (i = 103; i < 106; i++)
		fork_at(3 * MS, i, i == 104 ? 102 : 101);
	for (i = 103; i < 106; i++)
		zombie_at(4 * MS, i, i == 104 ? 102 : 101);
	die_at(5 * MS, ROOT, 0);
	expect_verdict(
		"obit: p100[100]: exit 0 after 4.9 ms; 6 processes\n"
		"obit: still alive: p101[101], p102[102]\n"
		"obit: zombies left: p103[103] (exit 0), p105[105] (exit 0), not reaped by lazy[101]; p104[104] (exit 0), not reaped by lazy[102]\n");
	for (i = 106; i < 108; i++)
		fork_at(5 * MS, i, 102);
	for (i = 106; i < 108; i++)
		zombie_at(6 * MS, i, 102);
	expect_verdict(
		"obit: p100[100]: exit 0 after 4.9 ms; 8 processes\n"
		"obit: still alive: p101[101], p102[102]\n"
		"obit: zombies left: p103[103] (exit 0), p105[105] (exit 0), not reaped by lazy[101]; p104[104] (exit 0), p106[106] (exit 0), not reaped by lazy[102]; and 1 more\n");
}

/* A meaning ends in a comma; that no process sent it says more than one. */
static void verdict_explained(void **state)
{
	struct obituary o = death_of(2 * MS, 101, SIGALRM);

	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(1 * MS, 101, ROOT);
	o.cause = CAUSE_SIGNAL;
	bury(&o);
	o = death_of(3 * MS, ROOT, SIGKILL);
	o.cause = CAUSE_SIGNAL;
	bury(&o);
	expect_verdict(
		"obit: p100[100]: killed by SIGKILL from the kernel after 2.9 ms; 2 processes, 2 failed, 2 of them by a signal\n");
	tree_end(NULL);
	tree_begin(SIZE_MAX);
	o = death_of(2 * MS, ROOT, SIGALRM);
	o.cause = CAUSE_SIGNAL;
	bury(&o);
	expect_verdict(
		"obit: p100[100]: killed by SIGALRM: timer of alarm() or setitimer() ran out, after 1.9 ms; 1 process, 1 failed, 1 of them by a signal\n");
}

/* An end that nobody has told of is not known to be a good one. */
static void verdict_of_unseen(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	tree_gone(tree, tree_next(tree, tree_root(tree)));
	die_at(5 * MS, ROOT, 0);
	expect_verdict(
		"obit: p100[100]: exit 0 after 4.9 ms; 2 processes, 1 ended unseen\n");
}

static void expect_loss(const char *kind, const char *reason, uint64_t count,
			const char *want)
{
	struct notice n = { .type = NOTICE_LOST,
			    .kind = kind,
			    .reason = reason,
			    .count = count };
	struct buf out = BUF_INIT;

	tree_verdict_loss(&out, &n);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

/* Only what makes the tree is said to have hurt it. */
static void losses(void **state)
{
	(void)state;
	expect_loss(
		"obituary", "ring_full", 1,
		"lost: 1 obituary: the buffer was full (--buffer makes it larger); the tree may not be whole");
	expect_loss(
		"context", "map_full", 2,
		"lost: 2 facts that will be missing: too many processes at once; the tree may not be whole");
	expect_loss("context", "oversize", 1,
		    "lost: 1 fact that will be missing: too long for a record");
	expect_loss(
		"signal", "oversize", 1,
		"lost: 1 signal record: who ended had more children than are looked through");
}

static void verdict_of_oom(void **state)
{
	struct obituary o = death_of(5 * MS, 101, SIGKILL);
	uint32_t i;

	(void)state;
	tree_begin(SIZE_MAX);
	EXEC(1 * MS, ROOT, "make");
	fork_at(2 * MS, 101, ROOT);
	for (i = 102; i < 110; i++)
		fork_at(3 * MS, i, ROOT);
	o.cause = CAUSE_OOM;
	obituary_set(&o, OB_OOM);
	obituary_set(&o, OB_OOM_CGROUP);
	obituary_set(&o, OB_OOM_RSS);
	obituary_set(&o, OB_OOM_BY);
	o.oom.cgroup.p = "/ci";
	o.oom.cgroup.len = 3;
	o.oom.rss_kb = 1900 << 10;
	o.oom.by.tgid = 105;
	strcpy(o.oom.by.comm, "p105");
	bury(&o);
	die_at(6 * MS, ROOT, 137 << 8);
	expect_verdict(
		"obit: p100[100]: exit 137 (128+SIGKILL) after 5.9 ms; 10 processes, 2 failed, 1 of them by a signal\n"
		"obit: first to fail: p101[101]: out of memory (cgroup /ci) after 4.8 ms; it held 1900 MiB; p105[105] asked for more\n"
		"obit: then failed: p100[100] exit 137 (128+SIGKILL)\n"
		"obit: still alive: p100[102], p100[103], p100[104], p100[105] and 4 more\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(paper, tree_end),
		cmocka_unit_test_teardown(verdict, tree_end),
		cmocka_unit_test_teardown(verdict_of_one, tree_end),
		cmocka_unit_test_teardown(verdict_of_zombies, tree_end),
		cmocka_unit_test_teardown(verdict_of_many_zombies, tree_end),
		cmocka_unit_test_teardown(verdict_explained, tree_end),
		cmocka_unit_test_teardown(verdict_of_unseen, tree_end),
		cmocka_unit_test(losses),
		cmocka_unit_test_teardown(verdict_of_oom, tree_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
