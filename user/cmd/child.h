/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child: a command that obit runs, and the tree of its processes.
 * Owns when it may begin, when it is over, and what is left of obit in it:
 * nothing. Its terminal, signals and status are as if obit were not there. One
 * at a time. Never says how its processes ended: that is each command's story.
 */
#ifndef CMD_CHILD_H
#define CMD_CHILD_H

#include <stdbool.h>
#include <sys/resource.h>
#include "core/tree/tree.h"
#include "lib/account.h"
#include "lib/opts.h"
#include "lib/spawn.h"

/* Exit status: as a shell would have it, and of obit's own failures. */
#define OWN_FAILURE	125
#define NOT_EXECUTABLE	126
#define NOT_FOUND	127

struct child_opts {
	const char *user;
	bool as_root;
};
extern const struct opt child_opt_table[];

/*
 * @as:       whom the command runs as; NULL: as we do
 * @initial:  /proc has the ids of the records
 * @visible:  and shows every process
 * @released: the command may have begun
 * The rest is its own.
 */
struct child {
	struct tree *tree;
	struct account *as;
	bool initial, visible, released;
	struct account account;
	struct spawn spawn;
	struct rlimit memlock, nofile;
	char comm[OBIT_COMM_LEN];	/* its name until it execs */
	/* Found ended: it, and all that is waited for; 0: not yet. */
	uint64_t root_ended_ns, ended_ns, looked_ns;
};

/* Before a source is opened, which may raise limits for itself. 0 or a negative
 * errno, after one sentence. */
int child_init(struct child *c, const struct child_opts *o);
/* Forks it, waiting at its gate. keep: as in tree_new(). 0 or a negative errno,
 * after one sentence. */
int child_begin(struct child *c, char *const *argv, size_t keep);
/* Opens the gate: nothing of it can be missed any more. */
void child_go(struct child *c);
/* To be asked again and again: has it ended, and the obituaries come? all: and
 * whoever descends from it? */
bool child_is_over(struct child *c, bool all);
/* A death that was lost on the way must not be waited for. */
void child_bury_vanished(struct child *c);
/* After child_wait(): that, and of the command's own end and command line what is
 * known without any witness, where none has told. */
void child_bury_unseen(struct child *c, char *const *argv);
/* Waits for its end without any watching, if it has been forked; without the
 * gate having been opened it does not begin any more. */
void child_wait(struct child *c);
/* After child_wait(): Ctrl-C or Ctrl-\ was typed just before the end, so that it
 * may be the last on the terminal. */
bool child_ended_typed(const struct child *c);
/*
 * After its end: its status as a shell has it, or what became of it instead,
 * told in one sentence. *became: it became its command.
 */
int child_conclude(struct child *c, char *const *argv, bool *became);
/* All as it was. If Ctrl-C ended the command, ends us likewise. */
void child_end(struct child *c);

#endif
