// SPDX-License-Identifier: GPL-2.0-only
/*
 * chrome: deaths as a timeline, in the trace event format.
 * Owns the ids and that slices of one line nest. Times are kept in ns and
 * become us with three decimals: nothing is rounded. Never remembers more than
 * a bounded number of processes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/status.h"
#include "core/teardown.h"
#include "core/text.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/out.h"
#include "sink/chrome.h"

#define FLUSH_AT	(256 * 1024)
/* Processes that are remembered, dead or alive; arrows from one of which the line
 * is not known yet, and from all of them. */
#define LINES_MAX	65536
#define ARROWS_MAX	1024
#define ARROWS_ALL	(256 * 1024)

struct arrow {
	uint64_t boot_ns, id;
};

/*
 * What is remembered of a process: its id, which stands for its line and for
 * the group of its children.
 * @pid:    the group its line is in, once that is known
 * @drawn:  its line is there
 * @named:  its group is
 * @arrows: that begin at it, while it is not drawn
 */
struct line {
	struct hash_node hn;
	struct line *older, *newer;	/* by when it was last spoken of */
	uint64_t start_boottime, last_ns;
	uint32_t tgid, id, pid;
	char comm[OBIT_COMM_LEN];
	bool drawn, named;
	unsigned int nr_arrows;
	struct arrow *arrows;
};

struct chrome {
	int fd;
	struct buf out, text;
	struct json j;
	bool begun;
	uint64_t origin, last_ns;	/* boot_ns of the first record; the latest */
	struct hash lines;
	struct line *oldest, *newest;
	uint32_t last_id;
	uint64_t last_arrow;
	size_t nr_arrows;		/* of all lines */
};

/* --- one event -------------------------------------------------------------- */

static void begin_file(struct chrome *c)
{
	if (c->begun)
		return;
	c->begun = true;
	json_object_begin(&c->j, NULL);
	json_cstr(&c->j, "displayTimeUnit", "ns");
	json_object_begin(&c->j, "otherData");
	json_cstr(&c->j, "producer", "obit profile");
	json_u64(&c->j, "origin_boot_ns", c->origin);
	json_object_end(&c->j);
	json_array_begin(&c->j, "traceEvents");
}

/* What was before the first record is drawn as at its instant. */
static uint64_t clamped(const struct chrome *c, uint64_t boot_ns)
{
	return boot_ns > c->origin ? boot_ns - c->origin : 0;
}

static void add_us(struct chrome *c, const char *key, uint64_t ns)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu.%03u",
			   (unsigned long long)(ns / 1000),
			   (unsigned int)(ns % 1000));

	json_raw(&c->j, key, text, (size_t)len);
}

static void event_begin(struct chrome *c, const char *ph, const char *cat,
			uint32_t pid, uint32_t tid)
{
	begin_file(c);
	if (c->j.comma)
		buf_addc(&c->out, ',');
	c->j.comma = false;
	buf_addc(&c->out, '\n');
	json_object_begin(&c->j, NULL);
	json_cstr(&c->j, "ph", ph);
	if (cat)
		json_cstr(&c->j, "cat", cat);
	json_u64(&c->j, "pid", pid);
	json_u64(&c->j, "tid", tid);
}

/* `worker-3 [1234]` into c->text */
static void name_of(struct chrome *c, const char *comm, uint32_t tgid)
{
	buf_clear(&c->text);
	text_escape(&c->text, comm, strnlen(comm, OBIT_COMM_LEN));
	buf_printf(&c->text, " [%u]", tgid);
}

static void add_metadata(struct chrome *c, const char *what, uint32_t pid,
			 uint32_t tid, const struct line *l)
{
	event_begin(c, "M", NULL, pid, tid);
	json_cstr(&c->j, "name", what);
	json_object_begin(&c->j, "args");
	name_of(c, l->comm, l->tgid);
	json_str(&c->j, "name", c->text.p, c->text.len);
	json_object_end(&c->j);
	json_object_end(&c->j);
}

/* Leaves the object open, for its args. False: it has no length. */
static bool slice_begin(struct chrome *c, const struct line *l, const char *cat,
			const char *name, size_t len, uint64_t from,
			uint64_t to)
{
	uint64_t ts = clamped(c, from), end = clamped(c, to);

	if (end <= ts)
		return false;
	event_begin(c, "X", cat, l->pid, l->id);
	json_str(&c->j, "name", name, len);
	add_us(c, "ts", ts);
	add_us(c, "dur", end - ts);
	return true;
}

static void slice(struct chrome *c, const struct line *l, const char *cat,
		  const char *name, uint64_t from, uint64_t to)
{
	if (slice_begin(c, l, cat, name, strlen(name), from, to))
		json_object_end(&c->j);
}

/* One end of an arrow: ph "s" or "f". */
static void arrow_end(struct chrome *c, const struct line *l, const char *ph,
		      uint64_t id, uint64_t boot_ns)
{
	event_begin(c, ph, "kill", l->pid, l->id);
	json_cstr(&c->j, "name", "kill");
	json_u64(&c->j, "id", id);
	add_us(c, "ts", clamped(c, boot_ns));
	/* To the slice around it, not to the next that begins. */
	if (*ph == 'f')
		json_cstr(&c->j, "bp", "e");
	json_object_end(&c->j);
}

/* --- whose line ------------------------------------------------------------- */

static void unlink_line(struct chrome *c, struct line *l)
{
	*(l->older ? &l->older->newer : &c->oldest) = l->newer;
	*(l->newer ? &l->newer->older : &c->newest) = l->older;
}

static void link_newest(struct chrome *c, struct line *l)
{
	l->newer = NULL;
	l->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = l;
	c->newest = l;
}

static void begin_line(struct chrome *c, struct line *l, struct line *group)
{
	if (!group->named)
		add_metadata(c, "process_name", group->id, group->id, group);
	group->named = true;
	l->pid = group->id;
	l->drawn = true;
	add_metadata(c, "thread_name", l->pid, l->id, l);
}

static void draw_arrows(struct chrome *c, struct line *l)
{
	unsigned int i;

	for (i = 0; i < l->nr_arrows; i++)
		arrow_end(c, l, "s", l->arrows[i].id, l->arrows[i].boot_ns);
	c->nr_arrows -= l->nr_arrows;
	free(l->arrows);
	l->arrows = NULL;
	l->nr_arrows = 0;
}

/* A killer that no obituary has come of: it lives, or is not among those that
 * are shown. What is known is that it was there when it last killed. */
static void settle(struct chrome *c, struct line *l)
{
	if (!l->drawn && l->nr_arrows) {
		begin_line(c, l, l);
		name_of(c, l->comm, l->tgid);
		/* 1 ns more: an arrow begins inside. */
		if (slice_begin(c, l, "seen", c->text.p, c->text.len,
				l->start_boottime,
				(l->last_ns > c->origin ? l->last_ns :
							  c->origin) +
					1)) {
			json_object_begin(&c->j, "args");
			json_cstr(&c->j, "note",
				  "drawn up to the last signal it sent");
			json_object_end(&c->j);
			json_object_end(&c->j);
		}
		draw_arrows(c, l);
	}
	free(l->arrows);
	unlink_line(c, l);
	hash_del(&c->lines, &l->hn);
	free(l);
}

static struct line *line_of(struct chrome *c, uint32_t tgid,
			    uint64_t start_boottime, const char *comm)
{
	uint64_t hv = hash_u64_2(tgid, start_boottime);
	struct hash_node *n;
	struct line *l;

	hash_for_each_key(&c->lines, hv, n) {
		l = hash_entry(n, struct line, hn);
		if (l->tgid != tgid || l->start_boottime != start_boottime)
			continue;
		unlink_line(c, l);
		link_newest(c, l);
		return l;
	}
	if (c->lines.nr >= LINES_MAX)
		settle(c, c->oldest);
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->tgid = tgid;
	l->start_boottime = start_boottime;
	l->id = ++c->last_id;
	if (comm)
		memcpy(l->comm, comm, sizeof(l->comm));
	link_newest(c, l);
	hash_add(&c->lines, &l->hn, hv);
	return l;
}

/* --- a death ---------------------------------------------------------------- */

/*
 * Instants, CLOCK_BOOTTIME: life is from begin to leave, teardown to left,
 * being a zombie from then on to end.
 */
struct course {
	uint64_t begin, leave, left, end;
	bool zombie;
};

static void find_course(const struct chrome *c, const struct obituary *o,
			struct course *k)
{
	const struct teardown *t = o->teardown;
	uint64_t reapable = o->boot_ns;

	k->begin = obituary_has(o, OB_START) ? o->start_boottime :
		   obituary_has(o, OB_LIFE)  ? o->boot_ns - o->life_ns :
					       c->origin;
	k->leave = k->left = o->boot_ns;
	if (t && t->kernel_ns) {
		k->leave = t->boot_ns;
		k->left = t->boot_ns + t->kernel_ns;
		if (obituary_has(o, OB_REAPABLE))
			reapable = t->boot_ns + o->reapable_ns;
	}
	if (k->begin > k->leave)
		k->begin = k->leave;
	k->end = k->left;
	/* Its parent may take it while it is still on its way to the last
	 * switch: then there is no zombie to be seen here. */
	if (o->fate == FATE_ZOMBIE && c->last_ns > k->end)
		k->end = c->last_ns;
	else if (obituary_has(o, OB_ZOMBIE_NS) &&
		 reapable + o->zombie_ns > k->end)
		k->end = reapable + o->zombie_ns;
	k->zombie = k->end > k->left;
}

/* What is in none of the slices, for another task did it: "mm.unmap by cat [7]" */
static void add_elsewhere(struct chrome *c, const struct teardown *t)
{
	const struct teardown_elsewhere *e;
	unsigned int i;

	json_array_begin(&c->j, "elsewhere");
	for (i = 0; i < t->nr_elsewhere; i++) {
		e = &t->elsewhere[i];
		buf_clear(&c->text);
		buf_adds(&c->text, phase_names[e->phase]);
		if (e->tgid) {
			buf_adds(&c->text, " by ");
			text_escape(&c->text, e->comm,
				    strnlen(e->comm, sizeof(e->comm)));
			buf_printf(&c->text, " [%u]", e->tgid);
		}
		json_str(&c->j, NULL, c->text.p, c->text.len);
	}
	json_array_end(&c->j);
}

static void add_args(struct chrome *c, const struct obituary *o)
{
	json_object_begin(&c->j, "args");
	json_u64(&c->j, "tgid", o->tgid);
	json_u64(&c->j, "start_boottime", o->start_boottime);
	json_cstr(&c->j, "cause", cause_names[o->cause]);
	if (obituary_has(o, OB_SIGNAL))
		json_cstr(&c->j, "signal", signal_name(o->signal));
	else if (obituary_has(o, OB_EXIT_STATUS))
		json_u64(&c->j, "exit_status", o->exit_status);
	json_cstr(&c->j, "fate", fate_names[o->fate]);
	if (obituary_has(o, OB_ZOMBIE_NS)) {
		json_u64(&c->j, "zombie_ns", o->zombie_ns);
		json_u64(&c->j, "zombie_err_ns", o->zombie_err_ns);
	}
	if (o->teardown) {
		json_u64(&c->j, "kernel_ns", o->teardown->kernel_ns);
		if (o->teardown->off_known)
			json_u64(&c->j, "off_cpu_ns", o->teardown->off_ns);
		if (o->teardown->nr_elsewhere)
			add_elsewhere(c, o->teardown);
	}
	json_object_end(&c->j);
}

static void draw_steps(struct chrome *c, const struct line *l,
		       const struct teardown *t)
{
	const struct teardown_step *s;
	unsigned int i;

	slice(c, l, "teardown", "teardown", t->boot_ns,
	      t->boot_ns + t->kernel_ns);
	for (i = 0; i < t->nr_steps; i++) {
		s = &t->steps[i];
		if (!slice_begin(c, l, "phase", phase_names[s->phase],
				 strlen(phase_names[s->phase]), s->boot_ns,
				 s->boot_ns + s->ns))
			continue;
		if (t->off_known) {
			json_object_begin(&c->j, "args");
			json_u64(&c->j, "off_cpu_ns", s->off_ns);
			json_object_end(&c->j);
		}
		json_object_end(&c->j);
	}
}

static bool sent_by(const struct held_signal *s, const struct obituary *o,
		    enum obituary_have have, const struct person *p)
{
	return obituary_has(o, have) && p->tgid &&
	       p->tgid == s->sender.task.tgid &&
	       p->start_boottime == s->sender.task.start_boottime &&
	       p->signal == (int32_t)s->signal;
}

/* Its sender is named only where the obituary does: whoever ran when it was
 * generated may be a bystander. */
static void draw_signal(struct chrome *c, const struct line *l,
			const struct obituary *o, const struct held_signal *s)
{
	const char *name = signal_name((int)s->signal);

	event_begin(c, "i", "signal", l->pid, l->id);
	json_cstr(&c->j, "s", "t");
	if (sent_by(s, o, OB_KILLER, &o->killer) ||
	    sent_by(s, o, OB_ASKED_BY, &o->asked_by)) {
		buf_clear(&c->text);
		buf_printf(&c->text, "%s from ", name);
		text_escape(&c->text, s->sender.comm,
			    strnlen(s->sender.comm, OBIT_COMM_LEN));
		buf_printf(&c->text, " [%u]", s->sender.task.tgid);
		json_str(&c->j, "name", c->text.p, c->text.len);
	} else {
		json_cstr(&c->j, "name", name);
	}
	add_us(c, "ts", clamped(c, s->boot_ns));
	json_object_end(&c->j);
}

/* From the killer's line, if there is one already; else when it comes. */
static int draw_arrow(struct chrome *c, const struct line *victim,
		      const struct obituary *o, const struct held_signal *s,
		      const struct course *k)
{
	struct line *killer = line_of(c, o->killer.tgid,
				      o->killer.start_boottime, o->killer.comm);
	uint64_t to = s->boot_ns > k->leave ? s->boot_ns : k->leave;

	if (!killer)
		return -ENOMEM;
	/* A slice's end is not in it any more. */
	if (to == k->end && to > s->boot_ns)
		to--;
	if (killer == victim || to >= k->end)
		return 0;
	if (killer->drawn) {
		arrow_end(c, killer, "s", ++c->last_arrow, s->boot_ns);
		arrow_end(c, victim, "f", c->last_arrow, to);
		return 0;
	}
	if (killer->nr_arrows == ARROWS_MAX || c->nr_arrows == ARROWS_ALL)
		return 0;
	if (!(killer->nr_arrows & (killer->nr_arrows - 1))) {
		struct arrow *more =
			reallocarray(killer->arrows,
				     killer->nr_arrows ? killer->nr_arrows * 2 :
							 1,
				     sizeof(*more));

		if (!more)
			return -ENOMEM;
		killer->arrows = more;
	}
	killer->arrows[killer->nr_arrows++] =
		(struct arrow){ s->boot_ns, ++c->last_arrow };
	c->nr_arrows++;
	if (s->boot_ns > killer->last_ns)
		killer->last_ns = s->boot_ns;
	arrow_end(c, victim, "f", c->last_arrow, to);
	return 0;
}

static int draw_signals(struct chrome *c, struct line *l,
			const struct obituary *o, const struct held *h,
			const struct course *k)
{
	const struct held_signal *deadly = NULL;
	unsigned int i;

	for (i = 0; i < h->nr_signals; i++) {
		draw_signal(c, l, o, &h->signals[i]);
		if (sent_by(&h->signals[i], o, OB_KILLER, &o->killer))
			deadly = &h->signals[i];
	}
	return deadly ? draw_arrow(c, l, o, deadly, k) : 0;
}

int chrome_obituary(struct chrome *c, const struct obituary *o,
		    const struct held *held)
{
	struct line *l, *group;
	struct course k;
	int err = 0;

	l = line_of(c, o->tgid, o->start_boottime,
		    obituary_has(o, OB_COMM) ? o->comm : NULL);
	group = obituary_has(o, OB_PARENT) ?
			line_of(c, o->parent.tgid, o->parent.start_boottime,
				o->parent.comm) :
			l;
	if (!l || !group)
		return -ENOMEM;
	/* A zombie that is told of again, or what should not be. */
	if (l->drawn)
		return 0;
	if (obituary_has(o, OB_COMM))
		memcpy(l->comm, o->comm, sizeof(l->comm));
	find_course(c, o, &k);
	begin_line(c, l, group);
	name_of(c, l->comm, l->tgid);
	if (slice_begin(c, l, "process", c->text.p, c->text.len, k.begin,
			k.end)) {
		add_args(c, o);
		json_object_end(&c->j);
	}
	slice(c, l, "life", "life", k.begin, k.leave);
	if (o->teardown)
		draw_steps(c, l, o->teardown);
	if (k.zombie)
		slice(c, l, "zombie", "zombie", k.left, k.end);
	if (held)
		err = draw_signals(c, l, o, held, &k);
	draw_arrows(c, l);
	if (!err && c->out.len >= FLUSH_AT)
		err = chrome_flush(c);
	return err ? err : c->out.err;
}

/* --- the file --------------------------------------------------------------- */

int chrome_open(struct chrome **out, int fd)
{
	struct chrome *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->fd = fd;
	json_init(&c->j, &c->out);
	hash_init(&c->lines);
	*out = c;
	return 0;
}

void chrome_record(struct chrome *c, const struct obit_hdr *h)
{
	if (!c->origin)
		c->origin = h->boot_ns;
	if (h->boot_ns > c->last_ns)
		c->last_ns = h->boot_ns;
}

int chrome_flush(struct chrome *c)
{
	return out_flush(c->fd, &c->out);
}

int chrome_close(struct chrome *c)
{
	int err;

	if (!c)
		return 0;
	begin_file(c);
	while (c->oldest)
		settle(c, c->oldest);
	buf_addc(&c->out, '\n');
	json_array_end(&c->j);
	json_object_end(&c->j);
	json_newline(&c->j);
	err = chrome_flush(c);
	hash_fini(&c->lines);
	buf_free(&c->out);
	buf_free(&c->text);
	free(c);
	return err;
}
