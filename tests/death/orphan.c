// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: adopted while they live, or as zombies when their parent dies; by
 * the nearest subreaper, or by one that ignores them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

static struct victim *kid;

static void exits_9(struct victim *v)
{
	victim_hold(v);
	_exit(9);
}

static void has_kid(struct victim *m)
{
	victim_fork(kid, exits_9);
	victim_hold(m);
	_exit(0);
}

DEATH_CASE("orphan_adopted", orphan_adopted, 0,
	   "its parent died first: its parent at death is the adopter")
{
	struct victim *m = victim_new("parent"), *v = victim_new("orphan");

	kid = v;
	victim_fork(m, has_kid);
	victim_base(m);
	victim_base(v);
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	victim_adopted(v);
	if (v->p->ppid != getpid())
		case_fail("adopted by %d", v->p->ppid);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 9);
}

static void leaves_zombie(struct victim *m)
{
	victim_fork(kid, exits_9);
	victim_hold(m);
	victim_peek(kid);
	victim_hold(m);
	_exit(0);
}

DEATH_CASE("zombie_reparented", zombie_reparented, 0,
	   "a zombie's parent dies: a subreaper gets and reaps it")
{
	struct victim *m = victim_new("parent"), *v = victim_new("orphan");

	kid = v;
	victim_fork(m, leaves_zombie);
	victim_base(m);
	victim_base(v);
	victim_go(v);
	victim_go(m);
	victim_meet(m);
	nap_ms(40);
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	nap_ms(40);
	victim_reap(v);
	died_exit(v, 9);
	expect_new_parent(v, getpid());
}

static void adopts(struct victim *s)
{
	struct victim *m = (struct victim *)s + 1;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	victim_fork(m, leaves_zombie);
	victim_hold(s);
	victim_wait(m);
	victim_hold(s);
	victim_reap(kid);
	victim_hold(s);
	_exit(0);
}

DEATH_CASE("zombie_to_subreaper", zombie_to_subreaper, 0,
	   "the nearest subreaper adopts and reaps, not the outer one")
{
	struct victim *s = victim_new("subreaper"), *m = victim_new("parent");
	struct victim *v = victim_new("orphan");

	kid = v;
	victim_fork(s, adopts);
	victim_base(s);
	victim_base(m);
	victim_base(v);
	victim_go(v);
	victim_go(m);
	victim_meet(m);
	nap_ms(30);
	victim_go(m);
	victim_go(s);
	victim_meet(s);
	died_exit(m, 0);
	nap_ms(30);
	victim_go(s);
	victim_meet(s);
	died_exit(v, 9);
	expect_new_parent(v, s->pid);
	victim_go(s);
	victim_wait(s);
	died_exit(s, 0);
}

static bool is_gone(void *v)
{
	return kill(((struct victim *)v)->pid, 0);
}

DEATH_CASE("zombie_dropped", zombie_dropped, 0,
	   "a zombie's adopter ignores SIGCHLD: released as its parent dies")
{
	struct victim *m = victim_new("parent"), *v = victim_new("orphan");

	kid = v;
	victim_fork(m, leaves_zombie);
	victim_base(m);
	victim_base(v);
	victim_open(m);
	signal(SIGCHLD, SIG_IGN);
	victim_go(v);
	victim_go(m);
	victim_meet(m);
	nap_ms(60);
	v->rel_lo = boot_ns();
	victim_go(m);
	victim_gone(m);
	/* released a moment after its parent is told dead */
	if (!wait_until(is_gone, v, 5000))
		case_fail("the zombie outlived its parent");
	v->rel_hi = boot_ns();
	died_exit(m, 0);
	expect_autoreaped(m, "ignored");
	if (v->peek_status != 9)
		case_fail("waitid says %d", v->peek_status);
	died_exit(v, 9);
	/* it was its parent's to hear when it died */
	expect(v, "sigchld", json_string("default"));
	expect_new_parent(v, getpid());
}
