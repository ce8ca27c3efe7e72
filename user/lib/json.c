// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: an append-only JSON writer onto a struct buf.
 * Owns commas, quoting and escaping. Never calls printf: one record is some 40
 * values, and 2 us of CPU a death is all the collector may take.
 */
#include <endian.h>
#include <string.h>
#include "json.h"
#include "utf8.h"

/*
 * Comma and key, with room for `more` bytes behind them: one check of the
 * buffer a value. NULL without memory; else the caller commits what it wrote
 * from *start on. Keys are literals of ours and need no escaping.
 */
static char *begin_value(struct json *j, const char *key, size_t more,
			 char **start)
{
	size_t len = key ? strlen(key) : 0;
	char *p;

	*start = p = buf_reserve(j->out, len + 4 + more);
	if (!p)
		return NULL;
	if (j->comma)
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, key, len);
		p += len;
		*p++ = '"';
		*p++ = ':';
	}
	j->comma = true;
	return p;
}

void json_raw(struct json *j, const char *key, const char *p, size_t len)
{
	char *start, *to = begin_value(j, key, len, &start);

	if (!to)
		return;
	memcpy(to, p, len);
	buf_commit(j->out, (size_t)(to + len - start));
}

static void open_with(struct json *j, const char *key, char bracket)
{
	json_raw(j, key, &bracket, 1);
	j->comma = false;
}

static void close_with(struct json *j, char bracket)
{
	buf_addc(j->out, bracket);
	j->comma = true;
}

void json_object_begin(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_with(j, '}');
}

void json_array_begin(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_with(j, ']');
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	char *start, *to = begin_value(j, key, U64_DECIMAL_MAX, &start);

	if (to)
		buf_commit(j->out, (size_t)(to - start) + u64_decimal(to, v));
}

void json_s64(struct json *j, const char *key, int64_t v)
{
	char *start, *to = begin_value(j, key, U64_DECIMAL_MAX + 1, &start);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	if (!to)
		return;
	if (v < 0)
		*to++ = '-';
	buf_commit(j->out, (size_t)(to - start) + u64_decimal(to, u));
}

void json_bool(struct json *j, const char *key, bool v)
{
	json_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void json_nil(struct json *j, const char *key)
{
	json_raw(j, key, "null", 4);
}

static char *escape(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	/* clang-format off */
	static const char brief[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
		['\f'] = 'f', ['\r'] = 'r',
	};
	/* clang-format on */

	*to++ = '\\';
	if (c == '"' || c == '\\') {
		*to++ = (char)c;
	} else if (c < 0x20 && brief[c]) {
		*to++ = brief[c];
	} else {
		memcpy(to, "u00", 3);
		to[3] = hex[c >> 4];
		to[4] = hex[c & 15];
		to += 5;
	}
	return to;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define ONES (~0ull / 255)	/* 0x0101...: one byte in every byte */
#define HIGH (ONES * 0x80)

/*
 * Eight bytes at once: none below 0x20, above 0x7e, or one of the two. Each term
 * sets the high bit of a byte that is such a one; in others it may be wrong only
 * above one that is.
 */
static bool are_plain(uint64_t w)
{
	uint64_t quote = w ^ ONES * '"', backslash = w ^ ONES * '\\';

	return !((w | (w + ONES) | (w - ONES * 0x20) | (quote - ONES) |
		  (backslash - ONES)) &
		 HIGH);
}

/* The n bytes at p, 0 < n < 8, and blanks behind them. */
static uint64_t short_word(const char *p, size_t n)
{
	const unsigned char *s = (const unsigned char *)p;
	uint64_t w = ONES * ' ' << n * 8;
	uint32_t a, b;

	if (n < 4)
		return htole64(w | s[0] | (uint64_t)s[n / 2] << n / 2 * 8 |
			       (uint64_t)s[n - 1] << (n - 1) * 8);
	memcpy(&a, p, 4);
	memcpy(&b, p + n - 4, 4);
	return htole64(w | le32toh(a) | (uint64_t)le32toh(b) << (n - 4) * 8);
}

/* Copies plain bytes until one that is not; how many. Up to seven more than
 * those are written. */
static size_t copy_plain(char *to, const char *p, size_t len)
{
	size_t n = 0;
	uint64_t w;

	for (; len - n >= 8; n += 8) {
		memcpy(&w, p + n, 8);
		if (!are_plain(w))
			break;
		memcpy(to + n, &w, 8);
	}
	if (len - n > 0 && len - n < 8) {
		w = short_word(p + n, len - n);
		if (are_plain(w)) {
			memcpy(to + n, &w, 8);
			return len;
		}
	}
	for (; n < len && is_plain((unsigned char)p[n]); n++)
		to[n] = p[n];
	return n;
}

/*
 * The characters between the quotes, for which there is room even if each one
 * is escaped. Returns the end; clears *valid if the bytes were not UTF-8.
 */
static char *put_chars(char *to, const char *p, size_t len, bool *valid)
{
	size_t at = 0, run;
	uint32_t cp;
	int n;

	while (at < len) {
		run = copy_plain(to, p + at, len - at);
		to += run;
		at += run;
		if (at == len)
			break;
		if ((unsigned char)p[at] < 0x80) {
			to = escape(to, (unsigned char)p[at++]);
			continue;
		}
		n = utf8_decode(p + at, len - at, &cp);
		if (n > 0) {
			memcpy(to, p + at, (size_t)n);
			to += n;
			at += (size_t)n;
		} else {
			memcpy(to, UTF8_REPLACEMENT, 3);
			to += 3;
			at += (size_t)-n;
			*valid = false;
		}
	}
	return to;
}

char *json_quoted(char *to, const char *p, size_t len, bool *valid)
{
	size_t run;

	*to++ = '"';
	run = copy_plain(to, p, len);
	to += run;
	if (run < len)
		to = put_chars(to, p + run, len - run, valid);
	*to++ = '"';
	return to;
}

char *json_quoted_hex(char *to, const char *p, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	*to++ = '"';
	for (i = 0; i < len; i++) {
		*to++ = hex[(unsigned char)p[i] >> 4];
		*to++ = hex[(unsigned char)p[i] & 15];
	}
	*to++ = '"';
	return to;
}

static bool add_string(struct json *j, const char *key, const char *p,
		       size_t len)
{
	bool valid = true;
	char *start, *to;

	if (len > SIZE_MAX / 16) {
		buf_grow(j->out, SIZE_MAX);	/* no memory has that room */
		return true;
	}
	to = begin_value(j, key, JSON_QUOTED_MAX(len), &start);
	if (!to)
		return true;
	to = json_quoted(to, p, len, &valid);
	buf_commit(j->out, (size_t)(to - start));
	return valid;
}

void json_str(struct json *j, const char *key, const char *p, size_t len)
{
	add_string(j, key, p, len);
}

void json_cstr(struct json *j, const char *key, const char *s)
{
	if (s)
		add_string(j, key, s, strlen(s));
	else
		json_nil(j, key);
}

void json_hex(struct json *j, const char *key, const char *p, size_t len)
{
	char *start, *to;

	if (len > SIZE_MAX / 16) {
		buf_grow(j->out, SIZE_MAX);
		return;
	}
	to = begin_value(j, key, JSON_QUOTED_MAX(len), &start);
	if (to)
		buf_commit(j->out,
			   (size_t)(json_quoted_hex(to, p, len) - start));
}

void json_bytes(struct json *j, const char *key, const char *p, size_t len)
{
	if (add_string(j, key, p, len))
		return;
	buf_adds(j->out, ",\"");
	buf_adds(j->out, key);
	buf_adds(j->out, "_hex\":");
	j->comma = false;
	json_hex(j, NULL, p, len);
}

void json_newline(struct json *j)
{
	buf_addc(j->out, '\n');
	j->comma = false;
}
