/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event: name, least size and validation of every record type of the ABI.
 * The gate every stream passes before the join sees it. Never interprets.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stddef.h>
#include <uapi/obit.h>

const char *event_name(unsigned int type);	/* NULL: not of this version */

/*
 * Is the record at p, of which `avail` bytes are readable, whole and sane?
 * Returns its length (> 0); 0 if it is whole but of a type this version does
 * not know (skip hdr.len bytes); -EAGAIN if more than `avail` bytes are needed
 * (a file cut short); -EBADMSG if it can not be a record. Checks alignment,
 * length against type, inner lengths (exe_len, args_len, path_len), and that
 * char arrays and enums are in range. p must be 8-byte aligned.
 */
long event_check(const void *p, size_t avail);

#endif
