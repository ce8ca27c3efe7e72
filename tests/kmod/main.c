// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod-test: the hard tests of obit.ko, for a guest that may be crashed.
 * Owns the list of tests and the options. Never runs but as root, and never
 * where a module of that name is loaded: it loads and unloads it all the time.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktest.h"

static const struct ktest *const tests[] = {
	&device_test,	   &cursor_test, &resume_test, &lossless_test,
	&tracepoints_test, &bpf_test,	 &fuzz_test,   &stress_test,
	&command_test,	   &crowd_test,
};

const char *ko_path = "/bin/obit.ko";
u64 seed;
int seconds = 10;
int cycles = 50;
int slow = 1;

static void usage(FILE *f)
{
	fputs("usage: kmod-test [--module PATH] [--seed N] [--seconds N]\n"
	      "                 [--cycles N] [--slow N] [TEST[/CASE]]...\n"
	      "tests:",
	      f);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		fprintf(f, " %s", tests[i]->name);
	fputc('\n', f);
}

static bool options(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "module", 1, 0, 'm' },
		{ "seed", 1, 0, 's' },
		{ "seconds", 1, 0, 't' },
		{ "slow", 1, 0, 'l' },
		{ "cycles", 1, 0, 'c' },
		{ "help", 0, 0, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", opts, NULL)) >= 0) {
		switch (c) {
		case 'm':
			ko_path = optarg;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			seconds = atoi(optarg);
			break;
		case 'c':
			cycles = atoi(optarg);
			break;
		case 'l':
			slow = atoi(optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			return false;
		}
	}
	return true;
}

/* Every TEST or TEST/CASE that was named; false: there is no such test. */
static bool run_named(const char *name)
{
	const char *slash = strchrnul(name, '/');
	size_t len = slash - name;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strlen(tests[i]->name) != len ||
		    memcmp(tests[i]->name, name, len) != 0)
			continue;
		run_test(tests[i], *slash ? slash + 1 : NULL);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = now_ns() ^ getpid();
	if (!options(argc, argv)) {
		usage(stderr);
		return 64;
	}
	if (geteuid() != 0 || module_is_loaded()) {
		fputs("kmod-test: needs root, and obit.ko not loaded\n",
		      stderr);
		return 77;
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	if (optind == argc)
		for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
			run_test(tests[i], NULL);
	for (; optind < argc; optind++) {
		if (!run_named(argv[optind])) {
			usage(stderr);
			return 64;
		}
	}
	return totals();
}
