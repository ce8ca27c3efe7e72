// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdict: what one has to know of a tree of deaths, in a few lines, the last
 * of a log. Never cuts a cause; cuts command lines.
 */
#include <string.h>
#include "core/phrase.h"
#include "core/text.h"
#include "lib/timefmt.h"
#include "lib/utf8.h"
#include "sink/tree.h"
#include "sink/tree_priv.h"

#define NAMES_MAX 4		/* of a list; then `and 12 more` */
#define COMMAND_BYTES 400	/* of a command line, where no terminal cuts it */

struct verdict {
	struct buf *out;
	const struct tree *t;
	const struct tree_verdict *v;
	const struct tree_look *look;
	struct tree_count count;
	struct tree_node *root, *first;
};

void tree_number(struct buf *out, uint64_t v)
{
	char digits[U64_DECIMAL_MAX];
	size_t nr = u64_decimal(digits, v), i;

	for (i = 0; i < nr; i++) {
		if (i && !((nr - i) % 3))
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

static void add_sgr(struct verdict *w, const char *code)
{
	if (code && w->look->colour)
		buf_adds(w->out, code);
}

static void add_name(struct verdict *w, const struct tree_node *n)
{
	text_escape(w->out, n->comm, strnlen(n->comm, OBIT_COMM_LEN));
	buf_printf(w->out, "[%u]", n->tgid);
}

static void add_death(struct verdict *w, const struct tree_node *n)
{
	struct buf death = BUF_INIT;

	tree_death(&death, n, 0);
	add_sgr(w, tree_colour(n));
	text_escape(w->out, death.p, death.len);
	if (tree_colour(n))
		add_sgr(w, SGR_OFF);
	buf_free(&death);
}

static void add_duration(struct verdict *w, uint64_t ns)
{
	char text[DURATION_MAX];

	buf_add(w->out, text, duration_format(text, ns));
}

/* Its command line in what is left of the terminal's line behind `used`. */
static void add_command(struct verdict *w, const struct tree_node *n,
			unsigned int used)
{
	unsigned int width = w->look->width ? w->look->width : COMMAND_BYTES;

	tree_add_command(w->out, n, width > used + 16 ? width - used : 16);
}

static void add_count(struct verdict *w, const char *before, uint64_t nr,
		      const char *after)
{
	if (!nr)
		return;
	buf_adds(w->out, before);
	tree_number(w->out, nr);
	buf_adds(w->out, after);
}

static void how_it_ended(struct verdict *w)
{
	const struct tree_count *c = &w->count;

	buf_adds(w->out, w->v->prefix);
	add_name(w, w->root);
	buf_adds(w->out, ": ");
	add_death(w, w->root);
	if (w->root->told) {
		buf_adds(w->out, " after ");
		add_duration(w, tree_life(w->root, w->look->now_ns));
	}
	add_count(w, "; ", c->total, c->total == 1 ? " process" : " processes");
	add_count(w, ", ", c->failed, " failed");
	add_count(w, ", ", c->struck, " of them by a signal");
	if (!c->failed && !c->alive && !c->zombies)
		buf_adds(w->out, c->total == 1 ? " that ended well" :
						 ", all ended well");
	buf_addc(w->out, '\n');
}

static void add_memory(struct verdict *w, const struct obituary *o)
{
	if (o->cause != CAUSE_OOM)
		return;
	if (obituary_has(o, OB_OOM_RSS))
		buf_printf(w->out, "; it held %llu MiB",
			   (unsigned long long)o->oom.rss_kb / 1024);
	if (obituary_has(o, OB_OOM_BY) && o->oom.by.tgid != o->tgid) {
		struct buf by = BUF_INIT;

		phrase_person(&by, &o->oom.by);
		buf_adds(w->out, "; ");
		text_escape(w->out, by.p, by.len);
		buf_adds(w->out, " asked for more");
		buf_free(&by);
	}
}

static void what_failed_first(struct verdict *w)
{
	unsigned int indent = (unsigned int)strlen(w->v->prefix);
	const struct tree_node *n = w->first;

	if (n != w->root) {
		buf_adds(w->out, w->v->prefix);
		buf_adds(w->out, w->root->failed ? "first to fail: " :
						   "within it failed first: ");
		add_name(w, n);
		buf_adds(w->out, ": ");
		add_death(w, n);
		buf_adds(w->out, " after ");
		add_duration(w, n->life_ns);
		if (n->ob)
			add_memory(w, n->ob);
		buf_addc(w->out, '\n');
	} else if (n->ob && n->ob->cause == CAUSE_OOM) {
		buf_adds(w->out, w->v->prefix);
		buf_adds(w->out, "it was out of memory");
		add_memory(w, n->ob);
		buf_addc(w->out, '\n');
	}
	if (n != w->root && n->command && n->execed) {
		buf_fill(w->out, ' ', indent);
		add_command(w, n, indent);
		buf_addc(w->out, '\n');
	}
}

/* From the first failure up to the root: how it became the root's. */
static void whose_it_became(struct verdict *w)
{
	const struct tree_node *n = w->first;
	unsigned int nr = 0, left = 0;

	if (!w->root->failed || n == w->root)
		return;
	for (; n != w->root; n = n->parent)
		left++;
	buf_adds(w->out, w->v->prefix);
	buf_adds(w->out, "then failed: ");
	for (n = w->first->parent; n; n = n->parent, left--) {
		if (nr == NAMES_MAX - 1 && left > 1) {
			buf_printf(w->out, ", %u more", left - 1);
			for (; left > 1; left--)
				n = n->parent;
		}
		if (nr++)
			buf_adds(w->out, ", ");
		add_name(w, n);
		buf_addc(w->out, ' ');
		add_death(w, n);
	}
	buf_addc(w->out, '\n');
}

/* Whose it was when it died; is that one dead, too, it has been left to others. */
static void add_not_reaped_by(struct buf *out, const struct tree_node *n)
{
	const struct person *parent = &n->ob->parent;
	bool left = n->parent && n->parent->state != TREE_ALIVE &&
		    n->parent->tgid == parent->tgid &&
		    n->parent->start_boottime == parent->start_boottime;

	buf_adds(out, "not reaped by ");
	if (!obituary_has(n->ob, OB_PARENT)) {
		buf_adds(out, "its parent");
		return;
	}
	if (left)
		buf_adds(out, "whoever inherited it from ");
	phrase_person(out, parent);
}

static void what_is_left(struct verdict *w, enum tree_state state, uint64_t nr,
			 const char *title)
{
	const struct tree_node *n = NULL;
	struct buf word = BUF_INIT;
	unsigned int named = 0;

	if (!nr)
		return;
	buf_adds(w->out, w->v->prefix);
	buf_adds(w->out, title);
	while ((n = tree_next(w->t, n)) && named < NAMES_MAX) {
		if (n->state != state)
			continue;
		if (named++)
			buf_adds(w->out, ", ");
		add_name(w, n);
		if (state != TREE_ZOMBIE || !n->ob)
			continue;
		phrase_death(&word, n->ob, 20);
		buf_adds(&word, "), ");
		add_not_reaped_by(&word, n);
		buf_adds(w->out, " (");
		text_escape(w->out, word.p, word.len);
		buf_clear(&word);
	}
	if (nr > named)
		add_count(w, " and ", nr - named, " more");
	buf_addc(w->out, '\n');
	buf_free(&word);
}

void tree_verdict(struct buf *out, const struct tree *t,
		  const struct tree_verdict *v, const struct tree_look *look)
{
	struct verdict w = { .out = out, .t = t, .v = v, .look = look };

	w.root = tree_root(t);
	if (!w.root)
		return;
	tree_count(t, &w.count);
	w.first = tree_first_failure(t);
	/* A test that says no is no news if all went well; a kill is. */
	if (w.first && !w.root->failed && !w.first->struck)
		w.first = NULL;
	how_it_ended(&w);
	if (w.first)
		what_failed_first(&w);
	if (v->passed_on && w.root->ob && obituary_has(w.root->ob, OB_KILLER) &&
	    w.root->ob->killer.tgid == v->self) {
		buf_adds(out, v->prefix);
		buf_adds(out, v->passed_on);
		buf_addc(out, '\n');
	}
	if (w.first)
		whose_it_became(&w);
	what_is_left(&w, TREE_ALIVE, w.count.alive, "still alive: ");
	what_is_left(&w, TREE_ZOMBIE, w.count.zombies, "zombies left: ");
}
