// SPDX-License-Identifier: GPL-2.0-only
/*
 * ending: the key `teardown` as JSON: its phases are those that were there, in
 * the order in which they first came. Never adds up.
 */
#include <string.h>

#include "lib/json.h"
#include "sink/ending.h"

static void add_phases(struct json *j, const char *key,
		       const struct teardown *t, const uint64_t *ns)
{
	uint32_t told = 0;
	unsigned int i;

	json_object_begin(j, key);
	for (i = 0; i < t->nr_steps; i++) {
		enum obit_phase p = t->steps[i].phase;

		if (told & 1u << p)
			continue;
		told |= 1u << p;
		json_u64(j, phase_names[p], ns[p]);
	}
	json_object_end(j);
}

static void add_who(struct json *j, const struct teardown_elsewhere *e)
{
	if (!e->tgid) {
		json_nil(j, "by");
		return;
	}
	json_object_begin(j, "by");
	json_u64(j, "tgid", e->tgid);
	if (e->start_boottime)
		json_u64(j, "start_boottime", e->start_boottime);
	else
		json_nil(j, "start_boottime");
	json_bytes(j, "comm", e->comm, strnlen(e->comm, sizeof(e->comm)));
	json_object_end(j);
}

static void add_elsewhere(struct json *j, const struct teardown *t)
{
	unsigned int i;

	json_array_begin(j, "elsewhere");
	for (i = 0; i < t->nr_elsewhere; i++) {
		const struct teardown_elsewhere *e = &t->elsewhere[i];

		json_object_begin(j, NULL);
		json_cstr(j, "phase", phase_names[e->phase]);
		add_who(j, e);
		if (e->ns)
			json_u64(j, "ns", e->ns);
		else
			json_nil(j, "ns");
		json_object_end(j);
	}
	json_array_end(j);
}

void ending_json(struct buf *out, const struct teardown *t)
{
	struct json j;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_u64(&j, "kernel_ns", t->kernel_ns);
	if (t->user_known)
		json_u64(&j, "user_ns", t->user_ns);
	else
		json_nil(&j, "user_ns");
	if (t->off_known)
		json_u64(&j, "off_cpu_ns", t->off_ns);
	else
		json_nil(&j, "off_cpu_ns");
	add_phases(&j, "phases", t, t->phase_ns);
	if (t->off_known)
		add_phases(&j, "off_cpu", t, t->phase_off_ns);
	else
		json_nil(&j, "off_cpu");
	add_elsewhere(&j, t);
	json_object_end(&j);
}
