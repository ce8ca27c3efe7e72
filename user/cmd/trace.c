// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace: every death as it happens, or again from a recording.
 * Wires a source to sinks, nothing more.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "lib/log.h"

static struct trace {
	struct source_choice_opts source;
	struct filter_opts filter;
	struct output_opts output;
	uint64_t count, duration_ns;
	const char *events;
} trace;

/* clang-format off */
static const struct opt trace_opts[] = {
	OPT_U64('n', "count", struct trace, count, .min = 1,
		.help = "End after so many obituaries have been shown."),
	OPT_DURATION(0, "duration", struct trace, duration_ns,
		     .min = 1000000, .max = 31536000000000000,
		     .help = "End after so long."),
	OPT_STRING(0, "events", struct trace, events, .metavar = "LIST",
		   .help = "Show only these, separated by commas: obituary "
			   "pdeath_set pdeath_clear pdeath_send hangup zombie "
			   "reaped dissent lost. All if not given."),
	OPT_END
};

static const struct opts_group trace_groups[] = {
	{ "Options", trace_opts, &trace },
	{ "Output", output_opt_table, &trace.output },
	{ "Filters", filter_opt_table, &trace.filter },
	{ "Source", source_opt_table, &trace.source },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const trace_examples[] = {
	"sudo obit trace",
	"Every death of the machine, one line each.",
	"sudo obit trace --failed --comm nginx",
	"Only what goes wrong, and only nginx.",
	"sudo obit trace --cause oom --cause oops",
	"What the kernel had to kill, and what killed itself in the kernel.",
	"sudo obit trace --where 'zombie_ns > 1s || truncated'",
	"Late reaping, and statuses that the parent sees as another.",
	"sudo obit trace -o json | jq -r 'select(.killer) | .killer.comm'",
	"Who kills?",
	"sudo obit trace --source both --events dissent",
	"Do the eBPF programs and the module obit.ko tell the same?",
	"sudo obit trace -w night.obit >/dev/null; sudo obit trace -r night.obit --failed",
	"Record now, ask later.",
	NULL
};

static int parse_events(const char *list, unsigned int *mask)
{
	const char *names[NOTICE_NR + 1], *near;
	char word[32];
	size_t len, i;

	*mask = list ? 0 : PIPELINE_ALL;
	names[0] = "obituary";
	for (i = 0; i < NOTICE_NR; i++)
		names[i + 1] = notice_names[i];
	while (list && *list) {
		len = strcspn(list, ",");
		for (i = 0; i <= NOTICE_NR; i++)
			if (strlen(names[i]) == len &&
			    !memcmp(names[i], list, len))
				break;
		if (i > NOTICE_NR) {
			snprintf(word, sizeof(word), "%.*s",
				 len < 31 ? (int)len : 31, list);
			near = opts_nearest(word, names, NOTICE_NR + 1);
			log_error("--events: no event is named `%s`%s%s%s",
				  word, near ? "; did you mean `" : "",
				  near ? near : "", near ? "`?" : "");
			return -EINVAL;
		}
		*mask |= i ? PIPELINE_NOTICE(i - 1) : PIPELINE_OBITUARY;
		list += len + (list[len] == ',');
	}
	return 0;
}

static void say_watching(void *ctx)
{
	const struct source_info *info = ctx;

	log_msg(LOG_LVL_ERROR, "watching via %s", info->text);
}

static int run_pipeline(struct pipeline_config *cfg, struct source_info *info)
{
	struct pipeline_result result;
	int err = common_open_sinks(&trace.output, info, info->live, cfg);

	if (err)
		return err;
	if (info->live) {
		cfg->ready = say_watching;
		cfg->ready_ctx = info;
	} else {
		log_info("replaying %s", info->text);
	}
	err = pipeline_run(cfg, &result);
	err = common_close_sinks(cfg, &result, err);
	common_summary(&result, cfg->filter || cfg->events != PIPELINE_ALL ||
					cfg->count);
	return err;
}

static int trace_run(int argc, char **argv)
{
	struct pipeline_config cfg = {
		.zombie_after_ns = trace.source.zombie_after_ns,
		.pdeath_scan_ns = trace.source.pdeath_scan_ns,
		.count = trace.count,
		.duration_ns = trace.duration_ns,
		.fresh_line = true,
	};
	struct source_info info;
	int err;

	(void)argc;
	(void)argv;
	err = parse_events(trace.events, &cfg.events);
	if (!err)
		err = common_check_record(&trace.output, &trace.source);
	if (!err)
		err = common_filter(&trace.filter, &cfg.filter);
	if (!err)
		err = common_open_sources(&trace.source, cfg.filter, &cfg,
					  &info);
	if (!err) {
		common_warn_filter(&trace.filter, cfg.filter, &trace.source,
				   &info);
		err = run_pipeline(&cfg, &info);
	}
	common_close_sources(&cfg);
	filter_free(cfg.filter);
	return cmd_exit_status(err);
}

const struct cmd cmd_trace = {
	.name = "trace",
	.summary = "show every death of the machine as it happens",
	.about = "Shows the obituary of every process that dies: what status "
		 "it left, why it died and who killed it, what became of its "
		 "status and how long it stayed a zombie. Beside them stand "
		 "parent-death signals, hang-ups, zombies and losses.\n"
		 "SIGINT (Ctrl-C) and SIGTERM end it cleanly.",
	.examples = trace_examples,
	.groups = trace_groups,
	.max_operands = 0,
	.run = trace_run,
};
