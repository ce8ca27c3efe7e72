// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/obit in the hands of somebody who means no good: any call, any argument,
 * from several processes that share files, fork and are killed. The kernel must
 * stay well (the console says so), and a reader that comes after it is served.
 * The same seed gives each process the same calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define PAGE 4096
#define WORKERS 4
#define FDS 6
#define MAPS 6
#define READ_MAX (256 << 10)

typedef unsigned long long ull;

struct fuzzer {
	u64 state;
	int fd[FDS];
	struct {
		char *at;
		size_t len;
	} map[MAPS];
	u64 ring_bytes, cursor_offset;
	char *buf;
};

/* Counted together, so that a fuzzer that does nothing is found out. */
static struct {
	volatile u64 calls, opened, started, read, mapped, written;
} * count;

static sigjmp_buf bus;

static bool enough(void)
{
	return count->calls > 150 && count->started && count->mapped &&
	       count->written && count->read;
}

/* Seconds; long enough is `seconds`, but a busy machine may do next to nothing
 * in them. */
static int longest(void)
{
	return seconds > 15 ? 4 * seconds : 60;
}

static bool go_on(u64 begin, bool done)
{
	u64 so_far = now_ns() - begin;

	return so_far < seconds * slow * SEC ||
	       (!done && so_far < longest() * slow * SEC);
}

static void on_fault(int sig)
{
	siglongjmp(bus, sig);
}

static void on_alarm(int sig)
{
	(void)sig;	/* only to end what sleeps */
}

/* What sleeps is woken; a fork does not inherit it. */
static void clock_on(void)
{
	struct itimerval every = { { 0, 15000 }, { 0, 15000 } };

	setitimer(ITIMER_REAL, &every, NULL);
}

static u32 rnd(struct fuzzer *f, u32 n)
{
	return random_below(&f->state, n);
}

static u64 rnd64(struct fuzzer *f)
{
	return (u64)rnd(f, ~0U) << 32 | rnd(f, ~0U);
}

/* Mostly near something that matters. */
static u64 value(struct fuzzer *f)
{
	u64 near[] = { 0,
		       1,
		       PAGE,
		       f->ring_bytes,
		       f->cursor_offset,
		       1ULL << 31,
		       1ULL << 32,
		       1ULL << 63,
		       ~0ULL,
		       READ_MAX };
	u64 v = near[rnd(f, ARRAY_SIZE(near))];

	switch (rnd(f, 5)) {
	case 0:
		return rnd64(f);
	case 1:
		return v + rnd(f, 64) - 32;
	case 2:
		return v + (u64)(rnd(f, 9) - 4) * PAGE;
	case 3:
		return rnd(f, 1 << 20);
	default:
		return v;
	}
}

static int an_fd(struct fuzzer *f)
{
	return f->fd[rnd(f, FDS)];
}

static void do_open(struct fuzzer *f)
{
	static const int modes[] = { O_RDWR, O_RDONLY, O_WRONLY, O_PATH };
	int i = rnd(f, FDS);

	if (f->fd[i] >= 0)
		close(f->fd[i]);
	f->fd[i] = open(OBIT_DEV_PATH, modes[rnd(f, 8) ? 0 : rnd(f, 4)] |
					       O_CLOEXEC |
					       (rnd(f, 3) ? O_NONBLOCK : 0));
	if (f->fd[i] >= 0)
		count->opened++;
}

static void do_dup(struct fuzzer *f)
{
	int i = rnd(f, FDS), fd = dup(an_fd(f));

	if (f->fd[i] >= 0)
		close(f->fd[i]);
	f->fd[i] = fd;
}

/* A wait of an exit never longer than 150 ms: all else would wait for it too. */
static void do_start(struct fuzzer *f)
{
	struct obit_dev_start s = {
		.version = rnd(f, 10) ? OBIT_ABI_VERSION : rnd(f, 5),
		.flags = rnd(f, 20) ? rnd(f, OBIT_START_FLAGS + 1) :
				      rnd(f, ~0U),
		.wake_bytes = rnd(f, 3) ? 0 : value(f),
		.wake_ms = rnd(f, 3) ? 0 : rnd(f, 120),
		.scope = rnd(f, 10) ? rnd(f, 3) : rnd(f, ~0U),
		.scope_id = rnd(f, 2) ? (u64)getppid() : value(f),
		.wait_ms = 1 + rnd(f, 150),
		.pad = rnd(f, 20) ? 0 : rnd(f, ~0U),
		.ring_bytes = rnd64(f),
		.cursor_offset = rnd64(f),
	};

	if (ioctl(an_fd(f), OBIT_IOC_START, &s))
		return;
	count->started++;
	f->ring_bytes = s.ring_bytes;
	f->cursor_offset = s.cursor_offset;
}

static void do_ioctl(struct fuzzer *f)
{
	static const unsigned long known[] = { OBIT_IOC_START, OBIT_IOC_INFO,
					       OBIT_IOC_HOOK, OBIT_IOC_SCAN };
	unsigned long cmd = known[rnd(f, 4)];
	u32 arg[128];

	for (size_t i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = rnd(f, 4) ? rnd(f, 200) : rnd(f, ~0U);
	switch (rnd(f, 6)) {
	case 0:			/* another size, direction or number */
		cmd ^= 1UL << rnd(f, 32);
		break;
	case 1:
		ioctl(an_fd(f), cmd, (void *)value(f));
		return;
	case 2:			/* across the end of what is mapped */
		ioctl(an_fd(f), cmd, f->buf + READ_MAX - rnd(f, 64));
		return;
	}
	if (cmd == OBIT_IOC_START)
		do_start(f);
	else
		ioctl(an_fd(f), cmd, arg);
}

static void do_read(struct fuzzer *f)
{
	struct iovec v[3];
	size_t len = rnd(f, 4) ? rnd(f, READ_MAX) : rnd(f, 300);
	ssize_t n;

	switch (rnd(f, 8)) {
	case 0:
		n = read(an_fd(f), (void *)value(f), len);
		break;
	case 1:			/* runs into a page that is not there */
		n = read(an_fd(f), f->buf + READ_MAX - rnd(f, 2000), len);
		break;
	case 2:
		for (int i = 0; i < 3; i++)
			v[i] = (struct iovec){ f->buf, rnd(f, 9000) };
		n = readv(an_fd(f), v, 3);
		break;
	case 3:
		n = pread(an_fd(f), f->buf, len, value(f));
		break;
	case 4:
		n = read(an_fd(f), f->buf, ~0ULL >> 1);
		break;
	default:
		n = read(an_fd(f), f->buf, len);
	}
	if (n > 0)
		count->read += n;
}

static void do_mmap(struct fuzzer *f)
{
	int i = rnd(f, MAPS), prot = rnd(f, 8), flags = MAP_SHARED;
	u64 at = rnd(f, 2) ? 0 : f->cursor_offset;
	size_t len = at ? PAGE : PAGE + f->ring_bytes;

	if (!rnd(f, 4))
		at = value(f) & ~(PAGE - 1ULL);
	if (!rnd(f, 4))
		len = value(f);
	if (!rnd(f, 8))
		flags = MAP_PRIVATE;
	if (!rnd(f, 8))
		flags |= MAP_POPULATE;
	if (rnd(f, 4))
		prot = at ? PROT_READ | PROT_WRITE : PROT_READ;
	if (f->map[i].at)
		munmap(f->map[i].at, f->map[i].len);
	f->map[i].at = mmap(NULL, len, prot, flags, an_fd(f), at);
	f->map[i].len = len;
	if (f->map[i].at == MAP_FAILED)
		f->map[i].at = NULL;
	else
		count->mapped++;
}

/* What is mapped, as hostile as memory can be. */
static void do_memory(struct fuzzer *f)
{
	int i = rnd(f, MAPS);
	char *at = f->map[i].at;
	size_t len = f->map[i].len;
	volatile u64 *word;

	if (!at || len > 1 << 30)
		return;
	switch (rnd(f, 8)) {
	case 0:
		mprotect(at, len, rnd(f, 8));
		return;
	case 1:
		madvise(at, len, rnd(f, 26));
		return;
	case 2:
		at = mremap(at, len, value(f) % (64 << 20), MREMAP_MAYMOVE);
		if (at != MAP_FAILED)
			munmap(at, len);
		f->map[i].at = NULL;
		return;
	case 3:
		munmap(at + PAGE * rnd(f, 4), PAGE);
		return;
	case 4:
		msync(at, len, MS_SYNC);
		return;
	}
	if (sigsetjmp(bus, 1))
		return;
	word = (void *)(at + (rnd(f, 2) ? 0 : rnd(f, len) & ~7UL));
	if ((char *)word + 8 > at + len)
		return;
	f->state ^= *word & 1;
	*word = rnd(f, 2) ? *word + rnd(f, 4096) * 8 : value(f);
	count->written++;
}

static void do_other(struct fuzzer *f)
{
	struct pollfd p = { .fd = an_fd(f), .events = rnd(f, 0x2000) };
	char path[64];
	int pid;

	switch (rnd(f, 8)) {
	case 0:
		lseek(p.fd, value(f), rnd(f, 6));
		break;
	case 1:
		poll(&p, 1, rnd(f, 5));
		break;
	case 2:
		(void)!write(p.fd, f->buf, rnd(f, 100));
		break;
	case 3:
		(void)!ftruncate(p.fd, value(f));
		fsync(p.fd);
		break;
	case 4:
		fcntl(p.fd, F_SETFL, rnd(f, 2) ? O_NONBLOCK : O_ASYNC);
		break;
	case 5:
		sendfile(p.fd, p.fd, NULL, rnd(f, 9000));
		break;
	case 6:			/* the same file, opened by its magic link */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", p.fd);
		close(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		break;
	case 7:			/* a process that has all of it and dies */
		pid = fork();
		if (!pid) {
			clock_on();
			for (int i = 0; i < 5; i++)
				do_read(f);
			if (rnd(f, 2))
				raise(SIGKILL);
			_exit(0);
		}
		if (pid > 0 && rnd(f, 2))
			kill(pid, SIGKILL);
		break;
	}
}

static void fuzz(struct fuzzer *f)
{
	struct sigaction sa = { .sa_handler = on_fault };
	u64 begin = now_ns();

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sa.sa_handler = on_alarm;
	sigaction(SIGALRM, &sa, NULL);
	clock_on();
	while (go_on(begin, enough())) {
		u32 what = rnd(f, 100);

		count->calls++;
		if (what < 8)
			do_open(f);
		else if (what < 12)
			do_dup(f);
		else if (what < 20)
			do_start(f);
		else if (what < 35)
			do_ioctl(f);
		else if (what < 60)
			do_read(f);
		else if (what < 70)
			do_mmap(f);
		else if (what < 88)
			do_memory(f);
		else
			do_other(f);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static int worker(void *arg)
{
	struct fuzzer f = { .state = seed + (long)arg * 7919,
			    .ring_bytes = 65536,
			    .cursor_offset = 65536 + PAGE };

	/* followed by a page that is not there */
	f.buf = mmap(NULL, READ_MAX + PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(f.buf + READ_MAX, PAGE, PROT_NONE);
	for (int i = 0; i < FDS; i++)
		f.fd[i] = -1;
	fuzz(&f);
	return 0;
}

/* Somebody serious after all that: served as if nothing had been. */
static bool still_well(void)
{
	static struct batch b;
	struct reader r;

	/* places that were kept, and who went with a file still open */
	need(info_now().readers == 0, "%u readers are left",
	     info_now().readers);
	need(!info_now().waiting, "%u exits wait", info_now().waiting);
	/* a place that is kept fills the ring as a reader would */
	for (u64 end = deadline(30000);
	     info_now().flags & OBIT_INFO_KEEPING && now_ns() < end;)
		nap_ms(50);
	need(!reader_open(&r, 0, 0) && !reader_map(&r), "START");
	for (int i = 0; i < 20; i++) {
		batch_die(&b, 10);
		if (!batch_read(&b, &r, 10000))
			return false;
	}
	need(!batch_missing(&b) && !r.gaps,
	     "%d of %d deaths, %llu frames missing", batch_missing(&b), b.nr,
	     (ull)r.gaps);
	reader_close(&r);
	return true;
}

/* One that means well is there all the time: else most of it would be waiting
 * for hooks to be armed and disarmed. */
static int ended(pid_t pid, struct reader *r)
{
	u64 end = deadline(longest() * 1000 + 60000);
	int status = -1;

	while (status == -1 && now_ns() < end) {
		while (reader_next(r))
			;
		status = child_end(pid, 20);
	}
	return status;
}

static bool calls(void)
{
	pid_t pid[WORKERS], storm;
	struct reader r;

	count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	storm = storm_start(3);
	for (long i = 0; i < WORKERS; i++)
		pid[i] = child(worker, (void *)i);
	need(!reader_open(&r, 0, 0), "START");
	for (int i = 0; i < WORKERS; i++) {
		int status = ended(pid[i], &r);

		need(status == 0, "fuzzer %d: status %#x", i, status);
	}
	need(!r.wrong, "%s", r.wrong);
	reader_close(&r);
	storm_stop(storm);
	note("%llu calls, %llu opened, %llu started, %llu mapped, %llu written, "
	     "%llu bytes read",
	     (ull)count->calls, (ull)count->opened, (ull)count->started,
	     (ull)count->mapped, (ull)count->written, (ull)count->read);
	need(enough(),
	     "a fuzzer that does too little: %llu calls, %llu started, "
	     "%llu mapped, %llu written, %llu bytes read",
	     (ull)count->calls, (ull)count->started, (ull)count->mapped,
	     (ull)count->written, (ull)count->read);
	return still_well();
}

struct shaken {
	struct reader r;
	volatile u64 *cursor;
	volatile bool done;	/* shared: the good reader has had its frames */
};

static int shake(void *arg)
{
	struct shaken *s = arg;
	struct fuzzer f = { .state = seed, .ring_bytes = 65536 };
	u64 begin = now_ns();

	while (go_on(begin, s->done))
		for (int i = 0; i < 1000; i++)
			*s->cursor = rnd(&f, 2) ? value(&f) :
						  *s->cursor + 16 * rnd(&f, 99);
	return 0;
}

static int read_shaken(void *arg)
{
	struct shaken *s = arg;
	u64 begin = now_ns();

	while (go_on(begin, s->done))
		(void)!read(s->r.fd, s->r.buf, s->r.size);
	return 0;
}

/*
 * One reader's cursor page is shaken while it is read from: whatever it gets,
 * another reader gets good frames, and knows how many it did not get.
 */
static bool hostile_cursor(void)
{
	static struct batch b;
	struct shaken *s;
	struct reader r;
	u64 begin;
	pid_t a, c;

	s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		 -1, 0);
	need(!reader_open(&r, 0, 0) && !reader_open(&s->r, 0, 0) &&
		     !reader_map(&s->r),
	     "START");
	s->cursor = (volatile u64 *)s->r.cursor;
	begin = now_ns();
	a = child(shake, s);
	c = child(read_shaken, s);
	while (go_on(begin, s->done)) {
		if (b.nr == BATCH_MAX)
			b.nr = 0;
		batch_die(&b, 5);
		for (const struct obit_frame *f; (f = reader_next(&r));)
			if (!batch_see(&b, f))
				return false;
		need(!r.wrong, "%s", r.wrong);
		s->done = r.frames > 100;
	}
	need(child_end(a, 30000) == 0 && child_end(c, 30000) == 0,
	     "shaker or reader ended badly");
	need(r.frames > 100, "%llu frames", (ull)r.frames);
	need(r.gaps <= info_now().lost_total, "%llu missing, %llu lost",
	     (ull)r.gaps, (ull)info_now().lost_total);
	note("%llu frames, %llu missing", (ull)r.frames, (ull)r.gaps);
	reader_close(&r);
	reader_close(&s->r);
	return still_well();
}

static const struct kcase cases[] = {
	{ "calls", calls, "ring_bytes=65536 linger=1", 400, false },
	{ "hostile_cursor", hostile_cursor, "ring_bytes=65536", 300, false },
};

const struct ktest fuzz_test = { "fuzz", cases, ARRAY_SIZE(cases) };
