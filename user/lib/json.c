// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: an append-only JSON writer onto a struct buf.
 * Owns commas, quoting and escaping. Never calls printf: one record is some 40
 * values, and 2 us of CPU a death is all the collector may take.
 */
#include <string.h>
#include "json.h"
#include "utf8.h"

/* Comma and key. Keys are literals of ours and need no escaping. */
static void begin_value(struct json *j, const char *key)
{
	size_t len = key ? strlen(key) : 0;
	char *to = buf_reserve(j->out, len + 4), *p = to;

	if (!to)
		return;
	if (j->comma)
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, key, len);
		p += len;
		*p++ = '"';
		*p++ = ':';
	}
	buf_commit(j->out, (size_t)(p - to));
	j->comma = true;
}

static void open_with(struct json *j, const char *key, char bracket)
{
	begin_value(j, key);
	buf_addc(j->out, bracket);
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

void json_raw(struct json *j, const char *key, const char *p, size_t len)
{
	begin_value(j, key);
	buf_add(j->out, p, len);
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
	begin_value(j, key);
	buf_addu(j->out, v);
}

void json_s64(struct json *j, const char *key, int64_t v)
{
	begin_value(j, key);
	buf_addd(j->out, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	json_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void json_nil(struct json *j, const char *key)
{
	json_raw(j, key, "null", 4);
}

/* Longest replacement of one byte: \u001f. U+FFFD takes 3 for at least 1. */
#define ESCAPED_MAX 6

static char *escape(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char brief[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
		['\f'] = 'f', ['\r'] = 'r',
	};

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

/*
 * The characters between the quotes. Runs of plain ASCII are copied whole; the
 * room for the worst case is taken once, so that the loop needs no checks.
 * Returns whether the bytes were valid UTF-8.
 */
static bool add_chars(struct buf *out, const char *p, size_t len)
{
	bool valid = true;
	size_t at = 0, run;
	char *start, *to;
	uint32_t cp;
	int n;

	if (len > SIZE_MAX / ESCAPED_MAX - 1) {
		buf_grow(out, SIZE_MAX);
		return true;
	}
	start = to = buf_reserve(out, len * ESCAPED_MAX);
	if (!to)
		return true;
	while (at < len) {
		for (run = at; run < len && is_plain((unsigned char)p[run]);)
			run++;
		memcpy(to, p + at, run - at);
		to += run - at;
		at = run;
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
			valid = false;
		}
	}
	buf_commit(out, (size_t)(to - start));
	return valid;
}

static bool add_string(struct json *j, const char *key, const char *p,
		       size_t len)
{
	bool valid;

	begin_value(j, key);
	buf_addc(j->out, '"');
	valid = add_chars(j->out, p, len);
	buf_addc(j->out, '"');
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

static void add_hex(struct json *j, const char *p, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char *to = buf_reserve(j->out, len * 2 + 2);
	size_t i;

	if (!to)
		return;
	*to++ = '"';
	for (i = 0; i < len; i++) {
		*to++ = hex[(unsigned char)p[i] >> 4];
		*to++ = hex[(unsigned char)p[i] & 15];
	}
	*to = '"';
	buf_commit(j->out, len * 2 + 2);
}

void json_hex(struct json *j, const char *key, const char *p, size_t len)
{
	begin_value(j, key);
	add_hex(j, p, len);
}

void json_bytes(struct json *j, const char *key, const char *p, size_t len)
{
	if (add_string(j, key, p, len))
		return;
	buf_addc(j->out, ',');
	buf_addc(j->out, '"');
	buf_adds(j->out, key);
	buf_adds(j->out, "_hex\":");
	add_hex(j, p, len);
}

void json_newline(struct json *j)
{
	buf_addc(j->out, '\n');
	j->comma = false;
}
