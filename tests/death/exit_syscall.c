// SPDX-License-Identifier: GPL-2.0-only
/*
 * A single thread that leaves by exit(2), not exit_group(2): the same death by
 * another system call.
 */
#include "death.h"

static void body(struct victim *v)
{
	victim_hold(v);
	sys_exit(0x505);
}

DEATH_CASE("exit_syscall", exit_syscall, 0, "SYS_exit by the only thread")
{
	struct victim *v = victim_new("sysexit");

	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0x505);
}
