/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account: a user of this machine, and becoming one.
 * Owns what /etc/passwd, /etc/group and sudo's variables say. Asks no name
 * service: that could block for seconds, and does not work in a static binary.
 */
#ifndef LIB_ACCOUNT_H
#define LIB_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Strings are malloc'ed; NULL: not known. */
struct account {
	uid_t uid;
	gid_t gid;
	gid_t *groups;		/* supplementary; may be NULL if nr_groups is 0 */
	size_t nr_groups;
	char *name, *home, *shell;
};

/*
 * By name, or by number. 0; -ENOENT: /etc/passwd has no such user; -ENOMEM.
 */
int account_find(const char *user, struct account *a);

/*
 * Who called sudo, with the groups that caller has: those of our nearest
 * ancestor that is the caller's, else what /etc/group says. 0; -ESRCH: not
 * under sudo, or root called it; -EINVAL: the variables are rubbish; -ENOMEM.
 */
int account_of_sudo(struct account *a);

void account_free(struct account *a);

/*
 * For good: groups, gid and uid, all three of each; HOME, USER, LOGNAME, SHELL
 * are the account's, those it has not are unset, and sudo's variables are gone.
 * Between fork and exec. 0 or a negative errno, after which nothing may run.
 */
int account_become(const struct account *a);

#endif
