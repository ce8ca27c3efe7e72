// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processor's own verdict: SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP. No
 * killer, and no core as RLIMIT_CORE is 0.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

static void segv(struct victim *v)
{
	victim_hold(v);
	*(volatile int *)16 = 1;
}

static void fpe(struct victim *v)
{
	volatile int zero = 0, many = 7;

	victim_hold(v);
	v->word[0] = many / zero;
}

static void ill(struct victim *v)
{
	victim_hold(v);
	__asm__ volatile("ud2");
}

static void trap(struct victim *v)
{
	victim_hold(v);
	__asm__ volatile("int3");
}

/* A page of a file that ends before it. */
static void bus(struct victim *v)
{
	int fd = syscall(SYS_memfd_create, "bus", 0);
	volatile char *p;

	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	victim_hold(v);
	v->word[0] = p[0];
}

static void faults(void (*body)(struct victim *), int sig)
{
	struct victim *v = victim_new("faulty");

	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_signal(v, sig, "fault", NULL);
}

DEATH_CASE("fault_segv", fault_segv, 0, "SIGSEGV of its own")
{
	faults(segv, SIGSEGV);
}
DEATH_CASE("fault_fpe", fault_fpe, 0, "division by zero")
{
	faults(fpe, SIGFPE);
}
DEATH_CASE("fault_ill", fault_ill, 0, "ud2")
{
	faults(ill, SIGILL);
}
DEATH_CASE("fault_bus", fault_bus, 0, "a mapped page past the file's end")
{
	faults(bus, SIGBUS);
}
DEATH_CASE("fault_trap", fault_trap, 0, "int3 with no debugger")
{
	faults(trap, SIGTRAP);
}

static void thread_faults(struct victim *v)
{
	v->word[0] = sys_gettid();
	segv(v);
}

static void leader_sleeps(struct victim *v)
{
	thread_start(thread_faults, v);
	for (;;)
		pause();
}

DEATH_CASE("fault_in_thread", fault_in_thread, 0,
	   "SIGSEGV in a thread that is not the leader")
{
	struct victim *v = victim_new("faulty");

	victim_fork(v, leader_sleeps);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_wait(v);
	died_signal(v, SIGSEGV, "fault", NULL);
	expect(v, "threads", json_integer(2));
}
