// SPDX-License-Identifier: GPL-2.0-only
/*
 * text: the screen of `obit zombies`.
 * Owns what there is room for in which width. Every byte of a stranger passes
 * core/text. Never asks the system for anything.
 */
#include <stdio.h>
#include <string.h>
#include "core/status.h"
#include "core/text.h"
#include "core/value.h"
#include "core/when.h"
#include "core/zombie/zombie.h"
#include "lib/opts.h"
#include "lib/sgr.h"
#include "lib/utf8.h"

#define NOT_LIMITED	100000u

/* One more than fits the widest: what is right of it wraps below itself. */
struct layout {
	unsigned int from, name, user, left, parent, indent;
};

static const struct layout layouts[] = {
	{ 110, 15, 8, 30, 22, 38 }, { 92, 15, 8, 25, 22, 9 },
	{ 80, 15, 8, 20, 16, 9 },   { 60, 12, 0, 16, 12, 9 },
	{ 0, 9, 0, 12, 0, 4 },
};

static const struct layout *layout_for(unsigned int width)
{
	const struct layout *l = layouts;

	while ((width ? width : NOT_LIMITED) < l->from)
		l++;
	return l;
}

static void colour(struct buf *out, const struct zombies_view *v,
		   const char *sgr)
{
	if (v->colour)
		buf_adds(out, sgr);
}

static void add_head(struct buf *out, const struct zombies_view *v,
		     const char *text)
{
	colour(out, v, SGR_HEAD);
	buf_adds(out, text);
	colour(out, v, SGR_OFF);
	buf_addc(out, '\n');
}

/* `nginx[812]`: the name is cut, the number never. */
static size_t add_who(struct buf *out, const char *comm, uint32_t tgid,
		      size_t width)
{
	char number[16];
	size_t len = (size_t)snprintf(number, sizeof(number), "[%u]", tgid);
	size_t used;

	used = text_fit(out, comm, strnlen(comm, OBIT_COMM_LEN),
			width > len ? width - len : 1, false);
	buf_add(out, number, len);
	return used + len;
}

static void add_right(struct buf *out, const char *text, size_t len,
		      size_t width)
{
	if (len < width)
		buf_fill(out, ' ', width - len);
	buf_add(out, text, len);
}

static void add_age(struct buf *out, bool known, uint64_t age, uint64_t err,
		    size_t width)
{
	struct buf text = BUF_INIT;

	zombie_age_text(&text, known, age, err);
	add_right(out, text.p, text.len, width);
	buf_free(&text);
}

/* Escaped and wrapped, from column col on; later lines begin at indent. */
static void add_wrapped(struct buf *out, const struct zombies_view *v,
			const struct buf *raw, unsigned int indent,
			unsigned int col)
{
	struct buf text = BUF_INIT;

	text_escape(&text, raw->p, raw->len);
	opts_wrap(out, buf_str(&text), indent, col,
		  v->width ? v->width : NOT_LIMITED);
	buf_addc(out, '\n');
	buf_free(&text);
}

/* --- who should reap --------------------------------------------------------------- */

/* In one line: it is cut, for it can be as long as it likes. */
static void add_command(struct buf *out, const struct zombies_view *v,
			const struct culprit *c, unsigned int indent)
{
	unsigned int width = v->width ? v->width : 200;
	struct buf text = BUF_INIT;
	struct span args = { c->args.p, c->args.len }, arg;
	size_t at = 0, fits;

	while (text.len < 4096 && args_next(args, &at, &arg)) {
		if (text.len)
			buf_addc(&text, ' ');
		text_shell_quote(&text, arg.p, arg.len);
	}
	if (!text.len)
		return;
	buf_fill(out, ' ', indent);
	colour(out, v, SGR_DIM);
	width = width > indent + 8 ? width - indent : 8;
	fits = utf8_fit(text.p, text.len, width, NULL);
	if (fits < text.len)
		fits = utf8_fit(text.p, text.len, width - 1, NULL);
	buf_add(out, text.p, fits);
	if (fits < text.len)
		buf_adds(out, "\xe2\x80\xa6");
	colour(out, v, SGR_OFF);
	buf_addc(out, '\n');
	buf_free(&text);
}

static void add_culprit(struct buf *out, const struct zombies_view *v,
			const struct culprit *c, const struct layout *l)
{
	struct buf words = BUF_INIT;
	char number[24];
	size_t used;
	int len = snprintf(number, sizeof(number), "%zu", c->nr);

	add_right(out, number, (size_t)len, 7);
	buf_addc(out, ' ');
	add_age(out, c->have_oldest, c->oldest_ns, c->oldest_err_ns, 8);
	buf_adds(out, "  ");
	colour(out, v, SGR_WARN);
	used = add_who(out, c->comm, c->tgid, 20);
	colour(out, v, SGR_OFF);
	zombie_why_text(&words, c);
	if (l->indent < 38) {
		/* Too narrow for a column of its own. */
		buf_addc(out, '\n');
		buf_fill(out, ' ', l->indent);
		used = l->indent;
	} else {
		buf_fill(out, ' ', used < 19 ? 20 - used : 1);
		used = 18 + (used < 19 ? 20 : used + 1);
	}
	add_wrapped(out, v, &words, l->indent, (unsigned int)used);
	add_command(out, v, c, l->indent);
	buf_clear(&words);
	zombie_advice(&words, c);
	buf_fill(out, ' ', l->indent);
	add_wrapped(out, v, &words, l->indent, l->indent);
	buf_free(&words);
}

/* Most zombies first; found by looking each time, there are few. */
static void add_culprits(struct buf *out, const struct zombies *all,
			 const struct zombies_view *v, const struct layout *l)
{
	size_t done = 0, last = SIZE_MAX, last_i = 0, i, best;

	add_head(out, v,
		 l->indent < 38 ?
			 "ZOMBIES   OLDEST  PARENT, AND WHY IT DOES NOT REAP" :
			 "ZOMBIES   OLDEST  PARENT              WHY IT DOES NOT REAP");
	while (done < all->nr_culprits && done < 20) {
		best = SIZE_MAX;
		for (i = 0; i < all->nr_culprits; i++) {
			size_t nr = all->culprits[i].nr;

			if (nr > last || (nr == last && i <= last_i))
				continue;
			if (best == SIZE_MAX || nr > all->culprits[best].nr)
				best = i;
		}
		add_culprit(out, v, &all->culprits[best], l);
		last = all->culprits[best].nr;
		last_i = best;
		done++;
	}
	if (done < all->nr_culprits)
		buf_printf(out, "        ... and %zu more parents\n",
			   all->nr_culprits - done);
}

/* --- the dead -------------------------------------------------------------------------- */

static void add_user(struct buf *out, const struct zombies_view *v,
		     const struct zombie *z, size_t width)
{
	const char *name = NULL;
	char number[16];

	if (!width)
		return;
	if (!z->have_uid)
		name = "?";
	else if (v->user_name)
		name = v->user_name(z->uid);
	if (!name) {
		snprintf(number, sizeof(number), "%u", z->uid);
		name = number;
	}
	text_fit(out, name, strlen(name), width, true);
	buf_addc(out, ' ');
}

static void add_left(struct buf *out, const struct zombie *z, size_t width)
{
	struct buf text = BUF_INIT;

	if (z->have_code)
		status_phrase(&text, z->exit_code, NULL);
	else
		buf_addc(&text, '?');
	text_fit(out, text.p, text.len, width, true);
	buf_addc(out, ' ');
	buf_free(&text);
}

static void add_zombie(struct buf *out, const struct zombies *all,
		       const struct zombies_view *v, const struct zombie *z,
		       const struct layout *l)
{
	const struct culprit *c = z->threads ? NULL :
					       &all->culprits[z->culprit];
	char number[16];
	int len = snprintf(number, sizeof(number), "%u", z->tgid);

	add_right(out, number, (size_t)len, 7);
	buf_addc(out, ' ');
	text_fit(out, z->comm, strnlen(z->comm, OBIT_COMM_LEN), l->name, true);
	buf_addc(out, ' ');
	add_user(out, v, z, l->user);
	add_age(out, z->have_age, z->age_ns, z->age_err_ns, 8);
	/* It may have been dead for less: other threads came after. */
	buf_adds(out, z->had_threads && z->have_age ? "* " : "  ");
	if (c)
		add_left(out, z, l->left);
	if (c && l->parent)
		add_who(out, c->comm, c->tgid, l->parent);
	else if (!c)
		buf_printf(out, "%u", z->threads);
	while (out->len && out->p[out->len - 1] == ' ')
		out->len--;
	buf_addc(out, '\n');
}

static void add_list_head(struct buf *out, const struct zombies_view *v,
			  const struct layout *l, bool leaders)
{
	struct buf line = BUF_INIT;

	buf_printf(&line, "    PID %-*s ", (int)l->name, "NAME");
	if (l->user)
		buf_printf(&line, "%-*s ", (int)l->user, "USER");
	buf_printf(&line, "%8s  ", leaders ? "SINCE" : "DEAD FOR");
	if (leaders)
		buf_adds(&line, "THREADS LEFT");
	else if (l->parent)
		buf_printf(&line, "%-*s PARENT", (int)l->left, "STATUS LEFT");
	else
		buf_adds(&line, "STATUS");
	add_head(out, v, buf_str(&line));
	buf_free(&line);
}

static void add_list(struct buf *out, const struct zombies *all,
		     const struct zombies_view *v, const struct layout *l)
{
	size_t nr = all->nr, i;

	if (v->lines && nr > v->lines)
		nr = v->lines;
	buf_addc(out, '\n');
	add_list_head(out, v, l, false);
	for (i = 0; i < nr; i++)
		add_zombie(out, all, v, &all->v[i], l);
	if (nr < all->nr)
		buf_printf(out, "        ... and %zu more\n", all->nr - nr);
}

static void add_leaders(struct buf *out, const struct zombies *all,
			const struct zombies_view *v, const struct layout *l)
{
	size_t i;

	buf_adds(out,
		 "\nNo zombies: the main thread has ended, other threads live on\n");
	add_list_head(out, v, l, true);
	for (i = all->nr; i < all->nr + all->nr_leaders; i++)
		add_zombie(out, all, v, &all->v[i], l);
}

static void add_summary(struct buf *out, const struct zombies *all)
{
	const struct zombie *z = all->v;

	if (!all->nr) {
		buf_adds(out, "no zombies\n");
		return;
	}
	buf_printf(out, "%zu zombie%s of %zu parent%s", all->nr,
		   all->nr == 1 ? "" : "s", all->nr_culprits,
		   all->nr_culprits == 1 ? "" : "s");
	if (z->have_age) {
		buf_adds(out, all->nr == 1 ? ", dead for " :
					     ", the oldest dead for ");
		zombie_age_text(out, true, z->age_ns, z->age_err_ns);
	}
	buf_addc(out, '\n');
}

void zombies_text(struct buf *out, const struct zombies *all,
		  const struct zombies_view *v)
{
	const struct layout *l = layout_for(v->width);
	struct buf hint = BUF_INIT;
	bool star = false;
	size_t i;

	add_summary(out, all);
	if (all->nr) {
		buf_addc(out, '\n');
		add_culprits(out, all, v, l);
		add_list(out, all, v, l);
	}
	if (all->nr_leaders)
		add_leaders(out, all, v, l);
	for (i = 0; i < all->nr && !star; i++)
		star = all->v[i].had_threads && all->v[i].have_age;
	if (star)
		buf_adds(&hint,
			 "* since its main thread ended: another may have lived longer");
	if (hint.len || v->hint)
		buf_addc(out, '\n');
	if (hint.len)
		add_wrapped(out, v, &hint, 2, 0);
	if (v->hint) {
		buf_clear(&hint);
		buf_adds(&hint, v->hint);
		add_wrapped(out, v, &hint, 0, 0);
	}
	buf_free(&hint);
}
