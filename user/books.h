/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * books: in deaths, seen = delivered + pending + lost, of each witness, and no
 * obituary is forgotten between two. Owns how that is checked and added up.
 * Never mends anything: a difference is a bug of obit.
 */
#ifndef BOOKS_H
#define BOOKS_H

#include <stdbool.h>
#include "core/both/pair.h"
#include "pipeline.h"
#include "witness.h"

/*
 * Fills r->stats, and r->pair if there is a pair; then w is two witnesses, else
 * one. @end: nothing may be pending any more. 0, or -EDOM after one sentence.
 */
int books_check(const struct witness *w, const struct pair *pair, bool end,
		struct pipeline_result *r);

/* What two witnesses said differently of each key, for -v. */
void books_say_keys(const struct pair *pair);

#endif
