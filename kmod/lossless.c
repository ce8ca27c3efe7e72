// SPDX-License-Identifier: GPL-2.0
/*
 * lossless: exits wait for room. Owns the one reader that asked for it, whose
 * exits wait, and the counts. Never writes a record.
 *
 * Who waits sits in exit_task_work(): his memory, files and namespaces are
 * gone, no lock is held, his parent is not told yet. He is in TASK_IDLE: no
 * load, no hung task. Let go by room, by time, and by the end of the reader's
 * file: the reader's own exit, which never waits, closes it.
 */
#include <linux/cgroup.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "compat.h"
#include "lossless.h"
#include "ring.h"

#define WAIT_MS		2000
/* Who waits cannot be frozen, and suspend gives up after 20 s. */
#define WAIT_MS_MAX	10000
#define TREE_DEPTH	64
/* A mapped cursor moves without a word: looked at so often. */
#define LOOK_AGAIN	max(HZ / 100, 1)

static DEFINE_MUTEX(lossless_lock);	/* starting and stopping */
static DECLARE_WAIT_QUEUE_HEAD(room_wait);

/* Written under the lock while @owner is NULL, which is what readers look at
 * first. One that looked before an owner went may read the next one's: it waits
 * or does not, as if it had come later. */
static const void *owner;
static u32 scope;
static u64 scope_id;
static unsigned long wait_jiffies;
static pid_t exempt;			/* tgid of the reader */

static atomic_t waiting = ATOMIC_INIT(0);
static atomic64_t waits = ATOMIC64_INIT(0);
static atomic64_t timeouts = ATOMIC64_INIT(0);

int lossless_start(const struct obit_dev_start *s, const void *who)
{
	int err = -EBUSY;

	if (s->scope > OBIT_SCOPE_ALL || s->wait_ms > WAIT_MS_MAX)
		return -EINVAL;
	mutex_lock(&lossless_lock);
	if (!owner) {
		WRITE_ONCE(scope, s->scope);
		WRITE_ONCE(scope_id, s->scope_id);
		WRITE_ONCE(wait_jiffies,
			   msecs_to_jiffies(s->wait_ms ?: WAIT_MS));
		WRITE_ONCE(exempt, current->tgid);
		smp_store_release(&owner, who);
		err = 0;
	}
	mutex_unlock(&lossless_lock);
	return err;
}

void lossless_stop(const void *who)
{
	mutex_lock(&lossless_lock);
	if (owner == who) {
		WRITE_ONCE(owner, NULL);
		wake_up_all(&room_wait);
	}
	mutex_unlock(&lossless_lock);
}

/* Is p the process `tgid`, or descended from it? Under RCU. */
static bool in_tree(struct task_struct *p, pid_t tgid)
{
	int depth;

	for (depth = 0; depth < TREE_DEPTH && p->tgid; depth++) {
		if (p->tgid == tgid)
			return true;
		p = rcu_dereference(p->real_parent);
	}
	return false;
}

static bool in_cgroup(struct task_struct *p, u64 id)
{
	struct cgroup *cg = task_dfl_cgroup(p);

	for (; cg; cg = cgroup_parent(cg))
		if (cgroup_id(cg) == id)
			return true;
	return false;
}

/* The reader and its children: what it waits for must not wait for it. */
static bool is_exempt(struct task_struct *p)
{
	pid_t tgid = READ_ONCE(exempt);

	return p->tgid == tgid || rcu_dereference(p->real_parent)->tgid == tgid;
}

static bool in_scope(struct task_struct *p)
{
	u64 id = READ_ONCE(scope_id);

	switch (READ_ONCE(scope)) {
	case OBIT_SCOPE_ALL:
		return true;
	case OBIT_SCOPE_TREE:
		return in_tree(p, id);
	case OBIT_SCOPE_CGROUP:
		return in_cgroup(p, id);
	}
	return false;
}

bool lossless_wants(struct task_struct *p)
{
	bool wants;

	if (!smp_load_acquire(&owner))
		return false;
	rcu_read_lock();
	wants = !is_exempt(p) && in_scope(p);
	rcu_read_unlock();
	/* asked last: it takes the ring's lock */
	return wants && ring_is_tight();
}

void lossless_wait(void)
{
	unsigned long end = jiffies + READ_ONCE(wait_jiffies);
	bool late = false;

	if (!READ_ONCE(owner) || !ring_is_tight())
		return;
	atomic64_inc(&waits);
	atomic_inc(&waiting);
	ring_hurry();
	do {
		wait_event_idle_timeout(room_wait,
					!READ_ONCE(owner) || !ring_is_tight(),
					LOOK_AGAIN);
		if (!READ_ONCE(owner) || !ring_is_tight())
			break;
		late = time_after(jiffies, end);
	} while (!late);
	if (late)
		atomic64_inc(&timeouts);
	atomic_dec(&waiting);
}

void lossless_room(void)
{
	if (atomic_read(&waiting) && !ring_is_tight())
		wake_up_all(&room_wait);
}

void lossless_info(struct obit_dev_info *info)
{
	if (READ_ONCE(owner))
		info->flags |= OBIT_INFO_LOSSLESS;
	info->waits = atomic64_read(&waits);
	info->timeouts = atomic64_read(&timeouts);
	info->waiting = atomic_read(&waiting);
}
