/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pipeline: the only event loop: source -> check -> join -> filter -> sinks,
 * or with two sources: two joins, whose obituaries are paired and compared.
 * Owns time (ticks, drains, limits), signals and the order in which records
 * that the collector adds enter the stream. Never interprets a record, never
 * names a concrete source or sink.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/both/pair.h"
#include "core/filter/filter.h"
#include "core/join.h"
#include "sink/sink.h"
#include "source/source.h"

#define PIPELINE_SINKS_MAX 4

#define PIPELINE_OBITUARY	1u
#define PIPELINE_NOTICE(type)	(2u << (type))
#define PIPELINE_ALL		(~0u)

struct pipeline_sink {
	const struct sink_type *type;
	struct sink *s;			/* open; stays the caller's to close */
};

/*
 * @source:  open; stays the caller's to close
 * @other_type, @other: the second witness, likewise; NULL: there is one. One of
 *           the two is bpf and one kmod, both live or neither. Raw records go
 *           to no sink then: a recording is of one source
 * @filter:  NULL: everything passes. Raw records are not filtered: a recording
 *           can be filtered otherwise later
 * @zombie_after_ns, @pdeath_scan_ns: 0: never
 * @count:   end after so many obituaries that passed; 0: no limit
 * @duration_ns: end after so long; 0: no limit. Live sources only
 * @events:  PIPELINE_OBITUARY | PIPELINE_NOTICE(type)...: what is shown
 * @ready:   called once, when nothing can be missed any more; may be NULL
 * @record:  every raw record, of the first witness where there are two, before
 *           anything is made of it; 0 or a negative errno. May be NULL
 * @until:   asked after each look at the source, every 20 ms and whenever a
 *           signal comes: true ends the run; may be NULL. What had happened by
 *           then is read once more
 * @own_signals: signals are the caller's affair: none is caught here
 * @fresh_line: what is shown after a ^C of the terminal begins a line
 */
struct pipeline_config {
	const struct source_type *type;
	struct source *source;
	const struct source_type *other_type;
	struct source *other;
	struct pipeline_sink sinks[PIPELINE_SINKS_MAX];
	size_t nr_sinks;
	struct filter *filter;
	uint64_t zombie_after_ns, pdeath_scan_ns;
	uint64_t count, duration_ns;
	unsigned int events;
	void (*ready)(void *ctx);
	void *ready_ctx;
	int (*record)(void *ctx, const struct obit_hdr *h);
	void *record_ctx;
	bool (*until)(void *ctx);
	void *until_ctx;
	bool own_signals;
	bool fresh_line;
};

/*
 * What the summary line says.
 * @stats: with two witnesses of what they told together; lost_* of both
 * @both:  there were two; then @pair holds
 */
struct pipeline_result {
	struct join_stats stats;
	bool both;
	struct pair_stats pair;
	uint64_t shown;			/* obituaries that passed the filter */
	uint64_t lost[OBIT_LOST_KIND_NR];
	int by_signal;			/* SIGINT or SIGTERM ended it; else 0 */
	const struct pipeline_sink *failed;	/* that could not write; or NULL */
	int sink_err;
};

/*
 * Runs until the source ends, SIGINT or SIGTERM, a limit, or an error; then
 * everything pending is written. A second SIGINT or SIGTERM kills. 0 or a
 * negative errno, told in one sentence unless a sink failed: then r->failed is
 * it. -EDOM: the books do not balance, which is a bug of obit. r is filled in
 * whatever happens.
 */
int pipeline_run(const struct pipeline_config *cfg, struct pipeline_result *r);

#endif
