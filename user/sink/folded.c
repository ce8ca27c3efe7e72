// SPDX-License-Identifier: GPL-2.0-only
/*
 * folded: a profile as folded stacks.
 * Owns that a name is one frame whatever its bytes: `;` and line ends are
 * escaped. Never decides what is in the profile.
 */
#include "core/text.h"
#include "lib/out.h"
#include "sink/folded.h"

#define FLUSH_AT (64 * 1024)

/* @ends: how much of path belongs to the first n frames */
struct folded {
	int fd;
	struct buf out, path, name;
	size_t ends[PROFILE_DEPTH_MAX + 1];
};

static void add_name(struct folded *f, const struct profile_frame *frame)
{
	size_t i;

	buf_clear(&f->name);
	text_escape(&f->name, frame->name, frame->name_len);
	for (i = 0; i < f->name.len; i++)
		if (f->name.p[i] == ';')
			buf_adds(&f->path, "\\x3b");
		else
			buf_addc(&f->path, f->name.p[i]);
}

static int visit(void *ctx, const struct profile_frame *frame)
{
	struct folded *f = ctx;

	/* That all is below "all" goes without saying. */
	if (!frame->depth)
		return 0;
	f->path.len = f->ends[frame->depth - 1];
	if (frame->depth > 1)
		buf_addc(&f->path, ';');
	add_name(f, frame);
	f->ends[frame->depth] = f->path.len;
	if (!frame->self_ns)
		return f->path.err;
	buf_add(&f->out, f->path.p, f->path.len);
	buf_addc(&f->out, ' ');
	buf_addu(&f->out, frame->self_ns);
	buf_addc(&f->out, '\n');
	return f->out.len >= FLUSH_AT || f->out.err ?
		       out_flush(f->fd, &f->out) :
		       f->path.err;
}

int folded_write(int fd, const struct profile *p)
{
	struct folded f = { .fd = fd };
	int err = profile_walk(p, visit, &f);

	if (!err)
		err = out_flush(fd, &f.out);
	buf_free(&f.out);
	buf_free(&f.path);
	buf_free(&f.name);
	return err;
}
