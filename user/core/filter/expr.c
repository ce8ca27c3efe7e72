// SPDX-License-Identifier: GPL-2.0-only
/*
 * expr: the tree a filter is compiled to, and what it is true of.
 * Owns three-valued logic and the comparison of every field type.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "core/filter/expr.h"

struct expr *expr_new(enum expr_op op, const struct field *f)
{
	struct expr *e = calloc(1, sizeof(*e));

	if (e) {
		e->op = op;
		e->f = f;
	}
	return e;
}

struct expr *expr_pair(enum expr_op op, struct expr *a, struct expr *b)
{
	struct expr *e = a && (b || op == EXPR_NOT) ? expr_new(op, NULL) : NULL;

	if (!e) {
		expr_free(a);
		expr_free(b);
		return NULL;
	}
	e->a = a;
	e->b = b;
	return e;
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	expr_free(e->a);
	expr_free(e->b);
	if (e->op == EXPR_REGEX)
		regfree(&e->regex);
	free(e->bytes);
	free(e);
}

int expr_set_bytes(struct expr *e, const char *p, size_t len)
{
	e->bytes = malloc(len + 1);
	if (!e->bytes)
		return -ENOMEM;
	memcpy(e->bytes, p, len);
	e->bytes[len] = '\0';
	e->len = len;
	return 0;
}

static enum truth truth(bool b)
{
	return b ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool ordered(enum expr_rel rel, int order)
{
	switch (rel) {
	case REL_EQ:
		return order == 0;
	case REL_NE:
		return order != 0;
	case REL_LT:
		return order < 0;
	case REL_LE:
		return order <= 0;
	case REL_GT:
		return order > 0;
	case REL_GE:
		return order >= 0;
	}
	return false;
}

static int order_numbers(__int128 a, __int128 b)
{
	return (a > b) - (a < b);
}

static int order_bytes(struct span v, const char *p, size_t len)
{
	size_t common = v.len < len ? v.len : len;
	int order = common ? memcmp(v.p, p, common) : 0;

	return order ? order : (v.len > len) - (v.len < len);
}

/*
 * A copy with the NUL that regexec() and fnmatch() need. No path, name or
 * argument holds one itself, and none is longer than the record it came in.
 */
struct text {
	char s[OBIT_RECORD_MAX + 1];
};

static const char *with_nul(struct text *t, struct span v)
{
	size_t len = v.len < OBIT_RECORD_MAX ? v.len : OBIT_RECORD_MAX;

	if (len)
		memcpy(t->s, v.p, len);
	t->s[len] = '\0';
	return t->s;
}

static bool matches(const struct expr *e, struct span v)
{
	struct text t;

	return !regexec(&e->regex, with_nul(&t, v), 0, NULL, 0);
}

static bool fits_glob(const struct expr *e, struct span v)
{
	struct text t;

	return !fnmatch(e->bytes, with_nul(&t, v), 0);
}

static bool under(const struct expr *e, struct span v)
{
	size_t len = e->len;

	while (len && e->bytes[len - 1] == '/')
		len--;
	if (v.len < len || (len && memcmp(v.p, e->bytes, len)))
		return false;
	return v.len == len || v.p[len] == '/';
}

/* One value that is bytes, against whatever compares bytes. */
static bool holds(const struct expr *e, struct span v)
{
	switch (e->op) {
	case EXPR_REGEX:
		return matches(e, v);
	case EXPR_GLOB:
		return fits_glob(e, v);
	case EXPR_UNDER:
		return under(e, v);
	case EXPR_PREFIX:
		return v.len >= e->len && !memcmp(v.p, e->bytes, e->len);
	default:
		return ordered(e->rel, order_bytes(v, e->bytes, e->len));
	}
}

/* One argument is enough; `!=` is "none is". */
static bool holds_for_args(const struct expr *e, struct span args)
{
	bool negative = e->op == EXPR_BYTES && e->rel == REL_NE;
	struct span arg;
	size_t at = 0;

	while (args_next(args, &at, &arg))
		if (negative ? !order_bytes(arg, e->bytes, e->len) :
			       holds(e, arg))
			return !negative;
	return negative;
}

static bool known_of_identity(const struct field *f)
{
	return !strcmp(f->key, "tgid") || !strcmp(f->key, "comm") ||
	       !strcmp(f->key, "start_boottime");
}

static enum truth compare(const struct expr *e, const struct expr_subject *s)
{
	struct value v;

	if (s->identity_only && !known_of_identity(e->f))
		return TRUTH_UNKNOWN;
	if (!field_value(e->f, s->o, &v))
		return TRUTH_UNKNOWN;
	switch (e->op) {
	case EXPR_TRUE:
		return truth(v.boolean);
	case EXPR_BOOL:
		return truth((v.boolean == e->boolean) == (e->rel == REL_EQ));
	case EXPR_NUMBER:
		return truth(
			ordered(e->rel, order_numbers(v.kind == VALUE_U64 ?
							      (__int128)v.u64 :
							      (__int128)v.s64,
						      e->number)));
	default:
		return truth(v.kind == VALUE_ARGS ? holds_for_args(e, v.bytes) :
						    holds(e, v.bytes));
	}
}

static enum truth is_null(const struct expr *e, const struct expr_subject *s)
{
	struct value v;

	if (s->identity_only && (!e->f || !known_of_identity(e->f)))
		return TRUTH_UNKNOWN;
	return truth(e->f ? !field_value(e->f, s->o, &v) :
			    !obituary_has(s->o, e->bit));
}

static enum truth in_tree(const struct expr *e, const struct expr_subject *s)
{
	/* Without a stream to follow only the root itself is known. */
	if (!s->lineage)
		return s->o->tgid == (uint32_t)e->number ? TRUTH_TRUE :
							   TRUTH_UNKNOWN;
	return truth(lineage_has(s->lineage, s->o->tgid,
				 obituary_has(s->o, OB_START) ?
					 s->o->start_boottime :
					 0));
}

enum truth expr_truth(const struct expr *e, const struct expr_subject *s)
{
	enum truth a, b;

	switch (e->op) {
	case EXPR_AND:
	case EXPR_OR:
		/* What decides whatever the other is; the other two are dual. */
		b = e->op == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
		a = expr_truth(e->a, s);
		if (a == b)
			return a;
		b = expr_truth(e->b, s);
		if (a == TRUTH_UNKNOWN &&
		    b != (e->op == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE))
			return TRUTH_UNKNOWN;
		return b;
	case EXPR_NOT:
		a = expr_truth(e->a, s);
		return a == TRUTH_UNKNOWN ? a : truth(a == TRUTH_FALSE);
	case EXPR_NULL:
		return is_null(e, s);
	case EXPR_TREE:
		return in_tree(e, s);
	default:
		return compare(e, s);
	}
}
