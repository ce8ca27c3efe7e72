// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killed by its own hand: abort, raise, kill to itself. The killer is itself,
 * by tid and signal, and never "signal" as a cause. Faults are in fault.c.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "death.h"

static void aborts(struct victim *v)
{
	victim_hold(v);
	abort();
}

static void raises(struct victim *v)
{
	victim_hold(v);
	raise(SIGUSR1);
	for (;;)
		pause();
}

static void kills(struct victim *v)
{
	victim_hold(v);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static void by_itself(void (*body)(struct victim *), int sig)
{
	struct victim *v = victim_new("self");
	json_t *by;

	victim_fork(v, body);
	victim_base(v);
	by = killer_of(v->pid, v->pid, sig);
	victim_go(v);
	victim_wait(v);
	died_signal(v, sig, "self", by);
}

DEATH_CASE("self_abort", self_abort, 0, "abort()")
{
	by_itself(aborts, SIGABRT);
}
DEATH_CASE("self_raise", self_raise, 0, "raise(SIGUSR1)")
{
	by_itself(raises, SIGUSR1);
}
DEATH_CASE("self_kill", self_kill, 0, "kill(getpid(), SIGKILL)")
{
	by_itself(kills, SIGKILL);
}
