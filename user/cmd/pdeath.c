// SPDX-License-Identifier: GPL-2.0-only
/*
 * pdeath: who has a parent-death signal armed now, and what it hangs on.
 * Owns the options and what is asked beside the programs in the kernel. There is
 * no other place to ask: /proc does not tell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/pick.h"
#include "cmd/screen.h"
#include "core/pdeath_list.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "names.h"
#include "procfs.h"

static struct pdeath_cmd {
	struct opt_strings comm, uid, signal, parent;
	bool trap;
	uint64_t watch_ns;
	int format, colour;
} opts;

/* clang-format off */
#define P struct pdeath_cmd
static const struct opt pdeath_opts[] = {
	OPT_FLAG(0, "trap", P, trap,
		 .help = "Only those that hang on a thread which is not its "
			 "process's main thread."),
	OPT_STRINGS(0, "comm", P, comm, .metavar = "NAME",
		    .help = "Only of this name; * ? and [ are wildcards. This "
			    "and the filters below can be given again."),
	OPT_STRINGS(0, "uid", P, uid, .metavar = "USER",
		    .help = "Only of this real user, by name or number."),
	OPT_STRINGS(0, "signal", P, signal, .metavar = "SIGNAL",
		    .help = "Only with this signal."),
	OPT_STRINGS(0, "parent", P, parent, .metavar = "TGID",
		    .help = "Only those that hang on this process."),
	OPT_DURATION('W', "watch", P, watch_ns, .bare = "2s",
		     .help = "Show it again and again, every 2 s or so often, "
			     "until Ctrl-C."),
	OPT_ENUM('o', "output", P, format, .names = output_formats,
		 .dflt = "table",
		 .help = "A table for people, or one JSON object a line."),
	OPT_ENUM(0, "color", P, colour, .names = colour_names,
		 .dflt = "auto", .bare = "always",
		 .help = "Colour the table: on a terminal unless NO_COLOR is "
			 "set, always, or never."),
	OPT_END
};
#undef P

static const struct opts_group pdeath_groups[] = {
	{ "Options", pdeath_opts, &opts },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const pdeath_examples[] = {
	"sudo obit pdeath",
	"Who is to be signalled when its parent ends, and is that what was meant?",
	"sudo obit pdeath --trap -o json | jq -r '.comm, .warnings[]'",
	"Who depends on a mere thread of its parent?", NULL
};

/* --- what is wanted ------------------------------------------------------------------ */

static int check_filters(void)
{
	return pick_check_uid(&opts.uid)	       ?:
		       pick_check_signal(&opts.signal) ?:
		       pick_check_tgid("parent", &opts.parent);
}

static bool wanted(const struct armed_one *a)
{
	return pick_comm(&opts.comm, a->comm) &&
	       pick_uid(&opts.uid, a->have_uid, a->uid) &&
	       pick_signal(&opts.signal, a->signal) &&
	       pick_tgid(&opts.parent, a->parent.tgid) &&
	       (!opts.trap || pdeath_is_trap(a));
}

/* --- what is there ------------------------------------------------------------------- */

struct scan {
	struct pdeath_list *list;
	uint64_t lost;
};

static int on_record(void *ctx, const struct obit_hdr *h)
{
	const struct obit_pdeath *r = (const void *)h;
	const struct obit_loss *loss = (const void *)h;
	struct scan *s = ctx;
	struct armed_one *a;

	if (h->type == OBIT_EV_LOSS)
		s->lost += loss->count;
	if (h->type != OBIT_EV_PDEATH || r->kind != OBIT_PDEATH_STATE ||
	    !r->signal)
		return 0;
	a = pdeath_list_add(s->list, r);
	if (!a)
		return -ENOMEM;
	if (!wanted(a))
		s->list->nr--;
	return 0;
}

/* What /proc adds, if it shows the same processes. Two looks at the start keep
 * out who got the number meanwhile. */
static void add_context(struct armed_one *a)
{
	uint64_t bit = 1ull << (a->signal - 1);
	struct proc_status st;
	struct proc_stat s;

	if (!procfs_stat(a->task.tgid, 0, &s) &&
	    s.start_ticks == procfs_ticks(a->task.start_boottime) &&
	    !procfs_status(a->task.tgid, 0, &st))
		a->reaction = st.ignored & bit ? REACTION_IGNORED :
			      st.caught & bit  ? REACTION_HANDLER :
						 REACTION_DEFAULT;
	if (pdeath_is_trap(a) &&
	    !procfs_stat(a->parent.tgid, a->parent.tid, &s))
		memcpy(a->thread_comm, s.comm, sizeof(a->thread_comm));
}

static int look(struct screen *screen, struct source *source)
{
	struct pdeath_list list = { 0 };
	struct scan s = { .list = &list };
	struct emit to = { &s, on_record };
	struct pdeath_view view = {
		.width = tty_width(STDOUT_FILENO, 0),
		.colour = tty_colour(STDOUT_FILENO,
				     (enum colour_mode)opts.colour),
		.user_name = user_name,
	};
	bool proc = procfs_is_initial();
	struct buf out = BUF_INIT;
	struct timespec now;
	struct tm tm;
	size_t i;
	int err = bpf_source.scan(source, &to);

	if (err <= 0) {
		log_error("the tasks can not be listed: %s",
			  err ? strerror(-err) :
				"this kernel lets no program look through them");
		pdeath_list_free(&list);
		return err ?: -EOPNOTSUPP;
	}
	if (s.lost)
		log_warn("%llu did not fit and are left out",
			 (unsigned long long)s.lost);
	list.boot_ns = boot_now();
	clock_gettime(CLOCK_REALTIME, &now);
	list.real_ns =
		(int64_t)now.tv_sec * (int64_t)NSEC_PER_SEC + now.tv_nsec;
	localtime_r(&now.tv_sec, &tm);
	list.utc_offset_s = (int32_t)tm.tm_gmtoff;
	for (i = 0; i < list.nr && proc; i++)
		add_context(&list.v[i]);
	pdeath_list_sort(&list);
	if (opts.format == OUTPUT_JSON)
		pdeath_list_json(&out, &list);
	else
		pdeath_list_text(&out, &list, &view);
	err = screen_show(screen, &out);
	buf_free(&out);
	pdeath_list_free(&list);
	return err;
}

/* Two reasons, one sentence. */
static int open_source(struct source **source)
{
	struct source_opts so = { .scan_only = true };
	struct buf why = BUF_INIT;
	int err;

	log_hold_errors(&why);
	err = bpf_source.open(source, &so);
	log_hold_errors(NULL);
	if (err)
		log_error("parent-death signals can be seen by BPF only, /proc does not tell them: %s",
			  buf_str(&why));
	buf_free(&why);
	return err;
}

static int pdeath_run(int argc, char **argv)
{
	struct screen screen = { .watch_ns = opts.watch_ns,
				 .redraw = opts.format == OUTPUT_TABLE };
	struct source *source;
	int err;

	(void)argc;
	(void)argv;
	if (check_filters())
		return EX_USAGE;
	err = open_source(&source);
	if (err)
		return cmd_exit_status(err);
	if (!procfs_is_initial())
		log_warn(
			"in a container: process ids are those of the whole machine, and how each would take its signal can not be read");
	screen_begin(&screen);
	do {
		err = look(&screen, source);
	} while (!err && screen_next(&screen));
	bpf_source.close(source);
	return cmd_exit_status(err);
}

const struct cmd cmd_pdeath = {
	.name = "pdeath",
	.summary = "list who is signalled when its parent ends",
	.about = "Lists the threads that have a parent-death signal armed "
		 "(prctl(2), PR_SET_PDEATHSIG), and which thread of which "
		 "process each hangs on. The kernel sends it when the thread "
		 "ends that forked, not when its process does; and if that was "
		 "gone before, when whoever adopted the child ends. Both are "
		 "marked with a warning.\n"
		 "It needs BPF: /proc does not tell.",
	.examples = pdeath_examples,
	.groups = pdeath_groups,
	.max_operands = 0,
	.run = pdeath_run,
};
