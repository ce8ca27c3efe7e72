// SPDX-License-Identifier: GPL-2.0-only
/*
 * common: options that several commands share, and what they stand for.
 * Owns how they become an open source, a filter and open sinks. Never loops.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/common.h"
#include "core/status.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"
#include "names.h"

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
		 .help = "Room for records that wait to be read.")

const struct opt witness_opt_table[] = {
	WITNESS_OPTS,
	OPT_END
};

const struct opt source_opt_table[] = {
	WITNESS_OPTS,
	OPT_FLAG(0, "precise", S, precise,
		 .help = "Hook system calls too, for exact times and "
			 "parent-death signals; makes every system call of the "
			 "machine a little slower."),
	OPT_DURATION(0, "pdeath-scan", S, pdeath_scan_ns, .dflt = "1s",
		     .help = "How often to look for parent-death signals, "
			     "where no tracepoint tells; 0: never."),
	OPT_DURATION(0, "zombie-after", S, zombie_after_ns, .dflt = "1s",
		     .help = "Tell of a process that nobody has waited for so "
			     "long after its death; 0: never."),
	OPT_STRING('r', "replay", S, replay, .metavar = "FILE",
		   .help = "Read a recording (made by --record) instead of "
			   "watching; - is standard input."),
	OPT_END
};
#undef S

#define F struct filter_opts
const struct opt filter_opt_table[] = {
	OPT_STRINGS(0, "where", F, where, .metavar = "EXPRESSION",
		    .help = "Show what this holds for, as in 'zombie_ns > 1s "
			    "&& parent.comm == \"nginx\"'. Keys are those of "
			    "the JSON; there are && || ! ( ) == != < <= > >= "
			    "=~ !~; what is null makes a comparison unknown, "
			    "which is not shown."),
	OPT_STRINGS(0, "tgid", F, tgid, .metavar = "N",
		    .help = "Only this process. This and the filters below can "
			    "be given again: one of each kind must hold."),
	OPT_STRINGS(0, "comm", F, comm, .metavar = "NAME",
		    .help = "Only of this name; * ? and [ are wildcards."),
	OPT_STRINGS(0, "uid", F, uid, .metavar = "USER",
		    .help = "Only of this real user, by name or number."),
	OPT_STRINGS(0, "cgroup", F, cgroup, .metavar = "PATH",
		    .help = "Only in this cgroup or below it."),
	OPT_STRINGS(0, "container", F, container, .metavar = "ID",
		    .help = "Only in this container; the beginning of the id "
			    "will do."),
	OPT_STRINGS(0, "signal", F, signal, .metavar = "SIGNAL",
		    .help = "Only killed by this signal."),
	OPT_STRINGS(0, "status", F, status, .metavar = "N",
		    .help = "Only with this exit status, as a shell shows it: "
			    "137 is death by SIGKILL too."),
	OPT_FLAG(0, "failed", F, failed,
		 .help = "Only with a status other than 0."),
	OPT_STRINGS(0, "cause", F, cause, .metavar = "CAUSE",
		    .help = "Only of this cause: exit signal oom pdeath hangup "
			    "orphaned_pgrp pidns exitkill cgroup_kill "
			    "pidfd_autokill terminal seccomp oops fault self "
			    "unknown."),
	OPT_STRING(0, "tree", F, tree, .metavar = "TGID",
		   .help = "Only this process and its descendants."),
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

/* --- source ------------------------------------------------------------------------ */

/*
 * The kernel's filter compares the cgroup v2 id. On a hybrid machine the key
 * cgroup_id can be that of a v1 hierarchy: then it must not be pushed down.
 */
static bool only_cgroup_v2(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	bool only = f != NULL;
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "0::", 3))
			only = false;
	if (f)
		fclose(f);
	return only;
}

static void push_down(const struct filter *f, struct kernel_filter *k)
{
	struct filter_push p;

	if (!f)
		return;
	filter_pushdown(f, &p);
	k->have_tgid = p.have_tgid;
	k->tgid = p.tgid;
	k->have_uid = p.have_uid;
	k->uid = p.uid;
	k->have_comm = p.have_comm;
	memcpy(k->comm, p.comm, sizeof(k->comm));
	k->have_cgroup = p.have_cgroup_id && only_cgroup_v2();
	k->cgroup_id = p.cgroup_id;
}

static int open_replay(const struct source_choice_opts *o,
		       const struct source_type **type, struct source **s)
{
	struct source_opts so = { .path = o->replay };

	if (o->source != CHOOSE_AUTO || o->tier != TIER_AUTO || o->precise) {
		log_error(
			"--replay: a recording is of the source and the tier it was made with; --source, --tier and --precise do not apply");
		return -EINVAL;
	}
	*type = &file_source;
	return file_source.open(s, &so);
}

int common_open_source(const struct source_choice_opts *o,
		       const struct filter *f, const struct source_type **type,
		       struct source **s)
{
	struct source_opts so = {
		.tier = (enum tier_choice)o->tier,
		.precise = o->precise,
		.buffer_bytes = o->buffer_bytes,
		.pdeath_scan_ns = o->pdeath_scan_ns,
	};

	if (o->replay)
		return open_replay(o, type, s);
	if (o->source == CHOOSE_KMOD || o->source == CHOOSE_BOTH) {
		log_error("--source=%s: this version can not read the kernel module yet; use --source=bpf",
			  o->source == CHOOSE_KMOD ? "kmod" : "both");
		return -ENOPKG;
	}
	push_down(f, &so.filter);
	*type = &bpf_source;
	return bpf_source.open(s, &so);
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
	err = add_sink(cfg, o->format == OUTPUT_JSON ? &json_sink : &table_sink,
		       &so);
	if (err || !o->record)
		return err;
	so.path = o->record;
	err = add_sink(cfg, &file_sink, &so);
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

void common_summary(const struct pipeline_result *r, bool filtered)
{
	static const char *const kinds[OBIT_LOST_KIND_NR] = {
		[OBIT_LOST_OBITUARY] = "obituaries",
		[OBIT_LOST_CONTEXT] = "contexts",
		[OBIT_LOST_SIGNAL] = "signals",
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
			   (unsigned long long)r->lost[i], kinds[i]);
	if (lost)
		buf_addc(&b, ')');
	if (filtered)
		buf_printf(&b, ", %llu shown", (unsigned long long)r->shown);
	log_msg(LOG_LVL_ERROR, "%s", buf_str(&b));
	buf_free(&b);
}
