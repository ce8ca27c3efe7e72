/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hook.h - one place of the kernel and what hangs on it.
 * Owns the row; the rows are in hook_table.c, the arming in hooks.c. Never
 * included by a story.
 */
#ifndef OBIT_HOOK_H
#define OBIT_HOOK_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/types.h>
#include "hooks.h"

struct tracepoint;

/* Rows with the same number tell the same: the first that can be had is
 * enough. */
enum hook_serves { SERVES_ITSELF, SERVES_ACCOUNTED, SERVES_RELEASE, SERVES_NR };

/*
 * @wants:    bits 1 << enum hook_want: who needs it
 * @probe:    tracepoint: void (*)(void *data, ...); ftrace: ftrace_func_t
 * @entry, @ret: kretprobe; entry may refuse the return by a value not 0
 * @keeps:    kretprobe: bytes between entry and return
 * @at_once:  kretprobe: calls in progress that it can follow, beside one for
 *            each CPU that is just in @entry; 0: the kernel's default. A call
 *            more is missed, and counted
 * @step:     teardown: what the step is called
 * The rest is hooks.c's, under its mutex. @missed: before the last arming.
 */
struct hook {
	const char *place;
	const char *fact;
	const char *step;
	void *probe;
	kretprobe_handler_t entry, ret;
	size_t keeps;
	int at_once;
	unsigned long wants;
	enum obit_hook_kind kind;
	enum hook_serves serves;
	bool required;

	enum obit_hook_state state;
	int err;
	u64 missed;
	struct tracepoint *tp;
	struct ftrace_ops ops;
	struct kretprobe rp;
};

/* Who sees an end comes before who sees a beginning: armed in this order, no
 * process can be born on record and die unseen. hooks.c works on a copy, with
 * a row behind them for each of teardown_places. */
extern const struct hook hook_rows[];
extern const unsigned int hook_rows_nr;

/* The callback of every teardown row, whose ops is in its struct hook. */
void hook_teardown(unsigned long ip, unsigned long parent_ip,
		   struct ftrace_ops *ops, obit_ftrace_regs *fregs);

#endif /* OBIT_HOOK_H */
