/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - what differs between kernels, in one place.
 * Owns every LINUX_VERSION_CODE and feature test of the module; the rest of
 * kmod/ reads as if written for the newest kernel. Never holds a function
 * that records a fact.
 */
#ifndef OBIT_COMPAT_H
#define OBIT_COMPAT_H

#include <linux/version.h>

/*
 * 5.10 is the oldest kernel the module is built and booted on. Older ones
 * lack more than names: put_task_struct_rcu_user() and with it the lifetime
 * of a dead task (5.4), the shape of tracepoint probes (5.10, static calls).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "obit.ko needs Linux 5.10 or later"
#endif

/* Only `make kmod` knows the version; a build by hand goes without. */
#ifndef OBIT_VERSION
#define OBIT_VERSION "unknown"
#endif

#endif /* OBIT_COMPAT_H */
