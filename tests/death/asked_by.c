// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handler took a terminating signal before the death: why did my service
 * stop? Somebody asked it to.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "kill.h"

static void nothing(int sig)
{
	(void)sig;
}

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

static void polite(struct victim *v)
{
	set_handler(SIGTERM, leave);
	hold_for_ever(v);
}

DEATH_CASE("asked_exit_0", asked_exit_0, 0, "a SIGTERM handler exits 0")
{
	struct victim *v = victim_new("polite"), *k;
	json_t *by;

	victim_fork(v, polite);
	victim_base(v);
	k = killer_new(v, SIGTERM, plain_kill);
	by = killer_of(k->pid, k->pid, SIGTERM);
	killer_strike(k, v);
	died_exit(v, 0);
	expect_asked_by(v, by, k->stamp[0], v->dead_hi);
}

static void stubborn(struct victim *v)
{
	set_handler(SIGTERM, nothing);
	victim_hold(v);
	/* EINTR of the first: the handler has run */
	hold_for_ever(v);
}

DEATH_CASE("asked_then_killed", asked_then_killed, 0,
	   "SIGTERM is handled, 40 ms later SIGKILL by another")
{
	struct victim *v = victim_new("stubborn"), *k;
	json_t *asker, *by;
	u64 lo, hi;

	victim_fork(v, stubborn);
	victim_base(v);
	asker = killer_of(getpid(), getpid(), SIGTERM);
	lo = boot_ns();
	MUST(kill(v->pid, SIGTERM));
	hi = boot_ns();
	nap_ms(40);
	k = killer_new(v, SIGKILL, plain_kill);
	by = killer_of(k->pid, k->pid, SIGKILL);
	killer_strike(k, v);
	died_signal(v, SIGKILL, "signal", by);
	expect_asked_by(v, asker, lo, hi);
}

static void handles_term(struct victim *v)
{
	setpgid(0, v->word[0]);
	set_handler(SIGTERM, nothing);
	hold_for_ever(v);
}

static int kill_group(struct victim *k, pid_t target, int sig)
{
	(void)k;
	return kill(-target, sig);
}

DEATH_CASE("asked_group", asked_group, 0,
	   "a group with handlers: SIGTERM, then SIGKILL to all of it")
{
	struct victim *a = victim_new("first"), *b = victim_new("second"), *k;
	json_t *asker, *by;
	u64 lo, hi;

	victim_fork(a, handles_term);
	victim_base(a);
	b->word[0] = a->pid;
	victim_fork(b, handles_term);
	victim_base(b);
	asker = killer_of(getpid(), getpid(), SIGTERM);
	lo = boot_ns();
	MUST(kill(-a->pid, SIGTERM));
	hi = boot_ns();
	nap_ms(20);
	k = killer_new(a, SIGKILL, kill_group);
	by = killer_of(k->pid, k->pid, SIGKILL);
	victim_doom(b);
	killer_strike(k, a);
	victim_wait(b);
	died_signal(a, SIGKILL, "signal", json_deep_copy(by));
	died_signal(b, SIGKILL, "signal", by);
	expect_asked_by(a, json_deep_copy(asker), lo, hi);
	expect_asked_by(b, asker, lo, hi);
}

static void self_asked(struct victim *v)
{
	set_handler(SIGTERM, nothing);
	victim_hold(v);
	raise(SIGTERM);
	_exit(3);
}

DEATH_CASE("asked_by_itself", asked_by_itself, 0,
	   "a handler took its own signal: nobody asked from outside")
{
	struct victim *v = victim_new("selfasked");

	victim_fork(v, self_asked);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 3);
}

static void ignores(struct victim *v)
{
	signal(SIGTERM, SIG_IGN);
	victim_hold(v);
	_exit(3);
}

DEATH_CASE("asked_ignored", asked_ignored, 0, "an ignored SIGTERM asked nobody")
{
	struct victim *v = victim_new("deaf");

	victim_fork(v, ignores);
	victim_base(v);
	MUST(kill(v->pid, SIGTERM));
	victim_go(v);
	victim_wait(v);
	died_exit(v, 3);
}
