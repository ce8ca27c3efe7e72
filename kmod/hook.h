/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hook.h - one place of the kernel and what hangs on it.
 * Owns the row; the rows are in hook_table.c, the arming in hooks.c. Never
 * included by a story.
 */
#ifndef OBIT_HOOK_H
#define OBIT_HOOK_H

#include <linux/kprobes.h>
#include <linux/types.h>
#include "compat.h"
#include "hooks.h"

struct tracepoint;

/* Rows with the same number tell the same: the first that can be had is
 * enough. From SERVES_NR on: a step of the teardown each. */
enum hook_serves {
	SERVES_ITSELF,
	SERVES_ACCOUNTED,
	SERVES_RELEASE,
	SERVES_VERDICT,
	SERVES_DUMP,
	SERVES_NR
};

/*
 * @wants:    WANTS() of each listener that needs it
 * @probe:    tracepoint: void (*)(void *data, ...)
 * @entered:  ftrace: called with preemption off
 * @entry, @ret: kretprobe; entry may refuse the return by a value not 0
 * @keeps:    kretprobe: bytes between entry and return
 * @at_once:  kretprobe: calls in progress that it can follow, beside one for
 *            each CPU that is just in @entry; 0: the kernel's default. A call
 *            more is missed, and counted
 * @step:     teardown: enum obit_phase
 * The rest is hooks.c's, under its mutex. @missed: before the last arming.
 * @on, @same: functions.c's: is the row called, and another on its function.
 */
struct hook {
	const char *place;
	const char *fact;
	unsigned int step;
	void *probe;
	void (*entered)(const struct hook *h, obit_ftrace_regs *fregs);
	kretprobe_handler_t entry, ret;
	size_t keeps;
	int at_once;
	unsigned long wants;
	enum obit_hook_kind kind;
	unsigned int serves;
	bool required;

	enum obit_hook_state state;
	int err;
	u64 missed;
	struct tracepoint *tp;
	struct kretprobe rp;
	struct hook *same;
	bool on;
};

/* Who sees an end comes before who sees a beginning: armed in this order, no
 * process can be born on record and die unseen. hooks.c works on a copy, with
 * a row behind them for each of teardown_places. */
extern const struct hook hook_rows[];
extern const unsigned int hook_rows_nr;

/* What every teardown row has as @entered. */
void hook_teardown(const struct hook *h, obit_ftrace_regs *fregs);

#endif /* OBIT_HOOK_H */
