// SPDX-License-Identifier: GPL-2.0-only
/*
 * tty: what is known of the terminal: is it one, how wide, may it be coloured.
 * Owns the colour policy. Never writes to it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "tty.h"

/* clang-format off */
const struct opt_name colour_names[] = {
	{ "auto", COLOUR_AUTO, NULL },
	{ "always", COLOUR_ALWAYS, NULL },
	{ "never", COLOUR_NEVER, NULL },
	{ NULL, 0, NULL }
};
/* clang-format on */

bool tty_is(int fd)
{
	return isatty(fd) == 1;
}

bool tty_echoes(int fd)
{
	struct termios t;

	return tcgetsid(fd) == getsid(0) && !tcgetattr(fd, &t) &&
	       (t.c_lflag & ECHO) && (t.c_lflag & ECHOCTL);
}

unsigned int tty_width(int fd, unsigned int fallback)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	uint64_t v;

	if (!ioctl(fd, TIOCGWINSZ, &ws) && ws.ws_col)
		return ws.ws_col;
	if (columns && !parse_u64(columns, &v) && v && v < 100000)
		return (unsigned int)v;
	return fallback;
}

bool tty_colour(int fd, enum colour_mode mode)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (mode != COLOUR_AUTO)
		return mode == COLOUR_ALWAYS;
	return tty_is(fd) && !(no && *no) && term && strcmp(term, "dumb");
}
