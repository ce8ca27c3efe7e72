// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: one object a line, keys exactly those of the field table.
 * Owns the nesting of dotted keys and the keys of the notices. Never filters,
 * never lists a key of the obituary: the table does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/status.h"
#include "core/value.h"
#include "core/when.h"
#include "lib/json.h"
#include "lib/out.h"
#include "lib/utf8.h"
#include "sink/sink.h"

#define FLUSH_AT (64 * 1024)
#define DEPTH_MAX 3	/* "oom.by.tgid" */

/*
 * A row of the table, prepared once, at open: making the same keys anew took a
 * third of the time of a line.
 * @part: of the key, cut at the dots; into key
 * @end:  first row behind the object that part[i] names
 * @lead: `,"` last part `":`
 */
struct row {
	const struct field *f;
	char key[64];
	const char *part[DEPTH_MAX];
	unsigned int nr_parts;
	size_t end[DEPTH_MAX];
	char lead[72];
	size_t lead_len;
};

struct sink {
	int fd;
	struct buf buf;
	struct json json;
	struct row *rows;
	size_t nr_rows;
};

/* Do the keys of a and b agree in their first depth + 1 parts? */
static bool same_object(const struct row *a, const struct row *b,
			unsigned int depth)
{
	unsigned int i;

	if (b->nr_parts <= depth + 1)
		return false;
	for (i = 0; i <= depth; i++)
		if (strcmp(a->part[i], b->part[i]))
			return false;
	return true;
}

static void find_ends(struct sink *s)
{
	unsigned int depth;
	size_t i, end;

	for (i = 0; i < s->nr_rows; i++)
		for (depth = 0; depth + 1 < s->rows[i].nr_parts; depth++) {
			for (end = i + 1; end < s->nr_rows; end++)
				if (!same_object(&s->rows[i], &s->rows[end],
						 depth))
					break;
			s->rows[i].end[depth] = end;
		}
}

static int prepare_rows(struct sink *s)
{
	const struct field *f;
	struct row *r;
	char *p;

	for (f = obituary_fields; f->key; f++)
		s->nr_rows++;
	s->rows = calloc(s->nr_rows, sizeof(*s->rows));
	if (!s->rows)
		return -ENOMEM;
	for (f = obituary_fields, r = s->rows; f->key; f++, r++) {
		if (strlen(f->key) >= sizeof(r->key))
			return -EINVAL;
		r->f = f;
		memcpy(r->key, f->key, strlen(f->key) + 1);
		for (p = r->key; p && r->nr_parts < DEPTH_MAX;) {
			r->part[r->nr_parts++] = p;
			p = strchr(p, '.');
			if (p)
				*p++ = '\0';
		}
		r->lead_len =
			(size_t)snprintf(r->lead, sizeof(r->lead),
					 ",\"%s\":", r->part[r->nr_parts - 1]);
	}
	find_ends(s);
	return 0;
}

static int json_open(struct sink **out, const struct sink_opts *o)
{
	struct sink *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->fd = o->fd < 0 ? STDOUT_FILENO : o->fd;
	json_init(&s->json, &s->buf);
	err = prepare_rows(s);
	if (err) {
		free(s->rows);
		free(s);
		return err;
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
	json_object_end(&s->json);
	json_newline(&s->json);
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

/* If one is not UTF-8, "args_hex" beside it has the exact bytes of each. */
static void add_args(struct json *j, const char *key, struct span args)
{
	char hex_key[80];
	struct span arg;
	bool valid = true;
	size_t at = 0;

	json_array_begin(j, key);
	while (args_next(args, &at, &arg)) {
		json_str(j, NULL, arg.p, arg.len);
		valid = valid && utf8_valid(arg.p, arg.len);
	}
	json_array_end(j);
	if (valid)
		return;
	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	json_array_begin(j, hex_key);
	for (at = 0; args_next(args, &at, &arg);)
		json_hex(j, NULL, arg.p, arg.len);
	json_array_end(j);
}

/* The key, then any value without one. */
static struct json *lead(struct json *j, const struct row *r)
{
	size_t skip = !j->comma;

	buf_add(j->out, r->lead + skip, r->lead_len - skip);
	j->comma = false;
	return j;
}

static void add_value(struct json *j, const struct obituary *o,
		      const struct row *r)
{
	const char *key = r->part[r->nr_parts - 1];
	struct value v;

	if (!field_known(r->f, o) || !field_value(r->f, o, &v)) {
		json_nil(lead(j, r), NULL);
		return;
	}
	if (r->f->type == F_TIME) {
		add_time(j, v.s64, o->utc_offset_s);
		return;
	}
	switch (v.kind) {
	case VALUE_NULL:
		json_nil(lead(j, r), NULL);
		break;
	case VALUE_U64:
		json_u64(lead(j, r), NULL, v.u64);
		break;
	case VALUE_S64:
		json_s64(lead(j, r), NULL, v.s64);
		break;
	case VALUE_BOOL:
		json_bool(lead(j, r), NULL, v.boolean);
		break;
	case VALUE_BYTES:
		json_bytes(j, key, v.bytes.p, v.bytes.len);
		break;
	case VALUE_ARGS:
		add_args(j, key, v.bytes);
		break;
	}
}

static bool has(const struct obituary *o, enum obituary_have bit)
{
	return bit == OB_ALWAYS || obituary_has(o, bit);
}

/* Rows [from, to), whose keys agree in their first `depth` parts. */
static void add_rows(struct sink *s, const struct obituary *o, size_t from,
		     size_t to, unsigned int depth)
{
	const struct row *r;

	for (; from < to;
	     from = depth + 1 < r->nr_parts ? r->end[depth] : from + 1) {
		r = &s->rows[from];
		if (depth + 1 == r->nr_parts) {
			add_value(&s->json, o, r);
		} else if (has(o, depth ? r->f->have : r->f->object)) {
			json_object_begin(&s->json, r->part[depth]);
			add_rows(s, o, from, r->end[depth], depth + 1);
			json_object_end(&s->json);
		} else {
			json_nil(&s->json, r->part[depth]);
		}
	}
}

static int obituary(struct sink *s, const struct obituary *o)
{
	json_object_begin(&s->json, NULL);
	add_rows(s, o, 0, s->nr_rows, 0);
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
	return end_line(s);
}

static int json_close(struct sink *s)
{
	int err = flush(s);

	buf_free(&s->buf);
	free(s->rows);
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
