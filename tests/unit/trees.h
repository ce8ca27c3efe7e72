/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trees: trees of deaths made by hand, record by record.
 * Owns one tree at a time and the conventions of tests/unit/stream.h: process N
 * started at N * 1000 ns. Never expects anything itself.
 */
#ifndef TESTS_TREES_H
#define TESTS_TREES_H

#include <stddef.h>
#include <stdint.h>

#include "core/tree/tree.h"
#include "stream.h"

#define ROOT 100

extern struct tree *tree;

void tree_begin(size_t keep);		/* the root is born at 1 ms */
int tree_end(void **state);		/* a teardown */
void feed(struct stream *s);		/* and forgets it */
void fork_at(uint64_t at, uint32_t tgid, uint32_t parent);
void exec_at(uint64_t at, uint32_t tgid, const char *args, size_t len);
#define EXEC(at, tgid, args) exec_at(at, tgid, args, sizeof(args))
/* Wait status; a signal death if its low 7 bits say so. */
struct obituary death_of(uint64_t at, uint32_t tgid, uint32_t code);
void bury(const struct obituary *o);
void die_at(uint64_t at, uint32_t tgid, uint32_t code);

#endif
