// SPDX-License-Identifier: GPL-2.0
/*
 * oom: whom the OOM killer chose, and whose allocation asked for it. Owns
 * OOM_VICTIM. Never which limit was hit: no tracepoint says that, the kernel
 * log does.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "compat.h"
#include "record.h"
#include "ring.h"
#include "stories.h"

/*
 * mark_oom_victim() comes after SIGKILL was sent. It may be any thread of the
 * process. Its memory is there: the lock keeps exit_mm() from taking it away.
 * get_mm_rss() reads the shared part of the counters, where they are per CPU
 * (6.2): no lock, short by what the CPUs have not folded in yet.
 */
void obit_oom_victim(struct task_struct *victim, pid_t pid)
{
	struct obit_oom_victim *r;

	if (!READ_ONCE(ring_recording))
		return;
	r = ring_reserve(OBIT_EV_OOM_VICTIM, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return;
	r->rss_kb = 0;
	if (victim) {
		fill_task(&r->task, victim, victim->pid);
		if (victim->mm)
			r->rss_kb = (u64)get_mm_rss(victim->mm)
				    << (PAGE_SHIFT - 10);
	} else {
		r->task.start_boottime = 0;
		r->task.tgid = pid;
		r->task.tid = pid;
	}
	rcu_read_lock();
	fill_who(&r->by, current);
	rcu_read_unlock();
	ring_commit(r);
}
