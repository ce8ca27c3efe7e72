// SPDX-License-Identifier: GPL-2.0-only
/*
 * parse: text to tree, by recursive descent; the grammar is in filter.h.
 * Owns every sentence about what is wrong with an expression, and the caret
 * that shows where. All type errors are found here: evaluation can not fail.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/filter/expr.h"
#include "core/filter/lex.h"
#include "core/status.h"
#include "lib/opts.h"

#define NESTING_MAX 100		/* "((((...": the stack is finite */

struct parser {
	struct lexer lex;
	struct token t;		/* the one looked at */
	unsigned int depth;
	struct buf *why;
	int err;
};

/* The first error is the one that is told. */
static struct expr *fail(struct parser *p, const char *at)
{
	size_t column, i;

	if (p->err)
		return NULL;
	if (p->why->err) {
		p->err = -ENOMEM;
		return NULL;
	}
	p->err = -EINVAL;
	column = (size_t)(at - p->lex.text);
	buf_printf(p->why, "\n  %s\n  ", p->lex.text);
	for (i = 0; i < column; i++)
		buf_addc(p->why, p->lex.text[i] == '\t' ? '\t' : ' ');
	buf_addc(p->why, '^');
	return NULL;
}

static struct expr *no_memory(struct parser *p)
{
	if (!p->err)
		p->err = -ENOMEM;
	return NULL;
}

#define FAIL(p, at, ...) \
	((p)->err ? NULL : (buf_printf((p)->why, __VA_ARGS__), fail((p), (at))))

static void next(struct parser *p)
{
	if (p->err)
		return;
	p->err = lex_next(&p->lex, &p->t, p->why);
	if (p->err == -EINVAL) {
		p->err = 0;
		fail(p, p->t.at);
	}
}

static bool accept(struct parser *p, enum token_kind kind)
{
	if (p->err || p->t.kind != kind)
		return false;
	next(p);
	return true;
}

/* --- keys ---------------------------------------------------------------------- */

static struct expr *unknown_key(struct parser *p, struct token *t)
{
	const char *names[160], *near;
	const struct field *f;
	char word[80];
	size_t nr = 0;

	snprintf(word, sizeof(word), "%.*s", (int)t->len, t->at);
	for (f = obituary_fields; f->key && nr < 160; f++)
		names[nr++] = f->key;
	near = opts_nearest(word, names, nr);
	if (near)
		return FAIL(p, t->at,
			    "no key is named `%s`; did you mean `%s`?", word,
			    near);
	return FAIL(p, t->at,
		    "no key is named `%s`; `obit doctor --fields` lists them",
		    word);
}

/* "killer", "oom.by": no row of its own, but rows below it. Their bit says
 * whether it is null. */
static bool object_bit(struct token *t, enum obituary_have *bit)
{
	const struct field *f;

	for (f = obituary_fields; f->key; f++)
		if (!strncmp(f->key, t->at, t->len) && f->key[t->len] == '.') {
			*bit = memchr(t->at, '.', t->len) ? f->have : f->object;
			return true;
		}
	return false;
}

/* --- literals -------------------------------------------------------------------- */

enum unit_class { UNIT_PLAIN, UNIT_TIME, UNIT_KB };

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static enum unit_class unit_class(const struct field *f)
{
	if (f->type == F_DURATION || ends_with(f->key, "_ns") ||
	    ends_with(f->key, "start_boottime"))
		return UNIT_TIME;
	return ends_with(f->key, "_kb") ? UNIT_KB : UNIT_PLAIN;
}

static const char *type_wants(const struct field *f)
{
	switch (f->type) {
	case F_U32:
	case F_U64:
	case F_S32:
		return "a number";
	case F_DURATION:
		return "a time such as 20ms or 1s";
	case F_TIME:
		return "an instant such as \"2026-11-22T03:00:00\"";
	case F_BOOL:
		return "true or false";
	case F_SIGNAL:
		return "a signal such as SIGKILL or 9";
	case F_CAUSE:
	case F_FATE:
	case F_SIGCHLD:
	case F_HIERARCHY:
	case F_SOURCE:
		return "one of its names";
	default:
		return "a string in quotes";
	}
}

static struct expr *wrong_type(struct parser *p, const struct field *f,
			       struct token *t)
{
	return FAIL(p, t->at, "`%s` is compared with %s", f->key,
		    type_wants(f));
}

static struct expr *number_literal(struct parser *p, const struct field *f,
				   enum expr_rel rel, struct token *t)
{
	enum unit_class class = unit_class(f);
	struct expr *e;

	if (t->unit == LEX_TIME && class != UNIT_TIME)
		return FAIL(p, t->at,
			    "`%s` is no time: it has no unit like ns or s",
			    f->key);
	if (t->unit == LEX_SIZE && class == UNIT_TIME)
		return FAIL(p, t->at,
			    "`%s` is a time: its units are ns us ms s m h d",
			    f->key);
	if (t->fraction && t->unit == LEX_NO_UNIT)
		return FAIL(p, t->at, "`%s` is a whole number%s", f->key,
			    class == UNIT_TIME ?
				    " of ns; units are ns us ms s m h d" :
				    "");
	e = expr_new(EXPR_NUMBER, f);
	if (!e)
		return no_memory(p);
	e->rel = rel;
	e->number = t->number;
	/* A unit says bytes; the key counts KiB. */
	if (class == UNIT_KB && t->unit == LEX_SIZE)
		e->number /= 1024;
	return e;
}

static const char *enum_name(const struct field *f, size_t i)
{
	switch (f->type) {
	case F_CAUSE:
		return i < CAUSE_NR ? cause_names[i] : NULL;
	case F_FATE:
		return i < FATE_NR ? fate_names[i] : NULL;
	case F_SOURCE:
		return i < SOURCE_NAMES_NR ? source_names[i] : NULL;
	case F_SIGCHLD:	/* the first has no name: it is null */
		return i + 1 < SIGCHLD_NR ? sigchld_names[i + 1] : NULL;
	case F_HIERARCHY:
		return i + 1 < HIERARCHY_NR ? hierarchy_names[i + 1] : NULL;
	default:
		return NULL;
	}
}

int expr_enum_parse(const struct field *f, const char *name, int64_t *number,
		    struct buf *why)
{
	const char *names[CAUSE_NR + FATE_NR], *near;
	size_t i, nr = 0;

	for (i = 0; enum_name(f, i); i++) {
		names[nr++] = enum_name(f, i);
		if (!strcmp(names[i], name)) {
			*number = (int64_t)i + (f->type == F_SIGCHLD ||
						f->type == F_HIERARCHY);
			return 0;
		}
	}
	near = opts_nearest(name, names, nr);
	if (near) {
		buf_printf(why, "did you mean `%s`?", near);
		return -EINVAL;
	}
	buf_adds(why, "it must be one of");
	for (i = 0; i < nr; i++)
		buf_printf(why, "%s %s", i ? "," : "", names[i]);
	return -EINVAL;
}

static struct expr *named_literal(struct parser *p, const struct field *f,
				  enum expr_rel rel, struct token *t)
{
	struct buf end = BUF_INIT;
	struct expr *e;
	int64_t number;

	if (rel != REL_EQ && rel != REL_NE)
		return FAIL(p, t->at,
			    "`%s` has names, which have no order: use == or !=",
			    f->key);
	if (f->type == F_SIGNAL) {
		number = signal_parse(buf_str(&t->bytes));
		if (number < 0)
			return FAIL(p, t->at, "`%s` is no signal",
				    buf_str(&t->bytes));
	} else if (expr_enum_parse(f, buf_str(&t->bytes), &number, &end)) {
		FAIL(p, t->at, "`%s` is never `%s`; %s", f->key,
		     buf_str(&t->bytes), buf_str(&end));
		buf_free(&end);
		return NULL;
	}
	e = expr_new(EXPR_NUMBER, f);
	if (!e)
		return no_memory(p);
	e->rel = rel;
	e->number = number;
	return e;
}

static struct expr *bytes_literal(struct parser *p, const struct field *f,
				  enum expr_op op, enum expr_rel rel,
				  struct token *t)
{
	struct expr *e;

	if (f->type == F_ARGS && rel != REL_EQ && rel != REL_NE)
		return FAIL(p, t->at,
			    "arguments have no order: use ==, != or =~");
	e = expr_new(op, f);
	if (!e ||
	    expr_set_bytes(e, t->bytes.p ? t->bytes.p : "", t->bytes.len)) {
		expr_free(e);
		return no_memory(p);
	}
	e->rel = rel;
	return e;
}

static struct expr *time_literal(struct parser *p, const struct field *f,
				 enum expr_rel rel, struct token *t)
{
	struct expr *e;
	int64_t ns;

	if (lex_instant(buf_str(&t->bytes), &ns))
		return FAIL(p, t->at,
			    "`%s` is no instant: write 2026-11-22T03:00:00, with a zone such as Z or +01:00 if it is not the local one",
			    buf_str(&t->bytes));
	e = expr_new(EXPR_NUMBER, f);
	if (!e)
		return no_memory(p);
	e->rel = rel;
	e->number = ns;
	return e;
}

static struct expr *bool_literal(struct parser *p, const struct field *f,
				 enum expr_rel rel, struct token *t)
{
	struct expr *e;

	if (rel != REL_EQ && rel != REL_NE)
		return FAIL(p, t->at,
			    "`%s` is true or false, which have no order",
			    f->key);
	e = expr_new(EXPR_BOOL, f);
	if (!e)
		return no_memory(p);
	e->rel = rel;
	e->boolean = t->kind == TOKEN_TRUE;
	return e;
}

/* The right side of `f rel`. */
static struct expr *literal(struct parser *p, const struct field *f,
			    enum expr_rel rel, struct token *t)
{
	bool word = t->kind == TOKEN_STRING || t->kind == TOKEN_NAME;

	switch (f->type) {
	case F_U32:
	case F_U64:
	case F_S32:
	case F_DURATION:
		return t->kind == TOKEN_NUMBER ? number_literal(p, f, rel, t) :
						 wrong_type(p, f, t);
	case F_BOOL:
		return t->kind == TOKEN_TRUE || t->kind == TOKEN_FALSE ?
			       bool_literal(p, f, rel, t) :
			       wrong_type(p, f, t);
	case F_TIME:
		return t->kind == TOKEN_STRING ? time_literal(p, f, rel, t) :
						 wrong_type(p, f, t);
	case F_SIGNAL:
		if (t->kind == TOKEN_NUMBER && !t->fraction && !t->unit &&
		    (rel == REL_EQ || rel == REL_NE))
			return number_literal(p, f, rel, t);
		return word ? named_literal(p, f, rel, t) : wrong_type(p, f, t);
	case F_CAUSE:
	case F_FATE:
	case F_SIGCHLD:
	case F_HIERARCHY:
	case F_SOURCE:
		return word ? named_literal(p, f, rel, t) : wrong_type(p, f, t);
	case F_COMM:
	case F_TEXT:
	case F_ARGS:
	case F_CSTR:
	case F_EVENT:
		return word ? bytes_literal(p, f, EXPR_BYTES, rel, t) :
			      wrong_type(p, f, t);
	case F_TYPE_NR:
		break;
	}
	return wrong_type(p, f, t);
}

/* --- comparisons -------------------------------------------------------------------- */

static struct expr *regex(struct parser *p, const struct field *f,
			  bool negative, struct token *t)
{
	char text[128];
	struct expr *e;
	int err;

	if (f->type == F_BOOL || f->type == F_TIME || f->type == F_U32 ||
	    f->type == F_U64 || f->type == F_S32 || f->type == F_DURATION)
		return FAIL(p, t->at, "`%s` is no text: =~ does not apply",
			    f->key);
	if (t->kind != TOKEN_STRING)
		return FAIL(p, t->at,
			    "after =~ comes a regular expression in quotes");
	if (memchr(t->bytes.p ? t->bytes.p : "", 0, t->bytes.len))
		return FAIL(p, t->at,
			    "a regular expression can not hold \\x00");
	if (!lex_regex_sane(buf_str(&t->bytes)))
		return FAIL(
			p, t->at,
			"this regular expression repeats too much to be run for every death");
	e = bytes_literal(p, f, EXPR_BYTES, REL_EQ, t);
	if (!e)
		return NULL;
	err = regcomp(&e->regex, e->bytes, REG_EXTENDED | REG_NOSUB);
	if (err) {
		regerror(err, &e->regex, text, sizeof(text));
		expr_free(e);
		return FAIL(p, t->at, "the regular expression is wrong: %s",
			    text);
	}
	e->op = EXPR_REGEX;
	if (!negative)
		return e;
	e = expr_pair(EXPR_NOT, e, NULL);
	return e ? e : no_memory(p);
}

static struct expr *null_test(struct parser *p, const struct field *f,
			      enum obituary_have bit, enum token_kind rel)
{
	struct expr *e = expr_new(EXPR_NULL, f);

	if (!e)
		return no_memory(p);
	e->bit = bit;
	if (rel == TOKEN_NE)
		e = expr_pair(EXPR_NOT, e, NULL);
	return e ? e : no_memory(p);
}

static bool is_rel(enum token_kind k)
{
	return k >= TOKEN_EQ && k <= TOKEN_NMATCH;
}

static struct expr *object_test(struct parser *p, struct token *key,
				enum obituary_have bit)
{
	enum token_kind rel = p->t.kind;

	if (rel == TOKEN_EQ || rel == TOKEN_NE) {
		next(p);
		if (accept(p, TOKEN_NULL))
			return null_test(p, NULL, bit, rel);
	}
	return FAIL(p, key->at,
		    "`%.*s` has keys of its own, like `%.*s.comm`; it can only be compared with null",
		    (int)key->len, key->at, (int)key->len, key->at);
}

static struct expr *right_side(struct parser *p, const struct field *f)
{
	struct token op = p->t, t;
	struct expr *e;

	next(p);
	if (p->err)
		return NULL;
	if (p->t.kind == TOKEN_NULL) {
		if (op.kind != TOKEN_EQ && op.kind != TOKEN_NE)
			return FAIL(p, op.at, "null is compared by == or !=");
		next(p);
		return null_test(p, f, OB_ALWAYS, op.kind);
	}
	if (p->t.kind < TOKEN_NUMBER)
		return FAIL(p, p->t.at, "here %s is expected", type_wants(f));
	t = p->t;
	p->t.bytes = (struct buf)BUF_INIT;
	next(p);
	if (op.kind == TOKEN_MATCH || op.kind == TOKEN_NMATCH)
		e = regex(p, f, op.kind == TOKEN_NMATCH, &t);
	else
		e = literal(p, f, (enum expr_rel)(op.kind - TOKEN_EQ), &t);
	buf_free(&t.bytes);
	return e;
}

static struct expr *comparison(struct parser *p)
{
	const struct field *f;
	enum obituary_have bit = OB_ALWAYS;
	struct token key = p->t;
	struct expr *e;

	if (key.kind == TOKEN_END)
		return FAIL(p, key.at,
			    "a comparison is expected, but here is the end");
	if (key.kind != TOKEN_NAME)
		return FAIL(p, key.at, "a key is expected here");
	f = obituary_field(key.at, key.len);
	if (!f && !object_bit(&key, &bit))
		return unknown_key(p, &key);
	next(p);
	if (p->err)
		return NULL;
	if (!f)
		return object_test(p, &key, bit);
	if (is_rel(p->t.kind))
		return right_side(p, f);
	if (p->t.kind == TOKEN_ASSIGN)
		return FAIL(p, p->t.at, "to compare, write ==");
	if (f->type != F_BOOL)
		return FAIL(p, p->t.at,
			    "`%s` must be compared, as in `%s == ...`", f->key,
			    f->key);
	e = expr_new(EXPR_TRUE, f);
	return e ? e : no_memory(p);
}

static struct expr *or_expr(struct parser *p);

static struct expr *not_expr(struct parser *p)
{
	const char *at = p->t.at;
	struct expr *e;

	if (p->err)
		return NULL;
	if (++p->depth > NESTING_MAX)
		return FAIL(p, at, "this is nested too deeply");
	if (accept(p, TOKEN_NOT)) {
		e = not_expr(p);
		if (e) {
			e = expr_pair(EXPR_NOT, e, NULL);
			if (!e)
				no_memory(p);
		}
	} else if (accept(p, TOKEN_OPEN)) {
		e = or_expr(p);
		if (e && !accept(p, TOKEN_CLOSE)) {
			expr_free(e);
			e = FAIL(p, p->t.at, "a ) is missing here");
		}
	} else {
		e = comparison(p);
	}
	p->depth--;
	return e;
}

static struct expr *chain(struct parser *p, enum token_kind sign,
			  enum expr_op op,
			  struct expr *(*operand)(struct parser *))
{
	struct expr *e = operand(p), *right;

	while (e && accept(p, sign)) {
		right = operand(p);
		if (!right) {
			expr_free(e);
			return NULL;
		}
		e = expr_pair(op, e, right);
		if (!e)
			return no_memory(p);
	}
	return e;
}

static struct expr *and_expr(struct parser *p)
{
	return chain(p, TOKEN_AND, EXPR_AND, not_expr);
}

static struct expr *or_expr(struct parser *p)
{
	return chain(p, TOKEN_OR, EXPR_OR, and_expr);
}

struct expr *expr_parse(const char *text, struct buf *why, int *err)
{
	struct parser p = { .why = why };
	struct expr *e = NULL;

	lex_init(&p.lex, text);
	next(&p);
	if (!p.err)
		e = or_expr(&p);
	if (e && !p.err && p.t.kind != TOKEN_END)
		FAIL(&p, p.t.at, "here && or || is expected, or the end");
	buf_free(&p.t.bytes);
	if (p.err) {
		expr_free(e);
		e = NULL;
	}
	*err = p.err;
	return e;
}
