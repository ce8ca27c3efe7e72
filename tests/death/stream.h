/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What obit wrote, read while it writes: obituaries indexed by identity and
 * left in the file (a storm has tens of thousands), other events kept.
 */
#ifndef DEATH_STREAM_H
#define DEATH_STREAM_H

#include <sys/types.h>

#include "death.h"

struct obit_rec {
	off_t off;
	unsigned int len;
	int tgid;
	u64 ticks;
	int next;		/* in its bucket, -1 ends */
};

struct event_rec {
	json_t *ev;
	bool used;		/* some case expected it */
};

#define KEYS 160

struct stream {
	int fd;
	off_t read;		/* bytes taken */
	char *buf;
	size_t have;
	struct obit_rec *recs;
	int nr_recs;
	int bucket[65536];
	struct event_rec *events;
	int nr_events;
	unsigned int lines, bad;
	char bad_line[256];	/* the first that is no JSON, and why */
	/* null rate: every key seen in an obituary, and in the
	 * objects of it as "parent.tgid" */
	char key[KEYS][48];
	unsigned int nulls[KEYS];
	int nr_keys;
	unsigned int exits, exit_value_null;
	/* Started while obit did: neither its programs nor its scan is sure to
	 * have met it. Its nulls are not counted. */
	u64 race_lo, race_hi;	/* CLOCK_BOOTTIME; until known, 0 and ~0 */
	int nr_racers;
};

int stream_open(struct stream *s, const char *path);
void stream_poll(struct stream *s);
/* Nth obituary (from 0) of this identity, NULL if there are no more. */
json_t *stream_obituary(struct stream *s, int tgid, u64 ticks, int nth);
int stream_count(struct stream *s, int tgid, u64 ticks);
/* Obituaries in which the key was null or absent. */
unsigned int stream_nulls(struct stream *s, const char *key);

#endif
