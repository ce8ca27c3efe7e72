// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: a profile as one JSON object.
 * Owns its keys; integers are ns unless they say otherwise. Never rounds what
 * the text rounds.
 */
#include <string.h>
#include "core/profile/profile.h"
#include "core/when.h"
#include "lib/json.h"

static void add_quantiles(struct json *j, const struct histogram *h)
{
	json_u64(j, "p50", histogram_quantile(h, 500));
	json_u64(j, "p90", histogram_quantile(h, 900));
	json_u64(j, "p99", histogram_quantile(h, 990));
	json_u64(j, "max", h->max);
}

/* Only what is not empty: {"from":4096,"to":8192,"count":3} */
static void add_log2(struct json *j, const struct histogram *h)
{
	uint64_t counts[HISTOGRAM_OCTAVES];
	unsigned int i;

	histogram_log2(h, counts);
	json_array_begin(j, "histogram");
	for (i = 0; i < HISTOGRAM_OCTAVES; i++) {
		if (!counts[i])
			continue;
		json_object_begin(j, NULL);
		json_u64(j, "from", i ? 1ULL << i : 0);
		json_u64(j, "to", 2ULL << i);
		json_u64(j, "count", counts[i]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void add_off(struct json *j, const char *key, bool known, uint64_t ns)
{
	if (known)
		json_u64(j, key, ns);
	else
		json_nil(j, key);
}

static bool off_known(const struct profile *p)
{
	return p->off_known || p->all.off_ns;
}

static void add_calls(struct json *j, const char *key, const struct call *root)
{
	const struct call *path[OBIT_STACK_MAX];
	size_t nr = calls_top(root, path, OBIT_STACK_MAX), i;
	struct buf hex = BUF_INIT;

	json_array_begin(j, key);
	for (i = 0; i < nr; i++) {
		buf_clear(&hex);
		buf_printf(&hex, "0x%llx",
			   (unsigned long long)path[i]->address);
		json_cstr(j, NULL,
			  path[i]->name ? path[i]->name : buf_str(&hex));
	}
	json_array_end(j);
	buf_free(&hex);
}

static void add_phases(struct json *j, const struct profile *p,
		       const struct profile_group *g, bool histograms)
{
	enum obit_phase i;

	json_object_begin(j, "phases");
	for (i = 0; i < OBIT_PHASE_NR; i++) {
		if (!g->phase_nr[i])
			continue;
		json_object_begin(j, phase_names[i]);
		json_u64(j, "deaths", g->phase_nr[i]);
		json_u64(j, "ns", g->phase_ns[i]);
		add_off(j, "off_cpu_ns", off_known(p), g->phase_off_ns[i]);
		if (histograms) {
			add_quantiles(j, &p->phases[i]);
			add_log2(j, &p->phases[i]);
		}
		if (g->on[i])
			add_calls(j, "stack", g->on[i]);
		if (g->off[i])
			add_calls(j, "off_cpu_stack", g->off[i]);
		json_object_end(j);
	}
	json_object_end(j);
}

static void add_group(struct json *j, const struct profile *p,
		      const struct profile_group *g)
{
	json_object_begin(j, NULL);
	json_bytes(j, profile_by_names[p->cfg.by], g->name, g->name_len);
	json_bool(j, "others", g == p->rest);
	json_u64(j, "deaths", g->kernel.nr);
	json_u64(j, "kernel_ns", g->kernel.sum);
	add_off(j, "off_cpu_ns", off_known(p), g->off_ns);
	add_quantiles(j, &g->kernel);
	json_cstr(j, "slowest", phase_names[profile_slowest(g)]);
	add_phases(j, p, g, false);
	json_object_end(j);
}

static void add_death(struct json *j, const struct profile_death *d)
{
	char when[WHEN_MAX];

	json_object_begin(j, NULL);
	json_u64(j, "tgid", d->tgid);
	if (d->start_boottime)
		json_u64(j, "start_boottime", d->start_boottime);
	else
		json_nil(j, "start_boottime");
	json_bytes(j, "comm", d->comm, strnlen(d->comm, OBIT_COMM_LEN));
	if (d->wall_ns)
		when_rfc3339(when, (int64_t)d->wall_ns, d->utc_offset_s);
	json_cstr(j, "time", d->wall_ns ? when : NULL);
	json_u64(j, "boot_ns", d->boot_ns);
	json_u64(j, "kernel_ns", d->kernel_ns);
	add_off(j, "off_cpu_ns", d->off_known, d->off_ns);
	json_cstr(j, "slowest", phase_names[d->phase]);
	json_u64(j, "slowest_ns", d->phase_ns);
	json_object_end(j);
}

void profile_json(struct buf *out, const struct profile *p,
		  const struct profile_view *v)
{
	struct json j;
	size_t i;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_cstr(&j, "event", "profile");
	add_off(&j, "span_ns", v->span_ns > 0, v->span_ns);
	json_u64(&j, "deaths", p->deaths);
	json_u64(&j, "teardown_known", p->known);
	json_u64(&j, "teardown_coarse", p->coarse);
	json_cstr(&j, "teardown_unknown_why",
		  p->deaths && !p->known ? v->no_teardown : NULL);
	json_u64(&j, "lost", v->lost);
	json_u64(&j, "stacks", p->stacks);
	json_u64(&j, "stacks_cut", v->forgotten + p->calls.cut);
	json_u64(&j, "kernel_ns", p->all.kernel.sum);
	add_off(&j, "off_cpu_ns", off_known(p), p->all.off_ns);
	add_off(&j, "user_ns", p->user_known > 0, p->user_ns);
	json_u64(&j, "elsewhere", p->elsewhere);
	json_u64(&j, "elsewhere_ns", p->elsewhere_ns);
	add_quantiles(&j, &p->all.kernel);
	add_log2(&j, &p->all.kernel);
	add_phases(&j, p, &p->all, true);
	json_cstr(&j, "by", profile_by_names[p->cfg.by]);
	json_array_begin(&j, "groups");
	for (i = 0; i < p->nr_groups; i++)
		add_group(&j, p, p->groups[i]);
	json_array_end(&j);
	json_array_begin(&j, "worst");
	for (i = 0; i < p->nr_worst; i++)
		add_death(&j, &p->worst[i]);
	json_array_end(&j);
	json_object_end(&j);
	json_newline(&j);
}
