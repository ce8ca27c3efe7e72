// SPDX-License-Identifier: GPL-2.0-only
/*
 * buf: a growable byte buffer with a sticky error.
 * Owns growth and number formatting. Never does I/O, never aborts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "buf.h"

void buf_free(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

int buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *p;

	if (b->err)
		return b->err;
	if (more > SIZE_MAX / 2 - b->len)
		goto nomem;
	while (cap < b->len + more)
		cap *= 2;
	if (cap > b->cap) {
		p = realloc(b->p, cap);
		if (!p)
			goto nomem;
		b->p = p;
		b->cap = cap;
	}
	return 0;
nomem:
	b->err = -ENOMEM;
	return b->err;
}

void buf_fill(struct buf *b, char c, size_t n)
{
	char *to = n ? buf_reserve(b, n) : NULL;

	if (to) {
		memset(to, c, n);
		b->len += n;
	}
}

/* Two digits a look. */
static const char digits[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

/* clang-format off */
static const uint64_t powers[] = {
	0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, 10000000000, 100000000000, 1000000000000,
	10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000,
	10000000000000000000ull,
};
/* clang-format on */

static unsigned int nr_digits(uint64_t v)
{
	/* log10 from log2: 1233 / 4096 is log10(2) closely enough for 64. */
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(v | 1);
	unsigned int guess = bits * 1233 >> 12;

	return guess + (v >= powers[guess]);
}

size_t u64_decimal(char out[U64_DECIMAL_MAX], uint64_t v)
{
	unsigned int n, low;
	char *p;

	if (v < 10) {			/* as most counters are */
		*out = (char)('0' + v);
		return 1;
	}
	n = nr_digits(v);
	for (p = out + n; v >= 10000; v /= 10000) {
		low = (unsigned int)(v % 10000);
		p -= 4;
		memcpy(p, digits + low / 100 * 2, 2);
		memcpy(p + 2, digits + low % 100 * 2, 2);
	}
	low = (unsigned int)v;
	if (low >= 100) {
		p -= 2;
		memcpy(p, digits + low % 100 * 2, 2);
		low /= 100;
	}
	if (low >= 10)
		memcpy(p - 2, digits + low * 2, 2);
	else
		p[-1] = (char)('0' + low);
	return n;
}

void buf_addu(struct buf *b, uint64_t v)
{
	char *to = buf_reserve(b, U64_DECIMAL_MAX);

	if (to)
		b->len += u64_decimal(to, v);
}

void buf_addd(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_addu(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (b->err)
		return;
	va_copy(again, ap);
	n = vsnprintf(b->p ? b->p + b->len : NULL, b->cap - b->len, fmt, ap);
	if (n < 0) {
		b->err = -ENOMEM;	/* only EOVERFLOW and ENOMEM get here */
	} else if ((size_t)n < b->cap - b->len) {
		b->len += (size_t)n;
	} else if (!buf_grow(b, (size_t)n + 1)) {
		vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buf_str(struct buf *b)
{
	/* A buffer that failed still shows what it held before. */
	if (b->cap == b->len && (b->err || buf_grow(b, 1))) {
		if (!b->len)
			return "";
		b->len--;
	}
	b->p[b->len] = '\0';
	return b->p;
}

char *buf_steal(struct buf *b, size_t *len)
{
	char *p = NULL;

	if (!b->err && buf_reserve(b, 1)) {
		b->p[b->len] = '\0';
		p = b->p;
		if (len)
			*len = b->len;
		memset(b, 0, sizeof(*b));
	}
	buf_free(b);
	return p;
}
