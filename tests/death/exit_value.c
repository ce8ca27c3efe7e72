// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain exits: the argument is 32 bit, the parent sees the low 8 of them.
 * exit(256) is the false success that a tool reading the status hides.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

static void body(struct victim *v)
{
	victim_hold(v);
	for (;;)
		syscall(SYS_exit_group, v->word[0]);
}

static void exits(int value)
{
	struct victim *v = victim_new("exiter");

	v->word[0] = value;
	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, value);
}

DEATH_CASE("exit_0", exit_0, 0, "exit(0)")
{
	exits(0);
}
DEATH_CASE("exit_3", exit_3, 0, "exit(3)")
{
	exits(3);
}
DEATH_CASE("exit_255", exit_255, 0, "exit(255): not truncated")
{
	exits(255);
}
DEATH_CASE("exit_256", exit_256, 0, "exit(256) is 0 to the parent")
{
	exits(256);
}
DEATH_CASE("exit_minus1", exit_minus1, 0, "exit(-1) is 255, not truncated")
{
	exits(-1);
}
DEATH_CASE("exit_minus129", exit_minus129, 0, "exit(-129) is 127, truncated")
{
	exits(-129);
}
DEATH_CASE("exit_32bit", exit_32bit, 0, "exit(0x12345678)")
{
	exits(0x12345678);
}
DEATH_CASE("exit_int_min", exit_int_min, 0, "exit(INT_MIN)")
{
	exits((int)0x80000000);
}
DEATH_CASE("exit_126", exit_126, 0, "the shell's \"cannot execute\"")
{
	exits(126);
}
DEATH_CASE("exit_127", exit_127, 0, "the shell's \"not found\"")
{
	exits(127);
}
DEATH_CASE("exit_137", exit_137, 0, "128+9: as if by SIGKILL, yet an exit")
{
	exits(137);
}
DEATH_CASE("exit_sysexits", exit_sysexits, 0, "every name of sysexits.h")
{
	for (int i = 64; i <= 78; i++)
		exits(i);
}
