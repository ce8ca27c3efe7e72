/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * phrase: an obituary in words.
 * Owns how a cause, a fate and a notice are said to a person. The words hold
 * raw bytes of strangers: whoever prints them escapes (core/text.h). Never
 * does I/O, never colours.
 */
#ifndef CORE_PHRASE_H
#define CORE_PHRASE_H

#include "core/obituary.h"
#include "lib/buf.h"

/*
 * How it ended and why: `killed by SIGKILL from bash[412]`. The longest wording
 * of which the escaped form takes at most `width` columns is appended, or the
 * shortest one if none does. 0: the longest.
 */
void phrase_death(struct buf *out, const struct obituary *o, size_t width);
/* What became of its status: `reaped after 3 ms`; by whom, if it was not its
 * parent. width as above. */
void phrase_fate(struct buf *out, const struct obituary *o, size_t width);
/* A whole sentence without its full stop. */
void phrase_notice(struct buf *out, const struct notice *n);

/* `bash[412]`, `?` for nobody. */
void phrase_person(struct buf *out, const struct person *p);
/* `SIGKILL`; `a signal` for a number that is none. */
const char *phrase_signal(int32_t sig);
void phrase_duration(struct buf *out, uint64_t ns);

#endif
