// SPDX-License-Identifier: GPL-2.0
/*
 * obit.ko: loading and unloading, and what modinfo tells.
 * Owns the order in which the parts of the module start, and its mirror in
 * which they stop. Never touches a task or a record. A loaded module that
 * nobody listens to hooks nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/stringify.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "dev.h"
#include "ending.h"
#include "hooks.h"
#include "procs.h"
#include "ring.h"
#include "stories.h"
#include <uapi/obit.h>

struct workqueue_struct *obit_wq;

static int __init obit_init(void)
{
	int err = -ENOMEM;

	obit_wq = alloc_workqueue("obit", WQ_UNBOUND, 0);
	if (!obit_wq)
		return err;
	err = ring_init();
	if (err)
		goto no_ring;
	err = procs_init();
	if (err)
		goto no_procs;
	err = life_init();
	if (err)
		goto no_life;
	err = hooks_init();
	if (err)
		goto no_hooks;
	err = dev_init();
	if (err)
		goto no_dev;
	pr_info("version %s, event ABI %d\n", OBIT_VERSION, OBIT_ABI_VERSION);
	return 0;
no_dev:
	hooks_exit();
no_hooks:
	life_exit();
no_life:
	procs_exit();
no_procs:
	ring_exit();
no_ring:
	destroy_workqueue(obit_wq);
	return err;
}

static void __exit obit_exit(void)
{
	dev_exit();
	hooks_exit();
	/* whoever is at the very end of a deferred work has no reference any
	 * more, but is still in our text: he does not sleep there */
	synchronize_rcu_tasks();
	endings_free();
	life_exit();
	procs_exit();
	ring_exit();
	destroy_workqueue(obit_wq);
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
