// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deaths in control groups: one that goes with its last process, one with a
 * container's name, one with a stranger's bytes in it, cgroup.kill.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups.h"
#include "kill.h"

static bool mount_of(const char *controller, char *dir, size_t size)
{
	char dev[256], mnt[512], type[64], opts[512], *o, *tok;
	FILE *f = fopen("/proc/mounts", "re");
	bool found = false;

	while (f && !found &&
	       fscanf(f, "%255s %511s %63s %511s %*d %*d", dev, mnt, type,
		      opts) == 4) {
		if (!strcmp(controller, "unified"))
			found = !strcmp(type, "cgroup2");
		o = opts;
		while (!found && !strcmp(type, "cgroup") &&
		       (tok = strsep(&o, ",")))
			found = !strcmp(tok, controller);
	}
	if (found)
		snprintf(dir, size, "%s", mnt);
	if (f)
		fclose(f);
	return found;
}

bool cgroup_has(const char *controller)
{
	char dir[512];

	return mount_of(controller, dir, sizeof(dir));
}

const char *cgroup_new_raw(const char *controller, const char *name)
{
	char dir[512], *path;

	if (!mount_of(controller, dir, sizeof(dir)))
		case_skip("missing feature: no %s cgroup hierarchy mounted",
			  controller);
	if (asprintf(&path, "%s/%s", dir, name) < 0 || mkdir(path, 0755))
		case_fail("mkdir %s/%s: %m", dir, name);
	return path;
}

const char *cgroup_new(const char *controller, const char *name)
{
	char full[300];

	snprintf(full, sizeof(full), "death-%d-%s", getpid(), name);
	return cgroup_new_raw(controller, full);
}

bool cgroup_write(const char *dir, const char *file, const char *text)
{
	char path[1024];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

void cgroup_enter(const char *dir, pid_t pid)
{
	char num[16];

	snprintf(num, sizeof(num), "%d", pid);
	if (!cgroup_write(dir, "cgroup.procs", num))
		case_fail("cannot move %d to %s: %m", pid, dir);
}

/* A group is empty once its last member is released, on some kernels a
 * moment later. */
static bool removed(void *dir)
{
	return !rmdir(dir) || errno == ENOENT;
}

void cgroup_drop(const char *dir)
{
	if (!wait_until(removed, (void *)dir, 2000))
		case_fail("rmdir %s: %m", dir);
}

static void exits_8(struct victim *v)
{
	victim_hold(v);
	_exit(8);
}

static struct victim *dies_in(const char *dir)
{
	struct victim *v = victim_new("grouped");

	victim_fork(v, exits_8);
	victim_meet(v);
	cgroup_enter(dir, v->pid);
	victim_reread(v);
	victim_go(v);
	victim_wait(v);
	cgroup_drop(dir);
	return v;
}

DEATH_CASE("cgroup_removed", cgroup_removed, 0,
	   "its cgroup is removed as soon as it is reaped")
{
	const char *dir = cgroup_new("unified", "gone");
	struct victim *v = dies_in(dir);
	const char *name = strrchr(dir, '/');

	died_exit(v, 8);
	if (strcmp(json_string_value(json_object_get(v->want, "cgroup")), name))
		case_fail("/proc does not say %s", name);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

DEATH_CASE("cgroup_container", cgroup_container, 0,
	   "a path that shows a container's id")
{
	char name[100], id[65] = ID, num[16];
	struct victim *v;

	/* beside another draw of the same case */
	snprintf(num, sizeof(num), "%08x", getpid());
	memcpy(id, num, 8);
	snprintf(name, sizeof(name), "docker-%s.scope", id);
	v = dies_in(cgroup_new_raw("unified", name));
	died_exit(v, 8);
	expect(v, "container", json_string(id));
}

DEATH_CASE("cgroup_hostile", cgroup_hostile, 0,
	   "quotes, an escape and invalid UTF-8 in a cgroup's name")
{
	struct victim *v =
		dies_in(cgroup_new("unified", "a \"b\" \x1b[31m \xff\\x"));

	died_exit(v, 8);
}

static const char *doomed;

static int by_cgroup_kill(struct victim *k, pid_t target, int sig)
{
	(void)k;
	(void)target;
	(void)sig;
	return cgroup_write(doomed, "cgroup.kill", "1") ? 0 : -1;
}

DEATH_CASE("cgroup_kill", cgroup_kill, 0,
	   "cgroup.kill: SIGKILL to all, by the writer")
{
	struct victim *a = victim_new("first"), *b = victim_new("second"), *k;
	char path[1024];
	json_t *by;

	doomed = cgroup_new("unified", "kill");
	snprintf(path, sizeof(path), "%s/cgroup.kill", doomed);
	if (access(path, W_OK)) {
		rmdir(doomed);
		case_skip("missing feature: no cgroup.kill before 5.14");
	}
	victim_fork(a, hold_for_ever);
	victim_fork(b, hold_for_ever);
	victim_meet(a);
	victim_meet(b);
	cgroup_enter(doomed, a->pid);
	cgroup_enter(doomed, b->pid);
	victim_reread(a);
	victim_reread(b);
	k = killer_new(a, SIGKILL, by_cgroup_kill);
	by = killer_of(k->pid, k->pid, SIGKILL);
	victim_doom(b);
	killer_strike(k, a);
	victim_wait(b);
	died_signal(a, SIGKILL, "cgroup_kill", json_deep_copy(by));
	died_signal(b, SIGKILL, "cgroup_kill", by);
	cgroup_drop(doomed);
}
