/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake: a source that plays records from memory, for tests.
 * Never for anything else: no command names it.
 */
#ifndef SOURCE_FAKE_H
#define SOURCE_FAKE_H

#include <stddef.h>
#include "source/source.h"

/* What the next open() will play. */
struct fake_play {
	const void *records;	/* one after the other, 8-byte aligned; kept by
				 * pointer until close() */
	size_t len;		/* bytes */
	unsigned int batch;	/* records a read; 0: all */
	int error;		/* negative errno of the read after the last
				 * record; 0: the end, -ENODATA */
	enum tier tier;
	enum obituary_source source;
};

void fake_source_play(const struct fake_play *play);

#endif
