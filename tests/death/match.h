/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparing what is wanted with what was got, for the runner and its
 * self-test. Never included by a way to die: those only state.
 */
#ifndef DEATH_MATCH_H
#define DEATH_MATCH_H

#include "death.h"

struct match {
	const char *tier;	/* "tracepoints", "fentry"; else either */
	const char *source;	/* "bpf", "kmod"; "both", NULL: either */
	char err[1024];		/* the first difference */
	json_t *errs;		/* all, "key: expected X, got Y" */
};

/* Number of keys that differ. */
int match_object(struct match *m, json_t *want, json_t *got);

/* The name and argument of a matcher, or NULL if want is a plain value. */
const char *matcher_of(json_t *want, json_t **arg);

#endif
