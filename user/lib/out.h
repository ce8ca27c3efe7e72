/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * out: getting every byte out, or saying that it could not be.
 * Owns short writes, EINTR and the closed pipe. Never exits, never logs.
 */
#ifndef LIB_OUT_H
#define LIB_OUT_H

#include <stddef.h>
#include "buf.h"

/* Once, at start: a closed stdout must be an error that can be told, not a
 * silent death by SIGPIPE. Children of ours get all as it was (out_child). */
void out_init(void);
void out_child(void);	/* after fork, before exec */

/* All of it: 0, or negative errno (-EPIPE, -ENOSPC, ...). A non-blocking fd is
 * waited for. */
int out_write(int fd, const void *p, size_t len);
/* The same from a buffer, which is emptied on success; b->err counts. */
int out_flush(int fd, struct buf *b);

/* Why it failed, as the end of a sentence: "cannot write to standard output:
 * whoever read it has closed it". */
const char *out_why(int err);

#endif
