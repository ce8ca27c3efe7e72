/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json: an append-only JSON writer onto a struct buf.
 * Owns commas, quoting and escaping: what comes out is valid UTF-8 JSON
 * whatever bytes went in. Never reads JSON, never does I/O, never formats with
 * printf (0.2 us a record is the budget).
 *
 * Keys are the program's own literals and are written as they are; in an array
 * every key is NULL. Errors stick in the buffer (buf.err).
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

struct json {
	struct buf *out;
	bool comma;	/* a value stands before the next one */
};

static inline void json_init(struct json *j, struct buf *out)
{
	j->out = out;
	j->comma = false;
}

void json_object_begin(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array_begin(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_u64(struct json *j, const char *key, uint64_t v);
void json_s64(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);
/* null. (json_null() is libjansson's, which the tests link.) */
void json_nil(struct json *j, const char *key);

/* Invalid UTF-8 becomes U+FFFD; control bytes, ", \ and DEL are escaped. */
void json_str(struct json *j, const char *key, const char *p, size_t len);
/* A C string; NULL is written as null. */
void json_cstr(struct json *j, const char *key, const char *s);
/* As json_str, and if the bytes are not UTF-8 also "<key>_hex" with the exact
 * ones in lower-case hex. Only in an object. */
void json_bytes(struct json *j, const char *key, const char *p, size_t len);
/* Lower-case hex of the bytes, as a string. */
void json_hex(struct json *j, const char *key, const char *p, size_t len);
/* A value that is JSON already. */
void json_raw(struct json *j, const char *key, const char *p, size_t len);

/*
 * A string with its quotes, straight to where there is room for
 * JSON_QUOTED_MAX(len) bytes. Returns its end; clears *valid (which the caller
 * has set) if the bytes were not UTF-8. Or lower-case hex.
 */
#define JSON_QUOTED_MAX(len) ((len) * 6 + 10)	/* each byte as \u001f */
char *json_quoted(char *to, const char *p, size_t len, bool *valid);
char *json_quoted_hex(char *to, const char *p, size_t len);

/* Ends a line of JSON lines: '\n', and ready for the next object. */
void json_newline(struct json *j);

#endif
