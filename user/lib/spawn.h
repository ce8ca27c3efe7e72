/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spawn: a child that waits at a gate before it becomes its command.
 * Owns the two pipes and what stands between fork and exec: everything that we
 * changed for ourselves is undone there. Never waits for the child's end.
 */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <sys/resource.h>
#include <sys/types.h>
#include "account.h"

/*
 * @as:      NULL: as we are
 * @memlock, @nofile: these limits as we were given them
 * @comm:    its name from birth until it execs, so that it can be found; NULL:
 *           ours
 */
struct spawn_opts {
	char *const *argv;
	const struct account *as;
	struct rlimit memlock, nofile;
	const char *comm;
};

struct spawn {
	pid_t pid;
	int gate, report;	/* our ends; -1: closed */
};

enum spawn_step { SPAWN_OK, SPAWN_BECOME, SPAWN_EXEC };

/* jobctl_begin() has been called. 0 or a negative errno. */
int spawn_fork(struct spawn *s, const struct spawn_opts *o);
/* Opens the gate: now it may exec. */
void spawn_go(struct spawn *s);
/* Once it has ended: at which step it failed, and *err; SPAWN_OK: it became
 * its command. */
enum spawn_step spawn_failed(struct spawn *s, int *err);
/* Closes the gate for good: a child still waiting there ends. */
void spawn_close(struct spawn *s);

#endif
