/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sent: the signals a process was sent that may turn out to have been its last.
 * Owns the choice which of them decided. Never says what a signal means: that
 * is cause.
 */
#ifndef CORE_SENT_H
#define CORE_SENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>

enum sent_rank {
	SENT_DECIDED,	/* the kernel had made up its mind as it was sent */
	SENT_SURE,	/* default action, not blocked: it kills */
	SENT_BLOCKED,	/* kills when unblocked, unless taken by sigwait */
	SENT_HANDLER,	/* blocked, with a handler: as above after an exec */
	SENT_DROPPED,	/* the kernel threw it away */
};

struct sent {
	struct sent *next;		/* oldest first */
	enum sent_rank rank;
	struct obit_signal s;
};

/* Keeps it if it can matter. 0 or -ENOMEM. */
int sent_keep(struct sent **list, const struct obit_signal *s);
void sent_free(struct sent *list);
/* The one that a death by `sig` is due to; NULL: none of them. */
const struct sent *sent_decider(const struct sent *list, uint32_t sig);

#endif
