/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames: the ring of /dev/obit as it is mapped, read in place.
 * Owns the walk from the cursor to the head, and the checks that keep it inside
 * the mapping. Never opens or maps anything: kdev does.
 */
#ifndef SOURCE_FRAMES_H
#define SOURCE_FRAMES_H

#include <stdint.h>
#include <uapi/obit_dev.h>
#include "source/source.h"

/*
 * @page:   the first page of the mapping, @ring what follows it
 * @bytes:  of the ring, a power of two
 * @cursor: the page the module reads our place from
 */
struct frames {
	const struct obit_ring_page *page;
	const char *ring;
	uint64_t bytes;
	struct obit_cursor_page *cursor;
};

/*
 * Gives every record that is ready, up to the head as it stands at the call;
 * each one's room is free again once it has been given. The number of records;
 * what `to` returned, if that is not 0 (that record has been given); -EBADMSG:
 * what stands at the cursor is no frame.
 */
int frames_read(struct frames *f, const struct emit *to);

/* The first record that waits, or NULL. Valid until frames_read(). */
const struct obit_hdr *frames_first(const struct frames *f);

#endif
