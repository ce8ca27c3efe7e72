/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * line: an obituary as one line of JSON.
 * Owns the nesting of dotted keys. Never lists a key: the field table does;
 * never writes to a file.
 */
#ifndef SINK_LINE_H
#define SINK_LINE_H

#include "core/obituary.h"
#include "lib/buf.h"

struct line;

struct line *line_new(void);		/* NULL: no memory, see line_new() */
void line_free(struct line *l);		/* NULL is fine */

/* Appends the line with its '\n'; without memory out->err says so. Remembers
 * it, for the next one will be much like it. */
void line_add(struct line *l, struct buf *out, const struct obituary *o);

#endif
