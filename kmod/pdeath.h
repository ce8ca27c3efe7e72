/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pdeath.h - what a PDEATH record says of a thread, for changes (pdeath.c) and
 * for scans (tasks.c). Never why the record is written.
 */
#ifndef OBIT_PDEATH_H
#define OBIT_PDEATH_H

#include <uapi/obit.h>

struct task_struct;

/* All but the header, signal, kind and scan. Under rcu_read_lock(), any
 * context; t has not been released. */
void fill_pdeath(struct obit_pdeath *r, const struct task_struct *t);

#endif /* OBIT_PDEATH_H */
