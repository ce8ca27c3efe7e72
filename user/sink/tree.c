// SPDX-License-Identifier: GPL-2.0-only
/*
 * tree: a tree of deaths on paper, a line a process: how it ended, after how
 * long, and who it was, at its place in the tree. Never decides who is shown.
 */
#include <stdio.h>
#include <string.h>
#include "core/phrase.h"
#include "core/text.h"
#include "core/value.h"
#include "lib/timefmt.h"
#include "lib/utf8.h"
#include "sink/tree.h"
#include "sink/tree_priv.h"

#define PAPER_WIDTH 120

/* Columns for what stands before the tree, by width of the terminal. */
static const struct layout {
	unsigned int from, death, life;
} layouts[] = {
	{ 150, 46, 7 }, { 110, 38, 7 }, { 90, 32, 7 },
	{ 72, 28, 7 },	{ 50, 25, 0 },	{ 0, 18, 0 },
};

#define MARK 2		/* `> ` at the first failure */
#define BRANCH 2	/* columns a level of the tree takes */

struct page {
	struct buf *out;
	const struct tree_look *look;
	const struct layout *layout;
	const struct tree_node *first;
	unsigned int room;	/* for the tree */
};

static void sgr(struct page *p, const char *code)
{
	if (p->look->colour)
		buf_adds(p->out, code);
}

const char *tree_colour(const struct tree_node *n)
{
	if (n->state == TREE_ALIVE)
		return SGR_LIVES;
	if (n->state == TREE_ZOMBIE)
		return SGR_FAILED;
	if (!n->failed || !n->ob)
		return NULL;
	if (n->ob->cause == CAUSE_OOM || n->ob->cause == CAUSE_OOPS)
		return SGR_WORST;
	if (n->struck)
		return n->ob->cause == CAUSE_TERMINAL ? SGR_FAILED : SGR_KILLED;
	return n->ob->truncated ? SGR_WORST : SGR_FAILED;
}

void tree_death(struct buf *out, const struct tree_node *n, size_t width)
{
	static const char zombie[] = "; a zombie";

	if (n->state == TREE_ALIVE)
		buf_adds(out, "still alive");
	else if (!n->told)
		buf_adds(out, "ended unseen");
	else if (!n->ob)
		buf_adds(out, "exit 0");
	else if (n->state == TREE_ZOMBIE && (!width || width > 24))
		phrase_death(out, n->ob,
			     width ? width - (sizeof(zombie) - 1) : 0);
	else
		phrase_death(out, n->ob, width);
	if (n->state == TREE_ZOMBIE)
		buf_adds(out, zombie);
}

uint64_t tree_life(const struct tree_node *n, uint64_t now_ns)
{
	if (n->state != TREE_ALIVE)
		return n->life_ns;
	return now_ns > n->born_ns ? now_ns - n->born_ns : 0;
}

/* Quoted as a shell would read it: free of control bytes. limit: bytes. */
/* Escaped; stops soon after `limit` bytes. */
static void command_line(struct buf *out, const struct tree_node *n,
			 size_t limit)
{
	const struct tree_command *c = n->command;
	size_t at = 0, from = out->len;
	struct span args, arg;

	if (!c || !c->len || !n->execed) {
		text_escape(out, n->comm, strnlen(n->comm, OBIT_COMM_LEN));
		/* Its parent's line has the command. */
		if (!n->execed && n->parent)
			buf_adds(out, " (a fork)");
		return;
	}
	if (c->filename) {
		text_shell_quote(out, c->bytes, c->len);
		return;
	}
	args.p = c->bytes;
	args.len = c->len;
	while (out->len - from <= limit && args_next(args, &at, &arg)) {
		if (out->len != from)
			buf_addc(out, ' ');
		text_shell_quote(out, arg.p, arg.len);
	}
	if (c->cut || at < args.len)
		buf_adds(out, " \xe2\x80\xa6");
}

void tree_add_command(struct buf *out, const struct tree_node *n,
		      unsigned int width)
{
	struct buf line = BUF_INIT;
	size_t fit;

	command_line(&line, n, 4 * width);
	fit = utf8_fit(line.p, line.len, width, NULL);
	if (fit < line.len) {
		fit = utf8_fit(line.p, line.len, width - 1, NULL);
		buf_add(out, line.p, fit);
		buf_adds(out, "\xe2\x80\xa6");
	} else {
		buf_add(out, line.p, fit);
	}
	buf_free(&line);
}

/* --- lines -------------------------------------------------------------------------- */

static const struct tree_node *next_shown(const struct tree_node *n)
{
	do {
		n = n->next;
	} while (n && !n->shown);
	return n;
}

static bool has_rest(const struct page *p, const struct tree_node *n)
{
	return p->look->rest && n->hidden_ok + n->hidden_bad + n->hidden_alive;
}

/* Something stands below it at the same level. */
static bool is_last(const struct page *p, const struct tree_node *n)
{
	return !next_shown(n) && !has_rest(p, n->parent);
}

static unsigned int depth_of(const struct tree_node *n)
{
	unsigned int depth = 0;

	for (; n->parent; n = n->parent)
		depth++;
	return depth;
}

/*
 * The branches that lead to level `depth` below n, as many as half of the room
 * takes; deeper levels say how deep they are: `32>`. Returns the columns.
 */
static unsigned int add_branches(struct page *p, const struct tree_node *n,
				 unsigned int depth, bool last)
{
	unsigned int most = p->room / 2 / BRANCH, i, cols = 0;
	const struct tree_node *up[64];
	char number[16];

	if (most > 64)
		most = 64;
	if (!depth)
		return 0;
	if (depth > most) {
		buf_printf(p->out, "%u> ", depth);
		snprintf(number, sizeof(number), "%u> ", depth);
		return (unsigned int)strlen(number);
	}
	for (i = depth - 1; i > 0; i--) {
		up[i] = n;
		n = n->parent;
	}
	for (i = 1; i < depth; i++, cols += BRANCH)
		buf_adds(p->out, is_last(p, up[i]) ? "  " : "\xe2\x94\x82 ");
	buf_adds(p->out, last ? "\xe2\x94\x94 " : "\xe2\x94\x9c ");
	return cols + BRANCH;
}

static void add_front(struct page *p, const struct tree_node *n)
{
	char text[DURATION_MAX] = "";
	struct buf death = BUF_INIT;
	size_t len;

	sgr(p, n == p->first ? SGR_WORST : "");
	buf_adds(p->out, n == p->first ? "> " : "  ");
	sgr(p, n == p->first ? SGR_OFF : "");
	if (tree_colour(n))
		sgr(p, tree_colour(n));
	tree_death(&death, n, p->layout->death);
	text_fit(p->out, death.p, death.len, p->layout->death, true);
	buf_free(&death);
	if (tree_colour(n))
		sgr(p, SGR_OFF);
	buf_addc(p->out, ' ');
	if (!p->layout->life)
		return;
	if (n->told || n->state == TREE_ALIVE)
		len = duration_format(text, tree_life(n, p->look->now_ns));
	else
		len = 0;
	if (len < p->layout->life)
		buf_fill(p->out, ' ', p->layout->life - len);
	buf_add(p->out, text, len);
	buf_adds(p->out, "  ");
}

static void end_line(struct page *p)
{
	while (p->out->len && p->out->p[p->out->len - 1] == ' ')
		p->out->len--;
	buf_addc(p->out, '\n');
}

static void add_node(struct page *p, const struct tree_node *n,
		     unsigned int depth)
{
	unsigned int used;

	add_front(p, n);
	used = add_branches(p, n->parent, depth, depth && is_last(p, n));
	buf_printf(p->out, "%u ", n->tgid);
	used += (unsigned int)snprintf(NULL, 0, "%u ", n->tgid);
	tree_add_command(p->out, n, used + 4 < p->room ? p->room - used : 4);
	end_line(p);
}

static void add_count(struct buf *b, uint64_t nr, const char *what)
{
	if (!nr)
		return;
	if (b->len)
		buf_adds(b, ", ");
	tree_number(b, nr);
	buf_adds(b, what);
}

static void add_rest(struct page *p, const struct tree_node *n,
		     unsigned int depth)
{
	struct buf b = BUF_INIT;

	buf_fill(p->out, ' ', MARK + p->layout->death + 1);
	if (p->layout->life)
		buf_fill(p->out, ' ', p->layout->life + 2);
	add_branches(p, n, depth + 1, true);
	sgr(p, SGR_DIM);
	add_count(&b, n->hidden_bad, " that failed");
	add_count(&b, n->hidden_alive, " still alive");
	add_count(&b, n->hidden_ok, " that ended well");
	buf_adds(p->out, "\xe2\x80\xa6 ");
	buf_add(p->out, b.p, b.len);
	sgr(p, SGR_OFF);
	buf_free(&b);
	end_line(p);
}

static void add_header(struct page *p)
{
	sgr(p, SGR_HEAD);
	buf_adds(p->out, "  HOW IT ENDED");
	buf_fill(p->out, ' ', p->layout->death - 12 + 1);
	if (p->layout->life)
		buf_printf(p->out, "%*s  ", (int)p->layout->life, "AFTER");
	buf_adds(p->out, "PROCESS");
	sgr(p, SGR_OFF);
	buf_addc(p->out, '\n');
}

/* Nodes that all the way down have no shown sibling behind them end here. */
static void end_levels(struct page *p, const struct tree_node *n,
		       const struct tree_node *next)
{
	unsigned int depth = depth_of(n);

	for (; n; n = n->parent, depth--) {
		if (next && next->parent == n)
			return;
		if (has_rest(p, n))
			add_rest(p, n, depth);
		if (next && next->parent == n->parent)
			return;
	}
}

void tree_text(struct buf *out, const struct tree *t,
	       const struct tree_look *look)
{
	struct page p = { .out = out, .look = look, .layout = layouts };
	unsigned int width = look->width ? look->width : PAPER_WIDTH, used;
	const struct tree_node *n = NULL, *prev = NULL;

	while (width < p.layout->from)
		p.layout++;
	used = MARK + p.layout->death + 1;
	used += p.layout->life ? p.layout->life + 2 : 0;
	p.room = width > used + 12 ? width - used : 12;
	p.first = tree_first_failure(t);
	if (look->header)
		add_header(&p);
	while ((n = tree_next(t, n))) {
		if (!n->shown)
			continue;
		if (prev)
			end_levels(&p, prev, n);
		add_node(&p, n, depth_of(n));
		prev = n;
	}
	if (prev)
		end_levels(&p, prev, NULL);
}
