// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup_mounts: which cgroup hierarchies are mounted, what of them, and where.
 * In a container that is often less than all of one. Never mounts, never opens
 * one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup_mounts.h"

bool cgroup_list_has(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; *list && *list != '\n'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",\n");
		if (len == n && !memcmp(list, word, n))
			return true;
	}
	return false;
}

bool cgroup_is_outside(const char *path)
{
	return !strncmp(path, "/..", 3) && (path[3] == '/' || !path[3]);
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' &&
	       s[2] >= '0' && s[2] <= '7';
}

/* mountinfo writes blank, tab, newline and backslash as \040 and so on: of the
 * last there is one wherever systemd escapes a name of its own. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && is_octal(s + 1)) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/*
 * "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate"
 * The fourth field is what of the hierarchy is mounted there.
 */
static bool parse(char *line, struct cgroup_mount *m)
{
	char *part[5], *type, *options, *p = line;
	int i;

	line[strcspn(line, "\n")] = '\0';
	type = strstr(line, " - ");
	options = strrchr(line, ' ');
	for (i = 0; i < 5; i++)
		part[i] = strsep(&p, " ");
	if (!type || !p)
		return false;
	type += 3;
	m->v2 = !strncmp(type, "cgroup2 ", 8);
	if (!m->v2 && strncmp(type, "cgroup ", 7) != 0)
		return false;
	unescape(part[3]);
	unescape(part[4]);
	m->options = options + 1;
	m->root = strcmp(part[3], "/") ? part[3] : "";
	m->at = part[4];
	return true;
}

int cgroup_mounts_each(int (*fn)(const struct cgroup_mount *m, void *ctx),
		       void *ctx)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	struct cgroup_mount m;
	char *line = NULL;
	size_t cap = 0;
	int err = 0;

	while (f && !err && getline(&line, &cap, f) > 0)
		if (parse(line, &m))
			err = fn(&m, ctx);
	free(line);
	if (f)
		fclose(f);
	return err;
}
