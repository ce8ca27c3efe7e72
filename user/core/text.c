// SPDX-License-Identifier: GPL-2.0-only
/*
 * text: bytes from strangers made fit for a terminal.
 * Owns escaping, fitting and quoting. Never does I/O.
 */
#include <stdint.h>
#include <stdio.h>
#include "lib/utf8.h"
#include "text.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* What one character, or one byte that is part of none, becomes. */
struct unit {
	char text[12]; /* \u{10ffff} is the longest */
	size_t len; /* bytes of text */
	size_t cols;
	size_t used; /* bytes of the input */
	bool plain;
};

static size_t escape_byte(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	/* clang-format off */
	static const char brief[256] = {
		['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', [0x1b] = 'e',
		['\\'] = '\\',
	};
	/* clang-format on */

	to[0] = '\\';
	if (brief[c]) {
		to[1] = brief[c];
		return 2;
	}
	to[1] = 'x';
	to[2] = hex[c >> 4];
	to[3] = hex[c & 15];
	return 4;
}

static void next_unit(struct unit *u, const char *p, size_t len)
{
	uint32_t cp;
	int n = utf8_decode(p, len, &cp);
	size_t i;

	u->plain = false;
	if (n == 1 && (cp < 0x20 || cp == 0x7f || cp == '\\')) {
		u->used = 1;
		u->len = u->cols = escape_byte(u->text, (unsigned char)cp);
	} else if (n < 0) {
		u->used = 1; /* each byte shown, none merged into U+FFFD */
		u->len = u->cols = escape_byte(u->text, (unsigned char)*p);
	} else if (!utf8_cp_printable(cp)) {
		u->used = (size_t)n;
		u->len = u->cols = (size_t)snprintf(u->text, sizeof(u->text),
						    "\\u{%x}", cp & 0x1fffff);
	} else {
		u->used = u->len = (size_t)n;
		u->cols = (size_t)utf8_cp_width(cp);
		u->plain = true;
		for (i = 0; i < u->len; i++)
			u->text[i] = p[i];
	}
}

/* How many bytes from p on are characters that stand for themselves, a column
 * each, as nearly all are. */
static size_t plain_run(const char *p, size_t len)
{
	size_t n;

	for (n = 0; n < len; n++)
		if (p[n] < 0x20 || p[n] >= 0x7f || p[n] == '\\')
			break;
	return n;
}

void text_escape(struct buf *out, const char *p, size_t len)
{
	struct unit u;

	for (; len; p += u.used, len -= u.used) {
		u.used = plain_run(p, len);
		if (u.used) {
			buf_add(out, p, u.used);
			continue;
		}
		next_unit(&u, p, len);
		buf_add(out, u.text, u.len);
	}
}

bool text_is_plain(const char *p, size_t len)
{
	struct unit u;

	for (; len; p += u.used, len -= u.used) {
		next_unit(&u, p, len);
		if (!u.plain)
			return false;
	}
	return true;
}

static size_t pad_to(struct buf *out, size_t cols, size_t width, bool pad)
{
	if (!pad || cols >= width)
		return cols;
	buf_fill(out, ' ', width - cols);
	return width;
}

size_t text_fit(struct buf *out, const char *p, size_t len, size_t width,
		bool pad)
{
	/* The last place an ellipsis would still fit behind. */
	size_t cols = 0, cut_len = out->len, cut_cols = 0;
	struct unit u;

	for (; len; p += u.used, len -= u.used) {
		u.used = plain_run(p, len);
		if (width && u.used > width - cols)
			u.used = width - cols;
		if (u.used) {
			buf_add(out, p, u.used);
			cols += u.used;
			cut_len = out->len - (cols == width);
			cut_cols = cols - (cols == width);
			continue;
		}
		next_unit(&u, p, len);
		if (width && cols + u.cols > width) {
			if (out->err)
				return cols;
			out->len = cut_len;
			buf_adds(out, ELLIPSIS);
			return pad_to(out, cut_cols + 1, width, pad);
		}
		buf_add(out, u.text, u.len);
		cols += u.cols;
		if (cols < width) {
			cut_len = out->len;
			cut_cols = cols;
		}
	}
	return pad_to(out, cols, width, pad);
}

size_t text_fit_tail(struct buf *out, const char *p, size_t len, size_t width,
		     bool pad)
{
	size_t total = 0, at;
	struct unit u;

	for (at = 0; at < len; at += u.used) {
		next_unit(&u, p + at, len - at);
		total += u.cols;
	}
	if (!width || total <= width) {
		text_escape(out, p, len);
		return pad_to(out, total, width, pad);
	}
	/* Marks that combined with what was cut go too: u.cols is 0 there. */
	for (at = 0; at < len; at += u.used) {
		next_unit(&u, p + at, len - at);
		if (total < width && u.cols)
			break;
		total -= u.cols;
	}
	buf_adds(out, ELLIPSIS);
	text_escape(out, p + at, len - at);
	return pad_to(out, total + 1, width, pad);
}

/* --- shell quoting ------------------------------------------------------ */

/* Not `~` and `=`: they mean something at a word's start. */
/* clang-format off */
static const bool is_bare[256] = {
	['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
	['_'] = true, ['-'] = true, ['.'] = true, ['/'] = true, [':'] = true,
	['@'] = true, ['%'] = true, ['+'] = true, [','] = true,
	[0x80 ... 0xff] = true,
};
/* clang-format on */

static void quote_ansi(struct buf *out, const char *p, size_t len)
{
	struct unit u;
	char text[4];
	size_t i;

	buf_adds(out, "$'");
	for (; len; p += u.used, len -= u.used) {
		next_unit(&u, p, len);
		if (*p == '\'') {
			buf_adds(out, "\\'");
		} else if (u.plain) {
			buf_add(out, p, u.used);
		} else {
			/* As bytes: \u{...} is not the shell's, and \u would
			 * depend on its locale. */
			for (i = 0; i < u.used; i++)
				buf_add(out, text,
					escape_byte(text, (unsigned char)p[i]));
		}
	}
	buf_addc(out, '\'');
}

void text_shell_quote(struct buf *out, const char *p, size_t len)
{
	bool bare = len > 0, shown = true;
	struct unit u;
	size_t at;

	for (at = 0; at < len; at += u.used) {
		u.used = 1;
		if (is_bare[(unsigned char)p[at]] &&
		    (unsigned char)p[at] < 0x80)
			continue;
		next_unit(&u, p + at, len - at);
		if (!is_bare[(unsigned char)p[at]])
			bare = bare && p[at] == '=' && at > 0;
		/* A backslash stands for itself between single quotes. */
		if (!u.plain && p[at] != '\\')
			shown = false;
	}
	if (!shown) {
		quote_ansi(out, p, len);
		return;
	}
	if (bare) {
		buf_add(out, p, len);
		return;
	}
	buf_addc(out, '\'');
	for (at = 0; at < len; at++) {
		if (p[at] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, p[at]);
	}
	buf_addc(out, '\'');
}
