// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes under load: a fork storm, readers that open, map
 * and are killed at random, tracepoints that are switched on and off. Unloading
 * is refused while in use and safe when not, and leaves nothing behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define STORM 3
#define CLIENTS 3
#define WARM_UP 3
#define UNLOAD_MS 60000
#define QUIET_MS 5000
/*
 * What a cycle may leave: nothing. What the kernel's own caches, the storm's
 * among them, move between two readings is noise below this; a leaked ring
 * (64 kB, vmalloc) each cycle is 3 MB. Less is for the debug kernel's kmemleak.
 */
#define LEAK_KB 2500

typedef unsigned long long ull;

/* What client processes are told, and tell. */
static struct {
	volatile int quiet;	/* leave the module alone for a while */
	volatile u64 opened, started, mapped, frames, bad;
	volatile u64 toggled, perf;
} * shared;

static void client_reads(struct reader *r, u64 *state)
{
	u64 end = now_ns() + random_below(state, 60) * MSEC;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	if (shared->started % 2 && !reader_map(r))
		shared->mapped++;
	do {
		if (reader_next(r))
			shared->frames++;
		else
			poll(&p, 1, 5);
		if (r->wrong) {
			shared->bad++;
			break;
		}
	} while (now_ns() < end && !shared->quiet);
}

/* Opens, starts in some way, maps or not, reads a little, and closes or not. */
__attribute__((noreturn)) static int client(void *arg)
{
	u64 state = seed + (long)arg + now_ns();
	struct reader r;

	for (;;) {
		struct obit_dev_start s = { .wait_ms = 50,
					    .scope_id = getppid() };
		u32 flags = random_below(&state, OBIT_START_FLAGS + 1);

		nap_ms(random_below(&state, 30));
		if (shared->quiet)
			continue;
		/* arming and disarming take a second in a guest */
		if (random_below(&state, 3)) {	/* open, no more */
			int fd = dev_open(O_NONBLOCK);

			shared->opened += fd >= 0;
			nap_ms(random_below(&state, 10));
			if (fd >= 0)
				close(fd);
			continue;
		}
		if (reader_open_start(&r, &s, flags, 0))
			continue;
		shared->opened++;
		shared->started++;
		client_reads(&r, &state);
		reader_close(&r);
	}
}

/* Keeps CLIENTS alive and kills them at random: half of those that start before
 * START has come back, for arming takes a second in a guest. */
__attribute__((noreturn)) static int killer(void *arg)
{
	u64 state = seed ^ 0x5eed;
	pid_t pid[CLIENTS] = { 0 };

	(void)arg;
	for (;;) {
		int i = random_below(&state, CLIENTS);

		if (pid[i] > 0) {
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
		for (long k = 0; k < CLIENTS; k++)
			if (pid[k] <= 0 || k == i)
				pid[k] = child(client, (void *)(k + i * 64));
		nap_ms(random_below(&state, 2) ? random_below(&state, 40) :
						 random_below(&state, 2000));
	}
}

static int perf_count(int id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
	};

	return syscall(SYS_perf_event_open, &attr, -1, 0, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/* Each of the module's events through perf, held a moment. */
static void perf_events(void)
{
	DIR *dir = opendir(TRACING "/events/obit");
	struct dirent *e;
	int fd[32], n = 0;

	while (dir && n < 32 && (e = readdir(dir))) {
		char path[512], id[32];

		snprintf(path, sizeof(path), TRACING "/events/obit/%s/id",
			 e->d_name);
		if (e->d_name[0] == '.' || read_text(path, id, sizeof(id)) <= 0)
			continue;
		fd[n] = perf_count(atoi(id));
		if (fd[n] >= 0)
			n++;
	}
	if (dir)
		closedir(dir);
	shared->perf += n;
	nap_ms(10);
	while (n)
		close(fd[--n]);
}

/* One of them more often than all: the teardown's functions take their time. */
__attribute__((noreturn)) static int toggler(void *arg)
{
	static const char *const events[] = {
		"obit/obit_exit",
		"obit/obit_reapable",
		"obit/obit_released",
		"obit/obit_pdeath",
		"obit/obit_hangup",
		"obit/obit_teardown",
		"obit",
	};
	u64 state = seed ^ 0x7091;

	(void)arg;
	for (;;) {
		u32 i = random_below(&state, 12);
		bool on = random_below(&state, 2);

		nap_ms(random_below(&state, 300));
		if (shared->quiet) {
			event_enable("obit", false);
			continue;
		}
		if (!event_enable(events[i < 7 ? i : i % 5], on))
			shared->toggled++;
		if (random_below(&state, 4) == 0)
			perf_events();
		if (random_below(&state, 4) == 0)
			trace_clear();
	}
}

struct load {
	pid_t storm, killer, toggler;
};

static void load_start(struct load *l)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	l->storm = storm_start(STORM);
	l->killer = child(killer, NULL);
	l->toggler = child(toggler, NULL);
}

static void load_stop(struct load *l)
{
	kill(l->killer, SIGKILL);
	kill(l->toggler, SIGKILL);
	waitpid(l->killer, NULL, 0);
	waitpid(l->toggler, NULL, 0);
	storm_stop(l->storm);
}

/*
 * rmmod until it goes; in use most of the time, for the clients see to that.
 * After a second, and when one of them has read, they are asked to let go.
 */
static bool unload_busy(u64 *refused)
{
	u64 begin = now_ns(), started = shared->started;
	int ret;

	while ((ret = module_unload())) {
		need(ret == -EAGAIN, "rmmod: %s", strerror(-ret));
		++*refused;
		nap_ms(5);
		if (now_ns() - begin > SEC &&
		    (shared->started != started ||
		     now_ns() - begin > QUIET_MS * slow * MSEC))
			shared->quiet = 1;
		need(now_ns() - begin < UNLOAD_MS * slow * MSEC,
		     "rmmod is refused for %d ms", UNLOAD_MS);
	}
	shared->quiet = 0;
	return true;
}

static long settled_kb(void)
{
	long kb;

	/* what RCU, work queues and the page allocator put off */
	for (int i = 0; i < 3; i++) {
		write_file("/proc/sys/vm/drop_caches", "3");
		nap_ms(200);
	}
	kb = kernel_kb();
	return kb;
}

static bool nothing_left(void)
{
	int slabs = file_count("/proc/slabinfo", "obit");
	int vmalloc = file_count("/proc/vmallocinfo", "obit");
	int hooks = file_count(TRACING "/enabled_functions", "obit");
	int probes = file_count("/sys/kernel/debug/kprobes/list", "obit");
	int events = access(TRACING "/events/obit", F_OK);

	need(slabs <= 0 && vmalloc <= 0 && hooks <= 0 && probes <= 0 && events,
	     "left: %d slabs, %d vmalloc areas, %d functions, %d probes%s",
	     slabs, vmalloc, hooks, probes, events ? "" : ", events/obit");
	return true;
}

static bool cycle_times(int n, u64 *refused)
{
	u64 state = seed ^ n;

	for (int i = 0; i < n; i++) {
		int ret = module_load("ring_bytes=65536 linger=1");

		need(!ret, "insmod %d: %s", i, strerror(-ret));
		nap_ms(random_below(&state, 60));
		if (!unload_busy(refused))
			return false;
		if (i % 10 == 9) {
			note("%d cycles", i + 1);
			fflush(stdout);
		}
	}
	return true;
}

static bool leaks_none(long before, long after)
{
	char report[8192];
	int n;

	note("kernel memory %ld kB, %ld kB after %d cycles", before, after,
	     cycles);
	need(after - before < LEAK_KB, "%ld kB are gone", after - before);
	/* the debug kernel knows it by name; the scan is done when written */
	if (write_file("/sys/kernel/debug/kmemleak", "scan"))
		return true;
	nap_ms(6000);
	write_file("/sys/kernel/debug/kmemleak", "scan");
	n = read_text("/sys/kernel/debug/kmemleak", report, sizeof(report));
	if (n > 0)
		fputs(report, stdout);
	need(n <= 0, "kmemleak has found something");
	note("kmemleak has found nothing");
	return true;
}

static bool insmod_rmmod(void)
{
	u64 refused = 0, warm = 0;
	long before, after;
	struct load l;

	write_file("/sys/kernel/debug/kmemleak", "clear");
	load_start(&l);
	if (!cycle_times(WARM_UP, &warm))
		return false;
	load_stop(&l);
	before = settled_kb();
	load_start(&l);
	if (!cycle_times(cycles, &refused))
		return false;
	load_stop(&l);
	after = settled_kb();
	note("%d cycles, refused %llu times; opened %llu, started %llu, mapped "
	     "%llu, %llu frames; toggled %llu, perf %llu",
	     cycles, (ull)refused, (ull)shared->opened, (ull)shared->started,
	     (ull)shared->mapped, (ull)shared->frames, (ull)shared->toggled,
	     (ull)shared->perf);
	need(!shared->bad, "%llu bad frames", (ull)shared->bad);
	need(refused && shared->started && shared->mapped && shared->frames &&
		     shared->toggled,
	     "the load did not reach the module");
	return nothing_left() && leaks_none(before, after);
}

/* Hooks are armed and disarmed without the module's going. */
static bool arm_disarm(void)
{
	pid_t storm = storm_start(STORM);
	u64 end = deadline(seconds * 1000), arm = 0, disarm = 0;
	struct reader r;
	int n;

	for (n = 0; n < 5 || now_ns() < end; n++) {
		u64 begin = now_ns();

		need(!reader_open(&r, 0, 0), "START %d", n);
		arm += now_ns() - begin;
		if (n % 3)
			nap_ms(n % 7);
		while (reader_next(&r))
			;
		need(!r.wrong, "%s", r.wrong);
		begin = now_ns();
		reader_close(&r);
		disarm += now_ns() - begin;
	}
	storm_stop(storm);
	note("%d times, %llu ms to arm, %llu ms to disarm", n,
	     (ull)(arm / n / MSEC), (ull)(disarm / n / MSEC));
	return true;
}

/* 1: a TEARDOWN of one of the batch, its first; -1: one that cannot be. */
static int ends_of(const struct batch *b, const struct obit_frame *f,
		   int seen[])
{
	const struct obit_teardown *t = (const void *)frame_hdr(f);
	int i = 0;

	if (t->hdr.type != OBIT_EV_TEARDOWN)
		return 0;
	while (i < b->nr && b->p[i].pid != (pid_t)t->task.tgid)
		i++;
	if (i == b->nr)
		return 0;
	if (!t->nr || t->nr > OBIT_STEPS_MAX ||
	    t->hdr.len < sizeof(*t) + t->nr * sizeof(t->steps[0]))
		return -1;
	for (u32 k = 0; k < t->nr; k++)
		if (t->steps[k].boot_ns > t->hdr.boot_ns ||
		    t->steps[k].off_ns > t->hdr.boot_ns - t->steps[0].boot_ns)
			return -1;
	return seen[i]++ ? -1 : 1;
}

#define ENDS 8

/* @want: the ends of those who die now are read, each once; else none is. */
static bool ends_are_read(struct reader *r, bool want)
{
	u64 end = deadline(want ? 15000 : 300);
	static struct batch b;
	int seen[ENDS] = { 0 }, n = 0;

	b.nr = 0;
	batch_die(&b, ENDS);
	while (now_ns() < end && !(want && n == ENDS)) {
		const struct obit_frame *f = reader_next(r);
		int one = f ? ends_of(&b, f, seen) : 0;

		need(!r->wrong, "%s", r->wrong);
		need(one >= 0, "a TEARDOWN that cannot be, or a second one");
		n += one;
		if (!f)
			nap_ms(2);
	}
	need(n == (want ? ENDS : 0), "%d ends of %d", n, ENDS);
	return true;
}

/*
 * Readers of TEARDOWN come and go, in half of the rounds while its tracepoint
 * keeps the steps hooked: who ends meanwhile finds what is kept of him gone, or
 * cleared for the next reader. And who does not ask is given none.
 */
static bool teardown_readers(void)
{
	u64 end = deadline(seconds * 1000), arm = 0, disarm = 0;
	pid_t storm = storm_start(STORM);
	int n, alone = 0;

	for (n = 0; n < 5 || now_ns() < end; n++) {
		bool want = n % 4 != 3, first = n % 4 == 0;
		u64 begin = now_ns();
		struct reader r;

		need(!reader_open(&r, want ? OBIT_START_TEARDOWN : 0, 0),
		     "START %d", n);
		arm += first ? now_ns() - begin : 0;
		if (!ends_are_read(&r, want))
			return false;
		begin = now_ns();
		reader_close(&r);
		disarm += first ? now_ns() - begin : 0;
		alone += first;
		/* on for the next two, then off */
		need(!event_enable("obit/obit_teardown", n % 4 < 2), "enable");
	}
	storm_stop(storm);
	event_enable("obit/obit_teardown", false);
	note("%d times; alone %llu ms to arm, %llu ms to disarm", n,
	     (ull)(arm / alone / MSEC), (ull)(disarm / alone / MSEC));
	return true;
}

/* With events on that nobody switches off, it can be unloaded all the same. */
static bool unload_with_events_on(void)
{
	pid_t storm = storm_start(STORM);

	for (int i = 0; i < 2 + cycles / 8; i++) {
		int ret = module_load(NULL);

		need(!ret, "insmod: %s", strerror(-ret));
		ret = event_enable("obit", true);
		need(!ret, "enable: %s", strerror(-ret));
		nap_ms(i * 30);
		ret = module_unload_wait(UNLOAD_MS);
		need(!ret, "rmmod: %s", strerror(-ret));
	}
	storm_stop(storm);
	trace_clear();
	return nothing_left();
}

static const struct kcase cases[] = {
	{ "insmod_rmmod", insmod_rmmod, NULL, 1200, true },
	{ "arm_disarm", arm_disarm, "ring_bytes=65536", 180, false },
	{ "teardown_readers", teardown_readers, NULL, 180, false },
	{ "unload_with_events_on", unload_with_events_on, NULL, 300, true },
};

const struct ktest stress_test = { "stress", cases, ARRAY_SIZE(cases) };
