/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oom: OOM kills: who ran into which limit, shared by all its victims.
 * Owns the few kills of late, by which a sharer of the victim's memory, killed
 * without a record of its own, and the kernel log's word find their kill.
 */
#ifndef CORE_OOM_H
#define CORE_OOM_H

#include "core/obituary.h"

struct oom {
	uint32_t refs;
	uint64_t boot_ns;		/* last time it was at work */
	struct person by;
	uint32_t victim_tgid;		/* whom it was made for, first */
	bool have_limit;
	uint32_t limit_len;
	char *limit;			/* malloc'ed; "/": the whole machine */
};

#define OOMS 16

struct ooms {
	struct oom *recent[OOMS];	/* a ring; each holds a reference */
	unsigned int next;
};

void ooms_fini(struct ooms *all);
void oom_put(struct oom *oom);		/* NULL is fine */

/*
 * The kill that `by` is busy with at boot_ns; made if it is a new one. A
 * reference. NULL: no memory.
 */
struct oom *oom_get(struct ooms *all, const struct obit_oom_victim *r);
/* The kill that a SIGKILL from this thread at that time is part of, or NULL. */
struct oom *oom_by(struct ooms *all, uint32_t tid, uint64_t boot_ns);
/*
 * What the kernel log says. of_victim: where the victim it names keeps its
 * reference, or NULL; it may get another kill there. 0 or -ENOMEM.
 */
int oom_limit(struct ooms *all, const struct obit_oom_limit *r,
	      struct oom **of_victim);

#endif
