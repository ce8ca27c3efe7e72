// SPDX-License-Identifier: GPL-2.0-only
/*
 * spawn: a child that waits at a gate before it becomes its command.
 * Owns what stands between fork and exec. Never waits for the child's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "jobctl.h"
#include "out.h"
#include "spawn.h"

struct report {
	enum spawn_step step;
	int err;
};

static void fail(int fd, enum spawn_step step, int err)
{
	struct report r = { step, err };
	ssize_t n = write(fd, &r, sizeof(r));

	/* If even that is lost, its status says that something went wrong. */
	(void)n;
	_exit(127);
}

/* Descriptors of ours are all close-on-exec. */
static void child(const struct spawn_opts *o, int gate, int report)
{
	ssize_t n;
	char go;
	int err;

	out_child();
	jobctl_child();
	do {
		n = read(gate, &go, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(125);	/* whoever was to open it is gone */
	setrlimit(RLIMIT_MEMLOCK, &o->memlock);
	setrlimit(RLIMIT_NOFILE, &o->nofile);
	if (o->as) {
		err = account_become(o->as);
		if (err)
			fail(report, SPAWN_BECOME, err);
	}
	execvp(o->argv[0], o->argv);
	fail(report, SPAWN_EXEC, -errno);
}

/*
 * It is born with the name: the first scan of all tasks may come before it has
 * run at all, and whoever is to be found by that name would be missed.
 */
static pid_t fork_named(const char *comm)
{
	char own[16] = "";
	pid_t pid;
	int err;

	if (!comm || prctl(PR_GET_NAME, own))
		return fork();
	prctl(PR_SET_NAME, comm);
	pid = fork();
	err = errno;
	if (pid)
		prctl(PR_SET_NAME, own);
	errno = err;
	return pid;
}

int spawn_fork(struct spawn *s, const struct spawn_opts *o)
{
	int gate[2], report[2], err;

	s->gate = s->report = -1;
	s->pid = 0;
	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		err = -errno;
		goto out_gate;
	}
	s->pid = fork_named(o->comm);
	if (s->pid < 0) {
		err = -errno;
		goto out_report;
	}
	if (!s->pid) {
		/* Our end, or it would never see that we are gone. */
		close(gate[1]);
		close(report[0]);
		child(o, gate[0], report[1]);
	}
	close(gate[0]);
	close(report[1]);
	s->gate = gate[1];
	s->report = report[0];
	return 0;

out_report:
	close(report[0]);
	close(report[1]);
out_gate:
	close(gate[0]);
	close(gate[1]);
	s->pid = 0;
	return err;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void spawn_go(struct spawn *s)
{
	/* A child that died at the gate is waited for like any other. */
	ssize_t n = write(s->gate, "", 1);

	(void)n;
	close_end(&s->gate);
}

enum spawn_step spawn_failed(struct spawn *s, int *err)
{
	struct report r;
	ssize_t n;

	do {
		n = read(s->report, &r, sizeof(r));
	} while (n < 0 && errno == EINTR);
	*err = 0;
	if (n != (ssize_t)sizeof(r))
		return SPAWN_OK;
	*err = r.err;
	return r.step;
}

void spawn_close(struct spawn *s)
{
	close_end(&s->gate);
	close_end(&s->report);
}
