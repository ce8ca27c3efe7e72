/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fate: what became of a status, who took it, how long that lasted.
 * Pure functions of the facts of one death. Never guesses: only a parent or a
 * tracer can wait, and how each takes SIGCHLD says whether it could.
 */
#ifndef CORE_FATE_H
#define CORE_FATE_H

#include "core/obituary.h"
#include "core/procs.h"

struct fate {
	enum obituary_fate fate;
	struct person reaped_by;	/* tgid 0: nobody, or not known */
	struct person new_parent;	/* tgid 0: none */
	bool have_zombie;
	uint64_t zombie_ns, zombie_err_ns;
};

/*
 * At its release. parent_is_real: r->parent is a process that can be its parent,
 * and so is believed even where it was read late.
 */
void fate_of(const struct death *d, const struct obit_release *r,
	     bool parent_is_real, struct fate *f);

/* How the real parent at the death would hear of it: enum obit_sigchld. */
uint8_t sigchld_of(const struct death *d);

/* From when on it was a zombie, as far as known; *exact: it was told so. */
uint64_t zombie_since(const struct death *d, bool *exact);

/*
 * utime and stime as wait4(2) gives them: the ticks' ratio applied to the
 * scheduler's exact sum (cputime_adjust() in kernel/sched/cputime.c).
 */
void usage_adjust(struct obit_usage *u);

#endif
