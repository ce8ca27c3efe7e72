// SPDX-License-Identifier: GPL-2.0-only
/*
 * text: a profile for people.
 * Owns what there is room for in which width. Every byte of a stranger passes
 * core/text. Never asks the system for anything.
 */
#include <stdio.h>
#include <string.h>
#include "core/profile/profile.h"
#include "core/text.h"
#include "core/when.h"
#include "lib/opts.h"
#include "lib/sgr.h"
#include "lib/timefmt.h"

#define SGR_BAR		SGR_NOTICE

#define WIDTH		80u	/* where it is not limited */
#define GROUPS_SHOWN	20
/* Phases that get a histogram of their own: so many per mille of all at least,
 * and so many at most. */
#define PHASE_SHARE	20
#define PHASES_SHOWN	6
#define STACK_SHOWN	6	/* innermost functions of a stack */

struct print {
	struct buf *out;
	const struct profile *p;
	const struct profile_view *v;
	unsigned int width;
};

static void colour(const struct print *t, const char *sgr)
{
	if (t->v->colour)
		buf_adds(t->out, sgr);
}

static void head(const struct print *t, const char *text)
{
	buf_addc(t->out, '\n');
	colour(t, SGR_HEAD);
	opts_wrap(t->out, text, 0, 0, t->width);
	colour(t, SGR_OFF);
	buf_addc(t->out, '\n');
}

static void add_duration(struct buf *out, uint64_t ns)
{
	char text[DURATION_MAX];

	duration_format(text, ns);
	buf_adds(out, text);
}

static void right_duration(const struct print *t, uint64_t ns, int width)
{
	char text[DURATION_MAX];

	duration_format(text, ns);
	buf_printf(t->out, "%*s", width, text);
}

/* `61 %`, `0.4 %`: two digits that mean something. */
static const char *share_text(char text[16], uint64_t part, uint64_t whole)
{
	unsigned int share = profile_share(part, whole);

	if (share >= 100 || (!share && !part))
		snprintf(text, 16, "%u %%", (share + 5) / 10);
	else if (!share)
		snprintf(text, 16, "< 0.1 %%");
	else
		snprintf(text, 16, "%u.%u %%", share / 10, share % 10);
	return text;
}

static void add_share(struct buf *out, uint64_t part, uint64_t whole)
{
	char text[16];

	buf_adds(out, share_text(text, part, whole));
}

static const char *s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void line(const struct print *t, struct buf *text, unsigned int indent)
{
	buf_fill(t->out, ' ', indent);
	opts_wrap(t->out, buf_str(text), indent, indent, t->width);
	buf_addc(t->out, '\n');
	buf_clear(text);
}

/* --- the whole -------------------------------------------------------------- */

static bool off_is_known(const struct profile *p)
{
	return p->off_known || p->all.off_ns;
}

static void add_quantiles(const struct print *t, struct buf *b)
{
	const struct histogram *h = &t->p->all.kernel;

	buf_adds(b, "of one: half within ");
	add_duration(b, histogram_quantile(h, 500));
	buf_adds(b, ", 90 % within ");
	add_duration(b, histogram_quantile(h, 900));
	buf_adds(b, ", 99 % within ");
	add_duration(b, histogram_quantile(h, 990));
	buf_adds(b, ", the longest ");
	add_duration(b, h->max);
}

static void add_notes(const struct print *t, struct buf *b)
{
	const struct profile *p = t->p;
	uint64_t unknown = p->deaths - p->known;

	if (unknown && p->known) {
		buf_printf(b, "teardown of %llu death%s is not known",
			   (unsigned long long)unknown, s(unknown));
		line(t, b, 2);
	}
	if (p->coarse) {
		buf_adds(b, "the phases are coarse: seen by tracepoints alone");
		if (p->coarse < p->known)
			buf_printf(b, ", of %llu deaths",
				   (unsigned long long)p->coarse);
		line(t, b, 2);
	}
	if (p->user_known && p->user_ns) {
		buf_adds(b, "before that, in user space from exit(3) on: ");
		add_duration(b, p->user_ns);
		line(t, b, 2);
	}
	if (p->elsewhere) {
		buf_printf(b, "of %llu death%s a part was done by another task",
			   (unsigned long long)p->elsewhere, s(p->elsewhere));
		if (p->elsewhere_ns) {
			buf_adds(b, ", in ");
			add_duration(b, p->elsewhere_ns);
		}
		line(t, b, 2);
	}
	if (t->v->lost) {
		buf_printf(b,
			   "%llu record%s did not come through (--buffer makes room)",
			   (unsigned long long)t->v->lost, s(t->v->lost));
		line(t, b, 2);
	}
	if (t->v->forgotten || p->calls.cut) {
		buf_printf(b,
			   "%llu stacks were left out or cut, for want of room",
			   (unsigned long long)(t->v->forgotten +
						p->calls.cut));
		line(t, b, 2);
	}
}

static void totals(const struct print *t)
{
	const struct profile *p = t->p;
	struct buf b = BUF_INIT;

	buf_printf(&b, "%llu death%s", (unsigned long long)p->deaths,
		   s(p->deaths));
	if (t->v->span_ns) {
		buf_adds(&b, " in ");
		add_duration(&b, t->v->span_ns);
	}
	if (p->known) {
		buf_adds(&b, ", ");
		add_duration(&b, p->all.kernel.sum);
		buf_adds(&b, " of teardown in the kernel");
	}
	if (p->known && off_is_known(p)) {
		buf_adds(&b, ", ");
		add_share(&b, p->all.off_ns, p->all.kernel.sum);
		buf_adds(&b, " of it off the CPU");
	}
	line(t, &b, 0);
	if (p->known) {
		add_quantiles(t, &b);
		line(t, &b, 2);
	}
	add_notes(t, &b);
	buf_free(&b);
}

/* --- histograms ------------------------------------------------------------- */

/* `cells` of a character that is full, and one that is so to some eighths. */
static void add_bar(const struct print *t, uint64_t part, uint64_t whole,
		    unsigned int width)
{
	uint64_t eighths = part * width * 8 / whole;
	unsigned int i;

	colour(t, SGR_BAR);
	if (!t->v->blocks) {
		buf_fill(t->out, '#', eighths / 8 ? eighths / 8 : 1);
	} else {
		for (i = 0; i < eighths / 8; i++)
			buf_adds(t->out, "\xe2\x96\x88");
		/* U+2589 is seven eighths, U+258f is one. */
		if (eighths % 8 || eighths < 8)
			buf_printf(t->out, "\xe2\x96%c",
				   (char)(0x90 -
					  (eighths % 8 ? eighths % 8 : 1)));
	}
	colour(t, SGR_OFF);
}

static void bars(const struct print *t, const struct histogram *h)
{
	uint64_t counts[HISTOGRAM_OCTAVES], most = 0;
	unsigned int first = HISTOGRAM_OCTAVES, last = 0, i;

	histogram_log2(h, counts);
	for (i = 0; i < HISTOGRAM_OCTAVES; i++) {
		if (!counts[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = counts[i] > most ? counts[i] : most;
	}
	for (i = first; i <= last; i++) {
		/* No more is said of a long gap than that it is there. */
		if (i + 2 <= last && !counts[i] && !counts[i + 1] &&
		    !counts[i + 2]) {
			while (!counts[i + 1])
				i++;
			buf_adds(t->out, "      ...\n");
			continue;
		}
		right_duration(t, i ? 1ULL << i : 0, 9);
		buf_printf(t->out, " %9llu", (unsigned long long)counts[i]);
		if (counts[i]) {
			buf_adds(t->out, "  ");
			add_bar(t, counts[i], most,
				t->width > 31 ? t->width - 21 : 10);
		}
		buf_addc(t->out, '\n');
	}
}

static void phase_head(const struct print *t, enum obit_phase i)
{
	const struct profile_group *g = &t->p->all;
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s: ", phase_names[i]);
	add_share(&b, g->phase_ns[i], g->kernel.sum);
	buf_adds(&b, " of the time, ");
	add_duration(&b, g->phase_ns[i]);
	buf_printf(&b, " in %llu death%s", (unsigned long long)g->phase_nr[i],
		   s(g->phase_nr[i]));
	if (off_is_known(t->p) && g->phase_off_ns[i]) {
		buf_adds(&b, ", ");
		add_share(&b, g->phase_off_ns[i], g->phase_ns[i]);
		buf_adds(&b, " off the CPU");
	}
	head(t, buf_str(&b));
	buf_free(&b);
}

static void histograms(const struct print *t)
{
	const struct profile_group *g = &t->p->all;
	unsigned int shown = 0;
	uint32_t done = 0;
	enum obit_phase i, next;

	head(t, "Teardown of a death: this long or up to twice as long");
	bars(t, &g->kernel);
	while (shown++ < PHASES_SHOWN) {
		next = OBIT_PHASE_NR;
		for (i = 0; i < OBIT_PHASE_NR; i++)
			if (!(done >> i & 1) &&
			    profile_share(g->phase_ns[i], g->kernel.sum) >=
				    PHASE_SHARE &&
			    (next == OBIT_PHASE_NR ||
			     g->phase_ns[i] > g->phase_ns[next]))
				next = i;
		if (next == OBIT_PHASE_NR)
			break;
		done |= 1u << next;
		phase_head(t, next);
		bars(t, &t->p->phases[next]);
	}
}

/* --- by group --------------------------------------------------------------- */

/* Columns by width: what is least needed goes first. */
struct layout {
	unsigned int from;
	bool p50, p90, p99, deaths, share;
};

static const struct layout layouts[] = {
	{ 88, true, true, true, true, true },
	{ 76, true, false, true, true, true },
	{ 72, false, false, true, true, true },
	{ 64, false, false, false, true, true },
	{ 56, false, false, false, false, true },
	{ 0, false, false, false, false, false },
};

static const struct layout *layout_for(const struct print *t)
{
	const struct layout *l = layouts;

	while (t->width < l->from)
		l++;
	return l;
}

static unsigned int used_by(const struct layout *l)
{
	return 2 * 8 + 8 * l->p50 + 8 * l->p90 + 8 * l->p99 + 8 * l->deaths +
	       8 * l->share;
}

#define PHASE_WIDTH 17	/* `ptrace_stop 100 %` */

/* The two columns of text share what the figures leave. */
static void text_widths(const struct print *t, unsigned int *name,
			unsigned int *phase)
{
	unsigned int left = t->width - used_by(layout_for(t));

	*phase = left > 40 ? PHASE_WIDTH : left / 2;
	*name = left - *phase - 1;
	if (t->p->cfg.by == PROFILE_BY_COMM && *name > OBIT_COMM_LEN) {
		*phase += *name - OBIT_COMM_LEN;
		*name = OBIT_COMM_LEN;
	}
}

static void group_heads(const struct print *t, const char *by)
{
	const struct layout *l = layout_for(t);
	unsigned int name, phase;
	char upper[8];
	size_t i;

	for (i = 0; i < sizeof(upper) - 1 && by[i]; i++)
		upper[i] = (char)(by[i] - 'a' + 'A');
	upper[i] = '\0';
	text_widths(t, &name, &phase);
	buf_printf(t->out, "%-*s", (int)name, upper);
	if (l->deaths)
		buf_printf(t->out, " %7s", "DEATHS");
	buf_printf(t->out, " %7s", "TIME");
	if (l->share)
		buf_printf(t->out, " %7s", "SHARE");
	if (l->p50)
		buf_printf(t->out, " %7s", "P50");
	if (l->p90)
		buf_printf(t->out, " %7s", "P90");
	if (l->p99)
		buf_printf(t->out, " %7s", "P99");
	buf_printf(t->out, " %7s %s\n", "MAX",
		   phase < 13 ? "PHASE" : "SLOWEST PHASE");
}

/* `mm.unmap 61 %` */
static void add_phase(const struct print *t, enum obit_phase i, uint64_t part,
		      uint64_t whole, unsigned int width)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s ", phase_names[i]);
	add_share(&b, part, whole);
	text_fit(t->out, b.p, b.len, width, false);
	buf_free(&b);
}

static void add_stack(const struct print *t, const struct profile_group *g)
{
	enum obit_phase i = profile_slowest(g);
	const struct call *path[OBIT_STACK_MAX];
	const struct call *root = g->on[i];
	struct buf b = BUF_INIT;
	size_t nr, k;

	if (!root || (g->off[i] && g->off[i]->total_ns > root->total_ns))
		root = g->off[i];
	nr = calls_top(root, path, OBIT_STACK_MAX);
	if (!nr)
		return;
	buf_printf(&b,
		   "%s: ", root == g->off[i] ? "off the CPU" : "on the CPU");
	for (k = nr > STACK_SHOWN ? nr - STACK_SHOWN : 0; k < nr; k++) {
		if (path[k]->name)
			buf_adds(&b, path[k]->name);
		else
			buf_printf(&b, "0x%llx",
				   (unsigned long long)path[k]->address);
		buf_adds(&b, k + 1 < nr ? " > " : "");
	}
	colour(t, SGR_DIM);
	line(t, &b, 4);
	colour(t, SGR_OFF);
	buf_free(&b);
}

static void group_row(const struct print *t, const struct profile_group *g)
{
	const struct layout *l = layout_for(t);
	enum obit_phase slowest = profile_slowest(g);
	unsigned int name, phase;
	char share[16];

	text_widths(t, &name, &phase);
	if (t->p->cfg.by == PROFILE_BY_COMM)
		text_fit(t->out, g->name, g->name_len, name, true);
	else
		text_fit_tail(t->out, g->name, g->name_len, name, true);
	if (l->deaths)
		buf_printf(t->out, " %7llu", (unsigned long long)g->kernel.nr);
	right_duration(t, g->kernel.sum, 8);
	if (l->share)
		buf_printf(t->out, " %7s",
			   share_text(share, g->kernel.sum,
				      t->p->all.kernel.sum));
	if (l->p50)
		right_duration(t, histogram_quantile(&g->kernel, 500), 8);
	if (l->p90)
		right_duration(t, histogram_quantile(&g->kernel, 900), 8);
	if (l->p99)
		right_duration(t, histogram_quantile(&g->kernel, 990), 8);
	right_duration(t, g->kernel.max, 8);
	buf_addc(t->out, ' ');
	add_phase(t, slowest, g->phase_ns[slowest], g->kernel.sum, phase);
	buf_addc(t->out, '\n');
	if (t->p->stacks)
		add_stack(t, g);
}

static void groups(const struct print *t)
{
	const char *by = profile_by_names[t->p->cfg.by];
	struct buf b = BUF_INIT;
	uint64_t left = 0;
	size_t i;

	buf_printf(&b, "Where it goes, by %s", by);
	head(t, buf_str(&b));
	buf_free(&b);
	if (t->v->header)
		group_heads(t, by);
	for (i = 0; i < t->p->nr_groups && i < GROUPS_SHOWN; i++)
		group_row(t, t->p->groups[i]);
	for (; i < t->p->nr_groups; i++)
		left += t->p->groups[i]->kernel.sum;
	if (t->p->nr_groups > GROUPS_SHOWN) {
		buf_printf(t->out, "and %zu more, together ",
			   t->p->nr_groups - GROUPS_SHOWN);
		add_duration(t->out, left);
		buf_adds(t->out, " (-o json has all)\n");
	}
}

/* --- the worst -------------------------------------------------------------- */

/* `worker-3[1234]`: as long as a name and a tgid can be, if it is plain. */
#define WHO_WIDTH 24
/* ` ptrace_stop 1.2 ms `, and how long all of it took */
#define REST_WIDTH 28

static bool off_fits(const struct print *t)
{
	return t->width >= 76;
}

static bool died_fits(const struct print *t)
{
	return t->width >= 56;
}

static unsigned int who_width(const struct print *t)
{
	unsigned int left =
		t->width - REST_WIDTH - 12 * died_fits(t) - 8 * off_fits(t);

	return left < WHO_WIDTH ? left : WHO_WIDTH;
}

static void worst_row(const struct print *t, const struct profile_death *d)
{
	char when[WHEN_MAX] = "-", who[OBIT_COMM_LEN + 16];
	int len;

	if (d->wall_ns)
		when_hms(when, (int64_t)d->wall_ns, d->utc_offset_s);
	if (died_fits(t))
		buf_printf(t->out, "%-12s", when);
	right_duration(t, d->kernel_ns, 8);
	if (off_fits(t) && d->off_known)
		right_duration(t, d->off_ns, 8);
	else if (off_fits(t))
		buf_printf(t->out, "%8s", "-");
	len = snprintf(who, sizeof(who), "%.*s[%u]", OBIT_COMM_LEN, d->comm,
		       d->tgid);
	buf_addc(t->out, ' ');
	text_fit(t->out, who, (size_t)len, who_width(t), true);
	buf_printf(t->out, " %s ", phase_names[d->phase]);
	add_duration(t->out, d->phase_ns);
	buf_addc(t->out, '\n');
}

static void worst(const struct print *t)
{
	size_t i;

	head(t, "The longest");
	if (t->v->header)
		buf_printf(t->out, "%s %7s %s%-*s %s\n",
			   died_fits(t) ? "DIED        " : "", "KERNEL",
			   off_fits(t) ? "OFF CPU " : "", (int)who_width(t),
			   "PROCESS", "SLOWEST PHASE");
	for (i = 0; i < t->p->nr_worst; i++)
		worst_row(t, &t->p->worst[i]);
}

void profile_text(struct buf *out, const struct profile *p,
		  const struct profile_view *v)
{
	struct print t = { .out = out, .p = p, .v = v };
	struct buf b = BUF_INIT;

	t.width = v->width ? v->width : WIDTH;
	t.width = t.width < 40 ? 40 : t.width;
	totals(&t);
	if (p->known) {
		histograms(&t);
		groups(&t);
		worst(&t);
	} else if (p->deaths && v->no_teardown) {
		buf_adds(&b, v->no_teardown);
		line(&t, &b, 0);
		buf_free(&b);
	}
}
