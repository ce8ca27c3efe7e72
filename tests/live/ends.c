// SPDX-License-Identifier: GPL-2.0-only
/*
 * ends: a program that ends as it is told, after handlers that take 200 ms, and
 * says on its output at what time it did what: "TGID WHAT NS", of
 * CLOCK_BOOTTIME. For tests/live/uexit it also runs a command that is refused a
 * system call. Never knows what obit makes of it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* musl-gcc has no headers of the kernel: there nothing is refused. */
#if __has_include(<linux/filter.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#define CAN_REFUSE
#endif

static void nap(unsigned int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000l };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static void say_of(pid_t tgid, const char *what)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	dprintf(1, "%d %s %lld\n", tgid, what,
		t.tv_sec * 1000000000ll + t.tv_nsec);
}

static void say(const char *what)
{
	say_of(getpid(), what);
}

static void handler(void)
{
	say("handler");
	nap(200);
	say("handled");
}

/* Another process kills it while it is in its handler. */
static void deadly(void)
{
	pid_t self = getpid();

	say("handler");
	if (!fork()) {
		nap(100);
		say_of(self, "kill");
		kill(self, SIGKILL);
		_exit(0);
	}
	nap(20000);
}

static void *exits(void *unused)
{
	(void)unused;
	say("exit");
	exit(4);
}

static void *naps(void *unused)
{
	(void)unused;
	nap(50);
	say("exit");
	return NULL;
}

static pthread_t thread(void *(*run)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, run, NULL))
		abort();
	return t;
}

static void forks(void)
{
	pid_t child = fork();

	if (!child) {
		say("exit");
		exit(3);
	}
	waitpid(child, NULL, 0);
	say_of(child, "gone");
	_exit(0);
}

#ifdef CAN_REFUSE
/* No such call as nr for the command, as on a kernel without it. */
static int refused(int nr, int err, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 125;
	execvp(argv[0], argv);
	return 127;
}
#endif

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";

#ifdef CAN_REFUSE
	if (!strcmp(how, "refused"))
		return refused(SYS_perf_event_open, atoi(argv[2]), argv + 3);
#endif
	if (!strncmp(how, "late-", 5)) {	/* at the end of its input */
		while (getchar() != EOF)
			;
		how += 5;
	}
	if (!strcmp(how, "exec")) {
		execvp(argv[2], argv + 2);
		return 127;
	}
	if (!strcmp(how, "gone")) {
		say_of(atoi(argv[2]), how);
		return 0;
	}
	atexit(strcmp(how, "within") ? handler : deadly);
	if (!strcmp(how, "quick"))
		at_quick_exit(handler);
	if (!strcmp(how, "forks"))
		forks();
	if (!strcmp(how, "thread")) {
		pthread_join(thread(exits), NULL);
		pause();
	}
	if (!strcmp(how, "last")) {	/* the last thread's end is an exit(3) */
		thread(naps);
		pthread_exit(NULL);
	}
	say("exit");
	if (!strcmp(how, "quick"))
		quick_exit(3);
	if (!strcmp(how, "exit"))
		exit(-1);
	if (!strcmp(how, "_exit"))
		_exit(2);
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "abort"))
		abort();
	return 0;
}
