// SPDX-License-Identifier: GPL-2.0
/*
 * deferred: work that a probe gives the task it runs in. Owns the module's
 * reference for each until its end: a task that is stopped in between, by a
 * tracer or in a file's close, keeps the module; rmmod says it is in use.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "deferred.h"

static void run(struct callback_head *work)
{
	struct deferred *d = container_of(work, struct deferred, work);

	d->fn(d);
	kfree(d);
	/* a few instructions of ours follow: obit_exit() waits for them by
	 * synchronize_rcu_tasks(), for they do not sleep */
	module_put(THIS_MODULE);
}

void *deferred_alloc(size_t size, void (*fn)(struct deferred *d))
{
	struct deferred *d = kzalloc(size, GFP_ATOMIC | __GFP_NOWARN);

	if (d) {
		init_task_work(&d->work, run);
		d->fn = fn;
	}
	return d;
}

bool deferred_add(void *p)
{
	struct deferred *d = p;

	if (!try_module_get(THIS_MODULE))
		goto no;
	if (!task_work_add(current, &d->work, TWA_RESUME))
		return true;
	module_put(THIS_MODULE);
no:
	kfree(d);
	return false;
}
