// SPDX-License-Identifier: GPL-2.0-only
/*
 * witness: so many random deaths, for two witnesses to tell of. Owns the storm,
 * its bounds in number, width and time, and the count of its births; says the
 * seed. Never judges what was seen of it, and leaves no process and no file.
 *
 *	witness [-n DEATHS] [-s SEED] [-t SECONDS] [-o SHAPE]
 *
 * The same seed chooses the same shapes; who wins a race is chance all the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "witness.h"

#define WIDTH 20		/* the storm's own children at once */
#define LIFE_S 5		/* of a process, at most */
#define SWEEP_MS 10000		/* for what outlives the storm */
#define MSEC 1000000ull
#define SEC 1000000000ull

struct common *common;
static u64 state;		/* of this process's generator */
static int only = -1;		/* the only shape, if there is one */

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void nap_us(unsigned int us)
{
	struct timespec ts = { 0, us * 1000l };

	nanosleep(&ts, NULL);
}

/* splitmix64: each output can seed another. */
static u64 random_next(void)
{
	u64 x = state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

unsigned int chance(unsigned int below)
{
	return random_next() % below;
}

/* ---- births ---- */

void count_birth(void)
{
	__atomic_fetch_add(&common->made, 1, __ATOMIC_RELAXED);
}

pid_t birth(void)
{
	u64 seed = random_next();
	pid_t pid = fork();

	if (!pid) {
		state = seed;
		alarm(LIFE_S);
	} else if (pid > 0) {
		count_birth();
	}
	return pid;
}

pid_t start(int depth)
{
	pid_t pid = birth();

	if (!pid) {
		int i = only >= 0 ? only : (int)chance(nr_shapes);

		__atomic_fetch_add(&common->chosen[i], 1, __ATOMIC_RELAXED);
		shapes[i].die(depth);
		cannot(shapes[i].name);
	}
	return pid;
}

/* ---- the storm ---- */

static pid_t crowd[WIDTH];

/* Asks one of them, who may have a handler, or be dead and not yet reaped. */
static void ask_one(void)
{
	static const int by[] = { SIGTERM, SIGUSR1, SIGHUP, SIGCONT, SIGKILL };
	pid_t pid = crowd[chance(WIDTH)];
	int sig = by[chance(ARRAY_SIZE(by))];

	if (pid)
		kill(pid, sig);
}

/* Reaps one of them, or sends one on who has stopped. */
static bool reap_one(int flags)
{
	int status, i;
	pid_t pid = waitpid(-1, &status, flags | WUNTRACED);

	if (pid <= 0)
		return false;
	if (WIFSTOPPED(status)) {
		kill(pid, SIGCONT);
		return true;
	}
	for (i = 0; i < WIDTH; i++)
		if (crowd[i] == pid)
			crowd[i] = 0;
	return true;
}

static int find_room(void)
{
	for (int i = 0; i < WIDTH; i++)
		if (!crowd[i])
			return i;
	return -1;
}

static void storm(u64 deaths, u64 end)
{
	/* Its orphans' parent is of another session: the kernel hangs up. */
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL))
		cannot("setsid");
	while (common->made < deaths && now_ns() < end) {
		int i = find_room();

		if (i >= 0) {
			crowd[i] = start(0);
			if (crowd[i] < 0)
				cannot("fork");
			if (!chance(3))
				ask_one();
		} else if (!reap_one(WNOHANG)) {
			nap_us(1000);
			if (!chance(4))
				ask_one();
		}
	}
	for (int i = 0; i < WIDTH; i++)
		if (crowd[i])
			kill(crowd[i], SIGKILL);
	while (reap_one(0))
		;
	_exit(0);
}

/* ---- around it ---- */

/* Whoever has outlived its parents came here, to a subreaper. */
static void kill_children(void)
{
	FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
}

/* Returns what the storm's end was, -1 if processes are left. */
static int reap_all(pid_t storm_pid)
{
	int status, storm_status = -1;
	u64 end;
	pid_t pid;

	do {
		pid = waitpid(-1, &storm_status, 0);
	} while (pid > 0 && pid != storm_pid);
	for (end = now_ns() + SWEEP_MS * MSEC; now_ns() < end;) {
		kill_children();
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return storm_status;
		nap_us(1000);
	}
	fputs("witness: some of them do not die\n", stderr);
	return -1;
}

/* A copy for those who change their root, or whose file is to be deleted. */
static bool scratch_make(void)
{
	struct stat st;
	int in, out;
	bool ok;

	strcpy(common->dir, "/tmp/witness.XXXXXX");
	if (!mkdtemp(common->dir) || chmod(common->dir, 0755))
		return false;
	snprintf(common->exe, sizeof(common->exe), "%s/witness", common->dir);
	in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	out = open(common->exe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ok = in >= 0 && out >= 0 && !fstat(in, &st) &&
	     sendfile(out, in, NULL, st.st_size) == st.st_size;
	close(in);
	close(out);
	return ok;
}

static void scratch_remove(void)
{
	DIR *dir = opendir(common->dir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(common->dir);
}

static int find_shape(const char *name)
{
	for (int i = 0; i < nr_shapes; i++)
		if (!strcmp(shapes[i].name, name))
			return i;
	return -1;
}

static void usage(FILE *f)
{
	fputs("usage: witness [-n DEATHS] [-s SEED] [-t SECONDS] [-o SHAPE]\n"
	      "shapes:",
	      f);
	for (int i = 0; i < nr_shapes; i++)
		fprintf(f, " %s", shapes[i].name);
	fputc('\n', f);
}

static int run(u64 deaths, u64 seconds)
{
	u64 end = now_ns() + seconds * SEC;
	pid_t pid = fork();
	int i, status;

	if (!pid)
		storm(deaths, end);
	if (pid < 0)
		return -1;
	status = reap_all(pid);
	fputs("# shapes:", stdout);
	for (i = 0; i < nr_shapes; i++)
		printf(" %s %llu", shapes[i].name,
		       (unsigned long long)common->chosen[i]);
	printf("\nmade %llu, failed %llu\n", (unsigned long long)common->made,
	       (unsigned long long)common->failed);
	if (status || common->failed)
		return -1;
	if (common->made < deaths) {
		fprintf(stderr, "witness: not more in %llu s\n",
			(unsigned long long)seconds);
		return -1;
	}
	return 0;
}

static bool options(int argc, char **argv, u64 *deaths, u64 *seconds)
{
	int c;

	while ((c = getopt(argc, argv, "n:s:t:o:")) >= 0) {
		switch (c) {
		case 'n':
			*deaths = strtoull(optarg, NULL, 0);
			break;
		case 's':
			state = strtoull(optarg, NULL, 0);
			break;
		case 't':
			*seconds = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			only = find_shape(optarg);
			if (only >= 0)
				break;
			/* fall through */
		default:
			return false;
		}
	}
	return optind == argc && *deaths;
}

int main(int argc, char **argv)
{
	struct rlimit no_core = { 0, 0 };
	u64 deaths = 1000, seconds = 60;
	int code = reborn(argc, argv), err;

	if (code >= 0)
		return code;
	state = now_ns() ^ getpid();
	if (!options(argc, argv, &deaths, &seconds)) {
		usage(stderr);
		return 64;
	}
	if (geteuid() != 0) {
		fputs("witness: needs root\n", stderr);
		return 77;
	}
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED || setrlimit(RLIMIT_CORE, &no_core) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) || !scratch_make()) {
		perror("witness");
		return 71;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# seed %llu\n", (unsigned long long)state);
	err = run(deaths, seconds);
	scratch_remove();
	return err ? 1 : 0;
}
