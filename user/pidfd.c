// SPDX-License-Identifier: GPL-2.0-only
/*
 * pidfd: a hold on one process, whatever becomes of its number.
 * Owns the system calls that the C library may not know. Never waits.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "pidfd.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434	/* one number on every architecture */
#define SYS_pidfd_send_signal 424
#endif

/* struct pidfd_info as of 6.15 (7477d7dce48a), its PIDFD_INFO_SIZE_VER0 being
 * enough: the kernel fills in as much as it is given room for. */
struct pidfd_exit_info {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t exit_code;
};
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_exit_info)
#define INFO_EXIT (1ull << 3)

_Static_assert(sizeof(struct pidfd_exit_info) == 64, "PIDFD_INFO_SIZE_VER0");

int pidfd_of(uint32_t tgid)
{
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)tgid, 0);

	return fd < 0 ? -errno : fd;
}

bool pidfd_dead(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Refused is held: whom we may not signal is still there. */
bool pidfd_held(int fd)
{
	return !syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) ||
	       errno != ESRCH;
}

int pidfd_exit_code(int fd, uint32_t *exit_code)
{
	struct pidfd_exit_info info = { .mask = INFO_EXIT };

	if (ioctl(fd, GET_INFO, &info))
		return errno == ESRCH ? -EINVAL : -errno;
	if (!(info.mask & INFO_EXIT))
		return -ENODATA;
	*exit_code = (uint32_t)info.exit_code;
	return 0;
}
