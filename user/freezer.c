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
#include <string.h>
#include <unistd.h>
#include "cgroup_mounts.h"
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
	char root[4096];
};

static struct hierarchy v1 = { .file = "freezer.state",
			       .line = "FROZEN\n",
			       .asked = "freezer.self_freezing",
			       .fd = -1 };
static struct hierarchy v2 = { .file = "cgroup.events",
			       .line = "frozen 1\n",
			       .asked = "cgroup.freeze",
			       .fd = -1 };

static int look_at_mount(const struct cgroup_mount *m, void *ctx)
{
	struct hierarchy *h = m->v2 ? &v2 : &v1;

	(void)ctx;
	if (!m->v2 && !cgroup_list_has(m->options, "freezer"))
		return 0;
	/* One with all of the hierarchy is better than one with less. */
	if ((h->fd >= 0 && !h->root[0]) || cgroup_is_outside(m->root) ||
	    strlen(m->root) >= sizeof(h->root))
		return 0;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = open(m->at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	memcpy(h->root, m->root, strlen(m->root) + 1);
	return 0;
}

static void find_mounts(void)
{
	static bool done;

	if (!done)
		cgroup_mounts_each(look_at_mount, NULL);
	done = true;
}

/* The path has len bytes. The root of all has none of these files, and is never
 * frozen. */
static bool says(const struct hierarchy *h, const char *path, size_t len,
		 const char *name, const char *line)
{
	size_t root = strlen(h->root);
	char file[4096 + 64], text[512];
	ssize_t n;
	int fd;

	if (len < root || len > 4096 || memcmp(path, h->root, root) ||
	    (len > root && path[root] != '/'))
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
		if (!path || cgroup_is_outside(path + 1))
			continue;
		*path++ = '\0';
		h = list[1] ? &v1 : &v2;
		len = strlen(path);
		if (h->fd < 0 ||
		    (h == &v1 && !cgroup_list_has(list + 1, "freezer")) ||
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
