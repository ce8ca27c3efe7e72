// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit_group by the i386 table: from 32-bit code, where the number is 252 and
 * the argument is in ebx, and from 64-bit code by int 0x80.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

#define VALUE 0x12345

static void int80(struct victim *v)
{
	victim_hold(v);
	__asm__ volatile("int $0x80" : : "a"(252), "b"(VALUE) : "memory");
	_exit(90);
}

/* A far return to the kernel's user code segment of 32 bits, at an address
 * that fits. */
static void compat(struct victim *v)
{
	static const unsigned char code[] = {
		0xb8, 252, 0, 0, 0,		/* mov $252, %eax */
		0xbb, 0x45, 0x23, 0x01, 0,	/* mov $0x12345, %ebx */
		0xcd, 0x80,			/* int $0x80 */
	};
	void *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		_exit(91);
	memcpy(low, code, sizeof(code));
	victim_hold(v);
	__asm__ volatile("pushq $0x23\n\tpushq %0\n\tlretq"
			 :
			 : "r"(low)
			 : "memory");
	_exit(90);
}

static struct victim *exits(void (*body)(struct victim *))
{
	struct victim *v = victim_new("i386");

	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	if (WIFSIGNALED(v->status) || WEXITSTATUS(v->status) == 90)
		case_skip("missing feature: no i386 system calls");
	died_exit(v, VALUE);
	return v;
}

DEATH_CASE("exit_i386", exit_i386, 0, "32-bit code: exit_group(0x12345)")
{
	exits(compat);
}

DEATH_CASE("exit_int80", exit_int80, 0,
	   "64-bit code by int 0x80: exit_group(0x12345)")
{
	/* cs is that of 64 bits, so that 252 may be of either table: the
	 * argument or, where nobody looks deeper, nothing */
	struct victim *v = exits(int80);

	expect(v, "exit_value", m_or(json_integer(VALUE), json_null()));
	expect(v, "truncated", m_or(json_true(), json_null()));
}
