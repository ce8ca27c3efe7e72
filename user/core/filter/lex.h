/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lex: the words of a filter expression.
 * Owns quoting, numbers with units and instants. Knows no key and no type.
 */
#ifndef CORE_FILTER_LEX_H
#define CORE_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/buf.h"

/* The order matters: EQ..GE as enum expr_rel; literals from NUMBER on. */
enum token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_ASSIGN,		/* a single =: an error that deserves a hint */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_MATCH,
	TOKEN_NMATCH,
	TOKEN_NULL,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_NAME,
	TOKEN_TRUE,
	TOKEN_FALSE,
};

enum lex_unit { LEX_NO_UNIT, LEX_TIME, LEX_SIZE };

/*
 * @at, @len: in the text
 * @number:   NUMBER, in ns or bytes if it has a unit
 * @fraction: it was not whole (without a unit that is an error)
 * @bytes:    STRING, NAME: what it says; owned by the token
 */
struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
	__int128 number;
	enum lex_unit unit;
	bool fraction;
	struct buf bytes;
};

struct lexer {
	const char *text;
	const char *p;
};

void lex_init(struct lexer *l, const char *text);
/* 0; -ENOMEM; -EINVAL with the sentence in why, the place in t->at. Frees what
 * t held before. */
int lex_next(struct lexer *l, struct token *t, struct buf *why);

/* `2026-11-22`, `2026-11-22T03:00[:00[.5]]`, then Z, +01:00 or nothing (local):
 * CLOCK_REALTIME ns. 0 or -EINVAL. */
int lex_instant(const char *s, int64_t *ns);

/* glibc unrolls x{1000}; nested, such a pattern of 30 bytes takes gigabytes. */
bool lex_regex_sane(const char *pattern);

#endif
