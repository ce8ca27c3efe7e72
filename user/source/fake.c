// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake: a source for tests, which plays what it was given.
 * Checks records as every source must. Never opens anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/event.h"
#include "lib/log.h"
#include "source/fake.h"

struct source {
	struct fake_play play;
	size_t at;
};

static struct fake_play next_play;

void fake_source_play(const struct fake_play *play)
{
	next_play = *play;
}

static int fake_open(struct source **s, const struct source_opts *o)
{
	(void)o;
	*s = calloc(1, sizeof(**s));
	if (!*s) {
		log_error("no memory for a source");
		return -ENOMEM;
	}
	(*s)->play = next_play;
	return 0;
}

static void fake_info(struct source *s, struct source_info *info)
{
	info->tier = s->play.tier;
	info->source = s->play.source;
	info->live = info->teardown = false;
	snprintf(info->text, sizeof(info->text), "fake, %zu bytes",
		 s->play.len);
}

static int fake_fd(struct source *s)
{
	(void)s;
	return -1;
}

static int fake_read(struct source *s, const struct emit *to)
{
	const struct obit_hdr *h;
	int err, nr = 0;
	long len;

	while (s->at < s->play.len &&
	       (!s->play.batch || (unsigned int)nr < s->play.batch)) {
		h = (const void *)((const char *)s->play.records + s->at);
		len = event_check(h, s->play.len - s->at);
		if (len < 0)
			return (int)len;
		err = len ? to->event(to->ctx, h) : 0;
		if (err)
			return err;
		s->at += h->len;
		nr++;
	}
	if (nr)
		return nr;
	return s->play.error ? s->play.error : -ENODATA;
}

static void fake_close(struct source *s)
{
	free(s);
}

const struct source_type fake_source = {
	.name = "fake",
	.open = fake_open,
	.info = fake_info,
	.fd = fake_fd,
	.read = fake_read,
	.close = fake_close,
};
