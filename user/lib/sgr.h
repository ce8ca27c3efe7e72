/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sgr: the colours of what is shown to people, by what they mean.
 * Owns the palette: the 8 colours that every terminal and theme has. Whether
 * there may be colour at all is tty_colour()'s affair.
 */
#ifndef LIB_SGR_H
#define LIB_SGR_H

#define SGR_OFF		"\x1b[0m"
#define SGR_HEAD	"\x1b[1m"	/* bold */
#define SGR_DIM		"\x1b[2m"
#define SGR_WARN	"\x1b[33m"	/* yellow */
#define SGR_FAILED	"\x1b[33m"
#define SGR_KILLED	"\x1b[31m"	/* red */
#define SGR_WORST	"\x1b[1;31m"
#define SGR_NOTICE	"\x1b[36m"	/* cyan */
#define SGR_LIVES	"\x1b[36m"

#endif
