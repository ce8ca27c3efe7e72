/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording: the head of a file that holds a recorded stream.
 * Owns its layout and the sentences by which a file is refused. What follows
 * the head is records of the ABI, one behind the other, each 8-byte aligned.
 * Never does I/O.
 */
#ifndef CORE_RECORDING_H
#define CORE_RECORDING_H

#include <stddef.h>
#include <stdint.h>
#include "core/obituary.h"
#include "lib/buf.h"

#define RECORDING_MAGIC "obit\r\n\x1a\n"	/* text modes and pagers spoil it */
#define RECORDING_ORDER 0x01020304u

/*
 * @head_len: bytes before the first record, multiple of 8: later versions may
 *            append to the head
 * @real_ns, @boot_ns: CLOCK_REALTIME and CLOCK_BOOTTIME when it was opened
 * @boot_id:  of the kernel that was watched, 36 characters: start_boottime
 *            means nothing beside that of another boot
 */
struct recording_head {
	char magic[8];
	uint32_t order;
	uint32_t head_len;
	uint32_t abi_version, abi_compat;
	uint32_t tier;			/* enum tier */
	uint32_t source;		/* enum obituary_source */
	uint64_t real_ns, boot_ns;
	char boot_id[40];		/* NUL-padded; empty: not known */
	char release[64];		/* uname -r; NUL-padded */
};

void recording_head_init(struct recording_head *h);

/*
 * Checks the first `avail` bytes of a file. 0: good, h filled in (newer heads
 * are cut to what this version knows). -EAGAIN: more bytes are needed.
 * -EBADMSG: no recording, or a damaged one; -EPROTO: one that this version may
 * not read; then the end of a sentence is in why: "it is not a recording".
 */
int recording_head_check(struct recording_head *h, const void *p, size_t avail,
			 struct buf *why);

#endif
