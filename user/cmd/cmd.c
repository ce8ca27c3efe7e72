// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd: what all subcommands share.
 * Owns the way from a negative errno to a sysexits status. Never more.
 */
#include <errno.h>
#include <sysexits.h>
#include "cmd.h"

int cmd_exit_status(int err)
{
	switch (-err) {
	case 0:
		return EX_OK;
	case EINVAL:
		return EX_USAGE;
	case EBADMSG:
	case EPROTO:
		return EX_DATAERR;
	case ENOENT:
		return EX_NOINPUT;
	case ENODEV:
	case ENOSYS:
	case ENOPKG:
	case EOPNOTSUPP:
		return EX_UNAVAILABLE;
	case ENOMEM:
		return EX_OSERR;
	case EPIPE:
	case EIO:
	case EBADF:
	case ENOSPC:
	case EFBIG:
	case EDQUOT:
	case EISDIR:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case EROFS:
	case ETXTBSY:
		return EX_IOERR;
	case EPERM:
	case EACCES:
		return EX_NOPERM;
	default:
		return EX_SOFTWARE;
	}
}
