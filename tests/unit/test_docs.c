// SPDX-License-Identifier: GPL-2.0-only
/*
 * The documents against the code: every key, event, cause and fate is in
 * events.md, every file that a document names is there, and every folder and
 * every page is told of. Runs in the top folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/obituary.h"
#include "core/teardown.h"
#include "sink/ending.h"

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

/* What no filter knows has no row: keys as the JSON itself has them. */
static void keys_of_teardown(void **state)
{
	const char *text = text_of("docs/events.md"), *p, *end;
	struct teardown t = {
		.off_known = true,
		.nr_elsewhere = 1,
		.elsewhere = { { .phase = OBIT_PHASE_MM_UNMAP, .tgid = 1 } },
	};
	struct buf json = BUF_INIT;
	char own[64], inner[64];
	unsigned int nr = 0;

	(void)state;
	ending_json(&json, &t);
	for (p = buf_str(&json); (p = strchr(p, '"')); p = end + 1) {
		end = strchr(p + 1, '"');
		assert_non_null(end);
		if (end[1] != ':')
			continue;
		snprintf(own, sizeof(own), "`teardown.%.*s", (int)(end - p - 1),
			 p + 1);
		snprintf(inner, sizeof(inner), "`%.*s`", (int)(end - p - 1),
			 p + 1);
		if (!strstr(text, own) && !strstr(text, inner))
			fail_msg("docs/events.md does not tell of %s", own);
		nr++;
	}
	assert_true(nr > 6);
	buf_free(&json);
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

/* Does the document name whatever of this kind is in the folder? */
static void tells_of(const char *document, const char *folder, mode_t kind)
{
	const char *text = text_of(document);
	struct dirent *e;
	DIR *dir = opendir(folder);
	unsigned int nr = 0;
	struct stat st;
	char path[300];

	if (!dir)
		fail_msg("%s: %s", folder, strerror(errno));
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (strchr("._", e->d_name[0]) || stat(path, &st) ||
		    (st.st_mode & S_IFMT) != kind)
			continue;
		if (!strstr(text, path))
			fail_msg("%s does not tell of %s", document, path);
		nr++;
	}
	closedir(dir);
	assert_true(nr > 0);
}

static void all_is_told(void **state)
{
	(void)state;
	tells_of("docs/adding.md", "user", S_IFDIR);
	tells_of("docs/adding.md", "tests", S_IFDIR);
	tells_of("README.md", "docs", S_IFREG);
}

/* [text](path), as seen from the folder that the document is in. */
static void links_of(const char *folder, const char *document)
{
	char path[512], *p, *end;

	snprintf(path, sizeof(path), "%s/%s", folder, document);
	for (p = text_of(path); (p = strstr(p, "]("));) {
		p += 2;
		end = p + strcspn(p, ")# ");
		if (!strncmp(p, "https://", 8) || end == p)
			continue;
		snprintf(path, sizeof(path), "%s/%.*s", folder, (int)(end - p),
			 p);
		if (access(path, F_OK))
			fail_msg("%s/%s links to %s, which is not there",
				 folder, document, path);
	}
}

static void links(void **state)
{
	struct dirent *e;
	DIR *dir = opendir("docs");
	size_t len;

	(void)state;
	links_of(".", "README.md");
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		len = strlen(e->d_name);
		if (len > 3 && !strcmp(e->d_name + len - 3, ".md"))
			links_of("docs", e->d_name);
	}
	closedir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events), cmocka_unit_test(keys_of_teardown),
		cmocka_unit_test(paths),  cmocka_unit_test(all_is_told),
		cmocka_unit_test(links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
