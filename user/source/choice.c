// SPDX-License-Identifier: GPL-2.0-only
/*
 * choice: every row of the table is tried, and what the kernel takes is kept.
 * A fact that an exact hook serves needs no other. Never loads obit's own
 * programs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "lib/log.h"
#include "source/choice.h"
#include "source/hooks.h"

/* Tries the fentry rows; false if those that make the tier do not all work. */
static bool choose_exact(enum hook_trial trial, struct choice *c)
{
	bool served[SERVES_NR] = { [SERVES_ITSELF] = true };
	size_t i;

	for (i = 0; hook_rows[i].program; i++) {
		const struct hook_row *row = &hook_rows[i];
		char why[128];
		int err;

		if (row->use != USE_EXACT ||
		    (row->serves && served[row->serves]))
			continue;
		if (hook_try(row, trial, &err, why, sizeof(why)) == HOOK_OK) {
			c->load[i] = true;
			served[row->serves] = true;
			continue;
		}
		log_info("%s is left out: %s", row->program, why);
		if (row->serves == SERVES_REAPABLE && !c->why[0])
			snprintf(c->why, sizeof(c->why), "%s", why);
	}
	c->exact_reapable = served[SERVES_REAPABLE];
	c->exact_release = served[SERVES_RELEASE];
	if (c->exact_reapable && c->exact_release && served[SERVES_EXIT_CALL])
		return true;
	if (!c->why[0])
		snprintf(c->why, sizeof(c->why), "%s cannot be hooked",
			 !c->exact_reapable ? "do_notify_parent" :
			 !c->exact_release ? "cgroup_release" :
					      "do_exit");
	return false;
}

/* Not one of those choose_exact() looks at: is it wanted? */
static bool is_wanted(const struct hook_row *row, const struct source_opts *o,
		      const struct choice *c)
{
	if (o->scan_only && strcmp(row->kind, "iter"))
		return false;
	switch (row->use) {
	case USE_ALWAYS:
		return true;
	case USE_INEXACT:
		return !c->exact_release;
	case USE_EXACT:
		return false;
	case USE_PRECISE:
		return o->precise && c->tier == TIER_TRACEPOINTS;
	case USE_TWIN:
		return tracepoints_preemptible();
	case USE_EXACT_TWIN:
		return tracepoints_preemptible() && c->tier == TIER_FENTRY;
	case USE_TEARDOWN:
		return o->teardown;
	case USE_TEARDOWN_EXACT:
		return o->teardown && c->tier == TIER_FENTRY;
	case USE_TEARDOWN_COARSE:
		return o->teardown && c->tier == TIER_TRACEPOINTS;
	case USE_TEARDOWN_TWIN:
		return o->teardown && c->tier == TIER_TRACEPOINTS &&
		       tracepoints_preemptible();
	case USE_STACKS:
		return o->stacks_hz > 0;
	}
	return false;
}

int choose(const struct source_opts *o, bool exact, enum hook_trial trial,
	   struct choice *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->tier = TIER_TRACEPOINTS;
	if (exact && !o->scan_only) {
		if (choose_exact(trial, c)) {
			c->tier = TIER_FENTRY;
		} else if (o->tier == TIER_FORCE_FENTRY) {
			log_error("--tier fentry cannot be had: %s", c->why);
			return -EOPNOTSUPP;
		} else {
			memset(c->load, 0, sizeof(c->load));
			c->exact_reapable = c->exact_release = false;
		}
	}
	for (i = 0; hook_rows[i].program; i++) {
		const struct hook_row *row = &hook_rows[i];
		char why[128];
		int err;

		if (!is_wanted(row, o, c))
			continue;
		if (hook_try(row, trial, &err, why, sizeof(why)) == HOOK_OK) {
			c->load[i] = true;
			continue;
		}
		if (err == -EPERM || err == -EACCES) {
			log_error("the kernel refuses BPF programs (%s): run as root, or with CAP_BPF and CAP_PERFMON",
				  strerrorname_np(-err));
			return -EPERM;
		}
		if (row->required) {
			log_error("no obituary can be had by BPF on this kernel: %s",
				  why);
			return -EOPNOTSUPP;
		}
		log_info("%s is left out: %s", row->program, why);
	}
	return 0;
}
