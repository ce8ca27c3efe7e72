// SPDX-License-Identifier: GPL-2.0-only
/*
 * account: a user of this machine, and becoming one.
 * Owns what /etc/passwd, /etc/group and sudo's variables say. Asks no name
 * service.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "account.h"
#include "opts.h"

#define ANCESTORS_MAX 16

void account_free(struct account *a)
{
	free(a->groups);
	free(a->name);
	free(a->home);
	free(a->shell);
	memset(a, 0, sizeof(*a));
}

static int add_group(struct account *a, gid_t gid)
{
	gid_t *v;
	size_t i;

	for (i = 0; i < a->nr_groups; i++)
		if (a->groups[i] == gid)
			return 0;
	v = realloc(a->groups, (a->nr_groups + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	a->groups = v;
	a->groups[a->nr_groups++] = gid;
	return 0;
}

static int take_passwd(struct account *a, const struct passwd *pw)
{
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	a->name = strdup(pw->pw_name);
	a->home = strdup(pw->pw_dir);
	a->shell = strdup(pw->pw_shell);
	return a->name && a->home && a->shell ? 0 : -ENOMEM;
}

/* name or, if that is NULL, uid */
static int find_passwd(struct account *a, const char *name, uid_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw;
	int err = -ENOENT;

	while (f && err == -ENOENT && (pw = fgetpwent(f)))
		if (name ? !strcmp(pw->pw_name, name) : pw->pw_uid == uid)
			err = take_passwd(a, pw);
	if (f)
		fclose(f);
	return err;
}

static int find_groups(struct account *a)
{
	FILE *f = fopen("/etc/group", "re");
	struct group *g;
	char **m;
	int err = add_group(a, a->gid);

	while (f && a->name && !err && (g = fgetgrent(f)))
		for (m = g->gr_mem; *m && !err; m++)
			if (!strcmp(*m, a->name))
				err = add_group(a, g->gr_gid);
	if (f)
		fclose(f);
	return err;
}

int account_find(const char *user, struct account *a)
{
	uint64_t uid;
	int err;

	memset(a, 0, sizeof(*a));
	err = find_passwd(a, user, 0);
	if (err == -ENOENT && !parse_u64(user, &uid) && uid < UINT32_MAX)
		err = find_passwd(a, NULL, (uid_t)uid);
	if (!err)
		err = find_groups(a);
	if (err)
		account_free(a);
	return err;
}

/* --- sudo ----------------------------------------------------------------------- */

/*
 * /proc/PID/status: the parent, whether all four uids are `uid`, and if so the
 * groups. Only root's and the kernel's word is in there.
 */
static int look_at(pid_t pid, uid_t uid, struct account *a, pid_t *parent)
{
	char path[48], *line = NULL, *p, *end;
	unsigned int id[4] = { 0 };
	bool ours = false;
	size_t cap = 0;
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	*parent = 0;
	f = fopen(path, "re");
	if (!f)
		return -ENOENT;
	while (!err && getline(&line, &cap, f) > 0) {
		if (!strncmp(line, "PPid:", 5))
			*parent = (pid_t)strtol(line + 5, NULL, 10);
		else if (sscanf(line, "Uid: %u %u %u %u", &id[0], &id[1],
				&id[2], &id[3]) == 4)
			ours = id[0] == uid && id[1] == uid && id[2] == uid;
		if (!ours || strncmp(line, "Groups:", 7))
			continue;
		for (p = line + 7; !err; p = end) {
			gid_t gid = (gid_t)strtoul(p, &end, 10);

			if (end == p)
				break;
			err = add_group(a, gid);
		}
	}
	free(line);
	fclose(f);
	return err ? err : ours ? 0 : -ESRCH;
}

/* Whoever typed `sudo` has the groups that count, name service or not. */
static int groups_of_caller(struct account *a)
{
	pid_t pid = getppid(), parent;
	int i, err = -ESRCH;

	for (i = 0; i < ANCESTORS_MAX && pid > 0 && err == -ESRCH; i++) {
		err = look_at(pid, a->uid, a, &parent);
		pid = parent;
	}
	return err;
}

static int env_id(const char *name, uint32_t *id)
{
	const char *text = getenv(name);
	uint64_t v;

	if (!text)
		return -ESRCH;
	if (parse_u64(text, &v) || v >= UINT32_MAX)
		return -EINVAL;
	*id = (uint32_t)v;
	return 0;
}

int account_of_sudo(struct account *a)
{
	const char *name = getenv("SUDO_USER");
	uint32_t uid = 0, gid = 0;
	int err;

	memset(a, 0, sizeof(*a));
	if (geteuid())
		return -ESRCH;
	err = env_id("SUDO_UID", &uid);
	if (!err && !uid)
		err = -ESRCH;
	if (!err && env_id("SUDO_GID", &gid))
		err = -EINVAL;
	if (err)
		return err;
	err = find_passwd(a, NULL, uid);
	a->uid = uid;
	a->gid = gid;
	if (err == -ENOENT && name) {
		a->name = strdup(name);
		err = a->name ? 0 : -ENOMEM;
	}
	if (!err || err == -ENOENT)
		err = groups_of_caller(a);
	if (err && err != -ENOMEM)
		err = find_groups(a);
	if (err)
		account_free(a);
	return err;
}

/* --- becoming ------------------------------------------------------------------- */

static int put_env(const char *name, const char *value)
{
	return (value ? setenv(name, value, 1) : unsetenv(name)) ? -errno : 0;
}

int account_become(const struct account *a)
{
	static const char *const sudo[] = { "SUDO_UID", "SUDO_GID", "SUDO_USER",
					    "SUDO_COMMAND", "SUDO_HOME" };
	size_t i;
	int err;

	if (setgroups(a->nr_groups, a->groups) ||
	    setresgid(a->gid, a->gid, a->gid) ||
	    setresuid(a->uid, a->uid, a->uid))
		return -errno;
	err = put_env("HOME", a->home);
	if (!err)
		err = put_env("USER", a->name);
	if (!err)
		err = put_env("LOGNAME", a->name);
	if (!err)
		err = put_env("SHELL", a->shell);
	for (i = 0; i < sizeof(sudo) / sizeof(sudo[0]) && !err; i++)
		err = put_env(sudo[i], NULL);
	return err;
}
