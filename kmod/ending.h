/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ending.h - the end of a process as a record, for readers that ask for it.
 * Owns the memory that its steps are kept in. Never the tracepoint of a step:
 * teardown.c.
 */
#ifndef OBIT_ENDING_H
#define OBIT_ENDING_H

#include <linux/types.h>

/*
 * From here on ends are kept; of earlier ones nothing is. 0 or -ENOMEM: room for
 * the steps comes with the first reader that asks, and stays. Before the hooks
 * of WANT_ENDINGS are armed.
 */
int endings_open(void);
/* None is kept any more. A probe may still be in one: not opened again before
 * an RCU grace period is over, for those of a step may be armed for others. */
void endings_close(void);
void endings_free(void);

#endif /* OBIT_ENDING_H */
