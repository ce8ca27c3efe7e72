/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf_try: what doctor asks of the programs that hang on no function of the
 * kernel, but on a perf event: can they be had here? By an empty program, as
 * hooks.c tries functions. Never leaves one behind.
 */
#ifndef SOURCE_PERF_TRY_H
#define SOURCE_PERF_TRY_H

#include <stddef.h>
#include "source/probe.h"

/* As in struct hook. All are of --teardown or --stacks, in every tier. */
struct perf_row {
	const char *program, *kind, *place, *fact;
};

#define PERF_ROWS_NR 2
extern const struct perf_row perf_rows[PERF_ROWS_NR];

/* As hook_try(). */
enum hook_state perf_try(const struct perf_row *row, int *err, char *why,
			 size_t why_len);

#endif
