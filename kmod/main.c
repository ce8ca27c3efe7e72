// SPDX-License-Identifier: GPL-2.0
/*
 * obit.ko: loading and unloading, and what modinfo tells.
 * Owns the order in which the parts of the module start, and its mirror in
 * which they stop. Never touches a task or a record: no part is in yet, so a
 * loaded module observes nothing and holds nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/stringify.h>

#include "compat.h"
#include <uapi/obit.h>

static int __init obit_init(void)
{
	pr_info("version %s, event ABI %d\n", OBIT_VERSION, OBIT_ABI_VERSION);
	return 0;
}

static void __exit obit_exit(void)
{
	pr_info("unloaded\n");
}

module_init(obit_init);
module_exit(obit_exit);

MODULE_AUTHOR("the obit developers");
MODULE_DESCRIPTION(
	"Linux process-exit observer: named tracepoints and a record stream");
MODULE_LICENSE("GPL");
MODULE_VERSION(OBIT_VERSION);
/* For whoever wants to know before loading it whether the two will talk. */
MODULE_INFO(abi, __stringify(OBIT_ABI_VERSION));
