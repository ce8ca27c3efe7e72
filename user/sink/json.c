// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: one object a line, keys exactly those of the field table (line.c).
 * Owns the keys of the notices. Never filters.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/status.h"
#include "core/when.h"
#include "lib/json.h"
#include "lib/out.h"
#include "sink/line.h"
#include "sink/sink.h"

#define FLUSH_AT (64 * 1024)

struct sink {
	int fd;
	struct buf buf;
	struct json json;	/* of the notices */
	struct line *line;	/* of the obituaries */
};

static int json_open(struct sink **out, const struct sink_opts *o)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = o->fd < 0 ? STDOUT_FILENO : o->fd;
	json_init(&s->json, &s->buf);
	s->line = line_new();
	if (!s->line) {
		free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

static int flush(struct sink *s)
{
	return out_flush(s->fd, &s->buf);
}

static int end_line(struct sink *s)
{
	if (s->buf.err)
		return s->buf.err;
	return s->buf.len >= FLUSH_AT ? flush(s) : 0;
}

static void add_time(struct json *j, int64_t real_ns, int32_t utc_offset_s)
{
	char text[WHEN_MAX];
	size_t len = when_rfc3339(text, real_ns, utc_offset_s);

	json_str(j, "time", text, len);
}

static int obituary(struct sink *s, const struct obituary *o)
{
	line_add(s->line, &s->buf, o);
	return end_line(s);
}

/* --- notices ----------------------------------------------------------------- */

static bool noticed(const struct notice *n, enum notice_have bit)
{
	return n->have >> bit & 1;
}

static void add_u64_or_null(struct json *j, const char *key, uint64_t v)
{
	if (v)
		json_u64(j, key, v);
	else
		json_nil(j, key);
}

/* tgid, start_boottime, [tid], comm: always side by side. */
static void add_person(struct json *j, const struct person *p, bool tid)
{
	add_u64_or_null(j, "tgid", p->tgid);
	add_u64_or_null(j, "start_boottime", p->start_boottime);
	if (tid)
		add_u64_or_null(j, "tid", p->tid);
	if (p->tgid || p->comm[0])
		json_bytes(j, "comm", p->comm, strnlen(p->comm, OBIT_COMM_LEN));
	else
		json_nil(j, "comm");
}

static void add_who(struct json *j, const char *key, const struct person *p,
		    bool known, bool tid)
{
	if (!known) {
		json_nil(j, key);
		return;
	}
	json_object_begin(j, key);
	add_person(j, p, tid);
	json_object_end(j);
}

static void add_signal(struct json *j, const struct notice *n)
{
	json_cstr(j, "signal",
		  noticed(n, NB_SIGNAL) ? signal_name(n->signal) : NULL);
}

static void add_zombie_ns(struct json *j, const struct notice *n, bool err)
{
	if (noticed(n, NB_ZOMBIE_NS)) {
		json_u64(j, "zombie_ns", n->zombie_ns);
		if (err)
			json_u64(j, "zombie_err_ns", n->zombie_err_ns);
	} else {
		json_nil(j, "zombie_ns");
		if (err)
			json_nil(j, "zombie_err_ns");
	}
}

static void add_exit_code(struct json *j, const struct notice *n)
{
	if (noticed(n, NB_EXIT_CODE))
		json_u64(j, "exit_code", n->exit_code);
	else
		json_nil(j, "exit_code");
}

static void add_witness(struct json *j, const char *key, struct span v)
{
	if (v.p)
		json_raw(j, key, v.p, v.len);
	else
		json_nil(j, key);
}

static void add_notice(struct json *j, const struct notice *n)
{
	switch (n->type) {
	case NOTICE_PDEATH_SET:
		add_person(j, &n->who, true);
		add_signal(j, n);
		add_who(j, "parent", &n->other, noticed(n, NB_OTHER), true);
		json_bool(j, "sampled", n->sampled);
		break;
	case NOTICE_PDEATH_CLEAR:
		add_person(j, &n->who, true);
		json_cstr(j, "reason",
			  noticed(n, NB_REASON) ? n->reason : NULL);
		json_bool(j, "sampled", n->sampled);
		break;
	case NOTICE_PDEATH_SEND:
		add_who(j, "dead", &n->who, noticed(n, NB_WHO), true);
		json_bool(j, "process_alive", n->process_alive);
		add_who(j, "target", &n->target, noticed(n, NB_TARGET), true);
		add_signal(j, n);
		json_bool(j, "denied", n->denied);
		break;
	case NOTICE_HANGUP:
		add_who(j, "from", &n->who, noticed(n, NB_WHO), true);
		json_cstr(j, "kind", noticed(n, NB_KIND) ? n->kind : NULL);
		add_who(j, "target", &n->target, noticed(n, NB_TARGET), true);
		add_signal(j, n);
		break;
	case NOTICE_ZOMBIE:
		add_person(j, &n->who, false);
		add_exit_code(j, n);
		add_who(j, "parent", &n->other, noticed(n, NB_OTHER), false);
		add_zombie_ns(j, n, false);
		break;
	case NOTICE_REAPED:
		add_person(j, &n->who, false);
		add_exit_code(j, n);
		add_who(j, "reaped_by", &n->other, noticed(n, NB_OTHER), false);
		add_zombie_ns(j, n, true);
		break;
	case NOTICE_DISSENT:
		add_person(j, &n->who, false);
		json_cstr(j, "key", n->key);
		add_witness(j, "bpf", n->bpf);
		add_witness(j, "kmod", n->kmod);
		break;
	case NOTICE_LOST:
		json_cstr(j, "kind", n->kind);
		json_cstr(j, "reason", n->reason);
		json_u64(j, "count", n->count);
		json_cstr(j, "source", source_names[n->source]);
		break;
	case NOTICE_NR:
		break;
	}
}

static int notice(struct sink *s, const struct notice *n)
{
	struct json *j = &s->json;

	json_object_begin(j, NULL);
	json_cstr(j, "event", notice_names[n->type]);
	add_time(j, n->real_ns, n->utc_offset_s);
	json_u64(j, "boot_ns", n->boot_ns);
	add_notice(j, n);
	json_object_end(j);
	json_newline(j);
	return end_line(s);
}

static int json_close(struct sink *s)
{
	int err = flush(s);

	buf_free(&s->buf);
	line_free(s->line);
	free(s);
	return err;
}

const struct sink_type json_sink = {
	.name = "json",
	.open = json_open,
	.obituary = obituary,
	.notice = notice,
	.flush = flush,
	.close = json_close,
};
