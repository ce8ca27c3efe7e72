/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream: hand-built records, and what the join makes of them.
 * Owns the conventions that keep a test short: process N started at N * 1000
 * ns, is called "pN", and lives in the initial pid namespace. Each builder
 * returns the record for the test to change, valid until the next is added.
 */
#ifndef TESTS_STREAM_H
#define TESTS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>

#include "core/join.h"

#define MS 1000000ull
#define SEC 1000000000ull

#define PID_NS 4026531836u

struct stream {
	char *p;
	size_t len, cap;
};

#define STREAM_INIT { NULL, 0, 0 }

void stream_free(struct stream *s);
/* A zeroed record; at: boot_ns. data_len bytes more, padded to 8. */
void *stream_add(struct stream *s, enum obit_event type, size_t size,
		 size_t data_len, uint64_t at);

struct obit_task task_of(uint32_t tgid);		/* the process */
struct obit_task thread_of(uint32_t tgid, uint32_t tid);
struct obit_who who_of(uint32_t tgid);			/* uid: tgid + 1000000 */

struct obit_fork *stream_fork(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t parent);
/* args: "a\0b\0" with its length. */
struct obit_exec *stream_exec(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t flags, const char *exe, size_t exe_len,
			      const char *args, size_t args_len);
/* exe_code by the kernel's rule; sigchld handler, one thread, cgroup root. */
struct obit_exit *stream_exit(struct stream *s, uint64_t at, uint32_t tgid,
			      uint32_t parent, uint32_t exit_code);
struct obit_reapable *stream_reapable(struct stream *s, uint64_t at,
				      uint32_t tgid, uint32_t told,
				      uint32_t flags);
/* As sched_process_free shows it: not exact. */
struct obit_release *stream_release(struct stream *s, uint64_t at,
				    uint32_t tgid, uint32_t parent,
				    uint32_t exit_code);
/* As release_task shows it: exact, by `by`. */
struct obit_release *stream_released(struct stream *s, uint64_t at,
				     uint32_t tgid, uint32_t parent,
				     uint32_t by, uint32_t exit_code);
struct obit_signal *stream_signal(struct stream *s, uint64_t at, uint32_t tgid,
				  uint32_t sender, uint32_t sig, uint32_t info,
				  int32_t si_code, uint32_t flags);
struct obit_signal *stream_asked(struct stream *s, uint64_t at, uint32_t tgid,
				 uint32_t sender, uint32_t sig, uint32_t info,
				 int32_t si_code, uint32_t flags);
struct obit_oom_victim *stream_oom(struct stream *s, uint64_t at, uint32_t tgid,
				   uint32_t by, uint64_t rss_kb);
struct obit_oom_limit *stream_limit(struct stream *s, uint64_t at,
				    uint32_t tgid, const char *path);
struct obit_armed *stream_armed(struct stream *s, uint64_t at, uint32_t dead,
				uint32_t target, uint32_t sig, uint32_t flags);
struct obit_pdeath *stream_pdeath(struct stream *s, uint64_t at, uint32_t tgid,
				  uint32_t parent, uint32_t sig, uint32_t kind,
				  uint32_t scan);
void stream_scan(struct stream *s, uint64_t at, uint32_t scan, uint32_t what);
void stream_exit_call(struct stream *s, uint64_t at, uint32_t tgid);
struct obit_task_seen *stream_task(struct stream *s, uint64_t at, uint32_t tgid,
				   uint32_t parent, uint32_t exit_state,
				   uint32_t live);
struct obit_cgroup *stream_cgroup(struct stream *s, uint64_t at, uint32_t kind,
				  uint32_t hierarchy, uint64_t id,
				  const char *path);
void stream_clock(struct stream *s, uint64_t at, int64_t real_minus_boot_ns);
void stream_state(struct stream *s, uint64_t at, uint32_t tgid, uint32_t state);
void stream_loss(struct stream *s, uint64_t at, uint32_t kind, uint32_t reason,
		 uint64_t count);
void stream_tick(struct stream *s, uint64_t at);
/* Of nr steps, 10 ns apart from at on; the phases are 1, 2, ... */
struct obit_teardown *stream_teardown(struct stream *s, uint64_t at,
				      uint32_t tgid, uint32_t nr);
struct obit_freed *stream_freed(struct stream *s, uint64_t at, uint32_t tgid,
				uint32_t by);
struct obit_user_exit *stream_user_exit(struct stream *s, uint64_t at,
					uint32_t tgid, uint32_t flags);
struct obit_stack *stream_stack(struct stream *s, uint64_t at, uint32_t tgid,
				uint32_t nr);

/* The whole life of a process that waits for its child, in one line each. */
void stream_life(struct stream *s, uint64_t at, uint32_t tgid, uint32_t parent,
		 uint32_t exit_code);

/* --- playing ---------------------------------------------------------------- */

#define PLAYED_MAX 64

/* What came out, as text: `key=value key=value ...`, null left out. */
struct played {
	char *obituary[PLAYED_MAX], *notice[PLAYED_MAX];
	unsigned int nr_obituaries, nr_notices;
	unsigned int nr_asked;		/* ask_state calls */
	uint32_t asked[PLAYED_MAX];	/* tgids */
	struct join_stats before, stats;	/* before join_finish, after */
	/* When asked for a state, answers it: 0 gone, 'Z', ...; -1: does not. */
	int (*answer)(uint32_t tgid);
	uint64_t answer_at_end;		/* boot_ns; 0: nobody asks then */
	uint64_t zombie_after_ns;
	enum tier tier;
};

#define PLAYED_INIT { .zombie_after_ns = SEC, .tier = TIER_TRACEPOINTS }

/* Checks every record, feeds it, finishes; frees the stream. */
void play(struct stream *s, struct played *p);
void played_free(struct played *p);

/*
 * Expectations: of obituary i, every `key=value` in want (in any order,
 * separated by blanks; `key=null` for null). A failure prints the whole.
 */
void expect_obituary(const struct played *p, unsigned int i, const char *want);
void expect_notice(const struct played *p, unsigned int i, const char *want);
void expect_counts(const struct played *p, unsigned int obituaries,
		   unsigned int notices);

#endif
