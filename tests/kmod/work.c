// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that die in a known way, alone, in rows and in storms. What they
 * did is the oracle: their pids and what waitpid said. Never more at once than
 * was asked for, and none outlives the case.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

pid_t die(int code)
{
	pid_t pid = fork();

	if (!pid)
		_exit(code);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid;
}

void batch_die(struct batch *b, int n)
{
	while (n-- > 0 && b->nr < BATCH_MAX) {
		int code = b->nr & 0x7f;
		pid_t pid = fork();

		if (!pid)
			_exit(code);
		if (pid < 0)
			continue;
		b->p[b->nr].pid = pid;
		b->p[b->nr].exits = b->p[b->nr].releases = 0;
		waitpid(pid, &b->p[b->nr].status, 0);
		b->nr++;
	}
}

bool batch_see(struct batch *b, const struct obit_frame *f)
{
	const struct obit_hdr *h = frame_hdr(f);
	u32 tgid, code;
	int i;

	if (h->type == OBIT_EV_EXIT) {
		const struct obit_exit *e = (const void *)h;

		need(h->len >= sizeof(*e), "an EXIT of %u bytes", h->len);
		tgid = e->task.tgid;
		code = e->exit_code;
	} else if (h->type == OBIT_EV_RELEASE) {
		const struct obit_release *e = (const void *)h;

		need(h->len >= sizeof(*e), "a RELEASE of %u bytes", h->len);
		tgid = e->task.tgid;
		code = e->exit_code;
	} else {
		return true;
	}
	for (i = b->nr - 1; i >= 0; i--)
		if (b->p[i].pid == (pid_t)tgid)
			break;
	if (i < 0)
		return true;
	need((int)code == b->p[i].status, "%s of %u: status %#x, waitpid %#x",
	     h->type == OBIT_EV_EXIT ? "EXIT" : "RELEASE", tgid, code,
	     b->p[i].status);
	if (h->type == OBIT_EV_EXIT)
		b->p[i].exits++;
	else
		b->p[i].releases++;
	return true;
}

int batch_missing(const struct batch *b)
{
	int n = 0;

	for (int i = 0; i < b->nr; i++)
		n += !b->p[i].exits;
	return n;
}

bool batch_read(struct batch *b, struct reader *r, int ms)
{
	u64 end = deadline(ms);

	while (batch_missing(b) && now_ns() < end) {
		const struct obit_frame *f = reader_next(r);

		need(!r->wrong, "frame %llu: %s", (unsigned long long)r->next,
		     r->wrong);
		if (f && !batch_see(b, f))
			return false;
		if (!f)
			nap_ms(5);
	}
	return true;
}

/* One of the storm: exits, is killed, forks once more, or has a group. */
static void storm_child(u64 *state)
{
	switch (random_below(state, 6)) {
	case 0:
		raise(SIGKILL);
		break;
	case 1:
		if (!fork())
			_exit(3);
		break;
	case 2:
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		break;
	case 3:
		setsid();
		break;
	}
	_exit(random_below(state, 256));
}

static void storm(int jobs)
{
	u64 state = seed ^ getpid();
	int running = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it has all the time in which others wait, and of the rest a part */
	if (nice(10) < 0)
		_exit(1);
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			storm_child(&state);
		running += pid > 0;
		state += 0x1234567;
		while (running >= jobs || (running && pid < 0)) {
			if (waitpid(-1, NULL, 0) > 0)
				running--;
			else
				break;
		}
	}
}

pid_t storm_start(int jobs)
{
	pid_t pid = fork();

	if (!pid)
		storm(jobs);
	return pid;
}

void storm_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

pid_t child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

bool byte_from(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, ms * slow) == 1 && read(fd, &c, 1) == 1;
}

int child_end(pid_t pid, int ms)
{
	u64 end = deadline(ms);
	int status;

	do {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		nap_ms(2);
	} while (now_ns() < end);
	return -1;
}
