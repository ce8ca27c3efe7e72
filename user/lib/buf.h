/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buf: a growable byte buffer with a sticky error.
 * Owns its memory and the one place where running out of it is remembered.
 * Never does I/O, never aborts, never leaves a half-written append behind.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Zero-initialised is a valid empty buffer. Once an append fails, `err` is
 * -ENOMEM, every later append is a no-op, and the caller need only look once,
 * at the end. p is not NUL-terminated unless buf_str() was called.
 */
struct buf {
	char *p;
	size_t len;	/* bytes in use */
	size_t cap;	/* bytes allocated */
	int err;	/* 0 or -ENOMEM, sticky until buf_clear() */
};

#define BUF_INIT { NULL, 0, 0, 0 }

void buf_free(struct buf *b);		/* back to BUF_INIT */
int buf_grow(struct buf *b, size_t more);	/* room for more: 0, -ENOMEM */

/* Empties it and clears the error; keeps the memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->err = 0;
}

/* Room for n > 0 more bytes at the returned place, or NULL; then buf_commit(). */
static inline char *buf_reserve(struct buf *b, size_t n)
{
	if (b->err)
		return NULL;
	if (b->cap - b->len < n && buf_grow(b, n))
		return NULL;
	return b->p + b->len;
}

static inline void buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = n ? buf_reserve(b, n) : NULL;

	if (to) {
		memcpy(to, p, n);
		b->len += n;
	}
}

static inline void buf_addc(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	if (to) {
		*to = c;
		b->len++;
	}
}

static inline void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_fill(struct buf *b, char c, size_t n);	/* n times c */
void buf_addu(struct buf *b, uint64_t v);	/* decimal */
void buf_addd(struct buf *b, int64_t v);	/* signed decimal */
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define U64_DECIMAL_MAX 20
/* Digits of v at out, no NUL: how many. The one fast path to decimal. */
size_t u64_decimal(char out[U64_DECIMAL_MAX], uint64_t v);

/*
 * The content as a C string, valid until the next call on b. Never NULL: ""
 * when empty or when there was no memory for the terminator.
 */
const char *buf_str(struct buf *b);

/* Hands the malloc'ed, NUL-terminated content over; NULL on error. b empty. */
char *buf_steal(struct buf *b, size_t *len);

#endif
