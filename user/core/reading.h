/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reading: what a status means when nobody says where it came from.
 * Owns the readings and their sentences; status.h owns the facts behind them.
 * Never does I/O, never asks the kernel.
 */
#ifndef CORE_READING_H
#define CORE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/buf.h"

enum reading_as {
	READING_SHELL,		/* $? */
	READING_KSH,		/* $? of ksh93, which adds 256 */
	READING_WAIT,		/* what wait(2) stores */
	READING_EXIT,		/* what a program passes to exit() */
	READING_RETURNCODE,	/* Python's: minus the signal */
	READING_SIGNAL,		/* a signal's number or name */
	READING_SYSEXIT,	/* a name of sysexits.h */
};

struct reading {
	enum reading_as as;
	int exit_status;	/* what the parent sees; -1: none */
	int signal;		/* 0: none */
	bool core_dumped;
	bool truncated;		/* of an exit() argument */
	struct buf says;	/* one sentence without its full stop */
	struct buf note;	/* further sentences, may be empty */
};

#define MAX_READINGS 6

/* Zero-initialised is empty. */
struct readings {
	struct reading r[MAX_READINGS];	/* the most likely first */
	size_t nr;
};

/*
 * Every reading of a word that makes sense. 0 (then there is at least one),
 * -EINVAL if it is no status, -ERANGE if it is none of 32 bits, -ENOMEM.
 */
int readings_find(struct readings *all, const char *word);
void readings_free(struct readings *all);

const char *reading_key(const struct reading *r);	/* "shell_status" */
const char *reading_title(const struct reading *r);	/* "as a shell's $?" */

/* The signal or sysexits name a mistyped word resembles, or NULL. */
const char *reading_nearest(const char *word);

#endif
