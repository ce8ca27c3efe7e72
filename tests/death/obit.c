// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program under test as a process: started once, proved to watch by a
 * canary's death, ended by SIGINT with status 0. Knows nothing of its output
 * but that the canary must be in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

/* Under TCG on a busy machine the verifier alone takes many seconds. */
#define READY_MS 180000
/* Of the 44 functions it detaches from each takes a wait for all tasks, 4 s in
 * a guest that has its processor for itself. */
#define END_MS 60000
#define CANARY 77

void feed(const char *kind, json_t *what)
{
	const char *path = getenv("DEATH_FEED");
	json_t *line;
	FILE *f;

	if (path) {
		line = json_pack("{s:O}", kind, what);
		f = fopen(path, "ae");
		if (f) {
			json_dumpf(line, f, JSON_COMPACT);
			fputc('\n', f);
			fclose(f);
		}
		json_decref(line);
	}
	json_decref(what);
}

/* obit is at most 100 ms late, guests crawl. The self-test waits for what never
 * comes and need not wait as long. */
int owed_ms(void)
{
	const char *s = getenv("DEATH_OWED_MS");

	return s ? atoi(s) : 8000;
}

bool obit_alive(struct run *r)
{
	if (!r->obit_ended &&
	    waitpid(r->obit_pid, &r->obit_status, WNOHANG) == r->obit_pid)
		r->obit_ended = true;
	return !r->obit_ended;
}

/* A tier is BPF's: the module has none, and beside it BPF gives its best. */
static void witness_args(struct run *r, char **argv)
{
	int n = 0;

	if (!r->module) {
		argv[n++] = "--tier";
		argv[n++] = (char *)r->tier;
	}
	if (r->source) {
		argv[n++] = "--source";
		argv[n++] = (char *)r->source;
	}
	argv[n] = NULL;
}

static void obit_exec(struct run *r)
{
	char *argv[16] = { (char *)r->obit, "trace", "-o",	  "json",
			   "--zombie-after", "1s",   "--teardown" };
	int n = 7, out, err, null;

	witness_args(r, argv + n);
	null = open("/dev/null", O_RDONLY);
	out = open(r->out, O_WRONLY | O_APPEND);
	err = open(r->err, O_WRONLY | O_APPEND);
	if (null >= 0)
		dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	/* Ctrl-C belongs to the runner: it ends obit when it is time */
	setpgid(0, 0);
	execv(r->obit, argv);
	dprintf(2, "exec %s: %s\n", r->obit, strerror(errno));
	_exit(127);
}

static bool says_watching(struct run *r)
{
	char buf[4096];
	int fd = open(r->err, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return strstr(buf, "watching");
}

/* A death of which everything is known, until its obituary is read. */
static bool canary(struct run *r, int ms)
{
	u64 end = boot_ns() + ms * MSEC, ticks;
	pid_t pid = fork();
	siginfo_t si;
	json_t *ob = NULL;
	bool ok;

	if (!pid)
		_exit(CANARY);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	ticks = task_start(pid, 0);
	waitpid(pid, NULL, 0);
	feed("canary", json_pack("{s:s,s:i,s:o,s:i}", "event", "obituary",
				 "tgid", pid, "start_boottime", m_ticks(ticks),
				 "exit_code", CANARY << 8));
	while (!ob && boot_ns() < end && obit_alive(r)) {
		stream_poll(&r->s);
		ob = stream_obituary(&r->s, pid, ticks, 0);
		if (!ob)
			nap_ms(5);
	}
	ok = json_integer_value(json_object_get(ob, "exit_code")) ==
	     CANARY << 8;
	json_decref(ob);
	return ok;
}

static void show_stderr(struct run *r)
{
	char line[512];
	FILE *f = fopen(r->err, "re");

	while (f && fgets(line, sizeof(line), f))
		printf("# obit says: %s%s", line,
		       strchr(line, '\n') ? "" : "\n");
	if (f)
		fclose(f);
}

int obit_start(struct run *r)
{
	u64 end = boot_ns() + READY_MS * MSEC;

	close(open(r->out, O_CREAT | O_TRUNC | O_WRONLY, 0644));
	close(open(r->err, O_CREAT | O_TRUNC | O_WRONLY, 0644));
	if (stream_open(&r->s, r->out)) {
		printf("# cannot write in %s: %m\n", r->dir);
		return -1;
	}
	fflush(stdout);
	r->s.race_lo = boot_ns();
	r->s.race_hi = UINT64_MAX;
	r->obit_pid = fork();
	if (r->obit_pid < 0)
		return -1;
	if (!r->obit_pid)
		obit_exec(r);
	while (!says_watching(r)) {
		if (!obit_alive(r) || boot_ns() > end) {
			printf("# obit %s before it was watching (status %#x)\n",
			       r->obit_ended ? "ended" : "hung",
			       r->obit_status);
			show_stderr(r);
			return -1;
		}
		nap_ms(10);
	}
	r->s.race_hi = boot_ns();
	for (int i = 0; i < 5; i++)
		if (canary(r, owed_ms() / 4))
			return 0;
	printf("# obit says it is watching and does not see a death\n");
	show_stderr(r);
	return -1;
}

void obit_stop(struct run *r)
{
	u64 begin = boot_ns(), end = begin + END_MS * MSEC;

	if (!obit_alive(r))
		return;
	/* either ends a command cleanly: both are tried, by run */
	kill(r->obit_pid, r->random ? SIGTERM : SIGINT);
	while (obit_alive(r) && boot_ns() < end)
		nap_ms(5);
	if (obit_alive(r)) {
		kill(r->obit_pid, SIGKILL);
		waitpid(r->obit_pid, &r->obit_status, 0);
		r->obit_ended = true;
		printf("# obit did not end %d s after it was asked to\n",
		       END_MS / 1000);
	}
	printf("# obit has ended after %llu ms\n",
	       (unsigned long long)((boot_ns() - begin) / MSEC));
	stream_poll(&r->s);
	if (r->obit_status)
		show_stderr(r);
}

/* ---- which keys may never be null ---- */

/* The contract's own floor: a doctor that promises less is not believed. */
const char *const floor_keys[] = {
	"event",
	"time",
	"boot_ns",
	"tgid",
	"ns_tgid",
	"start_boottime",
	"comm",
	"exe",
	"args",
	"args_cut",
	"uid",
	"gid",
	"sid",
	"pgid",
	"parent",
	"cgroup",
	"cgroup_hierarchy",
	"cgroup_id",
	"pid_ns",
	"life_ns",
	"threads",
	"execed",
	"exit_code",
	"cause",
	"fate",
	"sigchld",
	"usage",
	"source",
	NULL,
};

static json_t *doctor(struct run *r)
{
	char *argv[16] = { (char *)r->obit, "doctor", "-o", "json" };
	size_t cap = 1 << 20, len = 0;
	char *buf = malloc(cap);
	u64 end = boot_ns() + READY_MS * MSEC;
	struct pollfd pfd = { .events = POLLIN };
	int p[2], null, status = -1;
	json_t *j = NULL;
	ssize_t n;
	pid_t pid;

	witness_args(r, argv + 4);
	if (pipe(p))
		return NULL;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(p[1], 1);
		dup2(null, 2);
		close(p[0]);
		execv(r->obit, argv);
		_exit(127);
	}
	close(p[1]);
	pfd.fd = p[0];
	while (boot_ns() < end && len < cap) {
		if (poll(&pfd, 1, 100) != 1)
			continue;
		n = read(p[0], buf + len, cap - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(p[0]);
	if (boot_ns() >= end)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!status)
		j = json_loadb(buf, len, 0, NULL);
	free(buf);
	return j;
}

void obit_required(struct run *r)
{
	json_t *j = doctor(r), *f;
	json_t *fields = json_object_get(j, "fields");
	size_t i;

	r->required = json_object();
	for (i = 0; floor_keys[i]; i++)
		json_object_set_new(r->required, floor_keys[i], json_true());
	r->required_from = json_is_array(fields) ? "the suite and doctor" :
						   "the suite";
	json_array_foreach(fields, i, f) {
		const char *key = json_string_value(json_object_get(f, "key"));
		const char *av =
			json_string_value(json_object_get(f, "availability"));

		if (!key || !av)
			continue;
		if (!strcmp(av, "required"))
			json_object_set_new(r->required, key, json_true());
		else if (json_object_get(r->required, key))
			printf("# doctor calls %s %s, the contract needs it\n",
			       key, av);
	}
	json_decref(j);
}
