// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader that ends, by its will or by SIGKILL, and one that takes its place:
 * nothing that fitted is missed, for as long as the module was told to wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

typedef unsigned long long ull;

/* Takes over; @want: is there a place to take over? */
static bool take_over(struct reader *r, bool want)
{
	need(!reader_open(r, OBIT_START_RESUME | OBIT_START_KEEP, 0), "START");
	need(!!(r->start.flags & OBIT_START_RESUME) == want,
	     "START says RESUME %s",
	     want ? "did not come true" : "came true with nothing kept");
	return true;
}

/* Each reader goes on with the very next record after the last one's. */
static bool goes_on(bool mapped)
{
	static struct batch b;
	struct reader r;
	u64 next = 0;

	for (int i = 0; i < 5; i++) {
		if (!take_over(&r, i > 0))
			return false;
		need(!mapped || !reader_map(&r), "mmap");
		batch_die(&b, 10);
		if (!batch_read(&b, &r, 15000))
			return false;
		need(!batch_missing(&b) && !r.gaps, "round %d: %d of %d", i,
		     batch_missing(&b), b.nr);
		/* and what else is there, so that next is where it stopped */
		for (const struct obit_frame *f; (f = reader_next(&r));)
			if (!batch_see(&b, f))
				return false;
		need(!r.wrong, "%s", r.wrong);
		need(!i || r.first == next,
		     "ended before %llu, went on at %llu", (ull)next,
		     (ull)r.first);
		next = r.next;
		reader_close(&r);
		/* nobody is there */
		need(info_now().flags & OBIT_INFO_KEEPING, "no place is kept");
		batch_die(&b, 10);
	}
	return true;
}

static bool by_read(void)
{
	return goes_on(false);
}

static bool by_mmap(void)
{
	return goes_on(true);
}

static int reads_until_killed(void *arg)
{
	struct reader r;
	int *fd = arg;

	if (reader_open(&r, OBIT_START_KEEP, 0) || reader_map(&r))
		return 1;
	if (write(*fd, "", 1) != 1)
		return 1;
	/* stops in the middle, with a cursor that nobody flushed */
	for (;;) {
		if (!reader_next(&r))
			nap_ms(1);
	}
}

/* What it had taken when it was killed is gone, and nothing else. */
static bool killed(void)
{
	static struct batch before, after;
	struct reader r;
	pid_t pid;
	int p[2];

	need(!pipe(p), "pipe");
	pid = child(reads_until_killed, &p[1]);
	need(byte_from(p[0], 30000), "no reader");
	batch_die(&before, 30);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	batch_die(&after, 30);
	if (!take_over(&r, true) || !batch_read(&after, &r, 15000))
		return false;
	need(!batch_missing(&after) && !r.gaps, "%d of 30, %llu frames missing",
	     batch_missing(&after), (ull)r.gaps);
	reader_close(&r);
	return true;
}

/* A place that is kept fills up like that of a reader who lies still. */
static bool kept_place_is_bounded(void)
{
	struct obit_dev_info info;
	struct reader r;

	if (!take_over(&r, false))
		return false;
	reader_close(&r);
	for (int i = 0; i < 600; i++)
		die(0);
	info = info_now();
	need(info.lost_total, "600 deaths fit into %llu bytes",
	     (ull)info.ring_bytes);
	if (!take_over(&r, true))
		return false;
	while (reader_next(&r))
		;
	need(!r.wrong && r.frames > 20, "%llu frames, %s", (ull)r.frames,
	     r.wrong ? r.wrong : "");
	/* A short record can still have fitted where a long one did not, so
	 * that a gap has been seen may not yet be all. */
	for (u64 end = deadline(3000);
	     now_ns() < end && r.gaps != info_now().lost_total;) {
		die(0);
		while (reader_next(&r))
			;
	}
	need(r.gaps == info_now().lost_total, "%llu missing, %llu lost",
	     (ull)r.gaps, (ull)info_now().lost_total);
	reader_close(&r);
	return true;
}

/* Only one place is kept, and only for `linger` seconds. */
static bool expires(void)
{
	struct reader r;
	u64 end = deadline(5000), seq;

	if (!take_over(&r, false))
		return false;
	reader_close(&r);
	need(info_now().flags & OBIT_INFO_KEEPING, "not kept");
	while (info_now().flags & OBIT_INFO_KEEPING && now_ns() < end)
		nap_ms(50);
	need(!(info_now().flags & (OBIT_INFO_KEEPING | OBIT_INFO_RECORDING)),
	     "kept for ever");
	seq = info_now().seq;
	die(0);
	need(info_now().seq == seq, "still recording");
	return take_over(&r, false);
}

/* Without RESUME a reader begins now, whatever is kept. */
static bool from_now(void)
{
	static struct batch b;
	struct reader r;

	if (!take_over(&r, false))
		return false;
	reader_close(&r);
	batch_die(&b, 20);
	need(!reader_open(&r, 0, 0), "START");
	if (!batch_read(&b, &r, 200))
		return false;
	need(batch_missing(&b) == 20, "it was given %d old deaths",
	     20 - batch_missing(&b));
	reader_close(&r);
	return true;
}

/* A place that is kept is no reason not to unload. */
static bool unload(void)
{
	struct reader r;

	if (!take_over(&r, false))
		return false;
	reader_close(&r);
	die(0);
	need(!module_unload_wait(30000), "rmmod while a place is kept");
	return true;
}

static const struct kcase cases[] = {
	{ "by_read", by_read, NULL, 90, false },
	{ "by_mmap", by_mmap, NULL, 90, false },
	{ "killed", killed, NULL, 90, false },
	{ "kept_place_is_bounded", kept_place_is_bounded, "ring_bytes=65536",
	  90, false },
	{ "expires", expires, "linger=1", 90, false },
	{ "from_now", from_now, NULL, 90, false },
	{ "unload", unload, "linger=60", 90, false },
};

const struct ktest resume_test = { "resume", cases, ARRAY_SIZE(cases) };
