// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_filter: any text as a filter expression, and what parses evaluated on
 * obituaries with nothing, with everything and with odd bytes known.
 * Checks that a refusal has a sentence and a caret within the text, and that
 * !(x) is the negation of x.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/filter/filter.h"

static void check(int ok)
{
	if (!ok)
		abort();
}

static struct obituary nothing, everything;

static void know_everything(void)
{
	static const char odd[] = "\xff\0a\n\xe2\x80";
	struct span s = { odd, sizeof(odd) };

	everything.have = ~0ull;
	everything.exe = everything.filename = everything.args = s;
	everything.tty = everything.cgroup = everything.container = s;
	everything.oom.cgroup = s;
	memset(everything.comm, 'x', sizeof(everything.comm));
	everything.tgid = UINT32_MAX;
	everything.life_ns = UINT64_MAX;
	everything.exit_value = INT32_MIN;
	everything.signal = 9;
	everything.meaning = "EX_CONFIG";
}

static void check_caret(const char *text, const char *why)
{
	const char *caret = strrchr(why, '\n');

	/* The expression may hold newlines itself; the caret's line is last. */
	check(caret && strchr(caret, '^') && strstr(why, text));
	check((size_t)(strchr(caret, '^') - caret) <= strlen(text) + 3);
}

static void negate(const char *text, const struct filter *f)
{
	struct buf not_text = BUF_INIT, why = BUF_INIT;
	struct filter *not_f = filter_new();
	const struct obituary *o;
	enum truth a, b;
	int i;

	buf_printf(&not_text, "!(%s)", text);
	/* Fails only where the one more level is one too many. */
	if (not_f && !filter_add(not_f, buf_str(&not_text), &why))
		for (i = 0; i < 2; i++) {
			o = i ? &everything : &nothing;
			a = filter_truth(f, o);
			b = filter_truth(not_f, o);
			check((a == TRUTH_UNKNOWN) == (b == TRUTH_UNKNOWN));
			check(a == TRUTH_UNKNOWN || a != b);
		}
	filter_free(not_f);
	buf_free(&not_text);
	buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter_push push;
	struct buf why = BUF_INIT;
	struct filter *f;
	char *text;
	int err;

	if (!everything.have)
		know_everything();
	if (size > 4096)
		return -1;
	text = malloc(size + 1);
	f = filter_new();
	check(text && f);
	memcpy(text, data, size);
	text[size] = '\0';
	err = filter_add(f, text, &why);
	if (!err) {
		filter_pushdown(f, &push);
		negate(text, f);
	} else if (err == -EINVAL) {
		check_caret(text, buf_str(&why));
	}
	filter_free(f);
	buf_free(&why);
	free(text);
	return 0;
}
