/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress: one line on standard error while something is recorded.
 * Owns that it is drawn over, wiped in the end, and only where somebody looks.
 * Never decides when that is.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* @since_ns: when it began, CLOCK_BOOTTIME. The rest is its own. */
struct progress {
	uint64_t since_ns;
	bool wanted;
	uint64_t shown_ns, shown_deaths;
};

/* Only on a terminal that can be drawn over. */
void progress_begin(struct progress *p, uint64_t now_ns);
/* To be called as often as one likes. */
void progress_show(struct progress *p, uint64_t deaths, uint64_t now_ns);
void progress_end(struct progress *p);

#endif
