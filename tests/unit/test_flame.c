// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flame graph: every frame lies inside the one it was called from and
 * beside its siblings, its width is its share, and no name gets out of its text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ends.h"
#include "sink/flame.h"

#define MS 1000000ull
#define SEC 1000000000ull

static char text[1 << 20];

static void draw(const struct profile *p)
{
	const struct flame_look look = { "A <title>", "\"sub\" & title" };
	FILE *f = tmpfile();
	ssize_t n;

	assert_non_null(f);
	assert_int_equal(flame_write(fileno(f), p, &look), 0);
	n = pread(fileno(f), text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	fclose(f);
}

struct box {
	double x, w;
	unsigned int y;
	char name[64];
};

/* In the order of the file: who was called comes right behind the caller. */
static size_t boxes(struct box *b, size_t max)
{
	const char *p = text;
	size_t n = 0;

	while ((p = strstr(p, "<svg class=\"f\"")) && n < max) {
		assert_int_equal(
			sscanf(p,
			       "<svg class=\"f\" x=\"%lf%%\" y=\"%u\" width=\"%lf%%\"",
			       &b[n].x, &b[n].y, &b[n].w),
			3);
		p = strstr(p, "<title>") + 7;
		snprintf(b[n].name, sizeof(b[n].name), "%.*s",
			 (int)strcspn(p, "\n"), p);
		n++;
	}
	return n;
}

#define NEARLY 0.0002

static void nested(const struct box *b, size_t n)
{
	size_t i, up;

	for (i = 1; i < n; i++) {
		up = i - 1;
		while (b[up].y >= b[i].y && up)
			up--;
		assert_true(b[i].x > b[up].x - NEARLY);
		assert_true(b[i].x + b[i].w < b[up].x + b[up].w + NEARLY);
		for (up = 0; up < i; up++)
			assert_true(b[up].y != b[i].y ||
				    b[up].x + b[up].w < b[i].x + NEARLY);
	}
}

static void layout(void **state)
{
	const struct profile_config cfg = { .symbol = made_up_symbol };
	struct profile *p = profile_new(&cfg);
	const uint64_t ip[] = { 330, 220, 0 };
	struct holding *h = holding_new(8);
	const uint64_t at = 5 * SEC;
	struct box b[64];
	size_t n;

	(void)state;
	holding_record(h, stack_of(1, at, at + MS, 10 * MS, 0, ip, 3));
	profile_add(p, end_in(1, "half", at, OBIT_PHASE_MM_UNMAP, 50 * MS, 0),
		    holding_find(h, 1, at - SEC));
	profile_add(p,
		    end_in(2, "some", at, OBIT_PHASE_FILES, 30 * MS, 15 * MS),
		    NULL);
	profile_add(p, end_in(3, "rest", at, OBIT_PHASE_FILES, 20 * MS, 0),
		    NULL);
	/* Less than half a pixel: it is said, and not drawn. */
	profile_add(p, end_in(4, "tiny", at, OBIT_PHASE_FILES, 1000, 0), NULL);
	profile_end(p);
	draw(p);
	n = boxes(b, 64);
	assert_int_equal(n, 1 + 3 + 3 + 1 + 2);
	assert_string_equal(b[0].name, "all");
	assert_true(b[0].x == 0 && b[0].w == 100);
	assert_string_equal(b[1].name, "half");
	assert_true(b[1].w > 49.9 && b[1].w < 50.001);
	assert_string_equal(b[2].name, "mm.unmap");
	assert_string_equal(b[3].name, "f2");
	assert_true(b[3].w > 9.9 && b[3].w < 10.001);
	assert_string_equal(b[4].name, "f3");
	assert_string_equal(b[5].name, "some");
	assert_true(b[5].x > 49.9 && b[5].x < 50.001);
	assert_string_equal(b[7].name, "[off-CPU]");
	nested(b, n);
	assert_non_null(strstr(text, "1 too narrow to be drawn"));
	assert_null(strstr(text, "tiny"));
	assert_non_null(
		strstr(text, "<title>some\n30 ms, 29.9 % of all, 1 death"));
	profile_free(p);
	holding_free(h);
}

/* What is drawn is one element a name, and ends where it should. */
static void names(void **state)
{
	const struct profile_config cfg = { 0 };
	struct profile *p = profile_new(&cfg);
	const char *s;
	size_t depth = 0;

	(void)state;
	profile_add(p,
		    end_in(1, "<b>&\"]]>'\x1b\xff", SEC, OBIT_PHASE_MM, MS, 0),
		    NULL);
	profile_end(p);
	draw(p);
	assert_non_null(
		strstr(text, "<title>&lt;b&gt;&amp;&quot;]]&gt;'\\e\\xff\n"));
	assert_non_null(strstr(text, "aria-label=\"A &lt;title&gt;\""));
	assert_non_null(strstr(text, "&quot;sub&quot; &amp; title"));
	for (s = text; *s; s++) {
		assert_true((unsigned char)*s >= 0x20 || *s == '\n');
		if (!strncmp(s, "<svg", 4))
			depth++;
		else if (!strncmp(s, "</svg>", 6))
			depth--;
	}
	assert_int_equal(depth, 0);
	profile_free(p);
}

static void nothing_and_full(void **state)
{
	const struct flame_look look = { "t", "s" };
	const struct profile_config cfg = { 0 };
	struct profile *p = profile_new(&cfg);
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct box b[1];

	(void)state;
	profile_end(p);
	draw(p);
	assert_int_equal(boxes(b, 1), 0);
	assert_non_null(strstr(text, "</svg>\n"));
	assert_null(strstr(text, "<script"));
	assert_int_equal(flame_write(fd, p, &look), -ENOSPC);
	close(fd);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(names),
		cmocka_unit_test(nothing_and_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
