// SPDX-License-Identifier: GPL-2.0-only
/*
 * names: user names of uids, and back.
 * Owns a copy of /etc/passwd, read again when it has changed. Asks no name
 * service.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "names.h"

#define PASSWD "/etc/passwd"
#define LOOK_AGAIN_S 5
#define NAME_LEN 33	/* useradd's limit, and the NUL */
#define NAMES_MAX 65536

struct name {
	uint32_t uid;
	char name[NAME_LEN];
};

static struct {
	struct name *v;		/* sorted by uid; the first of a uid is kept */
	size_t nr;
	struct timespec mtime;
	time_t looked;
} names;

static int by_uid(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static void read_passwd(void)
{
	FILE *f = fopen(PASSWD, "re");
	struct passwd *pw;
	struct name *v;
	size_t cap = 0;

	names.nr = 0;
	while (f && names.nr < NAMES_MAX && (pw = fgetpwent(f))) {
		if (names.nr == cap) {
			cap = cap ? cap * 2 : 64;
			v = realloc(names.v, cap * sizeof(*v));
			if (!v)
				break;
			names.v = v;
		}
		names.v[names.nr].uid = pw->pw_uid;
		snprintf(names.v[names.nr].name, NAME_LEN, "%s", pw->pw_name);
		names.nr++;
	}
	if (f)
		fclose(f);
	if (names.nr)
		qsort(names.v, names.nr, sizeof(*names.v), by_uid);
}

static void look(void)
{
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (names.looked && now.tv_sec - names.looked < LOOK_AGAIN_S)
		return;
	names.looked = now.tv_sec ? now.tv_sec : 1;
	if (stat(PASSWD, &st))
		return;
	if (names.v && st.st_mtim.tv_sec == names.mtime.tv_sec &&
	    st.st_mtim.tv_nsec == names.mtime.tv_nsec)
		return;
	names.mtime = st.st_mtim;
	read_passwd();
}

const char *user_name(uint32_t uid)
{
	struct name key = { .uid = uid }, *n;

	look();
	if (!names.nr)
		return NULL;
	n = bsearch(&key, names.v, names.nr, sizeof(*names.v), by_uid);
	return n ? n->name : NULL;
}

int user_id(const char *name, uint32_t *uid)
{
	size_t i;

	look();
	for (i = 0; i < names.nr; i++)
		if (!strcmp(names.v[i].name, name)) {
			*uid = names.v[i].uid;
			return 0;
		}
	return -ENOENT;
}
