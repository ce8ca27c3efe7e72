// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killer and killed are nobody's: ids that are not root's, set after the
 * fork, and a sender that has gone before its victim is reaped.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kill.h"

#define UID 61234
#define GID 61235

static void lower(struct victim *v)
{
	if (syscall(SYS_setgroups, 0, NULL) || setresgid(GID, GID, GID) ||
	    setresuid(UID, UID, UID))
		_exit(90);
	hold_for_ever(v);
}

static int lower_and_kill(struct victim *k, pid_t target, int sig)
{
	(void)k;
	if (kill(target, sig))
		return -1;
	return 0;
}

static void lower_killer(struct victim *k)
{
	if (setresuid(UID, UID, UID))
		_exit(90);
	victim_hold(k);
	if (lower_and_kill(k, k->word[0], SIGTERM))
		_exit(1);
	_exit(0);
}

DEATH_CASE("kill_by_uid", kill_by_uid, 0,
	   "another uid's process kills its like and is gone first")
{
	struct victim *v = victim_new("killed"), *k = victim_new("killer");
	json_t *by;

	victim_fork(v, lower);
	victim_base(v);
	if (v->p->uid != UID || v->p->gid != GID)
		case_fail("ids did not take");
	k->word[0] = v->pid;
	victim_fork(k, lower_killer);
	victim_base(k);
	by = killer_of(k->pid, k->pid, SIGTERM);
	victim_doom(v);
	victim_go(k);
	victim_wait(k);
	died_exit(k, 0);
	nap_ms(30);
	victim_wait(v);
	died_signal(v, SIGTERM, "signal", by);
}

static void sets_all(struct victim *v)
{
	if (setresgid(GID, GID, GID) || setresuid(UID, UID, UID))
		_exit(90);
	victim_hold(v);
	_exit(5);
}

DEATH_CASE("setuid", setuid_case, 0, "ids changed since the fork, plain exit")
{
	struct victim *v = victim_new("setuid");

	victim_fork(v, sets_all);
	victim_base(v);
	if (v->p->uid != UID)
		case_fail("uid did not take");
	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
}
