// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shapes of death of the storm, one small function each, in a table. They
 * are meant to race: what comes first, of a kill, an exec and an exit, is left
 * to chance. Owns no verdict, and never waits without an end.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "witness.h"

#define DEEP 3			/* generations that have children */
#define RACE_US 300
#define LEAF_US 500
#define STACK 32768

void cannot(const char *what)
{
	fprintf(stderr, "witness: %s: %s\n", what, strerror(errno));
	__atomic_fetch_add(&common->failed, 1, __ATOMIC_RELAXED);
	_exit(99);
}

/* Ends by a signal, at the latest by the alarm that birth() has set. */
static void wait_for_it(void)
{
	for (;;)
		pause();
}

static void leave(int code)
{
	syscall(SYS_exit_group, code);
}

static void leave_thread(int code)
{
	syscall(SYS_exit, code);
}

static void become(const char *exe, int code)
{
	char num[16], *argv[] = { "witness", "leaf", num, "x y", "", NULL };

	snprintf(num, sizeof(num), "%d", code);
	execv(exe, argv);
	cannot(exe);
}

int reborn(int argc, char **argv)
{
	if (argc < 3)
		return -1;
	if (!strcmp(argv[1], "gone"))
		unlink(argv[2]);
	else if (strcmp(argv[1], "leaf") != 0)
		return -1;
	usleep(getpid() * 37 % LEAF_US);
	return strcmp(argv[1], "leaf") ? 44 : atoi(argv[2]) & 0xff;
}

/* ---- threads: what they do, after how long, and with what code ---- */

struct order {
	unsigned int us;
	int code;
};

static void *does_exit(void *arg)
{
	struct order *o = arg;

	nap_us(o->us);
	leave_thread(o->code);
	return NULL;
}

static void *does_exit_group(void *arg)
{
	struct order *o = arg;

	nap_us(o->us);
	leave(o->code);
	return NULL;
}

static void *does_exec(void *arg)
{
	struct order *o = arg;

	nap_us(o->us);
	become(common->exe, o->code);
	return NULL;
}

static void *does_fault(void *arg)
{
	struct order *o = arg;

	nap_us(o->us);
	*(volatile int *)8 = o->code;
	return NULL;
}

static void *does_nothing(void *arg)
{
	wait_for_it();
	return arg;
}

static void thread(void *(*does)(void *), int code)
{
	struct order *o = malloc(sizeof(*o));
	pthread_attr_t attr;
	pthread_t t;

	if (!o)
		cannot("malloc");
	o->us = chance(RACE_US);
	o->code = code;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	errno = pthread_create(&t, &attr, does, o);
	if (errno)
		cannot("pthread_create");
}

/* ---- alone ---- */

static void exit_group(int depth)
{
	(void)depth;
	leave(chance(1u << 31));
}

static void exit_thread(int depth)
{
	(void)depth;
	leave_thread(chance(1u << 31));
}

static void kill_self(int depth)
{
	(void)depth;
	kill(getpid(), SIGKILL);
	wait_for_it();
}

static void abort_self(int depth)
{
	(void)depth;
	abort();
}

static void fault(int depth)
{
	(void)depth;
	*(volatile int *)8 = 1;
}

static void session(int depth)
{
	(void)depth;
	if (setsid() < 0)
		cannot("setsid");
	leave(2);
}

/* Goes on if somebody says so, or dies of the hang-up of its orphaned group. */
static void stopped(int depth)
{
	(void)depth;
	setpgid(0, 0);
	raise(SIGSTOP);
	leave(4);
}

static void other_user(int depth)
{
	(void)depth;
	if (setresgid(100 + chance(5), 7, 7) ||
	    setresuid(1000 + chance(5), 8, 8))
		cannot("setresuid");
	leave(5);
}

static void on_term(int sig)
{
	(void)sig;
	leave(chance(300));
}

static void on_usr1(int sig)
{
	(void)sig;
}

/* The storm asks some to go; these have handlers. */
static void asked(int depth)
{
	(void)depth;
	signal(SIGTERM, on_term);
	signal(SIGUSR1, on_usr1);
	wait_for_it();
}

/* ---- as another program ---- */

static void exec(int depth)
{
	(void)depth;
	become(common->exe, 3);
}

static void exec_chroot(int depth)
{
	(void)depth;
	if (chroot(common->dir))
		cannot("chroot");
	become(strrchr(common->exe, '/'), 12);
}

static void exec_mount_ns(int depth)
{
	(void)depth;
	if (unshare(CLONE_NEWNS))
		cannot("unshare");
	become(common->exe, 13);
}

/* Its file has no name any more when it dies. */
static void exec_deleted(int depth)
{
	u64 n = __atomic_fetch_add(&common->serial, 1, __ATOMIC_RELAXED);
	char path[sizeof(common->exe) + 24];
	char *argv[] = { "witness", "gone", path, NULL };

	(void)depth;
	snprintf(path, sizeof(path), "%s-%llu", common->exe,
		 (unsigned long long)n);
	if (link(common->exe, path))
		cannot("link");
	execv(path, argv);
	cannot(path);
}

/* ---- with threads ---- */

static void thread_exits(int depth)
{
	(void)depth;
	for (int i = chance(5); i >= 0; i--)
		thread(does_exit, chance(512));
	thread(does_exit_group, chance(1000));
	leave_thread(11);
}

static void exits_race(int depth)
{
	(void)depth;
	for (int i = chance(4); i >= 0; i--)
		thread(does_exit_group, 256 + chance(3));
	nap_us(chance(RACE_US));
	leave(257);
}

static void exec_by_thread(int depth)
{
	(void)depth;
	thread(does_nothing, 0);
	thread(does_exec, 7);
	wait_for_it();
}

static void exec_from_threads(int depth)
{
	(void)depth;
	thread(does_nothing, 0);
	nap_us(chance(RACE_US));
	become(common->exe, 9);
}

static void fault_in_thread(int depth)
{
	(void)depth;
	thread(does_fault, 1);
	wait_for_it();
}

static void kill_with_threads(int depth)
{
	(void)depth;
	for (int i = 0; i < 3; i++)
		thread(does_nothing, 0);
	nap_us(chance(RACE_US));
	kill(getpid(), chance(2) ? SIGTERM : SIGQUIT);
	wait_for_it();
}

/* ---- with a family ---- */

static void autoreap(int depth)
{
	signal(SIGCHLD, SIG_IGN);
	if (depth < DEEP)
		start(depth + 1);
	nap_us(chance(2000));
	leave(1);
}

/* Nobody may send it anything, if its parent outlives it. */
static void pdeath(int depth)
{
	(void)depth;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		cannot("PR_SET_PDEATHSIG");
	wait_for_it();
}

static void orphans(int depth)
{
	if (depth < DEEP) {
		start(depth + 1);
		start(depth + 1);
	}
	nap_us(chance(1000));
	leave(8);
}

static void reaps(int depth)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(9);
	if (pid < 0)
		cannot("vfork");
	count_birth();
	if (depth < DEEP)
		start(depth + 1);
	while (wait(NULL) > 0)
		;
	leave(10);
}

/* Process 1 of a new namespace takes those with it that it has. */
static void pid_ns_init(void)
{
	if (chance(2)) {
		if (!birth())
			wait_for_it();
		nap_us(chance(2000));
	}
	leave(6);
}

static void pid_ns(int depth)
{
	pid_t pid;

	(void)depth;
	if (unshare(CLONE_NEWPID))
		cannot("unshare");
	pid = birth();
	if (!pid)
		pid_ns_init();
	if (chance(2))
		waitpid(pid, NULL, 0);
	leave(7);
}

/* The tracer lets go by its end, or has seen the tracee's. */
static void traced(int depth)
{
	pid_t pid = birth();

	(void)depth;
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		leave(14);
	}
	waitpid(pid, NULL, 0);
	if (chance(2)) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		waitpid(pid, NULL, 0);
	}
	leave(15);
}

const struct shape shapes[] = {
	{ "exit_group", exit_group },
	{ "exit_thread", exit_thread },
	{ "kill_self", kill_self },
	{ "abort", abort_self },
	{ "fault", fault },
	{ "session", session },
	{ "stopped", stopped },
	{ "other_user", other_user },
	{ "asked", asked },
	{ "exec", exec },
	{ "exec_chroot", exec_chroot },
	{ "exec_mount_ns", exec_mount_ns },
	{ "exec_deleted", exec_deleted },
	{ "thread_exits", thread_exits },
	{ "exits_race", exits_race },
	{ "exec_by_thread", exec_by_thread },
	{ "exec_from_threads", exec_from_threads },
	{ "fault_in_thread", fault_in_thread },
	{ "kill_with_threads", kill_with_threads },
	{ "autoreap", autoreap },
	{ "pdeath", pdeath },
	{ "orphans", orphans },
	{ "reaps", reaps },
	{ "pid_ns", pid_ns },
	{ "traced", traced },
};

const int nr_shapes = ARRAY_SIZE(shapes);
_Static_assert(ARRAY_SIZE(shapes) <= SHAPES_MAX, "struct common counts them");
