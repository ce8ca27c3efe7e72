/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enrich: what /proc, the cgroup folders, the kernel log and the clocks add to
 * the stream, as records of the stream.
 * Owns every question the collector asks of the system. Best effort: what can
 * not be read is left out, never guessed. Never used in a replay, where the
 * recorded answers come by themselves.
 */
#ifndef ENRICH_H
#define ENRICH_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "source/source.h"

struct enrich;

/* The answers go to `to`. NULL: no memory. Warns in one sentence where /proc
 * is not that of the initial pid namespace; then it is not read. */
struct enrich *enrich_new(const struct emit *to);
void enrich_free(struct enrich *e);	/* NULL is fine */

/* All return 0 or the negative errno that `to` returned. */

/* A CLOCK record if it is the first, or the offset or the zone has moved. */
int enrich_clock(struct enrich *e);
/* NAMED records of every cgroup there is, in every mounted hierarchy. */
int enrich_cgroups(struct enrich *e);
/* An EXEC record (SCANNED) for a process that was there before us. */
int enrich_task(struct enrich *e, const struct obit_task_seen *t);
/* A STATE record: is it a zombie still? */
int enrich_state(struct enrich *e, uint32_t tgid, uint64_t start_boottime);
/* After an OOM_VICTIM the kernel log is read at each enrich_kmsg() for a while:
 * OOM_LIMIT records. */
void enrich_expect_oom(struct enrich *e);
int enrich_kmsg(struct enrich *e);

#endif
