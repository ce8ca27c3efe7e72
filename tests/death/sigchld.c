// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a parent would hear: the disposition of SIGCHLD when its child dies, and
 * the two that let the kernel reap it at once.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "death.h"

static void exits_4(struct victim *v)
{
	victim_hold(v);
	_exit(0x304);
}

static void waits_to_die(struct victim *v)
{
	for (;;)
		victim_hold(v);
}

static void nothing(int sig)
{
	(void)sig;
}

static void heard(const char *how)
{
	struct victim *v = victim_new("child");

	victim_fork(v, exits_4);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0x304);
	expect(v, "sigchld", json_string(how));
}

DEATH_CASE("sigchld_handler", sigchld_handler, 0, "the parent has a handler")
{
	MUST(set_handler(SIGCHLD, nothing));
	heard("handler");
}

DEATH_CASE("sigchld_blocked", sigchld_blocked, 0, "the parent blocks SIGCHLD")
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	heard("blocked");
}

static void vanishes(const char *how)
{
	struct victim *v = victim_new("autoreaped");

	victim_fork(v, exits_4);
	victim_base(v);
	victim_open(v);
	victim_go(v);
	victim_gone(v);
	died_exit(v, 0x304);
	expect_autoreaped(v, how);
}

DEATH_CASE("autoreap_ignored", autoreap_ignored, 0,
	   "SIGCHLD ignored: no zombie, nobody waits")
{
	signal(SIGCHLD, SIG_IGN);
	vanishes("ignored");
}

DEATH_CASE("autoreap_nocldwait", autoreap_nocldwait, 0, "SA_NOCLDWAIT")
{
	struct sigaction sa = { .sa_handler = SIG_DFL,
				.sa_flags = SA_NOCLDWAIT };

	MUST(sigaction(SIGCHLD, &sa, NULL));
	vanishes("nocldwait");
}

DEATH_CASE("autoreap_nocldwait_handler", autoreap_nocldwait_handler, 0,
	   "SA_NOCLDWAIT with a handler: told, yet reaped at once")
{
	struct sigaction sa = { .sa_handler = nothing,
				.sa_flags = SA_NOCLDWAIT };

	MUST(sigaction(SIGCHLD, &sa, NULL));
	vanishes("nocldwait");
}

DEATH_CASE("autoreap_killed", autoreap_killed, 0,
	   "killed under a parent that ignores SIGCHLD")
{
	struct victim *v = victim_new("autoreaped");

	signal(SIGCHLD, SIG_IGN);
	victim_fork(v, waits_to_die);
	victim_base(v);
	victim_open(v);
	victim_doom(v);
	MUST(kill(v->pid, SIGUSR2));
	victim_gone(v);
	died_signal(v, SIGUSR2, "signal",
		    killer_of(getpid(), getpid(), SIGUSR2));
	expect_autoreaped(v, "ignored");
}
