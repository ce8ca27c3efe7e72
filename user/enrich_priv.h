/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enrich_priv: what the files of enrich share. Nobody else includes it.
 * Never declares what the pipeline may call: that is enrich.h.
 */
#ifndef ENRICH_PRIV_H
#define ENRICH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "lib/buf.h"
#include "source/source.h"

struct enrich {
	const struct emit *to;
	struct obit_hdr *rec;		/* OBIT_RECORD_MAX bytes, the next record */
	struct buf args;
	bool own_proc;			/* /proc shows what is watched */
	int kmsg;			/* -1: not readable */
	uint64_t kmsg_until;		/* boot ns; 0: nothing expected */
	bool clock_told;
	int64_t clock_offset;
	long zone;
	time_t zone_minute;
};

void *enrich_begin(struct enrich *e, enum obit_event type, size_t len);
int enrich_emit(struct enrich *e);

#endif
