// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: what `obit zombies -o json` writes, one object a line.
 * Owns its keys; those that a death's events have mean the same here. Never
 * asks the system for anything.
 */
#include <string.h>
#include "core/status.h"
#include "core/value.h"
#include "core/when.h"
#include "core/zombie/zombie.h"
#include "lib/json.h"

static void begin(struct json *j, const struct zombies *all, const char *event)
{
	char text[WHEN_MAX];

	json_object_begin(j, NULL);
	json_cstr(j, "event", event);
	when_rfc3339(text, all->real_ns, all->utc_offset_s);
	json_cstr(j, "time", text);
	json_u64(j, "boot_ns", all->boot_ns);
}

static void end(struct json *j)
{
	json_object_end(j);
	json_newline(j);
}

static void known_u64(struct json *j, const char *key, bool known, uint64_t v)
{
	if (known)
		json_u64(j, key, v);
	else
		json_nil(j, key);
}

static void comm(struct json *j, const char *text)
{
	if (text[0])
		json_bytes(j, "comm", text, strnlen(text, OBIT_COMM_LEN));
	else
		json_nil(j, "comm");
}

static void who(struct json *j, const char *key, uint32_t tgid, uint64_t start,
		const char *name)
{
	if (!tgid) {
		json_nil(j, key);
		return;
	}
	json_object_begin(j, key);
	json_u64(j, "tgid", tgid);
	known_u64(j, "start_boottime", start, start);
	comm(j, name ? name : "");
	json_object_end(j);
}

static void status(struct json *j, const struct zombie *z)
{
	struct status st = status_decode(z->exit_code);
	bool exited = z->have_code && st.kind == STATUS_EXITED;
	bool killed = z->have_code && st.kind == STATUS_SIGNALED;

	known_u64(j, "exit_code", z->have_code, z->exit_code);
	known_u64(j, "exit_status", exited, (uint64_t)st.exit_status);
	json_cstr(j, "signal", killed ? signal_name(st.signal) : NULL);
	if (killed)
		json_bool(j, "core_dumped", st.core_dumped);
	else
		json_nil(j, "core_dumped");
	json_cstr(j, "meaning", exited ? status_meaning(st.exit_status) : NULL);
}

static void add_zombie(struct json *j, const struct zombies *all,
		       const struct zombie *z)
{
	const struct culprit *c = z->threads ? NULL :
					       &all->culprits[z->culprit];

	begin(j, all, z->threads ? "dead_leader" : "zombie");
	json_u64(j, "tgid", z->tgid);
	known_u64(j, "start_boottime", z->start_boottime, z->start_boottime);
	comm(j, z->comm);
	known_u64(j, "uid", z->have_uid, z->uid);
	if (c)
		status(j, z);
	else
		json_u64(j, "threads", z->threads);
	who(j, "parent", z->parent, z->parent_start,
	    c && !c->as_tracer ? c->comm : NULL);
	who(j, "tracer", z->tracer, z->tracer_start,
	    c && c->as_tracer ? c->comm : NULL);
	known_u64(j, c ? "zombie_ns" : "dead_ns", z->have_age, z->age_ns);
	known_u64(j, c ? "zombie_err_ns" : "dead_err_ns", z->have_age,
		  z->age_err_ns);
	if (c) {
		json_bool(j, "had_threads", z->had_threads);
		json_cstr(j, "why", zombie_why_names[zombie_why(c)]);
	}
	end(j);
}

static void add_culprit(struct json *j, const struct zombies *all,
			const struct culprit *c)
{
	struct span args = { c->args.p, c->args.len }, arg;
	struct buf words = BUF_INIT;
	size_t at = 0;

	begin(j, all, "blame");
	json_u64(j, "tgid", c->tgid);
	known_u64(j, "start_boottime", c->start_boottime, c->start_boottime);
	comm(j, c->comm);
	json_array_begin(j, "args");
	while (args_next(args, &at, &arg))
		json_str(j, NULL, arg.p, arg.len);
	json_array_end(j);
	json_bool(j, "is_tracer", c->as_tracer);
	json_u64(j, "zombies", c->nr);
	known_u64(j, "oldest_ns", c->have_oldest, c->oldest_ns);
	known_u64(j, "oldest_err_ns", c->have_oldest, c->oldest_err_ns);
	if (c->state)
		json_str(j, "state", &c->state, 1);
	else
		json_nil(j, "state");
	known_u64(j, "threads", c->threads, c->threads);
	json_cstr(j, "why", zombie_why_names[zombie_why(c)]);
	zombie_why_text(&words, c);
	json_str(j, "text", words.p, words.len);
	buf_clear(&words);
	zombie_advice(&words, c);
	json_str(j, "advice", words.p, words.len);
	buf_free(&words);
	end(j);
}

void zombies_json(struct buf *out, const struct zombies *all)
{
	struct json j;
	size_t i;

	json_init(&j, out);
	for (i = 0; i < all->nr + all->nr_leaders; i++)
		add_zombie(&j, all, &all->v[i]);
	for (i = 0; i < all->nr_culprits; i++)
		add_culprit(&j, all, &all->culprits[i]);
}
