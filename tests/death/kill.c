// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killed from outside by kill(2): every shape of signal number. Fatal ones
 * that dump no core are rewritten to SIGKILL on their way (complete_signal),
 * so only who generated them tells.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "kill.h"

static int (*strike)(struct victim *, pid_t, int);

static void killer_body(struct victim *k)
{
	victim_hold(k);
	k->stamp[0] = boot_ns();
	if (strike(k, k->word[0], k->word[1]))
		_exit(1);
	k->stamp[1] = boot_ns();
	_exit(0);
}

struct victim *killer_new(struct victim *target, int sig,
			  int (*do_it)(struct victim *k, pid_t target, int sig))
{
	struct victim *k = victim_new("killer");

	k->word[0] = target->pid;
	k->word[1] = sig;
	strike = do_it;
	victim_fork(k, killer_body);
	victim_base(k);
	return k;
}

void killer_strike(struct victim *k, struct victim *target)
{
	if (target)
		victim_doom(target);
	victim_go(k);
	if (target)
		victim_wait(target);
	victim_wait(k);
	died_exit(k, 0);
}

int plain_kill(struct victim *k, pid_t target, int sig)
{
	(void)k;
	return kill(target, sig);
}

void hold_for_ever(struct victim *v)
{
	for (;;)
		victim_hold(v);
}

static void killed_by(int sig)
{
	struct victim *v = victim_new("killed"), *k;
	json_t *by;

	victim_fork(v, hold_for_ever);
	victim_base(v);
	k = killer_new(v, sig, plain_kill);
	by = killer_of(k->pid, k->pid, sig);
	killer_strike(k, v);
	died_signal(v, sig, "signal", by);
}

DEATH_CASE("kill_sigterm", kill_sigterm, 0, "SIGTERM from another process")
{
	killed_by(SIGTERM);
}
DEATH_CASE("kill_sigkill", kill_sigkill, 0, "SIGKILL from another process")
{
	killed_by(SIGKILL);
}
DEATH_CASE("kill_sigusr1", kill_sigusr1, 0, "SIGUSR1: a name with a digit")
{
	killed_by(SIGUSR1);
}
DEATH_CASE("kill_sigquit", kill_sigquit, 0,
	   "SIGQUIT: a core signal, RLIMIT_CORE 0")
{
	killed_by(SIGQUIT);
}
DEATH_CASE("kill_sighup", kill_sighup, 0, "SIGHUP by kill(2): no hangup")
{
	killed_by(SIGHUP);
}
DEATH_CASE("kill_rt", kill_rt, 0, "a real-time signal, SIGRTMIN+3")
{
	killed_by(SIGRTMIN + 3);
}
DEATH_CASE("kill_segv", kill_segv, 0, "SIGSEGV by kill(2) is no fault")
{
	killed_by(SIGSEGV);
}

DEATH_CASE("kill_from_parent", kill_from_parent, 0, "SIGTERM by the parent")
{
	struct victim *v = victim_new("killed");

	victim_fork(v, hold_for_ever);
	victim_base(v);
	victim_doom(v);
	MUST(kill(v->pid, SIGTERM));
	victim_wait(v);
	died_signal(v, SIGTERM, "signal",
		    killer_of(getpid(), getpid(), SIGTERM));
}
