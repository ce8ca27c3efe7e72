// SPDX-License-Identifier: GPL-2.0-only
/*
 * A false obit: says what the cases expect, rightly or with one thing wrong,
 * so that the suite itself can be tested. It sees no death: the runner feeds
 * it its expectations by a file.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "match.h"

static json_t *at(json_t *array, int i)
{
	return json_array_get(array, i);
}

static json_t *fake_time(s64 ns)
{
	time_t sec = ns / SEC;
	struct tm tm;
	char buf[64];
	size_t n;

	gmtime_r(&sec, &tm);
	n = strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, sizeof(buf) - n, ".%09lld+00:00",
		 (long long)(ns % SEC));
	return json_string(buf);
}

static void unhex(const char *hex, char *out)
{
	unsigned int b;

	for (; *hex && sscanf(hex, "%2x", &b) == 1; hex += 2)
		*out++ = b;
}

static json_t *lossy(const char *buf, size_t len)
{
	char *s = malloc(3 * len + 1), *p = s;
	json_t *j = json_stringn(buf, len);

	for (size_t i = 0; i < len && !j; i++) {
		if ((unsigned char)buf[i] < 0x80) {
			*p++ = buf[i];
		} else {
			memcpy(p, "\xef\xbf\xbd", 3);
			p += 3;
		}
	}
	if (!j)
		j = json_stringn(s, p - s);
	free(s);
	return j;
}

static json_t *fake_args(const char *hex, json_t *into)
{
	size_t len = strlen(hex) / 2;
	char *buf = calloc(1, len + 2);
	json_t *args = json_array(), *hexes = json_array();

	unhex(hex, buf);
	for (size_t i = 0; i < len; i += strlen(buf + i) + 1) {
		json_t *a = lossy(buf + i, strlen(buf + i));

		json_array_append_new(args, a);
		json_array_append_new(hexes, json_stringn(hex + 2 * i,
							  2 * strlen(buf + i)));
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)buf[i] >= 0x80) {
			json_object_set(into, "args_hex", hexes);
			break;
		}
	json_decref(hexes);
	free(buf);
	return args;
}

static json_t *fake_teardown(json_t *arg)
{
	const char *most = json_string_value(json_object_get(arg, "most"));
	s64 ns = json_integer_value(at(json_object_get(arg, "range"), 0));
	json_t *phases = json_object();
	char name[32] = "other";

	if (most)
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(most, ","),
			 most);
	else if (json_object_get(arg, "whole"))
		ns = json_integer_value(at(json_object_get(arg, "whole"), 0));
	json_object_set_new(phases, name, json_integer(ns));
	return json_pack("{s:I,s:n,s:I,s:O,s:o,s:[]}", "kernel_ns",
			 (json_int_t)ns, "user_ns", "off_cpu_ns",
			 (json_int_t)ns, "phases", phases, "off_cpu", phases,
			 "elsewhere");
}

/* One value that fits; neighbours of it go into the object being made. */
static json_t *fit(struct faker *f, const char *key, json_t *want, json_t *into)
{
	json_t *arg, *elem, *out;
	const char *m = matcher_of(want, &arg);
	char name[64], buf[4096];
	size_t i;
	s64 lo;

	if (!m && json_is_object(want))
		return fake_object(f, want);
	if (!m && json_is_array(want)) {
		out = json_array();
		json_array_foreach(want, i, elem)
			json_array_append_new(out, fit(f, key, elem, into));
		return out;
	}
	if (!m)
		return json_incref(want);
	if (!strcmp(m, "$range"))
		return json_incref(at(arg, 0));
	if (!strcmp(m, "$ticks"))
		/* late in its tick: not before what the real one was after */
		return json_integer(json_integer_value(arg) * 10 * MSEC +
				    10 * MSEC - 1);
	if (!strcmp(m, "$time"))
		return fake_time(json_integer_value(at(arg, 0)));
	if (!strcmp(m, "$oneof"))
		return fit(f, key, at(arg, 0), into);
	if (!strcmp(m, "$tier")) {
		elem = json_object_get(arg, f->tier);
		return fit(f, key, elem ? elem : json_object_get(arg, "fentry"),
			   into);
	}
	if (!strcmp(m, "$absent_ok"))
		return fit(f, key, arg, into);
	if (!strcmp(m, "$zombie")) {
		bool exact = !strcmp(f->tier, "fentry");

		lo = json_integer_value(at(arg, 0));
		f->err_ns = exact ? 0 : 30 * MSEC;
		return json_integer(lo + f->err_ns);
	}
	if (!strcmp(m, "$bytes")) {
		snprintf(name, sizeof(name), "%s_hex", key);
		json_object_set(into, name, arg);
		memset(buf, 0, sizeof(buf));
		unhex(json_string_value(arg), buf);
		return lossy(buf, json_string_length(arg) / 2);
	}
	if (!strcmp(m, "$args"))
		return fake_args(json_string_value(arg), into);
	if (!strcmp(m, "$contains") || !strcmp(m, "$tty"))
		return json_incref(arg);
	if (!strcmp(m, "$teardown"))
		return fake_teardown(arg);
	if (!strcmp(m, "$source"))
		return json_string("bpf");
	return !strcmp(m, "$some") ? json_integer(1) : json_null();
}

static bool fits(struct faker *f, const char *key, json_t *want, json_t *got,
		 json_t *into)
{
	struct match m = { .tier = f->tier, .errs = json_array() };
	json_t *w = json_object(), *g = json_deep_copy(into);
	bool ok;

	json_object_set(w, key, want);
	json_object_set(g, key, got);
	ok = !match_object(&m, w, g);
	json_decref(m.errs);
	json_decref(w);
	json_decref(g);
	return ok;
}

/* One value that must not pass, as near a miss as there is; NULL if every
 * value would. */
static json_t *misfit(struct faker *f, const char *key, json_t *want,
		      json_t *into)
{
	json_t *arg, *tries = json_array(), *t, *out = NULL;
	const char *m = matcher_of(want, &arg);
	char *s;
	size_t i;

	if (m && !strcmp(m, "$range")) {
		json_array_append_new(tries,
				      json_integer(
					      json_integer_value(
						      at(arg, f->low ? 0 : 1)) +
					      (f->low ? -1 : 1)));
	} else if (m && !strcmp(m, "$ticks")) {
		json_array_append_new(tries,
				      json_integer(
					      (json_integer_value(arg) + 1) *
					      10 * MSEC));
	} else if (m && !strcmp(m, "$zombie")) {
		json_array_append_new(tries,
				      json_integer(f->low ?
							   json_integer_value(
								   at(arg, 0)) -
								   1 :
							   json_integer_value(
								   at(arg, 1)) +
								   2 * SEC +
								   30 * MSEC));
	} else if (m && !strcmp(m, "$time")) {
		json_array_append_new(tries,
				      fake_time(json_integer_value(at(arg, 1)) +
						1));
	} else if (json_is_integer(want)) {
		json_array_append_new(tries,
				      json_integer(json_integer_value(want) +
						   (f->low ? -1 : 1)));
	} else if (json_is_string(want)) {
		if (asprintf(&s, "%s~", json_string_value(want)) >= 0) {
			json_array_append_new(tries, json_string(s));
			free(s);
		}
	}
	json_array_append_new(tries, json_null());
	json_array_append_new(tries, json_string("~"));
	json_array_append_new(tries, json_integer(-987654321));
	json_array_append_new(tries, json_true());
	json_array_append_new(tries, json_false());
	json_array_foreach(tries, i, t) {
		if (fits(f, key, want, t, into))
			continue;
		out = json_incref(t);
		break;
	}
	json_decref(tries);
	return out;
}

static bool is_branch(json_t *want)
{
	json_t *arg;

	return json_is_object(want) && !matcher_of(want, &arg);
}

json_t *fake_object(struct faker *f, json_t *want)
{
	json_t *out = json_object(), *val, *v;
	const char *key;

	json_object_foreach(want, key, val) {
		if (key[0] == '$')
			continue;
		v = fit(f, key, val, out);
		json_object_set_new(out, key, v);
	}
	/* the bound of zombie_ns belongs to it */
	val = json_object_get(want, "zombie_ns");
	if (val &&
	    !strcmp(matcher_of(val, &v) ? matcher_of(val, &v) : "", "$zombie"))
		json_object_set_new(out, "zombie_err_ns",
				    json_integer(f->err_ns));
	return out;
}

/* Leaves are numbered in the order of the wanted object; the bad'th is made
 * wrong. Its path goes to f->path. */
static bool spoil(struct faker *f, json_t *want, json_t *got, const char *path)
{
	const char *key;
	json_t *val, *bad;

	json_object_foreach(want, key, val) {
		char sub[200];

		if (key[0] == '$')
			continue;
		snprintf(sub, sizeof(sub), "%s%s%s", path, *path ? "." : "",
			 key);
		if (is_branch(val)) {
			if (spoil(f, val, json_object_get(got, key), sub))
				return true;
			continue;
		}
		if (f->bad--)
			continue;
		snprintf(f->path, sizeof(f->path), "%s", sub);
		bad = misfit(f, key, val, got);
		f->vain = !bad;
		if (bad)
			json_object_set_new(got, key, bad);
		return true;
	}
	return false;
}

json_t *fake_wrong(struct faker *f, json_t *want, int leaf)
{
	json_t *got = fake_object(f, want);

	f->bad = leaf;
	f->path[0] = 0;
	f->vain = false;
	if (spoil(f, want, got, ""))
		return got;
	json_decref(got);
	return NULL;
}

/* ---- as a program ---- */

static volatile sig_atomic_t asked;

static void on_sigint(int sig)
{
	asked = sig;
}

static void say(json_t *j)
{
	char *s = json_dumps(j, JSON_COMPACT);

	printf("%s\n", s);
	fflush(stdout);
	free(s);
	json_decref(j);
}

/* The runner's own processes are expected by a few keys only. */
static void say_padded(struct faker *f, json_t *want, const char *mode)
{
	json_t *o = fake_object(f, want);

	for (int i = 0; floor_keys[i]; i++)
		if (!json_object_get(o, floor_keys[i]) &&
		    (strcmp(mode, "nulls") || i % 2))
			json_object_set_new(o, floor_keys[i], json_true());
	say(o);
}

static void say_case(struct faker *f, json_t *report, const char *mode)
{
	json_t *e, *w, *o;
	size_t i;

	json_array_foreach(json_object_get(report, "deaths"), i, e) {
		w = json_object_get(e, "want");
		if (!strcmp(mode, "drop") && !i)
			continue;
		o = !strcmp(mode, "wrong") ? fake_wrong(f, w, 12) :
					     fake_object(f, w);
		if (!strcmp(mode, "twice"))
			say(json_incref(o));
		if (!strcmp(mode, "surplus"))
			say(json_pack("{s:s,s:O,s:O}", "event", "zombie",
				      "tgid", json_object_get(o, "tgid"),
				      "start_boottime",
				      json_object_get(o, "start_boottime")));
		say(o);
	}
	json_array_foreach(json_object_get(report, "events"), i, e)
		if (strcmp(mode, "no_event"))
			say(fake_object(f, e));
	json_array_foreach(json_object_get(report, "threads"), i, e)
		if (!strcmp(mode, "thread"))
			say(json_pack("{s:s,s:O,s:I,s:i}", "event", "obituary",
				      "tgid", json_object_get(e, "tid"),
				      "start_boottime",
				      json_integer_value(
					      json_object_get(e, "start")) *
					      10 * MSEC,
				      "exit_code", 0));
}

/* One line of the feed: {"canary": want}, {"case": report} or {"self": want} */
static void take(struct faker *f, const char *line, const char *mode)
{
	json_t *j = json_loads(line, 0, NULL), *w;

	w = json_object_get(j, "canary");
	if (w && strcmp(mode, "blind"))
		say_padded(f, w, mode);
	w = json_object_get(j, "case");
	if (w && !strcmp(mode, "dies"))
		_exit(70);
	if (w && !strcmp(mode, "junk"))
		printf("{\"event\":\n");
	if (w && !strcmp(mode, "lost"))
		say(json_pack("{s:s,s:s,s:i}", "event", "lost", "kind",
			      "obituary", "count", 1));
	if (w)
		say_case(f, w, mode);
	w = json_object_get(j, "self");
	if (w && strcmp(mode, "no_self"))
		say_padded(f, w, mode);
	json_decref(j);
}

int fake_main(int argc, char **argv)
{
	const char *mode = getenv("DEATH_FAKE"), *path = getenv("DEATH_FEED");
	struct sigaction sa = { .sa_handler = on_sigint };
	struct faker f = { .tier = "tracepoints" };
	static char line[1 << 20];
	size_t n = 0;
	FILE *in;
	int c;

	if (!mode || !path)
		return 64;
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], "--tier"))
			f.tier = argv[i + 1];
	if (!strcmp(mode, "refuses"))
		return 69;
	sigaction(SIGINT, &sa, NULL);
	in = fopen(path, "re");
	if (!in)
		return 66;
	fprintf(stderr, "obit: watching\n");
	/* once more after it is asked to end: what is pending is written */
	for (bool last = false; !last; nap_ms(2)) {
		last = asked;
		while ((c = getc(in)) != EOF) {
			line[n++] = c;
			if (c != '\n' && n < sizeof(line) - 1)
				continue;
			line[n] = 0;
			n = 0;
			take(&f, line, mode);
		}
		clearerr(in);
	}
	return !strcmp(mode, "status1");
}
