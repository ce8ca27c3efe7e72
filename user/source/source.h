/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source: where records come from. One file a source, each exporting a
 * `const struct source_type`. A source knows the ABI and nothing of sinks.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include <stdint.h>
#include <uapi/obit.h>
#include "core/obituary.h"

enum tier_choice { TIER_AUTO, TIER_FORCE_TRACEPOINTS, TIER_FORCE_FENTRY };

/* Filters the kernel can apply to a death; 0/empty: no filter. They may let
 * through too much, never too little: user space filters again. */
struct kernel_filter {
	uint32_t tgid;
	uint32_t uid;
	bool have_tgid, have_uid, have_comm, have_cgroup;
	char comm[OBIT_COMM_LEN];
	uint64_t cgroup_id;		/* v2, exact */
};

struct source_opts {
	const char *path;		/* file: what to replay */
	enum tier_choice tier;
	bool precise;			/* add the system-call tracepoints */
	bool teardown;			/* TEARDOWN and FREED records */
	bool user_exit;			/* bpf: see exit(3), by uprobes; or it is
					 * an error */
	uint32_t stacks_hz;		/* bpf: STACK records, and so many looks a
					 * second at who runs; 0: none */
	bool scan_only;			/* no event is wanted: nothing is hooked */
	uint64_t buffer_bytes;		/* ring; 0: default 8 MiB */
	uint64_t pdeath_scan_ns;	/* 0: no scan */
	struct kernel_filter filter;
	/* The module's alone: */
	bool resume;			/* go on where the last reader stopped, and
					 * leave a place for the next */
	bool lossless;			/* exits in scope wait for room */
	int lossless_scope;		/* enum obit_scope */
	uint64_t lossless_id;		/* tgid, or v2 cgroup id */
	uint64_t lossless_wait_ns;	/* at most so long; 0: 2 s */
};

/* Reads are given to the pipeline record by record; a record is valid during
 * the call only. Returns 0 or a negative errno, which ends the read. */
struct emit {
	void *ctx;
	int (*event)(void *ctx, const struct obit_hdr *h);
};

/* What the source can tell of itself, for the `watching` line and doctor. */
struct source_info {
	enum tier tier;
	enum obituary_source source;
	bool live;			/* time passes by itself */
	bool teardown;			/* it was opened to tell of teardowns */
	char text[448];			/* "bpf, 12 tracepoints, no fentry (EPERM)" */
};

struct source;

struct source_type {
	const char *name;
	bool checked;		/* its records have passed event_check() */
	/* 0, or negative errno after one sentence by log_error(). */
	int (*open)(struct source **s, const struct source_opts *o);
	void (*info)(struct source *s, struct source_info *info);
	int (*fd)(struct source *s);	/* to poll for input, or -1: always ready */
	/* Gives what is there; number of records, 0 none now, -ENODATA at the
	 * end, another negative errno on error. Live sources also emit LOSS
	 * records here when a counter has moved. */
	int (*read)(struct source *s, const struct emit *to);
	/* Asks for a fresh scan of armed parent-death signals into the stream
	 * (PDEATH records, then SCAN); NULL: cannot. */
	int (*scan)(struct source *s, const struct emit *to);
	void (*close)(struct source *s);
};

/* A TEARDOWN of nobody: there will be one of each death. For live sources, before
 * their first record. */
int source_teardown_begins(const struct emit *to);
/* A LOSS of so many. */
int source_loss(const struct emit *to, uint32_t kind, uint32_t reason,
		uint64_t count);
/* One for each of the producer's counters that has moved since it was told. */
int source_losses(const struct emit *to,
		  const __u64 (*counters)[OBIT_LOST_REASON_NR],
		  uint64_t (*told)[OBIT_LOST_REASON_NR]);

extern const struct source_type bpf_source, kmod_source, file_source;
extern const struct source_type fake_source;

#endif
