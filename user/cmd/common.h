/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common: options that several commands share, and what they stand for.
 * Owns the option groups of source, filters and output, and how they become an
 * open source, a filter and open sinks. Never loops.
 */
#ifndef CMD_COMMON_H
#define CMD_COMMON_H

#include <stdbool.h>
#include <stdint.h>
#include "core/filter/filter.h"
#include "lib/opts.h"
#include "pipeline.h"

enum source_choice { CHOOSE_AUTO, CHOOSE_BPF, CHOOSE_KMOD, CHOOSE_BOTH };

enum teardown_choice { TEARDOWN_NOT, TEARDOWN_KERNEL, TEARDOWN_USER };

struct source_choice_opts {
	int source;		/* enum source_choice */
	int teardown;		/* enum teardown_choice */
	uint32_t stacks_hz;	/* 0: no stacks */
	int tier;		/* enum tier_choice */
	bool precise;
	uint64_t buffer_bytes;
	const char *replay;	/* NULL: live */
	uint64_t pdeath_scan_ns, zombie_after_ns;
	bool resume;
	const char *lossless;	/* NULL: not */
	uint64_t lossless_wait_ns;
};

struct filter_opts {
	struct opt_strings where, tgid, comm, uid, cgroup, container, signal,
		status, cause;
	const char *tree;	/* NULL: none */
	bool failed;
};

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

struct output_opts {
	int format;		/* enum output_format */
	int colour;		/* enum colour_mode */
	bool header;
	bool late_header;	/* not asked for: with the first row */
	const char *record;	/* NULL: no recording */
};

/*
 * Tables whose bases are the structs above. witness is the part of source for
 * commands that only watch what lives: --source --tier --buffer. Those of a
 * command do not show what it refuses, with a sentence: --replay and --tree.
 */
extern const struct opt source_opt_table[], witness_opt_table[],
	filter_opt_table[], output_opt_table[];
extern const struct opt command_source_opt_table[], command_filter_opt_table[];
extern const struct opt_name output_formats[], teardown_choices[];

/*
 * All return 0 or a negative errno, after one sentence by log_error().
 * A filter is NULL where none was asked for.
 */
int common_filter(const struct filter_opts *o, struct filter **f);
/*
 * A warning for each filter that keeps all out that can come: ids that are no
 * process's now, keys that this source leaves null. info: of the open source.
 */
void common_warn_filter(const struct filter_opts *o, const struct filter *f,
			const struct source_choice_opts *source,
			const struct source_info *info);
/* Refused before anything is opened: a recording of two witnesses. */
int common_check_record(const struct output_opts *o,
			const struct source_choice_opts *source);
/*
 * Fills cfg's sources, one or two, and, if info is not NULL, what they say of
 * themselves (of the first, with the text of both). One that watches alone is
 * told the filters that the kernel can apply.
 */
int common_open_sources(const struct source_choice_opts *o,
			const struct filter *f, struct pipeline_config *cfg,
			struct source_info *info);
void common_close_sources(struct pipeline_config *cfg);
/* Opens table or json on fd 1, and the recording if there is one; fills
 * cfg->sinks. On error nothing stays open. */
int common_open_sinks(const struct output_opts *o,
		      const struct source_info *info, bool live,
		      struct pipeline_config *cfg);
/* Closes them all; err is what happened before. Tells a failure to write to
 * standard output, wherever it came up. Returns err or the first failure. */
int common_close_sinks(struct pipeline_config *cfg,
		       const struct pipeline_result *r, int err);

/* "obit: 93 deaths, 4 failures, 0 lost" on stderr. */
void common_summary(const struct pipeline_result *r, bool filtered);

#endif
