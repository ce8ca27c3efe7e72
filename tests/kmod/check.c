// SPDX-License-Identifier: GPL-2.0-only
/*
 * A case's life and verdict: a process group of its own between insmod and
 * rmmod, with a limit of time. Never lets a case end well that was killed, hung
 * or left the module in use.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ktest.h"

#define UNLOAD_MS 30000

enum verdict { OK, NOT_OK, SKIP };

static int counts[3];
static char reason[512];
static bool skipped;

bool fail(const char *fmt, ...)
{
	va_list ap;

	if (reason[0])		/* the first is the cause of the others */
		return false;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return false;
}

bool skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	skipped = true;
	return false;
}

void note(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("# %s\n", line);
}

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void nap_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * MSEC };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

u64 deadline(int ms)
{
	return now_ns() + ms * slow * MSEC;
}

/* splitmix64 */
u32 random_below(u64 *state, u32 n)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % n;
}

/* In the process of the case: what becomes of it goes into the pipe. */
static void case_main(const struct kcase *c, int fd)
{
	char line[600];
	bool good;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	good = c->run();
	fflush(stdout);
	snprintf(line, sizeof(line), "%c%s",
		 good	 ? 'o' :
		 skipped ? 's' :
			   'n',
		 reason);
	if (write(fd, line, strlen(line)) < 0)
		_exit(2);
	_exit(0);
}

/* Kills the group, and waits for all that came of it: we are a subreaper. */
static void end_group(pid_t pid)
{
	u64 end = deadline(10000);

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (now_ns() < end) {
		pid_t got = waitpid(-1, NULL, WNOHANG);

		if (got < 0)
			return;
		if (!got) {
			kill(-pid, SIGKILL);
			nap_ms(2);
		}
	}
}

/* Who lost its parent becomes ours: a storm leaves thousands, and a zombie keeps
 * memory that would look like the module's. */
static void reap_orphans(pid_t but)
{
	siginfo_t si = { 0 };

	while (!waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) &&
	       si.si_pid && si.si_pid != but) {
		waitpid(si.si_pid, NULL, 0);
		si.si_pid = 0;
	}
}

static enum verdict case_verdict(const struct kcase *c, char *why, size_t size)
{
	char line[600];
	struct pollfd pfd = { .events = POLLIN };
	int p[2];
	ssize_t n = 0;
	pid_t pid;

	if (pipe(p))
		return NOT_OK;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(p[0]);
		case_main(c, p[1]);
	}
	/* p[1] stays open here: its end says nothing, its first byte all */
	pfd.fd = p[0];
	setpgid(pid, pid);
	for (u64 end = deadline(c->seconds * 1000); now_ns() < end;) {
		siginfo_t si = { 0 };

		if (poll(&pfd, 1, 50) == 1) {
			n = read(p[0], line, sizeof(line) - 1);
			break;
		}
		reap_orphans(pid);
		waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT);
		if (si.si_pid == pid && poll(&pfd, 1, 0) != 1)
			break;
	}
	if (n <= 0) {
		siginfo_t si = { 0 };

		waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT);
		if (si.si_pid)
			snprintf(why, size, "the case died (%d)", si.si_status);
		else
			snprintf(why, size, "still running after %d s",
				 c->seconds * slow);
		n = 0;
	}
	end_group(pid);
	close(p[0]);
	close(p[1]);
	if (!n)
		return NOT_OK;
	line[n] = 0;
	snprintf(why, size, "%s", line + 1);
	return line[0] == 'o' ? OK : line[0] == 's' ? SKIP : NOT_OK;
}

static void run_case(const char *test, const struct kcase *c)
{
	static const char *const words[] = { "ok", "not ok", "skip" };
	enum verdict v = NOT_OK;
	char why[600] = "";
	u64 begin = now_ns();
	int err = c->bare ? 0 : module_load(c->params);

	if (err)
		snprintf(why, sizeof(why), "insmod %s: %s",
			 c->params ? c->params : "", strerror(-err));
	else
		v = case_verdict(c, why, sizeof(why));
	if (module_is_loaded()) {
		err = module_unload_wait(UNLOAD_MS);
		if (err && v != NOT_OK) {
			v = NOT_OK;
			snprintf(why, sizeof(why), "rmmod afterwards: %s",
				 strerror(-err));
		}
	}
	counts[v]++;
	printf("%s %s/%s%s%s\n", words[v], test, c->name, v ? ": " : "",
	       v ? why : "");
	printf("# %s/%s took %.2f s\n", test, c->name,
	       (now_ns() - begin) / 1e9);
}

void run_test(const struct ktest *t, const char *only)
{
	int ran = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < t->nr; i++) {
		if (only && strcmp(only, t->cases[i].name) != 0)
			continue;
		run_case(t->name, &t->cases[i]);
		ran++;
	}
	if (!ran) {
		counts[NOT_OK]++;
		printf("not ok %s/%s: there is no such case\n", t->name,
		       only ? only : "");
	}
}

int totals(void)
{
	printf("%d passed, %d failed, %d skipped\n", counts[OK], counts[NOT_OK],
	       counts[SKIP]);
	return counts[NOT_OK] || !counts[OK] ? 1 : 0;
}
