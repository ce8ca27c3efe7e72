// SPDX-License-Identifier: GPL-2.0-only
/*
 * run_as: whom `obit run` runs its command as, and whose its report is.
 * Owns what --user, --as-root and sudo mean together. Never forks.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <unistd.h>
#include "cmd/run_as.h"
#include "lib/log.h"

int run_as(const char *user, bool as_root, struct account *a)
{
	int err;

	if (user && as_root) {
		log_error("--user and --as-root: one of the two");
		return -EINVAL;
	}
	if (as_root)
		return 0;
	err = user ? account_find(user, a) : account_of_sudo(a);
	if (!user && err == -ESRCH)
		return 0;
	if (err == -ENOENT)
		log_error("--user=%s: /etc/passwd has no such user", user);
	else if (err == -EINVAL)
		log_error(
			"SUDO_UID and SUDO_GID are not two ids: give --user or --as-root");
	else if (err)
		log_error("out of memory");
	return err ? err : 1;
}

int run_open_as(const struct account *as, const char *path, int flags)
{
	gid_t groups[1024], gid = getegid();
	uid_t uid = geteuid();
	int nr = getgroups(1024, groups), fd = -1, err;

	if (!as)
		return open(path, flags | O_CLOEXEC, 0666);
	if (nr < 0 || setgroups(as->nr_groups, as->groups))
		return -1;
	if (!setegid(as->gid) && !seteuid(as->uid))
		fd = open(path, flags | O_CLOEXEC, 0666);
	err = errno;
	/* The way back can not fail: the saved ids are still ours. */
	if (seteuid(uid) || setegid(gid) || setgroups((size_t)nr, groups))
		_exit(125);
	errno = err;
	return fd;
}
