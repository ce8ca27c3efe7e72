// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON writer against jansson, a parser that is not ours, and printf.
 * Never parses with code of ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"

static json_t *parse(struct buf *b)
{
	json_error_t error;
	json_t *root;

	assert_int_equal(b->err, 0);
	root = json_loadb(b->p, b->len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
			  &error);
	if (!root)
		fail_msg("%s at %d: %s", error.text, error.position,
			 buf_str(b));
	return root;
}

static void layout(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_object_begin(&j, NULL);
	json_u64(&j, "tgid", 412);
	json_s64(&j, "exit_value", -1);
	json_nil(&j, "signal");
	json_bool(&j, "truncated", true);
	json_bool(&j, "execed", false);
	json_object_begin(&j, "parent");
	json_cstr(&j, "comm", "bash");
	json_object_end(&j);
	json_object_begin(&j, "none");
	json_object_end(&j);
	json_array_begin(&j, "args");
	json_cstr(&j, NULL, "ls");
	json_cstr(&j, NULL, "-l");
	json_array_begin(&j, NULL);
	json_array_end(&j);
	json_array_end(&j);
	json_cstr(&j, "exe", NULL);
	json_raw(&j, "raw", "[1]", 3);
	json_hex(&j, "hex", "\x00\xff", 2);
	json_object_end(&j);
	json_newline(&j);
	json_array_begin(&j, NULL);
	json_u64(&j, NULL, 1);
	json_u64(&j, NULL, 2);
	json_array_end(&j);
	assert_string_equal(buf_str(&b),
			    "{\"tgid\":412,\"exit_value\":-1,\"signal\":null,"
			    "\"truncated\":true,\"execed\":false,"
			    "\"parent\":{\"comm\":\"bash\"},\"none\":{},"
			    "\"args\":[\"ls\",\"-l\",[]],\"exe\":null,\"raw\":[1],"
			    "\"hex\":\"00ff\"}\n[1,2]");
	buf_free(&b);
}

static void numbers(void **state)
{
	/* clang-format off */
	static const uint64_t values[] = {
		0, 9, 10, 1ull << 53, (1ull << 53) + 1, INT64_MAX,
		1ull << 63, UINT64_MAX,
	};
	/* clang-format on */
	struct buf b = BUF_INIT;
	char want[64];
	struct json j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_clear(&b);
		json_init(&j, &b);
		json_array_begin(&j, NULL);
		json_u64(&j, NULL, values[i]);
		json_s64(&j, NULL, (int64_t)values[i]);
		json_array_end(&j);
		snprintf(want, sizeof(want), "[%" PRIu64 ",%" PRId64 "]",
			 values[i], (int64_t)values[i]);
		assert_string_equal(buf_str(&b), want);
	}
	buf_free(&b);
}

static json_t *through(struct buf *b, const char *p, size_t len)
{
	struct json j;

	buf_clear(b);
	json_init(&j, b);
	json_object_begin(&j, NULL);
	json_bytes(&j, "comm", p, len);
	json_object_end(&j);
	return parse(b);
}

/* The exact bytes come back, one way or the other. */
static void check_bytes(struct buf *b, const char *p, size_t len)
{
	json_t *oracle = json_stringn(p, len); /* NULL: not UTF-8 */
	json_t *root = through(b, p, len);
	json_t *text = json_object_get(root, "comm");
	json_t *hex = json_object_get(root, "comm_hex");
	char want[1024] = "";
	size_t i;

	assert_true(json_is_string(text));
	if (oracle) {
		assert_null(hex);
		assert_true(json_equal(oracle, text));
	} else {
		for (i = 0; i < len; i++)
			sprintf(want + 2 * i, "%02x", (unsigned char)p[i]);
		assert_true(json_is_string(hex));
		assert_string_equal(json_string_value(hex), want);
		assert_non_null(memmem(json_string_value(text),
				       json_string_length(text), "\xef\xbf\xbd",
				       3));
	}
	for (i = 0; i < b->len; i++)
		assert_true((unsigned char)b->p[i] >= 0x20 && b->p[i] != 0x7f);
	json_decref(oracle);
	json_decref(root);
}

static void every_short_string(void **state)
{
	struct buf b = BUF_INIT;
	unsigned int i;
	char p[2];

	(void)state;
	check_bytes(&b, "", 0);
	for (i = 0; i < 65536; i++) {
		p[0] = (char)(i >> 8);
		p[1] = (char)i;
		check_bytes(&b, p, 2);
		if (!(i & 0xff))
			check_bytes(&b, p, 1);
	}
	buf_free(&b);
}

static void random_strings(void **state)
{
	/* Pieces that sit at the borders of the encoding. */
	/* clang-format off */
	static const char *const pieces[] = {
		"a", "\"", "\\", "\x7f", "\x1b[31m", "\n", "\xc2\x80", "\xc3",
		"\xe2\x82\xac", "\xe2\x82", "\xed\x9f\xbf", "\xed\xa0\x80",
		"\xee\x80\x80", "\xf0\x90\x80\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xc0\xaf",
		"\xe0\x80\xaf", "\xf0\x9f\x98\x80", "\xff", "\x80",
		"\xef\xbf\xbe", "long plain text in between",
	};
	/* clang-format on */
	struct buf b = BUF_INIT, in = BUF_INIT;
	int i, n;

	(void)state;
	srand(2);
	for (i = 0; i < 50000; i++) {
		buf_clear(&in);
		for (n = rand() % 12; n >= 0; n--)
			buf_adds(&in,
				 pieces[(size_t)rand() %
					(sizeof(pieces) / sizeof(pieces[0]))]);
		check_bytes(&b, in.p, in.len);
	}
	buf_free(&in);
	buf_free(&b);
}

/* Unicode 15, table 3-8 to 3-11: how many U+FFFD stand for what. */
static void replacements(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out;
	} rows[] = {
#define R "\xef\xbf\xbd"
		{ "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", R R R R R R R R "A" },
		{ "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", R R R R R R R R "A" },
		{ "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42",
		  R R R R R "A" R R "B" },
		{ "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", R R R R "A" },
#undef R
	};
	/* clang-format on */
	struct buf b = BUF_INIT;
	json_t *root;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		root = through(&b, rows[i].in, strlen(rows[i].in));
		assert_string_equal(json_string_value(
					    json_object_get(root, "comm")),
				    rows[i].out);
		json_decref(root);
	}
	buf_free(&b);
}

static void no_hex_in_plain_strings(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_array_begin(&j, NULL);
	json_str(&j, NULL, "\xff", 1);
	json_str(&j, NULL, "x", 1);
	json_array_end(&j);
	assert_string_equal(buf_str(&b), "[\"\xef\xbf\xbd\",\"x\"]");
	buf_free(&b);
}

static void without_memory(void **state)
{
	struct buf b = BUF_INIT;
	struct json j;

	(void)state;
	json_init(&j, &b);
	json_object_begin(&j, NULL);
	/* A length no buffer can take: refused before a byte is read. */
	json_str(&j, "comm", "", SIZE_MAX / 2);
	json_u64(&j, "tgid", 1);
	json_object_end(&j);
	assert_true(b.err < 0);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(numbers),
		cmocka_unit_test(every_short_string),
		cmocka_unit_test(random_strings),
		cmocka_unit_test(replacements),
		cmocka_unit_test(no_hex_in_plain_strings),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
