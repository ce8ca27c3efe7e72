// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /dev/obit allows and refuses: who may open it, which calls and
 * arguments are wrong and how they are told so, what may be mapped. Never
 * looks into a record.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktest.h"

#define PAGE 4096
/* volatile: the compiler is not to know better. */
static void *volatile bad_pointer = (void *)0x10;

static int open_as_nobody(void *arg)
{
	(void)arg;
	if (setgid(65534) || setuid(65534))
		return 100;
	return open(OBIT_DEV_PATH, O_RDONLY) < 0 ? errno : 0;
}

static bool mode(void)
{
	struct stat st;
	int status;

	need(!stat(OBIT_DEV_PATH, &st), "%s: %s", OBIT_DEV_PATH,
	     strerror(errno));
	need(S_ISCHR(st.st_mode) && (st.st_mode & 07777) == 0600 &&
		     !st.st_uid && !st.st_gid,
	     "mode %o of %u:%u, not c0600 of root", st.st_mode, st.st_uid,
	     st.st_gid);
	status = child_end(child(open_as_nobody, NULL), 5000);
	need(status == EACCES << 8, "open by nobody: status %#x", status);
	return true;
}

/* A module nobody reads records nothing, whoever looks at it. */
static bool idle(void)
{
	struct obit_dev_info a, b;
	int fd = dev_open(0);

	need(fd >= 0 && !dev_info(fd, &a), "INFO: %s", strerror(errno));
	need(a.version == OBIT_ABI_VERSION && a.compat == OBIT_ABI_COMPAT,
	     "version %u, compat %u", a.version, a.compat);
	need(memchr(a.release, 0, sizeof(a.release)) && a.release[0],
	     "no release");
	need(!(a.flags & OBIT_INFO_RECORDING) && !a.readers,
	     "flags %#x and %u readers with none", a.flags, a.readers);
	for (int i = 0; i < 20; i++)
		die(1);
	need(!dev_info(fd, &b), "INFO again: %s", strerror(errno));
	need(b.seq == a.seq, "%llu records written for nobody",
	     (unsigned long long)(b.seq - a.seq));
	close(fd);
	return true;
}

static bool start_error(struct obit_dev_start s, int want, const char *what)
{
	int fd = dev_open(0);
	int got = ioctl(fd, OBIT_IOC_START, &s) ? errno : 0;

	close(fd);
	need(got == want, "%s: %s, not %s", what, strerror(got),
	     strerror(want));
	return true;
}

static bool start_refused(void)
{
	struct obit_dev_start s = { .version = OBIT_ABI_VERSION }, t;

#define refused(member, value, want)                                      \
	(t = s, t.member = (value),                                       \
	 start_error(t, want, #member " = " #value))
	return refused(version, 0, EPROTONOSUPPORT) &&
	       refused(version, OBIT_ABI_COMPAT - 1, EPROTONOSUPPORT) &&
	       refused(flags, OBIT_START_FLAGS + 1, EINVAL) &&
	       refused(flags, 0x80000000, EINVAL) && refused(pad, 1, EINVAL) &&
	       (s.flags = OBIT_START_LOSSLESS,
		refused(scope, OBIT_SCOPE_ALL + 1, EINVAL)) &&
	       refused(scope, 0xffffffff, EINVAL);
#undef refused
}

/* A refusal is no start; a newer reader is welcome and told who answers. */
static bool start_after_refusal(void)
{
	struct obit_dev_start s = { 0 };
	struct obit_dev_info info;
	int fd = dev_open(0);

	need(ioctl(fd, OBIT_IOC_START, &s) && errno == EPROTONOSUPPORT,
	     "version 0: %s", strerror(errno));
	need(!dev_info(fd, &info) && !info.readers &&
		     !(info.flags & OBIT_INFO_RECORDING),
	     "a refused START has started");
	s.version = OBIT_ABI_VERSION + 7;
	need(!ioctl(fd, OBIT_IOC_START, &s), "a newer reader: %s",
	     strerror(errno));
	need(s.version == OBIT_ABI_VERSION && s.compat == OBIT_ABI_COMPAT,
	     "told version %u, compat %u", s.version, s.compat);
	need(s.ring_bytes >= PAGE && !(s.ring_bytes & (s.ring_bytes - 1)),
	     "a ring of %llu bytes", (unsigned long long)s.ring_bytes);
	need(s.cursor_offset && s.cursor_offset % PAGE == 0, "cursor at %llu",
	     (unsigned long long)s.cursor_offset);
	s = (struct obit_dev_start){ .version = OBIT_ABI_VERSION };
	need(ioctl(fd, OBIT_IOC_START, &s) && errno == EALREADY,
	     "a second START: %s", strerror(errno));
	need(!dev_info(fd, &info) && info.readers == 1 &&
		     info.flags & OBIT_INFO_RECORDING,
	     "%u readers, flags %#x", info.readers, info.flags);
	close(fd);
	return true;
}

/* 64 readers, one more is refused, and let in when another has gone. */
static bool many_readers(void)
{
	struct obit_dev_start s;
	int fd[65], err;

	for (int i = 0; i < 65; i++) {
		fd[i] = dev_open(0);
		need(fd[i] >= 0, "open %d: %s", i, strerror(-fd[i]));
		s = (struct obit_dev_start){ 0 };
		err = dev_start(fd[i], 0, &s);
		need(err == (i < 64 ? 0 : -EMFILE), "START %d: %s", i,
		     strerror(-err));
	}
	need(info_now().readers == 64, "%u readers", info_now().readers);
	close(fd[7]);
	s = (struct obit_dev_start){ 0 };
	err = dev_start(fd[64], 0, &s);
	need(!err, "START after one has gone: %s", strerror(-err));
	for (int i = 0; i < 65; i++)
		if (i != 7)
			close(fd[i]);
	return true;
}

static bool bad_pointers(void)
{
	static const unsigned long calls[] = { OBIT_IOC_START, OBIT_IOC_INFO,
					       OBIT_IOC_HOOK, OBIT_IOC_SCAN };
	struct reader r;
	u64 seq;

	need(!reader_open(&r, 0, 0), "START: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		need(ioctl(r.fd, calls[i], bad_pointer) && errno == EFAULT,
		     "ioctl %#lx: %s", calls[i], strerror(errno));
	die(1);
	nap_ms(50);
	need(read(r.fd, bad_pointer, 65536) == -1 && errno == EFAULT,
	     "read: %s", strerror(errno));
	/* what could not be given is not gone */
	need(reader_next(&r), "nothing to read after EFAULT");
	seq = r.first;
	need(seq == 0 || !r.frames || r.gaps == 0, "a gap after EFAULT");
	reader_close(&r);
	return true;
}

/* Too short for the next frame is EINVAL, and costs nothing. */
static bool short_buffer(void)
{
	struct reader r;
	char small[16];
	ssize_t n;
	u64 before;

	need(!reader_open(&r, 0, 0), "START: %s", strerror(errno));
	die(1);
	nap_ms(50);
	n = read(r.fd, r.buf, r.size);
	need(n > 0, "nothing of a death to read: %s", strerror(errno));
	for (ssize_t at = 0; at < n;) {
		const struct obit_frame *f = (void *)(r.buf + at);

		before = f->seq;
		at += f->size;
	}
	die(2);
	nap_ms(50);
	n = read(r.fd, small, sizeof(small));
	need(n == -1 && errno == EINVAL, "16 bytes: %zd, %s", n,
	     strerror(errno));
	n = read(r.fd, small, 0);
	need(n == 0 || (n == -1 && errno == EINVAL), "0 bytes: %zd", n);
	need(reader_next(&r) && r.first == before + 1,
	     "after EINVAL: %llu follows %llu", (unsigned long long)r.first,
	     (unsigned long long)before);
	reader_close(&r);
	return true;
}

static bool wrong_calls(void)
{
	struct obit_dev_scan scan = { OBIT_SCAN_TASKS, 0 };
	struct obit_dev_hook hook = { .index = 1 << 20 };
	int fd = dev_open(O_NONBLOCK);
	char c = 0;

	need(ioctl(fd, OBIT_IOC_SCAN, &scan) && errno == ENOTCONN,
	     "SCAN before START: %s", strerror(errno));
	need(ioctl(fd, OBIT_IOC_HOOK, &hook) && errno == EINVAL,
	     "HOOK 1048576: %s", strerror(errno));
	need(ioctl(fd, _IO('o', 0xa9), 0) && errno == ENOTTY,
	     "an unknown ioctl: %s", strerror(errno));
	need(ioctl(fd, _IOR('o', 0xa1, int), &c) && errno == ENOTTY,
	     "INFO of another size: %s", strerror(errno));
	need(write(fd, &c, 1) == -1 && (errno == EINVAL || errno == EBADF),
	     "write: %s", strerror(errno));
	need(lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE, "lseek: %s",
	     strerror(errno));
	need(pread(fd, &c, 1, 0) == -1 && errno == ESPIPE, "pread: %s",
	     strerror(errno));
	/* the first read starts, as a START of zeros would */
	need(read(fd, &c, 1) == -1 && (errno == EAGAIN || errno == EINVAL),
	     "first read: %s", strerror(errno));
	need(info_now().readers == 1, "the first read has not started");
	scan.what = 77;
	need(ioctl(fd, OBIT_IOC_SCAN, &scan) && errno == EINVAL,
	     "SCAN of what there is not: %s", strerror(errno));
	close(fd);
	return true;
}

static bool maps(int fd, size_t len, int prot, int flags, u64 at, bool want)
{
	void *p = mmap(NULL, len, prot, flags, fd, at);
	bool got = p != MAP_FAILED;

	if (got)
		munmap(p, len);
	need(got == want, "mmap(%zu, prot %d, flags %d, at %llu) %s", len, prot,
	     flags, (unsigned long long)at,
	     got ? "is allowed" : strerror(errno));
	return true;
}

static bool mappings(void)
{
	const int r = PROT_READ, rw = PROT_READ | PROT_WRITE;
	struct obit_dev_start s = { 0 };
	int fd = dev_open(0);
	u64 len, cur;
	void *p;

	need(!dev_start(fd, 0, &s), "START: %s", strerror(errno));
	len = PAGE + s.ring_bytes;
	cur = s.cursor_offset;
	need(maps(fd, len, r, MAP_SHARED, 0, true) &&
		     maps(fd, PAGE, rw, MAP_SHARED, cur, true) &&
		     /* the ring is read-only, and whole or a part of it */
		     maps(fd, len, rw, MAP_SHARED, 0, false) &&
		     maps(fd, PAGE, PROT_WRITE, MAP_SHARED, 0, false) &&
		     maps(fd, PAGE, rw, MAP_SHARED, PAGE, false) &&
		     maps(fd, len + PAGE, r, MAP_SHARED, 0, false) &&
		     /* beyond: nothing, wherever */
		     maps(fd, 2 * PAGE, rw, MAP_SHARED, cur, false) &&
		     maps(fd, PAGE, r, MAP_SHARED, cur + PAGE, false) &&
		     maps(fd, PAGE, r, MAP_SHARED, 1ULL << 40, false) &&
		     maps(fd, PAGE, r, MAP_SHARED, ~0ULL << 12, false),
	     "mappings");
	p = mmap(NULL, len, r, MAP_SHARED, fd, 0);
	need(p != MAP_FAILED && mprotect(p, PAGE, rw) && errno == EACCES,
	     "mprotect: %s", strerror(errno));
	close(fd);
	/* the memory is there as long as the mapping, whoever has closed */
	need(((volatile struct obit_ring_page *)p)->version == OBIT_ABI_VERSION,
	     "the mapping of a closed file has another version");
	need(module_unload() == -EAGAIN, "rmmod below a mapping");
	munmap(p, len);
	return true;
}

/* Another row that tells the same is armed in its place. */
static bool is_served(const struct obit_dev_hook *absent, int n)
{
	struct obit_dev_hook h;
	bool served = false;
	int fd = dev_open(0);

	for (int i = 0; i < n && !served; i++) {
		h.index = i;
		if (ioctl(fd, OBIT_IOC_HOOK, &h))
			break;
		served = h.required && h.state == OBIT_HOOK_ARMED &&
			 !strncmp(h.fact, absent->fact, 20);
	}
	close(fd);
	return served;
}

static int nr_armed(int n)
{
	struct obit_dev_hook h = { 0 };
	int fd = dev_open(0), nr = 0;

	for (int i = 0; i < n; i++) {
		h.index = i;
		nr += !ioctl(fd, OBIT_IOC_HOOK, &h) &&
		      h.state == OBIT_HOOK_ARMED;
	}
	close(fd);
	return nr;
}

/* Each hook has a name and a state; those armed for a reader go with it. */
static bool hooks(void)
{
	struct obit_dev_hook h;
	struct reader r;
	int armed[3] = { 0 }, required = 0, n = info_now().hooks;

	need(n > 0, "no hooks");
	for (int pass = 0; pass < 3; pass++) {
		if (pass == 1)
			need(!reader_open(&r, 0, 0), "START");
		if (pass == 2) {
			reader_close(&r);
			for (u64 end = deadline(ARM_MS);
			     nr_armed(n) && now_ns() < end;)
				nap_ms(20);
		}
		for (int i = 0; i < n; i++) {
			int fd = dev_open(0);

			memset(&h, 0, sizeof(h));
			h.index = i;
			need(!ioctl(fd, OBIT_IOC_HOOK, &h), "HOOK %d: %s", i,
			     strerror(errno));
			close(fd);
			need(h.place[0] && h.fact[0] &&
				     memchr(h.place, 0, sizeof(h.place)) &&
				     memchr(h.fact, 0, sizeof(h.fact)),
			     "hook %d has no words", i);
			armed[pass] += h.state == OBIT_HOOK_ARMED;
			need(pass != 1 || !h.required ||
				     h.state == OBIT_HOOK_ARMED ||
				     is_served(&h, n),
			     "%s is required and in state %u", h.place,
			     h.state);
			required += pass == 1 && h.required;
		}
	}
	need(!armed[0] && armed[1] && !armed[2] && required,
	     "armed before, during, after: %d, %d, %d; required %d", armed[0],
	     armed[1], armed[2], required);
	note("%d hooks, %d armed for a reader, %d required", n, armed[1],
	     required);
	return true;
}

static bool in_use(void)
{
	int fd = dev_open(0);
	struct obit_dev_start s = { 0 };

	need(module_unload() == -EAGAIN, "rmmod with an open file");
	need(!dev_start(fd, 0, &s), "START");
	need(module_unload() == -EAGAIN, "rmmod with a reader");
	close(fd);
	need(!module_unload_wait(30000), "rmmod after the reader");
	need(access(OBIT_DEV_PATH, F_OK), "%s is still there", OBIT_DEV_PATH);
	return true;
}

static const struct kcase cases[] = {
	{ "mode", mode, NULL, 60, false },
	{ "idle", idle, NULL, 60, false },
	{ "start_refused", start_refused, NULL, 60, false },
	{ "start_after_refusal", start_after_refusal, NULL, 60, false },
	{ "many_readers", many_readers, "ring_bytes=65536", 90, false },
	{ "bad_pointers", bad_pointers, NULL, 60, false },
	{ "short_buffer", short_buffer, NULL, 60, false },
	{ "wrong_calls", wrong_calls, NULL, 60, false },
	{ "mappings", mappings, NULL, 60, false },
	{ "hooks", hooks, NULL, 60, false },
	{ "in_use", in_use, NULL, 60, false },
};

const struct ktest device_test = { "device", cases, ARRAY_SIZE(cases) };
