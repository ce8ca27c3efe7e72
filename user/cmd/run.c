// SPDX-License-Identifier: GPL-2.0-only
/*
 * run: a command and all its descendants, and then the tree of their deaths.
 * Wires the stream to the tree, and stands aside: the command's terminal,
 * signals and status are as if obit were not there.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/run_as.h"
#include "core/status.h"
#include "core/tree.h"
#include "lib/account.h"
#include "lib/clock.h"
#include "lib/jobctl.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/spawn.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "procfs.h"
#include "sink/tree.h"

#define OWN_FAILURE	125
#define NOT_EXECUTABLE	126
#define NOT_FOUND	127

/* Lines of a tree that is too large to be shown whole. */
#define SHORT_LINES	40
/* Nodes from which on what ended well is only counted, and failures after
 * which plain ones are: so an endless loop of a script does not eat memory. */
#define KEEP_NODES	4096
#define KEEP_FAILURES	50000

/* With tracepoints alone a release is heard of some 10 to 50 ms late. */
#define SETTLE_NS	(200 * NSEC_PER_MSEC)
/* How often --all makes sure that who is thought to live does. */
#define LOOK_EVERY_NS	(500 * NSEC_PER_MSEC)
#define JUST_NOW_NS 1000000000ull

static struct run_opts {
	struct source_choice_opts source;
	struct filter_opts filter;
	struct output_opts output;
	bool all, full, quiet, as_root;
	const char *user, *to;
} opts;

/*
 * @as:       whom the command runs as; NULL: as we do
 * @fd:       where the tree or the JSON goes
 * @released: the command may have begun
 * @ended_ns: when it was found ended; 0: not yet
 */
static struct run {
	struct tree *tree;
	struct filter *filter;
	struct sink *json;
	struct account account, *as;
	struct spawn spawn;
	struct source_info info;
	int fd;
	bool initial;		/* /proc has the ids of the records */
	bool visible;		/* and shows every process */
	bool released;
	uint64_t ended_ns, looked_ns;
} run;

/* --- the stream, as a sink ---------------------------------------------------- */

static int on_record(void *ctx, const struct obit_hdr *h)
{
	(void)ctx;
	return tree_event(run.tree, h);
}

static bool is_wanted(const struct obituary *o)
{
	struct tree_count c;

	if (run.filter)
		return filter_obituary(run.filter, o);
	if (!obituary_failed(o))
		return false;
	tree_count(run.tree, &c);
	return c.wanted < KEEP_FAILURES || obituary_has(o, OB_SIGNAL);
}

static int on_obituary(struct sink *s, const struct obituary *o)
{
	bool wanted;
	int err;

	(void)s;
	if (!tree_has(run.tree, o->tgid, o->start_boottime))
		return 0;
	wanted = is_wanted(o);
	err = tree_bury(run.tree, o, wanted);
	if (!err && run.json && (wanted || !run.filter))
		err = json_sink.obituary(run.json, o);
	return err;
}

static int on_notice(struct sink *s, const struct notice *n)
{
	(void)s;
	if (n->type == NOTICE_REAPED)
		tree_reaped(run.tree, n->who.tgid, n->who.start_boottime);
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
	run.released = true;
	spawn_go(&run.spawn);
}

/* A death that was lost on the way must not be waited for. */
static void bury_the_vanished(void)
{
	struct tree_node *n = NULL;
	struct proc_stat st;

	while (run.visible && (n = tree_next(run.tree, n)))
		if (n->state == TREE_ALIVE &&
		    (procfs_stat(n->tgid, 0, &st) ||
		     st.start_ticks != procfs_ticks(n->start_boottime) ||
		     st.state == 'X'))
			tree_gone(run.tree, n);
}

static bool somebody_lives(uint64_t now)
{
	struct tree_count c;

	if (now - run.looked_ns >= LOOK_EVERY_NS) {
		run.looked_ns = now;
		bury_the_vanished();
	}
	tree_count(run.tree, &c);
	return c.alive > 0;
}

static bool is_over(void *ctx)
{
	uint64_t now = boot_now();
	struct tree_count c;

	(void)ctx;
	if (!jobctl_turn())
		return false;
	if (opts.all && !jobctl_asked() && somebody_lives(now)) {
		run.ended_ns = 0;
		return false;
	}
	/* What it did last is in the ring: to be read at the next turn. */
	if (!run.ended_ns) {
		run.ended_ns = now;
		run.looked_ns = now;
		return false;
	}
	tree_count(run.tree, &c);
	return c.told == c.dead || now - run.ended_ns > SETTLE_NS;
}

/* The watching is over before its time; the command is not. */
static void wait_unwatched(void)
{
	const struct timespec turn = { 0, 20 * 1000 * 1000 };

	while (!jobctl_turn())
		nanosleep(&turn, NULL);
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
	run.fd = run_open_as(run.as, opts.to);
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
	return 0;
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

/* Only where a pid is what the records call it. Who sends a signal and ends is
 * dead when we come to it. */
static bool is_kin(pid_t pid)
{
	uint64_t lately = boot_now() - JUST_NOW_NS;
	struct tree_node *n = NULL;

	if (!run.initial || !run.tree)
		return false;
	while ((n = tree_next(run.tree, n)))
		if (n->tgid == (uint32_t)pid &&
		    (n->state == TREE_ALIVE || n->died_ns > lately))
			return true;
	return false;
}

/*
 * In a pid namespace of our own our child has another number than in the
 * records; there it is found by a name that nobody else has.
 */
static int begin(char *const *argv, const struct rlimit *memlock)
{
	struct spawn_opts so = { .argv = argv,
				 .as = run.as,
				 .memlock = *memlock,
				 .comm = "obit-run" };
	char comm[OBIT_COMM_LEN];
	uint32_t number;
	int err;

	if (!run.initial) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			number = (uint32_t)getpid();
		snprintf(comm, sizeof(comm), "obit-%08x", number);
		so.comm = comm;
	}
	jobctl_begin();
	err = spawn_fork(&run.spawn, &so);
	jobctl_watch(run.spawn.pid, is_kin);
	if (err) {
		log_error("cannot fork: %s", strerror(-err));
		return err;
	}
	run.tree = tree_new((uint32_t)run.spawn.pid, run.initial ? NULL : comm,
			    opts.full ? SIZE_MAX : KEEP_NODES);
	if (!run.tree)
		log_error("out of memory");
	return run.tree ? 0 : -ENOMEM;
}

/* --- the end -------------------------------------------------------------------------- */

static const char *passed_on(struct buf *b)
{
	const struct jobctl_passed *p = jobctl_passed();

	if (!p->signal)
		return NULL;
	buf_printf(b, "obit passed on the %s that %s[%d] had sent to it",
		   signal_name(p->signal), *p->comm ? p->comm : "?",
		   (int)p->from);
	return buf_str(b);
}

static void say_losses(const struct pipeline_result *r)
{
	uint64_t lost = 0;
	size_t i;

	for (i = 0; i < OBIT_LOST_KIND_NR; i++)
		lost += r->lost[i];
	if (lost)
		log_error("%llu records were lost on this machine meanwhile, %llu of them obituaries: the tree may not be whole (--buffer makes room)",
			  (unsigned long long)lost,
			  (unsigned long long)r->lost[OBIT_LOST_OBITUARY]);
}

static void write_out(int fd, struct buf *b)
{
	int err = out_flush(fd, b);

	if (err)
		log_error("cannot write the tree: %s", out_why(err));
	buf_free(b);
}

static void tell(const struct pipeline_result *r)
{
	bool json = opts.output.format == OUTPUT_JSON;
	enum tree_view view = opts.full ? TREE_FULL :
			      run.filter ? TREE_WANTED :
					   TREE_SHORT;
	struct tree_look look = { .header = opts.output.header,
				  .rest = view == TREE_SHORT,
				  .now_ns = boot_now() };
	struct tree_verdict v = { .prefix = "obit: ",
				  .self = (uint32_t)getpid() };
	struct buf out = BUF_INIT, passed = BUF_INIT;
	int status = jobctl_status();

	bury_the_vanished();
	if (!tree_root(run.tree)) {
		log_error("nothing was seen of the command");
		return;
	}
	v.passed_on = passed_on(&passed);
	if (isatty(STDERR_FILENO) && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGINT)
		buf_addc(&out, '\n');	/* behind the ^C */
	if (!json) {
		look.width = tty_width(run.fd, 0);
		look.colour = tty_colour(run.fd,
					 (enum colour_mode)opts.output.colour);
		if (tree_pick(run.tree, view, SHORT_LINES))
			log_error("out of memory");
		else
			tree_text(&out, run.tree, &look);
		tree_verdict(&out, run.tree, &v, &look);
		write_out(run.fd, &out);
	}
	/* Whoever watches sees the end, wherever the whole goes. */
	if (run.fd != STDERR_FILENO) {
		look.width = tty_width(STDERR_FILENO, 0);
		look.colour = tty_colour(STDERR_FILENO,
					 (enum colour_mode)opts.output.colour);
		tree_verdict(&out, run.tree, &v, &look);
		write_out(STDERR_FILENO, &out);
	}
	buf_free(&passed);
	buf_free(&out);
	say_losses(r);
}

static int cannot_exec(const char *name, int err)
{
	struct stat st;
	bool there = strchr(name, '/') && !stat(name, &st);

	if (err == -ENOENT && !there) {
		log_error("%s: command not found", name);
		return NOT_FOUND;
	}
	if (err == -ENOENT)
		log_error("%s: cannot be run: the interpreter it names is not there",
			  name);
	else if (there && S_ISDIR(st.st_mode))
		log_error("%s: is a directory", name);
	else if (err == -EACCES)
		log_error("%s: is not executable, or may not be read", name);
	else
		log_error("%s: cannot be run: %s", name, strerror(-err));
	return NOT_EXECUTABLE;
}

/* As a shell has it in $?. */
static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int conclude(char *const *argv, const struct pipeline_result *r)
{
	int err, status = jobctl_status();

	switch (spawn_failed(&run.spawn, &err)) {
	case SPAWN_BECOME:
		log_error("cannot become user %u: %s", run.account.uid,
			  strerror(-err));
		return OWN_FAILURE;
	case SPAWN_EXEC:
		return cannot_exec(argv[0], err);
	case SPAWN_OK:
		break;
	}
	if (!opts.quiet || status)
		tell(r);
	return shell_status(status);
}

/*
 * A shell script goes on after a command that was interrupted and took it well,
 * and ends with one that died of it: it looks at how we ended.
 */
static void end_likewise(int status)
{
	if (!jobctl_interrupted() || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGINT)
		return;
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
}

static int watch(char *const *argv, struct pipeline_config *cfg,
		 const struct rlimit *memlock)
{
	struct pipeline_result result = { 0 };
	int err, status;

	err = open_sinks(cfg);
	if (!err)
		err = begin(argv, memlock);
	if (!err)
		err = pipeline_run(cfg, &result);
	if (err && run.released)
		log_error(
			"the watching has failed; the command goes on unwatched, and what is told of it is not whole");
	if (!run.released)
		spawn_close(&run.spawn);
	if (run.spawn.pid > 0)
		wait_unwatched();
	err = close_sinks(cfg, err);
	if (err && result.sink_err)
		log_error("cannot write what was seen: %s",
			  out_why(result.sink_err));
	status = run.released ? conclude(argv, &result) : OWN_FAILURE;
	spawn_close(&run.spawn);
	jobctl_end();
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
	struct rlimit memlock;

	(void)argc;
	run.spawn.gate = run.spawn.report = -1;
	run.initial = procfs_is_initial();
	run.visible = run.initial && !procfs_hides();
	err = check_options();
	if (!err)
		err = run_as(opts.user, opts.as_root, &run.account);
	if (err > 0) {
		run.as = &run.account;
		err = 0;
	}
	if (!err)
		err = common_filter(&opts.filter, &run.filter);
	/* The source may raise it for itself. */
	if (!err && getrlimit(RLIMIT_MEMLOCK, &memlock))
		err = -errno;
	if (!err)
		err = common_open_sources(&opts.source, NULL, &cfg, &run.info);
	if (!err)
		err = open_report();
	if (!err)
		status = watch(argv, &cfg, &memlock);
	common_close_sources(&cfg);
	tree_free(run.tree);
	filter_free(run.filter);
	account_free(&run.account);
	end_likewise(jobctl_status());
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
		 .help = "Say nothing if COMMAND ended well."),
	OPT_STRING(0, "to", struct run_opts, to, .metavar = "FILE",
		   .help = "Write the tree, or the JSON, there instead of "
			   "to standard error; - is standard output, which is "
			   "COMMAND's too. The verdict comes on standard error "
			   "all the same."),
	OPT_STRING('u', "user", struct run_opts, user, .metavar = "USER",
		   .help = "Run COMMAND as this user, by name or number. Under "
			   "sudo it is who called sudo if not told otherwise."),
	OPT_FLAG(0, "as-root", struct run_opts, as_root,
		 .help = "Run COMMAND as root under sudo, too."),
	OPT_END
};

static const struct opts_group run_groups[] = {
	{ "Options", run_opt_table, &opts },
	{ "Output", output_opt_table, &opts.output },
	{ "Filters", filter_opt_table, &opts.filter },
	{ "Source", source_opt_table, &opts.source },
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
