// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers side by side: each sees every record, in one order, by either way of
 * reading, woken in time; what there was no room for is missing for all and
 * counted to the last. Never about a reader that comes back: resume.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define TINY "ring_bytes=65536"

typedef unsigned long long ull;

static bool same_frame(const struct obit_frame *a, const struct obit_frame *b)
{
	need(a->seq == b->seq && a->size == b->size &&
		     !memcmp(frame_hdr(a), frame_hdr(b), frame_hdr(a)->len),
	     "mapped and read differ: %llu of %u bytes, %llu of %u",
	     (ull)a->seq, a->size, (ull)b->seq, b->size);
	return true;
}

static bool read_equals_mmap(void)
{
	static struct batch b;
	struct reader r, m;
	const struct obit_frame *fr, *fm;
	u64 n = 0;

	need(!reader_open(&r, 0, 0) && !reader_open(&m, 0, 0), "START");
	need(!reader_map(&m), "mmap: %s", strerror(errno));
	batch_die(&b, 100);
	nap_ms(100);
	for (;;) {
		fm = reader_next(&m);
		need(!m.wrong, "mapped: %s", m.wrong);
		/* the two began one after the other: the first has more */
		do {
			fr = reader_next(&r);
			need(!r.wrong, "read: %s", r.wrong);
		} while (fr && fm && fr->seq < m.first);
		if (!fr || !fm)
			break;
		if (!same_frame(fr, fm) || !batch_see(&b, fm))
			return false;
		n++;
	}
	/* what came between the two last looks is no difference */
	need(!batch_missing(&b), "%d deaths of %d seen by none",
	     batch_missing(&b), b.nr);
	need(n >= 200 && !r.gaps && !m.gaps, "%llu frames, %llu, %llu missing",
	     (ull)n, (ull)r.gaps, (ull)m.gaps);
	note("%llu frames equal", (ull)n);
	reader_close(&m);
	reader_close(&r);
	return true;
}

/* One is read, three others later: nobody takes from another. */
static bool many_readers(void)
{
	static struct batch b[4];
	struct reader r[4];

	for (int i = 0; i < 4; i++)
		need(!reader_open(&r[i], 0, 0), "START %d", i);
	need(!reader_map(&r[2]) && !reader_map(&r[3]), "mmap");
	need(info_now().readers == 4, "%u readers", info_now().readers);
	batch_die(&b[0], 50);
	memcpy(&b[1], &b[0], sizeof(b[0]));
	memcpy(&b[2], &b[0], sizeof(b[0]));
	memcpy(&b[3], &b[0], sizeof(b[0]));
	for (int i = 3; i >= 0; i--) {
		if (!batch_read(&b[i], &r[i], 3000))
			return false;
		need(!batch_missing(&b[i]) && !r[i].gaps,
		     "reader %d misses %d of 50, %llu frames", i,
		     batch_missing(&b[i]), (ull)r[i].gaps);
	}
	for (int i = 0; i < 4; i++)
		reader_close(&r[i]);
	return true;
}

/* Reads all there is; false: a frame was wrong. */
static bool drain(struct reader *r, struct batch *b)
{
	const struct obit_frame *f;

	while ((f = reader_next(r)))
		if (b && !batch_see(b, f))
			return false;
	need(!r->wrong, "%s", r->wrong);
	return true;
}

/*
 * A reader that lies still: the newest is dropped, for it and for those who do
 * read; what is missing by numbers is what the module says it lost, and what
 * the records say.
 */
static bool slow_reader_drops(void)
{
	static struct batch b;
	struct reader fast, lazy;
	struct obit_dev_info info;
	u64 end;

	need(!reader_open(&lazy, 0, 0) && !reader_open(&fast, 0, 0), "START");
	for (int i = 0; i < 100; i++) {
		batch_die(&b, 10);
		if (!drain(&fast, &b))
			return false;
	}
	info = info_now();
	need(info.lost_total, "1000 deaths fit into %llu bytes",
	     (ull)info.ring_bytes);
	/* an unread ring holds the oldest, with no hole in them */
	if (!drain(&lazy, NULL))
		return false;
	need(lazy.frames > 20 && lazy.first <= fast.first,
	     "the lazy one got %llu frames", (ull)lazy.frames);
	/* there is room again: both go on, and know how much is missing */
	end = deadline(5000);
	do {
		batch_die(&b, 1);
		nap_ms(10);
		if (!drain(&fast, &b) || !drain(&lazy, NULL))
			return false;
		info = info_now();
	} while (now_ns() < end &&
		 (fast.next < info.seq || lazy.next < info.seq));
	need(fast.next == info.seq && lazy.next == info.seq,
	     "%llu records, read up to %llu and %llu", (ull)info.seq,
	     (ull)fast.next, (ull)lazy.next);
	need(lazy.gaps == info.lost_total && fast.gaps == info.lost_total,
	     "%llu lost, missing by number: fast %llu, lazy %llu",
	     (ull)info.lost_total, (ull)fast.gaps, (ull)lazy.gaps);
	need(lazy.lost_last - lazy.lost_first == (u32)info.lost_total,
	     "%llu lost, the records say %u", (ull)info.lost_total,
	     lazy.lost_last - lazy.lost_first);
	note("%llu of %llu records lost", (ull)info.lost_total, (ull)info.seq);
	reader_close(&fast);
	reader_close(&lazy);
	return true;
}

/* The counters by kind and reason add up, in INFO and in the mapped page. */
static bool losses_add_up(void)
{
	struct obit_dev_info info;
	struct reader r;
	u64 sum = 0, mapped = 0;

	need(!reader_open(&r, 0, 0) && !reader_map(&r), "START");
	for (int i = 0; i < 500; i++)
		die(0);
	info = info_now();
	for (int k = 0; k < OBIT_LOST_KIND_NR; k++)
		for (int why = 0; why < OBIT_LOST_REASON_NR; why++) {
			sum += info.lost[k][why];
			mapped += r.page->lost[k][why];
		}
	need(info.lost_total && sum == info.lost_total && mapped >= sum &&
		     r.page->lost_total >= sum,
	     "total %llu, sum %llu, mapped %llu of %llu", (ull)info.lost_total,
	     (ull)sum, (ull)mapped, (ull)r.page->lost_total);
	need(info.lost[OBIT_LOST_OBITUARY][OBIT_LOST_RING_FULL],
	     "a full ring lost no obituary");
	reader_close(&r);
	return true;
}

static bool nonblock(void)
{
	struct reader r;
	struct pollfd p = { .events = POLLIN };
	ssize_t n;

	need(!reader_open(&r, 0, 0), "START");
	for (int i = 0; i < 100; i++) {
		n = read(r.fd, r.buf, r.size);
		if (n < 0)
			break;
	}
	need(n == -1 && errno == EAGAIN, "an empty ring: %zd, %s", n,
	     strerror(errno));
	p.fd = r.fd;
	need(poll(&p, 1, 0) == 0, "poll of an empty ring: %#x", p.revents);
	reader_close(&r);
	return true;
}

static int blocking_reader(void *arg)
{
	static char buf[BUF_BYTES];
	int fd = dev_open(0), *ready = arg;
	struct obit_dev_start s = { 0 };

	if (fd < 0 || dev_start(fd, 0, &s))
		return 1;
	if (write(*ready, "", 1) != 1)
		return 2;
	return read(fd, buf, sizeof(buf)) > 0 ? 0 : 3;
}

/* read(2) sleeps until there is something, and a signal ends the sleep. */
static bool blocking(void)
{
	int p[2], status;
	pid_t pid;

	need(!pipe(p), "pipe");
	for (int round = 0; round < 2; round++) {
		pid = child(blocking_reader, &p[1]);
		need(byte_from(p[0], 30000), "no reader");
		nap_ms(300);
		if (round == 0)
			die(7);
		else
			kill(pid, SIGTERM);
		/* its end disarms the hooks, which takes a while */
		status = child_end(pid, 30000);
		need(status == (round ? SIGTERM : 0), "round %d: status %#x",
		     round, status);
	}
	return true;
}

static int later(void *arg)
{
	(void)arg;
	nap_ms(60);
	return 0;
}

/* A reader that sleeps in poll() hears of a death within 100 ms. */
static bool poll_wakes(void)
{
	struct pollfd p = { .events = POLLIN };
	struct reader r;
	int late = 0, n = 0;

	need(!reader_open(&r, 0, 0), "START");
	p.fd = r.fd;
	for (int i = 0; i < 60 && n < 20; i++) {
		siginfo_t si = { 0 };
		u64 died, woke;
		pid_t pid;

		pid = child(later, NULL);
		/* the fork has a record of its own: not that one */
		nap_ms(30);
		if (!drain(&r, NULL))
			return false;
		/* a busy machine: it may be dead, and read, already */
		waitid(P_PID, pid, &si, WEXITED | WNOHANG | WNOWAIT);
		if (si.si_pid) {
			waitpid(pid, NULL, 0);
			continue;
		}
		need(poll(&p, 1, 5000) == 1 && p.revents & POLLIN,
		     "no wake-up in 5 s");
		woke = now_ns();
		waitid(P_PID, pid, &si, WEXITED);
		died = now_ns();
		n++;
		late += woke > died && woke - died > 100 * slow * MSEC;
	}
	need(n >= 10 && late <= n / 10, "%d of %d were over 100 ms late", late,
	     n);
	reader_close(&r);
	return true;
}

/* One death alone does not wake a TIMED reader, though it is there to read. */
static bool timed(void)
{
	struct pollfd p = { .events = POLLIN };
	struct obit_dev_start s = { .wake_bytes = 32768 };
	struct reader r;

	need(!reader_open_start(&r, &s, OBIT_START_TIMED, 0), "START");
	p.fd = r.fd;
	die(1);
	need(poll(&p, 1, 300) == 0, "woken for one death");
	need(reader_next(&r), "and it is not there to read");
	if (!drain(&r, NULL))
		return false;
	for (int i = 0; i < 200 && poll(&p, 1, 0) == 0; i++)
		die(2);
	need(poll(&p, 1, 1000) == 1, "not woken by %llu unread bytes",
	     (ull)info_now().unread_bytes);
	reader_close(&r);
	return true;
}

/* A forked or dup'ed file is one reader: what one takes the other has not. */
static bool shared_file(void)
{
	struct reader r, other;
	u64 n = 0;

	need(!reader_open(&r, 0, 0), "START");
	other = r;
	other.fd = dup(r.fd);
	other.buf = malloc(r.size);
	for (int i = 0; i < 60; i++)
		die(i);
	nap_ms(50);
	/* a short buffer, so that each gets a part */
	r.size = other.size = 8192;
	for (int i = 0; i < 1000; i++) {
		struct reader *x = i & 1 ? &r : &other;
		const struct obit_frame *f;

		x->len = x->at = 0;
		f = reader_next(x);
		if (!f)
			break;
		need(f->seq >= n, "%llu given twice", (ull)f->seq);
		for (x->at = 0; x->at < x->len;) {
			f = (const void *)(x->buf + x->at);
			n = f->seq + 1;
			x->at += f->size;
		}
		x->frames = 0;	/* its own count has holes by design */
	}
	need(n >= 120, "%llu records of 60 deaths", (ull)n);
	close(other.fd);
	free(other.buf);
	reader_close(&r);
	return true;
}

/* What is there when it is asked: a zombie, the case itself, and no more. */
static bool scan(void)
{
	struct obit_dev_scan s = { OBIT_SCAN_TASKS, 0 };
	const struct obit_frame *f;
	bool self = false, init = false, zombie = false, end = false;
	struct reader r;
	siginfo_t si;
	pid_t pid = fork();
	int tasks = 0;

	if (!pid)
		_exit(9);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	need(!reader_open(&r, 0, 0), "START");
	need(!ioctl(r.fd, OBIT_IOC_SCAN, &s), "SCAN: %s", strerror(errno));
	while (!end && (f = reader_next(&r))) {
		const struct obit_task_seen *t = (const void *)frame_hdr(f);
		const struct obit_scan *sc = (const void *)frame_hdr(f);

		end = sc->hdr.type == OBIT_EV_SCAN && sc->scan == s.scan;
		if (t->hdr.type != OBIT_EV_TASK || t->scan != s.scan)
			continue;
		tasks++;
		self |= t->task.tgid == (u32)getpid() && !t->exit_state;
		init |= t->task.tgid == 1;
		zombie |= t->task.tgid == (u32)pid && t->exit_state == 0x20 &&
			  t->parent.tgid == (u32)getpid();
	}
	need(!r.wrong, "%s", r.wrong);
	need(end, "no SCAN record %u", s.scan);
	need(self && init && zombie, "itself %d, init %d, the zombie %d", self,
	     init, zombie);
	waitpid(pid, NULL, 0);
	note("%d processes", tasks);
	reader_close(&r);
	return true;
}

static const struct kcase cases[] = {
	{ "read_equals_mmap", read_equals_mmap, NULL, 90, false },
	{ "many_readers", many_readers, NULL, 90, false },
	{ "slow_reader_drops", slow_reader_drops, TINY, 90, false },
	{ "losses_add_up", losses_add_up, TINY, 90, false },
	{ "nonblock", nonblock, NULL, 90, false },
	{ "blocking", blocking, NULL, 90, false },
	{ "poll_wakes", poll_wakes, NULL, 90, false },
	{ "timed", timed, NULL, 90, false },
	{ "shared_file", shared_file, NULL, 90, false },
	{ "scan", scan, NULL, 90, false },
};

const struct ktest cursor_test = { "cursor", cases, ARRAY_SIZE(cases) };
