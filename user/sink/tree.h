/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree: a tree of deaths on paper: one line a process, and the verdict.
 * Owns columns, branches and colour. The words for a death are core/phrase's,
 * which nodes are shown is core/tree's; every byte of a stranger is escaped.
 */
#ifndef SINK_TREE_H
#define SINK_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/tree/tree.h"
#include "lib/buf.h"

/*
 * @width:  columns; 0: no terminal, then lines are laid out for 120
 * @rest:   tell at each node how many are not shown below it
 * @now_ns: CLOCK_BOOTTIME: the age of those who live
 */
struct tree_look {
	unsigned int width;
	bool colour, header, rest;
	uint64_t now_ns;
};

/* The picked nodes, a line each. */
void tree_text(struct buf *out, const struct tree *t,
	       const struct tree_look *look);

/*
 * What one has to know, in a few lines that begin with `prefix`: how the root
 * ended, what failed first and by whom, through whom the failure came up, what
 * still lives and which zombies are left.
 * @passed_on: of a signal that `self` passed on to the root: who had sent it,
 *             in words; NULL: none
 */
struct tree_verdict {
	const char *prefix;
	uint32_t self;			/* tgid of whoever passes signals on */
	const char *passed_on;
};
void tree_verdict(struct buf *out, const struct tree *t,
		  const struct tree_verdict *v, const struct tree_look *look);
/* What was lost on the machine meanwhile, without its full stop; and, where that
 * can be, that the tree is not whole for it. */
void tree_verdict_loss(struct buf *out, const struct notice *n);

#endif
