/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stacks: the stacks of ending threads that do not run. Owns their map. Never
 * what is made of them.
 */
#ifndef BPF_STACKS_BPF_H
#define BPF_STACKS_BPF_H

#include "steps.bpf.h"

/* Keyed by tid. @bytes: of ip that were filled in, or a negative errno */
struct wait {
	u64 start_boottime;		/* of the thread */
	u64 out_ns;			/* since then */
	s64 bytes;
	u64 phase;
	u64 ip[OBIT_STACK_MAX];
};

struct waits_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);		/* 1024 with --stacks */
	__type(key, u32);
	__type(value, struct wait);
};
extern struct waits_map waits SEC(".maps");

#endif
