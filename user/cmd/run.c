// SPDX-License-Identifier: GPL-2.0-only
/*
 * run: a command and all its descendants, and then the tree of their deaths.
 * Wires the stream to the tree, and stands aside: the command's terminal,
 * signals and status are as if obit were not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/child.h"
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/run_as.h"
#include "core/status.h"
#include "core/tree/tree.h"
#include "lib/clock.h"
#include "lib/jobctl.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"
#include "sink/tree.h"

/* Lines of a tree that is too large to be shown whole. */
#define SHORT_LINES	40
/* Nodes from which on what ended well is only counted, and failures after
 * which plain ones are: so an endless loop of a script does not eat memory. */
#define KEEP_NODES	4096
#define KEEP_FAILURES	50000

static struct run_opts {
	struct source_choice_opts source;
	struct filter_opts filter;
	struct output_opts output;
	struct child_opts child;
	bool all, full, quiet;
	const char *to;
} opts;

/* Of each kind for each reason by each witness: no more than these. */
#define LOSSES_MAX (OBIT_LOST_KIND_NR * OBIT_LOST_REASON_NR * 2)

/* @fd: where the tree or the JSON goes */
static struct run {
	struct child child;
	struct filter *filter;
	struct sink *json;
	struct source_info info;
	struct notice losses[LOSSES_MAX];
	size_t nr_losses;
	int fd;
} run;

/* --- the stream, as a sink ---------------------------------------------------- */

static int on_record(void *ctx, const struct obit_hdr *h)
{
	(void)ctx;
	return tree_event(run.child.tree, h);
}

static bool is_wanted(const struct obituary *o)
{
	struct tree_count c;

	if (run.filter)
		return filter_obituary(run.filter, o);
	if (!obituary_failed(o))
		return false;
	tree_count(run.child.tree, &c);
	return c.wanted < KEEP_FAILURES || obituary_has(o, OB_SIGNAL);
}

static int on_obituary(struct sink *s, const struct obituary *o)
{
	bool wanted;
	int err;

	(void)s;
	if (!tree_has(run.child.tree, o->tgid, o->start_boottime))
		return 0;
	wanted = is_wanted(o);
	err = tree_bury(run.child.tree, o, wanted);
	if (!err && run.json && (wanted || !run.filter))
		err = json_sink.obituary(run.json, o);
	return err;
}

static void add_loss(const struct notice *n)
{
	struct notice *l;

	for (l = run.losses; l < run.losses + run.nr_losses; l++) {
		if (l->source == n->source && !strcmp(l->kind, n->kind) &&
		    !strcmp(l->reason, n->reason)) {
			l->count += n->count;
			return;
		}
	}
	if (run.nr_losses < LOSSES_MAX)
		run.losses[run.nr_losses++] = *n;
}

static int on_notice(struct sink *s, const struct notice *n)
{
	(void)s;
	if (n->type == NOTICE_LOST)
		add_loss(n);
	if (n->type == NOTICE_REAPED)
		tree_reaped(run.child.tree, n->who.tgid, n->who.start_boottime);
	return 0;
}

static int on_flush(struct sink *s)
{
	(void)s;
	return run.json ? json_sink.flush(run.json) : 0;
}

static const struct sink_type run_sink = {
	.name = "run",
	.obituary = on_obituary,
	.notice = on_notice,
	.flush = on_flush,
};

/* --- until it has ended --------------------------------------------------------- */

static void on_ready(void *ctx)
{
	(void)ctx;
	log_info("watching via %s", run.info.text);
	child_go(&run.child);
}

static bool is_over(void *ctx)
{
	(void)ctx;
	return child_is_over(&run.child, opts.all);
}

/* --- beginning --------------------------------------------------------------------- */

static int open_report(void)
{
	run.fd = STDERR_FILENO;
	if (!opts.to)
		return 0;
	run.fd = STDOUT_FILENO;
	if (!strcmp(opts.to, "-"))
		return 0;
	run.fd = run_open_as(run.child.as, opts.to,
			     O_WRONLY | O_CREAT | O_TRUNC);
	if (run.fd >= 0)
		return 0;
	log_error("--to: cannot write to %s: %s", opts.to, strerror(errno));
	return -EINVAL;
}

static int check_options(void)
{
	if (opts.source.replay) {
		log_error(
			"run runs a command: there is nothing to --replay; use obit trace --replay");
		return -EINVAL;
	}
	if (opts.filter.tree) {
		log_error(
			"run shows the tree of its own command; --tree is for obit trace");
		return -EINVAL;
	}
	if (opts.output.record && !strcmp(opts.output.record, "-")) {
		log_error(
			"--record: standard output is the command's; give a file");
		return -EINVAL;
	}
	return common_check_record(&opts.output, &opts.source);
}

static int open_sinks(struct pipeline_config *cfg)
{
	struct sink_opts so = { .fd = run.fd,
				.tier = run.info.tier,
				.source = run.info.source,
				.path = NULL };
	struct pipeline_sink *k = &cfg->sinks[cfg->nr_sinks++];
	int err = 0;

	k->type = &run_sink;
	if (opts.output.format == OUTPUT_JSON)
		err = json_sink.open(&run.json, &so);
	if (err || !opts.output.record)
		return err;
	so.path = opts.output.record;
	k = &cfg->sinks[cfg->nr_sinks];
	k->type = &file_sink;
	err = file_sink.open(&k->s, &so);
	if (!err)
		cfg->nr_sinks++;
	return err;
}

static int close_sinks(struct pipeline_config *cfg, int err)
{
	int close_err = 0;

	if (cfg->nr_sinks > 1)
		close_err = file_sink.close(cfg->sinks[1].s);
	if (!err)
		err = close_err;
	if (run.json)
		close_err = json_sink.close(run.json);
	return err ? err : close_err;
}

/* --- the end -------------------------------------------------------------------------- */

static const char *passed_on(struct buf *b)
{
	const struct jobctl_passed *p = jobctl_passed();

	if (!p->signal)
		return NULL;
	if (!p->from) {
		buf_printf(b,
			   "obit passed on the %s of the terminal, which hung up",
			   signal_name(p->signal));
		return buf_str(b);
	}
	buf_printf(b, "obit passed on the %s that %s[%d] had sent to it",
		   signal_name(p->signal), *p->comm ? p->comm : "?",
		   (int)p->from);
	return buf_str(b);
}

/* Whose records they were nobody knows: of any process of the machine. */
static void say_losses(void)
{
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < run.nr_losses; i++) {
		tree_verdict_loss(&b, &run.losses[i]);
		log_error("%s", buf_str(&b));
		buf_clear(&b);
	}
	buf_free(&b);
}

static void write_out(int fd, struct buf *b)
{
	int err = out_flush(fd, b);

	if (err)
		log_error("cannot write the tree: %s", out_why(err));
	buf_free(b);
}

/* What was typed stands on the line as ^C or ^\, without an end of line. */
static bool leave_typed(struct buf *out, int fd)
{
	if (!child_ended_typed(&run.child) || !tty_echoes(fd))
		return false;
	buf_addc(out, '\n');
	return true;
}

static void tell(char *const *argv)
{
	bool json = opts.output.format == OUTPUT_JSON, left = false;
	enum tree_view view = opts.full ? TREE_FULL :
			      run.filter ? TREE_WANTED :
					   TREE_SHORT;
	struct tree_look look = { .header = opts.output.header,
				  .rest = view == TREE_SHORT,
				  .now_ns = boot_now() };
	struct tree_verdict v = { .prefix = "obit: ",
				  .self = (uint32_t)getpid() };
	struct buf out = BUF_INIT, passed = BUF_INIT;

	child_bury_unseen(&run.child, argv);
	if (!tree_root(run.child.tree)) {
		log_error("nothing was seen of the command");
		return;
	}
	v.passed_on = passed_on(&passed);
	if (!json) {
		left = leave_typed(&out, run.fd);
		look.width = tty_width(run.fd, 0);
		look.colour = tty_colour(run.fd,
					 (enum colour_mode)opts.output.colour);
		if (tree_pick(run.child.tree, view, SHORT_LINES))
			log_error("out of memory");
		else
			tree_text(&out, run.child.tree, &look);
		tree_verdict(&out, run.child.tree, &v, &look);
		write_out(run.fd, &out);
	}
	/* Whoever watches sees the end, wherever the whole goes. */
	if (run.fd != STDERR_FILENO) {
		if (!left)
			leave_typed(&out, STDERR_FILENO);
		look.width = tty_width(STDERR_FILENO, 0);
		look.colour = tty_colour(STDERR_FILENO,
					 (enum colour_mode)opts.output.colour);
		tree_verdict(&out, run.child.tree, &v, &look);
		write_out(STDERR_FILENO, &out);
	}
	buf_free(&passed);
	buf_free(&out);
	say_losses();
}

static int watch(char *const *argv, struct pipeline_config *cfg)
{
	struct pipeline_result result = { 0 };
	bool became;
	int err, status;

	err = open_sinks(cfg);
	if (!err)
		err = child_begin(&run.child, argv,
				  opts.full ? SIZE_MAX : KEEP_NODES);
	if (!err)
		err = pipeline_run(cfg, &result);
	if (err && run.child.released)
		log_error(
			"the watching has failed; the command goes on unwatched, and what is told of it is not whole");
	child_wait(&run.child);
	err = close_sinks(cfg, err);
	if (err && result.sink_err)
		log_error("cannot write what was seen: %s",
			  out_why(result.sink_err));
	status = child_conclude(&run.child, argv, &became);
	if (became && (!opts.quiet || status))
		tell(argv);
	return status;
}

static int run_run(int argc, char **argv)
{
	struct pipeline_config cfg = {
		.zombie_after_ns = opts.source.zombie_after_ns,
		.events = PIPELINE_ALL,
		.ready = on_ready,
		.record = on_record,
		.until = is_over,
		.own_signals = true,
	};
	int err, status = OWN_FAILURE;

	(void)argc;
	err = check_options();
	if (!err)
		err = child_init(&run.child, &opts.child);
	if (!err)
		err = common_filter(&opts.filter, &run.filter);
	if (!err)
		err = common_open_sources(&opts.source, NULL, &cfg, &run.info);
	if (!err)
		err = open_report();
	if (!err)
		status = watch(argv, &cfg);
	common_close_sources(&cfg);
	filter_free(run.filter);
	child_end(&run.child);
	return status;
}

/* clang-format off */
static const struct opt run_opt_table[] = {
	OPT_FLAG('a', "all", struct run_opts, all,
		 .help = "Wait until all descendants have ended, too, not COMMAND "
			 "alone. Ctrl-C ends the waiting."),
	OPT_FLAG(0, "full", struct run_opts, full,
		 .help = "Show every process. Of a tree of more than 40 those "
			 "that matter are shown otherwise: what failed, was "
			 "killed, still lives, and their ancestors."),
	OPT_FLAG('q', "quiet", struct run_opts, quiet,
		 .help = "Say nothing if COMMAND ended well. What --output json "
			 "asks for is written all the same."),
	OPT_STRING(0, "to", struct run_opts, to, .metavar = "FILE",
		   .help = "Write the tree, or the JSON, there instead of "
			   "to standard error; - is standard output, which is "
			   "COMMAND's too. The verdict comes on standard error "
			   "all the same."),
	OPT_END
};

static const struct opts_group run_groups[] = {
	{ "Options", run_opt_table, &opts },
	{ "Command", child_opt_table, &opts.child },
	{ "Output", output_opt_table, &opts.output },
	{ "Filters", command_filter_opt_table, &opts.filter },
	{ "Source", command_source_opt_table, &opts.source },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const run_examples[] = {
	"sudo obit run -- make -j8",
	"Build, and then see what failed first, and who killed it.",
	"sudo obit run --failed -- ./run-tests",
	"Only what failed, with its ancestors.",
	"sudo obit run -q -o json --to deaths.json -- make",
	"For a CI job: every obituary in a file, and a verdict if it failed.",
	"sudo obit run --all -- ./start-daemon",
	"Go on until all that it left behind has ended.",
	NULL
};

const struct cmd cmd_run = {
	.name = "run",
	.summary =
		"run a command, then show how its whole tree of processes ended",
	.operands = "[--] COMMAND [ARG...]",
	.about =
		"Runs COMMAND and follows it and all its descendants, also those "
		"that daemonise or change session; when it has ended, shows the "
		"tree of their deaths on standard error: how each ended, after "
		"how long, what failed first (>), who killed whom, who still "
		"lives and which zombies are left.\n"
		"The terminal, signals and the exit status are COMMAND's, as if "
		"obit were not there: 127 if it is not found, 126 if it cannot "
		"be executed, 128+N if signal N ended it. A signal sent to obit "
		"alone is passed on. obit's own failure is 125.",
	.examples = run_examples,
	.groups = run_groups,
	.opts_flags = OPTS_STOP,
	.min_operands = 1,
	.max_operands = -1,
	.own_failure = OWN_FAILURE,
	.run = run_run,
};
