// SPDX-License-Identifier: GPL-2.0-only
/*
 * table: one line a death, for a person at night.
 * Owns which columns a width has room for, alignment and colour. The words are
 * core/phrase's; every byte of a stranger passes core/text.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/phrase.h"
#include "core/status.h"
#include "core/teardown.h"
#include "core/text.h"
#include "core/value.h"
#include "core/when.h"
#include "lib/out.h"
#include "lib/sgr.h"
#include "lib/timefmt.h"
#include "lib/utf8.h"
#include "sink/sink.h"

#define FLUSH_AT (64 * 1024)

/* clang-format off */
enum column {
	COL_TIME, COL_TGID, COL_NAME, COL_USER, COL_PARENT, COL_LIFE,
	COL_DEATH, COL_TEARDOWN, COL_FATE, COL_COMMAND, COL_NR
};

static const char *const headings[COL_NR] = {
	[COL_TIME] = "TIME", [COL_TGID] = "PID", [COL_NAME] = "NAME",
	[COL_USER] = "USER", [COL_PARENT] = "PARENT", [COL_LIFE] = "AGE",
	[COL_DEATH] = "HOW IT ENDED", [COL_TEARDOWN] = "TEARDOWN",
	[COL_FATE] = "THEN", [COL_COMMAND] = "COMMAND",
};
/* clang-format on */

/*
 * From `from` columns of terminal on there is this column, so wide. What is
 * left goes to COL_DEATH up to DEATH_MAX, then to the last column.
 */
/* clang-format off */
static const struct layout {
	unsigned int from;
	unsigned char width[COL_NR];
} layouts[] = {
	/*	 time tgid name user parent life death teardown fate command */
	{ 180, { 12, 7, 15, 8, 20, 7, 46, 0, 28, 20 } },
	{ 150, { 12, 7, 15, 8, 20, 7, 44, 0, 28, 0 } },
	{ 132, { 8, 7, 15, 8, 18, 7, 38, 0, 22, 0 } },
	{ 116, { 8, 7, 15, 0, 16, 7, 35, 0, 22, 0 } },
	{ 96, { 8, 7, 15, 0, 0, 7, 35, 0, 18, 0 } },
	{ 76, { 8, 7, 15, 0, 0, 7, 35, 0, 0, 0 } },
	{ 56, { 8, 7, 11, 0, 0, 0, 26, 0, 0, 0 } },
	{ 0, { 0, 7, 9, 0, 0, 0, 20, 0, 0, 0 } },
};
/* clang-format on */
#define DEATH_MAX 56
/* It is there only if it was asked for; the others then make do with less:
 * "1.23 s +4.5 s elsewhere" */
#define TEARDOWN_WIDTH 23

/* To a file or a pipe, where no width is given, columns are laid out for this
 * one, and what is longer pushes the rest of its line to the right. */
#define PIPE_LAYOUT 180

struct sink {
	int fd;
	struct buf buf;
	struct buf cell;	/* of the moment */
	unsigned int width[COL_NR];
	unsigned int terminal;	/* 0: not limited */
	enum column last;
	bool colour, header, teardown;
	bool late;		/* the heading is still to come */
	const char *(*user_name)(uint32_t uid);
};

/* --- layout ------------------------------------------------------------------------ */

static void lay_out(struct sink *s, unsigned int terminal)
{
	unsigned int width = terminal ? terminal : PIPE_LAYOUT, used = 0, i;
	unsigned int extra = s->teardown ? TEARDOWN_WIDTH + 1 : 0;
	const struct layout *l = layouts;

	while (l->from && width < l->from + extra)
		l++;
	s->terminal = terminal;
	for (i = 0; i < COL_NR; i++) {
		s->width[i] = l->width[i];
		if (i == COL_TEARDOWN && s->teardown)
			s->width[i] = TEARDOWN_WIDTH;
		if (!s->width[i])
			continue;
		used += s->width[i] + 1;
		s->last = (enum column)i;
	}
	used--;
	if (used > width) {
		/* Narrower than anything: the line will wrap, but be whole. */
		return;
	}
	i = width - used;
	if (s->last != COL_DEATH && i > DEATH_MAX - s->width[COL_DEATH])
		i = DEATH_MAX - s->width[COL_DEATH];
	s->width[COL_DEATH] += i;
	s->width[s->last] += width - used - i;
}

static void add_header(struct sink *s)
{
	bool right;
	size_t i;

	s->late = false;
	if (!s->header)
		return;
	if (s->colour)
		buf_adds(&s->buf, SGR_HEAD);
	for (i = 0; i < COL_NR; i++) {
		if (!s->width[i])
			continue;
		right = i == COL_TGID || i == COL_LIFE;
		if (right)
			buf_fill(&s->buf, ' ',
				 s->width[i] - strlen(headings[i]));
		text_fit(&s->buf, headings[i], strlen(headings[i]), s->width[i],
			 !right && i != s->last);
		if (i != s->last)
			buf_addc(&s->buf, ' ');
	}
	if (s->colour)
		buf_adds(&s->buf, SGR_OFF);
	buf_addc(&s->buf, '\n');
}

static int table_open(struct sink **out, const struct sink_opts *o)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = o->fd < 0 ? STDOUT_FILENO : o->fd;
	s->colour = o->colour;
	s->header = o->header;
	s->teardown = o->teardown;
	s->user_name = o->user_name;
	lay_out(s, o->width);
	s->late = o->late_header;
	if (!s->late)
		add_header(s);
	if (s->buf.err) {
		buf_free(&s->buf);
		free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

static int table_resize(struct sink *s, unsigned int width)
{
	if (width == s->terminal)
		return 0;
	lay_out(s, width);
	if (!s->late)
		add_header(s);
	return s->buf.err;
}

/* --- cells --------------------------------------------------------------------------- */

/* s->cell into a column, escaped; sgr may be NULL. */
static void end_cell(struct sink *s, enum column c, const char *sgr)
{
	/* Only the last may be as long as it likes, and only in a file. */
	size_t width = s->width[c];
	bool last = c == s->last;

	if (sgr && s->colour)
		buf_adds(&s->buf, sgr);
	if (!s->terminal && (last || c == COL_DEATH || c == COL_FATE)) {
		size_t from = s->buf.len, cols;

		text_escape(&s->buf, s->cell.p, s->cell.len);
		cols = utf8_width(s->buf.p + from, s->buf.len - from);
		if (!last && cols < width)
			buf_fill(&s->buf, ' ', width - cols);
	} else {
		text_fit(&s->buf, s->cell.p, s->cell.len, width, !last);
	}
	if (sgr && s->colour)
		buf_adds(&s->buf, SGR_OFF);
	if (!last)
		buf_addc(&s->buf, ' ');
	buf_clear(&s->cell);
}

/* Digits and units of ours, aligned to the right. */
static void end_right(struct sink *s, enum column c)
{
	if (s->cell.len < s->width[c])
		buf_fill(&s->buf, ' ', s->width[c] - s->cell.len);
	buf_add(&s->buf, s->cell.p, s->cell.len);
	buf_addc(&s->buf, ' ');
	buf_clear(&s->cell);
}

static void add_time(struct sink *s, int64_t real_ns, int32_t utc_offset_s,
		     bool known)
{
	char text[WHEN_MAX];
	size_t len;

	if (!s->width[COL_TIME])
		return;
	len = when_hms(text, real_ns, utc_offset_s);
	if (known)
		buf_add(&s->cell, text,
			len < s->width[COL_TIME] ? len : s->width[COL_TIME]);
	else
		buf_addc(&s->cell, '?');
	end_cell(s, COL_TIME, SGR_DIM);
}

static void add_user(struct sink *s, const struct obituary *o)
{
	const char *name;

	if (!s->width[COL_USER])
		return;
	if (obituary_has(o, OB_UID)) {
		name = s->user_name ? s->user_name(o->uid) : NULL;
		if (name)
			buf_adds(&s->cell, name);
		else
			buf_addu(&s->cell, o->uid);
	}
	end_cell(s, COL_USER, NULL);
}

/* A long name is cut, the number never: it is what one looks up. */
static void add_parent(struct sink *s, const struct obituary *o)
{
	struct buf name = BUF_INIT;
	char number[16];
	size_t room;
	int len;

	if (!s->width[COL_PARENT])
		return;
	if (obituary_has(o, OB_PARENT)) {
		len = snprintf(number, sizeof(number), "[%u]", o->parent.tgid);
		room = s->width[COL_PARENT] - (size_t)len;
		room = text_fit(&name, o->parent.comm,
				strnlen(o->parent.comm, OBIT_COMM_LEN), room,
				false);
		buf_add(&s->buf, name.p, name.len);
		buf_add(&s->buf, number, (size_t)len);
		room += (size_t)len;
	} else {
		room = 0;
	}
	buf_fill(&s->buf, ' ', s->width[COL_PARENT] - room + 1);
	buf_free(&name);
}

static void add_life(struct sink *s, const struct obituary *o)
{
	char text[DURATION_MAX];

	if (!s->width[COL_LIFE])
		return;
	if (obituary_has(o, OB_LIFE))
		buf_add(&s->cell, text, duration_format(text, o->life_ns));
	else
		buf_addc(&s->cell, '?');
	end_right(s, COL_LIFE);
}

static const char *death_colour(const struct obituary *o)
{
	if (o->cause == CAUSE_OOM || o->cause == CAUSE_OOPS)
		return SGR_WORST;
	if (obituary_has(o, OB_SIGNAL))
		return o->cause == CAUSE_TERMINAL ? SGR_FAILED : SGR_KILLED;
	/* The false success: a failure that its parent takes for none. */
	if (obituary_has(o, OB_TRUNCATED) && o->truncated)
		return SGR_WORST;
	return obituary_has(o, OB_EXIT_CODE) && !o->exit_code ? NULL :
								SGR_FAILED;
}

static void add_death(struct sink *s, const struct obituary *o)
{
	static const char zombie[] = "; a zombie";
	size_t width = s->terminal ? s->width[COL_DEATH] : 0;
	bool mention = !s->width[COL_FATE] && o->fate == FATE_ZOMBIE;

	if (mention && width > 30)
		width -= sizeof(zombie) - 1;
	phrase_death(&s->cell, o, width);
	if (mention)
		buf_adds(&s->cell, zombie);
	end_cell(s, COL_DEATH, death_colour(o));
}

/* How long its end took, and most of it where: what another task did of it,
 * if that took longest or may have, or a phase. */
static void add_most(struct buf *b, const struct teardown *t)
{
	enum obit_phase most = teardown_slowest(t);
	uint64_t others = teardown_elsewhere_ns(t);
	char text[DURATION_MAX];

	buf_add(b, text, duration_format(text, t->kernel_ns));
	if (t->nr_elsewhere && !others) {
		buf_adds(b, ", more elsewhere");
	} else if (others > t->phase_ns[most]) {
		duration_format(text, others);
		buf_printf(b, " +%s elsewhere", text);
	} else if (t->phase_ns[most]) {
		buf_printf(b, " %s %.0f%%", phase_names[most],
			   100.0 * (double)t->phase_ns[most] /
				   (double)t->kernel_ns);
	}
}

static void add_teardown(struct sink *s, const struct obituary *o)
{
	if (!s->width[COL_TEARDOWN])
		return;
	if (obituary_has(o, OB_TEARDOWN))
		add_most(&s->cell, o->teardown);
	else
		buf_addc(&s->cell, '?');
	end_cell(s, COL_TEARDOWN, NULL);
}

static void add_fate(struct sink *s, const struct obituary *o)
{
	if (!s->width[COL_FATE])
		return;
	phrase_fate(&s->cell, o, s->terminal ? s->width[COL_FATE] : 0);
	end_cell(s, COL_FATE, o->fate == FATE_ZOMBIE ? SGR_FAILED : NULL);
}

static void add_command(struct sink *s, const struct obituary *o)
{
	struct buf quoted = BUF_INIT;
	size_t at = 0, width = s->terminal ? s->width[COL_COMMAND] : 0;
	struct span arg;

	if (!s->width[COL_COMMAND])
		return;
	/* Quoted as a shell would read it, and so free of control bytes. */
	while (obituary_has(o, OB_ARGS) && (!width || quoted.len < 4 * width) &&
	       args_next(o->args, &at, &arg)) {
		if (quoted.len)
			buf_addc(&quoted, ' ');
		text_shell_quote(&quoted, arg.p, arg.len);
	}
	if (quoted.len) {
		at = width ? utf8_fit(quoted.p, quoted.len, width, NULL) :
			     quoted.len;
		if (at < quoted.len) {
			at = utf8_fit(quoted.p, quoted.len, width - 1, NULL);
			buf_add(&s->buf, quoted.p, at);
			buf_adds(&s->buf, "\xe2\x80\xa6");
		} else {
			buf_add(&s->buf, quoted.p, at);
		}
	} else if (obituary_has(o, OB_EXE)) {
		buf_add(&s->cell, o->exe.p, o->exe.len);
		end_cell(s, COL_COMMAND, NULL);
	}
	buf_free(&quoted);
}

static int end_line(struct sink *s)
{
	/* Nothing at the end of a line but its text. */
	while (s->buf.len && s->buf.p[s->buf.len - 1] == ' ')
		s->buf.len--;
	buf_addc(&s->buf, '\n');
	if (s->buf.err || s->cell.err)
		return -ENOMEM;
	return s->buf.len >= FLUSH_AT ? out_flush(s->fd, &s->buf) : 0;
}

static int table_obituary(struct sink *s, const struct obituary *o)
{
	if (s->late)
		add_header(s);
	add_time(s, o->real_ns, o->utc_offset_s, obituary_has(o, OB_TIME));
	buf_addu(&s->cell, o->tgid);
	end_right(s, COL_TGID);
	buf_add(&s->cell, o->comm, strnlen(o->comm, OBIT_COMM_LEN));
	end_cell(s, COL_NAME, NULL);
	add_user(s, o);
	add_parent(s, o);
	add_life(s, o);
	add_death(s, o);
	add_teardown(s, o);
	add_fate(s, o);
	add_command(s, o);
	return end_line(s);
}

/* --- notices ---------------------------------------------------------------------------- */

/* Wrapped at blanks, for nothing of it may be lost; text is escaped already. */
static void add_wrapped(struct sink *s, const char *p, size_t len,
			unsigned int indent)
{
	unsigned int width = s->terminal > indent + 10 ? s->terminal - indent :
							 0;
	size_t fit, cut;

	while (width && (fit = utf8_fit(p, len, width, NULL)) < len) {
		for (cut = fit; cut && p[cut] != ' ';)
			cut--;
		if (!cut)
			cut = fit;
		buf_add(&s->buf, p, cut);
		buf_addc(&s->buf, '\n');
		buf_fill(&s->buf, ' ', indent);
		while (cut < len && p[cut] == ' ')
			cut++;
		p += cut;
		len -= cut;
	}
	buf_add(&s->buf, p, len);
}

static int table_notice(struct sink *s, const struct notice *n)
{
	const char *sgr = n->type == NOTICE_LOST ? SGR_WORST : SGR_NOTICE;
	unsigned int indent = s->width[COL_TGID] + 1;
	struct buf text = BUF_INIT;

	if (s->late)
		add_header(s);
	if (s->width[COL_TIME])
		indent += s->width[COL_TIME] + 1;
	add_time(s, n->real_ns, n->utc_offset_s, true);
	buf_addc(&s->cell, n->type == NOTICE_LOST ? '!' : '-');
	end_right(s, COL_TGID);
	phrase_notice(&s->cell, n);
	text_escape(&text, s->cell.p, s->cell.len);
	buf_clear(&s->cell);
	if (s->colour)
		buf_adds(&s->buf, sgr);
	add_wrapped(s, text.p, text.len, indent);
	if (s->colour)
		buf_adds(&s->buf, SGR_OFF);
	buf_free(&text);
	return end_line(s);
}

static int table_flush(struct sink *s)
{
	return out_flush(s->fd, &s->buf);
}

static int table_close(struct sink *s)
{
	int err = table_flush(s);

	buf_free(&s->buf);
	buf_free(&s->cell);
	free(s);
	return err;
}

const struct sink_type table_sink = {
	.name = "table",
	.open = table_open,
	.obituary = table_obituary,
	.notice = table_notice,
	.resize = table_resize,
	.flush = table_flush,
	.close = table_close,
};
