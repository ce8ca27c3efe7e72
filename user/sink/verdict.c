// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdict: what one has to know of a tree of deaths, in a few lines, the last
 * of a log. Never cuts a cause; cuts command lines.
 */
#include <signal.h>
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

/* What the signal means says less than that no process has sent it. */
static bool killed_by_kernel(const struct tree_node *n)
{
	return n->told && n->ob && n->ob->cause == CAUSE_SIGNAL &&
	       obituary_has(n->ob, OB_SIGNAL) && n->ob->signal == SIGKILL &&
	       !obituary_has(n->ob, OB_KILLER);
}

/* True: the wording ends in an explanation, `SIGKILL: the end that ...`. */
static bool add_death(struct verdict *w, const struct tree_node *n)
{
	struct buf death = BUF_INIT;
	bool explained;

	if (killed_by_kernel(n))
		buf_adds(&death, "killed by SIGKILL from the kernel");
	else
		tree_death(&death, n, 0);
	explained = strstr(buf_str(&death), ": ") != NULL;
	add_sgr(w, tree_colour(n));
	text_escape(w->out, death.p, death.len);
	if (tree_colour(n))
		add_sgr(w, SGR_OFF);
	buf_free(&death);
	return explained;
}

/* Behind an explanation ` after 1 s` would read as part of it. */
static void add_death_after(struct verdict *w, const struct tree_node *n,
			    uint64_t life_ns)
{
	bool explained = add_death(w, n);
	char text[DURATION_MAX];

	if (!n->told)
		return;
	buf_adds(w->out, explained ? ", after " : " after ");
	buf_add(w->out, text, duration_format(text, life_ns));
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
	add_death_after(w, w->root, tree_life(w->root, w->look->now_ns));
	add_count(w, "; ", c->total, c->total == 1 ? " process" : " processes");
	add_count(w, ", ", c->failed, " failed");
	add_count(w, ", ", c->struck, " of them by a signal");
	add_count(w, ", ", c->dead - c->told, " ended unseen");
	if (!c->failed && !c->alive && !c->zombies && c->told == c->dead)
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
		add_death_after(w, n, n->life_ns);
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

static void add_alive(struct verdict *w)
{
	const struct tree_node *n = NULL;
	unsigned int named = 0;

	while ((n = tree_next(w->t, n)) && named < NAMES_MAX) {
		if (n->state != TREE_ALIVE)
			continue;
		if (named++)
			buf_adds(w->out, ", ");
		add_name(w, n);
	}
	if (w->count.alive > named)
		add_count(w, " and ", w->count.alive - named, " more");
}

static void add_zombie(struct verdict *w, const struct tree_node *n)
{
	struct buf death = BUF_INIT;

	add_name(w, n);
	if (!n->ob)
		return;
	phrase_death(&death, n->ob, 20);
	buf_adds(w->out, " (");
	text_escape(w->out, death.p, death.len);
	buf_addc(w->out, ')');
	buf_free(&death);
}

/* Several that one does not reap are named together, and it once. */
static void add_zombies(struct verdict *w)
{
	const struct tree_node *z[NAMES_MAX], *n = NULL;
	struct buf by[NAMES_MAX] = { BUF_INIT };
	unsigned int nr = 0, i, j;

	while (nr < NAMES_MAX && (n = tree_next(w->t, n))) {
		if (n->state != TREE_ZOMBIE)
			continue;
		if (n->ob)
			add_not_reaped_by(&by[nr], n);
		z[nr++] = n;
	}
	for (i = 0; i < nr; i++) {
		if (!z[i])
			continue;
		buf_adds(w->out, i ? "; " : "");
		add_zombie(w, z[i]);
		for (j = i + 1; j < nr; j++) {
			if (!z[j] || strcmp(buf_str(&by[i]), buf_str(&by[j])))
				continue;
			buf_adds(w->out, ", ");
			add_zombie(w, z[j]);
			z[j] = NULL;
		}
		buf_adds(w->out, by[i].len ? ", " : "");
		text_escape(w->out, by[i].p, by[i].len);
	}
	if (w->count.zombies > nr)
		add_count(w, "; and ", w->count.zombies - nr, " more");
	for (i = 0; i < nr; i++)
		buf_free(&by[i]);
}

static void what_is_left(struct verdict *w)
{
	if (w->count.alive) {
		buf_printf(w->out, "%sstill alive: ", w->v->prefix);
		add_alive(w);
		buf_addc(w->out, '\n');
	}
	if (w->count.zombies) {
		buf_printf(w->out, "%szombies left: ", w->v->prefix);
		add_zombies(w);
		buf_addc(w->out, '\n');
	}
}

/*
 * Births and deaths make the tree; of the rest that is lost a word of a process
 * or who sent a signal is missing. A fact too long for a record is a path.
 */
void tree_verdict_loss(struct buf *out, const struct notice *n)
{
	phrase_notice(out, n);
	if (!strcmp(n->kind, "obituary") ||
	    (!strcmp(n->kind, "context") && strcmp(n->reason, "oversize")))
		buf_adds(out, "; the tree may not be whole");
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
	what_is_left(&w);
}
