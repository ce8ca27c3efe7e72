/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lineage: who descends from one process, told by the stream alone.
 * Owns the set of descendants that `--tree` asks for. Counts who forked, not
 * who adopted: an orphan stays in the tree it was born into. Never does I/O.
 */
#ifndef CORE_LINEAGE_H
#define CORE_LINEAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>

struct lineage;

struct lineage *lineage_new(uint32_t root_tgid);	/* NULL: no memory */
void lineage_free(struct lineage *l);			/* NULL is fine */

/* Every record of the stream, before it is joined. 0 or -ENOMEM. */
int lineage_before(struct lineage *l, const struct obit_hdr *h);
/* The same record again, once what it set off has been told: forgets the
 * released. */
void lineage_after(struct lineage *l, const struct obit_hdr *h);

/* The root itself, or a descendant. start_boottime 0: not known, any. */
bool lineage_has(const struct lineage *l, uint32_t tgid,
		 uint64_t start_boottime);

#endif
