// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text for terminals: nothing harmful gets through, and bash reads back what
 * was quoted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/text.h"
#include "lib/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

static void escape_is(const char *in, size_t len, const char *want)
{
	struct buf b = BUF_INIT;

	text_escape(&b, in, len);
	assert_string_equal(buf_str(&b), want);
	assert_int_equal(text_is_plain(in, len), !strcmp(in, want));
	buf_free(&b);
}

static void escapes(void **state)
{
	(void)state;
	escape_is("nginx: worker", 13, "nginx: worker");
	escape_is("", 0, "");
	escape_is("a\nb\tc\rd", 7, "a\\nb\\tc\\rd");
	escape_is("\x1b[2J", 4, "\\e[2J");
	escape_is("a\0b", 3, "a\\x00b");
	escape_is("\x7f\x08", 2, "\\x7f\\x08");
	escape_is("back\\slash", 10, "back\\\\slash");
	escape_is("\xff\xfe", 2, "\\xff\\xfe");
	escape_is("\xe2\x82", 2, "\\xe2\\x82");
	escape_is("\xc2\x9b"
		  "31m",
		  5, "\\u{9b}31m"); /* CSI as C1 */
	escape_is("\xe2\x80\xae"
		  "exe",
		  6, "\\u{202e}exe");
	escape_is("\xe2\x80\xa8", 3, "\\u{2028}");
	escape_is("caf\xc3\xa9 \xe4\xb8\xad", 9, "caf\xc3\xa9 \xe4\xb8\xad");
}

/* Said without the tables of ours: what must never reach a terminal. */
static void assert_harmless(const char *p, size_t len)
{
	json_t *valid = json_stringn(p, len);
	size_t i;

	assert_non_null(valid);
	json_decref(valid);
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		assert_true(c >= 0x20 && c != 0x7f);
		if (c == 0xc2 && i + 1 < len) /* U+0080..U+009F */
			assert_true((unsigned char)p[i + 1] >= 0xa0);
	}
	assert_null(memmem(p, len, "\xe2\x80\xae", 3));
	assert_null(memmem(p, len, "\xe2\x81\xa6", 3));
	assert_null(memmem(p, len, "\xe2\x80\xa9", 3));
}

static size_t random_text(char *p, size_t max)
{
	/* clang-format off */
	static const char *const pieces[] = {
		"a", "bc", " ", "\\", "'", "\"", "$(x)", "`", "\n", "\x1b[0m",
		"\xff", "\x80", "\xc3\xa9", "e\xcc\x81", "\xe4\xb8\xad",
		"\xf0\x9f\x98\x80", "\xe2\x80\xae", "\xe2\x81\xa6", "\xc2\x9b",
		"\xe2\x80\xa9", "\xed\xa0\x80", "\xe2\x82", "~", "=", "*", "!",
		"\x07", "\r", "#", ";", "&", "|", "<", "{1,2}", "0",
	};
	/* clang-format on */
	size_t len = 0, n = (size_t)rand() % 12;

	while (n--) {
		const char *s = pieces[(size_t)rand() %
				       (sizeof(pieces) / sizeof(pieces[0]))];

		if (len + strlen(s) < max) {
			memcpy(p + len, s, strlen(s));
			len += strlen(s);
		}
	}
	return len;
}

static void random_bytes_are_harmless(void **state)
{
	struct buf b = BUF_INIT;
	char p[256];
	size_t len, i;
	int round;

	(void)state;
	srand(3);
	for (round = 0; round < 50000; round++) {
		if (round % 2) {
			len = random_text(p, sizeof(p));
		} else {
			len = (size_t)rand() % 40;
			for (i = 0; i < len; i++)
				p[i] = (char)rand();
		}
		buf_clear(&b);
		text_escape(&b, p, len);
		assert_harmless(b.p, b.len);
		buf_clear(&b);
		text_shell_quote(&b, p, len);
		assert_harmless(b.p, b.len);
	}
	buf_free(&b);
}

static void check_fit(const char *p, size_t len, size_t width, bool tail)
{
	struct buf whole = BUF_INIT, b = BUF_INIT;
	size_t full, cols;
	const char *cut;

	text_escape(&whole, p, len);
	full = utf8_width(whole.p, whole.len);
	buf_adds(&b, "|");
	cols = tail ? text_fit_tail(&b, p, len, width, true) :
		      text_fit(&b, p, len, width, true);
	assert_int_equal(utf8_width(b.p, b.len), cols + 1);
	assert_harmless(b.p, b.len);
	if (!width || full <= width) {
		assert_int_equal(cols, full > width ? full : width);
		assert_memory_equal(b.p + 1, whole.p, whole.len);
	} else {
		assert_int_equal(cols, width);
		cut = memmem(b.p, b.len, ELLIPSIS, 3);
		assert_non_null(cut);
		/* What stays is a piece of the whole, from the right end. */
		if (!tail)
			assert_memory_equal(b.p + 1, whole.p,
					    (size_t)(cut - b.p) - 1);
		else
			assert_true(cut == b.p + 1);
	}
	buf_free(&whole);
	buf_free(&b);
}

static void fits_exactly(void **state)
{
	char p[256];
	size_t len;
	int round;

	(void)state;
	srand(4);
	for (round = 0; round < 30000; round++) {
		len = random_text(p, sizeof(p));
		check_fit(p, len, (size_t)rand() % 24, round % 2);
	}
}

static void fit_is(const char *in, size_t width, bool pad, bool tail,
		   const char *want)
{
	struct buf b = BUF_INIT;

	if (tail)
		text_fit_tail(&b, in, strlen(in), width, pad);
	else
		text_fit(&b, in, strlen(in), width, pad);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void fit_examples(void **state)
{
	(void)state;
	fit_is("postgres", 8, false, false, "postgres");
	fit_is("postgres", 7, false, false, "postgr" ELLIPSIS);
	fit_is("postgres", 10, true, false, "postgres  ");
	fit_is("postgres", 1, false, false, ELLIPSIS);
	fit_is("ab\x1b", 4, false, false, "ab\\e");
	fit_is("ab\x1b", 3, false, false, "ab" ELLIPSIS);
	fit_is("\xe4\xb8\xad\xe6\x96\x87", 3, true, false,
	       "\xe4\xb8\xad" ELLIPSIS);
	fit_is("\xe4\xb8\xad\xe6\x96\x87", 2, true, false, ELLIPSIS " ");
	fit_is("/system.slice/app.service", 12, false, true,
	       ELLIPSIS "app.service");
	fit_is("/a.slice", 20, true, true, "/a.slice            ");
	fit_is("abc", 1, false, true, ELLIPSIS);
}

/* The oracle is bash: every word it reads back must be the one quoted. */
static void bash_reads_it_back(void **state)
{
	char script[] = "/tmp/test_text.XXXXXX", line[64], p[256];
	struct buf want = BUF_INIT, text = BUF_INIT, got = BUF_INIT;
	int fd = mkstemp(script), round;
	size_t len, n;
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	srand(5);
	buf_adds(&text, "printf '%s\\0'");
	for (round = 0; round < 3000; round++) {
		len = random_text(p, sizeof(p));
		buf_addc(&text, ' ');
		text_shell_quote(&text, p, len);
		buf_add(&want, p, len);
		buf_addc(&want, '\0');
	}
	buf_addc(&text, '\n');
	assert_int_equal(write(fd, text.p, text.len), text.len);
	close(fd);
	snprintf(line, sizeof(line), "LC_ALL=C.UTF-8 bash %s", script);
	f = popen(line, "r");
	assert_non_null(f);
	while ((n = fread(p, 1, sizeof(p), f)) > 0)
		buf_add(&got, p, n);
	assert_int_equal(pclose(f), 0);
	unlink(script);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.p, want.p, want.len);
	buf_free(&want);
	buf_free(&text);
	buf_free(&got);
}

static void quotes_little(void **state)
{
	/* clang-format off */
	static const char *const rows[][2] = {
		{ "ls", "ls" }, { "--color=auto", "--color=auto" },
		{ "/usr/bin/x86_64", "/usr/bin/x86_64" }, { "", "''" },
		{ "a b", "'a b'" }, { "it's", "'it'\\''s'" },
		{ "=x", "'=x'" }, { "~", "'~'" }, { "\n", "$'\\n'" },
		{ "grep \\.c", "'grep \\.c'" }, { "\xc3\xa9", "\xc3\xa9" },
	};
	/* clang-format on */
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&b);
		text_shell_quote(&b, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(buf_str(&b), rows[i][1]);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(random_bytes_are_harmless),
		cmocka_unit_test(fits_exactly),
		cmocka_unit_test(fit_examples),
		cmocka_unit_test(bash_reads_it_back),
		cmocka_unit_test(quotes_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
