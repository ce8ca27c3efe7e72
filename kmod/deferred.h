/* SPDX-License-Identifier: GPL-2.0 */
/*
 * deferred.h - what a probe cannot do itself, for it may not sleep, done by the
 * same task a little later: before it returns to user space, or, if it exits,
 * in exit_task_work(), after its files are closed and before its parent is
 * told. Owns the module's staying in memory meanwhile.
 */
#ifndef OBIT_DEFERRED_H
#define OBIT_DEFERRED_H

#include <linux/task_work.h>
#include <linux/types.h>

/* Embedded first in what fn() needs; kmalloc'ed, freed after fn() returned. */
struct deferred {
	struct callback_head work;
	void (*fn)(struct deferred *d);	/* process context, may sleep */
};

/* @size bytes, zeroed, with a struct deferred first; NULL: no memory. From a
 * probe: does not sleep. */
void *deferred_alloc(size_t size, void (*fn)(struct deferred *d));

/*
 * Has fn() called in the current task, which must not be past exit_task_work()
 * (sched_process_exit is before it on every kernel). False: too late, or the
 * module is being unloaded; then it is freed, and the caller does without.
 */
bool deferred_add(void *d);

#endif /* OBIT_DEFERRED_H */
