// SPDX-License-Identifier: GPL-2.0-only
/*
 * lex: the words of a filter expression.
 * Owns quoting, numbers with units and instants. Knows no key and no type.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/filter/lex.h"
#include "lib/timefmt.h"

void lex_init(struct lexer *l, const char *text)
{
	memset(l, 0, sizeof(*l));
	l->text = l->p = text;
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || isdigit((unsigned char)c) || c == '.';
}

static int lex_name(struct lexer *l, struct token *t)
{
	const char *p = l->p;

	while (is_name(*p))
		p++;
	/* SIGRTMIN+3 is one word. */
	if ((*p == '+' || *p == '-') && isdigit((unsigned char)p[1]) &&
	    p - l->p >= 5 &&
	    (!strncasecmp(p - 5, "RTMIN", 5) ||
	     !strncasecmp(p - 5, "RTMAX", 5)))
		for (p++; isdigit((unsigned char)*p);)
			p++;
	t->len = (size_t)(p - l->p);
	t->kind = TOKEN_NAME;
	if (t->len == 4 && !memcmp(l->p, "true", 4))
		t->kind = TOKEN_TRUE;
	else if (t->len == 5 && !memcmp(l->p, "false", 5))
		t->kind = TOKEN_FALSE;
	else if (t->len == 4 && !memcmp(l->p, "null", 4))
		t->kind = TOKEN_NULL;
	buf_add(&t->bytes, l->p, t->len);
	l->p = p;
	return t->bytes.err;
}

/* One character after a backslash; how many bytes of the text it took. */
static size_t lex_escape(const char *p, char *c)
{
	char hex[3] = "";

	switch (*p) {
	case 'n':
		*c = '\n';
		return 1;
	case 't':
		*c = '\t';
		return 1;
	case 'x':
		if (!isxdigit((unsigned char)p[1]) ||
		    !isxdigit((unsigned char)p[2]))
			return 0;
		memcpy(hex, p + 1, 2);
		*c = (char)strtoul(hex, NULL, 16);
		return 3;
	case '"':
	case '\'':
	case '\\':
		*c = *p;
		return 1;
	default:
		/* \. and \[ are for the regular expression: both stay. */
		*c = '\\';
		return ispunct((unsigned char)*p) ? 2 : 0;
	}
}

static int lex_string(struct lexer *l, struct token *t, struct buf *why)
{
	char quote = *l->p;
	const char *p = l->p + 1;
	size_t n;
	char c;

	t->kind = TOKEN_STRING;
	while (*p && *p != quote) {
		c = *p++;
		if (c == '\\') {
			n = lex_escape(p, &c);
			if (!n) {
				t->at = p - 1;
				buf_adds(why,
					 "no such escape: there are \\n \\t \\xNN and \\ before punctuation");
				return -EINVAL;
			}
			buf_addc(&t->bytes, c);
			if (n == 2)
				buf_addc(&t->bytes, *p);
			p += n == 2 ? 1 : n;
			continue;
		}
		buf_addc(&t->bytes, c);
	}
	if (!*p) {
		buf_adds(why, "this string does not end");
		return -EINVAL;
	}
	l->p = p + 1;
	return t->bytes.err;
}

/* clang-format off */
static const struct {
	const char *name;
	enum lex_unit unit;
	uint64_t by;
} units[] = {
	{ "ns", LEX_TIME, 1 },
	{ "us", LEX_TIME, NSEC_PER_USEC },
	{ "ms", LEX_TIME, NSEC_PER_MSEC },
	{ "s", LEX_TIME, NSEC_PER_SEC },
	{ "m", LEX_TIME, 60 * NSEC_PER_SEC },
	{ "h", LEX_TIME, 3600 * NSEC_PER_SEC },
	{ "d", LEX_TIME, 86400 * NSEC_PER_SEC },
	{ "K", LEX_SIZE, 1ull << 10 },
	{ "M", LEX_SIZE, 1ull << 20 },
	{ "G", LEX_SIZE, 1ull << 30 },
	{ "T", LEX_SIZE, 1ull << 40 },
};
/* clang-format on */

static int too_big(struct buf *why)
{
	buf_adds(why, "this number is too big");
	return -EINVAL;
}

static int lex_unit(const char **p, struct token *t, uint64_t *by,
		    struct buf *why)
{
	const char *end = *p;
	size_t i, n;

	*by = 1;
	while (isalpha((unsigned char)*end))
		end++;
	n = (size_t)(end - *p);
	if (!n)
		return 0;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == n &&
		    !memcmp(units[i].name, *p, n)) {
			t->unit = units[i].unit;
			*by = units[i].by;
			*p = end;
			return 0;
		}
	t->at = *p;
	buf_printf(why,
		   "no unit is named `%.*s`: there are ns us ms s m h d and K M G T",
		   n < 20 ? (int)n : 20, *p);
	return -EINVAL;
}

static int lex_number(struct lexer *l, struct token *t, struct buf *why)
{
	bool negative = *l->p == '-';
	const char *p = l->p + (*l->p == '-' || *l->p == '+');
	__int128 frac = 0, scale = 1, v = 0;
	uint64_t by;
	int base = 10, digit;

	t->kind = TOKEN_NUMBER;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
	    isxdigit((unsigned char)p[2])) {
		base = 16;
		p += 2;
	}
	for (; base == 16 ? isxdigit((unsigned char)*p) :
			    isdigit((unsigned char)*p);
	     p++) {
		digit = isdigit((unsigned char)*p) ? *p - '0' :
						     (*p | 0x20) - 'a' + 10;
		v = v * base + digit;
		if (v > UINT64_MAX)
			return too_big(why);
	}
	if (base == 10 && *p == '.' && isdigit((unsigned char)p[1]))
		for (p++; isdigit((unsigned char)*p); p++) {
			if (scale >= 1000000000)
				continue;
			frac = frac * 10 + (*p - '0');
			scale *= 10;
			t->fraction = true;
		}
	if (base == 10 && lex_unit(&p, t, &by, why))
		return -EINVAL;
	if (base == 16)
		by = 1;
	v = v * by + frac * by / scale;
	if (v > UINT64_MAX)
		return too_big(why);
	t->number = negative ? -v : v;
	l->p = p;
	return 0;
}

/* clang-format off */
static const struct {
	char text[3];
	enum token_kind kind;
} signs[] = {	/* the longer first */
	{ "&&", TOKEN_AND }, { "||", TOKEN_OR }, { "==", TOKEN_EQ },
	{ "!=", TOKEN_NE }, { "<=", TOKEN_LE }, { ">=", TOKEN_GE },
	{ "=~", TOKEN_MATCH }, { "!~", TOKEN_NMATCH }, { "<", TOKEN_LT },
	{ ">", TOKEN_GT }, { "!", TOKEN_NOT }, { "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE }, { "=", TOKEN_ASSIGN },
};
/* clang-format on */

static int lex_sign(struct lexer *l, struct token *t, struct buf *why)
{
	size_t i, n;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		n = strlen(signs[i].text);
		if (!strncmp(l->p, signs[i].text, n)) {
			t->kind = signs[i].kind;
			l->p += n;
			return 0;
		}
	}
	if (*l->p == '&' || *l->p == '|')
		buf_printf(why, "write %c%c", *l->p, *l->p);
	else
		buf_adds(why, "this is no part of an expression");
	return -EINVAL;
}

int lex_next(struct lexer *l, struct token *t, struct buf *why)
{
	struct buf bytes = t->bytes;
	int err;

	while (*l->p == ' ' || *l->p == '\t' || *l->p == '\n')
		l->p++;
	memset(t, 0, sizeof(*t));
	t->bytes = bytes;
	buf_clear(&t->bytes);
	t->at = l->p;
	if (!*l->p) {
		t->kind = TOKEN_END;
		return 0;
	}
	if (is_name_start(*l->p))
		err = lex_name(l, t);
	else if (*l->p == '"' || *l->p == '\'')
		err = lex_string(l, t, why);
	else if (isdigit((unsigned char)*l->p) ||
		 ((*l->p == '-' || *l->p == '+') &&
		  isdigit((unsigned char)l->p[1])))
		err = lex_number(l, t, why);
	else
		err = lex_sign(l, t, why);
	if (!err)
		t->len = (size_t)(l->p - t->at);
	return err;
}

/* --- instants ------------------------------------------------------------------ */

/* Exactly n digits. */
static bool take(const char **p, int n, int *v)
{
	*v = 0;
	while (n--) {
		if (!isdigit((unsigned char)**p))
			return false;
		*v = *v * 10 + (*(*p)++ - '0');
	}
	return true;
}

static int lex_zone(const char *p, struct tm *tm, time_t *sec)
{
	int h, m, sign = *p == '-' ? -1 : 1;

	if (!*p) {
		tm->tm_isdst = -1;
		*sec = mktime(tm);
		return 0;
	}
	*sec = timegm(tm);
	if (!strcmp(p, "Z"))
		return 0;
	if (*p != '+' && *p != '-')
		return -EINVAL;
	p++;
	if (!take(&p, 2, &h) || *p++ != ':' || !take(&p, 2, &m) || *p)
		return -EINVAL;
	*sec -= sign * (h * 3600 + m * 60);
	return 0;
}

int lex_instant(const char *s, int64_t *ns)
{
	int64_t frac = 0, scale = (int64_t)NSEC_PER_SEC;
	int year, mon, day, h = 0, m = 0, sec = 0;
	struct tm tm = { 0 };
	time_t t;

	if (!take(&s, 4, &year) || *s++ != '-' || !take(&s, 2, &mon) ||
	    *s++ != '-' || !take(&s, 2, &day))
		return -EINVAL;
	if (*s == 'T' || *s == ' ') {
		s++;
		if (!take(&s, 2, &h) || *s++ != ':' || !take(&s, 2, &m))
			return -EINVAL;
		if (*s == ':') {
			s++;
			if (!take(&s, 2, &sec))
				return -EINVAL;
		}
		if (*s == '.')
			for (s++; isdigit((unsigned char)*s) && scale > 1;
			     s++) {
				scale /= 10;
				frac += (*s - '0') * scale;
			}
	}
	if (year < 1970 || year > 2200 || mon < 1 || mon > 12 || day < 1 ||
	    day > 31 || h > 23 || m > 59 || sec > 60)
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = mon - 1;
	tm.tm_mday = day;
	tm.tm_hour = h;
	tm.tm_min = m;
	tm.tm_sec = sec;
	if (lex_zone(s, &tm, &t))
		return -EINVAL;
	*ns = (int64_t)t * (int64_t)NSEC_PER_SEC + frac;
	return 0;
}

/* --- regular expressions ----------------------------------------------------------- */

bool lex_regex_sane(const char *pattern)
{
	uint64_t product = 1, most, n;
	const char *p;

	if (strlen(pattern) > 1000)
		return false;
	for (p = pattern; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (*p != '{')
			continue;
		most = 1;
		while (p[1] && p[1] != '}') {
			p++;
			if (!isdigit((unsigned char)*p))
				continue;
			n = strtoul(p, (char **)&p, 10);
			p--;
			most = n > most ? n : most;
		}
		/* As if all were nested: too strict, never too lax. */
		product *= most;
		if (most > 1000 || product > 10000)
			return false;
	}
	return true;
}
