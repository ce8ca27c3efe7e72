/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * profile_out: the files that a profile is written to.
 * Owns that nothing is overwritten unasked, that two outputs are two files, and
 * that a file of a run that failed early is not left behind. Never writes to
 * them: that is the sinks'.
 */
#ifndef CMD_PROFILE_OUT_H
#define CMD_PROFILE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/account.h"

/* @path: NULL: not wanted; "-": standard output. @fd: -1: not open. */
struct profile_file {
	const char *option, *path;
	int fd;
	bool created;			/* it was not there before */
};

/*
 * Opens those that are wanted, as that user (NULL: as we are), which empties
 * none yet. others: paths that must not be among them, with NULL where there is
 * none. 0 or a negative errno, after one sentence; then all are closed.
 */
int profile_files_open(struct profile_file *files, size_t nr, bool force,
		       const struct account *as, const char *const *others,
		       size_t nr_others);
/* Now it is written: what was in it is gone. 0 or a negative errno, told. */
int profile_file_begin(struct profile_file *f);
/* keep: no: it is as if they had never been. Returns err, or if that is 0, what
 * closing them says. */
int profile_files_close(struct profile_file *files, size_t nr, int err,
			bool keep);
bool profile_file_is_stdout(const struct profile_file *f);

#endif
