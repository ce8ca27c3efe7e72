// SPDX-License-Identifier: GPL-2.0-only
/*
 * death: kills processes in every way there is and knows what ought to be
 * said of each. One static program, so that it runs in a bare guest too.
 */
#include <stdio.h>
#include <string.h>

#include "death.h"

static int list_main(void)
{
	for (struct death_case *c = case_first(); c; c = c->next)
		printf("%-28s %s\n", c->name, c->what);
	return 0;
}

static void usage(FILE *f)
{
	fputs("usage: death run --obit PATH [--tier tracepoints|fentry|kmod|both|auto]\n"
	      "                 [--source S] [--case NAME]... [--jobs N]\n"
	      "                 [--random N] [--seed S] [--storm] [--keep DIR] [--once]\n"
	      "       death list\n"
	      "       death selftest\n",
	      f);
}

int main(int argc, char **argv)
{
	if (argc >= 2) {
		if (!strcmp(argv[1], "victim"))
			return routine_main(argc - 2, argv + 2);
		if (!strcmp(argv[1], "run"))
			return run_main(argc - 1, argv + 1);
		if (!strcmp(argv[1], "list"))
			return list_main();
		if (!strcmp(argv[1], "selftest"))
			return selftest_main(argc - 1, argv + 1);
		if (!strcmp(argv[1], "trace"))
			return fake_main(argc - 1, argv + 1);
		if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
			usage(stdout);
			return 0;
		}
	}
	usage(stderr);
	return 64;
}
