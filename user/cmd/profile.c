// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile: where the end of processes spends its time, added up until asked to
 * stop. Wires the stream to the statistics and these to what shows them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/child.h"
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/profile_out.h"
#include "cmd/progress.h"
#include "core/profile/profile.h"
#include "kallsyms.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "sink/chrome.h"
#include "sink/flame.h"
#include "sink/folded.h"

/* Processes whose signals and stacks wait for their obituary. */
#define HELD_MAX	65536
#define KEEP_NODES	4096	/* as in run */

enum { REPORT, FOLDED, SVG, CHROME, NR_FILES };

static struct profile_opts {
	struct source_choice_opts source;
	struct filter_opts filter;
	struct output_opts output;
	struct child_opts child;
	int by;				/* enum profile_by */
	uint64_t duration_ns;
	const char *to, *folded, *svg, *chrome;
	bool force, stacks;
	uint32_t hz;
} opts;

/*
 * @argv:     the command; NULL: there is none
 * @status:   its own, or what became of it instead
 * @first_ns, @last_ns: of the records, CLOCK_BOOTTIME
 * @deadline: likewise; 0: none
 * @told:     there is something in the files
 */
static struct {
	struct child child;
	char *const *argv;
	struct profile *p;
	struct kallsyms *symbols;
	struct holding *holding;
	struct chrome *chrome;
	struct profile_file files[NR_FILES];
	struct source_info info;
	uint64_t first_ns, last_ns;
	uint64_t deadline;
	struct progress progress;
	bool filtered, told;
	int status;
} run;

/* --- the stream, as a sink -------------------------------------------------- */

static int on_record(void *ctx, const struct obit_hdr *h)
{
	int err;

	(void)ctx;
	if (!run.first_ns)
		run.first_ns = h->boot_ns;
	if (h->boot_ns > run.last_ns)
		run.last_ns = h->boot_ns;
	if (run.chrome)
		chrome_record(run.chrome, h);
	err = run.argv ? tree_event(run.child.tree, h) : 0;
	return err ? err : holding_record(run.holding, h);
}

static int add(const struct obituary *o, const struct held *held)
{
	int err = run.argv ? tree_bury(run.child.tree, o, false) : 0;

	if (!err)
		err = profile_add(run.p, o, held);
	if (!err && run.chrome)
		err = chrome_obituary(run.chrome, o, held);
	return err;
}

static int on_obituary(struct sink *s, const struct obituary *o)
{
	struct held *held =
		holding_find(run.holding, o->tgid, o->start_boottime);
	int err = 0;

	(void)s;
	if (!run.argv || tree_has(run.child.tree, o->tgid, o->start_boottime))
		err = add(o, held);
	if (held)
		holding_drop(run.holding, held);
	return err;
}

static int on_flush(struct sink *s)
{
	(void)s;
	return run.chrome ? chrome_flush(run.chrome) : 0;
}

static const struct sink_type profile_sink = {
	.name = "profile",
	.obituary = on_obituary,
	.flush = on_flush,
};

/* --- while it records ------------------------------------------------------- */

static void on_ready(void *ctx)
{
	uint64_t now = boot_now();

	(void)ctx;
	if (run.argv) {
		log_info("watching via %s", run.info.text);
		child_go(&run.child);
	} else if (!run.info.live) {
		log_info("replaying %s", run.info.text);
	} else {
		log_msg(LOG_LVL_ERROR, "profiling via %s%s", run.info.text,
			opts.duration_ns ? "" : "; Ctrl-C ends and prints");
	}
	if (!run.argv && run.info.live)
		progress_begin(&run.progress, now);
	if (opts.duration_ns)
		run.deadline = now + opts.duration_ns;
}

static bool is_over(void *ctx)
{
	uint64_t now = boot_now();

	(void)ctx;
	progress_show(&run.progress, run.p->deaths, now);
	if (run.deadline && now >= run.deadline)
		return true;
	return run.argv && child_is_over(&run.child, false);
}

/* --- the end ---------------------------------------------------------------- */

static const char no_teardown_replayed[] =
	"Nothing is known of their teardown: the recording was made without "
	"it (obit trace --teardown -w FILE records it).";
static const char no_teardown_live[] =
	"Nothing is known of their teardown: no hook has told of it (obit "
	"doctor shows why).";
static const char no_teardown_wanted[] =
	"Nothing is known of their teardown: it was not asked for.";

static void get_view(struct profile_view *v, int fd,
		     const struct pipeline_result *r)
{
	size_t i;

	*v = (struct profile_view){
		.width = tty_width(fd, 0),
		.colour = tty_colour(fd, (enum colour_mode)opts.output.colour),
		.blocks = tty_is(fd),
		.header = opts.output.header,
		.span_ns = run.last_ns - run.first_ns,
		.forgotten = holding_forgotten(run.holding),
		.no_teardown = opts.source.replay    ? no_teardown_replayed :
			       opts.source.teardown ? no_teardown_live :
						      no_teardown_wanted,
	};
	for (i = 0; i < OBIT_LOST_KIND_NR; i++)
		v->lost += r->lost[i];
}

static void say_nothing_died(const struct profile_view *v)
{
	char took[DURATION_MAX];

	duration_format(took, v->span_ns);
	log_error("nothing died in %s%s%s: there is nothing to profile", took,
		  run.argv ? " that descends from the command" : "",
		  !run.filtered ? "" :
		  run.argv	? " and that the filters let pass" :
				  " that the filters let pass");
}

/* Where the report goes, if not to a file. */
static int report_fd(void)
{
	bool taken = false;
	size_t i;

	if (run.files[REPORT].fd >= 0)
		return run.files[REPORT].fd;
	for (i = 0; i < NR_FILES; i++)
		taken |= profile_file_is_stdout(&run.files[i]);
	/* The command's standard output is the command's. */
	return taken || run.argv ? STDERR_FILENO : STDOUT_FILENO;
}

static int print_report(const struct pipeline_result *r)
{
	struct profile_file *f = &run.files[REPORT];
	struct buf out = BUF_INIT;
	struct profile_view v;
	int fd = report_fd(), err;

	get_view(&v, fd, r);
	if (!run.p->deaths)
		say_nothing_died(&v);
	if (opts.output.format == OUTPUT_JSON)
		profile_json(&out, run.p, &v);
	else if (run.p->deaths)
		profile_text(&out, run.p, &v);
	err = f->fd >= 0 ? profile_file_begin(f) : 0;
	if (!err)
		err = out_flush(fd, &out);
	if (err)
		log_error("cannot write %s: %s",
			  f->fd >= 0		? f->path :
			  fd == STDOUT_FILENO ? "to standard output" :
						"to standard error",
			  out_why(err));
	buf_free(&out);
	return err;
}

static int write_flame(int fd, const struct profile_view *v)
{
	char took[DURATION_MAX], spent[DURATION_MAX], subtitle[256];
	struct flame_look look = {
		.title = "Teardown: where the end of processes spends its time",
		.subtitle = subtitle,
	};

	duration_format(took, v->span_ns);
	duration_format(spent, run.p->all.kernel.sum);
	if (run.p->known)
		snprintf(subtitle, sizeof(subtitle),
			 "%s in the kernel, of %llu deaths in %s, by %s; width is time",
			 spent, (unsigned long long)run.p->known, took,
			 profile_by_names[opts.by]);
	else
		snprintf(subtitle, sizeof(subtitle),
			 run.p->deaths ?
				 "nothing is known of the teardown of %llu deaths" :
				 "nothing died",
			 (unsigned long long)run.p->deaths);
	return flame_write(fd, run.p, &look);
}

static int write_file(int i, const struct profile_view *v)
{
	struct profile_file *f = &run.files[i];
	int err;

	if (f->fd < 0)
		return 0;
	err = profile_file_begin(f);
	if (err)
		return err;
	err = i == FOLDED ? folded_write(f->fd, run.p) : write_flame(f->fd, v);
	if (err)
		log_error("--%s: cannot write %s: %s", f->option, f->path,
			  out_why(err));
	return err;
}

/* What came through is told, even of a recording that is cut short. */
static int tell(const struct pipeline_result *r, int err)
{
	struct profile_view v;
	int i, e;

	if (err && !run.p->deaths)
		return err;
	run.told = true;
	profile_end(run.p);
	get_view(&v, STDOUT_FILENO, r);
	e = print_report(r);
	err = err ? err : e;
	for (i = FOLDED; i <= SVG; i++) {
		e = write_file(i, &v);
		err = err ? err : e;
	}
	return err;
}

/* --- beginning -------------------------------------------------------------- */

static int check_use(int argc)
{
	if (argc && opts.source.replay) {
		log_error(
			"--replay: a recording has been made already: there is no command to run");
		return -EINVAL;
	}
	if (argc && opts.filter.tree) {
		log_error(
			"--tree: with a command it is its tree that is profiled");
		return -EINVAL;
	}
	if (opts.source.replay && opts.stacks) {
		log_error(
			"--stacks: a recording has stacks or has none; those it has are shown by address");
		return -EINVAL;
	}
	if (opts.source.replay && opts.duration_ns) {
		log_error("--duration: a recording is as long as it is");
		return -EINVAL;
	}
	return common_check_record(&opts.output, &opts.source);
}

static int open_files(void)
{
	const char *const others[] = { opts.output.record, opts.source.replay };

	run.files[REPORT] =
		(struct profile_file){ .option = "to", .path = opts.to };
	run.files[FOLDED] = (struct profile_file){ .option = "folded",
						   .path = opts.folded };
	run.files[SVG] =
		(struct profile_file){ .option = "svg", .path = opts.svg };
	run.files[CHROME] = (struct profile_file){ .option = "chrome",
						   .path = opts.chrome };
	return profile_files_open(run.files, NR_FILES, opts.force,
				  run.argv ? run.child.as : NULL, others, 2);
}

/* After the programs have been loaded: they have names, too. */
static void read_symbols(void)
{
	int err = opts.stacks ? kallsyms_read(&run.symbols) : 0;

	if (err)
		log_warn("--stacks: functions are shown by address: %s",
			 err == -EACCES ?
				 "this kernel does not show where they are (that takes CAP_SYSLOG, and kernel.kptr_restrict below 2)" :
				 strerror(-err));
}

static int open_sinks(struct pipeline_config *cfg)
{
	const struct sink_opts so = { .path = opts.output.record,
				      .tier = run.info.tier,
				      .source = run.info.source };
	struct profile_config pc = { .by = (enum profile_by)opts.by };
	struct profile_file *f = &run.files[CHROME];
	struct pipeline_sink *k;
	int err = 0;

	if (run.symbols) {
		pc.symbol = kallsyms_name;
		pc.symbol_ctx = run.symbols;
	}
	run.p = profile_new(&pc);
	run.holding = holding_new(HELD_MAX);
	if (!run.p || !run.holding)
		err = -ENOMEM;
	if (!err && f->fd >= 0) {
		err = profile_file_begin(f);
		if (!err)
			err = chrome_open(&run.chrome, f->fd);
	}
	if (err == -ENOMEM)
		log_error("out of memory");
	if (err)
		return err;
	cfg->sinks[cfg->nr_sinks++].type = &profile_sink;
	if (!opts.output.record)
		return 0;
	if (!strcmp(opts.output.record, "-")) {
		log_error("--record: give a file");
		return -EINVAL;
	}
	k = &cfg->sinks[cfg->nr_sinks];
	k->type = &file_sink;
	err = file_sink.open(&k->s, &so);
	if (!err)
		cfg->nr_sinks++;
	return err;
}

static int close_sinks(struct pipeline_config *cfg, int err)
{
	int e = cfg->nr_sinks > 1 ? file_sink.close(cfg->sinks[1].s) : 0;
	const struct profile_file *f = &run.files[CHROME];

	err = err ? err : e;
	e = chrome_close(run.chrome);
	if (e && !err)
		log_error("--%s: cannot write %s: %s", f->option, f->path,
			  out_why(e));
	return err ? err : e;
}

static int record(struct pipeline_config *cfg)
{
	const struct profile_file *f = &run.files[CHROME];
	struct pipeline_result result = { 0 };
	bool worth = true;
	int err;

	read_symbols();
	err = open_sinks(cfg);
	if (!err && run.argv)
		err = child_begin(&run.child, run.argv, KEEP_NODES);
	if (!err)
		err = pipeline_run(cfg, &result);
	progress_end(&run.progress);
	if (err && result.failed && result.failed->type == &profile_sink)
		log_error("--%s: cannot write %s: %s", f->option, f->path,
			  out_why(result.sink_err));
	if (run.argv) {
		child_wait(&run.child);
		run.status = child_conclude(&run.child, run.argv, &worth);
	}
	err = close_sinks(cfg, err);
	if (run.p && run.holding && worth)
		err = tell(&result, err);
	return err;
}

static int profile_run(int argc, char **argv)
{
	struct pipeline_config cfg = {
		.events = PIPELINE_OBITUARY,
		.ready = on_ready,
		.record = on_record,
		.until = is_over,
		.own_signals = argc > 0,
	};
	bool opened;
	int err;

	run.argv = argc ? argv : NULL;
	run.status = OWN_FAILURE;
	/* A recording has it or has not. */
	if (opts.source.replay)
		opts.source.teardown = TEARDOWN_NOT;
	/* What stands before the operands is still there. */
	if (!argc && !strcmp(argv[-1], "--")) {
		log_error("`--` is followed by the command that is to be run");
		return OWN_FAILURE;
	}
	opts.source.stacks_hz = opts.stacks ? opts.hz : 0;
	err = check_use(argc);
	if (!err && run.argv)
		err = child_init(&run.child, &opts.child);
	if (!err)
		err = common_filter(&opts.filter, &cfg.filter);
	if (!err)
		err = open_files();
	opened = !err;
	run.filtered = cfg.filter != NULL;
	if (!err)
		err = common_open_sources(&opts.source, cfg.filter, &cfg,
					  &run.info);
	if (!err) {
		common_warn_filter(&opts.filter, cfg.filter, &opts.source,
				   &run.info);
		err = record(&cfg);
	}
	if (opened)
		err = profile_files_close(run.files, NR_FILES, err, run.told);
	common_close_sources(&cfg);
	filter_free(cfg.filter);
	profile_free(run.p);
	kallsyms_free(run.symbols);
	holding_free(run.holding);
	if (run.argv)
		child_end(&run.child);
	return run.argv ? run.status : cmd_exit_status(err);
}

/* clang-format off */
static const struct opt_name by_names[] = {
	{ "comm", PROFILE_BY_COMM, NULL },
	{ "cgroup", PROFILE_BY_CGROUP, NULL },
	{ "exe", PROFILE_BY_EXE, NULL },
	{ NULL, 0, NULL }
};

static const struct opt profile_opt_table[] = {
	OPT_ENUM(0, "by", struct profile_opts, by, .names = by_names,
		 .dflt = "comm",
		 .help = "What the table and the pictures put together."),
	OPT_DURATION(0, "duration", struct profile_opts, duration_ns,
		     .min = 1000000, .max = 31536000000000000,
		     .help = "End after so long. A command that still runs then "
			     "goes on, and is waited for."),
	OPT_STRING(0, "to", struct profile_opts, to, .metavar = "FILE",
		   .help = "Write the report, or the JSON, there; - is standard "
			   "output, which is COMMAND's too."),
	OPT_STRING(0, "folded", struct profile_opts, folded, .metavar = "FILE",
		   .help = "Also write folded stacks, as flamegraph.pl and "
			   "speedscope read them; - is standard output, and "
			   "then the report goes to standard error."),
	OPT_STRING(0, "svg", struct profile_opts, svg, .metavar = "FILE",
		   .help = "Also draw a flame graph, for a browser."),
	OPT_STRING(0, "chrome", struct profile_opts, chrome, .metavar = "FILE",
		   .help = "Also write a timeline for ui.perfetto.dev or "
			   "chrome://tracing: lives, the phases of each "
			   "teardown, zombies, signals and who killed whom."),
	OPT_FLAG(0, "stacks", struct profile_opts, stacks,
		 .help = "Also take the kernel's stack wherever a process that "
			 "ends is made to wait, and of who runs by a timer: why "
			 "a phase is slow. They are below the phases in the "
			 "pictures, and the table has the one that took most. "
			 "Functions have names for who has CAP_SYSLOG."),
	OPT_U32(0, "hz", struct profile_opts, hz, .dflt = "1000", .min = 1,
		.max = 10000,
		.help = "How often that timer looks, a second on each CPU."),
	OPT_FLAG(0, "force", struct profile_opts, force,
		 .help = "Overwrite these files if they are there."),
	OPT_END
};

static const struct opt profile_source_table[] = {
	OPT_ENUM(0, "teardown", struct source_choice_opts, teardown,
		 .names = teardown_choices, .dflt = "kernel",
		 .help = "user: also what the C library did first, from exit(3) "
			 "on; needs CAP_SYS_ADMIN."),
	OPT_FLAG(0, "precise", struct source_choice_opts, precise,
		 .help = "Hook system calls too, for the exact time of the exit "
			 "call; makes every system call of the machine a "
			 "little slower."),
	OPT_STRING('r', "replay", struct source_choice_opts, replay,
		   .metavar = "FILE",
		   .help = "Read a recording (made with --teardown --record) "
			   "instead of watching; - is standard input."),
	OPT_END
};

static const struct opts_group profile_groups[] = {
	{ "Options", profile_opt_table, &opts },
	{ "Command", child_opt_table, &opts.child },
	{ "Output", output_opt_table, &opts.output },
	{ "Filters", filter_opt_table, &opts.filter },
	{ "Source", witness_opt_table, &opts.source },
	{ "What is seen", profile_source_table, &opts.source },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const profile_examples[] = {
	"sudo obit profile --duration 10s",
	"Where did the deaths of ten seconds spend their time?",
	"sudo obit profile --svg teardown.svg -- make -j8",
	"The same of a build, and as a picture.",
	"sudo obit profile --stacks --svg why.svg --comm mysqld",
	"And why does it take so long?",
	"sudo obit profile --by cgroup --comm 'postgres*' -o json",
	"By service, for a program to read.",
	"sudo obit profile --folded - | flamegraph.pl > teardown.svg",
	"With the tool that everybody has.",
	NULL
};

const struct cmd cmd_profile = {
	.name = "profile",
	.summary = "show where the end of processes spends its time",
	.operands = "[[--] COMMAND [ARG...]]",
	.about =
		"Adds up the teardown of every process that dies, phase by "
		"phase, until Ctrl-C, SIGTERM, --duration or the end of "
		"COMMAND, whose tree alone it looks at then: histograms, a "
		"table of who spends how much where, and the longest single "
		"deaths.\n"
		"P50, P90 and P99 are exact of up to 64 deaths, and within 1.6 "
		"% of more; sums and the longest are always exact.\n"
		"With COMMAND the exit status is COMMAND's, obit's own failure "
		"is 125, and the report goes to standard error or --to a file.",
	.examples = profile_examples,
	.groups = profile_groups,
	.opts_flags = OPTS_STOP,
	.min_operands = 0,
	.max_operands = -1,
	.own_failure = OWN_FAILURE,
	.run = profile_run,
};
