// SPDX-License-Identifier: GPL-2.0-only
/*
 * enrich_cgroup: the names of the cgroups that are there when we start.
 * Owns the walk over every mounted hierarchy. Later ones come by tracepoint.
 * Never mounts in anybody's sight, never writes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cgroup_mounts.h"
#include "enrich.h"
#include "enrich_priv.h"

#define DEPTH_MAX 64
/* A machine with more cgroups than this has other troubles; bounds the scan. */
#define CGROUPS_MAX 1000000

struct walk {
	struct enrich *e;
	uint32_t hierarchy, root;
	char path[4096];
	unsigned int left;
	bool seen_v2;
};

static int emit_named(struct walk *w, uint64_t id, size_t len)
{
	struct obit_cgroup *c;

	c = enrich_begin(w->e, OBIT_EV_CGROUP, sizeof(*c) + len);
	c->id = id;
	c->hierarchy = w->hierarchy;
	c->root = w->root;
	c->kind = OBIT_CGROUP_NAMED;
	c->path_len = (__u32)len;
	memcpy(c->data, w->path, len);
	return enrich_emit(w->e);
}

/* Takes fd over. w->path[0..len) is its path, "" for the root. */
static int walk(struct walk *w, int fd, size_t len, unsigned int depth)
{
	struct dirent *d;
	struct stat st;
	size_t name;
	int err, sub;
	DIR *dir;

	dir = fdopendir(fd);
	if (!dir || fstat(fd, &st) || !w->left || depth > DEPTH_MAX) {
		if (dir)
			closedir(dir);
		else
			close(fd);
		return 0;
	}
	w->left--;
	if (!len)
		w->path[0] = '/';
	/* kernfs: the inode number is the cgroup's id (since 5.5, whole). */
	err = emit_named(w, st.st_ino, len ? len : 1);
	while (!err && (d = readdir(dir))) {
		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") ||
		    !strcmp(d->d_name, ".."))
			continue;
		name = strlen(d->d_name);
		if (len + 1 + name >= sizeof(w->path))
			continue;
		sub = openat(fd, d->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0)
			continue;	/* gone already */
		w->path[len] = '/';
		memcpy(w->path + len + 1, d->d_name, name);
		err = walk(w, sub, len + 1 + name, depth + 1);
	}
	closedir(dir);
	return err;
}

/* The kernel's number of a v1 hierarchy: "9:name=systemd:/" in our own. */
static uint32_t hierarchy_id(const char *controller)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	uint32_t id = 0xffffffff;
	char line[8192], *colon, *end;

	while (f && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		end = colon ? strchr(colon + 1, ':') : NULL;
		if (!end)
			continue;
		*end = '\0';
		if (cgroup_list_has(colon + 1, controller)) {
			id = (uint32_t)strtoul(line, NULL, 10);
			break;
		}
	}
	if (f)
		fclose(f);
	return id;
}

static void which_hierarchy(struct walk *w, const char *options)
{
	static const struct {
		const char *controller;
		enum obit_hierarchy hierarchy;
	} v1[] = {
		{ "memory", OBIT_HIER_MEMORY },
		{ "pids", OBIT_HIER_PIDS },
		{ "name=systemd", OBIT_HIER_SYSTEMD },
	};
	size_t i;

	w->hierarchy = OBIT_HIER_NONE;
	w->root = 0xffffffff;
	for (i = 0; i < sizeof(v1) / sizeof(v1[0]); i++)
		if (cgroup_list_has(options, v1[i].controller)) {
			w->hierarchy = v1[i].hierarchy;
			w->root = hierarchy_id(v1[i].controller);
			return;
		}
}

static int walk_mount(const struct cgroup_mount *m, void *ctx)
{
	struct walk *w = ctx;
	size_t len = strlen(m->root);
	int fd;

	if (m->v2) {
		w->seen_v2 = true;
		w->hierarchy = OBIT_HIER_UNIFIED;
		w->root = 0;
	} else {
		which_hierarchy(w, m->options);
	}
	if (len >= sizeof(w->path) || cgroup_is_outside(m->root))
		return 0;
	memcpy(w->path, m->root, len);
	fd = open(m->at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? 0 : walk(w, fd, len, 0);
}

#ifndef FSCONFIG_CMD_CREATE
#define FSCONFIG_CMD_CREATE 6
#endif

/* cgroup2 that is mounted nowhere: a mount that nobody else can see (5.2). */
static int open_detached_v2(void)
{
	int fs = (int)syscall(SYS_fsopen, "cgroup2", 1 /* CLOEXEC */);
	int mnt = -1, fd = -1;

	if (fs < 0)
		return -1;
	if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mnt = (int)syscall(SYS_fsmount, fs, 1 /* CLOEXEC */, 0);
	if (mnt >= 0) {
		fd = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(mnt);
	}
	close(fs);
	return fd;
}

int enrich_cgroups(struct enrich *e)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err, fd;

	if (!w)
		return -ENOMEM;
	w->e = e;
	w->left = CGROUPS_MAX;
	err = cgroup_mounts_each(walk_mount, w);
	if (!err && !w->seen_v2) {
		fd = open_detached_v2();
		w->hierarchy = OBIT_HIER_UNIFIED;
		w->root = 0;
		err = fd < 0 ? 0 : walk(w, fd, 0, 0);
	}
	free(w);
	return err;
}
