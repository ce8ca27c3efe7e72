// SPDX-License-Identifier: GPL-2.0-only
/*
 * wait: until processes end that are no children of ours.
 * Owns whose status becomes obit's own, and when there is no more to wait for.
 * A process that nobody has waited for yet is not waited for: its zombie stays.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/target.h"
#include "core/status.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "pidfd.h"
#include "procfs.h"

#define OWN_FAILURE 125
#define TIMED_OUT 124		/* as timeout(1) */

/* How long one that is dead may go unreaped before its status is told. */
#define ZOMBIE_AFTER_NS (100 * NSEC_PER_MSEC)
/* How long its obituary may take. A death that is not in the stream was before
 * it began; one that is there can take 5 s (see overdue.c). */
#define UNSEEN_AFTER_NS (300 * NSEC_PER_MSEC)
#define OBITUARY_AFTER_NS (7 * NSEC_PER_SEC)
/* After so long without being reaped a word is said to who waits for it. */
#define TELL_AFTER_NS NSEC_PER_SEC

static struct wait {
	bool all;
	uint64_t timeout_ns;
	struct source_choice_opts source;
	struct output_opts output;

	struct target *targets;
	size_t nr;
	uint64_t deadline;		/* boot ns; 0: none */
	bool timed_out, found;		/* found: `status` is set */
	bool alone;			/* no witness: pidfds must do */
	enum obituary_source witness;	/* ... else */
	int status;
	const struct pipeline_config *cfg;	/* its sinks show */
	int err;			/* of a sink, from within show() */
} wait_cmd;

/* clang-format off */
static const struct opt wait_opts[] = {
	OPT_FLAG('a', "all", struct wait, all,
		 .help = "Wait for all, not only for the first. Then the "
			 "status is 0 if all of theirs are, else that of the "
			 "first to fail."),
	OPT_DURATION('t', "timeout", struct wait, timeout_ns,
		     .help = "Give up after so long, with status 124; 0: "
			     "never. Nothing is done to those that live "
			     "on."),
	OPT_END
};

static const struct opts_group wait_groups[] = {
	{ "Options", wait_opts, &wait_cmd },
	{ "Output", output_opt_table, &wait_cmd.output },
	{ "Source", witness_opt_table, &wait_cmd.source },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const wait_examples[] = {
	"obit wait 4711; echo $?",
	"How does process 4711 end? Its status becomes ours.",
	"obit wait --all --timeout 1m $(pidof nginx) && rm -f /run/nginx.lock",
	"Go on only when every one of them has ended, and well.", NULL
};

/* --- the end of one ------------------------------------------------------------------ */

static void ended(struct wait *w, struct target *t)
{
	struct status st = status_decode(t->exit_code);
	int status = st.kind == STATUS_SIGNALED ? 128 + st.signal :
						  st.exit_status;
	char name[TARGET_NAME_MAX];

	if (t->done)
		return;
	t->done = true;
	if (!t->have_code) {
		log_error("%s has died, but its status is not known%s",
			  target_name(t, name), !t->why ? "" : t->why);
		status = OWN_FAILURE;
	}
	if (!w->found || (w->all && !w->status)) {
		w->found = true;
		w->status = status;
	}
}

static bool over(const struct wait *w)
{
	size_t i;

	if (w->found && !w->all)
		return true;
	for (i = 0; i < w->nr && w->targets[i].done; i++)
		;
	return i == w->nr;
}

static struct target *find(struct wait *w, const struct obit_task *id)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (!w->targets[i].done &&
		    target_is(&w->targets[i], id->tgid, id->start_boottime))
			return &w->targets[i];
	return NULL;
}

static int show(struct wait *w, const struct obituary *o)
{
	const struct pipeline_sink *k;
	int err = 0;
	size_t i;

	for (i = 1; i < w->cfg->nr_sinks && !err; i++) {
		k = &w->cfg->sinks[i];
		err = k->type->obituary ? k->type->obituary(k->s, o) : 0;
		/* No pipeline does that. */
		if (!err && w->alone)
			err = k->type->flush(k->s);
	}
	if (err && !w->err)
		w->err = err;
	return err;
}

/* Dead before anybody looked: what it has left. */
static int show_left(struct wait *w, const struct target *t,
		     enum obituary_source source)
{
	struct obituary o;

	if (!t->have_code)
		return 0;
	target_obituary(t, source, &o);
	return show(w, &o);
}

/* --- the stream ------------------------------------------------------------------------ */

/* The first of the sinks: it learns, the others show. */
static int on_event(struct sink *s, const struct obit_hdr *h)
{
	const struct obit_task_seen *seen = (const void *)h;
	const struct obit_exit *x = (const void *)h;
	struct wait *w = (struct wait *)s;
	struct target *t;

	if (h->type == OBIT_EV_EXIT) {
		t = find(w, &x->task);
		if (t)
			t->exit_seen = true;
		return 0;
	}
	if (h->type != OBIT_EV_TASK || h->len < sizeof(*seen) ||
	    !(seen->flags & OBIT_TASK_DEAD) || seen->live)
		return 0;
	t = find(w, &seen->task);
	if (!t || t->exit_seen || over(w))
		return 0;
	target_seen(t, seen);
	ended(w, t);
	return show_left(w, t, w->witness);
}

static int on_obituary(struct sink *s, const struct obituary *o)
{
	struct wait *w = (struct wait *)s;
	struct obit_task id = { .tgid = o->tgid,
				.start_boottime = o->start_boottime };
	struct target *t = find(w, &id);

	if (!t || over(w))
		return 0;
	t->exit_seen = true;
	t->have_code = obituary_has(o, OB_EXIT_CODE);
	t->exit_code = o->exit_code;
	ended(w, t);
	return 0;
}

static int on_flush(struct sink *s)
{
	return ((struct wait *)s)->err;
}

static const struct sink_type wait_sink = {
	.name = "wait",
	.event = on_event,
	.obituary = on_obituary,
	.flush = on_flush,
	.close = on_flush,
};

/* When a dead one is to be looked at; one whose death is in the stream, and
 * whose obituary does not come, later than others. */
static uint64_t patience(const struct wait *w, const struct target *t)
{
	if (w->alone)
		return 0;
	return t->exit_seen ? OBITUARY_AFTER_NS : UNSEEN_AFTER_NS;
}

/* Whom the pidfd says to be dead, and whose obituary does not come. last: there
 * is no more time for that. */
static void look(struct wait *w, bool last)
{
	uint64_t now = boot_now();
	struct target *t;
	size_t i;

	for (i = 0; i < w->nr && !over(w); i++) {
		t = &w->targets[i];
		if (t->done)
			continue;
		if (!pidfd_dead(t->pidfd)) {
			t->lived = true;
			continue;
		}
		if (!t->dead_ns)
			t->dead_ns = now;
		if (!last && now - t->dead_ns < patience(w, t))
			continue;
		if (target_look(t) == TARGET_LATER && !last) {
			if (now - t->dead_ns >= TELL_AFTER_NS)
				target_tell_zombie(t);
			continue;
		}
		ended(w, t);
		show_left(w, t, SOURCE_PIDFD);
	}
}

static bool is_over(void *ctx)
{
	struct wait *w = ctx;

	look(w, false);
	if (!over(w) && w->deadline && boot_now() >= w->deadline)
		w->timed_out = true;
	return over(w) || w->timed_out || w->err;
}

/* Who is asked for, by identity: their numbers may be given out again. */
static int make_filter(struct wait *w, struct filter **f)
{
	uint64_t tick = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	struct buf text = BUF_INIT, why = BUF_INIT;
	const struct target *t;
	int err = -ENOMEM;
	size_t i;

	*f = filter_new();
	for (i = 0; i < w->nr; i++) {
		t = &w->targets[i];
		/* A lone tgid outside of brackets the kernel can check. */
		buf_printf(&text, "%stgid == %u", i ? " || " : "", t->tgid);
		if (t->start_ticks)
			buf_printf(&text,
				   " && (start_boottime == null || (start_boottime >= %llu && start_boottime < %llu))",
				   (unsigned long long)(t->start_ticks * tick),
				   (unsigned long long)((t->start_ticks + 1) *
							tick));
	}
	if (*f && !text.err)
		err = filter_add(*f, buf_str(&text), &why);
	if (err)
		log_error("the processes can not be told apart: %s",
			  err == -ENOMEM ? "out of memory" : buf_str(&why));
	buf_free(&text);
	buf_free(&why);
	return err;
}

/* 0, or a negative errno that has been told. */
static int watch(struct wait *w, struct pipeline_config *sources,
		 const struct source_info *info, struct filter *filter,
		 int *by_signal)
{
	struct pipeline_config cfg = {
		.type = sources->type,
		.source = sources->source,
		.other_type = sources->other_type,
		.other = sources->other,
		.filter = filter,
		.zombie_after_ns = ZOMBIE_AFTER_NS,
		.events = PIPELINE_OBITUARY | PIPELINE_NOTICE(NOTICE_LOST),
		.count = w->all ? 0 : 1,
		.until = is_over,
		.until_ctx = w,
		.sinks[0] = { &wait_sink, (struct sink *)w },
		.nr_sinks = 1,
	};
	struct pipeline_result r;
	int err;

	log_info("watching via %s", info->text);
	w->witness = info->source;
	err = common_open_sinks(&w->output, info, true, &cfg);
	if (err)
		return err;
	w->cfg = &cfg;
	err = pipeline_run(&cfg, &r);
	*by_signal = r.by_signal;
	/* What died while the last was written has its status all the same. */
	if (!err && !r.by_signal && !w->timed_out)
		look(w, true);
	w->cfg = NULL;
	return common_close_sinks(&cfg, &r, err);
}

/* --- without witnesses ------------------------------------------------------------------ */

static volatile sig_atomic_t stopped_by;

static void on_stop(int sig)
{
	stopped_by = sig;
}

/* Until the deadline, or there is something to say. */
static struct timespec wait_time(const struct wait *w)
{
	uint64_t now = boot_now(), then = now + 3600 * NSEC_PER_SEC;
	const struct target *t;
	size_t i;

	if (w->deadline && w->deadline < then)
		then = w->deadline;
	for (i = 0; i < w->nr; i++) {
		t = &w->targets[i];
		if (!t->done && t->dead_ns && !t->told &&
		    t->dead_ns + TELL_AFTER_NS < then)
			then = t->dead_ns + TELL_AFTER_NS;
	}
	then = then > now ? then - now : 0;
	return (struct timespec){
		.tv_sec = (time_t)(then / NSEC_PER_SEC),
		.tv_nsec = (long)(then % NSEC_PER_SEC),
	};
}

/* unblocked: what stops it is let through only while it waits, so that none is
 * missed between the look at stopped_by and the wait. */
static int poll_all(struct wait *w, struct pollfd *fds,
		    const sigset_t *unblocked)
{
	struct timespec until;
	size_t i, n;

	while (!over(w) && !stopped_by) {
		look(w, false);
		if (over(w) || w->err)
			break;
		if (w->deadline && boot_now() >= w->deadline) {
			w->timed_out = true;
			break;
		}
		for (i = n = 0; i < w->nr; i++) {
			if (w->targets[i].done)
				continue;
			fds[n].fd = w->targets[i].pidfd;
			/* Of a dead one POLLHUP says that it is reaped, and is
			 * told on all kernels that keep a status for then. */
			fds[n++].events = w->targets[i].dead_ns ? 0 : POLLIN;
		}
		until = wait_time(w);
		if (ppoll(fds, n, &until, unblocked) < 0 && errno != EINTR)
			return -errno;
	}
	return w->err;
}

/*
 * A pidfd alone says that it died, and with some luck its status: a zombie's
 * own user may read it, and from 6.15 on the kernel keeps it.
 */
static int watch_alone(struct wait *w, int *by_signal)
{
	struct pollfd *fds = calloc(w->nr, sizeof(*fds));
	struct pipeline_config cfg = {
		.sinks[0] = { &wait_sink, (struct sink *)w },
		.nr_sinks = 1,
	};
	struct sigaction stop = { .sa_handler = on_stop };
	struct source_info info = { .tier = TIER_TRACEPOINTS };
	sigset_t stops, unblocked;
	int err;

	if (!fds)
		return -ENOMEM;
	w->alone = true;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, &unblocked);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	err = common_open_sinks(&w->output, &info, true, &cfg);
	if (!err) {
		w->cfg = &cfg;
		err = poll_all(w, fds, &unblocked);
		w->cfg = NULL;
		err = common_close_sinks(&cfg, NULL, err);
	}
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
	*by_signal = stopped_by;
	free(fds);
	return err;
}

/* --- all together --------------------------------------------------------------------------- */

/* The first five of those that live, or of those that are dead. */
static void say_waited_for(const struct wait *w, bool dead, struct buf *out)
{
	char name[TARGET_NAME_MAX];
	const struct target *t;
	size_t i, n = 0;

	for (i = 0; i < w->nr; i++) {
		t = &w->targets[i];
		if (t->done || (t->dead_ns != 0) != dead)
			continue;
		if (!n++)
			buf_adds(out, out->len ? "; " : "");
		else if (n <= 5)
			buf_adds(out, ", ");
		if (n <= 5)
			buf_adds(out, target_name(t, name));
	}
	if (n)
		buf_printf(out, "%s %s %s", n > 5 ? ", ..." : "",
			   n == 1 ? "is" : "are",
			   dead ? "dead, but not reaped" : "still alive");
}

static void say_timed_out(const struct wait *w)
{
	struct buf who = BUF_INIT;
	char text[DURATION_MAX];

	say_waited_for(w, false, &who);
	say_waited_for(w, true, &who);
	duration_format(text, w->timeout_ns);
	log_error("after %s %s", text, buf_str(&who));
	buf_free(&who);
}

/* What refuses is told with what is done instead, or as the end of it. */
static int open_sources(struct wait *w, bool forced, struct filter *filter,
			struct pipeline_config *sources,
			struct source_info *info)
{
	struct buf why = BUF_INIT;
	int err;

	log_hold_errors(&why);
	err = common_open_sources(&w->source, filter, sources, info);
	log_hold_errors(NULL);
	w->alone = !forced && (err == -EPERM || err == -EOPNOTSUPP);
	if (w->alone)
		log_warn("waiting without BPF, so that who killed it stays unknown: %s",
			 buf_str(&why));
	else if (err && why.len)
		log_error("%s", buf_str(&why));
	buf_free(&why);
	return err;
}

static int run(struct wait *w)
{
	bool forced = w->source.source != CHOOSE_AUTO ||
		      w->source.tier != TIER_AUTO || w->output.record;
	struct pipeline_config sources = { .type = NULL };
	struct filter *filter = NULL;
	struct source_info info;
	int err, by_signal = 0;

	if (w->timeout_ns)
		w->deadline = boot_now() + w->timeout_ns;
	err = common_check_record(&w->output, &w->source);
	if (!err)
		err = make_filter(w, &filter);
	if (!err && !forced && !procfs_is_initial()) {
		log_warn(
			"in a container the programs in the kernel know processes by other numbers: waiting without them, who killed it stays unknown");
		err = watch_alone(w, &by_signal);
	} else if (!err) {
		err = open_sources(w, forced, filter, &sources, &info);
		if (!err) {
			err = watch(w, &sources, &info, filter, &by_signal);
			common_close_sources(&sources);
		} else if (w->alone) {
			err = watch_alone(w, &by_signal);
		}
	}
	filter_free(filter);
	if (err)
		return OWN_FAILURE;
	if (over(w))
		return w->status;
	if (w->timed_out) {
		say_timed_out(w);
		return TIMED_OUT;
	}
	return by_signal ? 128 + by_signal : OWN_FAILURE;
}

static bool is_named(const struct wait *w, uint32_t tgid)
{
	size_t i;

	for (i = 0; i < w->nr; i++)
		if (w->targets[i].tgid == tgid)
			return true;
	return false;
}

static int wait_run(int argc, char **argv)
{
	struct wait *w = &wait_cmd;
	struct target t;
	int i, status = 0;

	w->output.late_header = true;
	w->targets = calloc((size_t)argc, sizeof(*w->targets));
	if (!w->targets) {
		log_error("out of memory");
		return OWN_FAILURE;
	}
	/* All are held before anything else is done: it takes a moment. */
	for (i = 0; i < argc && !status; i++) {
		status = target_open(&t, argv[i]);
		if (status)
			break;
		if (is_named(w, t.tgid))
			target_close(&t);
		else
			w->targets[w->nr++] = t;
	}
	if (!status)
		status = run(w);
	while (w->nr)
		target_close(&w->targets[--w->nr]);
	free(w->targets);
	return status;
}

const struct cmd cmd_wait = {
	.name = "wait",
	.summary = "wait for processes that are no children",
	.operands = "TGID...",
	.about =
		"Waits until the first of these processes has ended, shows "
		"its obituary, and ends with its status, as a shell would: "
		"128 and the signal's number if one killed it. Of a zombie "
		"the status is told at once. None of them is reaped: that "
		"stays its parent's affair.\n"
		"Status 64: no process can be meant (a thread, 0). 69: there "
		"is no such process; the kernel can not tell whether there has "
		"been one. 124: --timeout. 125: obit itself has failed, or the "
		"status can not be had. 128 and the signal's number, too, if "
		"SIGINT or SIGTERM ended the waiting.\n"
		"Without the right to load BPF it still waits, and tells the "
		"status where the kernel keeps it: of a zombie of the same "
		"user, and from Linux 6.15 on of any process, once it has been "
		"reaped.",
	.examples = wait_examples,
	.groups = wait_groups,
	.opts_flags = OPTS_NUMBERS,
	.min_operands = 1,
	.max_operands = -1,
	.own_failure = OWN_FAILURE,
	.run = wait_run,
};
