// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * cgroup: names of cgroups as they are made, renamed and freed, so that one
 * which goes with its last process still has its name. Owns CGROUP. Never who
 * is in one: EXIT says that by id. Also the walk that finds a css_set's place in
 * the v1 hierarchies.
 */
#include "obit.bpf.h"

#define CGROUP_PATH_SHORT	248
/* TRACE_CGROUP_PATH_LEN: the kernel itself cuts the path for its tracepoints, so
 * one that fills this is not known */
#define CGROUP_PATH_LONG	1024

/* false: the path did not fit into `room` (a constant) and nothing was sent */
static __always_inline bool named_record(struct cgroup *cg, const char *path,
					 u32 room, bool last)
{
	struct obit_cgroup *r;
	long n;

	r = record_begin(OBIT_EV_CGROUP, sizeof(*r) + room, OBIT_LOST_CONTEXT);
	if (!r)
		return true;
	n = bpf_probe_read_kernel_str(r->data, room, path);
	if (n <= 0 || n >= room) {	/* full: it may be cut */
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		if (last)
			count_lost(OBIT_LOST_CONTEXT, OBIT_LOST_OVERSIZE);
		return false;
	}
	r->id = BPF_CORE_READ(cg, kn, id);
	r->hierarchy = hierarchy_of(cg, &r->root);
	r->kind = OBIT_CGROUP_NAMED;
	r->path_len = n - 1;
	r->hdr.len = (sizeof(*r) + n + 7) & ~7;
	record_end(r);
	return true;
}

/* All three under cgroup_mutex or from a work item; path is NUL-terminated. */
static __always_inline int named(struct cgroup *cg, const char *path)
{
	if (!named_record(cg, path, CGROUP_PATH_SHORT, false))
		named_record(cg, path, CGROUP_PATH_LONG, true);
	return 0;
}

/*
 * The first non-root place of memory, pids and name=systemd in the v1
 * hierarchies: where those are used everything sits in the root of v2. A named
 * hierarchy has no subsystem: it is found on the css_set's list of links.
 */
__noinline u64 cgroup_v1_of(u64 css_set)
{
	struct css_set *cset = (void *)css_set;
	struct list_head *head, *pos;
	struct cgroup *cg;

	cg = cgroup_of_subsys(cset, subsys_memory());
	if (cgroup_is_v1_child(cg))
		return (u64)cg;
	cg = cgroup_of_subsys(cset, subsys_pids());
	if (cgroup_is_v1_child(cg))
		return (u64)cg;
	head = (struct list_head *)((char *)cset +
				    bpf_core_field_offset(struct css_set,
							  cgrp_links));
	pos = BPF_CORE_READ(head, next);
	for (int i = 0; i < 20 && pos && pos != head; i++) {
		struct cgrp_cset_link *link =
			(void *)((char *)pos -
				 bpf_core_field_offset(struct cgrp_cset_link,
						       cgrp_link));

		cg = BPF_CORE_READ(link, cgrp);
		if (cgroup_is_v1_child(cg) && cgroup_is_systemd(cg))
			return (u64)cg;
		pos = BPF_CORE_READ(link, cgrp_link.next);
	}
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tp__cgroup_mkdir, struct cgroup *cg, const char *path)
{
	return named(cg, path);
}

SEC("tp_btf/cgroup_rename")
int BPF_PROG(tp__cgroup_rename, struct cgroup *cg, const char *path)
{
	return named(cg, path);
}

/* Not at rmdir: zombies may be in it still. Here the last reference is gone. */
SEC("tp_btf/cgroup_release")
int BPF_PROG(tp__cgroup_release, struct cgroup *cg, const char *path)
{
	struct obit_cgroup *r;

	r = record_begin(OBIT_EV_CGROUP, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return 0;
	r->id = BPF_CORE_READ(cg, kn, id);
	r->hierarchy = hierarchy_of(cg, &r->root);
	r->kind = OBIT_CGROUP_GONE;
	r->path_len = 0;
	record_end(r);
	return 0;
}
