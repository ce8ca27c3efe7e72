/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ending.h - the end of a process as a record, for readers that ask for it.
 * Owns the memory that its steps are kept in. Never the tracepoint of a step:
 * teardown.c.
 */
#ifndef OBIT_ENDING_H
#define OBIT_ENDING_H

#include <linux/types.h>

/* Room for the steps: comes with the first reader that asks, and stays. Not
 * while hooks of WANT_ENDINGS are armed. 0 or -ENOMEM. */
int endings_alloc(void);
void endings_free(void);

#endif /* OBIT_ENDING_H */
