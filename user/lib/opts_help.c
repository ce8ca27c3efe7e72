// SPDX-License-Identifier: GPL-2.0-only
/*
 * opts_help: what is said about options: syntax, help text, nearest names.
 * Owns wrapping and layout. Never parses a command line, never prints.
 */
#include <string.h>
#include "opts.h"
#include "utf8.h"

/* --- nearest name ------------------------------------------------------- */

#define WORD_MAX 48

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Optimal string alignment: insert, delete, replace, swap two neighbours. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *above = rows[0], *row = rows[1], *spare = rows[2];
	unsigned int *before = spare;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= lb; j++)
		above[j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		row[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[lb];
}

const char *opts_nearest(const char *word, const char *const *names, size_t nr)
{
	const char *best = NULL, *prefix = NULL;
	unsigned int d, best_d = WORD_MAX, nr_prefix = 0;
	size_t i, len = strlen(word);

	for (i = 0; i < nr; i++) {
		if (len && !strncmp(names[i], word, len)) {
			prefix = names[i];
			nr_prefix++;
		}
		d = distance(word, names[i]);
		if (d < best_d) {
			best_d = d;
			best = names[i];
		}
	}
	if (best && (best_d <= 1 || best_d <= len / 3) && best_d < len)
		return best;
	return nr_prefix == 1 ? prefix : NULL;
}

/* --- wrapping ----------------------------------------------------------- */

static void new_line(struct buf *out, unsigned int indent, unsigned int *col)
{
	buf_addc(out, '\n');
	*col = 0;
	if (indent) {
		buf_fill(out, ' ', indent);
		*col = indent;
	}
}

/* Up to the next blank; but `[default: 1s]` stays in one piece. */
static size_t word_len(const char *text)
{
	const char *end = strpbrk(text, "]\n");

	if (end && *end == ']' && !strncmp(text, "[default: ", 10))
		return (size_t)(end - text) + 1;
	return strcspn(text, " \n");
}

void opts_wrap(struct buf *out, const char *text, unsigned int indent,
	       unsigned int col, unsigned int width)
{
	bool fresh = true; /* nothing stands on this line yet */
	unsigned int cols;
	size_t n;

	while (*text) {
		if (*text == '\n') {
			text++;
			/* An empty line carries no blanks at its end. */
			if (*text == '\n') {
				buf_addc(out, '\n');
				text++;
			}
			new_line(out, indent, &col);
			fresh = true;
			continue;
		}
		if (*text == ' ') {
			text++;
			continue;
		}
		n = word_len(text);
		cols = (unsigned int)utf8_width(text, n);
		if (!fresh && width && col + 1 + cols > width) {
			new_line(out, indent, &col);
			fresh = true;
		}
		if (!fresh) {
			buf_addc(out, ' ');
			col++;
		}
		buf_add(out, text, n);
		col += cols;
		text += n;
		fresh = false;
	}
}

/* --- one option --------------------------------------------------------- */

static void add_metavar(const struct opt *o, struct buf *out)
{
	const struct opt_name *n;
	size_t len = 0;

	if (o->metavar) {
		buf_adds(out, o->metavar);
		return;
	}
	switch (o->kind) {
	case OPT_K_END:
	case OPT_K_FLAG:
	case OPT_K_COUNT:
		return;
	case OPT_K_U32:
	case OPT_K_U64:
		buf_adds(out, "N");
		return;
	case OPT_K_SIZE:
		buf_adds(out, "SIZE");
		return;
	case OPT_K_DURATION:
		buf_adds(out, "TIME");
		return;
	case OPT_K_STRING:
	case OPT_K_STRINGS:
	case OPT_K_CALL:
		buf_adds(out, "TEXT");
		return;
	case OPT_K_ENUM:
		for (n = o->names; n->name; n++)
			len += strlen(n->name) + 1;
		if (len > 36) {
			buf_adds(out, "NAME");
			return;
		}
		for (n = o->names; n->name; n++)
			buf_printf(out, "%s%s", n == o->names ? "" : "|",
				   n->name);
		return;
	}
}

static void add_name(const struct opt *o, struct buf *out)
{
	buf_printf(out, "--%s%s", o->negatable ? "[no-]" : "", o->name);
	if (o->kind == OPT_K_FLAG || o->kind == OPT_K_COUNT || o->no_arg)
		return;
	buf_adds(out, o->bare ? "[=" : " ");
	add_metavar(o, out);
	if (o->bare)
		buf_addc(out, ']');
}

void opt_syntax(const struct opt *o, struct buf *out)
{
	if (o->brief)
		buf_printf(out, "-%c, ", o->brief);
	add_name(o, out);
}

/* --- the help text ------------------------------------------------------ */

#define HELP_COL 26 /* where the sentences begin */

static void add_notes(const struct opt *o, struct buf *text)
{
	if (o->dflt && *o->dflt)
		buf_printf(text, " [default: %s]", o->dflt);
	if (o->env)
		buf_printf(text, " [$%s]", o->env);
	if (o->kind == OPT_K_STRINGS)
		buf_adds(text, " Repeatable.");
}

static void help_names(const struct opt *o, unsigned int width, struct buf *out)
{
	const struct opt_name *n;
	unsigned int col;

	for (n = o->names; n->name; n++) {
		if (!n->help)
			continue;
		buf_fill(out, ' ', HELP_COL);
		col = HELP_COL + (unsigned int)strlen(n->name);
		buf_printf(out, "%s: ", n->name);
		opts_wrap(out, n->help, HELP_COL + 2, col + 2, width);
		buf_addc(out, '\n');
	}
}

static void help_option(const struct opt *o, unsigned int width,
			struct buf *out)
{
	struct buf syntax = BUF_INIT, text = BUF_INIT;

	if (!o->brief)
		buf_adds(&syntax, "    ");
	opt_syntax(o, &syntax);
	buf_adds(&text, o->help ? o->help : "");
	add_notes(o, &text);

	buf_printf(out, "  %s", buf_str(&syntax));
	if (syntax.len + 4 > HELP_COL)
		buf_printf(out, "\n%*s", HELP_COL, "");
	else
		buf_fill(out, ' ', HELP_COL - syntax.len - 2);
	opts_wrap(out, buf_str(&text), HELP_COL, HELP_COL, width);
	buf_addc(out, '\n');
	if (o->kind == OPT_K_ENUM)
		help_names(o, width, out);

	if (syntax.err || text.err)
		out->err = syntax.err ? syntax.err : text.err;
	buf_free(&syntax);
	buf_free(&text);
}

void opts_help(const struct opts_group *groups, unsigned int width,
	       struct buf *out)
{
	const struct opts_group *g;
	const struct opt *o;

	for (g = groups; g->title; g++) {
		buf_printf(out, "%s%s:\n", g == groups ? "" : "\n", g->title);
		for (o = g->opts; o->kind != OPT_K_END; o++)
			if (!o->hidden)
				help_option(o, width, out);
	}
}

void opts_for_each(const struct opts_group *groups,
		   void (*fn)(const struct opts_group *g, const struct opt *o,
			      void *ctx),
		   void *ctx)
{
	const struct opts_group *g;
	const struct opt *o;

	for (g = groups; g->title; g++)
		for (o = g->opts; o->kind != OPT_K_END; o++)
			if (!o->hidden)
				fn(g, o, ctx);
}
