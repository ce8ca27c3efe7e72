// SPDX-License-Identifier: GPL-2.0-only
/*
 * out: getting every byte out, or saying that it could not be.
 * Owns short writes, EINTR and the closed pipe. Never exits, never logs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "out.h"

static struct {
	void (*pipe)(int), (*xfsz)(int);	/* as they were */
	bool filled[3];		/* descriptors that were closed */
	bool known;
} before;

void out_init(void)
{
	int fd, flags;

	if (!before.known) {
		before.pipe = signal(SIGPIPE, SIG_IGN);
		/* `ulimit -f`: EFBIG can be told */
		before.xfsz = signal(SIGXFSZ, SIG_IGN);
		before.known = true;
	}
	/*
	 * Started with `>&-`, the next file opened would become fd 1 and get
	 * our output. Filled with the wrong end, a write to it is an error.
	 */
	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
		if (open("/dev/null", flags) < 0)
			return;
		before.filled[fd] = true;
	}
}

/* An ignored signal stays ignored through execve: a child would inherit it. */
void out_child(void)
{
	int fd;

	signal(SIGPIPE, before.pipe);
	signal(SIGXFSZ, before.xfsz);
	for (fd = 0; fd <= 2; fd++)
		if (before.filled[fd])
			close(fd);
}

int out_write(int fd, const void *p, size_t len)
{
	const char *from = p;
	ssize_t n;

	while (len) {
		n = write(fd, from, len);
		if (n > 0) {
			from += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (n == 0) {
			return -EIO;	/* no file of ours answers 0 for ever */
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int out_flush(int fd, struct buf *b)
{
	int err = b->err;

	if (!err)
		err = out_write(fd, b->p, b->len);
	if (!err)
		buf_clear(b);
	return err;
}

const char *out_why(int err)
{
	switch (err) {
	case -EPIPE:
		return "whoever read it has closed it";
	case -ENOSPC:
		return "no space is left on its disk";
	case -EDQUOT:
		return "its disk quota is used up";
	case -EFBIG:
		return "it has reached the largest size allowed";
	case -EBADF:
		return "it is not open";
	case -ENOMEM:
		return "there is no memory for it";
	default:
		return strerror(-err);
	}
}
