/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * utf8: strict decoding, and how wide text is on a terminal.
 * Owns what is valid UTF-8 (RFC 3629: no overlong forms, no surrogates).
 * Never uses the locale, never allocates.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

/*
 * Decodes one code point at p[0..len), len > 0. Returns the bytes used (1..4),
 * or minus the length of the maximal invalid part (1..3), for which one U+FFFD
 * stands (Unicode 15, section 3.9, "substitution of maximal subparts").
 */
int utf8_decode(const char *p, size_t len, uint32_t *cp);
bool utf8_valid(const char *p, size_t len);

/*
 * It shows as itself and moves nothing else: no control (C0, DEL, C1), no line
 * or paragraph separator, no bidirectional override (which reorders what stands
 * around it), no zero-width format character, no non-character. Combining marks
 * and the joiners U+200C and U+200D are printable.
 */
bool utf8_cp_printable(uint32_t cp);
/* Columns a code point takes: 0 (combining, controls), 1 or 2 (wide, emoji). */
int utf8_cp_width(uint32_t cp);
/* Columns of a text; an invalid part counts 1, as its U+FFFD does. */
size_t utf8_width(const char *p, size_t len);
/* How many bytes of p fit into `width` columns, cut between code points;
 * *used (may be NULL) gets the columns they take. */
size_t utf8_fit(const char *p, size_t len, size_t width, size_t *used);

#endif
