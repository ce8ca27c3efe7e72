// SPDX-License-Identifier: GPL-2.0-only
/*
 * phrase: an obituary in words.
 * Owns how a cause and a fate are said to a person; phrase_notice.c has the rest.
 * Never escapes, never colours, never does I/O.
 */
#include <string.h>
#include "core/phrase.h"
#include "core/status.h"
#include "core/text.h"
#include "lib/timefmt.h"
#include "lib/utf8.h"

/* Wordings of one thing, the longest first. */
#define WORDINGS_MAX 4

struct wordings {
	struct buf w[WORDINGS_MAX];
	size_t nr;
};

static struct buf *word(struct wordings *ws)
{
	return &ws->w[ws->nr < WORDINGS_MAX ? ws->nr++ : WORDINGS_MAX - 1];
}

static size_t columns(const struct buf *b)
{
	struct buf escaped = BUF_INIT;
	size_t cols;

	text_escape(&escaped, b->p, b->len);
	cols = utf8_width(escaped.p, escaped.len);
	buf_free(&escaped);
	return cols;
}

static void choose(struct buf *out, struct wordings *ws, size_t width)
{
	size_t i = 0;

	while (width && i + 1 < ws->nr && columns(&ws->w[i]) > width)
		i++;
	buf_add(out, ws->w[i].p, ws->w[i].len);
	for (i = 0; i < WORDINGS_MAX; i++)
		buf_free(&ws->w[i]);
}

static void add_comm(struct buf *out, const char comm[OBIT_COMM_LEN])
{
	buf_add(out, comm, strnlen(comm, OBIT_COMM_LEN));
}

void phrase_person(struct buf *out, const struct person *p)
{
	if (!p->tgid && !p->comm[0]) {
		buf_addc(out, '?');
		return;
	}
	add_comm(out, p->comm);
	if (p->tgid)
		buf_printf(out, "[%u]", p->tgid);
}

const char *phrase_signal(int32_t sig)
{
	const char *name = signal_name(sig);

	return name ? name : "a signal";
}

static const char *core(const struct obituary *o)
{
	return obituary_has(o, OB_CORE) && o->core_dumped ? ", core dumped" :
							    "";
}

void phrase_duration(struct buf *out, uint64_t ns)
{
	char text[DURATION_MAX];

	buf_add(out, text, duration_format(text, ns));
}

/* --- exits ------------------------------------------------------------------------ */

static void add_exit(struct buf *out, const struct obituary *o)
{
	if (obituary_has(o, OB_EXIT_CODE))
		status_phrase(out, o->exit_code,
			      obituary_has(o, OB_EXIT_VALUE) ? &o->exit_value :
							       NULL);
	else
		buf_adds(out, "ended, status unknown");
}

static void word_exit(struct wordings *ws, const struct obituary *o)
{
	const char *sig = phrase_signal(o->asked_by.signal);
	struct buf *b;

	if (!obituary_has(o, OB_ASKED_BY)) {
		add_exit(word(ws), o);
		if (obituary_has(o, OB_EXIT_STATUS) && o->truncated)
			buf_printf(word(ws), "exit %d, parent sees %u",
				   o->exit_value, o->exit_status);
		else if (obituary_has(o, OB_EXIT_STATUS))
			buf_printf(word(ws), "exit %u", o->exit_status);
		return;
	}
	b = word(ws);
	add_exit(b, o);
	buf_adds(b, ", ");
	phrase_duration(b, o->asked_by.age_ns);
	buf_printf(b, " after %s from ", sig);
	phrase_person(b, &o->asked_by);
	b = word(ws);
	add_exit(b, o);
	buf_printf(b, " after %s from ", sig);
	phrase_person(b, &o->asked_by);
	b = word(ws);
	add_exit(b, o);
	buf_printf(b, " after %s", sig);
}

/* --- signals ------------------------------------------------------------------------ */

/* How a death is said that another process is to blame for. */
struct blame {
	const char *before, *after;	/* killed by SIGX BEFORE name[1] AFTER */
	const char *shortly, *then;	/* SIGX SHORTLY name[1] THEN */
	const char *brief;		/* SIGX BRIEF */
};

/* clang-format off */
static const struct blame blames[CAUSE_NR] = {
	[CAUSE_SIGNAL] = { " from ", "", " from ", "", "" },
	[CAUSE_PDEATH] = { " as its parent ", " ended", ": parent ", " ended",
			   ": parent ended" },
	[CAUSE_HANGUP] = { " as its terminal hung up: end of ", "",
			   ", terminal hung up: ", "", ", hung up" },
	[CAUSE_ORPHANED_PGRP] = { ", its group orphaned by the end of ", "",
				  ", orphaned by ", "", ", orphaned" },
	[CAUSE_PIDNS] = { " with its pid namespace: end of ", "",
			  " with pid ns of ", "", " with its pid ns" },
	[CAUSE_EXITKILL] = { " as its tracer ", " ended", ": tracer ",
			     " ended", ": tracer ended" },
	[CAUSE_CGROUP_KILL] = { " to its whole cgroup from ", "",
				" to cgroup from ", "", " to its cgroup" },
	[CAUSE_PIDFD_AUTOKILL] = { " as ", " closed its pidfd", ": ",
				   " closed its pidfd", ": pidfd closed" },
};

/* It has not ended: it closed the master of a pty, or called vhangup(2). */
static const struct blame hung_up = {
	" as its terminal was hung up by ", "",
	", terminal hung up by ", "", ", hung up"
};
/* clang-format on */

static void add_thread_id(struct buf *out, const struct person *p,
			  const char *main_thread)
{
	if (p->tid == p->tgid)
		buf_adds(out, main_thread);
	else
		buf_printf(out, "thread %u", p->tid);
}

/*
 * The kernel sends it as the thread ends that forked, or traced, it: what is
 * left of that process may go on.
 */
static void word_thread(struct wordings *ws, const struct obituary *o,
			const char *role)
{
	const char *sig = phrase_signal(o->signal);
	struct buf *b;

	b = word(ws);
	buf_printf(b, "killed by %s as ", sig);
	add_thread_id(b, &o->killer, "the main thread");
	buf_printf(b, " of its %s ", role);
	phrase_person(b, &o->killer);
	buf_printf(b, " ended%s", core(o));
	b = word(ws);
	buf_printf(b, "%s: ", sig);
	add_thread_id(b, &o->killer, "main thread");
	buf_printf(b, " of %s ", role);
	phrase_person(b, &o->killer);
	buf_adds(b, " ended");
	buf_printf(word(ws), "%s: %s thread ended", sig, role);
}

static void word_blame(struct wordings *ws, const struct obituary *o)
{
	const struct blame *how = &blames[o->cause];
	const char *sig = phrase_signal(o->signal);
	struct buf *b;

	if (o->killer_lives &&
	    (o->cause == CAUSE_PDEATH || o->cause == CAUSE_EXITKILL)) {
		word_thread(ws, o,
			    o->cause == CAUSE_PDEATH ? "parent" : "tracer");
		return;
	}
	if (o->killer_lives && o->cause == CAUSE_HANGUP)
		how = &hung_up;
	if (!how->before)
		how = &blames[CAUSE_SIGNAL];
	b = word(ws);
	buf_printf(b, "killed by %s%s", sig, how->before);
	phrase_person(b, &o->killer);
	buf_printf(b, "%s%s", how->after, core(o));
	b = word(ws);
	buf_printf(b, "%s%s", sig, how->shortly);
	phrase_person(b, &o->killer);
	buf_adds(b, how->then);
	buf_printf(word(ws), "%s%s%s", *how->brief ? "" : "killed by ", sig,
		   how->brief);
}

static void word_signal(struct wordings *ws, const struct obituary *o)
{
	const char *sig = phrase_signal(o->signal);
	struct buf *b;

	if (!obituary_has(o, OB_KILLER)) {
		buf_printf(word(ws), "killed by %s: %s%s", sig,
			   signal_about(o->signal), core(o));
		buf_printf(word(ws), "killed by %s%s", sig, core(o));
		return;
	}
	if (obituary_has(o, OB_ASKED_BY)) {
		/* The stop that took too long: SIGTERM, a while, SIGKILL. */
		b = word(ws);
		buf_printf(b, "killed by %s from ", sig);
		phrase_person(b, &o->killer);
		buf_addc(b, ',');
		buf_addc(b, ' ');
		phrase_duration(b, o->asked_by.age_ns);
		buf_printf(b, " after %s", phrase_signal(o->asked_by.signal));
	}
	word_blame(ws, o);
}

/* The last name of a path: what people call a cgroup by. */
static void add_leaf(struct buf *out, struct span path)
{
	size_t at = path.len;

	while (at && path.p[at - 1] != '/')
		at--;
	if (at > 1)
		buf_adds(out, "\xe2\x80\xa6/");
	else
		at = 0;
	buf_add(out, path.p + at, path.len - at);
}

static void word_oom(struct wordings *ws, const struct obituary *o)
{
	struct span cg = o->oom.cgroup;
	struct buf *b;

	if (obituary_has(o, OB_OOM_CGROUP) && cg.len == 1 && *cg.p == '/') {
		buf_adds(word(ws), "out of memory (whole machine)");
	} else if (obituary_has(o, OB_OOM_CGROUP)) {
		b = word(ws);
		buf_adds(b, "out of memory (cgroup ");
		buf_add(b, cg.p, cg.len);
		buf_addc(b, ')');
		b = word(ws);
		buf_adds(b, "out of memory (cgroup ");
		add_leaf(b, cg);
		buf_addc(b, ')');
	}
	buf_adds(word(ws), "out of memory");
}

static void word_fault(struct wordings *ws, const struct obituary *o)
{
	const char *sig = phrase_signal(o->signal);

	buf_printf(word(ws), "crashed by %s: %s%s", sig,
		   signal_about(o->signal), core(o));
	buf_printf(word(ws), "crashed by %s%s", sig, core(o));
	buf_printf(word(ws), "crashed by %s", sig);
}

static void word_terminal(struct wordings *ws, const struct obituary *o)
{
	const char *sig = phrase_signal(o->signal);
	struct buf *b;

	b = word(ws);
	buf_printf(b, "killed by %s from terminal", sig);
	if (obituary_has(o, OB_TTY)) {
		buf_addc(b, ' ');
		buf_add(b, o->tty.p, o->tty.len);
	}
	buf_adds(b, core(o));
	buf_printf(word(ws), "%s from the terminal", sig);
}

static void word_killed(struct wordings *ws, const struct obituary *o)
{
	const char *sig = phrase_signal(o->signal);

	switch (o->cause) {
	case CAUSE_OOM:
		word_oom(ws, o);
		break;
	case CAUSE_PDEATH:
	case CAUSE_HANGUP:
	case CAUSE_ORPHANED_PGRP:
	case CAUSE_PIDNS:
	case CAUSE_EXITKILL:
	case CAUSE_CGROUP_KILL:
	case CAUSE_PIDFD_AUTOKILL:
		word_blame(ws, o);
		break;
	case CAUSE_TERMINAL:
		word_terminal(ws, o);
		break;
	case CAUSE_SECCOMP:
		buf_printf(word(ws), "killed by seccomp (%s)%s", sig, core(o));
		buf_adds(word(ws), "killed by seccomp");
		break;
	case CAUSE_OOPS:
		buf_printf(word(ws), "killed by a kernel oops (%s)", sig);
		buf_adds(word(ws), "kernel oops");
		break;
	case CAUSE_FAULT:
		word_fault(ws, o);
		break;
	case CAUSE_SELF:
		buf_printf(word(ws), "killed itself by %s%s", sig, core(o));
		buf_printf(word(ws), "killed itself, %s", sig);
		break;
	case CAUSE_UNKNOWN:
		buf_printf(word(ws), "killed by %s, sender unknown%s", sig,
			   core(o));
		buf_printf(word(ws), "killed by %s", sig);
		break;
	case CAUSE_SIGNAL:
	case CAUSE_EXIT:
	case CAUSE_NR:
		word_signal(ws, o);
		break;
	}
}

void phrase_death(struct buf *out, const struct obituary *o, size_t width)
{
	struct wordings ws = { .nr = 0 };

	if (obituary_has(o, OB_SIGNAL))
		word_killed(&ws, o);
	else
		word_exit(&ws, o);
	choose(out, &ws, width);
}

/* --- fate ------------------------------------------------------------------------------ */

static void add_zombie_time(struct buf *b, const struct obituary *o)
{
	char text[DURATION_MAX];
	size_t len;

	if (!obituary_has(o, OB_ZOMBIE_NS))
		return;
	len = duration_format_err(text, o->zombie_ns, o->zombie_err_ns);
	/* "in < 20 ms", "after 3.4 s": the one is a promptness, the other not. */
	buf_adds(b, *text == '<' ? " in " : " after ");
	buf_add(b, text, len);
}

static bool by_parent(const struct obituary *o)
{
	return obituary_has(o, OB_REAPED_BY) && obituary_has(o, OB_PARENT) &&
	       o->reaped_by.tgid == o->parent.tgid;
}

static void word_waited(struct wordings *ws, const struct obituary *o,
			const char *verb)
{
	struct buf *b;

	if (obituary_has(o, OB_REAPED_BY) && !by_parent(o)) {
		b = word(ws);
		buf_printf(b, "%s by ", verb);
		phrase_person(b, &o->reaped_by);
		add_zombie_time(b, o);
		b = word(ws);
		buf_printf(b, "%s by ", verb);
		phrase_person(b, &o->reaped_by);
	}
	b = word(ws);
	buf_adds(b, verb);
	add_zombie_time(b, o);
	buf_adds(word(ws), verb);
}

void phrase_fate(struct buf *out, const struct obituary *o, size_t width)
{
	struct wordings ws = { .nr = 0 };

	switch (o->fate) {
	case FATE_WAITED:
		word_waited(&ws, o, "reaped");
		break;
	case FATE_PTRACE_WAITED:
		word_waited(&ws, o, "reaped by tracer");
		break;
	case FATE_AUTOREAPED:
		buf_adds(word(&ws), "reaped by the kernel");
		buf_adds(word(&ws), "autoreaped");
		break;
	case FATE_ZOMBIE:
		buf_adds(word(&ws), "still a zombie");
		break;
	case FATE_UNKNOWN:
	case FATE_NR:
		buf_adds(word(&ws), "fate unknown");
		break;
	}
	choose(out, &ws, width);
}
