// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of processes of a millisecond, bounded in number and time, whose
 * deaths are all written down by who caused and reaped them. One in eight
 * execs: args and exe of those must be right however short they live.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "match.h"
#include "run.h"

#define STORM_MAX 60000
#define STORM_SECONDS 240
#define STORM_WIDTH 4

struct drop {
	pid_t pid;
	int status, turn;
	u64 ticks;
};

struct storm {
	pid_t pid;
	u64 ticks;
	volatile int stop, n;
	char exe[4096];
	struct drop drop[STORM_MAX];
};

DEATH_ROUTINE("storm", storm_child)
{
	struct timespec ms = { 0, MSEC };

	nanosleep(&ms, NULL);
	return atoi(argv[1]) & 0xff;
}

static void __attribute__((noreturn)) storm_drop(struct storm *st, int turn)
{
	struct timespec ms = { 0, MSEC };
	char num[16];

	if (turn % 8 == 0) {
		char *argv[] = { "death", "victim", "storm", num, NULL };
		char *envp[] = { NULL };

		snprintf(num, sizeof(num), "%d", turn);
		execve(st->exe, argv, envp);
		_exit(97);
	}
	nanosleep(&ms, NULL);
	if (turn % 16 == 1)
		kill(getpid(), SIGKILL);
	_exit(turn & 0xff);
}

static void storm_reap(struct storm *st)
{
	siginfo_t si = { 0 };
	struct drop *d;
	int i;

	if (waitid(P_ALL, 0, &si, WEXITED | WNOWAIT) || !si.si_pid)
		return;
	for (i = st->n; i-- > 0;)
		if (st->drop[i].pid == si.si_pid && !st->drop[i].ticks)
			break;
	if (i < 0)
		_exit(96);
	d = &st->drop[i];
	/* a zombie still has its stat */
	d->ticks = task_start(d->pid, 0);
	waitpid(d->pid, &d->status, 0);
}

static void __attribute__((noreturn)) storm_blow(struct storm *st)
{
	u64 end = boot_ns() + STORM_SECONDS * SEC;
	int live = 0;

	prctl(PR_SET_NAME, "storm");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!st->stop && st->n < STORM_MAX && boot_ns() < end) {
		int turn = st->n;
		pid_t pid;

		while (live >= STORM_WIDTH) {
			storm_reap(st);
			live--;
		}
		pid = fork();
		if (!pid)
			storm_drop(st, turn);
		if (pid < 0)
			break;
		st->drop[turn].pid = pid;
		st->drop[turn].turn = turn;
		st->n++;
		live++;
	}
	while (live--)
		storm_reap(st);
	while (!st->stop)
		nap_ms(10);
	_exit(0);
}

struct storm *storm_start(void)
{
	struct storm *st = mmap(NULL, sizeof(*st), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (st == MAP_FAILED)
		return NULL;
	snprintf(st->exe, sizeof(st->exe), "%s", self_path());
	fflush(stdout);
	pid = fork();
	if (!pid)
		storm_blow(st);
	st->pid = pid;		/* shared: not by the child, as 0 */
	st->ticks = task_start(st->pid, 0);
	return st;
}

pid_t storm_pid(struct storm *st)
{
	return st->pid;
}

void storm_end(struct storm *st)
{
	st->stop = 1;
	waitpid(st->pid, NULL, 0);
}

bool storm_missing(struct run *r, struct storm *st)
{
	for (int i = 0; i < st->n; i++)
		if (!stream_count(&r->s, st->drop[i].pid, st->drop[i].ticks))
			return true;
	return false;
}

static json_t *storm_want(struct storm *st, struct drop *d)
{
	json_t *by = json_pack("{s:i,s:o,s:s}", "tgid", st->pid,
			       "start_boottime", m_ticks(st->ticks), "comm",
			       "storm");
	json_t *w = json_pack("{s:i,s:o,s:i,s:O,s:O,s:s,s:i,s:s,s:b}", "tgid",
			      d->pid, "start_boottime", m_ticks(d->ticks),
			      "exit_code", d->status, "parent", by, "reaped_by",
			      by, "fate", "waited", "threads", 1, "exe",
			      st->exe, "execed", d->turn % 8 == 0);
	char num[16], comm[16];

	json_decref(by);
	if (WIFEXITED(d->status)) {
		json_object_set_new(w, "cause", json_string("exit"));
		/* exec'ed ones hand on the low byte alone */
		json_object_set_new(w, "exit_value",
				    json_integer(WEXITSTATUS(d->status)));
	} else {
		json_object_set_new(w, "cause", json_string("self"));
		json_object_set_new(w, "signal", json_string("SIGKILL"));
		json_object_set_new(w, "killer",
				    json_pack("{s:i}", "tgid", d->pid));
	}
	if (d->turn % 8 == 0) {
		const char *base = strrchr(st->exe, '/');

		snprintf(num, sizeof(num), "%d", d->turn);
		snprintf(comm, sizeof(comm), "%.15s",
			 base ? base + 1 : st->exe);
		json_object_set_new(w, "comm", json_string(comm));
		json_object_set_new(w, "args",
				    json_pack("[s,s,s,s]", "death", "victim",
					      "storm", num));
	} else {
		json_object_set_new(w, "comm", json_string("storm"));
		json_object_set_new(w, "args", m_some("the runner's own"));
	}
	return w;
}

int storm_judge(struct run *r, struct storm *st, int *total, char *why,
		size_t size)
{
	int bad = 0;

	for (int i = 0; i < st->n; i++) {
		struct drop *d = &st->drop[i];
		struct match m = { .tier = r->tier,
				   .source = r->source,
				   .errs = json_array() };
		json_t *want = storm_want(st, d);
		json_t *got = stream_obituary(&r->s, d->pid, d->ticks, 0);

		if (!got)
			snprintf(m.err, sizeof(m.err), "no obituary");
		else
			match_object(&m, want, got);
		if (m.err[0] && !bad++)
			snprintf(why, size, "%d: %.500s", d->pid, m.err);
		json_decref(m.errs);
		json_decref(want);
		json_decref(got);
	}
	*total = st->n;
	return bad;
}
