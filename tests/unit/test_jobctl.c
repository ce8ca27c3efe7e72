// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_jobctl: signals of the kernel's, in the order in which they hurt.
 * Sends them to itself, as nobody else may: they come before the call returns.
 * Believes waitid(2), never jobctl, about what became of the child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/clock.h"
#include "lib/jobctl.h"

static void from_kernel(int sig)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_KERNEL;
	assert_int_equal(syscall(SYS_rt_sigqueueinfo, getpid(), sig, &info), 0);
}

/* One that waits for the end of a pipe, and then exits with 3. */
static pid_t begin(int hold[2])
{
	pid_t pid;
	char c;

	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	jobctl_begin();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		jobctl_child();
		close(hold[1]);
		while (read(hold[0], &c, 1) > 0)
			;
		_exit(3);
	}
	close(hold[0]);
	jobctl_watch(pid, NULL);
	return pid;
}

/* It is dead, and still a zombie: jobctl has not been asked to look. */
static siginfo_t dead(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		;
	return info;
}

static void end(int hold[2])
{
	close(hold[1]);
	while (!jobctl_turn())
		usleep(1000);
	jobctl_end();
}

/* Before any turn: what reads the terminal has been woken by the hang-up, and
 * would have come to its own end until then. */
static void hang_up_is_passed_on_at_once(void **state)
{
	siginfo_t info;
	int hold[2];
	pid_t pid;

	(void)state;
	pid = begin(hold);
	from_kernel(SIGHUP);
	close(hold[1]);
	info = dead(pid);
	assert_int_equal(info.si_code, CLD_KILLED);
	assert_int_equal(info.si_status, SIGHUP);
	while (!jobctl_turn())
		usleep(1000);
	assert_int_equal(jobctl_asked(), SIGHUP);
	assert_int_equal(jobctl_passed()->signal, SIGHUP);
	assert_int_equal(jobctl_passed()->from, 0);
	jobctl_end();
}

/* The caller must come to an end, whenever the child did: in the same turn as
 * the hang-up, or before. */
static void hang_up_of_a_child_that_ended(void **state)
{
	int hold[2], reaped, i;
	pid_t pid;

	(void)state;
	for (reaped = 0; reaped < 2; reaped++) {
		pid = begin(hold);
		close(hold[1]);
		assert_int_equal(dead(pid).si_status, 3);
		if (reaped)
			assert_true(jobctl_turn());
		from_kernel(SIGHUP);
		for (i = 0; i < 3; i++)
			assert_true(jobctl_turn());
		assert_int_equal(WEXITSTATUS(jobctl_status()), 3);
		assert_int_equal(jobctl_asked(), SIGHUP);
		jobctl_end();
	}
}

/* Of one that heeds no hang-up the caller hears nothing until it ends. */
static void hang_up_that_is_ignored(void **state)
{
	int hold[2], i;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	begin(hold);
	from_kernel(SIGHUP);
	for (i = 0; i < 3; i++)
		assert_false(jobctl_turn());
	assert_int_equal(jobctl_asked(), 0);
	end(hold);
	signal(SIGHUP, SIG_DFL);
	assert_int_equal(WEXITSTATUS(jobctl_status()), 3);
	assert_int_equal(jobctl_asked(), SIGHUP);
}

static void hang_up_of_a_session_led_by_another(void **state)
{
	int hold[2];
	pid_t pid;

	(void)state;
	/* Whoever leads one stays its leader: a child of ours does not. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		begin(hold);
		from_kernel(SIGHUP);
		end(hold);
		_exit(WIFEXITED(jobctl_status()) && !jobctl_asked() ? 0 : 1);
	}
	assert_int_equal(dead(pid).si_status, 0);
	waitpid(pid, NULL, 0);
}

/* In place of the C library's, for jobctl too: the moment before it stops. */
static bool typed_again;

int raise(int sig)
{
	if (typed_again && sig == SIGTSTP) {
		typed_again = false;
		kill(getpid(), sig);
	}
	return kill(getpid(), sig);
}

/* A second Ctrl-Z, that comes when the child has stopped and we have not. */
static void a_stop_that_is_typed_twice(void **state)
{
	int hold[2], status;
	pid_t pid, child;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		child = begin(hold);
		typed_again = true;
		kill(child, SIGTSTP);
		while (typed_again)
			jobctl_turn();
		end(hold);
		_exit(WEXITSTATUS(jobctl_status()) == 3 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGTSTP);
	kill(-pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFSTOPPED(status)) {
		kill(-pid, SIGKILL);
		fail_msg("it stops twice");
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void when_it_was_typed(void **state)
{
	uint64_t before, after;
	int hold[2];

	(void)state;
	begin(hold);
	kill(getpid(), SIGINT);	/* by a process */
	assert_false(jobctl_turn());
	assert_false(jobctl_turn());
	assert_int_equal(jobctl_typed(), 0);
	before = boot_now();
	from_kernel(SIGINT);
	after = boot_now();
	assert_false(jobctl_turn());
	assert_in_range(jobctl_typed(), before, after);
	assert_true(jobctl_interrupted());
	before = boot_now();
	from_kernel(SIGQUIT);
	assert_false(jobctl_turn());
	assert_in_range(jobctl_typed(), before, boot_now());
	end(hold);
	assert_int_equal(jobctl_asked(), 0);
}

static int lead(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	/* One who leads a group cannot begin a session. */
	if (pid > 0) {
		while (waitpid(pid, &status, 0) != pid)
			;
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	return pid < 0 || setsid() < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hang_up_is_passed_on_at_once),
		cmocka_unit_test(hang_up_of_a_child_that_ended),
		cmocka_unit_test(hang_up_that_is_ignored),
		cmocka_unit_test(hang_up_of_a_session_led_by_another),
		cmocka_unit_test(a_stop_that_is_typed_twice),
		cmocka_unit_test(when_it_was_typed),
	};

	return cmocka_run_group_tests(tests, lead, NULL);
}
