/* SPDX-License-Identifier: GPL-2.0 */
/* tasks.h - what is there already when a reader starts (tasks.c). */
#ifndef OBIT_TASKS_H
#define OBIT_TASKS_H

#include <linux/types.h>

/* Writes TASK or PDEATH records and the SCAN that closes them; the scan's
 * number. -EINVAL: no such scan; -ENOSPC: the ring was full at its end, no SCAN
 * is there. Process context. */
int tasks_scan(u32 what, u32 *scan);

#endif /* OBIT_TASKS_H */
