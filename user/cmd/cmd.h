/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmd: what a subcommand is. One file exports `const struct cmd cmd_<name>`,
 * one row of user/main.c lists it; help, man page and completion derive from
 * the struct. Never a place for work: that is each command's file.
 *
 * main parses the command line with the command's groups and the global ones
 * (-h -V -v), and then calls run() with what is left.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include "lib/opts.h"

struct cmd {
	const char *name;
	const char *summary;	/* one line for `obit --help`, no full stop */
	const char *operands;	/* "[TGID...]" for the usage line, or NULL */
	const char *about;	/* paragraphs for --help and the man page; '\n'
				 * ends one; wrapped to the terminal */
	const char *const *examples;	/* pairs: command line, what it does;
					 * ends with NULL; or NULL */
	const struct opts_group *groups;	/* or NULL */
	unsigned int opts_flags;	/* OPTS_STOP, OPTS_NUMBERS */
	int min_operands;
	int max_operands;	/* -1: any number */
	/* 0: own failures end in sysexits; else this status (125 in run and
	 * wait, whose status belongs to what they ran). Where operands need not
	 * be: after a `--` alone. */
	int own_failure;
	/*
	 * Operands only: argv[0] is the first, argv[argc] is NULL. Returns the
	 * exit status (sysexits.h). A failure has been told on stderr, by
	 * log_error(), in one sentence.
	 */
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_trace, cmd_explain, cmd_doctor;
extern const struct cmd cmd_run, cmd_profile;
extern const struct cmd cmd_wait, cmd_zombies, cmd_pdeath;

/*
 * The sysexits status for a negative errno: -EPERM -EACCES 77, -ENOMEM 71,
 * -EPIPE -EIO -EBADF -ENOSPC -EFBIG -EDQUOT and what a path can be that cannot be
 * opened (-EISDIR -ENOTDIR -ELOOP -ENAMETOOLONG -EROFS -ETXTBSY) 74, -EINVAL 64,
 * -EBADMSG -EPROTO 65, -ENODEV -EOPNOTSUPP -ENOSYS -ENOPKG 69, anything else 70.
 * 0 is 0.
 * -ENOENT is 66: an input that is not there.
 */
int cmd_exit_status(int err);

#endif
