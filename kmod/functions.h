/* SPDX-License-Identifier: GPL-2.0 */
/*
 * functions.h - entries of kernel functions, all of them watched by one
 * ftrace_ops. Owns that ops, its filter, and which function an address is.
 * Never decides who is wanted: that is hooks.c.
 */
#ifndef OBIT_FUNCTIONS_H
#define OBIT_FUNCTIONS_H

struct hook;

/* All of these sleep, and are called with hooks.c's mutex held. Rows stay where
 * they are until functions_exit(); only those of kind OBIT_HOOK_FTRACE. */

/*
 * The row's function goes into the filter, and is watched from
 * functions_settle() on (at once if others are). 0; ENOENT: this kernel has no
 * such function, or it cannot be watched; other negative errno.
 */
int functions_add(struct hook *h);
/* The row is called no more, but may be in a call that has begun; what that
 * leaves to do, functions_settle() does. */
void functions_remove(struct hook *h);
/*
 * After a number of either. When nothing is watched any more, no row is in a
 * call either. Not 0: none of the rows is watched.
 */
int functions_settle(void);

int functions_init(struct hook *rows, unsigned int nr);
/* All have been removed, and settled. */
void functions_exit(void);

#endif /* OBIT_FUNCTIONS_H */
