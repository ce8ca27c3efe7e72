/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text: bytes from strangers made fit for a terminal.
 * Owns the rule that no comm, path, argument or cgroup name can move the
 * cursor, colour the screen, forge a line or reorder one. Never does I/O.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/buf.h"

/*
 * Appends the bytes with everything unprintable escaped: \n \t \r \e \\ ,
 * \x1b-style for other control bytes and for each byte that is not UTF-8,
 * \u{202e} for C1 controls, bidirectional overrides, line separators and other
 * characters that do not show. What is left takes utf8_width() columns.
 */
void text_escape(struct buf *out, const char *p, size_t len);
/* It would come out unchanged. */
bool text_is_plain(const char *p, size_t len);

/*
 * Escapes, then cuts to `width` columns with a final `…` where it did not fit,
 * or pads with blanks (pad: left-aligned). width 0: no limit. An escape is
 * never cut in two. Returns the columns taken.
 */
size_t text_fit(struct buf *out, const char *p, size_t len, size_t width,
		bool pad);
/* The same, keeping the end instead of the start: `…/slice/app.service`. */
size_t text_fit_tail(struct buf *out, const char *p, size_t len, size_t width,
		     bool pad);

/*
 * One argument as a shell would read it back: bare if it is plain, 'quoted' if
 * it has blanks or shell characters, $'\x1b...' if it must be escaped.
 */
void text_shell_quote(struct buf *out, const char *p, size_t len);

#endif
