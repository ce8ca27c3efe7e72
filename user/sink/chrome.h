/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chrome: deaths as a timeline, in the trace event format that ui.perfetto.dev
 * and chrome://tracing read: a process a line, grouped by parent, with its
 * life, the phases of its teardown and its time as a zombie; signals as
 * instants, and an arrow from killer to victim. Written as it comes.
 * Owns the ids, which are its own: a pid can be another's the next moment.
 * Never remembers more than a bounded number of processes.
 */
#ifndef SINK_CHROME_H
#define SINK_CHROME_H

#include "core/obituary.h"
#include "core/profile/held.h"

struct chrome;

/* Errors are negative errnos, not told. fd stays the caller's to close. */
int chrome_open(struct chrome **c, int fd);
/* Every record: when it began, and how far it is. */
void chrome_record(struct chrome *c, const struct obit_hdr *h);
/* held: the signals it was sent, or NULL. */
int chrome_obituary(struct chrome *c, const struct obituary *o,
		    const struct held *held);
int chrome_flush(struct chrome *c);
/* Writes what is left, and frees it. NULL is fine. */
int chrome_close(struct chrome *c);

#endif
