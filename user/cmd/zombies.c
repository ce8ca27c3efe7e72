// SPDX-License-Identifier: GPL-2.0-only
/*
 * zombies: who is dead and not reaped, since when, and whose fault it is.
 * Owns the options, what is wanted and how often it is shown. Needs not have run
 * before; reaps nothing and signals nobody.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/pick.h"
#include "cmd/screen.h"
#include "cmd/zombie_scan.h"
#include "lib/log.h"
#include "lib/tty.h"
#include "names.h"
#include "proc_parent.h"
#include "procfs.h"

#define SOME_ARE_OLDER 1	/* the exit status of --older-than */
#define NOT_ASKED UINT64_MAX	/* `--older-than 0` is a question, too */

static struct zombies_cmd {
	uint64_t older_than_ns, watch_ns;
	struct opt_strings comm, uid, parent;
	int format, colour, by;
} opts = { .older_than_ns = NOT_ASKED };

static bool is_check(void)
{
	return opts.older_than_ns != NOT_ASKED;
}

/* clang-format off */
static const struct opt_name by_names[] = {
	{ "auto", SCAN_AUTO, "bpf for root, else proc" },
	{ "bpf", SCAN_BPF, NULL },
	{ "proc", SCAN_PROC, NULL },
	{ NULL, 0, NULL }
};

#define Z struct zombies_cmd
static const struct opt zombies_opts[] = {
	OPT_DURATION(0, "older-than", Z, older_than_ns,
		     .help = "Only what may have been dead for so long (0: "
			     "any), and end with status 1 if there is some, "
			     "else 0: for monitoring."),
	OPT_DURATION('W', "watch", Z, watch_ns, .bare = "2s",
		     .help = "Show it again and again, every 2 s or so often, "
			     "until Ctrl-C."),
	OPT_STRINGS(0, "comm", Z, comm, .metavar = "NAME",
		    .help = "Only of this name; * ? and [ are wildcards. This "
			    "and the filters below can be given again."),
	OPT_STRINGS(0, "uid", Z, uid, .metavar = "USER",
		    .help = "Only of this real user, by name or number."),
	OPT_STRINGS(0, "parent", Z, parent, .metavar = "TGID",
		    .help = "Only children of this process."),
	OPT_ENUM('o', "output", Z, format, .names = output_formats,
		 .dflt = "table",
		 .help = "A table for people, or one JSON object a line."),
	OPT_ENUM(0, "color", Z, colour, .names = colour_names,
		 .dflt = "auto", .bare = "always",
		 .help = "Colour the table: on a terminal unless NO_COLOR is "
			 "set, always, or never."),
	OPT_ENUM(0, "source", Z, by, .names = by_names, .dflt = "auto",
		 .help = "Whom to ask: an eBPF program that looks through all "
			 "tasks, or /proc, which knows less exactly since when "
			 "they are dead."),
	OPT_END
};
#undef Z

static const struct opts_group zombies_groups[] = {
	{ "Options", zombies_opts, &opts },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const zombies_examples[] = {
	"sudo obit zombies",
	"Which zombies are there, since when, and why are they not reaped?",
	"obit zombies --older-than 1d >z; [ $? = 1 ] && mail -s zombies root <z",
	"A monitoring check: it mails if there are some, and nothing else.",
	NULL
};

/* --- what is wanted ------------------------------------------------------------------ */

static bool wanted(const struct zombie *z, void *ctx)
{
	const struct zombies_cmd *o = ctx;

	return pick_comm(&o->comm, z->comm) &&
	       pick_uid(&o->uid, z->have_uid, z->uid) &&
	       pick_tgid(&o->parent, z->parent);
}

static int check_filters(void)
{
	return pick_check_uid(&opts.uid) ?:
		       pick_check_tgid("parent", &opts.parent);
}

/*
 * Is it possibly so old? At least as old as its age says at most; of unknown
 * age, it is not older than its process.
 */
static bool may_be_older(const struct zombie *z, uint64_t than, uint64_t now)
{
	if (z->have_age)
		return z->age_ns >= than;
	return now - z->born_ns >= than;
}

static void drop_younger(struct zombies *all)
{
	size_t i, n = 0;

	for (i = 0; i < all->nr; i++)
		if (may_be_older(&all->v[i], opts.older_than_ns, all->boot_ns))
			all->v[n++] = all->v[i];
	all->nr = n;
}

/* --- shown --------------------------------------------------------------------------- */

static const char hidden[] =
	"/proc hides the processes of others (hidepid): there may be more";

/* Whoever looks at no table must be told as well. */
static void warn_of_hidden(const struct zombie_scan *s)
{
	const char *why;

	if ((opts.format == OUTPUT_JSON || is_check()) &&
	    zombie_scan_by_proc(s, &why) && procfs_hides())
		log_warn("%s", hidden);
}

static const char *hint(const struct zombie_scan *s)
{
	const char *why;

	if (!zombie_scan_by_proc(s, &why))
		return NULL;
	return procfs_hides() ? hidden : why;
}

static int show(struct screen *screen, const struct zombie_scan *s,
		const struct zombies *all)
{
	struct zombies_view view = {
		.width = tty_width(STDOUT_FILENO, 0),
		.lines = screen_rows(screen),
		.colour = tty_colour(STDOUT_FILENO,
				     (enum colour_mode)opts.colour),
		.user_name = user_name,
		.hint = hint(s),
	};
	struct buf out = BUF_INIT;
	int err;

	if (opts.format == OUTPUT_JSON)
		zombies_json(&out, all);
	else
		zombies_text(&out, all, &view);
	err = screen_show(screen, &out);
	buf_free(&out);
	return err;
}

static int look(struct screen *screen, struct zombie_scan *s, size_t *nr)
{
	struct zombies all = { 0 };
	int err = zombie_scan_run(s, wanted, &opts, &all);
	size_t i;

	if (!err) {
		if (is_check())
			drop_younger(&all);
		err = zombies_sort(&all);
		if (err)
			log_error("out of memory");
	}
	for (i = 0; i < all.nr_culprits && !err; i++)
		proc_parent_fill(&all, i);
	*nr = all.nr;
	if (!err)
		err = show(screen, s, &all);
	zombies_free(&all);
	return err;
}

static int zombies_run(int argc, char **argv)
{
	struct screen screen = { .watch_ns = opts.watch_ns,
				 .redraw = opts.format == OUTPUT_TABLE };
	struct zombie_scan *s;
	size_t nr = 0;
	int err;

	(void)argc;
	(void)argv;
	err = check_filters();
	if (err)
		return EX_USAGE;
	err = zombie_scan_open(&s, (enum scan_by)opts.by);
	if (err)
		return cmd_exit_status(err);
	warn_of_hidden(s);
	screen_begin(&screen);
	do {
		err = look(&screen, s, &nr);
	} while (!err && screen_next(&screen));
	zombie_scan_close(s);
	if (err)
		return cmd_exit_status(err);
	return is_check() && !opts.watch_ns && nr ? SOME_ARE_OLDER : 0;
}

const struct cmd cmd_zombies = {
	.name = "zombies",
	.summary = "list the dead that nobody has waited for, and why",
	.about =
		"Lists the zombies of now: for how long each has been dead, "
		"which status it has left, and whose fault it is: what their "
		"parent is doing, and why that does not reap them. It need not "
		"have been running when they died. Nothing is signalled and "
		"nothing reaped.\n"
		"The age is that of the death, not of the process. It is "
		"reckoned by the scheduler's clocks: `~` is before one that "
		"may be wrong by more than a tenth, and `<` where only an "
		"upper limit is known.\n"
		"A main thread that has ended while other threads live is a "
		"zombie for ps only: those are listed apart.\n"
		"Status 0: it has been told, whatever there is. 1: with "
		"--older-than, there is some; not with --watch. All else is a "
		"failure, and says nothing of zombies: 64: the command line "
		"makes no sense. 69: --source bpf, and this kernel can not do "
		"it. 70, 71: obit has failed; there is no memory. 74: the list "
		"could not be written. 77: --source bpf without the right to "
		"it.",
	.examples = zombies_examples,
	.groups = zombies_groups,
	.max_operands = 0,
	.run = zombies_run,
};
