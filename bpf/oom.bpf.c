// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * oom: whom the OOM killer chose, and whose allocation asked for it. Owns
 * OOM_VICTIM. Never which limit was hit: no tracepoint says that, the kernel
 * log does.
 */
#include "obit.bpf.h"

/*
 * mark_oom_victim(), after SIGKILL has been sent, with the victim's task_lock
 * held, by the task whose allocation failed. The argument is the victim's pid
 * up to 6.7 and the task since (72ba14deb40a; some older kernels carry it too):
 * the type in BTF decides. It may be any thread of the process.
 */
SEC("tp_btf/mark_victim")
int BPF_PROG(tp__mark_victim)
{
	struct obit_oom_victim *r;

	r = record_begin(OBIT_EV_OOM_VICTIM, sizeof(*r), OBIT_LOST_SIGNAL);
	if (!r)
		return 0;
	r->rss_kb = 0;
	if (config.victim_is_task) {
		struct task_struct *t = (struct task_struct *)ctx[0];
		struct mm_struct *mm = BPF_CORE_READ(t, mm);

		read_task(&r->task, t, BPF_CORE_READ(t, pid));
		if (mm)
			r->rss_kb = mm_rss_pages(mm)
				    << (config.page_shift - 10);
	} else {
		r->task.start_boottime = 0;
		r->task.tgid = (u32)ctx[0];
		r->task.tid = (u32)ctx[0];
	}
	fill_who(&r->by);
	record_end(r);
	return 0;
}
