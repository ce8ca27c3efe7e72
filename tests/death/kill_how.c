// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killed from outside by every other call that can: sigqueue, tgkill to a
 * thread, a pidfd, a whole process group.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kill.h"

static int by_sigqueue(struct victim *k, pid_t target, int sig)
{
	(void)k;
	return sigqueue(target, sig, (union sigval){ .sival_int = 42 });
}

static int by_pidfd(struct victim *k, pid_t target, int sig)
{
	int fd = syscall(SYS_pidfd_open, target, 0);

	(void)k;
	return syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

static int by_tgkill(struct victim *k, pid_t target, int sig)
{
	return sys_tgkill(target, k->word[2], sig);
}

static int by_pgrp(struct victim *k, pid_t target, int sig)
{
	(void)k;
	return kill(-target, sig);
}

static void killed_by(int sig, int (*how)(struct victim *, pid_t, int))
{
	struct victim *v = victim_new("killed"), *k;
	json_t *by;

	victim_fork(v, hold_for_ever);
	victim_base(v);
	k = killer_new(v, sig, how);
	by = killer_of(k->pid, k->pid, sig);
	killer_strike(k, v);
	died_signal(v, sig, "signal", by);
}

DEATH_CASE("kill_sigqueue", kill_sigqueue, 0, "sigqueue(3): SI_QUEUE")
{
	killed_by(SIGUSR2, by_sigqueue);
}

DEATH_CASE("kill_pidfd", kill_pidfd, 0, "pidfd_send_signal(2)")
{
	killed_by(SIGTERM, by_pidfd);
}

static void second_thread(struct victim *v)
{
	v->word[0] = sys_gettid();
	victim_hold(v);
	pause();
}

static void two_threads(struct victim *v)
{
	thread_start(second_thread, v);
	for (;;)
		pause();
}

DEATH_CASE("kill_tgkill", kill_tgkill, 0, "tgkill(2) to one thread kills all")
{
	struct victim *v = victim_new("killed"), *k;
	json_t *by;

	victim_fork(v, two_threads);
	victim_base(v);
	expect_thread(v, v->word[0]);
	k = killer_new(v, SIGTERM, by_tgkill);
	k->word[2] = v->word[0];
	by = killer_of(k->pid, k->pid, SIGTERM);
	killer_strike(k, v);
	died_signal(v, SIGTERM, "signal", by);
	expect(v, "threads", json_integer(2));
}

static void in_group(struct victim *v)
{
	setpgid(0, v->word[0]);
	hold_for_ever(v);
}

DEATH_CASE("kill_pgrp", kill_pgrp, 0, "kill(-pgrp): each its own obituary")
{
	struct victim *a = victim_new("first"), *b = victim_new("second"), *k;
	json_t *by;

	victim_fork(a, in_group);
	victim_base(a);
	b->word[0] = a->pid;
	victim_fork(b, in_group);
	victim_base(b);
	if (b->p->pgid != a->pid)
		case_fail("not in one group");
	k = killer_new(a, SIGTERM, by_pgrp);
	by = killer_of(k->pid, k->pid, SIGTERM);
	victim_doom(b);
	killer_strike(k, a);
	victim_wait(b);
	died_signal(a, SIGTERM, "signal", json_incref(by));
	died_signal(b, SIGTERM, "signal", by);
}
