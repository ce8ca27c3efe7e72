// SPDX-License-Identifier: GPL-2.0-only
/*
 * common: options that several commands share, and what they stand for.
 * Owns how they become an open source, a filter and open sinks. Never loops.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/common.h"
#include "core/status.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"
#include "names.h"
#include "procfs.h"

/* clang-format off */
static const struct opt_name source_names_opt[] = {
	{ "auto", CHOOSE_AUTO, "bpf if it loads, else the module" },
	{ "bpf", CHOOSE_BPF, NULL },
	{ "kmod", CHOOSE_KMOD, NULL },
	{ "both", CHOOSE_BOTH, "side by side, compared" },
	{ NULL, 0, NULL }
};

static const struct opt_name tier_choices[] = {
	{ "auto", TIER_AUTO, "the best that loads" },
	{ "tracepoints", TIER_FORCE_TRACEPOINTS, NULL },
	{ "fentry", TIER_FORCE_FENTRY, NULL },
	{ NULL, 0, NULL }
};

const struct opt_name teardown_choices[] = {
	{ "no", TEARDOWN_NOT, NULL },
	{ "kernel", TEARDOWN_KERNEL, NULL },
	{ "user", TEARDOWN_USER, NULL },
	{ NULL, 0, NULL }
};

const struct opt_name output_formats[] = {
	{ "table", OUTPUT_TABLE, NULL },
	{ "json", OUTPUT_JSON, NULL },
	{ NULL, 0, NULL }
};

#define S struct source_choice_opts
/* Whose word is taken: for every command that watches. */
#define WITNESS_OPTS							\
	OPT_ENUM(0, "source", S, source, .names = source_names_opt,	\
		 .dflt = "auto",					\
		 .help = "Who witnesses the deaths: the eBPF programs, the "	\
			 "kernel module obit.ko, or both."),		\
	OPT_ENUM(0, "tier", S, tier, .names = tier_choices, .dflt = "auto",	\
		 .help = "Hooks the eBPF programs use. A tier that is asked "	\
			 "for and does not load is an error."),		\
	OPT_SIZE(0, "buffer", S, buffer_bytes, .dflt = "8M", .min = 64 << 10,	\
		 .max = 1 << 30,					\
		 .help = "Room for records of the eBPF programs that wait to "	\
			 "be read. The module's ring has its size from its "	\
			 "parameter ring_bytes.")

const struct opt witness_opt_table[] = {
	WITNESS_OPTS,
	OPT_END
};

/* command: what is watched is a command of its own: some make no sense then. */
#define SOURCE_OPTS(command)						\
	WITNESS_OPTS,							\
	OPT_FLAG(0, "precise", S, precise,				\
		 .help = "Hook system calls too, for exact times and "	\
			 "parent-death signals; makes every system call of the "	\
			 "machine a little slower."),			\
	OPT_ENUM(0, "teardown", S, teardown, .names = teardown_choices,	\
		 .dflt = "no", .bare = "kernel",			\
		 .help = "Tell where the end of each process spent its time; "	\
			 "user: with what its C library did first, from "	\
			 "exit(3) on; needs CAP_SYS_ADMIN."),		\
	OPT_DURATION(0, "pdeath-scan", S, pdeath_scan_ns, .dflt = "1s",	\
		     .help = "How often to look for parent-death signals, "	\
			     "where no tracepoint tells; 0: never.",	\
		     .hidden = command),				\
	OPT_DURATION(0, "zombie-after", S, zombie_after_ns, .dflt = "1s",	\
		     .help = "Tell of a process that nobody has waited for so "	\
			     "long after its death; 0: never."),	\
	OPT_FLAG(0, "resume", S, resume,				\
		 .help = "With --source kmod: go on where the last reader that "	\
			 "had --resume stopped, and leave a place for the next "	\
			 "one. The module keeps it for some seconds (its "	\
			 "parameter linger)."),				\
	OPT_STRING(0, "lossless", S, lossless, .metavar = "SCOPE",	\
		   .help = "With --source kmod: a process that exits while the "	\
			   "ring is nearly full waits for room rather than "	\
			   "lose its record. SCOPE says whose exits: TGID (it "	\
			   "and its descendants), a path in cgroup v2, or "	\
			   "`all`."),					\
	OPT_DURATION(0, "lossless-wait", S, lossless_wait_ns, .dflt = "2s",	\
		     .min = 1000000, .max = 10000000000,		\
		     .help = "How long an exit waits at most."),	\
	OPT_STRING('r', "replay", S, replay, .metavar = "FILE",		\
		   .help = "Read a recording (made by --record) instead of "	\
			   "watching; - is standard input.",		\
		   .hidden = command)

const struct opt source_opt_table[] = {
	SOURCE_OPTS(false),
	OPT_END
};

const struct opt command_source_opt_table[] = {
	SOURCE_OPTS(true),
	OPT_END
};
#undef S

#define F struct filter_opts
#define FILTER_OPTS(command)						\
	OPT_STRINGS(0, "where", F, where, .metavar = "EXPRESSION",	\
		    .help = "Show what this holds for, as in 'zombie_ns > 1s "	\
			    "&& parent.comm == \"nginx\"'. Keys are those of "	\
			    "the JSON; there are && || ! ( ) == != < <= > >= "	\
			    "=~ !~; what is null makes a comparison unknown, "	\
			    "which is not shown."),			\
	OPT_STRINGS(0, "tgid", F, tgid, .metavar = "TGID",		\
		    .help = "Only this process. This and the filters below can "	\
			    "be given again: one of each kind must hold."),	\
	OPT_STRINGS(0, "comm", F, comm, .metavar = "NAME",		\
		    .help = "Only of this name; * ? and [ are wildcards."),	\
	OPT_STRINGS(0, "uid", F, uid, .metavar = "USER",		\
		    .help = "Only of this real user, by name or number."),	\
	OPT_STRINGS(0, "cgroup", F, cgroup, .metavar = "PATH",		\
		    .help = "Only in this cgroup or below it."),	\
	OPT_STRINGS(0, "container", F, container, .metavar = "ID",	\
		    .help = "Only in this container; the beginning of the id "	\
			    "will do."),				\
	OPT_STRINGS(0, "signal", F, signal, .metavar = "SIGNAL",	\
		    .help = "Only killed by this signal."),		\
	OPT_STRINGS(0, "status", F, status, .metavar = "N",		\
		    .help = "Only with this exit status, as a shell shows it: "	\
			    "137 is death by SIGKILL too."),		\
	OPT_FLAG(0, "failed", F, failed,				\
		 .help = "Only with a status other than 0."),		\
	OPT_STRINGS(0, "cause", F, cause, .metavar = "CAUSE",		\
		    .help = "Only of this cause: exit signal oom pdeath hangup "	\
			    "orphaned_pgrp pidns exitkill cgroup_kill "	\
			    "pidfd_autokill terminal seccomp oops fault self "	\
			    "unknown."),				\
	OPT_STRING(0, "tree", F, tree, .metavar = "TGID",		\
		   .help = "Only this process and its descendants.",	\
		   .hidden = command)

const struct opt filter_opt_table[] = {
	FILTER_OPTS(false),
	OPT_END
};

const struct opt command_filter_opt_table[] = {
	FILTER_OPTS(true),
	OPT_END
};
#undef F

#define O struct output_opts
const struct opt output_opt_table[] = {
	OPT_ENUM('o', "output", O, format, .names = output_formats,
		 .dflt = "table",
		 .help = "A table for people, or one JSON object a line."),
	OPT_STRING('w', "record", O, record, .metavar = "FILE",
		   .help = "Also write the raw records, unfiltered, for "
			   "--replay."),
	OPT_FLAG(0, "header", O, header, .dflt = "yes", .negatable = true,
		 .help = "Begin the table with a line of headings."),
	OPT_ENUM(0, "color", O, colour, .names = colour_names,
		 .dflt = "auto", .bare = "always",
		 .help = "Colour the table: on a terminal unless NO_COLOR is "
			 "set, always, or never."),
	OPT_END
};
/* clang-format on */
#undef O

/* --- filter ---------------------------------------------------------------------- */

/* The sentence, the expression and the caret, a line each. */
static void log_lines(const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		log_error("%.*s", (int)(end - text), text);
	}
}

static int add_where(struct filter *f, const struct opt_strings *where)
{
	struct buf why = BUF_INIT;
	int err = 0;
	size_t i;

	for (i = 0; i < where->nr && !err; i++) {
		err = filter_add(f, where->v[i], &why);
		if (err == -EINVAL)
			log_lines(buf_str(&why));
	}
	buf_free(&why);
	return err;
}

static int add_named(struct filter *f, enum filter_name name,
		     const char *option, const struct opt_strings *values)
{
	struct buf why = BUF_INIT;
	const char *value;
	char number[16];
	uint64_t any;
	uint32_t uid;
	int err = 0;
	size_t i;

	for (i = 0; i < values->nr && !err; i++) {
		value = values->v[i];
		if (name == FILTER_UID && !user_id(value, &uid)) {
			snprintf(number, sizeof(number), "%u", uid);
			value = number;
		} else if (name == FILTER_UID && parse_u64(value, &any)) {
			log_error("--uid=%s: /etc/passwd has no user of this name",
				  value);
			err = -EINVAL;
			break;
		}
		err = filter_add_named(f, name, value, &why);
		if (err == -EINVAL)
			log_error("--%s=%s: %s", option, value, buf_str(&why));
	}
	buf_free(&why);
	return err;
}

int common_filter(const struct filter_opts *o, struct filter **out)
{
	const char *root = o->tree;
	const struct opt_strings tree = { &root, root != NULL };
	/* clang-format off */
	const struct {
		enum filter_name name;
		const char *option;
		const struct opt_strings *values;
	} named[] = {
		{ FILTER_TGID, "tgid", &o->tgid },
		{ FILTER_COMM, "comm", &o->comm },
		{ FILTER_UID, "uid", &o->uid },
		{ FILTER_CGROUP, "cgroup", &o->cgroup },
		{ FILTER_CONTAINER, "container", &o->container },
		{ FILTER_SIGNAL, "signal", &o->signal },
		{ FILTER_STATUS, "status", &o->status },
		{ FILTER_CAUSE, "cause", &o->cause },
		{ FILTER_TREE, "tree", &tree },
	};
	/* clang-format on */
	struct filter *f = filter_new();
	bool any = o->failed || o->where.nr;
	int err = f ? 0 : -ENOMEM;
	size_t i;

	if (!err)
		err = add_where(f, &o->where);
	if (!err && o->failed)
		err = filter_add_named(f, FILTER_FAILED, NULL, NULL);
	for (i = 0; i < sizeof(named) / sizeof(named[0]) && !err; i++) {
		any = any || named[i].values->nr;
		err = add_named(f, named[i].name, named[i].option,
				named[i].values);
	}
	if (err == -ENOMEM)
		log_error("out of memory");
	if (err || !any) {
		filter_free(f);
		f = NULL;
	}
	*out = f;
	return err;
}

/* It may be a process yet: whatever is given that number. But who gave a wrong
 * one would wait for ever and see nothing. itself: not what descends from it, as
 * processes do from kernel threads (usermode helpers). */
static void warn_of_id(const char *option, const char *value, bool itself)
{
	struct proc_status st;
	struct proc_stat owner;
	uint64_t id;

	if (parse_u64(value, &id))
		return;
	/* By number, for hidepid hides from /proc what is there. */
	if (kill((pid_t)id, 0) && errno == ESRCH) {
		log_warn("--%s=%s: there is no process %s now; nothing is shown until one is given this number",
			 option, value, value);
	} else if (!procfs_status((uint32_t)id, 0, &st) && st.tgid != id) {
		if (procfs_stat(st.tgid, 0, &owner))
			owner.comm[0] = '\0';
		log_warn("--%s=%s: %s is a thread of process %u (%s), and obituaries are of processes: --%s=%u is meant",
			 option, value, value, st.tgid, owner.comm, option,
			 st.tgid);
	} else if (itself && !procfs_stat((uint32_t)id, 0, &owner) &&
		   owner.flags & PROC_PF_KTHREAD) {
		log_warn("--%s=%s: %s is a kernel thread (%s), and obituaries are of processes",
			 option, value, value, owner.comm);
	}
}

static void warn_of_nulls(const struct filter *f,
			  const struct source_choice_opts *source,
			  const struct source_info *info)
{
	if (!info->teardown && filter_reads(f, "teardown."))
		log_warn("--where: teardown and all that is in it is null %s --teardown",
			 info->live ? "without" :
				      "in what was recorded without");
	else if (info->live && source->teardown != TEARDOWN_USER &&
		 filter_reads(f, "teardown.user_ns"))
		log_warn(
			"--where: teardown.user_ns is null without --teardown=user");
}

void common_warn_filter(const struct filter_opts *o, const struct filter *f,
			const struct source_choice_opts *source,
			const struct source_info *info)
{
	size_t i;

	if (f)
		warn_of_nulls(f, source, info);
	/* Those of a recording, or of the machine around, are not of ours. */
	if (!info->live || !procfs_is_initial())
		return;
	for (i = 0; i < o->tgid.nr; i++)
		warn_of_id("tgid", o->tgid.v[i], true);
	if (o->tree)
		warn_of_id("tree", o->tree, false);
}

/* --- sinks -------------------------------------------------------------------------- */

static int add_sink(struct pipeline_config *cfg, const struct sink_type *type,
		    const struct sink_opts *so)
{
	struct pipeline_sink *k = &cfg->sinks[cfg->nr_sinks];
	int err;

	k->type = type;
	err = type->open(&k->s, so);
	if (!err)
		cfg->nr_sinks++;
	else if (err == -ENOMEM)
		log_error("out of memory");
	return err;
}

int common_check_record(const struct output_opts *o,
			const struct source_choice_opts *source)
{
	if (!o->record || source->replay || source->source != CHOOSE_BOTH)
		return 0;
	log_error(
		"--record: a recording is of one witness, and --source=both has two; record with bpf or with kmod");
	return -EINVAL;
}

int common_open_sinks(const struct output_opts *o,
		      const struct source_info *info, bool live,
		      struct pipeline_config *cfg)
{
	struct sink_opts so = {
		.fd = STDOUT_FILENO,
		.colour =
			tty_colour(STDOUT_FILENO, (enum colour_mode)o->colour),
		.width = tty_width(STDOUT_FILENO, 0),
		.header = o->header,
		.late_header = o->late_header,
		.teardown = info->teardown,
		.line_flush = live,
		.tier = info->tier,
		.source = info->source,
		.user_name = live ? user_name : NULL,
	};
	int err;

	if (o->record && !strcmp(o->record, "-")) {
		log_error("--record: standard output has the %s already; give a file",
			  output_formats[o->format].name);
		return -EINVAL;
	}
	/* First what may fail: the table's heading would stand above an error. */
	if (o->record) {
		so.path = o->record;
		err = add_sink(cfg, &file_sink, &so);
		if (err)
			return err;
		so.path = NULL;
	}
	err = add_sink(cfg, o->format == OUTPUT_JSON ? &json_sink : &table_sink,
		       &so);
	if (err)
		common_close_sinks(cfg, NULL, err);
	return err;
}

int common_close_sinks(struct pipeline_config *cfg,
		       const struct pipeline_result *r, int err)
{
	const struct pipeline_sink *k;
	int stdout_err = 0, close_err;

	if (r && r->failed && r->failed->type != &file_sink)
		stdout_err = r->sink_err;
	while (cfg->nr_sinks) {
		k = &cfg->sinks[--cfg->nr_sinks];
		close_err = k->type->close(k->s);
		if (k->type != &file_sink && !stdout_err)
			stdout_err = close_err;
		if (!err)
			err = close_err;
	}
	/* The recording tells its own failures: it knows how much is whole. */
	if (stdout_err)
		log_error("cannot write to standard output: %s",
			  out_why(stdout_err));
	return err;
}

/* --- the last line --------------------------------------------------------------------- */

static const char *s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void add_witnesses(struct buf *b, const struct pair_stats *p)
{
	uint64_t alone_bpf = p->alone[SOURCE_BPF];
	uint64_t alone_kmod = p->alone[SOURCE_KMOD];

	buf_printf(b, "; %llu seen by both", (unsigned long long)p->both);
	if (alone_bpf)
		buf_printf(b, ", %llu by bpf alone",
			   (unsigned long long)alone_bpf);
	if (alone_kmod)
		buf_printf(b, ", %llu by kmod alone",
			   (unsigned long long)alone_kmod);
	buf_printf(b, ", %llu dissent%s", (unsigned long long)p->dissents,
		   s(p->dissents));
	if (p->apart)
		buf_printf(b, ", %llu not compared",
			   (unsigned long long)p->apart);
	log_info("one witness was silent %llu times where the other was not",
		 (unsigned long long)p->silent);
}

void common_summary(const struct pipeline_result *r, bool filtered)
{
	static const char *const kinds[OBIT_LOST_KIND_NR][2] = {
		[OBIT_LOST_OBITUARY] = { "obituaries", "obituary" },
		[OBIT_LOST_CONTEXT] = { "contexts", "context" },
		[OBIT_LOST_SIGNAL] = { "signals", "signal" },
	};
	uint64_t deaths = r->stats.seen, failures = r->stats.failures, lost = 0;
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < OBIT_LOST_KIND_NR; i++)
		lost += r->lost[i];
	buf_printf(&b, "%llu death%s, %llu failure%s, %llu lost",
		   (unsigned long long)deaths, s(deaths),
		   (unsigned long long)failures, s(failures),
		   (unsigned long long)lost);
	for (i = 0; i < OBIT_LOST_KIND_NR && lost; i++)
		buf_printf(&b, "%s%llu %s", i ? ", " : " (",
			   (unsigned long long)r->lost[i],
			   kinds[i][r->lost[i] == 1]);
	if (lost)
		buf_addc(&b, ')');
	if (r->both)
		add_witnesses(&b, &r->pair);
	if (filtered)
		buf_printf(&b, ", %llu shown", (unsigned long long)r->shown);
	log_msg(LOG_LVL_ERROR, "%s", buf_str(&b));
	buf_free(&b);
}
