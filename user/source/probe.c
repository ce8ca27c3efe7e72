// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: what doctor asks: every hook tried, and what obit's programs cost on
 * this machine, by the kernel's own statistics. Never watches for anything
 * else, never leaves a program behind.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "lib/log.h"
#include "source/hooks.h"
#include "source/perf_try.h"
#include "source/probe.h"
#include "source/source.h"

static struct hook hooks[HOOK_ROWS_MAX + PERF_ROWS_NR];

static void try_events(struct hook *h)
{
	size_t i;

	for (i = 0; i < PERF_ROWS_NR; i++, h++) {
		const struct perf_row *row = &perf_rows[i];

		memset(h, 0, sizeof(*h));
		h->name = row->place;
		h->kind = row->kind;
		h->program = row->program;
		h->fact = row->fact;
		h->tier = TIER_TRACEPOINTS;
		h->teardown = true;
		h->misses = -1;
		h->state = perf_try(row, &h->err, h->why, sizeof(h->why));
	}
}

static void try_all(struct probe *p)
{
	bool served[SERVES_NR] = { false };
	bool release = false;
	size_t i;

	p->usable = true;
	for (i = 0; hook_rows[i].program; i++) {
		const struct hook_row *row = &hook_rows[i];
		struct hook *h = &hooks[i];

		memset(h, 0, sizeof(*h));
		h->name = row->place;
		h->kind = row->kind;
		h->program = row->program;
		h->fact = row->fact;
		h->required = row->required;
		h->tier = row->use == USE_EXACT || row->use == USE_EXACT_TWIN ||
					  row->use == USE_TEARDOWN_EXACT ?
				  TIER_FENTRY :
				  TIER_TRACEPOINTS;
		h->misses = -1;
		if (hook_is_twin(row) && !tracepoints_preemptible()) {
			h->state = HOOK_NOT_TRIED;
			snprintf(h->why, sizeof(h->why),
				 "not needed: programs are not preempted here");
			continue;
		}
		h->state = hook_try(row, TRIAL_ATTACHES, &h->err, h->why,
				    sizeof(h->why));
		if (h->state == HOOK_OK && h->tier == TIER_FENTRY)
			served[row->serves] = true;
		h->teardown = row->use == USE_TEARDOWN ||
			      row->use == USE_TEARDOWN_EXACT ||
			      row->use == USE_TEARDOWN_COARSE ||
			      row->use == USE_TEARDOWN_TWIN ||
			      row->use == USE_STACKS;
		if (row->serves == SERVES_RELEASE && h->state == HOOK_OK)
			release = true;
		if (row->required && row->serves != SERVES_RELEASE &&
		    h->state != HOOK_OK)
			p->usable = false;
	}
	try_events(&hooks[i]);
	p->hooks = hooks;
	p->nr = i + PERF_ROWS_NR;
	p->usable = p->usable && release;
	p->tier = served[SERVES_REAPABLE] && served[SERVES_RELEASE] &&
				  served[SERVES_EXIT_CALL] ?
			  TIER_FENTRY :
			  TIER_TRACEPOINTS;
}

static int ignore(void *ctx, const struct obit_hdr *h)
{
	(void)ctx;
	(void)h;
	return 0;
}

/* Lets everything run together for a while, drained as in real use. */
static void measure(struct probe *p, uint64_t measure_ns,
		    void (*load)(void *ctx), void *ctx)
{
	const struct emit nowhere = { .event = ignore };
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct source_opts opts = { .tier = TIER_AUTO };
	struct source *s;
	uint64_t left;
	size_t i;
	int stats;

	if (bpf_source.open(&s, &opts))
		return;
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0)
		log_info("the kernel does not measure BPF programs: %s",
			 strerror(-stats));
	if (load)
		load(ctx);
	for (left = measure_ns; left;
	     left -= left < 20000000 ? left : 20000000) {
		nanosleep(&pause, NULL);
		if (bpf_source.read(s, &nowhere) < 0)
			break;
	}
	for (i = 0; i < p->nr; i++) {
		struct program_stats st;

		if (stats < 0 || bpf_source_stats(s, hooks[i].program, &st))
			continue;
		hooks[i].measured = true;
		hooks[i].runs = st.runs;
		hooks[i].run_ns = st.run_ns;
		hooks[i].misses = st.misses;
	}
	if (stats >= 0)
		close(stats);
	bpf_source.close(s);
}

int probe_hooks(uint64_t measure_ns, void (*load)(void *ctx), void *ctx,
		struct probe *p)
{
	memset(p, 0, sizeof(*p));
	try_all(p);
	if (p->nr && hooks[0].state == HOOK_REFUSED &&
	    (hooks[0].err == -EPERM || hooks[0].err == -EACCES)) {
		log_error("the kernel refuses BPF programs (%s): run as root, or with CAP_BPF and CAP_PERFMON",
			  strerrorname_np(-hooks[0].err));
		return -EPERM;
	}
	if (measure_ns && p->usable)
		measure(p, measure_ns, load, ctx);
	return 0;
}
