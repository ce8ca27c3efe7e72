// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp's verdicts. Before 6.1 a kill showed no signal event at all, and a
 * thread's kill and strict mode do_exit() in silence on every kernel
 * (kernel.md section 6).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

/* getppid is fatal, all else is allowed. */
static void filter(unsigned int action)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, f };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(90);
}

/* Neither an exit call nor, on all kernels, a signal: nothing to count from. */
static void no_signal_seen(struct victim *v)
{
	expect(v, "reapable_ns", m_or(json_null(), m_reapable(v)));
}

static void killed(void (*body)(struct victim *), int sig)
{
	struct victim *v = victim_new("confined");

	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_signal(v, sig, "seccomp", NULL);
	no_signal_seen(v);
}

static void kill_process(struct victim *v)
{
	filter(SECCOMP_RET_KILL_PROCESS);
	victim_hold(v);
	syscall(SYS_getppid);
}

DEATH_CASE("seccomp_process", seccomp_process, 0, "SECCOMP_RET_KILL_PROCESS")
{
	killed(kill_process, SIGSYS);
}

static void kill_thread(struct victim *v)
{
	filter(SECCOMP_RET_KILL_THREAD);
	victim_hold(v);
	syscall(SYS_getppid);
}

DEATH_CASE("seccomp_only_thread", seccomp_only_thread, 0,
	   "SECCOMP_RET_KILL_THREAD of the only thread")
{
	killed(kill_thread, SIGSYS);
}

static void strict(struct victim *v)
{
	victim_hold(v);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	syscall(SYS_getppid);
}

DEATH_CASE("seccomp_strict", seccomp_strict, 0, "strict mode: SIGKILL")
{
	killed(strict, SIGKILL);
}

static void doomed_thread(struct victim *v)
{
	v->word[0] = sys_gettid();
	v->word[1] = 1;
	while (v->word[1] == 1)
		nap_ms(1);
	syscall(SYS_getppid);
	_exit(91);
}

static void outlives(struct victim *v)
{
	filter(SECCOMP_RET_KILL_THREAD);
	thread_start(doomed_thread, v);
	while (v->word[1] != 1)
		nap_ms(1);
	victim_hold(v);
	v->word[1] = 2;
	while (!sys_tgkill(getpid(), v->word[0], 0))
		nap_ms(1);
	_exit(4);
}

DEATH_CASE("seccomp_thread", seccomp_thread, 0,
	   "a thread is killed, its process exits 4 later")
{
	struct victim *v = victim_new("confined");

	victim_fork(v, outlives);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 4);
	expect(v, "threads", json_integer(2));
}

static void last_thread(struct victim *v)
{
	v->word[0] = sys_gettid();
	victim_hold(v);
	while (!task_state(getpid(), 0, 'Z'))
		nap_ms(1);
	syscall(SYS_getppid);
	_exit(91);
}

static void both_die(struct victim *v)
{
	filter(SECCOMP_RET_KILL_THREAD);
	thread_start(last_thread, v);
	while (!v->word[0])
		nap_ms(1);
	nap_ms(5);
	while (!v->word[2])
		nap_ms(1);
	syscall(SYS_getppid);
	_exit(91);
}

DEATH_CASE("seccomp_all_threads", seccomp_all_threads, 0,
	   "leader, then thread killed by seccomp: one silent SIGSYS")
{
	struct victim *v = victim_new("confined");

	victim_fork(v, both_die);
	victim_base(v);
	expect_thread(v, v->word[0]);
	v->word[2] = 1;
	victim_go(v);
	victim_wait(v);
	died_signal(v, SIGSYS, "seccomp", NULL);
	no_signal_seen(v);
	expect(v, "threads", json_integer(2));
}
