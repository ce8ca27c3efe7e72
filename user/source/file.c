// SPDX-License-Identifier: GPL-2.0-only
/*
 * file: a recorded stream, read back.
 * Owns the refusal of what is no recording, damaged, cut short or too new, by
 * a sentence that names the place. Every good record before that place is
 * delivered. Never waits, never asks the system anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/event.h"
#include "core/recording.h"
#include "lib/log.h"
#include "source/source.h"

#define CHUNK (256 * 1024)

struct source {
	int fd;
	char path[256];
	struct recording_head head;
	char *buf;		/* CHUNK bytes, 8-byte aligned by malloc */
	size_t at, len;		/* unread bytes are buf[at..len) */
	uint64_t offset;	/* of buf[at] in the file */
	bool eof;
	bool teardown;		/* it was recorded with --teardown */
};

/* Moves the rest to the front and reads on. at stays a multiple of 8: so do
 * all lengths before it. */
static int refill(struct source *s)
{
	ssize_t n;

	memmove(s->buf, s->buf + s->at, s->len - s->at);
	s->len -= s->at;
	s->at = 0;
	while (s->len < CHUNK && !s->eof) {
		n = read(s->fd, s->buf + s->len, CHUNK - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			log_error("cannot read %s: %s", s->path,
				  strerror(errno));
			return (int)n;
		}
		s->eof = !n;
		s->len += (size_t)n;
		/* A pipe's writer is not kept waiting for a full chunk. */
		if (s->len - s->at >= OBIT_RECORD_MAX)
			break;
	}
	return 0;
}

static int read_head(struct source *s)
{
	struct buf why = BUF_INIT;
	int err = refill(s);

	if (err)
		return err;
	err = recording_head_check(&s->head, s->buf, s->len, &why);
	if (err == -EAGAIN) {
		buf_adds(&why, s->len ? "it is cut short within its head" :
					"it is empty");
		err = -EBADMSG;
	}
	if (err)
		log_error("cannot replay %s: %s", s->path, buf_str(&why));
	else
		s->at = s->head.head_len;
	s->offset = s->at;
	buf_free(&why);
	return err;
}

static void file_close(struct source *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s->buf);
	free(s);
}

/* A source that tells of teardowns says so before the first process: only the
 * clock and the names of cgroups come earlier. */
static bool tells_teardowns(const struct source *s)
{
	const struct obit_hdr *h;
	size_t at = s->at;
	long len;

	for (; at < s->len; at += (size_t)len) {
		h = (const void *)(s->buf + at);
		len = event_check(h, s->len - at);
		if (len < 0 || h->type == OBIT_EV_TASK)
			break;
		if (len > 0 && h->type == OBIT_EV_TEARDOWN &&
		    !((const struct obit_teardown *)h)->task.tgid)
			return true;
		len = h->len;
	}
	return false;
}

static int file_open(struct source **out, const struct source_opts *o)
{
	bool is_stdin = !strcmp(o->path, "-");
	struct source *s = calloc(1, sizeof(*s));
	struct stat st;
	int err = -ENOMEM;

	if (!s)
		goto nomem;
	s->fd = STDIN_FILENO;
	s->buf = malloc(CHUNK);
	if (!s->buf)
		goto nomem;
	snprintf(s->path, sizeof(s->path), "%s",
		 is_stdin ? "standard input" : o->path);
	if (!is_stdin)
		s->fd = open(o->path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0) {
		err = errno == EACCES || errno == EPERM ? -errno : -ENOENT;
		log_error("cannot open %s: %s", s->path, strerror(errno));
		goto out;
	}
	if (!fstat(s->fd, &st) && S_ISDIR(st.st_mode)) {
		log_error("cannot replay %s: it is a directory", s->path);
		err = -ENOENT;
		goto out;
	}
	err = read_head(s);
	if (err)
		goto out;
	s->teardown = tells_teardowns(s);
	*out = s;
	return 0;
nomem:
	log_error("out of memory");
out:
	if (s)
		file_close(s);
	return err;
}

static void file_info(struct source *s, struct source_info *info)
{
	memset(info, 0, sizeof(*info));
	info->teardown = s->teardown;
	info->tier = (enum tier)s->head.tier;
	info->source = (enum obituary_source)s->head.source;
	snprintf(info->text, sizeof(info->text),
		 "recording of %s, %s, Linux %s", source_names[info->source],
		 tier_names[info->tier],
		 s->head.release[0] ? s->head.release : "?");
}

static int file_fd(struct source *s)
{
	(void)s;
	return -1;
}

static int at_end(struct source *s)
{
	if (s->at == s->len)
		return -ENODATA;
	log_error("%s is cut short: the record at byte %llu is not whole; everything before it has been read",
		  s->path, (unsigned long long)s->offset);
	return -EBADMSG;
}

/* One chunk a call, so that the caller can look at signals in between. */
static int file_read(struct source *s, const struct emit *to)
{
	int nr = 0, err;
	long len;

	err = refill(s);
	if (err)
		return err;
	while (s->at < s->len) {
		const void *p = s->buf + s->at;

		len = event_check(p, s->len - s->at);
		if (len == -EAGAIN)
			break;
		if (len < 0) {
			/* What stands before it is delivered first. */
			if (nr)
				return nr;
			log_error("%s is damaged: at byte %llu stands no record of obit; everything before it has been read",
				  s->path, (unsigned long long)s->offset);
			return -EBADMSG;
		}
		if (len > 0) {
			err = to->event(to->ctx, p);
			nr++;
		} else {
			len = ((const struct obit_hdr *)p)->len;
		}
		s->at += (size_t)len;
		s->offset += (size_t)len;
		if (err)
			return err;
	}
	if (!nr && s->eof)
		return at_end(s);
	return nr;
}

const struct source_type file_source = {
	.name = "file",
	.checked = true,
	.open = file_open,
	.info = file_info,
	.fd = file_fd,
	.read = file_read,
	.close = file_close,
};
