// SPDX-License-Identifier: GPL-2.0-only
/*
 * `death run`: starts obit once, draws cases and runs each in a process of
 * its own, some beside each other, waits for what obit owes, ends it; tries
 * what a machine that stood still may have spoilt once more, alone. Never
 * compares: judge.c does.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"
#include "run.h"
#include "stall.h"

#define CASE_MS 45000		/* the longest case takes about 4 s natively */
#define TRIES 4
#define LINGERS (CASE_LINGER | CASE_LAST)

static void draw_start(struct run *r, struct draw *d)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC)) {
		snprintf(d->fail, sizeof(d->fail), "pipe: %m");
		d->done = true;
		return;
	}
	fflush(stdout);
	d->tries++;
	d->len = 0;
	d->started = boot_ns();
	d->pid = fork();
	if (!d->pid) {
		srand(r->seed + (d - r->draws));
		close(p[0]);
		case_main(d->c, p[1]);
	}
	d->ticks = task_start(d->pid, 0);
	d->fd = p[0];
	fcntl(d->fd, F_SETFL, O_NONBLOCK);
	close(p[1]);
}

static void draw_report(struct run *r, struct draw *d)
{
	json_error_t err;
	const char *again;

	close(d->fd);
	d->fd = -1;
	if (d->fail[0])
		return;
	d->report = json_loadb(d->buf ? d->buf : "", d->len, 0, &err);
	if (!d->report) {
		snprintf(d->fail, sizeof(d->fail),
			 "case: died without a report: %.200s", err.text);
		return;
	}
	again = json_string_value(json_object_get(d->report, "again"));
	if (again && d->tries >= TRIES)
		snprintf(d->fail, sizeof(d->fail),
			 "case: machine too slow %d times: %.300s", d->tries,
			 again);
	else if (!again)
		feed("case", json_incref(d->report));
	(void)r;
}

static void draw_read(struct run *r, struct draw *d)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(d->fd, buf, sizeof(buf))) > 0) {
		d->buf = realloc(d->buf, d->len + n);
		memcpy(d->buf + d->len, buf, n);
		d->len += n;
	}
	if (!n || (errno != EAGAIN && errno != EINTR))
		draw_report(r, d);
}

static void draw_ended(struct run *r, struct draw *d, int status)
{
	d->status = status;
	d->late = r->slow;
	if (d->fd >= 0)
		draw_read(r, d);
	if (d->fd >= 0)		/* a descendant still holds the pipe */
		draw_report(r, d);
	if (d->report && json_object_get(d->report, "again") &&
	    d->tries < TRIES) {
		json_decref(d->report);
		d->report = NULL;
		draw_start(r, d);
		return;
	}
	if (!(d->c->flags & LINGERS))
		feed("self", judge_self(d));
	if (!d->fail[0] && status && !(d->c->flags & LINGERS))
		snprintf(d->fail, sizeof(d->fail), "case: died with status %#x",
			 status);
	d->done = true;
}

/* Orphans of a case that failed: nobody else's, as we are their subreaper. */
static void kill_strays(struct run *r)
{
	FILE *f;
	char path[64];
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		bool ours = pid == r->obit_pid ||
			    (r->st && pid == storm_pid(r->st));

		for (int i = 0; i < r->nr_draws && !ours; i++)
			ours = r->draws[i].pid == pid && !r->draws[i].done;
		if (!ours)
			kill(pid, SIGKILL);
	}
	if (f)
		fclose(f);
}

static void reap(struct run *r)
{
	siginfo_t si;
	int status;

	r->slow = r->reaped_at && boot_ns() > r->reaped_at + 600 * MSEC;
	r->reaped_at = boot_ns();
	for (;;) {
		struct draw *d = NULL;

		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOWAIT | WNOHANG) ||
		    !si.si_pid)
			return;
		if (si.si_pid == r->obit_pid) {
			obit_alive(r);
			if (r->obit_ended)
				continue;
			return;
		}
		for (int i = 0; i < r->nr_draws; i++)
			if (r->draws[i].pid == si.si_pid && !r->draws[i].done &&
			    r->draws[i].tries)
				d = &r->draws[i];
		waitpid(si.si_pid, &status, 0);
		if (d)
			draw_ended(r, d, status);
	}
}

static void step(struct run *r)
{
	struct pollfd pfd[256];
	struct draw *who[256];
	int n = 0;

	for (int i = 0; i < r->nr_draws && n < 256; i++) {
		struct draw *d = &r->draws[i];

		if (d->done || d->fd < 0 || !d->tries)
			continue;
		if (boot_ns() > d->started + CASE_MS * MSEC && !d->fail[0]) {
			snprintf(d->fail, sizeof(d->fail),
				 "case: no report after %d s", CASE_MS / 1000);
			kill(d->pid, SIGKILL);
		}
		who[n] = d;
		pfd[n++] = (struct pollfd){ d->fd, POLLIN, 0 };
	}
	poll(pfd, n, 5);
	for (int i = 0; i < n; i++)
		if (pfd[i].revents)
			draw_read(r, who[i]);
	reap(r);
	stream_poll(&r->s);
}

static int running(struct run *r, bool *alone)
{
	int n = 0;

	*alone = false;
	for (int i = 0; i < r->nr_draws; i++) {
		struct draw *d = &r->draws[i];

		if (!d->tries || d->done)
			continue;
		if (d->c->flags & LINGERS && d->fd < 0) {
			d->lingers = true;
			continue;
		}
		n++;
		*alone |= d->c->flags & CASE_ALONE;
	}
	return n;
}

static void run_draws(struct run *r)
{
	int next = 0, n;
	bool alone;

	for (;;) {
		n = running(r, &alone);
		if (next == r->nr_first && !n)
			break;
		if (!obit_alive(r)) {
			printf("# obit ended by itself (status %#x)\n",
			       r->obit_status);
			break;
		}
		while (next < r->nr_first && n < r->jobs && !alone) {
			struct draw *d = &r->draws[next];

			if (d->c->flags & CASE_ALONE && n)
				break;
			alone = d->c->flags & CASE_ALONE;
			draw_start(r, d);
			next++;
			n++;
		}
		step(r);
		if (!n)
			kill_strays(r);
	}
	for (; next < r->nr_first; next++) {
		snprintf(r->draws[next].fail, sizeof(r->draws[next].fail),
			 "case: obit was gone before it could run");
		r->draws[next].done = true;
	}
}

/* Those that obit must be interrupted over: started together, their reports
 * are all that is waited for. */
static void run_last(struct run *r)
{
	u64 end = boot_ns() + CASE_MS * MSEC;
	bool alone;

	for (int i = r->nr_first; i < r->nr_draws; i++)
		draw_start(r, &r->draws[i]);
	while (running(r, &alone) && boot_ns() < end && obit_alive(r))
		step(r);
}

static void settle(struct run *r)
{
	u64 end = boot_ns() + owed_ms() * MSEC;

	kill_strays(r);
	while (boot_ns() < end && obit_alive(r)) {
		step(r);
		if (!judge_missing(r))
			break;
	}
	/* what must not come gets the time to come */
	end = boot_ns() + 300 * MSEC;
	while (boot_ns() < end)
		step(r);
}

static void end_lingerers(struct run *r)
{
	u64 end = boot_ns() + 10 * SEC;
	bool alone;

	for (int i = 0; i < r->nr_draws; i++)
		if (!r->draws[i].done && r->draws[i].tries)
			kill(r->draws[i].pid, SIGKILL);
	do {
		reap(r);
		kill_strays(r);
	} while (running(r, &alone) && boot_ns() < end);
}

/* ---- which cases, how often ---- */

static void draw_add(struct run *r, struct death_case *c)
{
	struct draw *d;

	if (r->nr_draws == CASES_MAX)
		return;
	d = &r->draws[r->nr_draws++];
	d->c = c;
	d->fd = -1;
}

static bool named(struct run *r, const char *name)
{
	for (int i = 0; i < r->nr_names; i++)
		if (!strcmp(r->names[i], name))
			return true;
	return !r->nr_names;
}

/* splitmix64: the same draws from the same seed on every machine */
static u64 rnd(u64 *x)
{
	u64 z = *x += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int draw_all(struct run *r)
{
	struct death_case *pool[512], *c;
	u64 x = r->seed;
	int n = 0, i;

	r->draws = calloc(CASES_MAX, sizeof(*r->draws));
	for (i = 0; i < r->nr_names; i++)
		if (!case_find(r->names[i])) {
			fprintf(stderr, "death: no case %s\n", r->names[i]);
			return -1;
		}
	for (c = case_first(); c && n < 512; c = c->next)
		if (named(r, c->name))
			pool[n++] = c;
	/* every case at least ten times, then as chance has it */
	for (i = 0; i < n; i++)
		for (int k = 0; k < (r->random ? 10 : 1); k++)
			if (!(pool[i]->flags & CASE_LAST))
				draw_add(r, pool[i]);
	while (r->nr_draws < r->random && r->nr_draws < CASES_MAX / 2)
		if (!(pool[i = rnd(&x) % n]->flags & CASE_LAST))
			draw_add(r, pool[i]);
	for (i = r->nr_draws - 1; r->random && i > 0; i--) {
		int k = rnd(&x) % (i + 1);
		struct draw d = r->draws[i];

		r->draws[i] = r->draws[k];
		r->draws[k] = d;
	}
	r->nr_first = r->nr_draws;
	for (i = 0; i < n; i++)
		for (int k = 0; k < (r->random ? 10 : 1); k++)
			if (pool[i]->flags & CASE_LAST)
				draw_add(r, pool[i]);
	return 0;
}

static void keep_wants(struct run *r)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/wanted.json", r->dir);
	f = fopen(path, "we");
	for (int i = 0; f && i < r->nr_draws; i++)
		if (r->draws[i].report) {
			json_dumpf(r->draws[i].report, f, JSON_COMPACT);
			fputc('\n', f);
		}
	if (f)
		fclose(f);
}

static int options(struct run *r, int argc, char **argv)
{
	static const struct option opts[] = {
		{ "obit", 1, 0, 'o' }, { "tier", 1, 0, 't' },
		{ "source", 1, 0, 's' }, { "case", 1, 0, 'c' },
		{ "random", 1, 0, 'r' }, { "seed", 1, 0, 'S' },
		{ "storm", 0, 0, 'w' }, { "keep", 1, 0, 'k' },
		{ "jobs", 1, 0, 'j' }, { "once", 0, 0, '1' },
		{ 0, 0, 0, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", opts, NULL)) >= 0) {
		switch (c) {
		case 'o':
			r->obit = optarg;
			break;
		case 't':
			r->tier = optarg;
			if (!strcmp(optarg, "kmod") ||
			    !strcmp(optarg, "both")) {
				r->module = true;
				r->source = optarg;
				r->tier = "fentry";
			}
			break;
		case 's':
			r->source = optarg;
			break;
		case 'c':
			if (r->nr_names < 256)
				r->names[r->nr_names++] = optarg;
			break;
		case 'r':
			r->random = atoi(optarg);
			break;
		case 'S':
			r->seed = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			r->storm = true;
			break;
		case 'k':
			r->keep = optarg;
			break;
		case 'j':
			r->jobs = atoi(optarg);
			break;
		case '1':
			r->once = true;
			break;
		default:
			return -1;
		}
	}
	if (!r->obit || optind != argc || r->jobs < 1 ||
	    (strcmp(r->tier, "tracepoints") && strcmp(r->tier, "fentry") &&
	     strcmp(r->tier, "auto")))
		return -1;
	return 0;
}

/* What everything below it inherits. */
static void clean_slate(void)
{
	sigset_t none;

	/* nohup and background shells leave some ignored: nobody dies of those */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int make_folder(struct run *r)
{
	if (r->keep)
		snprintf(r->dir, sizeof(r->dir), "%s", r->keep);
	else
		snprintf(r->dir, sizeof(r->dir), "/tmp/death-run.XXXXXX");
	if (r->keep ? mkdir(r->dir, 0755) && errno != EEXIST :
		      !mkdtemp(r->dir)) {
		fprintf(stderr, "death: %s: %m\n", r->dir);
		return -1;
	}
	snprintf(r->out, sizeof(r->out), "%s/obit.json", r->dir);
	snprintf(r->err, sizeof(r->err), "%s/obit.err", r->dir);
	return 0;
}

static void remove_folder(struct run *r)
{
	unlink(r->out);
	unlink(r->err);
	snprintf(r->err, sizeof(r->err), "%s/wanted.json", r->dir);
	unlink(r->err);
	rmdir(r->dir);
}

/* One obit and the cases drawn for it, from start to verdict; -1 if it never
 * came to that. */
static int run_once(struct run *r)
{
	if (make_folder(r) || draw_all(r))
		return -1;
	if (r->random)
		printf("# seed %lu: %d draws\n", r->seed, r->nr_draws);
	obit_required(r);
	if (obit_start(r)) {
		printf("not ok obit_starts: see above\n");
		r->failed++;
		if (!r->obit_ended && r->obit_pid > 0)
			kill(r->obit_pid, SIGKILL);
		return 0;
	}
	if (r->storm)
		r->st = storm_start();
	run_draws(r);
	if (r->st)
		storm_end(r->st);
	settle(r);
	run_last(r);
	obit_stop(r);
	end_lingerers(r);
	r->stood_still = stall_longest();
	judge(r);
	keep_wants(r);
	if (!r->keep && !r->failed)
		remove_folder(r);
	else
		printf("# kept in %s\n", r->dir);
	return 0;
}

/* The cases that the machine may have spoilt, one after the other, with an obit
 * of their own. 0, or -1 if that could not be. */
static int run_again(const struct run *first, int counts[3])
{
	static struct run r;
	char keep[400];

	printf("# the machine stood still for %llu ms: %d cases once more, alone\n",
	       (unsigned long long)(first->stood_still / MSEC),
	       first->nr_again);
	r = (struct run){
		.obit = first->obit,
		.source = first->source,
		.tier = first->tier,
		.module = first->module,
		.seed = first->seed,
		.jobs = 1,
		.once = true,
	};
	if (first->keep) {
		snprintf(keep, sizeof(keep), "%s/again", first->keep);
		r.keep = keep;
	}
	for (int i = 0; i < first->nr_again; i++)
		r.names[r.nr_names++] = first->again[i]->name;
	if (run_once(&r))
		return -1;
	counts[0] += r.passed;
	counts[1] += r.failed;
	counts[2] += r.skipped;
	return 0;
}

int run_main(int argc, char **argv)
{
	static struct run r = { .tier = "auto" };
	int counts[3], err;

	r.jobs = 4 * sysconf(_SC_NPROCESSORS_ONLN);
	r.seed = boot_ns() ^ getpid();
	if (options(&r, argc, argv)) {
		fputs("death run: bad options, see death --help\n", stderr);
		return 64;
	}
	clean_slate();
	if (stall_watch()) {
		fprintf(stderr, "death: no thread can be started\n");
		return 71;
	}
	if (run_once(&r))
		return 64;
	counts[0] = r.passed;
	counts[1] = r.failed;
	counts[2] = r.skipped;
	err = r.nr_again ? run_again(&r, counts) : 0;
	printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1],
	       counts[2]);
	return err || counts[1] ? 1 : 0;
}
