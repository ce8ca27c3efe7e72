// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children that are no plain fork: vfork, another exit signal or none, a
 * sibling by CLONE_PARENT. How the parent would hear differs.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

static void exits_6(struct victim *v)
{
	victim_hold(v);
	_exit(6);
}

DEATH_CASE("clone_no_signal", clone_no_signal, 0,
	   "exit_signal 0: the parent hears nothing and waits by __WALL")
{
	struct victim *v = victim_new("silent");

	victim_clone(v, 0, exits_6);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 6);
	expect(v, "sigchld", json_string("none"));
}

DEATH_CASE("clone_sigusr1", clone_sigusr1, 0, "exit_signal SIGUSR1")
{
	struct victim *v = victim_new("usr1child");

	signal(SIGUSR1, SIG_IGN);
	victim_clone(v, SIGUSR1, exits_6);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 6);
	expect(v, "sigchld", json_string("other"));
}

static struct victim *sibling;

static void makes_sibling(struct victim *v)
{
	victim_clone(sibling, CLONE_PARENT | SIGCHLD, exits_6);
	victim_hold(v);
	_exit(1);
}

DEATH_CASE("clone_parent", clone_parent, 0,
	   "CLONE_PARENT: the child of its maker's parent")
{
	struct victim *v = victim_new("maker");

	sibling = victim_new("sibling");
	victim_fork(v, makes_sibling);
	victim_base(v);
	victim_base(sibling);
	if (sibling->p->ppid != getpid())
		case_fail("CLONE_PARENT did not take");
	victim_go(sibling);
	victim_wait(sibling);
	died_exit(sibling, 6);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 1);
}

static struct victim *guest;

static void vforks(struct victim *v)
{
	struct victim *g = guest;
	pid_t pid = vfork();

	if (!pid) {
		victim_hold(g);
		_exit(0x10b);
	}
	g->word[0] = pid;
	victim_wait(g);
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("vfork", vfork_case, 0, "a vfork child in its parent's memory")
{
	struct victim *v = victim_new("vforker");

	guest = victim_new("vforker");
	victim_fork(v, vforks);
	victim_base(guest);
	if (guest->pid == v->pid)
		case_fail("no child of its own");
	victim_go(guest);
	victim_base(v);
	died_exit(guest, 0x10b);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
}
