// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux 7.1's clone flags: a child that nobody need reap, and one that dies
 * when the pidfd of its birth is closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

#define AUTOREAP (1ULL << 34)		/* CLONE_AUTOREAP */
#define AUTOKILL (1ULL << 36)		/* CLONE_PIDFD_AUTOKILL */

static void exits_11(struct victim *v)
{
	victim_hold(v);
	_exit(11);
}

/* Its pidfd, which is v->pidfd too. */
static void clone3_as(struct victim *v, u64 flags)
{
	int fd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD | flags,
				   .pidfd = (uintptr_t)&fd };
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0 && errno == EINVAL)
		case_skip("missing feature: clone3 flags of 7.1");
	if (pid < 0)
		case_fail("clone3: %m");
	if (!pid) {
		prctl(PR_SET_NAME, v->label);
		exits_11(v);
	}
	v->pid = pid;
	v->pidfd = fd;
}

DEATH_CASE("clone_autoreap", clone_autoreap, 0,
	   "CLONE_AUTOREAP: reaped by nobody, whatever SIGCHLD is")
{
	struct victim *v = victim_new("autoreap");

	clone3_as(v, AUTOREAP);
	victim_base(v);
	victim_go(v);
	victim_gone(v);
	died_exit(v, 11);
	expect_autoreaped(v, "autoreap");
}

DEATH_CASE("pidfd_autokill", pidfd_autokill, 0,
	   "CLONE_PIDFD_AUTOKILL: the pidfd is closed, SIGKILL")
{
	struct victim *v = victim_new("autokill");
	int birth;

	clone3_as(v, AUTOREAP | AUTOKILL);
	victim_base(v);
	birth = v->pidfd;
	victim_open(v);		/* another, of its own file */
	victim_doom(v);
	close(birth);
	victim_gone(v);
	died_signal(v, SIGKILL, "pidfd_autokill",
		    killer_of(getpid(), getpid(), SIGKILL));
	expect_autoreaped(v, "autoreap");
	expect(v, "reapable_ns", m_or(json_null(), m_reapable(v)));
}
