/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree_priv: what the tree on paper and its verdict share. Owns nothing; only
 * for user/sink/tree.c and user/sink/verdict.c.
 */
#ifndef SINK_TREE_PRIV_H
#define SINK_TREE_PRIV_H

#include "core/tree/tree.h"
#include "lib/buf.h"
#include "lib/sgr.h"

const char *tree_colour(const struct tree_node *n);	/* NULL: none */
/* How it ended, not escaped; width 0: the longest wording. */
void tree_death(struct buf *out, const struct tree_node *n, size_t width);
uint64_t tree_life(const struct tree_node *n, uint64_t now_ns);
/* Its command line, escaped, in @width columns, with an ellipsis if cut. */
void tree_add_command(struct buf *out, const struct tree_node *n,
		      unsigned int width);
/* `12,345` */
void tree_number(struct buf *out, uint64_t v);

#endif
