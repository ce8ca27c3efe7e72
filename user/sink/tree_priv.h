/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree_priv: what the tree on paper and its verdict share. Owns nothing; only
 * for user/sink/tree.c and user/sink/verdict.c.
 */
#ifndef SINK_TREE_PRIV_H
#define SINK_TREE_PRIV_H

#include "core/tree.h"
#include "lib/buf.h"

#define SGR_OFF		"\x1b[0m"
#define SGR_HEAD	"\x1b[1m"
#define SGR_DIM		"\x1b[2m"
#define SGR_FAILED	"\x1b[33m"	/* yellow */
#define SGR_KILLED	"\x1b[31m"	/* red */
#define SGR_WORST	"\x1b[1;31m"
#define SGR_LEFT	"\x1b[36m"	/* cyan: it lives */

const char *tree_colour(const struct tree_node *n);	/* NULL: none */
/* How it ended, not escaped; width 0: the longest wording. */
void tree_death(struct buf *out, const struct tree_node *n, size_t width);
uint64_t tree_life(const struct tree_node *n, uint64_t now_ns);
/* Escaped; stops soon after `limit` bytes. */
void tree_command_line(struct buf *out, const struct tree_node *n,
		       size_t limit);
/* `12,345` */
void tree_number(struct buf *out, uint64_t v);

#endif
