/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * expr: the tree a filter is compiled to, and what it is true of.
 * Owns three-valued logic and the comparison of every field type. The grammar
 * is in filter.h, its parser in parse.c. Never does I/O.
 */
#ifndef CORE_FILTER_EXPR_H
#define CORE_FILTER_EXPR_H

#include <regex.h>
#include "core/filter/filter.h"
#include "core/lineage.h"
#include "core/value.h"

enum expr_op {
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT, /* a, b */
	EXPR_TRUE,			/* a boolean field by itself */
	EXPR_NULL,			/* f == null; or an object's bit */
	EXPR_NUMBER,			/* f rel number; names by their number */
	EXPR_BYTES,			/* f rel bytes */
	EXPR_BOOL,			/* f rel boolean */
	EXPR_REGEX,			/* f =~ regex */
	EXPR_GLOB,			/* f matches the glob in bytes */
	EXPR_PREFIX,			/* f begins with bytes */
	EXPR_UNDER,			/* f is the path in bytes, or below it */
	EXPR_TREE,			/* descends from number */
};

enum expr_rel { REL_EQ, REL_NE, REL_LT, REL_LE, REL_GT, REL_GE };

/* Owns everything it points to but the field. */
struct expr {
	enum expr_op op;
	enum expr_rel rel;
	struct expr *a, *b;
	const struct field *f;
	enum obituary_have bit;	/* NULL */
	__int128 number;	/* holds every u64 and s64 */
	bool boolean;
	char *bytes;		/* NUL-terminated too */
	size_t len;
	regex_t regex;
};

struct expr *expr_new(enum expr_op op, const struct field *f);	/* or NULL */
struct expr *expr_pair(enum expr_op op, struct expr *a, struct expr *b);
void expr_free(struct expr *e);		/* NULL is fine */
/* Gives e the bytes (copied): 0 or -ENOMEM. */
int expr_set_bytes(struct expr *e, const char *p, size_t len);

/* What an expression is evaluated on. */
struct expr_subject {
	const struct obituary *o;
	const struct lineage *lineage;	/* for EXPR_TREE; may be NULL */
	bool identity_only;	/* only tgid, start_boottime and comm are known */
};
enum truth expr_truth(const struct expr *e, const struct expr_subject *s);

/* NULL, and *err: -ENOMEM, or -EINVAL with the sentence and the caret in why. */
struct expr *expr_parse(const char *text, struct buf *why, int *err);

/* Tests of named filters: ids of the names an enum field can have. */
int expr_enum_parse(const struct field *f, const char *name, int64_t *number,
		    struct buf *why);

#endif
