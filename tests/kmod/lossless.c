// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits that wait for room: nothing is lost to a slow reader, nobody waits who
 * is not in scope, and whatever becomes of the reader (stopped, killed, its
 * children dying), those who wait are let go. Each wait here has a limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define TINY "ring_bytes=65536"
#define CGROUP "/sys/fs/cgroup/obit-lossless"
#define FORKS 300
/* The longest wait that the module grants; and what is at once beside it, on a
 * machine that is busy: a collector's end disarms hooks, too. */
#define WAIT_MAX_MS 10000
#define AT_ONCE_MS 5000

typedef unsigned long long ull;

/* A reader in a process of its own, as a collector is. */
struct collector {
	pid_t pid;
	struct obit_dev_start s;
	int batch_ms;		/* sleeps so long after each of its reads */
	bool lies;		/* reads nothing at all */
	bool mapped, breeds;
	bool waits_for_one;	/* begins to read when somebody waits */
	/* told back, through shared memory */
	volatile int ready;	/* 1, or negative errno */
	volatile int stop, done, bad, bred;
	volatile u64 frames, gaps;
	char wrong[200];
	struct batch seen;
};

static struct collector *collector_new(u32 scope, u64 id, u32 wait_ms)
{
	struct collector *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	c->s.scope = scope;
	c->s.scope_id = id;
	c->s.wait_ms = wait_ms;
	return c;
}

/* Every process that exits in a status is noted: the oracle compares later. */
static void collect(struct collector *c, const struct obit_frame *f)
{
	const struct obit_exit *e = (const void *)frame_hdr(f);
	int i;

	if (e->hdr.type != OBIT_EV_EXIT)
		return;
	for (i = c->seen.nr - 1; i >= 0; i--)
		if (c->seen.p[i].pid == (pid_t)e->task.tgid)
			break;
	if (i < 0 && c->seen.nr < BATCH_MAX)
		i = c->seen.nr++;
	if (i < 0)
		return;
	c->seen.p[i].pid = e->task.tgid;
	c->seen.p[i].status = e->exit_code;
}

static int collector_main(void *arg)
{
	struct collector *c = arg;
	struct reader r;
	int ret = reader_open_start(&r, &c->s, OBIT_START_LOSSLESS, 0);

	if (!ret && c->mapped)
		ret = reader_map(&r);
	if (!ret)
		r.size = 16384;
	c->ready = ret ? ret : 1;
	if (ret)
		return 1;
	for (;;) {
		const struct obit_frame *f;
		int n = 0;

		if (c->lies) {
			nap_ms(5);
			if (c->stop)
				return 0;
			continue;
		}
		/* on a busy machine it would be as quick as those who die */
		if (c->waits_for_one && !c->stop && !info_now().waits) {
			nap_ms(5);
			continue;
		}
		while (n++ < 40 && (f = reader_next(&r)))
			collect(c, f);
		if (r.wrong) {
			snprintf(c->wrong, sizeof(c->wrong), "%s", r.wrong);
			c->bad = 1;
			return 1;
		}
		c->frames = r.frames;
		c->gaps = r.gaps;
		if (c->breeds && !c->stop) {
			die(1);
			c->bred++;
		}
		if (c->stop && n == 1)
			break;
		nap_ms(c->stop ? 1 : c->batch_ms);
	}
	c->done = 1;
	return 0;
}

static bool collector_start(struct collector *c)
{
	c->pid = child(collector_main, c);
	for (int i = 0; i < 1000 && !c->ready; i++)
		nap_ms(5);
	need(c->ready == 1, "the collector: %s",
	     c->ready ? strerror(-c->ready) : "no word of it");
	need(info_now().flags & OBIT_INFO_LOSSLESS, "lossless is not on");
	return true;
}

/* Has it read all there is, and end. */
static bool collector_stop(struct collector *c)
{
	c->stop = 1;
	need(child_end(c->pid, 15000) == 0,
	     "the collector did not end well%s%s", c->bad ? ": " : "",
	     c->wrong);
	return true;
}

/* What the collector saw against what waitpid said. */
static bool saw_all(const struct collector *c, const struct batch *b)
{
	int missing = 0;

	for (int i = 0; i < b->nr; i++) {
		int k;

		for (k = 0; k < c->seen.nr; k++)
			if (c->seen.p[k].pid == b->p[i].pid)
				break;
		missing += k == c->seen.nr;
		need(k == c->seen.nr || c->seen.p[k].status == b->p[i].status,
		     "%d: status %#x, waitpid %#x", b->p[i].pid,
		     c->seen.p[k].status, b->p[i].status);
	}
	need(!missing, "%d of %d deaths were not seen", missing, b->nr);
	return true;
}

static u64 cgroup_make(void)
{
	struct stat st;

	mkdir(CGROUP, 0755);
	return stat(CGROUP, &st) ? 0 : st.st_ino;
}

static bool cgroup_enter(bool enter)
{
	need(!write_file(enter ? CGROUP "/cgroup.procs" :
				 "/sys/fs/cgroup/cgroup.procs",
			 "0"),
	     "cannot move to a cgroup");
	return true;
}

/* So many dying at once that the ring fills, each bounded by the wait. */
static void fill(int n)
{
	for (int i = 0; i < n; i++)
		if (!fork())
			_exit(0);
}

/* Forks until someone waits; false: nobody ever did. */
static bool fill_until_waiting(void)
{
	for (u64 end = deadline(30000); now_ns() < end;) {
		fill(20);
		nap_ms(20);
		if (info_now().waiting)
			return true;
	}
	return fail("600 deaths and more, and none waits for room");
}

/* @n of them, whichever end. */
static bool reap_children(int n)
{
	u64 end = deadline(30000);

	while (n && now_ns() < end) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			n--;
		else
			nap_ms(2);
	}
	need(!n, "%d exits take more than 30 s", n);
	return true;
}

static bool reap_all(int ms)
{
	u64 end = deadline(ms);
	pid_t pid;

	while (now_ns() < end) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0)
			return true;
		if (!pid)
			nap_ms(2);
	}
	return fail("somebody still waits after %d ms", ms);
}

/* The premise: in drop mode this reader is too slow. */
static bool drop_mode_loses(void)
{
	static struct batch b;
	struct reader r;

	need(!reader_open(&r, 0, 0), "START");
	for (int i = 0; i < FORKS / 10; i++) {
		batch_die(&b, 10);
		for (int n = 0; n < 2; n++)
			reader_next(&r);
	}
	need(info_now().lost_total, "nothing lost");
	need(!info_now().waits, "%llu waits", (ull)info_now().waits);
	return true;
}

static bool loses_none(bool cgroup, bool mapped)
{
	static struct batch b;
	u64 id = cgroup ? cgroup_make() : (u64)getpid();
	struct collector *c =
		collector_new(cgroup ? OBIT_SCOPE_CGROUP : OBIT_SCOPE_TREE, id,
			      10000);
	struct obit_dev_info info;

	c->batch_ms = 60;
	c->waits_for_one = true;
	c->mapped = mapped;
	need(id, "no cgroup");
	if (!collector_start(c) || (cgroup && !cgroup_enter(true)))
		return false;
	/* those in the cgroup are its children, not the collector */
	batch_die(&b, FORKS);
	if (cgroup && !cgroup_enter(false))
		return false;
	if (!collector_stop(c))
		return false;
	info = info_now();
	note("%d deaths, %llu waits, %llu timeouts, %llu lost", b.nr,
	     (ull)info.waits, (ull)info.timeouts, (ull)info.lost_total);
	need(info.waits, "the reader was not slow enough for a wait");
	need(!info.timeouts && !info.waiting, "%llu timeouts, %u waiting",
	     (ull)info.timeouts, info.waiting);
	need(!info.lost[OBIT_LOST_OBITUARY][OBIT_LOST_RING_FULL] && !c->gaps,
	     "%llu lost, %llu missing",
	     (ull)info.lost[OBIT_LOST_OBITUARY][OBIT_LOST_RING_FULL],
	     (ull)c->gaps);
	return saw_all(c, &b);
}

static bool slow_in_cgroup(void)
{
	return loses_none(true, false);
}

static bool slow_in_tree(void)
{
	return loses_none(false, false);
}

static bool slow_mapped(void)
{
	return loses_none(true, true);
}

/* A stopped collector: each exit waits its time and no longer. */
static bool stopped(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_TREE, getpid(), 150);
	struct obit_dev_info info;
	u64 begin, took;

	if (!collector_start(c))
		return false;
	kill(c->pid, SIGSTOP);
	if (!fill_until_waiting())
		return false;
	nap_ms(500);
	begin = now_ns();
	die(5);
	took = now_ns() - begin;
	need(took >= 100 * MSEC && took < AT_ONCE_MS * slow * MSEC,
	     "an exit took %llu ms, its wait is 150", (ull)(took / MSEC));
	/* it waits while a quarter is free: that has to fill up too */
	for (u64 end = deadline(15000);
	     !info_now().lost_total && now_ns() < end;) {
		fill(50);
		if (!reap_children(50))
			return false;
	}
	info = info_now();
	need(info.timeouts && info.waits >= info.timeouts,
	     "%llu waits, %llu timeouts", (ull)info.waits, (ull)info.timeouts);
	need(info.lost_total, "the ring is full, time was up, nothing is lost");
	need(module_unload() == -EAGAIN, "rmmod with a stopped collector");
	kill(c->pid, SIGKILL);
	return reap_all(30000);
}

/* It wakes up again in time: late, and nothing lost. */
static bool stopped_and_continued(void)
{
	static struct batch b;
	struct collector *c =
		collector_new(OBIT_SCOPE_CGROUP, cgroup_make(), WAIT_MAX_MS);
	pid_t waker;

	if (!collector_start(c))
		return false;
	kill(c->pid, SIGSTOP);
	waker = fork();
	if (!waker) {
		for (int i = 0; i < 5000 && !info_now().waiting; i++)
			nap_ms(2);
		nap_ms(500);
		kill(c->pid, SIGCONT);
		_exit(0);
	}
	if (!cgroup_enter(true))
		return false;
	batch_die(&b, FORKS);
	if (!cgroup_enter(false) || !collector_stop(c))
		return false;
	need(info_now().waits && !info_now().timeouts,
	     "%llu waits, %llu timeouts", (ull)info_now().waits,
	     (ull)info_now().timeouts);
	return saw_all(c, &b);
}

/* A collector that is killed lets everybody go at once. */
static bool killed(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_TREE, getpid(), 10000);
	u64 begin;

	c->lies = true;
	if (!collector_start(c) || !fill_until_waiting())
		return false;
	need(info_now().waiting, "nobody waits");
	begin = now_ns();
	kill(c->pid, SIGKILL);
	if (!reap_all(30000))
		return false;
	need(now_ns() - begin < AT_ONCE_MS * slow * MSEC, "it took %llu ms",
	     (ull)((now_ns() - begin) / MSEC));
	need(!info_now().waiting && !(info_now().flags & OBIT_INFO_LOSSLESS),
	     "%u wait, flags %#x", info_now().waiting, info_now().flags);
	need(!info_now().timeouts, "%llu timeouts", (ull)info_now().timeouts);
	return true;
}

/* A dying task takes no signal: SIGKILL neither ends its wait nor hurts. */
static bool sigkill_to_the_waiting(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_TREE, getpid(), 2000);
	u64 begin;
	pid_t pid;

	c->lies = true;
	if (!collector_start(c) || !fill_until_waiting())
		return false;
	begin = now_ns();
	pid = fork();
	if (!pid)
		_exit(3);
	nap_ms(200);
	for (int i = 0; i < 50; i++)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	need(now_ns() - begin > 1000 * MSEC, "SIGKILL ended the wait");
	kill(c->pid, SIGKILL);
	return reap_all(30000);
}

/* Those out of scope, the collector's children and itself never wait. */
static bool out_of_scope(void)
{
	struct collector *c =
		collector_new(OBIT_SCOPE_CGROUP, cgroup_make(), 5000);
	u64 begin;

	c->lies = true;
	if (!collector_start(c) || !cgroup_enter(true) ||
	    !fill_until_waiting() || !cgroup_enter(false))
		return false;
	begin = now_ns();
	for (int i = 0; i < 10; i++)
		die(1);
	need(now_ns() - begin < 4 * slow * SEC,
	     "10 exits out of scope took %llu ms",
	     (ull)((now_ns() - begin) / MSEC));
	need(info_now().waiting, "nobody waits any more");
	kill(c->pid, SIGKILL);
	return reap_all(30000);
}

/* All in scope: the collector's children must die for it to go on reading. */
static bool children_of_the_collector(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_ALL, 0, 8000);

	c->breeds = true;
	c->batch_ms = 30;
	if (!collector_start(c))
		return false;
	for (int i = 0; i < FORKS; i++)
		die(0);
	if (!collector_stop(c))
		return false;
	need(c->bred > 5, "the collector bore %d", c->bred);
	need(!info_now().timeouts && !info_now().lost_total,
	     "%llu timeouts, %llu lost", (ull)info_now().timeouts,
	     (ull)info_now().lost_total);
	return true;
}

/* Everybody waits, and its own exit is what lets them go. */
static bool collector_exits(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_ALL, 0, 10000);

	c->lies = true;
	if (!collector_start(c) || !fill_until_waiting())
		return false;
	c->stop = 1;
	need(child_end(c->pid, 30000) == 0, "the collector cannot end");
	return reap_all(30000);
}

static bool one_at_a_time(void)
{
	struct collector *c = collector_new(OBIT_SCOPE_TREE, getpid(), 100);
	struct obit_dev_start s = { 0 };
	struct reader r;

	if (!collector_start(c))
		return false;
	need(reader_open_start(&r, &s, OBIT_START_LOSSLESS, 0) == -EBUSY,
	     "a second lossless reader is let in");
	need(!reader_open(&r, 0, 0), "and none at all any more");
	reader_close(&r);
	if (!collector_stop(c))
		return false;
	need(!reader_open_start(&r, &s, OBIT_START_LOSSLESS, 0),
	     "none after the first has gone");
	reader_close(&r);
	return true;
}

/* Other readers lie still, this one reads: it waits for the slowest. */
static bool unload_after(void)
{
	struct collector *c =
		collector_new(OBIT_SCOPE_TREE, getpid(), WAIT_MAX_MS);

	c->lies = true;
	if (!collector_start(c) || !fill_until_waiting())
		return false;
	for (int i = 0; i < 20; i++)
		need(module_unload() == -EAGAIN, "rmmod below those who wait");
	kill(c->pid, SIGKILL);
	/* at once: those who are let go run the module's code */
	need(!module_unload_wait(30000), "rmmod");
	return reap_all(30000);
}

static const struct kcase cases[] = {
	{ "drop_mode_loses", drop_mode_loses, TINY, 90, false },
	{ "slow_in_cgroup", slow_in_cgroup, TINY, 120, false },
	{ "slow_in_tree", slow_in_tree, TINY, 120, false },
	{ "slow_mapped", slow_mapped, TINY, 120, false },
	{ "stopped", stopped, TINY, 90, false },
	{ "stopped_and_continued", stopped_and_continued, TINY, 120, false },
	{ "killed", killed, TINY, 90, false },
	{ "sigkill_to_the_waiting", sigkill_to_the_waiting, TINY, 90, false },
	{ "out_of_scope", out_of_scope, TINY, 90, false },
	{ "children_of_the_collector", children_of_the_collector, TINY, 120,
	  false },
	{ "collector_exits", collector_exits, TINY, 90, false },
	{ "one_at_a_time", one_at_a_time, TINY, 90, false },
	{ "unload_after", unload_after, TINY, 90, false },
};

const struct ktest lossless_test = { "lossless", cases, ARRAY_SIZE(cases) };
