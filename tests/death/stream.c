// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads what obit writes, a line at a time, with a JSON parser that is not
 * obit's. Never judges what it reads but for its being JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define LINE_MAX_ (4 << 20)

int stream_open(struct stream *s, const char *path)
{
	memset(s, 0, sizeof(*s));
	memset(s->bucket, -1, sizeof(s->bucket));
	s->buf = malloc(LINE_MAX_);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

static int key_slot(struct stream *s, const char *key)
{
	for (int i = 0; i < s->nr_keys; i++)
		if (!strcmp(s->key[i], key))
			return i;
	if (s->nr_keys == KEYS || strlen(key) >= sizeof(s->key[0]))
		return -1;
	strcpy(s->key[s->nr_keys], key);
	/* every obituary before this one lacked it; of an object within one
	 * that is not known, and its own key counts */
	s->nulls[s->nr_keys] = strchr(key, '.') ? 0 : s->nr_recs - s->nr_racers;
	return s->nr_keys++;
}

static void count_object(struct stream *s, json_t *ob, const char *prefix,
			 bool *there)
{
	const char *key;
	json_t *val;
	char name[48];

	json_object_foreach(ob, key, val) {
		int i;

		snprintf(name, sizeof(name), "%s%.30s", prefix, key);
		i = key_slot(s, name);
		if (i >= 0)
			there[i] = !json_is_null(val);
		if (!*prefix && json_is_object(val)) {
			snprintf(name, sizeof(name), "%.14s.", key);
			count_object(s, val, name, there);
		}
	}
}

/* A key of an object that is null itself is no null of its own. */
static bool excused(const char *name, json_t *ob)
{
	const char *dot = strchr(name, '.');
	char top[48];

	if (!dot)
		return false;
	snprintf(top, sizeof(top), "%.*s", (int)(dot - name), name);
	return !json_is_object(json_object_get(ob, top));
}

static void count_nulls(struct stream *s, json_t *ob)
{
	bool there[KEYS] = { false };
	u64 start = json_integer_value(json_object_get(ob, "start_boottime"));

	if (start >= s->race_lo && start <= s->race_hi) {
		s->nr_racers++;
		return;
	}
	count_object(s, ob, "", there);
	for (int i = 0; i < s->nr_keys; i++)
		s->nulls[i] += !there[i] && !excused(s->key[i], ob);
	if (!(json_integer_value(json_object_get(ob, "exit_code")) & 0x7f)) {
		s->exits++;
		if (!json_is_integer(json_object_get(ob, "exit_value")))
			s->exit_value_null++;
	}
}

unsigned int stream_nulls(struct stream *s, const char *key)
{
	for (int i = 0; i < s->nr_keys; i++)
		if (!strcmp(s->key[i], key))
			return s->nulls[i];
	return s->nr_recs - s->nr_racers;
}

static void take_obituary(struct stream *s, json_t *ob, off_t off, size_t len)
{
	struct obit_rec *r;
	int b;

	count_nulls(s, ob);
	if (!(s->nr_recs & (s->nr_recs - 1)))
		s->recs = realloc(s->recs, (s->nr_recs ? 2 * s->nr_recs : 1) *
						   sizeof(*s->recs));
	r = &s->recs[s->nr_recs];
	r->off = off;
	r->len = len;
	r->tgid = json_integer_value(json_object_get(ob, "tgid"));
	r->ticks = json_integer_value(json_object_get(ob, "start_boottime")) /
		   (10 * MSEC);
	b = r->tgid & 0xffff;
	r->next = s->bucket[b];
	s->bucket[b] = s->nr_recs++;
}

static void take_line(struct stream *s, const char *line, size_t len, off_t off)
{
	json_error_t err;
	json_t *j = json_loadb(line, len, JSON_ALLOW_NUL, &err);
	const char *event = json_string_value(json_object_get(j, "event"));

	s->lines++;
	if (!event) {
		if (!s->bad++)
			snprintf(s->bad_line, sizeof(s->bad_line),
				 "line %u: %.100s: %.80s", s->lines,
				 j ? "no \"event\"" : err.text, line);
		json_decref(j);
		return;
	}
	if (!strcmp(event, "obituary")) {
		take_obituary(s, j, off, len);
		json_decref(j);
		return;
	}
	if (!(s->nr_events & (s->nr_events - 1)))
		s->events = realloc(s->events,
				    (s->nr_events ? 2 * s->nr_events : 1) *
					    sizeof(*s->events));
	s->events[s->nr_events++] = (struct event_rec){ j, false };
}

void stream_poll(struct stream *s)
{
	ssize_t n;

	while ((n = pread(s->fd, s->buf + s->have, LINE_MAX_ - s->have,
			  s->read + s->have)) > 0) {
		char *line = s->buf, *nl;

		s->have += n;
		while ((nl = memchr(line, '\n', s->buf + s->have - line))) {
			take_line(s, line, nl - line,
				  s->read + (line - s->buf));
			line = nl + 1;
		}
		n = line - s->buf;
		s->have -= n;
		s->read += n;
		memmove(s->buf, line, s->have);
		if (s->have == LINE_MAX_) {
			s->bad++;
			snprintf(s->bad_line, sizeof(s->bad_line),
				 "a line of more than %d bytes", LINE_MAX_);
			s->read += s->have;
			s->have = 0;
		}
	}
}

json_t *stream_obituary(struct stream *s, int tgid, u64 ticks, int nth)
{
	for (int i = s->bucket[tgid & 0xffff]; i >= 0; i = s->recs[i].next) {
		struct obit_rec *r = &s->recs[i];
		char *line;
		json_t *j;

		if (r->tgid != tgid || r->ticks != ticks || nth--)
			continue;
		line = malloc(r->len);
		if (pread(s->fd, line, r->len, r->off) != (ssize_t)r->len) {
			free(line);
			return NULL;
		}
		j = json_loadb(line, r->len, JSON_ALLOW_NUL, NULL);
		free(line);
		return j;
	}
	return NULL;
}

int stream_count(struct stream *s, int tgid, u64 ticks)
{
	int n = 0;

	for (int i = s->bucket[tgid & 0xffff]; i >= 0; i = s->recs[i].next)
		n += s->recs[i].tgid == tgid && s->recs[i].ticks == ticks;
	return n;
}
