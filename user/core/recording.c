// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording: the head of a file that holds a recorded stream.
 * Owns its layout and the sentences by which a file is refused. Never does I/O.
 */
#include <errno.h>
#include "core/recording.h"

/* No record is longer, so no head may be: it bounds what a reader must hold. */
#define HEAD_MAX 4096

_Static_assert(sizeof(struct recording_head) == 152 &&
		       sizeof(struct recording_head) % 8 == 0,
	       "the head is part of the format");

void recording_head_init(struct recording_head *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, RECORDING_MAGIC, sizeof(h->magic));
	h->order = RECORDING_ORDER;
	h->head_len = sizeof(*h);
	h->abi_version = OBIT_ABI_VERSION;
	h->abi_compat = OBIT_ABI_COMPAT;
}

int recording_head_check(struct recording_head *h, const void *p, size_t avail,
			 struct buf *why)
{
	size_t known = avail < sizeof(*h) ? avail : sizeof(*h);
	size_t magic = avail < sizeof(h->magic) ? avail : sizeof(h->magic);

	memset(h, 0, sizeof(*h));
	memcpy(h, p, known);
	if (memcmp(h->magic, RECORDING_MAGIC, magic)) {
		buf_adds(why, "it is not a recording made by obit");
		return -EBADMSG;
	}
	if (avail < sizeof(*h))
		return -EAGAIN;
	if (h->order == __builtin_bswap32(RECORDING_ORDER)) {
		buf_adds(why,
			 "it was recorded on a machine of the other byte order");
		return -EPROTO;
	}
	if (h->order != RECORDING_ORDER || h->head_len < sizeof(*h) ||
	    h->head_len > HEAD_MAX || h->head_len % 8 ||
	    h->abi_compat > h->abi_version || !h->abi_compat ||
	    h->tier >= TIER_NR || h->source >= SOURCE_NR ||
	    h->boot_id[sizeof(h->boot_id) - 1] ||
	    h->release[sizeof(h->release) - 1]) {
		buf_adds(why, "its head is damaged");
		return -EBADMSG;
	}
	if (h->abi_compat > OBIT_ABI_VERSION) {
		buf_printf(why,
			   "it needs a newer obit: its records are of version %u, readable from %u on, and this obit knows %u",
			   h->abi_version, h->abi_compat, OBIT_ABI_VERSION);
		return -EPROTO;
	}
	return avail < h->head_len ? -EAGAIN : 0;
}
