// SPDX-License-Identifier: GPL-2.0-only
/*
 * meter: what a watcher adds to a cycle. In each round and for each watcher a
 * batch of cycles without it and a batch with it, in turns AB and BA, so that
 * what drifts drifts away. Owns starting and ending the watchers. Never decides
 * what a figure means.
 *
 *	bench meter [-n CYCLES] [-r ROUNDS] [-w CYCLE] NAME=COMMAND ...
 *
 * COMMAND is cut at blanks, has /dev/null for its output, and is ended by
 * SIGINT. "" is no watcher at all: the noise. "@acct" is BSD accounting.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define CYCLES_MAX 100000
#define WORDS_MAX 32
#define WARM_UP 20
#define DRAIN_MS 150		/* a watcher that collects has done so by then */
#define STEP_MS 100
#define STEPS_MAX 300		/* patience with one that starts, or ends */
#define CALM_NS 3000000		/* of CPU a step: it is ready */
#define ACCT_FILE "/tmp/bench.acct"

static struct {
	unsigned int cycles, rounds;
	bool use[CYCLE_NR];
	const char *name[WORDS_MAX];
	char *command[WORDS_MAX];
	int watchers;
} opt = { .cycles = 300, .rounds = 6 };

static uint64_t sample[CYCLES_MAX];

/* --- a batch ------------------------------------------------------------------- */

struct batch {
	uint64_t p25;		/* of one cycle, in ticks */
	double half;		/* mean of the cheaper half: without what comes
				 * now and then, and steadier than a median */
	double mean;
	double cpu_ns;		/* of the watcher, a cycle */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t cpu_ns(pid_t pid)
{
	clockid_t id;

	if (!pid || clock_getcpuclockid(pid, &id))
		return 0;
	return clock_ns(id);
}

static double mean_of(const uint64_t *of, unsigned int n)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += (double)of[i];
	return sum / n;
}

static void measure(enum cycle c, pid_t watcher, struct batch *b)
{
	uint64_t begin, cpu, idle, t;
	unsigned int i;

	for (i = 0; i < WARM_UP; i++)
		cycle_once(c);
	sleep_ms(DRAIN_MS);
	/* What it takes while nothing happens is not the cycles'. */
	idle = cpu_ns(watcher);
	sleep_ms(DRAIN_MS);
	cpu = cpu_ns(watcher);
	idle = cpu - idle;
	begin = ticks();
	for (i = 0; i < opt.cycles; i++) {
		t = ticks();
		cycle_once(c);
		sample[i] = ticks() - t;
	}
	b->mean = (double)(ticks() - begin) / opt.cycles;
	sleep_ms(DRAIN_MS);
	cpu = cpu_ns(watcher) - cpu;
	b->cpu_ns = (double)(cpu > idle ? cpu - idle : 0) / opt.cycles;
	qsort(sample, opt.cycles, sizeof(*sample), compare);
	b->half = mean_of(sample, (opt.cycles + 1) / 2);
	b->p25 = sample[opt.cycles / 4];
}

/* --- watchers ------------------------------------------------------------------ */

static pid_t start(const char *command)
{
	char *words = strdup(command), *argv[WORDS_MAX + 1], *w, *save = NULL;
	int n = 0, null;
	pid_t pid;

	for (w = strtok_r(words, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		signal(SIGINT, SIG_DFL);
		execvp(argv[0], argv);
		_exit(127);
	}
	free(words);
	if (pid < 0)
		die("fork: %s", strerror(errno));
	return pid;
}

/* Until it has nothing more to do; a process that loads BPF is busy first.
 * False: it has ended. */
static bool settle(pid_t pid)
{
	uint64_t was = 0, now;
	int step, calm = 0;

	for (step = 0; step < STEPS_MAX && calm < 5; step++) {
		sleep_ms(STEP_MS);
		if (waitpid(pid, NULL, WNOHANG))
			return false;
		now = cpu_ns(pid);
		calm = now - was < CALM_NS ? calm + 1 : 0;
		was = now;
	}
	return true;
}

static void stop(pid_t pid)
{
	int step;

	kill(pid, SIGINT);
	for (step = 0; step < STEPS_MAX; step++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		sleep_ms(STEP_MS);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void accounting(bool on)
{
	int fd;

	if (on) {
		fd = open(ACCT_FILE, O_CREAT | O_TRUNC | O_WRONLY, 0600);
		if (fd < 0)
			die("%s: %s", ACCT_FILE, strerror(errno));
		close(fd);
	}
	if (acct(on ? ACCT_FILE : NULL))
		die("acct: %s", strerror(errno));
	if (!on)
		unlink(ACCT_FILE);
}

static void batches(pid_t watcher, struct batch *b)
{
	int c;

	for (c = 0; c < CYCLE_NR; c++)
		if (opt.use[c])
			measure((enum cycle)c, watcher, &b[c]);
}

/* False: it cannot run here. */
static bool watched(int at, struct batch *b)
{
	const char *command = opt.command[at];
	pid_t pid = 0;

	if (!strcmp(command, "@acct")) {
		accounting(true);
		batches(0, b);
		accounting(false);
		return true;
	}
	if (*command) {
		pid = start(command);
		if (!settle(pid))
			return false;
	}
	batches(pid, b);
	if (pid)
		stop(pid);
	return true;
}

/* --- rounds -------------------------------------------------------------------- */

static void show(const char *key, const struct batch *b)
{
	printf(",\"%s\":{\"half\":%.1f,\"p25\":%llu,\"mean\":%.1f,\"cpu\":%.1f}",
	       key, b->half, (unsigned long long)b->p25, b->mean, b->cpu_ns);
}

static void round_of(unsigned int r, int at)
{
	struct batch bare[CYCLE_NR], with[CYCLE_NR];
	bool runs = true;
	int c;

	if (r % 2)
		runs = watched(at, with);
	batches(0, bare);
	if (!(r % 2))
		runs = watched(at, with);
	if (!runs) {
		printf("{\"missing\":\"%s\"}\n", opt.name[at]);
		return;
	}
	for (c = 0; c < CYCLE_NR; c++) {
		if (!opt.use[c])
			continue;
		printf("{\"cycle\":\"%s\",\"watcher\":\"%s\",\"round\":%u",
		       cycle_names[c], opt.name[at], r);
		show("bare", &bare[c]);
		show("with", &with[c]);
		printf("}\n");
	}
}

static void parse(int argc, char **argv)
{
	enum cycle c;
	int o;

	while ((o = getopt(argc, argv, "n:r:w:")) != -1) {
		if (o == 'n')
			opt.cycles = (unsigned int)atoi(optarg);
		else if (o == 'r')
			opt.rounds = (unsigned int)atoi(optarg);
		else if (o == 'w' && !cycle_parse(optarg, &c))
			opt.use[c] = true;
		else
			die("meter: bad option");
	}
	if (!opt.cycles || opt.cycles > CYCLES_MAX)
		die("meter: -n must be 1 to %d", CYCLES_MAX);
	for (; optind < argc && opt.watchers < WORDS_MAX; optind++) {
		char *is = strchr(argv[optind], '=');

		if (!is)
			die("meter: %s is no NAME=COMMAND", argv[optind]);
		*is = '\0';
		opt.name[opt.watchers] = argv[optind];
		opt.command[opt.watchers++] = is + 1;
	}
	for (o = 0; o < CYCLE_NR && !opt.use[o]; o++)
		;
	if (o == CYCLE_NR)
		for (o = 0; o < CYCLE_NR; o++)
			opt.use[o] = true;
}

/* Where things lie in memory must not differ from run to run. */
static void same_addresses(char **argv)
{
	int was = personality(0xffffffff);

	if (was < 0 || was & ADDR_NO_RANDOMIZE)
		return;
	if (personality((unsigned long)was | ADDR_NO_RANDOMIZE) < 0)
		return;
	argv[-1] = (char *)"bench";
	execv("/proc/self/exe", argv - 1);
}

int meter_main(int argc, char **argv)
{
	uint64_t t0, n0;
	unsigned int r;
	int at;

	same_addresses(argv);
	parse(argc, argv);
	cycle_init();
	signal(SIGINT, SIG_IGN);
	t0 = ticks();
	n0 = clock_ns(CLOCK_MONOTONIC);
	for (r = 0; r < opt.rounds; r++)
		for (at = 0; at < opt.watchers; at++)
			round_of(r, at);
	printf("{\"ticks_per_ns\":%.6f}\n",
	       (double)(ticks() - t0) /
		       (double)(clock_ns(CLOCK_MONOTONIC) - n0));
	return 0;
}
