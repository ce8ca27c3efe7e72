// SPDX-License-Identifier: GPL-2.0-only
/*
 * freezer: who is frozen together with a cgroup.
 * The state of a task does not tell: what v1 froze is D as in any uninterruptible
 * sleep, what v2 froze is S, and both seem to be in the system call that they
 * were in. The cgroup does: it says frozen when all that is in it is, and so only
 * where freezing was asked for there or further out. By whom is another file's
 * to say: one further out may wait for somebody in it for ever, and never say
 * that it is frozen. Never judges.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "freezer.h"
#include "procfs.h"

/*
 * @file: of each cgroup but the root
 * @line: of it, of one that is frozen
 * @asked: the file that is 1 of one that was itself asked to freeze
 * @root: what of the hierarchy is mounted, "" for all; paths begin with it
 */
struct hierarchy {
	const char *file, *line, *asked;
	int fd;			/* -1: mounted nowhere */
	char root[1024];
};

static struct hierarchy v1 = { .file = "freezer.state",
			       .line = "FROZEN\n",
			       .asked = "freezer.self_freezing",
			       .fd = -1 };
static struct hierarchy v2 = { .file = "cgroup.events",
			       .line = "frozen 1\n",
			       .asked = "cgroup.freeze",
			       .fd = -1 };

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",\n");
		if (len == n && !memcmp(list, word, n))
			return true;
		if (list[len] == '\n')
			break;
	}
	return false;
}

/*
 * "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer"
 * A mount point with a blank, written \040, is not found: nobody has one.
 */
static void look_at_mount(const char *line)
{
	const char *type = strstr(line, " - "), *options = strrchr(line, ' ');
	struct hierarchy *h = NULL;
	char root[1024], at[1024];

	if (!type || sscanf(line, "%*s %*s %*s %1023s %1023s", root, at) != 2)
		return;
	if (!strncmp(type, " - cgroup2 ", 11))
		h = &v2;
	else if (!strncmp(type, " - cgroup ", 10) &&
		 has_word(options + 1, "freezer"))
		h = &v1;
	/* One with all of the hierarchy is better than one with less; "/.." is
	 * outside of our cgroup namespace, where paths have other names. */
	if (!h || (h->fd >= 0 && !h->root[0]) || !strncmp(root, "/..", 3))
		return;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(h->root, sizeof(h->root), "%s", strcmp(root, "/") ? root : "");
}

static void find_mounts(void)
{
	static bool done;
	FILE *f = done ? NULL : fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;

	done = true;
	while (f && getline(&line, &cap, f) > 0)
		look_at_mount(line);
	free(line);
	if (f)
		fclose(f);
}

/* The path has len bytes; that of the root, which is never frozen, has none. */
static bool says(const struct hierarchy *h, const char *path, size_t len,
		 const char *name, const char *line)
{
	size_t root = strlen(h->root);
	char file[4096 + 64], text[512];
	ssize_t n;
	int fd;

	if (len <= root || len > 4096 || memcmp(path, h->root, root) ||
	    path[root] != '/')
		return false;
	snprintf(file, sizeof(file), ".%.*s/%s", (int)(len - root), path + root,
		 name);
	fd = openat(h->fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, line);
}

static bool is_frozen(const struct hierarchy *h, const char *path, size_t len)
{
	return says(h, path, len, h->file, h->line);
}

/* Each of them keeps it so, whatever the others are told. */
static void add_asked(const struct hierarchy *h, const char *path, size_t len,
		      struct buf *out)
{
	size_t to;

	for (to = 1; to <= len; to++)
		if ((to == len || path[to] == '/') &&
		    says(h, path, to, h->asked, "1\n")) {
			buf_add(out, path, to);
			buf_addc(out, '\0');
		}
}

bool freezer_holds(uint32_t tgid, uint32_t tid, struct buf *cgroups,
		   bool *from_outside)
{
	const struct hierarchy *h;
	char text[8192], *line, *list, *path, *rest = text;
	size_t len;

	find_mounts();
	if (procfs_read(tgid, tid, "cgroup", text, sizeof(text)) < 0)
		return false;
	/* "6:freezer:/x", "0::/x": number, v1 controllers, path */
	while ((line = strsep(&rest, "\n"))) {
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!path || !strncmp(path + 1, "/..", 3))
			continue;
		*path++ = '\0';
		h = list[1] ? &v1 : &v2;
		len = strlen(path);
		if (h->fd < 0 || (h == &v1 && !has_word(list + 1, "freezer")) ||
		    !is_frozen(h, path, len))
			continue;
		buf_clear(cgroups);
		add_asked(h, path, len, cgroups);
		*from_outside = !cgroups->len;
		/* Or has it been thawed meanwhile? */
		if (*from_outside && !is_frozen(h, path, len))
			continue;
		if (*from_outside)
			buf_add(cgroups, path, len + 1);
		return true;
	}
	return false;
}
