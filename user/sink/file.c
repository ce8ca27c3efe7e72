// SPDX-License-Identifier: GPL-2.0-only
/*
 * file: the raw records, for replay.
 * Owns the promise that what is in the file is whole: when the disk is full it
 * cuts the file back to the last whole record and says so. Never interprets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "core/recording.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/timefmt.h"
#include "sink/sink.h"

#define FLUSH_AT (256 * 1024)

struct sink {
	int fd;
	const char *path;	/* borrowed */
	struct buf buf;
	uint64_t whole;		/* bytes of whole records on the disk */
	bool regular;
	int err;		/* sticky: after a failure nothing is written */
};

static void read_boot_id(char *to, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, to, size - 1);
	close(fd);
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
}

/* What the status is made of: of an output nothing is missing that one reads,
 * and no device that this machine would need to be watched. */
static int open_failure(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EINVAL:
		return -EIO;
	default:
		return -err;
	}
}

/* The part of buf's first `written` bytes that is whole records. */
static size_t whole_part(const struct buf *b, size_t written, bool head)
{
	const struct obit_hdr *h;
	size_t at = 0, len;

	while (at < b->len) {
		h = (const void *)(b->p + at);
		len = head && !at ? sizeof(struct recording_head) : h->len;
		if (!len || at + len > written)
			break;
		at += len;
	}
	return at;
}

static int fail(struct sink *s, int err)
{
	off_t now = s->regular ? lseek(s->fd, 0, SEEK_CUR) : -1;
	size_t written = 0;

	s->err = err;
	if (now >= 0 && (uint64_t)now >= s->whole)
		written = (size_t)((uint64_t)now - s->whole);
	s->whole += whole_part(&s->buf, written, !s->whole);
	if (s->regular && !ftruncate(s->fd, (off_t)s->whole))
		log_error("cannot write %s: %s; the recording ends after %llu bytes, which are whole",
			  s->path, out_why(err), (unsigned long long)s->whole);
	else
		log_error("cannot write %s: %s; the recording is cut short",
			  s->path, out_why(err));
	return err;
}

static int file_flush(struct sink *s)
{
	size_t len = s->buf.len;
	int err;

	if (s->err)
		return s->err;
	err = s->buf.err ? s->buf.err : out_write(s->fd, s->buf.p, len);
	if (err)
		return fail(s, err);
	s->whole += len;
	buf_clear(&s->buf);
	return 0;
}

static int file_open(struct sink **out, const struct sink_opts *o)
{
	bool is_stdout = !o->path || !strcmp(o->path, "-");
	struct recording_head head;
	struct utsname uts;
	struct stat st;
	struct sink *s;
	int err;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->path = is_stdout ? "standard output" : o->path;
	/* Command lines can hold secrets: nobody else reads the file. */
	s->fd = is_stdout ?
			dup(o->path || o->fd < 0 ? STDOUT_FILENO : o->fd) :
			open(o->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			     0600);
	if (s->fd < 0) {
		err = open_failure(errno);
		log_error("cannot write %s: %s", s->path, strerror(errno));
		free(s);
		return err;
	}
	s->regular = !fstat(s->fd, &st) && S_ISREG(st.st_mode);
	recording_head_init(&head);
	head.tier = o->tier;
	head.source = o->source;
	head.real_ns = real_now();
	head.boot_ns = boot_now();
	read_boot_id(head.boot_id, sizeof(head.boot_id));
	if (!uname(&uts))
		snprintf(head.release, sizeof(head.release), "%.63s",
			 uts.release);
	buf_add(&s->buf, &head, sizeof(head));
	*out = s;
	return 0;
}

static int file_event(struct sink *s, const struct obit_hdr *h)
{
	if (s->err)
		return s->err;
	buf_add(&s->buf, h, h->len);
	return s->buf.len >= FLUSH_AT || s->buf.err ? file_flush(s) : 0;
}

static int file_close(struct sink *s)
{
	int err = file_flush(s);

	/* NFS and quotas tell here and not before. */
	if (close(s->fd) && !err && errno != EINTR) {
		err = -errno;
		log_error("cannot write %s: %s", s->path, out_why(err));
	}
	buf_free(&s->buf);
	free(s);
	return err;
}

const struct sink_type file_sink = {
	.name = "file",
	.open = file_open,
	.event = file_event,
	.flush = file_flush,
	.close = file_close,
};
