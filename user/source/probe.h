/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe: which hooks this kernel gives us, found by trying them.
 * Owns the one list of hooks, used by the bpf source and by doctor. Never
 * decides by kernel version, never leaves anything attached.
 */
#ifndef SOURCE_PROBE_H
#define SOURCE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/obituary.h"

enum hook_state {
	HOOK_OK,	/* loads and attaches */
	HOOK_ABSENT,	/* the kernel has no such place (symbol, tracepoint) */
	HOOK_REFUSED,	/* it has, but will not let us: err, why */
	HOOK_NOT_TRIED,	/* what it needs is missing already, or not asked for */
	HOOK_STATE_NR
};

/*
 * @name:     place in the kernel: "sched_process_exit", "release_task"
 * @kind:     "tp_btf", "raw_tp", "fentry", "fexit", "iter"; "perf", a timer;
 *            "uprobe", in user space: then @name is a function there
 * @program:  BPF program, as bpftool shows it
 * @fact:     what it serves, a clause without a full stop: "exit status, usage"
 * @required: without it there is no obituary
 * @tier:     the lowest tier that uses it
 * @teardown: only with --teardown
 * @err:      0 or negative errno of the attempt
 * @why:      one clause, empty if OK: "fentry is refused (EPERM)"
 * @runs, @run_ns, @misses: kernel's own statistics of the trial, if `measured`.
 *            misses: -1 where the kernel does not tell
 */
struct hook {
	const char *name, *kind, *program, *fact;
	bool required;
	enum tier tier;
	bool teardown;
	enum hook_state state;
	int err;
	char why[128];
	bool measured;
	uint64_t runs, run_ns;
	int64_t misses;
};

/*
 * @hooks: static storage, valid until the next probe_hooks()
 * @tier:  the tier `--tier auto` gets here
 * @usable: every required hook is OK
 */
struct probe {
	const struct hook *hooks;
	size_t nr;
	enum tier tier;
	bool usable;
};

/*
 * Tries every hook by loading and attaching it, then detaches all. With
 * measure_ns > 0 all that work stay attached together for that long with the
 * kernel's program statistics on (BPF_ENABLE_STATS), and load(ctx) (may be
 * NULL) is called once meanwhile to give them something to count.
 * 0, or a negative errno if nothing could be tried (-EPERM, -ENOMEM), after
 * one sentence by log_error().
 */
int probe_hooks(uint64_t measure_ns, void (*load)(void *ctx), void *ctx,
		struct probe *p);

#endif
