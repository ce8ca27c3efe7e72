// SPDX-License-Identifier: GPL-2.0-only
/*
 * main: the workload program's parts by name, and the cycles they share.
 * Owns how a process is made and reaped. Never measures.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

const char *const cycle_names[CYCLE_NR] = {
	[CYCLE_VFORK] = "vfork",
	[CYCLE_EXEC] = "exec",
};

static char self[4096];

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "bench: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(70);
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void cycle_init(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
}

int cycle_parse(const char *name, enum cycle *c)
{
	int i;

	for (i = 0; i < CYCLE_NR; i++)
		if (!strcmp(name, cycle_names[i])) {
			*c = (enum cycle)i;
			return 0;
		}
	return -1;
}

static pid_t born(enum cycle c)
{
	pid_t pid;

	if (c == CYCLE_VFORK) {
		pid = vfork();
		if (!pid)
			_exit(0);
		return pid;
	}
	pid = fork();
	if (!pid) {
		execl(self, "bench", "quit", (char *)NULL);
		_exit(127);
	}
	return pid;
}

void cycle_once(enum cycle c)
{
	pid_t pid = born(c);
	int status;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (waitpid(pid, &status, 0) != pid || status)
		die("a child ended with status %#x", status);
}

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

/* bench cost COMMAND...: the CPU time and memory of one command, whose output
 * goes nowhere. */
static int cost_main(char **argv)
{
	struct rusage u;
	int status = 0, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status)
		die("%s: status %#x", argv[1], status);
	printf("{\"cpu\":%.6f,\"user\":%.6f,\"maxrss_kb\":%ld}\n",
	       seconds(&u.ru_utime) + seconds(&u.ru_stime),
	       seconds(&u.ru_utime), u.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	/* What every exec cycle runs: before all else. */
	if (argc == 2 && !strcmp(argv[1], "quit"))
		_exit(0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "meter"))
		return meter_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "storm"))
		return storm_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "stream"))
		return stream_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "verify"))
		return verify_main(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "cost"))
		return cost_main(argv + 1);
	fprintf(stderr, "usage: bench meter|storm|stream|verify|cost ...\n");
	return 64;
}
