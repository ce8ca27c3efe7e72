// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_child: a command whose own death nobody saw, with all that it left.
 * Says by hand what a witness would have; the command is real, and waitid(2)
 * tells when it has ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmd/child.h"
#include "lib/clock.h"
#include "lib/timefmt.h"
#include "procfs.h"

static struct child child;

static char *const command[] = { (char *)"sh", (char *)"-c", (char *)"exit 1",
				 NULL };

static struct obit_task task(uint32_t tgid)
{
	struct obit_task t = { .tgid = tgid, .tid = tgid };
	struct proc_stat st;

	assert_int_equal(procfs_stat(tgid, 0, &st), 0);
	t.start_boottime = st.start_ticks * (NSEC_PER_SEC / 100);
	return t;
}

static struct obit_task born(uint32_t tgid, const struct obit_task *parent)
{
	struct obit_fork f = { .hdr.type = OBIT_EV_FORK,
			       .hdr.boot_ns = boot_now(),
			       .task = task(tgid),
			       .forker = *parent,
			       .real_parent = *parent };

	assert_int_equal(tree_event(child.tree, &f.hdr), 0);
	return f.task;
}

/* Its birth is told, its end will not be. visible: /proc shows all. */
static struct obit_task begin(bool visible)
{
	const struct child_opts o = { .as_root = true };
	struct obit_task self = task((uint32_t)getpid());

	memset(&child, 0, sizeof(child));
	assert_int_equal(child_init(&child, &o), 0);
	/* The numbers of this test are those of its /proc. */
	child.initial = true;
	child.visible = visible;
	assert_int_equal(child_begin(&child, command, 4096), 0);
	return born((uint32_t)child.spawn.pid, &self);
}

static void wait_until_dead(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		;
}

/* Ten seconds are more than it may take on any machine. */
static bool is_over_soon(void)
{
	uint64_t end = boot_now() + 10 * NSEC_PER_SEC;

	while (!child_is_over(&child, true)) {
		if (boot_now() > end)
			return false;
		usleep(5000);
	}
	return true;
}

static const struct tree_node *conclude(void)
{
	bool became;

	child_wait(&child);
	assert_int_equal(child_conclude(&child, command, &became), 1);
	assert_true(became);
	child_bury_unseen(&child, command);
	return tree_root(child.tree);
}

/* What it left behind ends later: that is not when it did. */
static void its_end_is_its_own(void **state)
{
	uint64_t latest, at_least;
	struct obit_exit x = { .hdr.type = OBIT_EV_EXIT };
	const struct tree_node *root;
	struct obit_task self;
	pid_t other;
	int hold[2];
	char c;

	(void)state;
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	other = fork();
	assert_true(other >= 0);
	if (!other) {
		close(hold[1]);
		while (read(hold[0], &c, 1) > 0)
			;
		_exit(0);
	}
	close(hold[0]);
	self = begin(true);
	x.task = born((uint32_t)other, &self);
	child_go(&child);
	wait_until_dead(child.spawn.pid);
	assert_false(child_is_over(&child, true));
	latest = boot_now();
	/* Longer than anybody waits for a record. */
	at_least = latest + 700 * NSEC_PER_MSEC;
	while (boot_now() < at_least) {
		assert_false(child_is_over(&child, true));
		usleep(5000);
	}
	close(hold[1]);
	wait_until_dead(other);
	x.hdr.boot_ns = boot_now();
	assert_int_equal(tree_event(child.tree, &x.hdr), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_true(is_over_soon());
	root = conclude();
	assert_true(root->told);
	assert_in_range(root->died_ns, root->born_ns, latest);
	assert_in_range(root->life_ns, 0, latest - root->born_ns);
	child_end(&child);
}

/* In a container, say: /proc does not have it, the witness has lost its end. */
static void its_end_is_not_waited_for(void **state)
{
	const struct tree_node *root;

	(void)state;
	begin(false);
	child_go(&child);
	wait_until_dead(child.spawn.pid);
	assert_true(is_over_soon());
	root = conclude();
	assert_true(root->told);
	assert_int_equal(root->state, TREE_DEAD);
	assert_int_equal(root->ob->exit_status, 1);
	child_end(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_end_is_its_own),
		cmocka_unit_test(its_end_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
