/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * shared: what the programs and their loader tell each other beside records:
 * switches fixed before loading, and counters. Not part of the event ABI: both
 * sides are built together. Never a fact about a process.
 */
#ifndef BPF_SHARED_H
#define BPF_SHARED_H

/* Read-only while the programs run: the verifier drops what is switched off. */
struct obit_config {
	__u8 exit_has_group_dead;	/* tracepoint's 2nd argument, 6.16 */
	__u8 victim_is_task;		/* mark_victim gives a task, not a pid */
	__u8 exact_reapable;		/* do_notify_parent is hooked */
	__u8 cgroup_v1;			/* some controller is on a v1 hierarchy */
	__u8 filter_tgid, filter_uid, filter_comm, filter_cgroup;
	__u8 page_shift;
	__u8 twins;			/* programs come in pairs */
	__u8 exit_calls;		/* exit calls are seen as they are made */
	__u8 pad[5];
	__u32 tgid, uid;
	__u64 cgroup_id;
	char comm[16];
	__u32 wake_bytes;		/* wake the reader above this fill */
	__u32 pad2;
};

struct obit_counters {
	__u64 lost_total;
	__u64 lost[3][4];		/* [enum obit_lost_kind][_reason] */
	__u64 filtered;			/* deaths a kernel filter left out */
};

/* An exit call under way. @start_boottime: of the thread; 0: the slot is free */
struct obit_call {
	__u64 start_boottime;
	__u64 boot_ns;
};

/* What the scheduler's clocks of a CPU say: those of the task there that runs
 * the iterator, at its first call. As in TASK; boot_ns: of that call. */
struct obit_cpu_clock {
	__u64 arrived, ran, exec_start;
	__u64 boot_ns;
};

#endif
