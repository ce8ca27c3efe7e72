// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends that cost something known: each must show its phase as the longest, and
 * for about as long as the same work took when it was done by hand.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

/* A virtual CPU may be away for 100 ms at a time, and others want it, too. */
#define MOST(ns) ((ns) * 10 + SEC)

/* Under tracepoints alone, where they can tell; and with exact hooks. */
static void spent(struct victim *v, json_t *coarse, json_t *exact)
{
	expect(v, "teardown",
	       m_tier(coarse ? coarse : m_teardown(NULL, 0, 0), exact));
}

/* --- memory -------------------------------------------------------------------- */

static size_t memory_for_test(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES);
	size_t bytes = (size_t)pages * 4096 / 4;

	return bytes > 4UL << 30 ? 4UL << 30 : bytes & ~4095UL;
}

/* Page by page: a few huge ones are nothing to give back. Until @end: *@bytes
 * is then what there was time for, and the rest is as if never mapped. */
static char *touched(size_t *bytes, u64 end)
{
	char *p = mmap(NULL, *bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, *bytes, MADV_NOHUGEPAGE);
	for (i = 0; i < *bytes && (i & 0xfffff || boot_ns() < end); i += 4096)
		p[i] = 1;
	if (i < *bytes)
		munmap(p + i, *bytes - i);
	*bytes = i;
	return p;
}

#define PIECES 16

/* By hand; how long it takes at least, whoever else wants the CPU: a quarter
 * of what all pieces would take if each were the fastest (an end has less to
 * do: nobody can use the addresses meanwhile). */
static u64 unmapped(char *p, size_t bytes)
{
	size_t piece = (bytes / PIECES + 4095) & ~4095UL, at;
	u64 one, least = ~0ULL;

	for (at = 0; at + piece <= bytes; at += piece) {
		one = boot_ns();
		munmap(p + at, piece);
		one = boot_ns() - one;
		least = one < least ? one : least;
	}
	munmap(p + at, bytes - at);
	return least * PIECES / 4;
}

static size_t eaten;

static void eats(struct victim *v)
{
	if (!touched(&eaten, ~0ULL))
		_exit(90);
	victim_hold(v);
	_exit(0);
}

DEATH_CASE(
	"teardown_memory", teardown_memory, CASE_ALONE | CASE_SLOW,
	"up to 4 GiB touched: mm, for as long as munmap takes for it; not 4 MiB")
{
	struct victim *v = victim_new("eater"), *w = victim_new("nibbler");
	size_t bytes = memory_for_test();
	u64 began, took, least;
	char *p;

	if (bytes < 32 << 20)
		case_skip("missing feature: 128 MB of free memory");
	p = touched(&bytes, boot_ns() + BUILD_NS / 2);
	MUST(p ? 0 : -1);
	began = boot_ns();
	least = unmapped(p, bytes);
	took = boot_ns() - began;
	eaten = bytes;
	victim_fork(v, eats);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	spent(v, exit_before_mm() ? m_teardown("mm", least, MOST(took)) : NULL,
	      m_teardown("mm.unmap", least, MOST(took)));
	/* and it is not always so */
	eaten = 4 << 20;
	victim_fork(w, eats);
	victim_base(w);
	victim_go(w);
	victim_wait(w);
	died_exit(w, 0);
	spent(w, NULL,
	      m_whole(m_teardown(NULL, 0, 0), 0,
		      (s64)(w->dead_hi - w->exit_lo) + 200 * MSEC));
}

/* --- files --------------------------------------------------------------------- */

#define FILES 50000

static int nr_files;

/* So many, or what may be had. */
static void raise_limit(void)
{
	struct rlimit rl = { FILES + 100, FILES + 100 };

	if (setrlimit(RLIMIT_NOFILE, &rl)) {
		getrlimit(RLIMIT_NOFILE, &rl);
		rl.rlim_cur = rl.rlim_max;
		MUST(setrlimit(RLIMIT_NOFILE, &rl));
	}
	nr_files = (int)rl.rlim_cur - 100;
	if (nr_files < 3000)
		case_skip("missing feature: 3,000 open files");
}

static void opens(struct victim *v)
{
	u64 end = boot_ns() + BUILD_NS;
	int i, n, fd = -1;

	for (n = 0; n < nr_files && (!v->word[0] || boot_ns() < end); n++) {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			_exit(91);
	}
	/* in half the ends by hand: so long it takes */
	if (v->word[0]) {
		v->word[1] = n;
		v->stamp[0] = boot_ns();
		for (i = fd - n + 1; i <= fd; i++)
			close(i);
		v->stamp[1] = boot_ns();
	}
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("teardown_files", teardown_files, CASE_ALONE | CASE_SLOW,
	   "50,000 open files, or as many as may be: files, file_close")
{
	struct victim *v = victim_new("closer"), *w = victim_new("opener");
	u64 took;

	raise_limit();
	v->word[0] = 1;
	victim_fork(v, opens);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	took = v->stamp[1] - v->stamp[0];
	nr_files = v->word[1];
	victim_fork(w, opens);
	victim_base(w);
	victim_go(w);
	victim_wait(w);
	died_exit(w, 0);
	/* by hand there is a system call beside each closing */
	spent(w, m_teardown("resources", took / 50, MOST(took)),
	      m_teardown("files,file_close", took / 50, MOST(took)));
}

#define SOCKETS 60

static void has_sockets(struct victim *v)
{
	u64 one, least = ~0ULL;
	int i, fd[SOCKETS];

	for (i = 0; i < SOCKETS; i++) {
		fd[i] = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
		if (fd[i] < 0)
			_exit(90);
	}
	if (v->word[0]) {
		v->stamp[0] = boot_ns();
		for (i = 0; i < SOCKETS; i++) {
			one = boot_ns();
			close(fd[i]);
			one = boot_ns() - one;
			least = one < least ? one : least;
		}
		v->stamp[1] = boot_ns();
		v->stamp[2] = least;
	}
	victim_hold(v);
	_exit(0);
}

/* packet_release() waits until nobody can be looking any more. */
DEATH_CASE(
	"teardown_close_waits", teardown_close_waits, CASE_ALONE | CASE_SLOW,
	"60 packet sockets, each of which waits for RCU when closed: file_close")
{
	struct victim *v = victim_new("closer"), *w = victim_new("leaver");
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	u64 took, least;

	if (fd < 0)
		case_skip("missing feature: packet sockets");
	close(fd);
	v->word[0] = 1;
	victim_fork(v, has_sockets);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	took = v->stamp[1] - v->stamp[0];
	/* how long a grace period takes depends on what else goes on */
	least = v->stamp[2] * SOCKETS / 2;
	if (took < 20 * MSEC)
		case_again("closing waited for %lld us only",
			   (long long)took / 1000);
	victim_fork(w, has_sockets);
	victim_base(w);
	victim_go(w);
	victim_wait(w);
	died_exit(w, 0);
	spent(w, m_asleep(m_teardown("resources", least, MOST(took))),
	      m_asleep(m_teardown("file_close", least, MOST(took))));
}

/* --- other threads ------------------------------------------------------------- */

static void *sleeps(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int clone_sleeper(void *arg)
{
	sleeps(arg);
	return 0;
}

#define THREADS 2000

/* So many, or what a slow kernel can make in 3 s: word[0]. */
static void has_threads(struct victim *v)
{
	const size_t stack = 16384;
	u64 until = boot_ns() + 3 * SEC;
	char *p;
	int i;

	p = mmap(NULL, stack * THREADS, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		_exit(90);
	for (i = 0; i < THREADS && boot_ns() < until; i++)
		if (clone(clone_sleeper, p + stack * (i + 1),
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				  CLONE_THREAD | CLONE_SYSVSEM,
			  NULL) < 0)
			_exit(91);
	v->word[0] = i;
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("teardown_threads", teardown_threads, CASE_ALONE | CASE_SLOW,
	   "2,000 threads, killed: threads")
{
	struct victim *v = victim_new("crowd");
	u64 sent;

	victim_fork(v, has_threads);
	victim_base(v);
	victim_doom(v);
	sent = boot_ns();
	MUST(kill(v->pid, SIGKILL));
	victim_wait(v);
	died_signal(v, SIGKILL, "signal",
		    killer_of(getpid(), getpid(), SIGKILL));
	expect(v, "threads", m_range(v->word[0], v->word[0] + 1));
	/* the last one may have lost the CPU to the crowd in a step of its own,
	 * before it knew that it was the last */
	spent(v, m_teardown("threads", MSEC / 10, v->dead_hi - sent),
	      m_teardown("threads,signals,accounting", MSEC / 10,
			 v->dead_hi - sent));
}

/* --- namespaces ---------------------------------------------------------------- */

#define MOUNTS 2400

static void has_mounts(struct victim *v)
{
	u64 end = boot_ns() + BUILD_NS;
	char dir[400], to[480];
	int i;

	snprintf(dir, sizeof(dir), "%s/m", scratch());
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir(dir, 0700))
		_exit(90);
	for (i = 0; i < MOUNTS && boot_ns() < end; i++) {
		snprintf(to, sizeof(to), "%s/%d", dir, i);
		if (mkdir(to, 0700) || mount(dir, to, NULL, MS_BIND, NULL))
			_exit(91);
	}
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("teardown_namespace", teardown_namespace, CASE_ALONE | CASE_SLOW,
	   "the last one in a mount namespace of up to 2,400 mounts: namespaces")
{
	struct victim *v = victim_new("hermit");

	scratch();
	victim_fork(v, has_mounts);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	/* the mounts themselves are put off: as files are */
	spent(v, m_teardown("resources", MSEC / 10, MOST(SEC)),
	      m_teardown("namespaces,file_close", MSEC / 10, MOST(SEC)));
}

/* --- before it begins ------------------------------------------------------------ */

#define STOPPED (200 * MSEC)

static void exits_3(struct victim *v)
{
	victim_hold(v);
	_exit(3);
}

DEATH_CASE("teardown_ptrace_stop", teardown_ptrace_stop, CASE_ALONE | CASE_SLOW,
	   "held by its tracer for 200 ms when it exits: ptrace_stop")
{
	struct victim *v = victim_new("tracee");
	u64 began;
	int status;

	victim_fork(v, exits_3);
	victim_base(v);
	MUST(ptrace(PTRACE_SEIZE, v->pid, NULL, PTRACE_O_TRACEEXIT));
	victim_go(v);
	MUST(waitpid(v->pid, &status, __WALL));
	if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
		case_fail("stopped with %#x", status);
	began = boot_ns();
	nap_ms(STOPPED / MSEC);
	MUST(ptrace(PTRACE_CONT, v->pid, NULL, NULL));
	victim_wait(v);
	died_exit(v, 3);
	spent(v, NULL,
	      m_asleep(m_teardown("ptrace_stop", STOPPED - MSEC,
				  v->dead_hi - began + 50 * MSEC)));
}

static void waits(struct victim *v)
{
	victim_hold(v);
	victim_hold(v);
}

DEATH_CASE(
	"teardown_delivery", teardown_delivery, CASE_ALONE | CASE_SLOW,
	"a signal to a stopped process, which takes it 200 ms later: delivery")
{
	struct victim *v = victim_new("stopped");
	u64 sent, most;

	victim_fork(v, waits);
	victim_base(v);
	MUST(kill(v->pid, SIGSTOP));
	while (!task_state(v->pid, 0, 'T'))
		nap_ms(1);
	victim_doom(v);
	sent = boot_ns();
	MUST(kill(v->pid, SIGTERM));
	nap_ms(STOPPED / MSEC);
	MUST(kill(v->pid, SIGCONT));
	victim_wait(v);
	died_signal(v, SIGTERM, "signal",
		    killer_of(getpid(), getpid(), SIGTERM));
	most = v->dead_hi - sent;
	spent(v, m_teardown("delivery", STOPPED - MSEC, most),
	      m_teardown("delivery", STOPPED - MSEC, most));
}

/* --- all of it ---------------------------------------------------------------------- */

/* From just before _exit() in the process to what its parent saw: the kernel's
 * time is what lies between, but for what comes after the parent is told. */
static void stamps(struct victim *v)
{
	size_t bytes = 32 << 20;

	victim_hold(v);
	if (!touched(&bytes, ~0ULL))
		_exit(90);
	v->stamp[0] = boot_ns();
	_exit(0);
}

DEATH_CASE("teardown_whole", teardown_whole, CASE_ALONE,
	   "the sum against a clock in the process and its parent's")
{
	struct victim *v = victim_new("stamper");
	s64 lo, hi;

	victim_fork(v, stamps);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	/* nobody is told before it is over, but the last steps */
	lo = (s64)(v->dead_lo - v->stamp[0]);
	hi = (s64)(v->dead_hi - v->stamp[0]);
	spent(v, m_whole(m_teardown(NULL, 0, 0), 0, hi + 200 * MSEC),
	      m_whole(m_teardown(NULL, 0, 0), lo > MSEC ? lo - MSEC : 0,
		      hi + 200 * MSEC));
}
