// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_spawn: what a child at its gate is before it has run a step of its own.
 * Holds it there with a handler of fork(3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/jobctl.h"
#include "lib/spawn.h"

static int hold[2] = { -1, -1 };

/* Within fork(3), so before anything that the child does itself. */
static void hold_child(void)
{
	char c;

	if (hold[0] < 0)
		return;
	close(hold[1]);
	while (read(hold[0], &c, 1) > 0)
		;
}

static void read_comm(pid_t pid, char comm[32])
{
	char path[48];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(comm, 32, f));
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
}

static void named_from_birth(void **state)
{
	char *const argv[] = { (char *)"true", NULL };
	const struct spawn_opts o = { .argv = argv, .comm = "obit-0badcafe" };
	char before[16], after[16], comm[32];
	struct spawn s;
	int status;

	(void)state;
	assert_int_equal(pthread_atfork(NULL, NULL, hold_child), 0);
	assert_int_equal(pipe(hold), 0);
	prctl(PR_GET_NAME, before);
	jobctl_begin();
	assert_int_equal(spawn_fork(&s, &o), 0);
	jobctl_watch(s.pid, NULL);
	read_comm(s.pid, comm);
	prctl(PR_GET_NAME, after);
	close(hold[0]);
	close(hold[1]);
	hold[0] = -1;
	spawn_close(&s);	/* it ends at its gate */
	assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
	jobctl_watch(0, NULL);
	jobctl_end();
	assert_string_equal(comm, "obit-0badcafe");
	assert_string_equal(after, before);
	assert_int_equal(WEXITSTATUS(status), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_from_birth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
