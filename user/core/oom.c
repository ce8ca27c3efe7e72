// SPDX-License-Identifier: GPL-2.0-only
/*
 * oom: which kills belong together.
 * __oom_kill_process() sends SIGKILL to the victim, marks it (the record),
 * then kills every process that shares its memory, unmarked; with
 * memory.oom.group it does so for each process of a cgroup. All in one go, by
 * the thread whose allocation failed. Never reads the kernel log itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/oom.h"

#define TOGETHER_NS 50000000ull	/* between two kills of one go; each prints
					 * a line to a console that may be slow */

void oom_put(struct oom *o)
{
	if (o && !--o->refs) {
		free(o->limit);
		free(o);
	}
}

void ooms_fini(struct ooms *all)
{
	unsigned int i;

	for (i = 0; i < OOMS; i++)
		oom_put(all->recent[i]);
}

static bool together(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= TOGETHER_NS;
}

struct oom *oom_by(struct ooms *all, uint32_t tid, uint64_t boot_ns)
{
	unsigned int i;
	struct oom *o;

	for (i = 1; i <= OOMS; i++) {
		o = all->recent[(all->next - i) % OOMS];
		if (o && o->by.tid == tid && together(o->boot_ns, boot_ns))
			return o;
	}
	return NULL;
}

struct oom *oom_get(struct ooms *all, const struct obit_oom_victim *r)
{
	struct oom *o = oom_by(all, r->by.task.tid, r->hdr.boot_ns);

	if (!o) {
		o = calloc(1, sizeof(*o));
		if (!o)
			return NULL;
		o->refs = 1;
		o->boot_ns = r->hdr.boot_ns;
		o->victim_tgid = r->task.tgid;
		o->by.tgid = r->by.task.tgid;
		o->by.tid = r->by.task.tid;
		o->by.start_boottime = r->by.task.start_boottime;
		o->by.uid = r->by.uid;
		memcpy(o->by.comm, r->by.comm, sizeof(o->by.comm));
		oom_put(all->recent[all->next % OOMS]);
		all->recent[all->next++ % OOMS] = o;
	}
	o->refs++;
	return o;
}

int oom_limit(struct ooms *all, const struct obit_oom_limit *r)
{
	unsigned int i;
	struct oom *o;

	for (i = 1; i <= OOMS; i++) {
		o = all->recent[(all->next - i) % OOMS];
		if (!o || o->victim_tgid != r->task.tgid || o->have_limit)
			continue;
		if (r->path_len) {
			o->limit = malloc(r->path_len);
			if (!o->limit)
				return -ENOMEM;
			memcpy(o->limit, r->data, r->path_len);
		}
		o->limit_len = r->path_len;
		o->have_limit = true;
		return 0;
	}
	return 0;
}
