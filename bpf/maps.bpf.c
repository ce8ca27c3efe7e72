// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * maps: the one definition of every map, switch and counter, the licence, and
 * how an entry of procs is made. Never a program.
 */
#include "steps.bpf.h"

struct ring_map ring SEC(".maps");
struct procs_map procs SEC(".maps");
struct untold_map untold SEC(".maps");
struct ends_map ends SEC(".maps");
struct group_ends_map group_ends SEC(".maps");
struct leftovers_map leftovers SEC(".maps");

const volatile struct obit_config config = { .wake_bytes = 1 << 20 };
struct obit_counters counters;
volatile __u32 scan_id;
volatile struct obit_cpu_clock cpu_clock;
volatile bool only_clock;
volatile bool woken;
volatile __u32 ends_waiting;
volatile bool any_leftover;
volatile __u64 done[DONE_KINDS][DONE_SLOTS];
volatile __u32 near[NEAR_SLOTS];
volatile struct obit_call calls[CALL_SLOTS];

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__noinline int proc_make(u64 key, u64 start_boottime, u32 tgid)
{
	struct proc_state *old = bpf_map_lookup_elem(&procs, &key);
	struct proc_state new = {};

	/* another thread may have come first: what it wrote must stay */
	if (old && old->tgid == tgid && old->start_boottime == start_boottime)
		return 0;
	if (old)
		proc_forget(key, old->start_boottime);
	new.start_boottime = start_boottime;
	new.tgid = tgid;
	/* counted first: one too many only costs a look at the map */
	__sync_fetch_and_add(proc_near(start_boottime), 1);
	if (!bpf_map_update_elem(&procs, &key, &new, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(proc_near(start_boottime), -1);
	if (!bpf_map_lookup_elem(&procs, &key))
		count_lost(OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL);
	return 0;
}
