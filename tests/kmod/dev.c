// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/obit as any reader uses it, by read(2) or mapped, and the rules that
 * every frame must keep. Never forgives: the first frame that breaks one ends
 * the reading with a word for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ktest.h"

#define PAGE 4096

int dev_open(int flags)
{
	int fd = open(OBIT_DEV_PATH, O_RDWR | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

int dev_start(int fd, u32 flags, struct obit_dev_start *s)
{
	s->version = OBIT_ABI_VERSION;
	s->flags = flags;
	return ioctl(fd, OBIT_IOC_START, s) ? -errno : 0;
}

int dev_info(int fd, struct obit_dev_info *info)
{
	memset(info, 0xff, sizeof(*info));
	return ioctl(fd, OBIT_IOC_INFO, info) ? -errno : 0;
}

struct obit_dev_info info_now(void)
{
	struct obit_dev_info info = { 0 };
	int fd = dev_open(0);

	if (fd < 0 || dev_info(fd, &info))
		fail("no OBIT_IOC_INFO: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return info;
}

int reader_open_start(struct reader *r, struct obit_dev_start *s, u32 flags,
		      int open_flags)
{
	int ret;

	memset(r, 0, sizeof(*r));
	r->fd = dev_open(open_flags | O_NONBLOCK);
	if (r->fd < 0)
		return r->fd;
	ret = dev_start(r->fd, flags, s);
	r->start = *s;
	if (ret) {
		close(r->fd);
		r->fd = -1;
		return ret;
	}
	r->size = BUF_BYTES;
	r->buf = malloc(r->size);
	return 0;
}

int reader_open(struct reader *r, u32 flags, int open_flags)
{
	struct obit_dev_start s = { 0 };

	return reader_open_start(r, &s, flags, open_flags);
}

int reader_map(struct reader *r)
{
	size_t len = PAGE + r->start.ring_bytes;
	void *ring = mmap(NULL, len, PROT_READ, MAP_SHARED, r->fd, 0), *cursor;

	if (ring == MAP_FAILED)
		return -errno;
	cursor = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      r->start.cursor_offset);
	if (cursor == MAP_FAILED) {
		int err = -errno;

		munmap(ring, len);
		return err;
	}
	r->page = ring;
	r->ring = (const char *)ring + PAGE;
	r->cursor = cursor;
	return 0;
}

void reader_close(struct reader *r)
{
	if (r->page)
		munmap((void *)r->page, PAGE + r->start.ring_bytes);
	if (r->cursor)
		munmap((void *)r->cursor, PAGE);
	if (r->fd >= 0)
		close(r->fd);
	free(r->buf);
	memset(r, 0, sizeof(*r));
	r->fd = -1;
}

/* What obit_dev.h promises of every frame and obit.h of every record. */
static const char *frame_wrong(const struct reader *r,
			       const struct obit_frame *f, size_t room)
{
	const struct obit_hdr *h = frame_hdr(f);

	if (f->size % OBIT_FRAME_ALIGN || f->size < sizeof(*f))
		return "a size that is no multiple of 16";
	if (f->size > room)
		return "a frame longer than what was read";
	if (f->state != OBIT_FRAME_READY)
		return "a frame that is not READY";
	if (h->len % 8 || h->len < sizeof(*h) ||
	    h->len > f->size - sizeof(*f) || h->len > OBIT_RECORD_MAX)
		return "a record that does not fit its frame";
	if (!h->type || h->type >= OBIT_EV_NR)
		return "a record of no known type";
	if (r->frames && f->seq < r->next)
		return "a number that is not above the one before";
	return NULL;
}

static const struct obit_frame *
accept_frame(struct reader *r, const struct obit_frame *f, size_t room)
{
	r->wrong = frame_wrong(r, f, room);
	if (r->wrong)
		return NULL;
	if (!r->frames) {
		r->first = f->seq;
		r->lost_first = frame_hdr(f)->lost;
	} else {
		r->gaps += f->seq - r->next;
	}
	r->lost_last = frame_hdr(f)->lost;
	r->next = f->seq + 1;
	r->frames++;
	return f;
}

static const struct obit_frame *next_read(struct reader *r)
{
	const struct obit_frame *f;

	if (r->at == r->len) {
		ssize_t n = read(r->fd, r->buf, r->size);

		if (n <= 0) {
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				r->wrong = strerror(errno);
			return NULL;
		}
		r->len = n;
		r->at = 0;
	}
	if (r->len - r->at < sizeof(*f) + sizeof(struct obit_hdr)) {
		r->wrong = "read(2) gave a piece of a frame";
		return NULL;
	}
	f = accept_frame(r, (const void *)(r->buf + r->at), r->len - r->at);
	if (f)
		r->at += f->size;
	return f;
}

/* The frame is copied: the place is given back before it is looked at. */
static const struct obit_frame *next_mapped(struct reader *r)
{
	u64 mask = r->start.ring_bytes - 1;
	u64 cursor = r->cursor->cursor;

	for (;;) {
		u64 head = __atomic_load_n(&r->page->head, __ATOMIC_ACQUIRE);
		const struct obit_frame *f =
			(const void *)(r->ring + (cursor & mask));
		u64 room = r->start.ring_bytes - (cursor & mask);
		u32 state;

		if (cursor == head)
			return NULL;
		if (head - cursor > r->start.ring_bytes) {
			r->wrong = "head is further than the ring is long";
			return NULL;
		}
		state = __atomic_load_n(&f->state, __ATOMIC_ACQUIRE);
		if (state == OBIT_FRAME_BUSY)
			return NULL;
		if (f->size > room || f->size > r->size || f->size < 16) {
			r->wrong = "a frame across the end of the ring";
			return NULL;
		}
		memcpy(r->buf, f, f->size);
		cursor += f->size;
		__atomic_store_n(&r->cursor->cursor, cursor, __ATOMIC_RELEASE);
		if (state != OBIT_FRAME_PAD)
			return accept_frame(r, (const void *)r->buf, room);
	}
}

const struct obit_frame *reader_next(struct reader *r)
{
	if (r->wrong)
		return NULL;
	return r->page ? next_mapped(r) : next_read(r);
}
