// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wanted JSON against JSON got. Values compare exactly, an object may hold
 * more keys than wanted; a matcher is an object whose key begins with $.
 * Knows nothing of obituaries but the names of two neighbours ($zombie, $args).
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "match.h"

json_t *m_range(s64 lo, s64 hi)
{
	return json_pack("{s:[I,I]}", "$range", (json_int_t)lo, (json_int_t)hi);
}

json_t *m_any(const char *why)
{
	return json_pack("{s:s}", "$any", why);
}

json_t *m_some(const char *why)
{
	return json_pack("{s:s}", "$some", why);
}

json_t *m_or(json_t *a, json_t *b)
{
	return json_pack("{s:[o,o]}", "$oneof", a, b);
}

json_t *m_tier(json_t *tracepoints, json_t *fentry)
{
	return json_pack("{s:{s:o,s:o}}", "$tier", "tracepoints", tracepoints,
			 "fentry", fentry);
}

json_t *m_ticks(u64 ticks)
{
	return json_pack("{s:I}", "$ticks", (json_int_t)ticks);
}

json_t *m_bytes(const void *buf, size_t len)
{
	json_t *s = json_stringn(buf, len), *m;
	char *hex;

	if (s)
		return s;
	hex = malloc(2 * len + 1);
	for (size_t i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", ((const unsigned char *)buf)[i]);
	m = json_pack("{s:s}", "$bytes", hex);
	free(hex);
	return m;
}

/* The contract names no form: pts/3, /dev/pts/3 and the kernel's own pts3
 * all name one terminal and no other. */
json_t *m_tty(unsigned int nr)
{
	unsigned int maj = nr >> 8 & 0xfff;
	unsigned int min = (nr & 0xff) | (nr >> 12 & 0xfff00);
	char path[64], line[128], name[64] = "";
	FILE *f;

	if (!nr)
		return json_null();
	if (maj >= 136 && maj <= 143) {
		snprintf(name, sizeof(name), "pts/%u", (maj - 136) * 256 + min);
	} else {
		snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/uevent", maj,
			 min);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			sscanf(line, "DEVNAME=%63s", name);
		if (f)
			fclose(f);
	}
	if (!name[0])
		return m_some("a terminal /sys cannot name");
	return json_pack("{s:s}", "$tty", name);
}

json_t *m_teardown(const char *most, s64 lo, s64 hi)
{
	return json_pack("{s:{s:s?,s:[I,I]}}", "$teardown", "most", most,
			 "range", (json_int_t)lo, (json_int_t)hi);
}

json_t *m_asleep(json_t *teardown)
{
	json_object_set_new(json_object_get(teardown, "$teardown"), "asleep",
			    json_true());
	return teardown;
}

json_t *m_whole(json_t *teardown, s64 lo, s64 hi)
{
	json_object_set_new(json_object_get(teardown, "$teardown"), "whole",
			    json_pack("[I,I]", (json_int_t)lo, (json_int_t)hi));
	return teardown;
}

const char *matcher_of(json_t *want, json_t **arg)
{
	const char *key;
	json_t *val;

	if (!json_is_object(want) || json_object_size(want) != 1)
		return NULL;
	json_object_foreach(want, key, val) {
		if (key[0] != '$')
			return NULL;
		*arg = val;
		return key;
	}
	return NULL;
}

static void differ(struct match *m, const char *path, json_t *want, json_t *got)
{
	char *w = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
	char *g = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) :
			strdup("nothing");
	char *line;

	if (asprintf(&line, "%s: expected %.400s, got %.400s", path,
		     w ? w : "?", g ? g : "?") >= 0) {
		json_array_append_new(m->errs, json_string(line));
		if (!m->err[0])
			snprintf(m->err, sizeof(m->err), "%s", line);
		free(line);
	}
	free(w);
	free(g);
}

static bool in_range(json_t *range, s64 n)
{
	return n >= json_integer_value(json_array_get(range, 0)) &&
	       n <= json_integer_value(json_array_get(range, 1));
}

/* RFC 3339 with 9 digits of fraction and a zone, to ns since the epoch. */
static bool parse_time(const char *s, s64 *ns)
{
	struct tm tm = { 0 };
	const char *p = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int digits = 0, zh, zm;
	s64 frac = 0, zone = 0;

	if (!p || *p++ != '.')
		return false;
	for (; *p >= '0' && *p <= '9'; p++, digits++)
		frac = frac * 10 + *p - '0';
	if (digits != 9)
		return false;
	if (*p == '+' || *p == '-') {
		if (sscanf(p + 1, "%2d:%2d", &zh, &zm) != 2 || strlen(p) != 6)
			return false;
		zone = (zh * 60 + zm) * 60 * (*p == '-' ? -1 : 1);
	} else if (strcmp(p, "Z")) {
		return false;
	}
	*ns = (timegm(&tm) - zone) * SEC + frac;
	return true;
}

/*
 * Tracepoints see the free record, 10 to 50 ms after the release: zombie_ns is
 * an upper limit there and the truth lies within its stated error below. Exact
 * hooks state no error, so only the clock reads round the truth give room.
 */
static bool match_zombie(struct match *m, json_t *range, json_t *got,
			 json_t *ctx)
{
	json_t *jerr = json_object_get(ctx, "zombie_err_ns");
	s64 lo = json_integer_value(json_array_get(range, 0));
	s64 hi = json_integer_value(json_array_get(range, 1));
	s64 ns = json_integer_value(got), err = json_integer_value(jerr);

	if (!json_is_integer(got) || !json_is_integer(jerr) || ns < 0 ||
	    err < 0 || err > ns)
		return false;
	if (!strcmp(m->tier, "fentry") && err)
		return false;
	return ns >= lo && ns - err <= hi;
}

static size_t unhex(const char *hex, char *out)
{
	size_t n = 0;
	unsigned int b;

	for (; hex[0] && hex[1]; hex += 2) {
		if (sscanf(hex, "%2x", &b) != 1)
			break;
		out[n++] = b;
	}
	return n;
}

static bool match_bytes(const char *hex, json_t *got, json_t *ctx,
			const char *key)
{
	char name[64];
	const char *h;

	snprintf(name, sizeof(name), "%s_hex", key);
	h = json_string_value(json_object_get(ctx, name));
	return json_is_string(got) && h && !strcasecmp(h, hex) &&
	       strstr(json_string_value(got), "\xef\xbf\xbd");
}

/* One argument may be U+FFFD where args_hex holds it: an array beside args or
 * one string with the whole. */
static size_t args_join(json_t *got, json_t *ctx, char *out, size_t size)
{
	json_t *hex = json_object_get(ctx, "args_hex"), *a;
	size_t i, n = 0;

	if (json_is_string(hex) && json_string_length(hex) / 2 < size)
		return unhex(json_string_value(hex), out);
	json_array_foreach(got, i, a) {
		const char *h = json_string_value(json_array_get(hex, i));
		size_t len = h ? strlen(h) / 2 : json_string_length(a);

		if (!json_is_string(a) || n + len + 1 > size)
			return 0;
		if (h)
			unhex(h, out + n);
		else
			memcpy(out + n, json_string_value(a), len);
		n += len;
		out[n++] = 0;
	}
	return n;
}

/* What is kept must be how it began, and args_cut the rest, give or take the
 * final NUL. */
static bool match_args(const char *hex, json_t *got, json_t *ctx)
{
	size_t len = strlen(hex) / 2, n, size = 1 << 20;
	s64 cut = json_integer_value(json_object_get(ctx, "args_cut"));
	char *want = malloc(len + 2), *have = malloc(size);
	bool ok;

	len = unhex(hex, want);
	if (len && want[len - 1])
		want[len++] = 0;
	n = args_join(got, ctx, have, size);
	ok = json_is_array(got) && n && n <= len + 1;
	if (ok && !cut)
		ok = n == len && !memcmp(want, have, len);
	else if (ok)
		ok = !memcmp(want, have, n - 1) && cut > 0 &&
		     (s64)(n + cut) >= (s64)len - 1 &&
		     (s64)(n + cut) <= (s64)len + 1;
	free(want);
	free(have);
	return ok;
}

static bool match_tty(const char *name, json_t *got)
{
	const char *s = json_string_value(got);
	unsigned int nr;
	char flat[32];

	if (!s)
		return false;
	if (!strncmp(s, "/dev/", 5))
		s += 5;
	if (sscanf(name, "pts/%u", &nr) == 1) {
		snprintf(flat, sizeof(flat), "pts%u", nr);
		if (!strcmp(s, flat))
			return true;
	}
	return !strcmp(s, name);
}

static s64 number(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool listed(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = names; (at = strstr(at, name)); at++)
		if ((at == names || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* To the nanosecond, and nothing slept for longer than it lasted. */
static bool teardown_adds_up(json_t *got)
{
	json_t *phases = json_object_get(got, "phases"), *v;
	json_t *off = json_object_get(got, "off_cpu");
	s64 sum = 0, asleep = 0;
	const char *key;

	if (!json_is_object(phases) || !json_object_size(phases))
		return false;
	json_object_foreach(phases, key, v)
		sum += json_integer_value(v);
	json_object_foreach(off, key, v) {
		asleep += json_integer_value(v);
		if (json_integer_value(v) > number(phases, key) ||
		    json_integer_value(v) < 0)
			return false;
	}
	return sum == number(got, "kernel_ns") &&
	       (json_is_null(off) || asleep == number(got, "off_cpu_ns"));
}

static bool match_teardown(json_t *arg, json_t *got)
{
	json_t *whole = json_object_get(arg, "whole"), *v;
	const char *most = json_string_value(json_object_get(arg, "most"));
	const char *key, *longest = "";
	s64 ns = -1, asleep;

	if (!teardown_adds_up(got))
		return false;
	json_object_foreach(json_object_get(got, "phases"), key, v) {
		if (json_integer_value(v) <= ns)
			continue;
		ns = json_integer_value(v);
		longest = key;
	}
	if (whole && !in_range(whole, number(got, "kernel_ns")))
		return false;
	if (!most)
		return true;
	asleep = number(json_object_get(got, "off_cpu"), longest);
	/* What comes before and after the sleep may find no CPU. */
	return listed(most, longest) &&
	       in_range(json_object_get(arg, "range"), ns) &&
	       (!json_object_get(arg, "asleep") ||
		in_range(json_object_get(arg, "range"), asleep));
}

static int match_value(struct match *m, const char *path, const char *key,
		       json_t *want, json_t *got, json_t *ctx);

static bool try_value(struct match *m, const char *key, json_t *want,
		      json_t *got, json_t *ctx)
{
	struct match sub = { .tier = m->tier,
			     .source = m->source,
			     .errs = json_array() };
	int n = match_value(&sub, "", key, want, got, ctx);

	json_decref(sub.errs);
	return !n;
}

static bool match_matcher(struct match *m, const char *key, const char *name,
			  json_t *arg, json_t *got, json_t *ctx)
{
	json_t *alt;
	size_t i;
	s64 ns;

	if (!strcmp(name, "$any"))
		return true;
	if (!strcmp(name, "$absent_ok"))
		return !got || try_value(m, key, arg, got, ctx);
	if (!got)
		return false;
	if (!strcmp(name, "$some"))
		return !json_is_null(got);
	if (!strcmp(name, "$range"))
		return json_is_integer(got) &&
		       in_range(arg, json_integer_value(got));
	if (!strcmp(name, "$teardown"))
		return match_teardown(arg, got);
	if (!strcmp(name, "$ticks"))
		return json_is_integer(got) &&
		       json_integer_value(got) / (10 * MSEC) ==
			       json_integer_value(arg);
	if (!strcmp(name, "$time"))
		return parse_time(json_string_value(got), &ns) &&
		       in_range(arg, ns);
	if (!strcmp(name, "$zombie"))
		return match_zombie(m, arg, got, ctx);
	if (!strcmp(name, "$contains"))
		return json_is_string(got) &&
		       strstr(json_string_value(got), json_string_value(arg));
	if (!strcmp(name, "$bytes"))
		return match_bytes(json_string_value(arg), got, ctx, key);
	if (!strcmp(name, "$args"))
		return match_args(json_string_value(arg), got, ctx);
	if (!strcmp(name, "$tty"))
		return match_tty(json_string_value(arg), got);
	if (!strcmp(name, "$source"))
		return json_is_string(got) &&
		       (m->source && strcmp(m->source, "both") != 0 ?
				!strcmp(json_string_value(got), m->source) :
				!strcmp(json_string_value(got), "bpf") ||
					!strcmp(json_string_value(got),
						"kmod"));
	if (!strcmp(name, "$oneof")) {
		json_array_foreach(arg, i, alt)
			if (try_value(m, key, alt, got, ctx))
				return true;
		return false;
	}
	if (!strcmp(name, "$tier")) {
		alt = json_object_get(arg, m->tier);
		if (alt)
			return try_value(m, key, alt, got, ctx);
		return try_value(m, key, json_object_get(arg, "tracepoints"),
				 got, ctx) ||
		       try_value(m, key, json_object_get(arg, "fentry"), got,
				 ctx);
	}
	fprintf(stderr, "unknown matcher %s\n", name);
	abort();
}

static int match_keys(struct match *m, const char *path, json_t *want,
		      json_t *got)
{
	const char *key;
	json_t *val;
	char sub[256];
	int bad = 0;

	json_object_foreach(want, key, val) {
		if (key[0] == '$')
			continue;	/* a note to the runner */
		snprintf(sub, sizeof(sub), "%s%s%s", path, *path ? "." : "",
			 key);
		bad += match_value(m, sub, key, val, json_object_get(got, key),
				   got);
	}
	return bad;
}

static int match_value(struct match *m, const char *path, const char *key,
		       json_t *want, json_t *got, json_t *ctx)
{
	json_t *arg, *elem;
	const char *name = matcher_of(want, &arg);
	size_t i;
	int bad = 0;

	if (name) {
		if (match_matcher(m, key, name, arg, got, ctx))
			return 0;
	} else if (json_is_object(want) && json_is_object(got)) {
		return match_keys(m, path, want, got);
	} else if (json_is_array(want) && json_is_array(got) &&
		   json_array_size(want) == json_array_size(got)) {
		json_array_foreach(want, i, elem)
			bad += match_value(m, path, key, elem,
					   json_array_get(got, i), ctx);
		return bad;
	} else if (got && json_equal(want, got)) {
		return 0;
	}
	differ(m, path, want, got);
	return 1;
}

int match_object(struct match *m, json_t *want, json_t *got)
{
	return match_keys(m, "", want, got);
}
