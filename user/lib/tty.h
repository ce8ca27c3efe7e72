/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tty: what is known of the terminal: is it one, how wide, may it be coloured.
 * Owns the colour policy. Never writes to it.
 */
#ifndef LIB_TTY_H
#define LIB_TTY_H

#include <stdbool.h>
#include "opts.h"

enum colour_mode { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

extern const struct opt_name colour_names[];	/* for OPT_ENUM: auto always never */

bool tty_is(int fd);
/* Ours, and what is typed shows on it, Ctrl-C as ^C. */
bool tty_echoes(int fd);
/* Columns: the terminal's own, else $COLUMNS, else `fallback` (0: no limit). */
unsigned int tty_width(int fd, unsigned int fallback);
/* auto: a terminal, NO_COLOR unset or empty, TERM neither unset nor "dumb". */
bool tty_colour(int fd, enum colour_mode mode);

#endif
