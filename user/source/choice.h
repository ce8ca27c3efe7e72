/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * choice: which of the programs run, by what this kernel takes and what was
 * asked for. Never loads a program of obit's own: that is the bpf source's.
 */
#ifndef SOURCE_CHOICE_H
#define SOURCE_CHOICE_H

#include <stdbool.h>
#include "core/obituary.h"
#include "source/hooks.h"
#include "source/source.h"

/* What of hook_rows runs, and what is exact by that. */
struct choice {
	bool load[HOOK_ROWS_MAX];	/* by row */
	bool exact_reapable, exact_release;
	enum tier tier;
	char why[128];		/* why not fentry, empty if it runs */
};

/* exact: try tier fentry first. 0; -EPERM or -EOPNOTSUPP, said on stderr. */
int choose(const struct source_opts *o, bool exact, enum hook_trial trial,
	   struct choice *c);

#endif
