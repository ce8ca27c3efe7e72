// SPDX-License-Identifier: GPL-2.0-only
/*
 * kdev: /dev/obit: what the module tells of itself, and the source that reads
 * its records where they stand. Owns opening, mapping, and the losses that the
 * module has counted. Never joins anything, never loads the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/clock.h"
#include "lib/log.h"
#include "source/frames.h"
#include "source/kdev.h"
#include "source/source.h"

#define MISSED_EVERY_NS 1000000000ull

/* --- the device ---------------------------------------------------------------- */

static void set_state(struct kdev *k, enum kdev_state state, int err)
{
	k->state = state;
	k->err = err;
}

int kdev_open(struct kdev *k)
{
	memset(k, 0, sizeof(*k));
	/* Written to by the cursor's mapping. */
	k->fd = open(OBIT_DEV_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (k->fd < 0 && (errno == EPERM || errno == EACCES))
		set_state(k, KDEV_NO_PRIVILEGE, -EPERM);
	else if (k->fd < 0 && (errno == ENOENT || errno == ENXIO ||
			       errno == ENODEV || errno == ENOTDIR))
		set_state(k,
			  access("/sys/module/obit", F_OK) ? KDEV_NOT_LOADED :
							     KDEV_NO_DEVICE,
			  -ENODEV);
	else if (k->fd < 0)
		set_state(k, KDEV_FAILED, -errno);
	else if (ioctl(k->fd, OBIT_IOC_INFO, &k->info))
		set_state(k, KDEV_FAILED, -errno);
	else if (k->info.compat > OBIT_ABI_VERSION ||
		 k->info.version < OBIT_ABI_COMPAT)
		set_state(k, KDEV_OTHER_ABI, -EPROTONOSUPPORT);
	if (k->state == KDEV_FAILED && k->fd >= 0)
		kdev_close(k);
	return k->err;
}

void kdev_close(struct kdev *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

void kdev_why(const struct kdev *k, char *text, unsigned int size)
{
	switch (k->state) {
	case KDEV_OK:
		snprintf(text, size, "the module is loaded");
		break;
	case KDEV_NOT_LOADED:
		snprintf(text, size,
			 "the module obit.ko is not loaded: modprobe obit, or make kmod and insmod it");
		break;
	case KDEV_NO_DEVICE:
		snprintf(text, size,
			 "the module obit.ko is loaded, but there is no " OBIT_DEV_PATH
			 " here: is this a container?");
		break;
	case KDEV_NO_PRIVILEGE:
		snprintf(text, size,
			 "the module obit.ko is for root alone: " OBIT_DEV_PATH
			 " needs CAP_SYS_ADMIN");
		break;
	case KDEV_OTHER_ABI:
		snprintf(text, size,
			 "the module obit.ko %.31s has event ABI %u, for readers from %u on; this obit has %d, and reads from %d on: load the module of this version",
			 k->info.release, k->info.version, k->info.compat,
			 OBIT_ABI_VERSION, OBIT_ABI_COMPAT);
		break;
	case KDEV_FAILED:
		snprintf(text, size, OBIT_DEV_PATH " cannot be opened: %s",
			 strerror(-k->err));
		break;
	}
}

void kdev_hooks(const struct kdev *k, struct kdev_hooks *hooks)
{
	const uint32_t room = sizeof(hooks->hook) / sizeof(hooks->hook[0]);
	struct obit_dev_hook *h;

	for (hooks->nr = 0; hooks->nr < k->info.hooks && hooks->nr < room;
	     hooks->nr++) {
		h = &hooks->hook[hooks->nr];
		memset(h, 0, sizeof(*h));
		h->index = hooks->nr;
		if (ioctl(k->fd, OBIT_IOC_HOOK, h))
			return;
	}
}

bool kdev_is_served(const struct kdev_hooks *hooks,
		    const struct obit_dev_hook *h)
{
	const struct obit_dev_hook *o;

	if (h->state == OBIT_HOOK_ARMED || h->state == OBIT_HOOK_IDLE ||
	    h->state == OBIT_HOOK_UNNEEDED)
		return true;
	for (o = hooks->hook; h->serves && o < hooks->hook + hooks->nr; o++)
		if (o->state == OBIT_HOOK_ARMED && o->serves == h->serves)
			return true;
	return false;
}

/* --- the source ------------------------------------------------------------------ */

/*
 * @lost:    as told so far
 * @before:  records lost between the last collector and this one, to be told
 * @scanned: the tasks that were there have been asked for
 */
struct source {
	struct kdev dev;
	struct frames frames;
	void *ring_map, *cursor_map;
	size_t ring_len, cursor_len;
	uint64_t lost[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR];
	uint64_t missed, missed_at;
	uint32_t before;
	unsigned int hooks, missing;
	bool scanned, resumed, teardown;
};

static void kmod_close(struct source *s)
{
	if (!s)
		return;
	if (s->cursor_map)
		munmap(s->cursor_map, s->cursor_len);
	if (s->ring_map)
		munmap(s->ring_map, s->ring_len);
	kdev_close(&s->dev);
	free(s);
}

/* The module's own reasons to refuse a reader. */
static int cannot_start(int err, const struct source_opts *o)
{
	if (err == -ENODEV)
		log_error(
			"the module obit.ko cannot watch this kernel: a hook it needs is missing (obit doctor shows which)");
	else if (err == -EBUSY && o->lossless)
		log_error("--lossless: another reader of " OBIT_DEV_PATH
			  " has it; only one can");
	else if (err == -EMFILE)
		log_error(OBIT_DEV_PATH " has as many readers as it can have");
	else if (err == -ENOMEM)
		log_error(
			"the kernel has no memory for the module's ring (its parameter ring_bytes)");
	else
		log_error(OBIT_DEV_PATH " cannot be started: %s",
			  strerror(-err));
	return err == -EBUSY || err == -EINVAL || err == -EMFILE ? -EOPNOTSUPP :
								   err;
}

static int start(struct source *s, const struct source_opts *o,
		 struct obit_dev_start *st)
{
	memset(st, 0, sizeof(*st));
	st->version = OBIT_ABI_VERSION;
	st->flags = OBIT_START_TIMED;
	if (o->resume)
		st->flags |= OBIT_START_RESUME | OBIT_START_KEEP;
	if (o->teardown)
		st->flags |= OBIT_START_TEARDOWN;
	if (o->lossless) {
		st->flags |= OBIT_START_LOSSLESS;
		st->scope = (__u32)o->lossless_scope;
		st->scope_id = o->lossless_id;
		st->wait_ms = (__u32)(o->lossless_wait_ns / 1000000);
	}
	if (ioctl(s->dev.fd, OBIT_IOC_START, st))
		return cannot_start(-errno, o);
	s->resumed = st->flags & OBIT_START_RESUME;
	s->teardown = o->teardown;
	return 0;
}

static int map(struct source *s, const struct obit_dev_start *st)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	s->ring_len = page + st->ring_bytes;
	s->ring_map =
		mmap(NULL, s->ring_len, PROT_READ, MAP_SHARED, s->dev.fd, 0);
	if (s->ring_map == MAP_FAILED)
		s->ring_map = NULL;
	s->cursor_len = page;
	s->cursor_map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED,
			     s->dev.fd, (off_t)st->cursor_offset);
	if (s->cursor_map == MAP_FAILED)
		s->cursor_map = NULL;
	if (!s->ring_map || !s->cursor_map) {
		int err = -errno;

		log_error(OBIT_DEV_PATH " cannot be mapped: %s",
			  strerror(-err));
		return err;
	}
	s->frames.page = s->ring_map;
	s->frames.ring = (const char *)s->ring_map + page;
	s->frames.bytes = st->ring_bytes;
	s->frames.cursor = s->cursor_map;
	return 0;
}

static uint64_t counter(const __u64 *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/* What was lost before us is none of our business, unless we go on where
 * another stopped: then all that is not in front of the first record is. */
static void take_counters(struct source *s)
{
	const struct obit_ring_page *p = s->frames.page;
	const struct obit_hdr *first;
	struct obit_dev_info info;
	int kind, reason;

	for (kind = 0; kind < OBIT_LOST_KIND_NR; kind++)
		for (reason = 0; reason < OBIT_LOST_REASON_NR; reason++)
			s->lost[kind][reason] = counter(&p->lost[kind][reason]);
	first = s->resumed ? frames_first(&s->frames) : NULL;
	if (first)
		s->before = (uint32_t)counter(&p->lost_total) - first->lost;
	if (!ioctl(s->dev.fd, OBIT_IOC_INFO, &info))
		s->missed = info.missed;
	s->missed_at = boot_now();
}

static void count_hooks(struct source *s)
{
	struct kdev_hooks hooks;
	const struct obit_dev_hook *h;

	kdev_hooks(&s->dev, &hooks);
	for (h = hooks.hook; h < hooks.hook + hooks.nr; h++) {
		s->hooks += h->state == OBIT_HOOK_ARMED;
		if (kdev_is_served(&hooks, h))
			continue;
		s->missing++;
		log_info("the module does without %s: %s", h->place,
			 h->state == OBIT_HOOK_SKIPPED ?
				 "left out by its parameter" :
			 h->state == OBIT_HOOK_ABSENT ?
				 "this kernel has no such place" :
				 strerror(-h->err));
	}
}

static int kmod_open(struct source **out, const struct source_opts *o)
{
	struct source *s = calloc(1, sizeof(*s));
	struct obit_dev_start st;
	char why[256];
	int err;

	if (!s) {
		log_error("out of memory");
		return -ENOMEM;
	}
	err = kdev_open(&s->dev);
	if (err) {
		kdev_why(&s->dev, why, sizeof(why));
		log_error("%s", why);
		/* As where BPF does not load: what is asked for cannot be had. */
		err = err == -EPROTONOSUPPORT ? -EOPNOTSUPP : err;
		goto out;
	}
	err = start(s, o, &st);
	if (!err)
		err = map(s, &st);
	if (err)
		goto out;
	take_counters(s);
	count_hooks(s);
	*out = s;
	return 0;
out:
	kmod_close(s);
	return err;
}

static void kmod_info(struct source *s, struct source_info *info)
{
	info->tier = TIER_KMOD;
	info->source = SOURCE_KMOD;
	info->live = true;
	info->teardown = s->teardown;
	snprintf(info->text, sizeof(info->text), "kmod, %u hooks%s", s->hooks,
		 s->resumed ? ", where the last reader stopped" : "");
	if (s->missing)
		snprintf(info->text, sizeof(info->text),
			 "kmod, %u hooks (%u cannot be had: -v)%s", s->hooks,
			 s->missing,
			 s->resumed ? ", where the last reader stopped" : "");
}

static int kmod_fd(struct source *s)
{
	return s->dev.fd;
}

/* Of what kind a record was that was lost before us nobody knows any more. */
static int tell_before(struct source *s, const struct emit *to)
{
	uint32_t n = s->before;

	s->before = 0;
	return n ? source_loss(to, OBIT_LOST_CONTEXT, OBIT_LOST_RING_FULL, n) :
		   0;
}

static int tell_missed(struct source *s, const struct emit *to)
{
	uint64_t now = boot_now(), n;
	struct obit_dev_info info;

	if (now - s->missed_at < MISSED_EVERY_NS)
		return 0;
	s->missed_at = now;
	if (ioctl(s->dev.fd, OBIT_IOC_INFO, &info) || info.missed <= s->missed)
		return 0;
	n = info.missed - s->missed;
	s->missed = info.missed;
	return source_loss(to, OBIT_LOST_CONTEXT, OBIT_LOST_MISSED, n);
}

static int tell_losses(struct source *s, const struct emit *to)
{
	int err = tell_before(s, to);

	if (!err)
		err = source_losses(to, s->frames.page->lost, s->lost);
	return err ? err : tell_missed(s, to);
}

static int read_frames(struct source *s, const struct emit *to)
{
	int n = frames_read(&s->frames, to);

	if (n == -EBADMSG)
		log_error("internal error: there is no frame at %llu of the module's ring",
			  (unsigned long long)s->frames.cursor->cursor);
	return n;
}

static int ask_for(struct source *s, enum obit_scan_what what)
{
	struct obit_dev_scan scan = { .what = what };

	if (!ioctl(s->dev.fd, OBIT_IOC_SCAN, &scan))
		return 0;
	log_warn("the module cannot list the tasks that run already: %s",
		 strerror(errno));
	return -errno;
}

static int kmod_read(struct source *s, const struct emit *to)
{
	int n, err;

	if (!s->scanned) {
		s->scanned = true;
		err = s->teardown ? source_teardown_begins(to) : 0;
		if (err)
			return err;
		ask_for(s, OBIT_SCAN_TASKS);
	}
	n = read_frames(s, to);
	if (n < 0)
		return n;
	err = tell_losses(s, to);
	return err ? err : n;
}

static int kmod_scan(struct source *s, const struct emit *to)
{
	return ask_for(s, OBIT_SCAN_PDEATH) ? 0 : read_frames(s, to);
}

const struct source_type kmod_source = {
	.name = "kmod",
	.open = kmod_open,
	.info = kmod_info,
	.fd = kmod_fd,
	.read = kmod_read,
	.scan = kmod_scan,
	.close = kmod_close,
};
