// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it used: a known burn, known memory, known reads and writes, and the
 * threads' share. wait4's rusage is the oracle, the workload the sanity.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "death.h"

/* At least what it burnt; at most what wait4 saw. */
static void burnt(struct victim *v, s64 least)
{
	s64 us = v->ru.ru_utime.tv_usec + v->ru.ru_stime.tv_usec +
		 (v->ru.ru_utime.tv_sec + v->ru.ru_stime.tv_sec) * 1000000LL;

	if (us * 1000 < least)
		case_fail("wait4 saw %lld us", (long long)us);
	expect_usage(v, "cpu_ns", least, us * 1100 + 40 * MSEC);
}

static void burns(struct victim *v)
{
	victim_hold(v);
	burn_ms(300);
	_exit(0);
}

DEATH_CASE("usage_cpu", usage_cpu, 0, "300 ms of user time")
{
	struct victim *v = victim_new("burner");
	s64 utime;

	victim_fork(v, burns);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	burnt(v, 295 * MSEC);
	/* The exact sum split by where ticks fell: one more of n moves an
	 * n-th, and a busy machine has few. */
	utime = v->ru.ru_utime.tv_sec * SEC + v->ru.ru_utime.tv_usec * 1000LL;
	expect_usage(v, "utime_ns", utime - 70 * MSEC, utime + 70 * MSEC);
}

static void thread_burns(struct victim *v)
{
	burn_ms(150);
	v->word[0] = 1;
	sys_exit(0);
}

static void burns_by_thread(struct victim *v)
{
	victim_hold(v);
	thread_start(thread_burns, v);
	while (!v->word[0])
		nap_ms(1);
	nap_ms(20);
	_exit(0);
}

DEATH_CASE("usage_threads", usage_threads, 0,
	   "150 ms burnt by a thread that has gone count")
{
	struct victim *v = victim_new("burner");

	victim_fork(v, burns_by_thread);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	burnt(v, 145 * MSEC);
	expect(v, "threads", json_integer(2));
}

#define EATEN (48 << 20)

static void eats(struct victim *v)
{
	char *p = mmap(NULL, EATEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* faults by the page, not by the huge one */
	madvise(p, EATEN, MADV_NOHUGEPAGE);
	victim_hold(v);
	for (size_t i = 0; i < EATEN; i += 4096)
		p[i] = 1;
	/* it is the most it had that counts */
	munmap(p, EATEN);
	_exit(0);
}

DEATH_CASE("usage_memory", usage_memory, 0,
	   "48 MB touched and given back: maxrss and faults")
{
	struct victim *v = victim_new("eater");

	victim_fork(v, eats);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	if (v->ru.ru_maxrss < EATEN / 1024 || v->ru.ru_minflt < EATEN / 4096)
		case_fail("maxrss %ld, minflt %ld", v->ru.ru_maxrss,
			  v->ru.ru_minflt);
	expect_usage(v, "maxrss_kb", EATEN / 1024,
		     v->ru.ru_maxrss * 11 / 10 + 512);
	expect_usage(v, "minflt", EATEN / 4096, v->ru.ru_minflt + 64);
}

static char file[300];

static void reads_and_writes(struct victim *v)
{
	static char buf[65536] __attribute__((aligned(4096)));
	int fd = open(file, O_RDWR | O_CREAT, 0600);

	memset(buf, 'x', sizeof(buf));
	victim_hold(v);
	for (int i = 0; i < 16; i++)
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			_exit(90);
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	lseek(fd, 0, SEEK_SET);
	for (int i = 0; i < 16; i++)
		if (read(fd, buf, sizeof(buf)) != sizeof(buf))
			_exit(91);
	_exit(0);
}

/* On a memory file system nothing is read or written: rusage says 0 then, and
 * so must the obituary. */
DEATH_CASE("usage_io", usage_io, 0, "1 MB written, and read again from disk")
{
	struct victim *v = victim_new("writer");

	snprintf(file, sizeof(file), "%s/io", scratch());
	victim_fork(v, reads_and_writes);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
}

static void naps(struct victim *v)
{
	victim_hold(v);
	for (int i = 0; i < 100; i++)
		nap_ms(1);
	_exit(0);
}

DEATH_CASE("usage_switches", usage_switches, 0, "a hundred naps")
{
	struct victim *v = victim_new("napper");

	victim_fork(v, naps);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	/* some may have been preempted on their way to sleep */
	if (v->ru.ru_nvcsw < 50)
		case_fail("%ld voluntary switches", v->ru.ru_nvcsw);
}
