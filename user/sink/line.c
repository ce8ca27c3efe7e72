// SPDX-License-Identifier: GPL-2.0-only
/*
 * line: the field table compiled to steps, once: text that is always the same,
 * then a value. And of a line to the next most values stay, who runs things and
 * where, and every counter that is 0: what stays is copied from the last line.
 * Never lists a key, never writes to a file.
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
_Static_assert(sizeof(struct obituary) - offsetof(struct obituary, source) >= 8,
	       "eight bytes can be read of the last member, too");
_Static_assert(VALUE_MAX >= WHEN_MAX + 2 && VALUE_MAX > U64_DECIMAL_MAX,
	       "a value that is no long text fits");

enum step_kind {
	STEP_VALUE,
	STEP_OPEN,	/* an object begins, or is null */
	STEP_CLOSE,
	STEP_TEARDOWN,	/* an object of another shape than its rows */
};

/* What of a value is compared with the last line's, beside its first bytes. */
enum step_more {
	MORE_NOTHING,
	MORE_COMM,	/* its second half */
	MORE_SPAN,	/* the bytes it points to */
	MORE_NEVER,	/* it never stays */
};

/*
 * What is looked at for each line, in 32 bytes.
 * @bit:  that the value, the object is known
 * @more: enum step_more
 * @at:   offset in the obituary
 * @row:  of its text; @close: STEP_OPEN: of its close
 * @len:  what it took in the last line, lead and all; 0: it was not there
 * @was:  the eight bytes at its place then; of these @mask counts
 */
struct step {
	uint8_t kind;			/* enum step_kind */
	uint8_t bit, more;
	bool known;
	uint16_t at, close;
	uint32_t row, len;
	uint64_t was, mask;
};

/*
 * What is looked at where a value is not as it was.
 * @text:  `,"key":null`; the part before null is the lead, and the whole of it
 *         stands where the value is not known
 */
struct text {
	char text[TEXT_MAX];
	uint8_t lead_len, text_len;
	uint8_t type;			/* enum field_type */
	bool zero_null;
	const struct field *f;
	uint64_t rest;			/* MORE_COMM, of the last line */
	struct buf was;			/* MORE_SPAN, of the last line */
};

/* @fixed: room for all that is not of any length */
struct line {
	struct step *steps;
	struct text *texts;		/* one each */
	size_t nr, fixed;
	struct buf last;		/* the last line */
};

/* --- compiling ------------------------------------------------------------------ */

/* Do a and b agree up to and with the dot at len? */
static bool same_object(const char *a, const char *b, size_t len)
{
	return !strncmp(a, b, len + 1);
}

/* How many bytes of its place a value has there itself; 0: it never stays. */
static size_t compared(enum field_type type)
{
	switch (type) {
	case F_BOOL:
	case F_SIGCHLD:
	case F_HIERARCHY:
		return 1;
	case F_U32:
	case F_S32:
	case F_SIGNAL:
	case F_CAUSE:
	case F_FATE:
	case F_SOURCE:
		return 4;
	case F_U64:
	case F_DURATION:
	case F_CSTR:		/* of names: one has one place */
	case F_COMM:
		return 8;
	case F_TEXT:
	case F_ARGS:		/* where the bytes lie says nothing */
	case F_EVENT:
	case F_TIME:		/* the zone may be another */
	case F_TYPE_NR:
		break;
	}
	return 0;
}

static enum step_more more_of(enum field_type type)
{
	switch (type) {
	case F_COMM:
		return MORE_COMM;
	case F_TEXT:
	case F_ARGS:
		return MORE_SPAN;
	default:
		return compared(type) ? MORE_NOTHING : MORE_NEVER;
	}
}

static struct step *add_step(struct line *l, enum step_kind kind,
			     const struct field *f, const char *key, size_t len,
			     bool first)
{
	struct step *s = &l->steps[l->nr];
	struct text *t = &l->texts[l->nr];

	s->kind = (uint8_t)kind;
	s->bit = OB_ALWAYS;
	s->row = (uint32_t)l->nr++;
	if (kind == STEP_CLOSE)
		return s;
	s->bit = (uint8_t)f->have;
	if (kind == STEP_VALUE) {
		s->at = (uint16_t)f->offset;
		s->more = (uint8_t)more_of(f->type);
		memset(&s->mask, 0xff, compared(f->type));
	} else if (kind == STEP_TEARDOWN) {
		s->more = MORE_NEVER;
	}
	t->f = f;
	t->type = (uint8_t)f->type;
	t->zero_null = f->zero_null;
	t->lead_len = (uint8_t)snprintf(t->text, sizeof(t->text),
					"%s\"%.*s\":", first ? "" : ",",
					(int)len, key);
	t->text_len = t->lead_len + 4;
	memcpy(t->text + t->lead_len, "null", 4);
	l->fixed += t->text_len + VALUE_MAX;
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
			open->close = (uint16_t)l->nr;
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
	l->texts = calloc(most * 2, sizeof(*l->texts));
	if (!l->steps || !l->texts) {
		line_free(l);
		return NULL;
	}
	l->fixed = TEXT_MAX;
	compile(l, obituary_fields, 0);
	return l;
}

void line_free(struct line *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->nr; i++)
		buf_free(&l->texts[i].was);
	buf_free(&l->last);
	free(l->texts);
	free(l->steps);
	free(l);
}

/* --- one line ------------------------------------------------------------------- */

/*
 * `to` is the end of what has been written; behind it there always is room for
 * the fixed part of a whole line, short texts included, and for all of the last
 * line. NULL: no memory.
 */
static char *make_room(const struct line *l, struct buf *out, char *to,
		       size_t more)
{
	if (!to)
		return NULL;
	buf_commit(out, (size_t)(to - (out->p + out->len)));
	return buf_reserve(out, l->fixed + l->last.len + more);
}

static char *add_lead(char *to, const struct text *t)
{
	memcpy(to, t->text, TEXT_MAX);
	return to + t->lead_len;
}

static char *add_null(char *to, const struct text *t)
{
	memcpy(to, t->text, TEXT_MAX);
	return to + t->text_len;
}

/* `,"key_hex":` for what is no UTF-8; of a key that never is first. */
static char *add_hex_lead(char *to, const struct text *t)
{
	to = add_lead(to, t);
	memcpy(to - 2, "_hex\":", 6);
	return to + 4;
}

static char *add_bytes(const struct line *l, struct buf *out, char *to,
		       const struct text *t, struct span v)
{
	bool valid = true;

	if (v.len > SHORT_MAX)
		to = make_room(l, out, to, JSON_QUOTED_MAX(v.len));
	if (!to)
		return NULL;
	to = json_quoted(add_lead(to, t), v.p, v.len, &valid);
	if (valid)
		return to;
	to = make_room(l, out, to, JSON_QUOTED_MAX(v.len));
	return to ? json_quoted_hex(add_hex_lead(to, t), v.p, v.len) : NULL;
}

/* Each in quotes, with commas; for every one there may be a NUL in v. */
#define ARGS_MAX(len) (JSON_QUOTED_MAX(len) + ((len) + 1) * 3)

/* If one is not UTF-8, "args_hex" beside it has the exact bytes of each. */
static char *add_args(const struct line *l, struct buf *out, char *to,
		      const struct text *t, struct span v)
{
	bool valid = true;
	struct span arg;
	size_t at;

	to = make_room(l, out, to, ARGS_MAX(v.len));
	if (!to)
		return NULL;
	to = add_lead(to, t);
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
	to = add_hex_lead(to, t);
	*to++ = '[';
	for (at = 0; args_next(v, &at, &arg); *to++ = ',')
		to = json_quoted_hex(to, arg.p, arg.len);
	to[-1] = ']';
	return to;
}

static char *add_u64(char *to, const struct text *t, uint64_t v)
{
	if (t->zero_null && !v)
		return add_null(to, t);
	to = add_lead(to, t);
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
		       const struct text *t, const struct obituary *o)
{
	const void *p = (const char *)o + t->f->offset;
	struct value v;

	/* Nearly all values that are known: without the detour. */
	if (t->type == F_U32)
		return add_u64(to, t, *(const uint32_t *)p);
	if (t->type == F_U64 || t->type == F_DURATION)
		return add_u64(to, t, *(const uint64_t *)p);
	if (t->type == F_COMM) {
		v.bytes.p = p;
		v.bytes.len = strnlen(p, OBIT_COMM_LEN);
		return add_bytes(l, out, to, t, v.bytes);
	}
	if (!field_value(t->f, o, &v))
		return add_null(to, t);
	switch (v.kind) {
	case VALUE_U64:
		return add_u64(to, t, v.u64);
	case VALUE_S64:
		to = add_lead(to, t);
		return t->type == F_TIME ?
			       add_time(to, v.s64, o->utc_offset_s) :
			       add_s64(to, v.s64);
	case VALUE_BOOL:
		return add_bool(add_lead(to, t), v.boolean);
	case VALUE_BYTES:
		return add_bytes(l, out, to, t, v.bytes);
	case VALUE_ARGS:
		return add_args(l, out, to, t, v.bytes);
	case VALUE_NULL:
		break;
	}
	return add_null(to, t);
}

static char *add_teardown(const struct line *l, struct buf *out, char *to,
			  const struct text *t, const struct teardown *end)
{
	to = make_room(l, out, add_lead(to, t), 0);
	if (!to)
		return NULL;
	ending_json(out, end);
	return buf_reserve(out, l->fixed + l->last.len);
}

static char *add_step_text(const struct line *l, struct buf *out, char *to,
			   const struct step *s, bool known,
			   const struct obituary *o)
{
	const struct text *t = &l->texts[s->row];

	if (s->kind == STEP_CLOSE) {
		*to++ = '}';
		return to;
	}
	if (!known)
		return add_null(to, t);
	if (s->kind == STEP_VALUE)
		return add_value(l, out, to, t, o);
	if (s->kind == STEP_TEARDOWN)
		return add_teardown(l, out, to, t, o->teardown);
	to = add_lead(to, t);
	*to++ = '{';
	return to;
}

/* --- what stays ----------------------------------------------------------------- */

static uint64_t bytes_at(const struct step *s, const struct obituary *o)
{
	uint64_t v;

	memcpy(&v, (const char *)o + s->at, sizeof(v));
	return v;
}

/* The first bytes are as they were; is the rest? */
static bool more_stays(const struct text *t, const struct step *s,
		       const struct obituary *o)
{
	const char *p = (const char *)o + s->at;
	struct span bytes;
	uint64_t rest;

	if (s->more == MORE_COMM) {
		memcpy(&rest, p + 8, sizeof(rest));
		return rest == t->rest;
	}
	if (s->more != MORE_SPAN || t->was.err)
		return false;
	memcpy(&bytes, p, sizeof(bytes));
	return bytes.len == t->was.len &&
	       (!bytes.len || !memcmp(bytes.p, t->was.p, bytes.len));
}

static void keep_value(struct text *t, struct step *s, const struct obituary *o)
{
	const char *p = (const char *)o + s->at;
	struct span bytes;

	s->was = bytes_at(s, o);
	if (s->more == MORE_COMM)
		memcpy(&t->rest, p + 8, sizeof(t->rest));
	if (s->more != MORE_SPAN)
		return;
	memcpy(&bytes, p, sizeof(bytes));
	buf_clear(&t->was);
	buf_add(&t->was, bytes.p, bytes.len);
}

/* Is this step's text as it was? */
static inline bool stays(const struct line *l, const struct step *s, bool known,
			 const struct obituary *o)
{
	if (!s->len || known != s->known)
		return false;
	if (!known)
		return true;
	return !((bytes_at(s, o) ^ s->was) & s->mask) &&
	       (!s->more || more_stays(&l->texts[s->row], s, o));
}

/* The steps of an object that is not known: as many bytes as they had. */
static size_t drop_inner(struct step *s, const struct step *end)
{
	size_t len = 0;

	for (; s < end; s++) {
		len += s->len;
		s->len = 0;
	}
	return len;
}

/* A piece of the last line: a few words, or most of it. */
static char *copy_run(char *to, const char *from, size_t len)
{
	if (len)
		memcpy(to, from, len);
	return to + len;
}

/*
 * Each step either stays, and its text makes the run of those before it longer,
 * or is written anew; `from` is where the run begins in the last line.
 */
static char *add_steps(struct line *l, struct buf *out, char *to,
		       const struct obituary *o)
{
	uint64_t have = o->have | 1ull << OB_ALWAYS;
	struct step *s = l->steps, *end = s + l->nr;
	const char *from = l->last.p ?: ""; /* the first line has none */
	size_t run = 0, begin;
	bool known;

	for (; s < end; s++) {
		known = have >> s->bit & 1;
		if (stays(l, s, known, o)) {
			run += s->len;
		} else {
			to = copy_run(to, from, run);
			from += run + s->len;
			run = 0;
			begin = (size_t)(to - out->p);
			to = add_step_text(l, out, to, s, known, o);
			if (!to)
				return NULL;
			s->len = (uint32_t)((size_t)(to - out->p) - begin);
			s->known = known;
			if (known && s->kind == STEP_VALUE)
				keep_value(&l->texts[s->row], s, o);
			if (!known && s->kind == STEP_OPEN)
				from += drop_inner(s + 1,
						   &l->steps[s->close] + 1);
		}
		if (!known && s->kind == STEP_OPEN)
			s = &l->steps[s->close];
	}
	return copy_run(to, from, run);
}

/* Without memory for the last line there is none. */
static void forget_last(struct line *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		l->steps[i].len = 0;
	buf_clear(&l->last);
}

void line_add(struct line *l, struct buf *out, const struct obituary *o)
{
	size_t begin = out->len + 1;
	char *to = buf_reserve(out, l->fixed + l->last.len);

	if (to) {
		*to++ = '{';
		to = add_steps(l, out, to, o);
	}
	if (!to) {
		forget_last(l);
		return;
	}
	buf_clear(&l->last);
	buf_add(&l->last, out->p + begin, (size_t)(to - out->p) - begin);
	if (l->last.err)
		forget_last(l);
	*to++ = '}';
	*to++ = '\n';
	buf_commit(out, (size_t)(to - (out->p + out->len)));
}
