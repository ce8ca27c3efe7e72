// SPDX-License-Identifier: GPL-2.0-only
/*
 * pidfd: a hold on one process, whatever becomes of its number.
 * Owns the system calls that the C library may not know. Never waits for the
 * processes of others.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pidfd.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434	/* one number on every architecture */
#define SYS_pidfd_send_signal 424
#endif

/* struct pidfd_info as of 6.16, whose size tells the kernel how
 * much of it to fill in. */
struct pidfd_info_room {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t exit_code;
	uint32_t coredump_mask, spare;
};
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_room)
#define INFO_PID (1ull << 0)
#define INFO_EXIT (1ull << 3)		/* 6.15, 7477d7dce48a */
#define INFO_COREDUMP (1ull << 4)

#define TRIAL_STATUS 113u

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

/* 0 or a negative errno. */
static int get_info(int fd, uint64_t mask, struct pidfd_info_room *info)
{
	memset(info, 0, sizeof(*info));
	info->mask = mask;
	return ioctl(fd, GET_INFO, info) ? -errno : 0;
}

int pidfd_exit_code(int fd, uint32_t *exit_code)
{
	struct pidfd_info_room info;
	int err = get_info(fd, INFO_EXIT, &info);

	if (err)
		return err == -ESRCH ? -EINVAL : err;
	if (!(info.mask & INFO_EXIT))
		return -ENODATA;
	*exit_code = (uint32_t)info.exit_code;
	return 0;
}

/* Of one that is not reaped, the answer is the same where none will come. */
bool pidfd_keeps_code(void)
{
	static int keeps = -1;
	uint32_t code = 0;
	pid_t child;
	int fd;

	if (keeps >= 0)
		return keeps;
	child = fork();
	if (child < 0)
		return true;
	if (!child)
		_exit(TRIAL_STATUS);
	fd = pidfd_of((uint32_t)child);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (fd < 0)
		return true;
	keeps = !pidfd_exit_code(fd, &code) && code == TRIAL_STATUS << 8;
	close(fd);
	return keeps;
}

uint32_t pidfd_parent(int fd)
{
	struct pidfd_info_room info;

	if (get_info(fd, 0, &info) || !(info.mask & INFO_PID))
		return 0;
	return info.ppid;
}

/*
 * How it would dump core is told of what has memory to dump. The pidfd is of
 * the main thread: if that has ended before the others, it has none.
 */
int pidfd_has_memory(int fd)
{
	struct pidfd_info_room info;
	int err = get_info(fd, INFO_COREDUMP, &info);

	if (err || !(info.mask & INFO_COREDUMP))
		return -ENODATA;
	return info.coredump_mask != 0;
}
