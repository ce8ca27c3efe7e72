// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm: so many deaths, as fast as they can be had or at a given rate, and
 * zombies that stay. Owns nothing else. Never watches anything.
 *
 *	bench storm [-n DEATHS] [-j JOBS] [-R A_SECOND] [-w CYCLE]
 *	bench storm -z ZOMBIES		until standard input is closed
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define JOBS_MAX 64

/* The zombies are reaped by whoever inherits them when this one ends. */
static int zombies(long n)
{
	volatile long made;	/* volatile: vfork returns twice */
	char c;

	for (made = 0; made < n; made++) {
		pid_t pid = vfork();

		if (!pid)
			_exit(0);
		if (pid < 0)
			break;
	}
	printf("{\"zombies\":%ld,\"limit\":\"%s\"}\n", made,
	       made < n ? strerror(errno) : "");
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

static void job(long n, double rate, enum cycle c)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), due, now;
	long i;

	for (i = 0; i < n; i++) {
		if (rate > 0) {
			due = begin + (uint64_t)((double)i * 1e9 / rate);
			now = clock_ns(CLOCK_MONOTONIC);
			if (now + 1000000 < due)
				sleep_ms((unsigned int)((due - now) / 1000000));
		}
		cycle_once(c);
	}
}

int storm_main(int argc, char **argv)
{
	long n = 1000, jobs = 1, i, nr_zombies = 0;
	enum cycle c = CYCLE_VFORK;
	double rate = 0;
	uint64_t begin, ns;
	int o, status;

	while ((o = getopt(argc, argv, "n:j:R:w:z:")) != -1) {
		if (o == 'n')
			n = atol(optarg);
		else if (o == 'j')
			jobs = atol(optarg);
		else if (o == 'R')
			rate = atof(optarg);
		else if (o == 'z')
			nr_zombies = atol(optarg);
		else if (o != 'w' || cycle_parse(optarg, &c))
			die("storm: bad option");
	}
	if (nr_zombies)
		return zombies(nr_zombies);
	if (jobs < 1 || jobs > JOBS_MAX)
		die("storm: -j must be 1 to %d", JOBS_MAX);
	cycle_init();
	begin = clock_ns(CLOCK_MONOTONIC);
	for (i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (!pid) {
			job(n / jobs, rate / (double)jobs, c);
			_exit(0);
		}
		if (pid < 0)
			die("fork: %s", strerror(errno));
	}
	for (i = 0; i < jobs; i++)
		if (wait(&status) < 0 || status)
			die("a job failed");
	ns = clock_ns(CLOCK_MONOTONIC) - begin;
	printf("{\"deaths\":%ld,\"seconds\":%.6f,\"per_second\":%.1f}\n",
	       n / jobs * jobs + jobs, (double)ns / 1e9,
	       (double)(n / jobs * jobs) * 1e9 / (double)ns);
	return 0;
}
