/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree: the processes that descend from one, living and dead, by who forked
 * whom. Owns the nodes, what is remembered of each death, which failure came
 * first, and which nodes a short view shows. Fed by the stream and by the
 * obituaries made of it. Never does I/O, never puts anything into words.
 *
 * An orphan stays where it was born: that its parent died, it moved to another
 * session or was adopted changes nothing here.
 */
#ifndef CORE_TREE_H
#define CORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "core/obituary.h"
#include "lib/hash.h"

/* A command line, shared by those who were forked after it was given. */
struct tree_command {
	uint32_t refs;
	uint32_t len, cut;	/* bytes here; bytes left out */
	bool filename;		/* no arguments known: a path */
	char bytes[];		/* NUL-terminated strings in a row */
};

enum tree_state {
	TREE_ALIVE,
	TREE_DEAD,	/* exited; its obituary may be still to come */
	TREE_ZOMBIE,	/* dead, and not reaped when last heard of */
};

/*
 * @ob:      what is worth telling of its death; NULL while it lives, and if
 *           it just ended well (status 0, nobody asked it to)
 * @born_ns, @died_ns: CLOCK_BOOTTIME; died_ns 0: not yet
 * @forked_ns: when it last forked; 0: never
 * @ok, @bad: descendants that are not kept as nodes any more: they had ended
 *           well, or not
 * @hidden_ok, @hidden_bad, @hidden_alive: after tree_pick(): those, and what the
 *           view leaves out below this node up to the next nodes that it shows
 */
struct tree_node {
	struct hash_node hn;
	struct tree_node *parent, *child, *last, *next, *prev;
	uint64_t start_boottime;
	uint32_t tgid;
	uint8_t state;		/* enum tree_state */
	bool failed;		/* a status other than 0, as made or as seen */
	bool struck;		/* ended by a signal */
	bool told;		/* its obituary has come */
	bool execed;		/* command is its own, not what it was forked from */
	bool wanted;		/* passed the filter */
	bool shown;		/* of the view */
	char comm[OBIT_COMM_LEN];
	uint64_t born_ns, died_ns, life_ns, forked_ns;
	struct tree_command *command;	/* or NULL */
	struct obituary *ob;
	struct tree_node *anchor;	/* while picking */
	uint64_t ok, bad, hidden_ok, hidden_bad, hidden_alive;
};

/*
 * In processes. total == alive + dead; told (their obituary has come), zombies,
 * failed and struck are among the dead.
 */
struct tree_count {
	uint64_t total, alive, dead, told, zombies, failed, struck, wanted;
};

struct tree;

/*
 * The root is the process of that tgid when it is forked or met by a scan, or,
 * if comm is not NULL, whoever has that name in a scan: where the caller does
 * not know its tgid in the initial pid namespace.
 * keep: from so many nodes on, leaves that are not wanted are only counted.
 */
struct tree *tree_new(uint32_t tgid, const char *comm, size_t keep);
void tree_free(struct tree *t);		/* NULL is fine */

/* Every record of the stream, in order. 0 or -ENOMEM. */
int tree_event(struct tree *t, const struct obit_hdr *h);
/* Is it a node? One that is only counted is none any more. */
bool tree_has(const struct tree *t, uint32_t tgid, uint64_t start_boottime);
/* The obituary of a member; others are ignored. wanted: it is to be shown.
 * 0 or -ENOMEM. */
int tree_bury(struct tree *t, const struct obituary *o, bool wanted);
/* A zombie told of before has been reaped. */
void tree_reaped(struct tree *t, uint32_t tgid, uint64_t start_boottime);
/* It is known to have gone, though nothing was heard of its death. */
void tree_gone(struct tree *t, struct tree_node *n);

struct tree_node *tree_root(const struct tree *t);	/* NULL: not born yet */
void tree_count(const struct tree *t, struct tree_count *c);
/* Every node, parents before children, children in order of birth. */
struct tree_node *tree_next(const struct tree *t, const struct tree_node *n);

static inline bool obituary_failed(const struct obituary *o)
{
	return (obituary_has(o, OB_EXIT_CODE) && o->exit_code) ||
	       (obituary_has(o, OB_TRUNCATED) && o->truncated);
}

/* --- core/tree/pick.c: what to look at ------------------------------------ */

/*
 * Where it went wrong. If the root failed: down from it, each time to the child
 * whose failure the parent did not get over; who has none failed by itself. If
 * the root ended well or lives: the first that failed at all. NULL: none did.
 *
 * A parent got over a child's failure if it forked again after it. Of several
 * that it did not get over the one counts whose status it passed on, else the
 * first: others of a parallel build only failed after it.
 */
struct tree_node *tree_first_failure(const struct tree *t);

/*
 * Sets shown, hidden_ok, hidden_bad and hidden_alive. Shown are those who matter most, at
 * most `budget` of them, with all their ancestors: the first failure, deaths by
 * signal, the living and the zombies, failures their parent failed after, other
 * failures. If budget is enough for all, all are shown. wanted_only: those that
 * are wanted, without limit, and their ancestors.
 */
enum tree_view { TREE_SHORT, TREE_WANTED, TREE_FULL };
int tree_pick(struct tree *t, enum tree_view view, size_t budget);

#endif
