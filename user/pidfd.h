/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pidfd: a hold on one process, whatever becomes of its number.
 * Owns the system calls that the C library may not know. Never waits for the
 * processes of others.
 */
#ifndef PIDFD_H
#define PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* A file descriptor (close-on-exec), or a negative errno: -ESRCH no such
 * process; -EINVAL or -ENOENT (by kernel) a thread; -ENOSYS before 5.3. */
int pidfd_of(uint32_t tgid);

/* All its threads have ended: it can be, or has been, waited for. */
bool pidfd_dead(int fd);

/* It has not been waited for yet: its number is still its own. */
bool pidfd_held(int fd);

/*
 * The wait status of one that has been reaped since the pidfd was opened: the
 * kernel keeps it from 6.15 on. 0; -ENODATA while it is not reaped, and on 6.13
 * and 6.14; -ENOTTY or -EINVAL on other kernels.
 */
int pidfd_exit_code(int fd, uint32_t *exit_code);

/* This kernel keeps it. Found out with a child of ours, once; true if that can
 * not be had. */
bool pidfd_keeps_code(void);

/* Its real parent until it is reaped; 0: not known (before 6.13), or of another
 * pid namespace. */
uint32_t pidfd_parent(int fd);

/* It has memory of its own, as every process has until it ends, and no thread
 * of the kernel. -ENODATA: this kernel does not tell (6.16 does). */
int pidfd_has_memory(int fd);

#endif
