/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare: what two obituaries of one death say of one key.
 * Owns by how much a value may honestly be off (the margins), and how a value
 * is written where they differ. Never pairs, never tells: that is pair's.
 */
#ifndef CORE_BOTH_COMPARE_H
#define CORE_BOTH_COMPARE_H

#include "core/obituary.h"
#include "lib/buf.h"

enum compared {
	COMPARED_SAME,		/* equal, or within the sum of the margins */
	COMPARED_SILENT,	/* null against a value, and not both owe it */
	COMPARED_DIFFERENT,	/* the rest: a dissent */
	COMPARED_NOT,		/* the table says that it is no matter */
};

/*
 * @apart:  how far apart two numbers are that need only be near (CMP_WITHIN)
 * @margin: how far apart they may be
 * @silent: whose value is null, if COMPARED_SILENT
 */
struct comparison {
	uint64_t apart, margin;
	enum obituary_source silent;
};

/* o and tier are by enum obituary_source; the tier says what a witness owes. */
enum compared compare_key(const struct field *f,
			  const struct obituary *const o[SOURCE_NR],
			  const enum tier tier[SOURCE_NR],
			  struct comparison *c);

/* By how much f's value in o may be off, in its own unit. */
uint64_t margin_of(const struct field *f, const struct obituary *o);
/* Why that is so, one sentence; NULL for MARGIN_NONE. */
const char *margin_why(enum field_margin m);

/* The value as JSON; false, and nothing appended, if it is null. */
bool value_json(struct buf *out, const struct field *f,
		const struct obituary *o);

#endif
