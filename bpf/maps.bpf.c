// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * maps: the one definition of every map, switch and counter, and the licence.
 * Never code.
 */
#include "obit.bpf.h"

struct ring_map ring SEC(".maps");
struct procs_map procs SEC(".maps");

const volatile struct obit_config config = { .wake_bytes = 1 << 20 };
struct obit_counters counters;
volatile u32 scan_id;

char LICENSE[] SEC("license") = "Dual BSD/GPL";
