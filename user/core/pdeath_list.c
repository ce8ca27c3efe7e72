// SPDX-License-Identifier: GPL-2.0-only
/*
 * pdeath_list: who has a parent-death signal armed, what it hangs on, and what
 * is treacherous in that, as a table and as JSON. Does no I/O.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/pdeath_list.h"
#include "core/status.h"
#include "core/text.h"
#include "core/when.h"
#include "lib/json.h"
#include "lib/opts.h"
#include "lib/sgr.h"
#include "lib/utf8.h"

#define NOT_LIMITED	100000u

/*
 * A thread that began after the child can not have forked it. Else only this is
 * certain: init and subreapers get the children of others, too.
 */
static enum adopted adopted(const struct obit_pdeath *r)
{
	if (r->hdr.len < sizeof(*r) || !(r->flags & OBIT_PDEATH_DETAILS))
		return r->parent.tgid == 1 ? ADOPTED_MAYBE : ADOPTED_NO;
	if (r->parent_thread_start > r->task.start_boottime)
		return ADOPTED_YES;
	return r->parent.tgid == 1 || r->flags & OBIT_PDEATH_SUBREAPER ?
		       ADOPTED_MAYBE :
		       ADOPTED_NO;
}

struct armed_one *pdeath_list_add(struct pdeath_list *l,
				  const struct obit_pdeath *r)
{
	size_t cap = l->cap ? l->cap * 2 : 32;
	struct armed_one *a;

	if (l->nr == l->cap) {
		a = realloc(l->v, cap * sizeof(*a));
		if (!a)
			return NULL;
		l->v = a;
		l->cap = cap;
	}
	a = &l->v[l->nr++];
	memset(a, 0, sizeof(*a));
	a->task = r->task;
	a->parent = r->parent;
	memcpy(a->comm, r->comm, sizeof(a->comm));
	memcpy(a->parent_comm, r->parent_comm, sizeof(a->parent_comm));
	a->signal = r->signal;
	a->adopted = adopted(r);
	if (r->hdr.len >= sizeof(*r) && r->flags & OBIT_PDEATH_DETAILS) {
		a->have_uid = true;
		a->uid = r->uid;
	}
	return a;
}

void pdeath_list_free(struct pdeath_list *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

#define CMP(a, b) (((a) > (b)) - ((a) < (b)))

static int by_id(const void *a, const void *b)
{
	const struct armed_one *x = a, *y = b;

	return CMP(x->task.tgid, y->task.tgid) ?: CMP(x->task.tid, y->task.tid);
}

void pdeath_list_sort(struct pdeath_list *l)
{
	if (l->nr)
		qsort(l->v, l->nr, sizeof(*l->v), by_id);
}

bool pdeath_is_trap(const struct armed_one *a)
{
	return a->parent.tid && a->parent.tid != a->parent.tgid;
}

/* --- in words ------------------------------------------------------------------------ */

static void add_comm(struct buf *out, const char comm[OBIT_COMM_LEN])
{
	buf_add(out, comm, strnlen(comm, OBIT_COMM_LEN));
}

static void add_parent(struct buf *out, const struct armed_one *a)
{
	add_comm(out, a->parent_comm);
	if (pdeath_is_trap(a))
		buf_printf(out, "[%u/%u]", a->parent.tgid, a->parent.tid);
	else
		buf_printf(out, "[%u]", a->parent.tgid);
}

static void warn_trap(struct buf *out, const struct armed_one *a)
{
	const char *signal = signal_name((int)a->signal);

	buf_printf(out, "%s comes when thread %u", signal ? signal : "it",
		   a->parent.tid);
	if (a->thread_comm[0]) {
		buf_adds(out, " (");
		add_comm(out, a->thread_comm);
		buf_addc(out, ')');
	}
	buf_adds(out, " ends, though its process ");
	add_comm(out, a->parent_comm);
	buf_printf(out, "[%u] may live on: that is not its main thread",
		   a->parent.tgid);
}

static void warn_adopted(struct buf *out, const struct armed_one *a)
{
	if (a->adopted == ADOPTED_YES)
		buf_adds(out,
			 "whoever forked it is gone: it hangs on who adopted it, ");
	else
		buf_adds(out,
			 "if whoever forked it is gone, it hangs on who adopts orphans, ");
	add_comm(out, a->parent_comm);
	buf_printf(out, "[%u], and waits for the end of that", a->parent.tgid);
}

/* Each warning as a sentence without its full stop. */
static void each_warning(const struct armed_one *a,
			 void (*fn)(const struct buf *text, void *ctx),
			 void *ctx)
{
	struct buf text = BUF_INIT;

	if (pdeath_is_trap(a)) {
		warn_trap(&text, a);
		fn(&text, ctx);
	}
	if (a->adopted != ADOPTED_NO) {
		buf_clear(&text);
		warn_adopted(&text, a);
		fn(&text, ctx);
	}
	if (a->reaction == REACTION_IGNORED) {
		buf_clear(&text);
		buf_adds(&text, "the process ignores this signal");
		fn(&text, ctx);
	}
	buf_free(&text);
}

/* --- the table ------------------------------------------------------------------------- */

struct print {
	struct buf *out;
	const struct pdeath_view *v;
	unsigned int name, user;
};

static void print_warning(const struct buf *text, void *ctx)
{
	struct print *p = ctx;
	struct buf safe = BUF_INIT;

	buf_adds(p->out, "        ");
	if (p->v->colour)
		buf_adds(p->out, SGR_WARN);
	buf_adds(p->out, "! ");
	text_escape(&safe, text->p, text->len);
	opts_wrap(p->out, buf_str(&safe), 10, 10,
		  p->v->width ? p->v->width : NOT_LIMITED);
	if (p->v->colour)
		buf_adds(p->out, SGR_OFF);
	buf_addc(p->out, '\n');
	buf_free(&safe);
}

static void add_name(struct print *p, const struct armed_one *a)
{
	struct buf text = BUF_INIT;
	char number[24];
	size_t len;

	/* A thread that asked for it by itself: prctl(2) is by thread. */
	if (a->task.tid && a->task.tid != a->task.tgid)
		len = (size_t)snprintf(number, sizeof(number), "%u/%u",
				       a->task.tgid, a->task.tid);
	else
		len = (size_t)snprintf(number, sizeof(number), "%u",
				       a->task.tgid);
	if (len < 7)
		buf_fill(p->out, ' ', 7 - len);
	buf_add(p->out, number, len);
	buf_addc(p->out, ' ');
	add_comm(&text, a->comm);
	text_fit(p->out, text.p, text.len, p->name, true);
	buf_addc(p->out, ' ');
	buf_free(&text);
}

static void add_user(struct print *p, const struct armed_one *a)
{
	const char *name = a->have_uid ? NULL : "?";
	char number[16];

	if (!p->user)
		return;
	if (!name && p->v->user_name)
		name = p->v->user_name(a->uid);
	if (!name) {
		snprintf(number, sizeof(number), "%u", a->uid);
		name = number;
	}
	text_fit(p->out, name, strlen(name), p->user, true);
	buf_addc(p->out, ' ');
}

static void add_one(struct print *p, const struct armed_one *a)
{
	struct buf parent = BUF_INIT;
	const char *signal = signal_name((int)a->signal);

	add_name(p, a);
	add_user(p, a);
	text_fit(p->out, signal ?: "?", strlen(signal ?: "?"), 11, true);
	buf_addc(p->out, ' ');
	add_parent(&parent, a);
	text_escape(p->out, parent.p, parent.len);
	buf_addc(p->out, '\n');
	buf_free(&parent);
	each_warning(a, print_warning, p);
}

static void add_summary(struct buf *out, const struct pdeath_list *l,
			unsigned int width)
{
	struct buf text = BUF_INIT;
	size_t i, traps = 0;

	for (i = 0; i < l->nr; i++)
		traps += pdeath_is_trap(&l->v[i]);
	if (!l->nr)
		buf_adds(&text, "no parent-death signal is armed");
	else
		buf_printf(&text, "%zu parent-death signal%s armed", l->nr,
			   l->nr == 1 ? "" : "s");
	if (traps)
		buf_printf(&text,
			   ", %zu of them at a thread that is not its process's main thread",
			   traps);
	opts_wrap(out, buf_str(&text), 0, 0, width ? width : NOT_LIMITED);
	buf_addc(out, '\n');
	buf_free(&text);
}

void pdeath_list_text(struct buf *out, const struct pdeath_list *l,
		      const struct pdeath_view *v)
{
	bool wide = !v->width || v->width >= 70;
	struct print p = { out, v, wide ? 15 : 9, wide ? 8 : 0 };
	size_t i;

	add_summary(out, l, v->width);
	if (!l->nr)
		return;
	buf_addc(out, '\n');
	if (v->colour)
		buf_adds(out, SGR_HEAD);
	buf_printf(out, "    PID %-*s ", (int)p.name, "NAME");
	if (wide)
		buf_printf(out, "%-*s ", (int)p.user, "USER");
	buf_adds(out, "SIGNAL      SENT AT THE END OF");
	if (v->colour)
		buf_adds(out, SGR_OFF);
	buf_addc(out, '\n');
	for (i = 0; i < l->nr; i++)
		add_one(&p, &l->v[i]);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void json_warning(const struct buf *text, void *ctx)
{
	json_str(ctx, NULL, text->p, text->len);
}

static void json_task(struct json *j, const struct obit_task *t,
		      const char comm[OBIT_COMM_LEN])
{
	json_u64(j, "tgid", t->tgid);
	json_u64(j, "tid", t->tid);
	if (t->start_boottime)
		json_u64(j, "start_boottime", t->start_boottime);
	else
		json_nil(j, "start_boottime");
	json_bytes(j, "comm", comm, strnlen(comm, OBIT_COMM_LEN));
}

void pdeath_list_json(struct buf *out, const struct pdeath_list *l)
{
	static const char *const reactions[] = { NULL, "default", "handler",
						 "ignored" };
	const struct armed_one *a;
	char text[WHEN_MAX];
	struct json j;

	json_init(&j, out);
	for (a = l->v; a < l->v + l->nr; a++) {
		json_object_begin(&j, NULL);
		json_cstr(&j, "event", "pdeath_armed");
		when_rfc3339(text, l->real_ns, l->utc_offset_s);
		json_cstr(&j, "time", text);
		json_u64(&j, "boot_ns", l->boot_ns);
		json_task(&j, &a->task, a->comm);
		if (a->have_uid)
			json_u64(&j, "uid", a->uid);
		else
			json_nil(&j, "uid");
		json_cstr(&j, "signal", signal_name((int)a->signal));
		json_cstr(&j, "reaction", reactions[a->reaction]);
		json_object_begin(&j, "parent");
		json_task(&j, &a->parent, a->parent_comm);
		json_object_end(&j);
		json_bool(&j, "main_thread", !pdeath_is_trap(a));
		/* That it was not can never be proved: siblings adopt, too. */
		if (a->adopted == ADOPTED_YES)
			json_bool(&j, "adopted", true);
		else
			json_nil(&j, "adopted");
		json_array_begin(&j, "warnings");
		each_warning(a, json_warning, &j);
		json_array_end(&j);
		json_object_end(&j);
		json_newline(&j);
	}
}
