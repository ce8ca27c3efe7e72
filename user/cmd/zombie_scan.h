/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zombie_scan: who is dead and not reaped, now.
 * Owns where that is asked: of the task iterator, or of /proc where BPF can not
 * be had; and the clocks by which ages are reckoned. Never shows anything.
 */
#ifndef CMD_ZOMBIE_SCAN_H
#define CMD_ZOMBIE_SCAN_H

#include <stdbool.h>
#include "core/zombie/zombie.h"

enum scan_by { SCAN_AUTO, SCAN_BPF, SCAN_PROC };

struct zombie_scan;

/*
 * 0 or a negative errno after one sentence by log_error(). by_proc(): /proc is
 * asked, by choice or because BPF can not be had: then why is a clause, or NULL.
 */
int zombie_scan_open(struct zombie_scan **s, enum scan_by by);
void zombie_scan_close(struct zombie_scan *s);	/* NULL is fine */
bool zombie_scan_by_proc(const struct zombie_scan *s, const char **why);

/*
 * All zombies and dead leaders that `wanted` says yes to (NULL: all), with their
 * ages, not yet sorted. 0 or a negative errno after one sentence.
 */
int zombie_scan_run(struct zombie_scan *s,
		    bool (*wanted)(const struct zombie *z, void *ctx),
		    void *ctx, struct zombies *all);

#endif
