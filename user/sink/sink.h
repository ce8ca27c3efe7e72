/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink: where obituaries, notices and raw records go. One file a sink, each
 * exporting a `const struct sink_type`. A sink knows core types and nothing of
 * sources.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stdint.h>
#include <uapi/obit.h>
#include "core/obituary.h"

struct sink_opts {
	const char *path;		/* file; NULL or "-": fd 1 */
	int fd;				/* where path is NULL; -1: stdout */
	bool colour;
	unsigned int width;		/* columns; 0: not limited */
	bool header;
	bool late_header;		/* with the first line: there may be none */
	bool teardown;			/* it was asked where ends spend their time */
	bool line_flush;		/* a person or a pipe is waiting for each line */
	enum tier tier;			/* of the source: the file sink notes them */
	enum obituary_source source;
	/* Name of a real uid, valid until the next call; NULL, as is the
	 * function itself where names would be another machine's: none. */
	const char *(*user_name)(uint32_t uid);
};

struct sink;

/* Every call returns 0 or a negative errno: -EPIPE means the reader has gone. */
struct sink_type {
	const char *name;
	int (*open)(struct sink **s, const struct sink_opts *o);
	/* NULL: not for this sink. */
	int (*event)(struct sink *s, const struct obit_hdr *h);
	int (*obituary)(struct sink *s, const struct obituary *o);
	int (*notice)(struct sink *s, const struct notice *n);
	int (*resize)(struct sink *s, unsigned int width);
	/* Never NULL. */
	int (*flush)(struct sink *s);
	int (*close)(struct sink *s);	/* flushes; reports what flush would */
};

extern const struct sink_type table_sink, json_sink, file_sink;

#endif
