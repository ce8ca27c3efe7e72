// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tracer waits before the parent does, instead of it, or takes its tracee
 * along when it dies.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

static struct victim *kid;

static void exits_2(struct victim *v)
{
	victim_hold(v);
	_exit(2);
}

static void ignores_kid(struct victim *m)
{
	signal(SIGCHLD, SIG_IGN);
	victim_fork(kid, exits_2);
	victim_hold(m);
	_exit(0);
}

DEATH_CASE("ptrace_waited", ptrace_waited, 0,
	   "the tracer reaps the child of a parent that ignores SIGCHLD")
{
	struct victim *m = victim_new("parent"), *v = victim_new("tracee");

	kid = v;
	victim_fork(m, ignores_kid);
	victim_base(m);
	victim_base(v);
	MUST(ptrace(PTRACE_SEIZE, v->pid, NULL, NULL));
	victim_go(v);
	victim_peek(v);
	nap_ms(40);
	victim_reap(v);
	died_exit(v, 2);
	expect(v, "fate", json_string("ptrace_waited"));
	expect(v, "sigchld", json_string("ignored"));
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
}

static void reaps_kid(struct victim *m)
{
	victim_fork(kid, exits_2);
	victim_hold(m);
	victim_reap(kid);
	victim_hold(m);
	_exit(0);
}

DEATH_CASE("ptrace_then_parent", ptrace_then_parent, 0,
	   "first the tracer waits, then the parent, who reaps")
{
	struct victim *m = victim_new("parent"), *v = victim_new("tracee");
	int status;

	kid = v;
	victim_fork(m, reaps_kid);
	victim_base(m);
	victim_base(v);
	MUST(ptrace(PTRACE_SEIZE, v->pid, NULL, NULL));
	victim_go(v);
	/* a zombie of its tracer, then of its parent: from either on */
	MUST(waitpid(v->pid, &status, __WALL));
	v->dead_hi = boot_ns();
	nap_ms(40);
	victim_go(m);
	victim_meet(m);
	if (v->status != status)
		case_fail("tracer saw %#x, parent %#x", status, v->status);
	died_exit(v, 2);
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
}

static void own_tracee(struct victim *v)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	victim_hold(v);
	_exit(2);
}

DEATH_CASE("ptrace_by_parent", ptrace_by_parent, 0,
	   "parent and tracer are one: waited, as ever")
{
	struct victim *v = victim_new("tracee");

	victim_fork(v, own_tracee);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 2);
}

static void traces(struct victim *t)
{
	if (ptrace(PTRACE_SEIZE, t->word[0], NULL, PTRACE_O_EXITKILL))
		_exit(90);
	victim_hold(t);
	_exit(0);
}

DEATH_CASE("ptrace_exitkill", ptrace_exitkill, 0,
	   "PTRACE_O_EXITKILL: the tracer dies, its tracee with it")
{
	struct victim *v = victim_new("tracee"), *t = victim_new("tracer");
	json_t *by;

	victim_fork(v, exits_2);
	victim_base(v);
	t->word[0] = v->pid;
	victim_fork(t, traces);
	victim_base(t);
	by = killer_of(t->pid, t->pid, SIGKILL);
	victim_doom(v);
	victim_go(t);
	victim_wait(t);
	died_exit(t, 0);
	victim_wait(v);
	died_signal(v, SIGKILL, "exitkill", by);
}
