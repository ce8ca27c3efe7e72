// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends that others take part in: memory that somebody else gives back, a core
 * that somebody else takes his time to read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

/* --- memory left to a reader ------------------------------------------------------ */

#define KEPT (32 << 20)

/* A page that nobody can read until somebody provides it: word[0] is the
 * userfaultfd, stamp[0] the page. */
static void has_a_hole(struct victim *v)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *p = mmap(NULL, KEPT, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *hole = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* or poll(2) says nothing of it */
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	reg.range.start = (unsigned long)hole;
	reg.range.len = 4096;
	v->word[0] = fd;
	if (fd < 0 || p == MAP_FAILED || hole == MAP_FAILED ||
	    ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		v->word[0] = -1;
	madvise(p, KEPT, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < KEPT; i += 4096)
		p[i] = 1;
	v->stamp[0] = (u64)hole;
	victim_hold(v);
	_exit(0);
}

static void reads_hole(struct victim *v, int uffd)
{
	char buf[8];
	struct iovec to = { buf, sizeof(buf) };
	struct iovec from = { (void *)v->stamp[0], sizeof(buf) };

	close(uffd);
	prctl(PR_SET_NAME, "reader");
	/* it has been given back after that; stay to be named */
	v->word[1] =
		process_vm_readv(v->pid, &to, 1, &from, 1, 0) < 0 ? -errno : 1;
	pause();
	_exit(0);
}

static bool has_read(void *v)
{
	return ((struct victim *)v)->word[1];
}

/* Its reader waits in the hole, and has the memory as long as it does. */
static bool is_held(struct victim *v, int uffd)
{
	struct pollfd hole = { uffd, POLLIN, 0 };
	u64 end = boot_ns() + 5 * SEC;

	while (poll(&hole, 1, 5) != 1 && !v->word[1] && boot_ns() < end)
		;
	return hole.revents & POLLIN;
}

/* Closing the userfaultfd takes the memory for a moment, too: whoever is the last
 * of the two. */
static json_t *by_reader(pid_t reader, json_t *ns)
{
	return json_pack("{s:[{s:s,s:o,s:o}]}", "elsewhere", "phase",
			 "mm.unmap", "by",
			 m_or(who_of(reader), who_of(getpid())), "ns", ns);
}

DEATH_CASE("teardown_elsewhere", teardown_elsewhere, CASE_ALONE | CASE_SLOW,
	   "its memory is given back by who was reading it: elsewhere, and who")
{
	struct victim *v = victim_new("read");
	pid_t reader;
	int uffd;

	victim_fork(v, has_a_hole);
	victim_base(v);
	victim_open(v);
	uffd = v->word[0] < 0 || v->pidfd < 0 ?
		       -1 :
		       (int)syscall(438 /* pidfd_getfd */, v->pidfd, v->word[0],
				    0);
	if (uffd < 0)
		case_skip("missing feature: userfaultfd or pidfd_getfd");
	reader = MUST(fork());
	if (!reader)
		reads_hole(v, uffd);
	if (!is_held(v, uffd)) {
		if (v->word[1] == -ENOSYS)
			case_skip("missing feature: process_vm_readv(2)");
		case_again("nobody waits in the hole (%d)", v->word[1]);
	}
	victim_go(v);
	victim_peek(v);
	close(uffd);
	/* before it is released, so that the obituary knows */
	if (!wait_until(has_read, v, 5000))
		case_again("a page that is there now is not read");
	victim_reap(v);
	died_exit(v, 0);
	expect(v, "teardown",
	       m_tier(exit_before_mm() ? by_reader(reader, json_null()) :
					 m_teardown(NULL, 0, 0),
		      by_reader(reader, m_range(10000, SEC))));
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
}

/* --- memory taken away --------------------------------------------------------------- */

static void keeps(struct victim *v)
{
	char *p = mmap(NULL, KEPT, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, KEPT, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < KEPT; i += 4096)
		p[i] = 1;
	victim_hold(v);
	_exit(0);
}

DEATH_CASE(
	"teardown_mrelease", teardown_mrelease, CASE_ALONE | CASE_SLOW,
	"process_mrelease(2) while its tracer holds it: elsewhere, by the caller")
{
	struct victim *v = victim_new("drained");
	int status;

	victim_fork(v, keeps);
	victim_base(v);
	victim_open(v);
	MUST(ptrace(PTRACE_SEIZE, v->pid, NULL, PTRACE_O_TRACEEXIT));
	victim_go(v);
	MUST(waitpid(v->pid, &status, __WALL));
	if (syscall(448 /* process_mrelease */, v->pidfd, 0))
		case_skip("missing feature: process_mrelease(2): %m");
	MUST(ptrace(PTRACE_CONT, v->pid, NULL, NULL));
	victim_wait(v);
	died_exit(v, 0);
	expect(v, "teardown",
	       m_tier(m_teardown(NULL, 0, 0),
		      by_reader(getpid(), m_range(10000, SEC))));
}

/* --- a core that is read slowly ------------------------------------------------------ */

#define READ_LATE 300

/* What the kernel starts for a core: stdin is the core. */
DEATH_ROUTINE("slow_core", slow_core)
{
	static char buf[65536];

	nap_ms(READ_LATE);
	while (read(0, buf, sizeof(buf)) > 0)
		;
	return 0;
}

static void faults(struct victim *v)
{
	struct rlimit rl = { RLIM_INFINITY, RLIM_INFINITY };
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 1 << 20);
	setrlimit(RLIMIT_CORE, &rl);
	prctl(PR_SET_DUMPABLE, 1);
	victim_hold(v);
	*(volatile int *)16 = 1;
}

static void write_pattern(const char *s)
{
	int fd = MUST(open("/proc/sys/kernel/core_pattern", O_WRONLY));

	if (write(fd, s, strlen(s)) < 0)
		case_fail("core_pattern: %m");
	close(fd);
}

/* The pattern is the whole machine's: only where that is a guest of the tests. */
static void guest_only(void)
{
	char exe[64] = "";

	if (readlink("/proc/1/exe", exe, sizeof(exe) - 1) < 0 ||
	    strcmp(exe, "/init"))
		case_skip(
			"missing feature: a machine whose core_pattern may be changed");
}

DEATH_CASE("teardown_coredump", teardown_coredump, CASE_ALONE | CASE_SLOW,
	   "a core that is read only after 300 ms: coredump")
{
	struct victim *v = victim_new("dumper");
	char was[128] = "core", pattern[128];
	int fd;

	guest_only();
	fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
	if (fd < 0 || read(fd, was, sizeof(was) - 1) < 1)
		case_skip("missing feature: no core_pattern");
	close(fd);
	snprintf(pattern, sizeof(pattern), "|%s victim slow_core", self_path());
	write_pattern(pattern);
	victim_fork(v, faults);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	write_pattern(was);
	if (!WCOREDUMP(v->status))
		case_skip("missing feature: core dumps to a program");
	died_signal(v, SIGSEGV, "fault", NULL);
	expect_usage(v, "minflt", 0, 1 << 20);
	/* a fault takes no tracepoint before the dump is over: all of it is
	 * between taking the signal and the end */
	expect(v, "teardown",
	       m_tier(m_teardown("other", (READ_LATE - 10) * MSEC, 10 * SEC),
		      m_teardown("coredump", (READ_LATE - 10) * MSEC,
				 10 * SEC)));
}
