// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals nobody sends: a broken pipe, timers, resource limits. Timers expire
 * in an interrupt over whoever runs, and that bystander is no killer: both
 * processors are kept busy by bystanders while the victims sleep.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "death.h"

static void by_kernel(void (*body)(struct victim *), int sig)
{
	struct victim *v = victim_new("limited");

	victim_fork(v, body);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_signal(v, sig, "signal", NULL);
}

static void broken_pipe(struct victim *v)
{
	int p[2];

	signal(SIGPIPE, SIG_DFL);
	if (pipe(p))
		_exit(90);
	close(p[0]);
	victim_hold(v);
	if (write(p[1], "x", 1) < 0)
		_exit(91);
}

DEATH_CASE("sigpipe", sigpipe, 0, "a write to a pipe nobody reads")
{
	by_kernel(broken_pipe, SIGPIPE);
}

static void too_big(struct victim *v)
{
	struct rlimit rl = { 4096, 4096 };
	int fd = syscall(SYS_memfd_create, "big", 0);

	signal(SIGXFSZ, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &rl);
	victim_hold(v);
	if (pwrite(fd, "x", 1, 8192) < 0)
		_exit(91);
	_exit(92);
}

DEATH_CASE("sigxfsz", sigxfsz, 0, "a file beyond RLIMIT_FSIZE")
{
	by_kernel(too_big, SIGXFSZ);
}

static void too_long(struct victim *v)
{
	struct rlimit rl = { 1, 5 };

	setrlimit(RLIMIT_CPU, &rl);
	victim_hold(v);
	for (;;)
		burn_ms(10000);
}

DEATH_CASE("sigxcpu", sigxcpu, CASE_SLOW, "RLIMIT_CPU: a second is too much")
{
	by_kernel(too_long, SIGXCPU);
}

static void spins(struct victim *v)
{
	victim_hold(v);
	burn_ms(400);
	_exit(0);
}

/* An alarm under two bystanders, one for each processor of the least guest
 * and of the machine this was made on. */
static void alarmed(void (*body)(struct victim *), int sig)
{
	struct victim *v = victim_new("sleeper");
	struct victim *by[2] = { victim_new("bystander"),
				 victim_new("bystander") };

	for (int i = 0; i < 2; i++) {
		victim_fork(by[i], spins);
		victim_base(by[i]);
	}
	victim_fork(v, body);
	victim_base(v);
	for (int i = 0; i < 2; i++)
		victim_go(by[i]);
	victim_go(v);
	victim_wait(v);
	died_signal(v, sig, "signal", NULL);
	for (int i = 0; i < 2; i++) {
		victim_wait(by[i]);
		died_exit(by[i], 0);
	}
}

static void sleeps_itimer(struct victim *v)
{
	struct itimerval it = { .it_value = { 0, 100000 } };

	victim_hold(v);
	setitimer(ITIMER_REAL, &it, NULL);
	for (;;)
		pause();
}

DEATH_CASE("sigalrm_itimer", sigalrm_itimer, 0,
	   "setitimer over bystanders on every processor")
{
	alarmed(sleeps_itimer, SIGALRM);
}

static void sleeps_alarm(struct victim *v)
{
	victim_hold(v);
	alarm(1);
	for (;;)
		pause();
}

DEATH_CASE("sigalrm_alarm", sigalrm_alarm, CASE_SLOW, "alarm(1)")
{
	by_kernel(sleeps_alarm, SIGALRM);
}

static void sleeps_posix(struct victim *v)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec its = { .it_value = { 0, 100 * MSEC } };
	timer_t t;

	victim_hold(v);
	if (timer_create(CLOCK_MONOTONIC, &ev, &t) ||
	    timer_settime(t, 0, &its, NULL))
		_exit(90);
	for (;;)
		pause();
}

DEATH_CASE("posix_timer", posix_timer, 0,
	   "timer_create: SI_TIMER over bystanders")
{
	alarmed(sleeps_posix, SIGRTMIN + 1);
}

static void profiled(struct victim *v)
{
	struct itimerval it = { .it_value = { 0, 50000 } };

	victim_hold(v);
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	for (;;)
		burn_ms(1000);
}

DEATH_CASE("sigvtalrm", sigvtalrm, 0, "ITIMER_VIRTUAL over itself")
{
	by_kernel(profiled, SIGVTALRM);
}
