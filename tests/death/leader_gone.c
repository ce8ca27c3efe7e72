// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leader leaves first and a thread decides. Which of two SYS_exit values
 * the parent gets differs by kernel (3 on 5.10, 5 from 6.1: kernel.md section
 * 3); wait4 on this one says. One event, when the last thread has gone: tools
 * that look at the leader report a death too early, as a success.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kill.h"

/* The leader's end comes 60 ms before the process's. */
static void await_dead_leader(void)
{
	while (!task_state(getpid(), 0, 'Z'))
		nap_ms(1);
	nap_ms(60);
}

static void thread_exits(struct victim *v)
{
	v->word[0] = sys_gettid();
	victim_hold(v);
	v->word[2] = 1;
	await_dead_leader();
	if (v->word[1])
		syscall(SYS_exit_group, v->word[1]);
	v->stamp[0] = boot_ns();
	sys_exit(0x205);
}

static void leader_exits(struct victim *v)
{
	thread_start(thread_exits, v);
	while (!v->word[2])
		nap_ms(1);
	sys_exit(0x103);
}

static struct victim *gone(int group)
{
	struct victim *v = victim_new("leaderless");

	v->word[1] = group;
	victim_fork(v, leader_exits);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_wait(v);
	return v;
}

DEATH_CASE("leader_exit_thread_exit", leader_exit_thread_exit, 0,
	   "leader SYS_exit(3), last thread SYS_exit(5)")
{
	struct victim *v = gone(0);

	/* the argument is that of the call that set the status */
	died_exit(v, WEXITSTATUS(v->status) == 3 ? 0x103 : 0x205);
	expect(v, "threads", json_integer(2));
}

DEATH_CASE("leader_exit_group", leader_exit_group, 0,
	   "leader SYS_exit(3), thread exit_group(7)")
{
	struct victim *v = gone(0x307);

	died_exit(v, 0x307);
	expect(v, "threads", json_integer(2));
}

DEATH_CASE("leader_gone_zombie", leader_gone_zombie, CASE_SLOW,
	   "the same, left for 1.3 s: told before its release shows the status")
{
	struct victim *v = victim_new("leaderless");

	v->word[1] = 0x307;
	victim_fork(v, leader_exits);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_peek(v);
	nap_ms(1300);
	victim_reap(v);
	died_exit(v, 0x307);
	expect(v, "threads", json_integer(2));
}

static void sleeps(struct victim *v)
{
	v->word[0] = sys_gettid();
	await_dead_leader();
	hold_for_ever(v);
}

static void leader_leaves(struct victim *v)
{
	thread_start(sleeps, v);
	while (!v->word[0])
		nap_ms(1);
	victim_hold(v);
	sys_exit(0);
}

DEATH_CASE("leader_gone_killed", leader_gone_killed, 0,
	   "leader gone, then SIGKILL: no success, no early death")
{
	struct victim *v = victim_new("leaderless"), *k;
	json_t *by;

	victim_fork(v, leader_leaves);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_meet(v);		/* the thread, once the leader is dead */
	k = killer_new(v, SIGKILL, plain_kill);
	by = killer_of(k->pid, k->pid, SIGKILL);
	killer_strike(k, v);
	died_signal(v, SIGKILL, "signal", by);
	expect(v, "threads", json_integer(2));
}

static void long_leaderless(struct victim *v)
{
	v->word[0] = sys_gettid();
	while (!task_state(getpid(), 0, 'Z'))
		nap_ms(1);
	nap_ms(1400);
	victim_hold(v);
	syscall(SYS_exit_group, 7);
}

static void leader_early(struct victim *v)
{
	thread_start(long_leaderless, v);
	while (!v->word[0])
		nap_ms(1);
	victim_hold(v);
	sys_exit(0);
}

DEATH_CASE("leader_gone_long", leader_gone_long, CASE_SLOW,
	   "a leader dead for 1.4 s is no zombie while its thread lives")
{
	struct victim *v = victim_new("leaderless");

	victim_fork(v, leader_early);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_meet(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 7);
	expect(v, "threads", json_integer(2));
}
