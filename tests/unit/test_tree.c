// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tree: who belongs to a tree of deaths, which failure came first, and
 * what a short view shows. Trees are made by hand; nothing is expected that the
 * code under test computed.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "trees.h"

static struct tree_node *node(uint32_t tgid)
{
	struct tree_node *n = NULL;

	while ((n = tree_next(tree, n)))
		if (n->tgid == tgid)
			return n;
	return NULL;
}

static uint32_t first(void)
{
	struct tree_node *n = tree_first_failure(tree);

	return n ? n->tgid : 0;
}

static struct tree_count count(void)
{
	struct tree_count c;

	tree_count(tree, &c);
	return c;
}

/* --- who belongs to it --------------------------------------------------------- */

static void members(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	fork_at(3 * MS, 102, 101);
	fork_at(4 * MS, 200, 50);	/* a stranger */
	fork_at(5 * MS, 201, 200);
	die_at(6 * MS, 101, 0);
	fork_at(7 * MS, 103, 102);	/* an orphan's child */
	assert_int_equal(count().total, 4);
	assert_int_equal(count().alive, 3);
	assert_ptr_equal(node(103)->parent, node(102));
	assert_ptr_equal(node(102)->parent, node(101));
	assert_false(tree_has(tree, 200, 200000));
	assert_false(tree_has(tree, 201, 201000));
	/* the same number, another process */
	assert_false(tree_has(tree, 101, 7));
	assert_true(tree_has(tree, 101, 101000));
}

/* CLONE_PARENT: whoever will hear of its end is the parent. */
static void sibling_by_clone(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_fork *f;

	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	f = stream_fork(&s, 3 * MS, 102, 101);
	f->real_parent = task_of(ROOT);
	feed(&s);
	assert_ptr_equal(node(102)->parent, tree_root(tree));
	/* or, if that is nobody of the tree, whoever forked */
	f = stream_fork(&s, 4 * MS, 103, 101);
	f->real_parent = task_of(50);
	feed(&s);
	assert_ptr_equal(node(103)->parent, node(101));
}

static void lost_birth(void **state)
{
	struct stream s = STREAM_INIT;
	struct obituary o = death_of(9 * MS, 101, 0x300);

	(void)state;
	tree_begin(SIZE_MAX);
	stream_exit(&s, 9 * MS, 101, ROOT, 0x300);
	stream_exit(&s, 9 * MS, 301, 50, 0);
	feed(&s);
	assert_int_equal(tree_bury(tree, &o, true), 0);
	assert_int_equal(count().total, 2);
	assert_true(node(101)->failed);
	assert_null(node(301));
}

static void root_by_scan_or_name(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_task_seen *t;

	(void)state;
	tree = tree_new(ROOT, NULL, 9);
	stream_task(&s, 1 * MS, 99, 1, 0, 1);
	stream_task(&s, 1 * MS, ROOT, 1, 0, 1);
	feed(&s);
	assert_int_equal(tree_root(tree)->tgid, ROOT);
	tree_free(tree);
	/* our own number for it is ROOT, the kernel's is another */
	tree = tree_new(ROOT, "obit-1234", 9);
	fork_at(1 * MS, ROOT, 1);
	assert_null(tree_root(tree));
	t = stream_task(&s, 2 * MS, 777, 1, 0, 1);
	memset(t->comm, 0, sizeof(t->comm));
	strcpy(t->comm, "obit-1234");
	t->comm[14] = 'i';	/* of a longer name before (Linux < 5.17) */
	feed(&s);
	assert_int_equal(tree_root(tree)->tgid, 777);
}

static void zombie_and_reaped(void **state)
{
	struct obituary o = death_of(3 * MS, 101, 0);

	(void)state;
	tree_begin(0);
	fork_at(2 * MS, 101, ROOT);
	o.fate = FATE_ZOMBIE;
	bury(&o);
	assert_int_equal(count().zombies, 1);
	assert_int_equal(count().alive, 1);
	assert_int_equal(node(101)->state, TREE_ZOMBIE);
	tree_reaped(tree, 101, 101000);
	assert_int_equal(count().zombies, 0);
	/* now it is nothing to keep */
	assert_null(node(101));
	assert_int_equal(tree_root(tree)->ok, 1);
}

/* --- the first failure ------------------------------------------------------------ */

/* sh -c 'grep ...; cc ...': it got over grep, and ended with cc's status */
static void shell_passes_on_the_last(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	die_at(3 * MS, 101, 0x100);
	fork_at(4 * MS, 102, ROOT);
	die_at(5 * MS, 102, 0x100);
	die_at(6 * MS, ROOT, 0x100);
	assert_int_equal(first(), 102);
}

/* make -j: what ran beside the first failure may fail as well, later */
static void make_fails_by_the_first(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	fork_at(3 * MS, 102, ROOT);
	die_at(4 * MS, 102, 0x100);
	die_at(5 * MS, 101, 0x100);
	die_at(6 * MS, ROOT, 0x200);
	assert_int_equal(first(), 102);
}

/* make -k goes on: nothing it did not get over, so the first */
static void goes_on_and_fails(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	die_at(3 * MS, 101, 0x100);
	fork_at(4 * MS, 102, ROOT);
	die_at(5 * MS, 102, 0x300);
	fork_at(6 * MS, 103, ROOT);
	die_at(7 * MS, 103, 0);
	die_at(8 * MS, ROOT, 0x200);
	assert_int_equal(first(), 101);
}

/* 137 is SIGKILL's; the exit 1 beside it, though earlier, is not */
static void status_names_the_signal(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	fork_at(2 * MS, 102, ROOT);
	fork_at(3 * MS, 103, 102);
	die_at(4 * MS, 101, 0x100);
	die_at(5 * MS, 103, SIGKILL);
	die_at(6 * MS, 102, 137 << 8);
	die_at(7 * MS, ROOT, 137 << 8);
	assert_int_equal(first(), 103);
}

/* Whoever was killed did not fail by its children; who died later is no cause */
static void struck_by_itself(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	fork_at(2 * MS, 102, ROOT);
	die_at(3 * MS, 101, 0x100);
	die_at(4 * MS, ROOT, SIGTERM);
	die_at(5 * MS, 102, SIGHUP);
	assert_int_equal(first(), ROOT);
}

static void own_failure(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	die_at(3 * MS, 101, 0);
	die_at(4 * MS, ROOT, 0x100);
	fork_at(2 * MS, 102, 101);
	die_at(5 * MS, 102, 0x100);	/* after the root: it is no cause */
	assert_int_equal(first(), ROOT);
}

static void failure_within_success(void **state)
{
	(void)state;
	tree_begin(SIZE_MAX);
	assert_int_equal(first(), 0);
	fork_at(2 * MS, 101, ROOT);
	fork_at(2 * MS, 102, ROOT);
	die_at(4 * MS, 101, 0x100);
	die_at(3 * MS, 102, 0x100);
	die_at(5 * MS, ROOT, 0);
	assert_int_equal(first(), 102);
}

/* exit(256): the parent sees 0, and it is a failure */
static void false_success(void **state)
{
	struct obituary o = death_of(3 * MS, 101, 0);

	(void)state;
	tree_begin(SIZE_MAX);
	fork_at(2 * MS, 101, ROOT);
	obituary_set(&o, OB_EXIT_VALUE);
	obituary_set(&o, OB_TRUNCATED);
	o.exit_value = 256;
	o.truncated = true;
	bury(&o);
	die_at(5 * MS, ROOT, 0);
	assert_int_equal(count().failed, 1);
	assert_int_equal(first(), 101);
}

/* --- views ------------------------------------------------------------------------- */

/* A root with 60 good children, of which the last has a bad one. */
static void large(size_t keep)
{
	uint32_t i;

	tree_begin(keep);
	for (i = 1; i <= 60; i++)
		fork_at((1 + i) * MS, ROOT + i, ROOT);
	fork_at(70 * MS, 200, 160);
	die_at(71 * MS, 200, 0x100);
	for (i = 1; i <= 59; i++)
		die_at((80 + i) * MS, ROOT + i, 0);
	die_at(150 * MS, 160, 0);
	die_at(151 * MS, ROOT, 0);
}

static unsigned int shown(void)
{
	struct tree_node *n = NULL;
	unsigned int nr = 0;

	while ((n = tree_next(tree, n)))
		nr += n->shown;
	return nr;
}

static void short_view(void **state)
{
	(void)state;
	large(SIZE_MAX);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 62), 0);
	assert_int_equal(shown(), 62);
	assert_int_equal(tree_root(tree)->hidden_ok, 0);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 61), 0);
	assert_int_equal(shown(), 3);	/* the bad one, 160 and the root */
	assert_int_equal(tree_root(tree)->hidden_ok, 59);
	assert_int_equal(node(160)->hidden_ok, 0);
	assert_true(node(200)->shown);
	assert_int_equal(tree_pick(tree, TREE_FULL, 1), 0);
	assert_int_equal(shown(), 62);
	assert_int_equal(tree_pick(tree, TREE_WANTED, 1), 0);
	assert_int_equal(shown(), 3);
}

/* The budget is kept; deaths by signal go before exits, the living too. */
static void budget(void **state)
{
	uint32_t i;

	(void)state;
	tree_begin(SIZE_MAX);
	for (i = 1; i <= 30; i++)
		fork_at((1 + i) * MS, ROOT + i, ROOT);
	for (i = 1; i <= 28; i++)
		die_at((80 + i) * MS, ROOT + i, 0x100);
	die_at(150 * MS, 129, SIGSEGV);
	die_at(151 * MS, ROOT, 0);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 6), 0);
	assert_int_equal(shown(), 6);
	assert_true(node(129)->shown);
	assert_true(node(130)->shown);	/* it lives */
	assert_true(node(101)->shown);	/* the first */
	assert_true(node(102)->shown);
	assert_false(node(128)->shown);
	assert_int_equal(tree_root(tree)->hidden_bad, 25);
	assert_int_equal(tree_root(tree)->hidden_ok, 0);
}

/* Of a tree too large to keep the counts stay, the failures and their line. */
static void folded(void **state)
{
	(void)state;
	large(3);
	assert_int_equal(count().total, 62);
	assert_int_equal(count().failed, 1);
	assert_non_null(node(200));
	assert_non_null(node(160));
	assert_null(node(101));
	assert_int_equal(tree_root(tree)->ok, 59);
	assert_int_equal(tree_pick(tree, TREE_SHORT, 100), 0);
	assert_int_equal(shown(), 3);
	assert_int_equal(tree_root(tree)->hidden_ok, 59);
	assert_int_equal(first(), 200);
}

/* Whole subtrees fold, once their top has ended, too. */
static void folded_subtree(void **state)
{
	(void)state;
	tree_begin(0);
	fork_at(2 * MS, 101, ROOT);
	fork_at(3 * MS, 102, 101);
	fork_at(4 * MS, 103, 102);
	die_at(5 * MS, 102, 0);
	assert_non_null(node(102));	/* its child lives */
	die_at(6 * MS, 103, 0);
	assert_null(node(102));
	assert_int_equal(node(101)->ok, 2);
	die_at(7 * MS, 101, 0);
	assert_int_equal(tree_root(tree)->ok, 3);
	assert_int_equal(count().alive, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(members, tree_end),
		cmocka_unit_test_teardown(sibling_by_clone, tree_end),
		cmocka_unit_test_teardown(lost_birth, tree_end),
		cmocka_unit_test_teardown(root_by_scan_or_name, tree_end),
		cmocka_unit_test_teardown(zombie_and_reaped, tree_end),
		cmocka_unit_test_teardown(shell_passes_on_the_last, tree_end),
		cmocka_unit_test_teardown(make_fails_by_the_first, tree_end),
		cmocka_unit_test_teardown(goes_on_and_fails, tree_end),
		cmocka_unit_test_teardown(status_names_the_signal, tree_end),
		cmocka_unit_test_teardown(struck_by_itself, tree_end),
		cmocka_unit_test_teardown(own_failure, tree_end),
		cmocka_unit_test_teardown(failure_within_success, tree_end),
		cmocka_unit_test_teardown(false_success, tree_end),
		cmocka_unit_test_teardown(short_view, tree_end),
		cmocka_unit_test_teardown(budget, tree_end),
		cmocka_unit_test_teardown(folded, tree_end),
		cmocka_unit_test_teardown(folded_subtree, tree_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
