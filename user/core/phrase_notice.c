// SPDX-License-Identifier: GPL-2.0-only
/*
 * phrase_notice: a notice in words.
 * Owns how what is told beside obituaries is said to a person. Never escapes,
 * never colours, never does I/O.
 */
#include <string.h>
#include "core/phrase.h"
#include "lib/timefmt.h"

/* With the thread, where it is not the process's first: `app[500/502]`. */
static void add_thread(struct buf *out, const struct person *p)
{
	if (!p->tid || p->tid == p->tgid) {
		phrase_person(out, p);
		return;
	}
	buf_add(out, p->comm, strnlen(p->comm, sizeof(p->comm)));
	buf_printf(out, "[%u/%u]", p->tgid, p->tid);
}

static bool has(const struct notice *n, enum notice_have bit)
{
	return n->have >> bit & 1;
}

static void pdeath_send(struct buf *out, const struct notice *n)
{
	buf_adds(out, "parent death: ");
	if (n->process_alive)
		buf_adds(out, "thread ");
	add_thread(out, &n->who);
	/* which lives on, or exit_group() has not come to its others yet */
	buf_adds(out,
		 n->process_alive ? " ended before its process; " : " ended; ");
	buf_adds(out, phrase_signal(n->signal));
	buf_adds(out, n->denied ? " to " : " sent to ");
	add_thread(out, &n->target);
	if (n->denied)
		buf_adds(out, " was refused by the kernel");
}

static void hangup(struct buf *out, const struct notice *n)
{
	const char *kind = has(n, NB_KIND) && n->kind ? n->kind : "";

	buf_adds(out, "hang-up: ");
	if (!has(n, NB_WHO)) {
		buf_adds(out, "the terminal is gone");
	} else if (!strcmp(kind, "session_leader")) {
		buf_adds(out, "session leader ");
		phrase_person(out, &n->who);
		buf_adds(out, " ended");
	} else if (!strcmp(kind, "orphaned_pgrp")) {
		buf_adds(out, "stopped process group orphaned by the end of ");
		phrase_person(out, &n->who);
	} else {
		buf_adds(out, "terminal closed by ");
		phrase_person(out, &n->who);
	}
	buf_printf(out, "; %s sent to ", phrase_signal(n->signal));
	phrase_person(out, &n->target);
}

static void pdeath_set(struct buf *out, const struct notice *n)
{
	buf_adds(out, "parent death: ");
	add_thread(out, &n->who);
	if (!has(n, NB_SIGNAL)) {
		buf_adds(out, " asks for no signal any more");
		return;
	}
	buf_printf(out, " gets %s when ", phrase_signal(n->signal));
	if (has(n, NB_OTHER)) {
		buf_adds(out, "thread ");
		add_thread(out, &n->other);
	} else {
		buf_adds(out, "its parent");
	}
	buf_adds(out, " ends");
}

static void zombie(struct buf *out, const struct notice *n)
{
	buf_adds(out, "zombie: ");
	phrase_person(out, &n->who);
	if (has(n, NB_ZOMBIE_NS)) {
		buf_adds(out, " has been dead for ");
		phrase_duration(out, n->zombie_ns);
	} else {
		buf_adds(out, " is dead");
	}
	buf_adds(out, " and is not reaped");
	if (has(n, NB_OTHER)) {
		buf_adds(out, " by its parent ");
		phrase_person(out, &n->other);
	}
}

static void reaped(struct buf *out, const struct notice *n)
{
	char text[DURATION_MAX];

	buf_adds(out, "reaped: ");
	phrase_person(out, &n->who);
	if (has(n, NB_OTHER)) {
		buf_adds(out, " by ");
		phrase_person(out, &n->other);
	}
	if (has(n, NB_ZOMBIE_NS)) {
		buf_adds(out, " after ");
		buf_add(out, text,
			duration_format_err(text, n->zombie_ns,
					    n->zombie_err_ns));
	}
}

static void lost(struct buf *out, const struct notice *n)
{
	const char *kind = n->kind ? n->kind : "";
	const char *reason = n->reason ? n->reason : "";

	buf_printf(out, "lost%s: %llu ",
		   n->source == SOURCE_KMOD ? " by the module" : "",
		   (unsigned long long)n->count);
	if (!strcmp(kind, "obituary"))
		buf_adds(out, n->count == 1 ? "obituary" : "obituaries");
	else if (!strcmp(kind, "context"))
		buf_adds(out, n->count == 1 ? "fact that will be missing" :
					      "facts that will be missing");
	else
		buf_printf(out, "%s record%s", kind, n->count == 1 ? "" : "s");
	if (!strcmp(reason, "ring_full"))
		buf_adds(out,
			 n->source == SOURCE_KMOD ?
				 ": the ring was full" :
				 ": the buffer was full (--buffer makes it larger)");
	else if (!strcmp(reason, "map_full"))
		buf_adds(out, ": too many processes at once");
	else if (!strcmp(reason, "missed"))
		buf_adds(out, ": a probe did not run");
	else if (!strcmp(reason, "oversize") && !strcmp(kind, "signal"))
		buf_adds(out,
			 ": who ended had more children than are looked through");
	else if (!strcmp(reason, "oversize"))
		buf_adds(out, ": too long for a record");
	else if (*reason)
		buf_printf(out, ": %s", reason);
}

static void add_word_of(struct buf *out, struct span v)
{
	if (v.p)
		buf_add(out, v.p, v.len);
	else
		buf_adds(out, "nothing");
}

static void dissent(struct buf *out, const struct notice *n)
{
	buf_adds(out, "dissent: ");
	phrase_person(out, &n->who);
	if (n->key && !strcmp(n->key, "obituary")) {
		buf_printf(out, " was seen by %s alone",
			   n->bpf.p ? "bpf" : "kmod");
		return;
	}
	buf_printf(out, " %s: bpf says ", n->key ? n->key : "?");
	add_word_of(out, n->bpf);
	buf_adds(out, ", kmod ");
	add_word_of(out, n->kmod);
}

void phrase_notice(struct buf *out, const struct notice *n)
{
	switch (n->type) {
	case NOTICE_PDEATH_SET:
		pdeath_set(out, n);
		break;
	case NOTICE_PDEATH_CLEAR:
		buf_adds(out, "parent death: ");
		add_thread(out, &n->who);
		buf_adds(out, " has no signal armed any more");
		if (has(n, NB_REASON) && n->reason)
			buf_printf(out, " (%s)", n->reason);
		break;
	case NOTICE_PDEATH_SEND:
		pdeath_send(out, n);
		break;
	case NOTICE_HANGUP:
		hangup(out, n);
		break;
	case NOTICE_ZOMBIE:
		zombie(out, n);
		break;
	case NOTICE_REAPED:
		reaped(out, n);
		break;
	case NOTICE_DISSENT:
		dissent(out, n);
		break;
	case NOTICE_LOST:
		lost(out, n);
		break;
	case NOTICE_NR:
		break;
	}
}
