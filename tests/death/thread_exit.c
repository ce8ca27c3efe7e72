// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit_group by one of many: whoever is last to leave is not who decided, and
 * live==0 is seen by several of them (kernel.md section 3).
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

#define CROWD 8

static void idler(struct victim *v)
{
	__atomic_add_fetch(&v->word[0], 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static void decider(struct victim *v)
{
	v->word[2] = sys_gettid();
	while (v->word[0] < CROWD - 1)
		nap_ms(1);
	victim_hold(v);
	syscall(SYS_exit_group, v->word[1]);
}

static void crowd(struct victim *v)
{
	for (int i = 0; i < CROWD - 1; i++)
		thread_start(idler, v);
	thread_start(decider, v);
	for (;;)
		pause();
}

DEATH_CASE("thread_exit_group", thread_exit_group, 0,
	   "one of 9 threads calls exit_group(0x4007): one obituary")
{
	for (int i = 0; i < 4; i++) {
		struct victim *v = victim_new("crowd");

		v->word[1] = 0x4007;
		victim_fork(v, crowd);
		victim_base(v);
		if (v->p->threads != CROWD + 1)
			case_fail("%u threads", v->p->threads);
		expect_thread(v, v->word[2]);
		victim_go(v);
		victim_wait(v);
		died_exit(v, 0x4007);
	}
}

/* pthread_exit by a thread, the leader goes on: no death at all. */
static void leaves(struct victim *v)
{
	v->word[0] = sys_gettid();
	while (!v->word[1])
		nap_ms(1);
	sys_exit(6);
}

static void goes_on(struct victim *v)
{
	thread_start(leaves, v);
	while (!v->word[0])
		nap_ms(1);
	victim_hold(v);
	v->word[1] = 1;
	while (!sys_tgkill(getpid(), v->word[0], 0))
		nap_ms(1);
	victim_hold(v);
	syscall(SYS_exit_group, 2);
}

DEATH_CASE("thread_leaves", thread_leaves, 0,
	   "a thread's SYS_exit(6) is no death; the process exits 2")
{
	struct victim *v = victim_new("goeson");

	victim_fork(v, goes_on);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_meet(v);
	nap_ms(60);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 2);
	expect(v, "threads", json_integer(2));
}

static void thread_decides(struct victim *v)
{
	v->word[0] = sys_gettid();
	victim_hold(v);
	syscall(SYS_exit_group, 6);
}

static void leader_alive(struct victim *v)
{
	thread_start(thread_decides, v);
	for (;;)
		pause();
}

DEATH_CASE("thread_exit_leader_alive", thread_exit_leader_alive, 0,
	   "exit(6) by a thread while the leader sleeps: no signal in it")
{
	struct victim *v = victim_new("leaderalive");

	victim_fork(v, leader_alive);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 6);
}

/* Five threads, all joined before the end: the most it had was 6. */
static void brief(struct victim *v)
{
	__atomic_add_fetch(&v->word[0], 1, __ATOMIC_SEQ_CST);
	while (!v->word[1])
		nap_ms(1);
	__atomic_add_fetch(&v->word[2], 1, __ATOMIC_SEQ_CST);
	sys_exit(0);
}

static void had_threads(struct victim *v)
{
	for (int i = 0; i < 5; i++)
		thread_start(brief, v);
	while (v->word[0] < 5)
		nap_ms(1);
	v->word[1] = 1;
	while (v->word[2] < 5)
		nap_ms(1);
	nap_ms(20);
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("threads_max", threads_max, 0,
	   "5 threads come and go before a single one exits")
{
	struct victim *v = victim_new("hadthreads");

	victim_fork(v, had_threads);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	expect(v, "threads", json_integer(6));
}
