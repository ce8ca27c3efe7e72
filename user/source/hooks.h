/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks: the list of every BPF program, the place in the kernel it hangs on,
 * and how a place is tried. Shared by the bpf source, which takes what works,
 * and by probe, which tells. Never attaches one of obit's own programs.
 */
#ifndef SOURCE_HOOKS_H
#define SOURCE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include "core/obituary.h"
#include "source/probe.h"

struct btf;

enum hook_use {
	USE_ALWAYS,
	USE_INEXACT,	/* only while no exact hook serves the same fact */
	USE_EXACT,	/* tier fentry */
	USE_PRECISE,	/* --precise, where tier fentry does not load */
	USE_TWIN,	/* tracepoint programs can be preempted (7.0) */
	USE_EXACT_TWIN,	/* likewise, tier fentry */
	USE_TEARDOWN,	/* --teardown, in every tier */
	USE_TEARDOWN_EXACT,	/* --teardown, tier fentry */
	USE_TEARDOWN_COARSE,	/* --teardown, tier tracepoints */
	USE_TEARDOWN_TWIN,	/* likewise, of these */
	USE_STACKS,		/* profile --stacks, in every tier */
};

/* @serves: rows with the same number do the same: one of them is enough */
enum hook_serves {
	SERVES_ITSELF,
	SERVES_REAPABLE,
	SERVES_RELEASE,
	SERVES_EXIT_CALL,
	SERVES_PDEATH_SET,
	SERVES_NR
};

struct hook_row {
	const char *program;
	const char *kind;	/* "tp_btf", "fentry", "fexit", "iter" */
	const char *place;
	const char *fact;
	enum hook_use use;
	enum hook_serves serves;
	bool required;		/* no obituary without it */
};

#define HOOK_ROWS_MAX 128
extern const struct hook_row hook_rows[];	/* ends with program NULL */

/* Does the row again what another one does, which can be kept from running? */
bool hook_is_twin(const struct hook_row *row);
bool hook_is_twin_of(const struct hook_row *twin, const struct hook_row *row);

/* The kernel's own BTF, or NULL with errno; loaded once, never freed. */
struct btf *hooks_btf(void);

/*
 * How far a place is tried. Nearly all that loads can be attached, and to detach
 * again is slow: on 6.1 and 6.12 the kernel waits, function by function, until
 * every task has left its text (ftrace_shutdown(), synchronize_rcu_tasks()).
 */
enum hook_trial {
	TRIAL_LOADS,
	TRIAL_ATTACHES,	/* but for iterators, which need a target */
};

/* Loads, or attaches too, an empty program there. Returns the state; err and a
 * clause why go out where it is not HOOK_OK. */
enum hook_state hook_try(const struct hook_row *row, enum hook_trial trial,
			 int *err, char *why, size_t why_len);

/* The kernel's statistics of one of obit's programs in an open bpf source.
 * misses: -1 where the kernel does not tell (before 5.12). 0, or -ENOENT if
 * the program is not loaded, or another negative errno. */
struct source;
struct program_stats {
	uint64_t runs, run_ns;
	int64_t misses;
};
int bpf_source_stats(struct source *s, const char *program,
		     struct program_stats *st);

/* A fresh scan of all processes: TASK records, then SCAN, then LOSS records if
 * some did not fit. Number of records; 0: this kernel has no such iterator. */
struct emit;
int bpf_source_tasks(struct source *s, const struct emit *to);

/*
 * The scheduler's clocks of the CPU that the caller runs on, as TASK has them:
 * its own, when it was last switched to, which was at an instant of
 * CLOCK_BOOTTIME within [boot_from, boot_to]. Pin yourself to a CPU first. 0 or
 * a negative errno: -EOPNOTSUPP where the kernel does not keep them.
 */
struct cpu_clock {
	uint64_t arrived, ran, exec_start;
	uint64_t boot_from, boot_to;
};
int bpf_source_cpu_clock(struct source *s, struct cpu_clock *c);

/*
 * Do tracepoint programs run with preemption on? Since 7.0 (a46023d5616e), when
 * tracepoints went from RCU to this flavour of SRCU: its type tells.
 */
bool tracepoints_preemptible(void);

/* Is the kernel's tracepoint argument `n` (from 0) there, and is it a pointer? */
bool tracepoint_has_arg(const char *name, unsigned int n);
bool tracepoint_arg_is_pointer(const char *name, unsigned int n);

#endif
