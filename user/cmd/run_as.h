/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run_as: whom `obit run` runs its command as, and whose its report is.
 * Owns what --user, --as-root and sudo mean together. Never forks.
 */
#ifndef CMD_RUN_AS_H
#define CMD_RUN_AS_H

#include <stdbool.h>
#include "lib/account.h"

/*
 * user: --user, or NULL. *a is filled in and 1 returned if the command is to run
 * as another than we do; 0: as we do. A negative errno after one sentence by
 * log_error().
 */
int run_as(const char *user, bool as_root, struct account *a);

/*
 * open(2) as that user (NULL: as we are): `sudo obit run
 * --to FILE` writes no file that its caller could not, and leaves none that is
 * root's. A descriptor, or -1 and errno.
 */
int run_open_as(const struct account *as, const char *path, int flags);

#endif
