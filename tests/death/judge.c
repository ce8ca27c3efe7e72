// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdict: every expectation of every case against the stream, and the
 * stream against itself: no death twice, none of a thread, no event nobody
 * caused, nothing lost.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "match.h"
#include "run.h"

static u64 wanted_ticks(json_t *want)
{
	return json_integer_value(
		json_object_get(json_object_get(want, "start_boottime"),
				"$ticks"));
}

static int wanted_tgid(json_t *want)
{
	return json_integer_value(json_object_get(want, "tgid"));
}

/* The process an event is about. */
static json_t *subject(json_t *ev)
{
	json_t *target = json_object_get(ev, "target");

	return target ? target : ev;
}

static bool same_task(json_t *want, json_t *got)
{
	return json_integer_value(json_object_get(got, "tgid")) ==
		       wanted_tgid(want) &&
	       (u64)json_integer_value(json_object_get(got, "start_boottime")) /
			       (10 * MSEC) ==
		       wanted_ticks(want);
}

/* Same kind, same subject: whether it also says the right things is told by
 * the comparison. */
static bool same_event(json_t *want, json_t *got)
{
	return !strcmp(json_string_value(json_object_get(want, "event")),
		       json_string_value(json_object_get(got, "event"))) &&
	       same_task(subject(want), subject(got));
}

static bool event_there(struct run *r, json_t *want)
{
	for (int i = 0; i < r->s.nr_events; i++)
		if (same_event(want, r->s.events[i].ev))
			return true;
	return false;
}

bool judge_missing(struct run *r)
{
	for (int i = 0; i < r->nr_draws; i++) {
		json_t *rep = r->draws[i].report, *e;
		size_t k;

		json_array_foreach(json_object_get(rep, "deaths"), k, e) {
			json_t *w = json_object_get(e, "want");

			if (!stream_count(&r->s, wanted_tgid(w),
					  wanted_ticks(w)))
				return true;
		}
		json_array_foreach(json_object_get(rep, "events"), k, e)
			if (!json_object_get(e, "$optional") &&
			    !event_there(r, e))
				return true;
	}
	return r->st && storm_missing(r, r->st);
}

static void wrong(struct draw *d, const char *label, const char *line)
{
	char *s;

	if (asprintf(&s, "%s%s%s", label ? label : "", label ? " " : "",
		     line) >= 0) {
		json_array_append_new(d->errs, json_string(s));
		free(s);
	}
}

static void judge_obituary(struct run *r, struct draw *d, const char *label,
			   json_t *want)
{
	struct match m = { .tier = r->tier,
			   .source = r->source,
			   .errs = json_array() };
	int tgid = wanted_tgid(want);
	u64 ticks = wanted_ticks(want);
	json_t *got = stream_obituary(&r->s, tgid, ticks, 0), *e;
	char line[128];
	size_t i;
	int n;

	n = stream_count(&r->s, tgid, ticks);
	if (n != 1) {
		snprintf(line, sizeof(line),
			 "obituary: expected 1 of %d, got %d", tgid, n);
		wrong(d, label, line);
	}
	if (got)
		match_object(&m, want, got);
	json_array_foreach(m.errs, i, e)
		wrong(d, label, json_string_value(e));
	json_decref(m.errs);
	json_decref(got);
}

/* It may come any number of times, or not at all. */
static void judge_optional(struct run *r, json_t *want)
{
	for (int i = 0; i < r->s.nr_events; i++) {
		struct event_rec *rec = &r->s.events[i];
		struct match m = { .tier = r->tier, .source = r->source };

		if (rec->used || !same_event(want, rec->ev))
			continue;
		m.errs = json_array();
		rec->used = !match_object(&m, want, rec->ev);
		json_decref(m.errs);
	}
}

/* Takes the first fitting event that no other expectation took; if none fits,
 * tells how the nearest differs. */
static void judge_event(struct run *r, struct draw *d, json_t *want)
{
	struct event_rec *near = NULL;
	const char *name = json_string_value(json_object_get(want, "event"));
	struct match m = { .tier = r->tier, .source = r->source };
	int best = 1 << 30;
	json_t *best_errs = NULL, *e;
	size_t k;

	for (int i = 0; i < r->s.nr_events; i++) {
		struct event_rec *rec = &r->s.events[i];
		int n;

		if (rec->used || !same_event(want, rec->ev))
			continue;
		m.errs = json_array();
		n = match_object(&m, want, rec->ev);
		if (n < best) {
			best = n;
			near = rec;
			json_decref(best_errs);
			best_errs = json_incref(m.errs);
		}
		json_decref(m.errs);
	}
	if (near && !best) {
		near->used = true;
	} else if (near) {
		near->used = true;
		json_array_foreach(best_errs, k, e)
			wrong(d, name, json_string_value(e));
	} else {
		char *s = json_dumps(want, JSON_COMPACT);

		wrong(d, name, "event: expected one, got none");
		wrong(d, "  wanted", s);
		free(s);
	}
	json_decref(best_errs);
}

/* What is said of a case's victims beyond what the case caused. */
static void judge_surplus(struct run *r, struct draw *d)
{
	json_t *deaths = json_object_get(d->report, "deaths"), *e;
	size_t k;

	for (int i = 0; i < r->s.nr_events; i++) {
		struct event_rec *rec = &r->s.events[i];

		json_array_foreach(deaths, k, e) {
			json_t *w = json_object_get(e, "want");
			char *s;

			if (rec->used || !same_task(w, subject(rec->ev)))
				continue;
			rec->used = true;
			s = json_dumps(rec->ev, JSON_COMPACT);
			wrong(d, json_string_value(json_object_get(e, "label")),
			      "event: expected none, got:");
			wrong(d, " ", s);
			free(s);
		}
	}
}

/* The case's own process is a death like any other, unless the runner was kept
 * from reaping it in time. */
json_t *judge_self(struct draw *d)
{
	json_t *w = json_pack("{s:s,s:i,s:o,s:i,s:s,s:n,s:s}", "event",
			      "obituary", "tgid", d->pid, "start_boottime",
			      m_ticks(d->ticks), "exit_code", d->status,
			      "cause", "exit", "killer", "pdeath_signal",
			      "SIGKILL");

	if (!d->late) {
		json_object_set_new(w, "fate", json_string("waited"));
		json_object_set_new(w, "reaped_by",
				    json_pack("{s:i}", "tgid", (int)getpid()));
	}
	return w;
}

static void judge_draw(struct run *r, struct draw *d)
{
	json_t *e, *w;
	char line[128];
	size_t k;

	json_array_foreach(json_object_get(d->report, "deaths"), k, e)
		judge_obituary(r, d,
			       json_string_value(json_object_get(e, "label")),
			       json_object_get(e, "want"));
	json_array_foreach(json_object_get(d->report, "events"), k, e)
		if (!json_object_get(e, "$optional"))
			judge_event(r, d, e);
	json_array_foreach(json_object_get(d->report, "events"), k, e)
		if (json_object_get(e, "$optional"))
			judge_optional(r, e);
	json_array_foreach(json_object_get(d->report, "threads"), k, e) {
		int tid = json_integer_value(json_object_get(e, "tid"));

		if (!stream_count(&r->s, tid,
				  json_integer_value(
					  json_object_get(e, "start"))))
			continue;
		snprintf(line, sizeof(line),
			 "obituary: expected none of thread %d, got one", tid);
		wrong(d, NULL, line);
	}
	judge_surplus(r, d);
	if (d->lingers || !d->ticks)
		return;
	w = judge_self(d);
	judge_obituary(r, d, "case", w);
	json_decref(w);
}

static void verdict(struct run *r, bool ok, const char *name, const char *why)
{
	if (ok)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	r->passed += ok;
	r->failed += !ok;
}

/* Is it to be tried alone before it counts as wrong? Nearly all that can go
 * wrong is a matter of time: of a zombie told before its parent could reap it,
 * of CPU time that a stolen tick has charged. Only if a look at the clock from
 * outside has shown that the machine stood still, and never twice. */
static bool gets_another_try(const struct run *r)
{
	return !r->once && !r->random && r->nr_again < AGAIN_MAX &&
	       r->stood_still >= STOOD_STILL_NS;
}

static void judge_case(struct run *r, struct death_case *c)
{
	const char *skip = NULL, *fail = NULL;
	const char *verdict = gets_another_try(r) ? "again" : "not ok";
	int drawn = 0, bad = 0, shown = 0;
	json_t *e;
	size_t k;

	for (int i = 0; i < r->nr_draws; i++) {
		struct draw *d = &r->draws[i];

		if (d->c != c)
			continue;
		drawn++;
		d->errs = json_array();
		if (d->fail[0]) {
			fail = d->fail;
			wrong(d, NULL, d->fail);
		}
		skip = json_string_value(json_object_get(d->report, "skip"));
		fail = json_string_value(json_object_get(d->report, "fail"));
		if (fail)
			wrong(d, "the case itself:", fail);
		if (!skip && !d->fail[0])
			judge_draw(r, d);
		bad += !!json_array_size(d->errs);
		json_array_foreach(d->errs, k, e) {
			if (shown++ > 40)
				break;
			printf("%s %s: %s\n", k || bad > 1 ? "#  " : verdict,
			       c->name, json_string_value(e));
		}
	}
	if (!drawn)
		return;
	if (bad) {
		if (drawn > 1)
			printf("#   %s: %d of %d draws wrong\n", c->name, bad,
			       drawn);
		if (gets_another_try(r))
			r->again[r->nr_again++] = c;
		else
			r->failed++;
	} else if (skip) {
		printf("skip %s: %s\n", c->name, skip);
		r->skipped++;
	} else {
		if (drawn > 1)
			printf("ok %s x%d\n", c->name, drawn);
		else
			printf("ok %s\n", c->name);
		r->passed++;
	}
}

static int by_identity(const void *a, const void *b)
{
	const struct obit_rec *x = a, *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->ticks < y->ticks ? -1 : x->ticks > y->ticks;
}

static void judge_stream(struct run *r)
{
	struct obit_rec *sorted = malloc((r->s.nr_recs + 1) * sizeof(*sorted));
	char why[600] = "";
	int twice = 0, lost = 0;

	verdict(r, !r->s.bad, "stream_is_json", r->s.bad_line);
	memcpy(sorted, r->s.recs, r->s.nr_recs * sizeof(*sorted));
	qsort(sorted, r->s.nr_recs, sizeof(*sorted), by_identity);
	for (int i = 1; i < r->s.nr_recs; i++)
		if (!by_identity(&sorted[i - 1], &sorted[i]) && !twice++)
			snprintf(why, sizeof(why), "%d has two obituaries",
				 sorted[i].tgid);
	verdict(r, !twice, "stream_unique", why);
	free(sorted);
	for (int i = 0; i < r->s.nr_events; i++) {
		json_t *ev = r->s.events[i].ev;
		const char *name =
			json_string_value(json_object_get(ev, "event"));
		const char *kind =
			json_string_value(json_object_get(ev, "kind"));
		char *s;

		if (strcmp(name, "lost") && strcmp(name, "dissent"))
			continue;
		s = json_dumps(ev, JSON_COMPACT);
		/* lost context shows as nulls, and those are counted */
		if (strcmp(name, "lost") || !kind || strcmp(kind, "context")) {
			if (!lost++)
				snprintf(why, sizeof(why), "%.500s", s);
		} else {
			printf("# %s\n", s);
		}
		free(s);
	}
	verdict(r, !lost, "stream_nothing_lost", why);
	snprintf(why, sizeof(why), "expected status 0, got %#x",
		 r->obit_status);
	verdict(r, r->obit_ended && !r->obit_status, "obit_ends_cleanly", why);
}

/* Over every obituary of the run, the storm's and strangers' included, but for
 * those that started in the moment in which obit did. */
static void judge_nulls(struct run *r)
{
	char why[600] = "";
	int counted = r->s.nr_recs - r->s.nr_racers;
	size_t n = 0;

	printf("# null rate per key over %d obituaries (required by %s), "
	       "without %d that started while obit did:\n",
	       counted, r->required_from, r->s.nr_racers);
	for (int i = 0; i < r->s.nr_keys; i++) {
		bool req = json_object_get(r->required, r->s.key[i]);

		printf("#   %-18s %6u  %6.2f %%%s\n", r->s.key[i],
		       r->s.nulls[i],
		       100.0 * r->s.nulls[i] / (counted ? counted : 1),
		       req ? "  required" : "");
	}
	printf("#   exit_value in %u exits: %u null\n", r->s.exits,
	       r->s.exit_value_null);
	for (void *it = json_object_iter(r->required); it;
	     it = json_object_iter_next(r->required, it)) {
		const char *key = json_object_iter_key(it);
		unsigned int nulls = stream_nulls(&r->s, key);

		if (nulls && n < sizeof(why) - 100)
			n += snprintf(why + n, sizeof(why) - n,
				      "%s%s: expected 0 nulls, got %u",
				      n ? ", " : "", key, nulls);
	}
	verdict(r, !n, "stream_required_keys", why);
}

void judge(struct run *r)
{
	struct death_case *c;
	char why[600];
	int bad, total;

	for (c = case_first(); c; c = c->next)
		judge_case(r, c);
	if (r->st) {
		bad = storm_judge(r, r->st, &total, why, sizeof(why));
		printf("# storm: %d processes, %d told wrongly\n", total, bad);
		verdict(r, !bad && total, "storm", bad ? why : "it never blew");
	}
	judge_stream(r);
	judge_nulls(r);
}
