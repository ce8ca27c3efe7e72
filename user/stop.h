/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stop: the signals that concern a running loop: SIGINT and SIGTERM end it,
 * SIGWINCH says that the terminal has another size.
 * Owns their handlers, and gives back what was there before. Never ends
 * anything itself, but for one who asks a second time.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>

/* Which of the two came first, 0: none; and whether the size has changed. */
extern volatile sig_atomic_t stop_signal, stop_resized;

void stop_reset(void);
/* Ctrl-C shows as ^C where the cursor is: what is said next gets a line of its
 * own. Nothing if it came otherwise, or shows nowhere that we write to. */
void stop_end_line(void);
void stop_catch(void);
void stop_restore(void);	/* what stop_catch() replaced */

#endif
