// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain deaths in circumstances that confuse: a login uid, a user namespace, a
 * session of its own, a stopped victim, a group that changed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kill.h"

static void logs_in(struct victim *v)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	v->word[0] = fd >= 0 && write(fd, "4711", 4) == 4;
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("loginuid", loginuid, 0, "a login uid of its own")
{
	struct victim *v = victim_new("login");

	victim_fork(v, logs_in);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	if (!v->word[0])
		case_skip("missing feature: loginuid cannot be set");
	if (v->p->loginuid != 4711)
		case_fail("loginuid did not take");
	died_exit(v, 0);
}

static void in_userns(struct victim *v)
{
	v->word[0] = !unshare(CLONE_NEWUSER);
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("userns", userns, 0,
	   "nobody in a user namespace is root here: real ids")
{
	struct victim *v = victim_new("userns");

	victim_fork(v, in_userns);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	if (!v->word[0])
		case_skip("missing feature: no user namespaces");
	died_exit(v, 0);
}

static void new_session(struct victim *v)
{
	setsid();
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("session", session_case, 0, "leader of a session with no terminal")
{
	struct victim *v = victim_new("session");

	victim_fork(v, new_session);
	victim_base(v);
	if (v->p->sid != v->pid || v->p->pgid != v->pid)
		case_fail("setsid did not take");
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
}

static bool is_stopped(void *v)
{
	return task_state(((struct victim *)v)->pid, 0, 'T');
}

DEATH_CASE("stopped_killed", stopped_killed, 0, "SIGKILL takes a stopped one")
{
	struct victim *v = victim_new("stopped"), *k;
	json_t *by;

	victim_fork(v, hold_for_ever);
	victim_base(v);
	MUST(kill(v->pid, SIGSTOP));
	if (!wait_until(is_stopped, v, 5000))
		case_fail("does not stop");
	k = killer_new(v, SIGKILL, plain_kill);
	by = killer_of(k->pid, k->pid, SIGKILL);
	killer_strike(k, v);
	died_signal(v, SIGKILL, "signal", by);
}

/* A pending signal that is fatal the moment it is unblocked: its sender, not
 * the one who unblocked it. */
static void unblocks(struct victim *v)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	victim_hold(v);
	victim_hold(v);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(90);
}

DEATH_CASE("pending_signal", pending_signal, 0,
	   "SIGTERM is blocked, pending, and fatal when unblocked")
{
	struct victim *v = victim_new("blocker"), *k;
	json_t *by;

	victim_fork(v, unblocks);
	victim_base(v);
	k = killer_new(v, SIGTERM, plain_kill);
	by = killer_of(k->pid, k->pid, SIGTERM);
	killer_strike(k, NULL);
	victim_go(v);
	victim_meet(v);
	nap_ms(20);
	victim_go(v);
	victim_wait(v);
	v->go_ns = k->go_ns;	/* reapable counts from the signal */
	died_signal(v, SIGTERM, "signal", by);
}

/* Killed twice: whose signal came first decides. */
DEATH_CASE("killed_in_group_exit", killed_in_group_exit, 0,
	   "SIGTERM from one, SIGKILL from another a moment later")
{
	struct victim *v = victim_new("twice");
	json_t *by;

	victim_fork(v, hold_for_ever);
	victim_base(v);
	by = killer_of(getpid(), getpid(), SIGTERM);
	victim_doom(v);
	MUST(kill(v->pid, SIGTERM));
	kill(v->pid, SIGKILL);
	victim_wait(v);
	died_signal(v, SIGTERM, "signal", by);
}
