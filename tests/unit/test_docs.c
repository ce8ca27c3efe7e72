// SPDX-License-Identifier: GPL-2.0-only
/*
 * The documents against the code: every key, event, cause and fate is in
 * events.md, every file that a document names is there. Runs in the top folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/obituary.h"

static char *text_of(const char *path)
{
	static char text[256 * 1024];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static void told(const char *text, const char *word)
{
	char quoted[128];

	snprintf(quoted, sizeof(quoted), "`%s`", word);
	if (!strstr(text, quoted))
		fail_msg("docs/events.md does not tell of %s", quoted);
}

static void events(void **state)
{
	const char *text = text_of("docs/events.md");
	const struct field *f;
	size_t i;

	(void)state;
	for (f = obituary_fields; f->key; f++)
		told(text, f->key);
	for (i = 0; i < NOTICE_NR; i++)
		told(text, notice_names[i]);
	for (i = 0; i < CAUSE_NR; i++)
		told(text, cause_names[i]);
	for (i = 0; i < FATE_NR; i++)
		told(text, fate_names[i]);
	for (i = 0; i < SIGCHLD_NR; i++)
		if (sigchld_names[i])
			told(text, sigchld_names[i]);
	for (i = 0; i < HIERARCHY_NR; i++)
		if (hierarchy_names[i])
			told(text, hierarchy_names[i]);
}

static bool is_path(const char *s)
{
	static const char *const tops[] = { "kmod/", "bpf/", "user/", "tests/",
					    "docs/" };
	size_t i;

	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (!strncmp(s, tops[i], strlen(tops[i])))
			return true;
	return false;
}

/* `user/core/join.c` in backquotes; <name> and such are no real paths. */
static void paths_of(const char *document)
{
	char path[256], *p = text_of(document), *end;
	unsigned int nr = 0;

	for (; (p = strchr(p, '`')); p = end + 1) {
		end = strchr(p + 1, '`');
		if (!end)
			break;
		snprintf(path, sizeof(path), "%.*s", (int)(end - p - 1), p + 1);
		if (!is_path(path) || strpbrk(path, "<* "))
			continue;
		if (access(path, F_OK))
			fail_msg("%s names %s, which is not there", document,
				 path);
		nr++;
	}
	assert_true(nr > 0);
}

static void paths(void **state)
{
	(void)state;
	paths_of("docs/adding.md");
	paths_of("docs/design.md");
	paths_of("README.md");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
