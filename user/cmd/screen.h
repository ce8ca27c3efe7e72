/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * screen: what is shown once, or again and again (--watch).
 * Owns the redrawing on a terminal, the time between, and Ctrl-C. Never knows
 * what is shown.
 */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/buf.h"

/*
 * @watch_ns: 0: once
 * @redraw:   a table: on a terminal it is drawn over the one before; elsewhere
 *            an empty line stands between them
 */
struct screen {
	uint64_t watch_ns;
	bool redraw;
	bool again;			/* ours */
};

void screen_begin(struct screen *s);
/* Lines there are to draw in; 0: no limit. */
size_t screen_rows(const struct screen *s);
/* Writes it, and empties it. 0 or a negative errno, after one sentence. */
int screen_show(struct screen *s, struct buf *text);
/* After the time between: once more? */
bool screen_next(struct screen *s);

#endif
