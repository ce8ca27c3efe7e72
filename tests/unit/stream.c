// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream: builders of records, and a player that writes down what the join
 * says. Never computes an expectation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/status.h"
#include "core/value.h"
#include "stream.h"

void stream_free(struct stream *s)
{
	free(s->p);
	memset(s, 0, sizeof(*s));
}

void *stream_add(struct stream *s, enum obit_event type, size_t size,
		 size_t data_len, uint64_t at)
{
	size_t len = (size + data_len + 7) & ~(size_t)7;
	struct obit_hdr *h;

	if (s->len + len > s->cap) {
		s->cap = (s->cap + len) * 2 + 4096;
		s->p = realloc(s->p, s->cap);
		assert_non_null(s->p);
	}
	h = (void *)(s->p + s->len);
	memset(h, 0, len);
	h->type = (uint16_t)type;
	h->len = (uint16_t)len;
	h->boot_ns = at;
	s->len += len;
	return h;
}

#define ADD(s, NAME, type, at) stream_add(s, OBIT_EV_##NAME, sizeof(type), 0, at)

struct obit_task thread_of(uint32_t tgid, uint32_t tid)
{
	struct obit_task t = { tgid * 1000ull, tgid, tid };

	return t;
}

struct obit_task task_of(uint32_t tgid)
{
	return thread_of(tgid, 0);
}

static void name(char comm[OBIT_COMM_LEN], uint32_t tgid)
{
	snprintf(comm, OBIT_COMM_LEN, "p%u", tgid);
}

struct obit_who who_of(uint32_t tgid)
{
	struct obit_who w = { .task = thread_of(tgid, tgid),
			      .uid = tgid + 1000000 };

	name(w.comm, tgid);
	return w;
}

struct obit_fork *stream_fork(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t parent)
{
	struct obit_fork *r = ADD(s, FORK, *r, at);

	r->task = thread_of(tgid, tgid);
	r->forker = r->real_parent = thread_of(parent, parent);
	return r;
}

struct obit_exec *stream_exec(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t flags, const char *exe, size_t exe_len,
			      const char *args, size_t args_len)
{
	struct obit_exec *r =
		stream_add(s, OBIT_EV_EXEC, sizeof(*r), exe_len + args_len, at);

	r->task = thread_of(tgid, tgid);
	name(r->comm, tgid);
	r->flags = flags;
	r->exe_len = (uint16_t)exe_len;
	r->args_len = (uint16_t)args_len;
	r->args_total = (uint32_t)args_len;
	memcpy(r->data, exe, exe_len);
	memcpy(r->data + exe_len, args, args_len);
	return r;
}

struct obit_exit *stream_exit(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t parent, uint32_t exit_code)
{
	struct obit_exit *r = ADD(s, EXIT, *r, at);

	r->task = thread_of(tgid, tgid);
	name(r->comm, tgid);
	r->parent = thread_of(parent, parent);
	name(r->parent_comm, parent);
	r->exit_code = exit_code;
	r->flags = OBIT_EXIT_GROUP_DEAD | OBIT_EXIT_EXECED;
	if (exit_code & 0x7f)
		r->flags |= OBIT_EXIT_SIGNALED | OBIT_EXIT_GROUP_EXIT;
	r->exit_signal = 17;
	r->uid = 1000;
	r->gid = 100;
	r->loginuid = 0xffffffff;
	r->sid = r->pgid = tgid;
	r->ns_tgid = tgid;
	r->pid_ns = PID_NS;
	r->threads = 1;
	r->sigchld = OBIT_SIGCHLD_HANDLER;
	r->cgroup_id = 1;
	return r;
}

struct obit_reapable *stream_reapable(struct stream *s, uint64_t at,
				      uint32_t tgid, uint32_t told,
				      uint32_t flags)
{
	struct obit_reapable *r = ADD(s, REAPABLE, *r, at);

	r->task = thread_of(tgid, tgid);
	r->told = thread_of(told, told);
	name(r->told_comm, told);
	r->flags = flags;
	r->signal = 17;
	r->sigchld = OBIT_SIGCHLD_HANDLER;
	return r;
}

struct obit_release *stream_release(struct stream *s, uint64_t at,
				    uint32_t tgid, uint32_t parent,
				    uint32_t exit_code)
{
	struct obit_release *r = ADD(s, RELEASE, *r, at);

	r->task = thread_of(tgid, tgid);
	name(r->comm, tgid);
	r->parent = thread_of(parent, parent);
	name(r->parent_comm, parent);
	r->exit_code = exit_code;
	r->flags = OBIT_RELEASE_EXECED;
	if (exit_code & 0x7f)
		r->flags |= OBIT_RELEASE_SIGNALED;
	r->uid = 1000;
	r->gid = 100;
	r->cgroup_id = 1;
	return r;
}

struct obit_release *stream_released(struct stream *s, uint64_t at,
				     uint32_t tgid, uint32_t parent,
				     uint32_t by, uint32_t exit_code)
{
	struct obit_release *r = stream_release(s, at, tgid, parent, exit_code);

	r->flags |= OBIT_RELEASE_EXACT;
	r->by = thread_of(by, by);
	name(r->by_comm, by);
	return r;
}

static struct obit_signal *signal_record(struct stream *s, enum obit_event type,
					 uint64_t at, uint32_t tgid,
					 uint32_t sender, uint32_t sig,
					 uint32_t info, int32_t si_code,
					 uint32_t flags)
{
	struct obit_signal *r = stream_add(s, type, sizeof(*r), 0, at);

	r->task = thread_of(tgid, tgid);
	name(r->comm, tgid);
	r->sender = who_of(sender);
	r->signal = sig;
	r->info = info;
	r->si_code = si_code;
	r->flags = flags | (tgid == sender ? OBIT_SIG_SAME_GROUP : 0);
	r->sent_ns = at;
	r->taken_ns = type == OBIT_EV_ASKED ? at : 0;
	return r;
}

struct obit_signal *stream_signal(struct stream *s, uint64_t at, uint32_t tgid,
				  uint32_t sender, uint32_t sig, uint32_t info,
				  int32_t si_code, uint32_t flags)
{
	return signal_record(s, OBIT_EV_SIGNAL, at, tgid, sender, sig, info,
			     si_code, flags);
}

struct obit_signal *stream_asked(struct stream *s, uint64_t at, uint32_t tgid,
				 uint32_t sender, uint32_t sig, uint32_t info,
				 int32_t si_code, uint32_t flags)
{
	return signal_record(s, OBIT_EV_ASKED, at, tgid, sender, sig, info,
			     si_code, flags);
}

struct obit_oom_victim *stream_oom(struct stream *s, uint64_t at, uint32_t tgid,
				   uint32_t by, uint64_t rss_kb)
{
	struct obit_oom_victim *r = ADD(s, OOM_VICTIM, *r, at);

	r->task = thread_of(tgid, tgid);
	r->by = who_of(by);
	r->rss_kb = rss_kb;
	return r;
}

struct obit_oom_limit *stream_limit(struct stream *s, uint64_t at,
				    uint32_t tgid, const char *path)
{
	struct obit_oom_limit *r =
		stream_add(s, OBIT_EV_OOM_LIMIT, sizeof(*r), strlen(path), at);

	r->task.tgid = r->task.tid = tgid;
	r->constraint = *path ? 3 : 0;
	r->path_len = (uint32_t)strlen(path);
	memcpy(r->data, path, strlen(path));
	return r;
}

struct obit_armed *stream_armed(struct stream *s, uint64_t at, uint32_t dead,
				uint32_t target, uint32_t sig, uint32_t flags)
{
	struct obit_armed *r = ADD(s, ARMED, *r, at);

	r->task = thread_of(dead, dead);
	name(r->comm, dead);
	r->target = thread_of(target, target);
	name(r->target_comm, target);
	r->signal = sig;
	r->flags = flags;
	return r;
}

struct obit_pdeath *stream_pdeath(struct stream *s, uint64_t at, uint32_t tgid,
				  uint32_t parent, uint32_t sig, uint32_t kind,
				  uint32_t scan)
{
	struct obit_pdeath *r = ADD(s, PDEATH, *r, at);

	r->task = thread_of(tgid, tgid);
	name(r->comm, tgid);
	r->parent = thread_of(parent, parent);
	name(r->parent_comm, parent);
	r->signal = sig;
	r->kind = kind;
	r->scan = scan;
	return r;
}

void stream_scan(struct stream *s, uint64_t at, uint32_t scan, uint32_t what)
{
	struct obit_scan *r = ADD(s, SCAN, *r, at);

	r->scan = scan;
	r->what = what;
}

void stream_exit_call(struct stream *s, uint64_t at, uint32_t tgid)
{
	struct obit_exit_call *r = ADD(s, EXIT_CALL, *r, at);

	r->task = thread_of(tgid, tgid);
}

struct obit_task_seen *stream_task(struct stream *s, uint64_t at, uint32_t tgid,
				   uint32_t parent, uint32_t exit_state,
				   uint32_t live)
{
	struct obit_task_seen *r = ADD(s, TASK, *r, at);

	r->task = thread_of(tgid, tgid);
	r->parent = thread_of(parent, parent);
	name(r->comm, tgid);
	r->exit_state = exit_state;
	r->live = live;
	r->threads = live;
	return r;
}

struct obit_cgroup *stream_cgroup(struct stream *s, uint64_t at, uint32_t kind,
				  uint32_t hierarchy, uint64_t id,
				  const char *path)
{
	struct obit_cgroup *r =
		stream_add(s, OBIT_EV_CGROUP, sizeof(*r), strlen(path), at);

	r->id = id;
	r->hierarchy = hierarchy;
	r->root = 0xffffffff;
	r->kind = kind;
	r->path_len = (uint32_t)strlen(path);
	memcpy(r->data, path, strlen(path));
	return r;
}

void stream_clock(struct stream *s, uint64_t at, int64_t real_minus_boot_ns)
{
	struct obit_clock *r = ADD(s, CLOCK, *r, at);

	r->real_minus_boot_ns = real_minus_boot_ns;
}

void stream_state(struct stream *s, uint64_t at, uint32_t tgid, uint32_t state)
{
	struct obit_state *r = ADD(s, STATE, *r, at);

	r->task = task_of(tgid);
	r->state = state;
}

void stream_loss(struct stream *s, uint64_t at, uint32_t kind, uint32_t reason,
		 uint64_t count)
{
	struct obit_loss *r = ADD(s, LOSS, *r, at);

	r->kind = kind;
	r->reason = reason;
	r->count = count;
}

void stream_tick(struct stream *s, uint64_t at)
{
	ADD(s, TICK, struct obit_tick, at);
}

void stream_life(struct stream *s, uint64_t at, uint32_t tgid, uint32_t parent,
		 uint32_t exit_code)
{
	stream_fork(s, at, tgid, parent);
	stream_exit(s, at + 1 * MS, tgid, parent, exit_code);
	stream_reapable(s, at + 2 * MS, tgid, parent, 0);
	stream_release(s, at + 3 * MS, tgid, parent, exit_code);
}

/* --- playing ---------------------------------------------------------------- */

struct text {
	char p[8192];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
say(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->p + t->len, sizeof(t->p) - t->len, fmt,
				    ap);
	va_end(ap);
	assert_true(t->len < sizeof(t->p));
}

static void say_bytes(struct text *t, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		say(t, "%c", s.p[i] == ' ' ? '_' : s.p[i] ? s.p[i] : '|');
}

static char *keep(const struct text *t)
{
	char *p = strdup(t->p);

	assert_non_null(p);
	return p;
}

static int on_obituary(void *ctx, const struct obituary *o)
{
	struct text t = { .len = 0 };
	struct played *p = ctx;
	const struct field *f;
	struct value v;

	say(&t, " ");
	for (f = obituary_fields; f->key; f++) {
		bool known = field_value(f, o, &v);

		/* an object that is null has no row that is not */
		if (known && f->object != OB_ALWAYS)
			assert_true(o->have >> f->object & 1);
		if (!known)
			continue;
		say(&t, "%s=", f->key);
		switch (v.kind) {
		case VALUE_NULL:
			fail();
			break;
		case VALUE_U64:
			say(&t, "%llu", (unsigned long long)v.u64);
			break;
		case VALUE_S64:
			say(&t, "%lld", (long long)v.s64);
			break;
		case VALUE_BOOL:
			say(&t, "%s", v.boolean ? "true" : "false");
			break;
		case VALUE_BYTES:
		case VALUE_ARGS:
			say_bytes(&t, v.bytes);
			break;
		}
		say(&t, " ");
	}
	say(&t, "%s", o->killer_lives ? "killer_lives=true " : "");
	assert_true(p->nr_obituaries < PLAYED_MAX);
	p->obituary[p->nr_obituaries++] = keep(&t);
	return 0;
}

static void say_person(struct text *t, const char *key, const struct person *p)
{
	assert_int_equal(p->start_boottime, p->tgid * 1000ull);
	say(t, "%s=%u/%u/%.16s ", key, p->tgid, p->tid, p->comm);
}

static int on_notice(void *ctx, const struct notice *n)
{
	struct text t = { .len = 0 };
	struct played *p = ctx;

	say(&t, " event=%s at=%llu ", notice_names[n->type],
	    (unsigned long long)n->boot_ns);
	if (n->have >> NB_WHO & 1)
		say_person(&t, "who", &n->who);
	if (n->have >> NB_OTHER & 1)
		say_person(&t, "other", &n->other);
	if (n->have >> NB_TARGET & 1)
		say_person(&t, "target", &n->target);
	if (n->have >> NB_SIGNAL & 1)
		say(&t, "signal=%s ", signal_name(n->signal));
	if (n->have >> NB_KIND & 1)
		say(&t, "kind=%s ", n->kind);
	if (n->have >> NB_REASON & 1)
		say(&t, "reason=%s ", n->reason);
	if (n->have >> NB_EXIT_CODE & 1)
		say(&t, "exit_code=%u ", n->exit_code);
	if (n->have >> NB_ZOMBIE_NS & 1)
		say(&t, "zombie_ns=%llu zombie_err_ns=%llu ",
		    (unsigned long long)n->zombie_ns,
		    (unsigned long long)n->zombie_err_ns);
	if (n->have >> NB_COUNT & 1)
		say(&t, "count=%llu ", (unsigned long long)n->count);
	if (n->have >> NB_SAMPLED & 1)
		say(&t, "sampled=%s ", n->sampled ? "true" : "false");
	if (n->type == NOTICE_PDEATH_SEND)
		say(&t, "alive=%s denied=%s ",
		    n->process_alive ? "true" : "false",
		    n->denied ? "true" : "false");
	assert_true(p->nr_notices < PLAYED_MAX);
	p->notice[p->nr_notices++] = keep(&t);
	return 0;
}

static void on_ask(void *ctx, uint32_t tgid, uint64_t start_boottime)
{
	struct played *p = ctx;

	assert_int_equal(start_boottime, tgid * 1000ull);
	assert_true(p->nr_asked < PLAYED_MAX);
	p->asked[p->nr_asked++] = tgid;
}

/* What the pipeline does: the answers come after the record that asked. */
static void answer(struct join *j, struct played *p, unsigned int *answered,
		   uint64_t at)
{
	struct stream s = STREAM_INIT;
	int state;

	for (; *answered < p->nr_asked; ++*answered) {
		state = p->answer ? p->answer(p->asked[*answered]) : -1;
		if (state < 0)
			continue;
		s.len = 0;
		stream_state(&s, at, p->asked[*answered], (uint32_t)state);
		assert_int_equal(join_feed(j, (void *)s.p), 0);
	}
	stream_free(&s);
}

static void balance(const struct join_stats *st)
{
	assert_int_equal(st->seen,
			 st->delivered + st->pending + st->lost_obituaries);
}

void play(struct stream *s, struct played *p)
{
	struct join_config cfg = { .zombie_after_ns = p->zombie_after_ns,
				   .tier = p->tier };
	struct join_ops ops = { p, on_obituary, on_notice, on_ask };
	struct join *j = join_new(&cfg, &ops);
	const struct obit_hdr *h;
	unsigned int answered = 0;
	size_t at = 0;
	long len;

	assert_non_null(j);
	while (at < s->len) {
		h = (void *)(s->p + at);
		len = event_check(h, s->len - at);
		if (len <= 0)
			fail_msg("record of type %u at %zu: %ld", h->type, at,
				 len);
		assert_int_equal(join_feed(j, h), 0);
		answer(j, p, &answered, h->boot_ns);
		join_stats(j, &p->stats);
		balance(&p->stats);
		at += (size_t)len;
	}
	p->before = p->stats;
	if (p->answer_at_end) {
		join_ask_pending(j);
		answer(j, p, &answered, p->answer_at_end);
	}
	assert_int_equal(join_finish(j), 0);
	join_stats(j, &p->stats);
	balance(&p->stats);
	assert_int_equal(p->stats.pending, 0);
	assert_int_equal(p->stats.delivered, p->nr_obituaries);
	join_free(j);
	stream_free(s);
}

void played_free(struct played *p)
{
	while (p->nr_obituaries)
		free(p->obituary[--p->nr_obituaries]);
	while (p->nr_notices)
		free(p->notice[--p->nr_notices]);
}

static void expect(const char *got, const char *want)
{
	char words[4096], padded[4200], *word, *save, *value;

	assert_true(strlen(want) < sizeof(words));
	strcpy(words, want);
	for (word = strtok_r(words, " \n\t", &save); word;
	     word = strtok_r(NULL, " \n\t", &save)) {
		value = strchr(word, '=');
		assert_non_null(value);
		if (!strcmp(value, "=null")) {
			snprintf(padded, sizeof(padded),
				 " %.*s=", (int)(value - word), word);
			if (strstr(got, padded))
				fail_msg("expected %s in\n%s", word, got);
			continue;
		}
		snprintf(padded, sizeof(padded), " %s ", word);
		if (!strstr(got, padded))
			fail_msg("expected %s in\n%s", word, got);
	}
}

void expect_obituary(const struct played *p, unsigned int i, const char *want)
{
	if (i >= p->nr_obituaries)
		fail_msg("only %u obituaries", p->nr_obituaries);
	expect(p->obituary[i], want);
}

void expect_notice(const struct played *p, unsigned int i, const char *want)
{
	if (i >= p->nr_notices)
		fail_msg("only %u notices", p->nr_notices);
	expect(p->notice[i], want);
}

void expect_counts(const struct played *p, unsigned int obituaries,
		   unsigned int notices)
{
	unsigned int i;

	if (p->nr_obituaries == obituaries && p->nr_notices == notices)
		return;
	for (i = 0; i < p->nr_obituaries; i++)
		print_message("obituary %u:%s\n", i, p->obituary[i]);
	for (i = 0; i < p->nr_notices; i++)
		print_message("notice %u:%s\n", i, p->notice[i]);
	fail_msg("%u obituaries, %u notices; expected %u, %u", p->nr_obituaries,
		 p->nr_notices, obituaries, notices);
}
