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

/* Between two kills of one go: each prints a line to a console, maybe slow. */
#define TOGETHER_NS 50000000ull

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
		if (o && o->by.tid == tid && together(o->boot_ns, boot_ns)) {
			o->boot_ns = boot_ns;	/* busy still */
			return o;
		}
	}
	return NULL;
}

static struct oom *oom_new(const struct person *by, uint32_t victim_tgid,
			   uint64_t boot_ns)
{
	struct oom *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->refs = 1;
	o->boot_ns = boot_ns;
	o->victim_tgid = victim_tgid;
	o->by = *by;
	return o;
}

static void remember(struct ooms *all, struct oom *o)
{
	oom_put(all->recent[all->next % OOMS]);
	all->recent[all->next++ % OOMS] = o;
	o->refs++;
}

struct oom *oom_get(struct ooms *all, const struct obit_oom_victim *r)
{
	struct oom *o = oom_by(all, r->by.task.tid, r->hdr.boot_ns);
	struct person by = {
		.tgid = r->by.task.tgid,
		.tid = r->by.task.tid,
		.start_boottime = r->by.task.start_boottime,
		.uid = r->by.uid,
	};

	if (o) {
		o->refs++;
		return o;
	}
	memcpy(by.comm, r->by.comm, sizeof(by.comm));
	o = oom_new(&by, r->task.tgid, r->hdr.boot_ns);
	if (o)
		remember(all, o);
	return o;
}

static int set_limit(struct oom *o, const struct obit_oom_limit *r)
{
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

/*
 * The line is written once a kill, and names its first victim. If it names one
 * that was taken for a further victim of another kill, that was a mistake.
 */
int oom_limit(struct ooms *all, const struct obit_oom_limit *r,
	      struct oom **of_victim)
{
	struct oom *o, *own;
	unsigned int i;

	for (i = 1; i <= OOMS; i++) {
		o = all->recent[(all->next - i) % OOMS];
		if (o && o->victim_tgid == r->task.tgid && !o->have_limit)
			return set_limit(o, r);
	}
	o = of_victim ? *of_victim : NULL;
	if (!o || o->victim_tgid == r->task.tgid)
		return 0;
	own = oom_new(&o->by, r->task.tgid, o->boot_ns);
	if (!own)
		return -ENOMEM;
	oom_put(o);
	*of_victim = own;
	remember(all, own);
	return set_limit(own, r);
}
