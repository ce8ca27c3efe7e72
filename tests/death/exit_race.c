// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads call exit_group at once: the kernel takes one, wait4 tells its
 * low byte, and only where the bytes differ can anybody tell which it was.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

static void racer(struct victim *v)
{
	v->word[0] = 1;
	while (!v->word[1])
		;
	syscall(SYS_exit_group, v->word[3]);
}

static void race(struct victim *v)
{
	thread_start(racer, v);
	while (!v->word[0])
		nap_ms(1);
	victim_hold(v);
	v->word[1] = 1;
	syscall(SYS_exit_group, v->word[2]);
}

static struct victim *raced(int a, int b)
{
	struct victim *v = victim_new("racer");

	v->word[2] = a;
	v->word[3] = b;
	victim_fork(v, race);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	return v;
}

DEATH_CASE("race_bytes_differ", race_bytes_differ, 0,
	   "exit_group(0x101) against exit_group(0x202)")
{
	for (int i = 0; i < 10; i++) {
		struct victim *v = raced(0x101, 0x202);

		died_exit(v, WEXITSTATUS(v->status) == 1 ? 0x101 : 0x202);
		expect(v, "threads", json_integer(2));
	}
}

DEATH_CASE("race_same_byte", race_same_byte, 0,
	   "exit_group(0x105) against exit_group(0x205): nobody can tell")
{
	for (int i = 0; i < 5; i++) {
		struct victim *v = raced(0x105, 0x205);

		died_exit(v, 0x105);
		expect(v, "exit_value",
		       m_or(json_null(),
			    m_or(json_integer(0x105), json_integer(0x205))));
		/* both are, whichever it was */
		expect(v, "truncated", m_or(json_true(), json_null()));
	}
}
