// SPDX-License-Identifier: GPL-2.0-only
/*
 * line: the field table compiled to steps, once: text that is always the same,
 * then a value. Made anew for each line, the text alone took half of a death's
 * CPU time. Never lists a key, never writes to a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/value.h"
#include "core/when.h"
#include "lib/json.h"
#include "sink/ending.h"
#include "sink/line.h"

#define TEXT_MAX 48	/* copied whole: a constant is cheaper than a length */
#define SHORT_MAX OBIT_COMM_LEN
#define VALUE_MAX JSON_QUOTED_MAX(SHORT_MAX)	/* or a number, a time */

_Static_assert(sizeof(struct obituary) <= UINT16_MAX, "offsets fit");
_Static_assert(VALUE_MAX >= WHEN_MAX + 2 && VALUE_MAX > U64_DECIMAL_MAX,
	       "a value that is no long text fits");

enum step_kind {
	STEP_VALUE,
	STEP_OPEN,	/* an object begins, or is null */
	STEP_CLOSE,
	STEP_TEARDOWN,	/* an object of another shape than its rows */
};

/*
 * As much of a row as is looked at for each line, in 64 bytes.
 * @text:  `,"key":null`; the part before null is the lead, and the whole of it
 *         stands where the value is not known
 * @bit:   STEP_VALUE, STEP_OPEN: that the value, the object is known
 */
struct step {
	char text[TEXT_MAX];
	uint8_t lead_len, text_len;
	uint8_t kind;			/* enum step_kind */
	uint8_t bit;			/* enum obituary_have */
	uint8_t type;			/* enum field_type */
	bool zero_null;
	uint16_t at;			/* STEP_VALUE: offset; STEP_OPEN: close */
	const struct field *f;
};

/* @fixed: room for all that is not of any length */
struct line {
	struct step *steps;
	size_t nr, fixed;
};

/* --- compiling ------------------------------------------------------------------ */

/* Do a and b agree up to and with the dot at len? */
static bool same_object(const char *a, const char *b, size_t len)
{
	return !strncmp(a, b, len + 1);
}

static struct step *add_step(struct line *l, enum step_kind kind,
			     const struct field *f, const char *key, size_t len,
			     bool first)
{
	struct step *s = &l->steps[l->nr++];

	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	if (kind == STEP_CLOSE)
		return s;
	s->f = f;
	s->bit = (uint8_t)f->have;
	s->type = (uint8_t)f->type;
	s->zero_null = f->zero_null;
	s->at = (uint16_t)f->offset;
	s->lead_len = (uint8_t)snprintf(s->text, sizeof(s->text),
					"%s\"%.*s\":", first ? "" : ",",
					(int)len, key);
	s->text_len = s->lead_len + 4;
	memcpy(s->text + s->lead_len, "null", 4);
	l->fixed += s->text_len + VALUE_MAX;
	return s;
}

/*
 * The rows from f on that are of one object, whose name with its dot is the
 * first `skip` bytes of their keys. Returns the row behind them.
 */
static const struct field *compile(struct line *l, const struct field *f,
				   size_t skip)
{
	const char *within = f->key, *key, *dot;
	struct step *open;
	bool first = true;

	while (f->key && (!skip || same_object(within, f->key, skip - 1))) {
		key = f->key + skip;
		dot = strchr(key, '.');
		if (!dot) {
			add_step(l, STEP_VALUE, f, key, strlen(key), first);
			f++;
		} else if (f->in_teardown) {
			add_step(l, STEP_TEARDOWN, f, key, (size_t)(dot - key),
				 first);
			while (f->in_teardown)
				f++;
		} else {
			open = add_step(l, STEP_OPEN, f, key,
					(size_t)(dot - key), first);
			open->bit = (uint8_t)(skip ? f->have : f->object);
			f = compile(l, f, (size_t)(dot + 1 - f->key));
			open->at = (uint16_t)l->nr;
			add_step(l, STEP_CLOSE, NULL, "", 0, false);
		}
		first = false;
	}
	return f;
}

struct line *line_new(void)
{
	struct line *l = calloc(1, sizeof(*l));
	const struct field *f;
	size_t most = 0;

	if (!l)
		return NULL;
	/* No object without a row of its own; each takes a row and two more. */
	for (f = obituary_fields; f->key; f++)
		most += 1 + 2 * (strchr(f->key, '.') != NULL);
	l->steps = calloc(most * 2, sizeof(*l->steps));
	if (!l->steps) {
		free(l);
		return NULL;
	}
	l->fixed = TEXT_MAX;
	compile(l, obituary_fields, 0);
	return l;
}

void line_free(struct line *l)
{
	if (l)
		free(l->steps);
	free(l);
}

/* --- one line ------------------------------------------------------------------- */

/*
 * `to` is the end of what has been written; behind it there always is room for
 * the fixed part of a whole line, short texts included. NULL: no memory.
 */
static char *make_room(const struct line *l, struct buf *out, char *to,
		       size_t more)
{
	if (!to)
		return NULL;
	buf_commit(out, (size_t)(to - (out->p + out->len)));
	return buf_reserve(out, l->fixed + more);
}

static char *add_lead(char *to, const struct step *s)
{
	memcpy(to, s->text, TEXT_MAX);
	return to + s->lead_len;
}

static char *add_null(char *to, const struct step *s)
{
	memcpy(to, s->text, TEXT_MAX);
	return to + s->text_len;
}

/* `,"key_hex":` for what is no UTF-8; of a key that never is first. */
static char *add_hex_lead(char *to, const struct step *s)
{
	to = add_lead(to, s);
	memcpy(to - 2, "_hex\":", 6);
	return to + 4;
}

static char *add_bytes(const struct line *l, struct buf *out, char *to,
		       const struct step *s, struct span v)
{
	bool valid = true;

	if (v.len > SHORT_MAX)
		to = make_room(l, out, to, JSON_QUOTED_MAX(v.len));
	if (!to)
		return NULL;
	to = json_quoted(add_lead(to, s), v.p, v.len, &valid);
	if (valid)
		return to;
	to = make_room(l, out, to, JSON_QUOTED_MAX(v.len));
	return to ? json_quoted_hex(add_hex_lead(to, s), v.p, v.len) : NULL;
}

/* Each in quotes, with commas; for every one there may be a NUL in v. */
#define ARGS_MAX(len) (JSON_QUOTED_MAX(len) + ((len) + 1) * 3)

/* If one is not UTF-8, "args_hex" beside it has the exact bytes of each. */
static char *add_args(const struct line *l, struct buf *out, char *to,
		      const struct step *s, struct span v)
{
	bool valid = true;
	struct span arg;
	size_t at;

	to = make_room(l, out, to, ARGS_MAX(v.len));
	if (!to)
		return NULL;
	to = add_lead(to, s);
	*to++ = '[';
	for (at = 0; args_next(v, &at, &arg); *to++ = ',')
		to = json_quoted(to, arg.p, arg.len, &valid);
	to -= at != 0;
	*to++ = ']';
	if (valid)
		return to;
	to = make_room(l, out, to, ARGS_MAX(v.len));
	if (!to)
		return NULL;
	to = add_hex_lead(to, s);
	*to++ = '[';
	for (at = 0; args_next(v, &at, &arg); *to++ = ',')
		to = json_quoted_hex(to, arg.p, arg.len);
	to[-1] = ']';
	return to;
}

static char *add_u64(char *to, const struct step *s, uint64_t v)
{
	if (s->zero_null && !v)
		return add_null(to, s);
	to = add_lead(to, s);
	return to + u64_decimal(to, v);
}

static char *add_s64(char *to, int64_t v)
{
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	if (v < 0)
		*to++ = '-';
	return to + u64_decimal(to, u);
}

static char *add_time(char *to, int64_t real_ns, int32_t utc_offset_s)
{
	*to++ = '"';
	to += when_rfc3339(to, real_ns, utc_offset_s);
	*to++ = '"';
	return to;
}

static char *add_bool(char *to, bool v)
{
	memcpy(to, v ? "true " : "false", 5);
	return to + 5 - v;
}

static char *add_value(const struct line *l, struct buf *out, char *to,
		       const struct step *s, const struct obituary *o)
{
	const void *p = (const char *)o + s->at;
	struct value v;

	/* Nearly all values that are known: without the detour. */
	if (s->type == F_U32)
		return add_u64(to, s, *(const uint32_t *)p);
	if (s->type == F_U64 || s->type == F_DURATION)
		return add_u64(to, s, *(const uint64_t *)p);
	if (s->type == F_COMM) {
		v.bytes.p = p;
		v.bytes.len = strnlen(p, OBIT_COMM_LEN);
		return add_bytes(l, out, to, s, v.bytes);
	}
	if (!field_value(s->f, o, &v))
		return add_null(to, s);
	switch (v.kind) {
	case VALUE_U64:
		return add_u64(to, s, v.u64);
	case VALUE_S64:
		to = add_lead(to, s);
		return s->type == F_TIME ?
			       add_time(to, v.s64, o->utc_offset_s) :
			       add_s64(to, v.s64);
	case VALUE_BOOL:
		return add_bool(add_lead(to, s), v.boolean);
	case VALUE_BYTES:
		return add_bytes(l, out, to, s, v.bytes);
	case VALUE_ARGS:
		return add_args(l, out, to, s, v.bytes);
	case VALUE_NULL:
		break;
	}
	return add_null(to, s);
}

static char *add_teardown(const struct line *l, struct buf *out, char *to,
			  const struct step *s, const struct teardown *t)
{
	to = make_room(l, out, add_lead(to, s), 0);
	if (!to)
		return NULL;
	ending_json(out, t);
	return buf_reserve(out, l->fixed);
}

void line_add(const struct line *l, struct buf *out, const struct obituary *o)
{
	const struct step *s = l->steps, *end = s + l->nr;
	uint64_t have = o->have | 1ull << OB_ALWAYS;
	char *to = buf_reserve(out, l->fixed);

	if (to)
		*to++ = '{';
	for (; to && s < end; s++) {
		if (s->kind == STEP_CLOSE) {
			*to++ = '}';
		} else if (!(have >> s->bit & 1)) {
			to = add_null(to, s);
			if (s->kind == STEP_OPEN)
				s = &l->steps[s->at];
		} else if (s->kind == STEP_VALUE) {
			to = add_value(l, out, to, s, o);
		} else if (s->kind == STEP_TEARDOWN) {
			to = add_teardown(l, out, to, s, o->teardown);
		} else {
			to = add_lead(to, s);
			*to++ = '{';
		}
	}
	if (!to)
		return;
	*to++ = '}';
	*to++ = '\n';
	buf_commit(out, (size_t)(to - (out->p + out->len)));
}
