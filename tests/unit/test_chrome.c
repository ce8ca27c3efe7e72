// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timeline: slices of one line nest, ids are nobody else's, arrows have two
 * ends, and nobody is said to have sent what he did not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ends.h"
#include "sink/chrome.h"

#define MS 1000000ull
#define SEC 1000000000ull

/* Of the process that end_of() makes: it began a second before. */
static struct person person_of(uint32_t tgid, uint64_t died_at,
			       const char *comm)
{
	struct person p = { .start_boottime = died_at - SEC, .tgid = tgid };

	snprintf(p.comm, sizeof(p.comm), "%s", comm);
	return p;
}

static void begins(struct chrome *c, uint64_t at)
{
	const struct obit_tick t = {
		.hdr = { .type = OBIT_EV_TICK, .len = sizeof(t), .boot_ns = at }
	};

	chrome_record(c, &t.hdr);
}

static struct chrome *opened(FILE **f)
{
	struct chrome *c = NULL;

	*f = tmpfile();
	assert_non_null(*f);
	assert_int_equal(chrome_open(&c, fileno(*f)), 0);
	return c;
}

static json_t *closed(struct chrome *c, FILE *f)
{
	json_error_t why;
	json_t *o;

	assert_int_equal(chrome_close(c), 0);
	rewind(f);
	o = json_loadf(f, JSON_REJECT_DUPLICATES, &why);
	if (!o)
		fail_msg("line %d: %s", why.line, why.text);
	fclose(f);
	return o;
}

static const char *word(json_t *e, const char *key)
{
	const char *s = json_string_value(json_object_get(e, key));

	return s ? s : "";
}

static json_int_t id(json_t *e, const char *key)
{
	return json_integer_value(json_object_get(e, key));
}

/* us with three decimals, as ns */
static long long ns(json_t *e, const char *key)
{
	json_t *v = json_object_get(e, key);

	assert_true(json_is_number(v));
	return (long long)(json_number_value(v) * 1000 + 0.5);
}

/* The n-th event of that phase and name, or NULL. */
static json_t *event(json_t *o, const char *ph, const char *name, size_t n)
{
	json_t *e;
	size_t i;

	json_array_foreach(json_object_get(o, "traceEvents"), i, e)
		if (!strcmp(word(e, "ph"), ph) &&
		    (!name || !strcmp(word(e, "name"), name)) && !n--)
			return e;
	return NULL;
}

/* Of one line: each two slices are apart, or one is in the other. */
static void nest(json_t *o)
{
	json_t *a, *b;
	size_t i, k;

	for (i = 0; (a = event(o, "X", NULL, i)); i++)
		for (k = 0; k < i; k++) {
			long long a0 = ns(a, "ts"), a1 = a0 + ns(a, "dur");
			long long b0, b1;

			b = event(o, "X", NULL, k);
			b0 = ns(b, "ts");
			b1 = b0 + ns(b, "dur");
			if (id(a, "pid") != id(b, "pid") ||
			    id(a, "tid") != id(b, "tid") || a1 <= b0 ||
			    b1 <= a0)
				continue;
			if (!(a0 >= b0 && a1 <= b1) && !(b0 >= a0 && b1 <= a1))
				fail_msg("%s and %s overlap", word(a, "name"),
					 word(b, "name"));
		}
}

/* Every arrow has one end in a slice of each of two lines, and goes forward. */
static size_t arrows(json_t *o)
{
	json_t *s, *f, *x, *ends[2];
	size_t i, k, in;

	for (i = 0; (s = event(o, "s", NULL, i)); i++) {
		f = NULL;
		for (k = 0; !f && (f = event(o, "f", NULL, k)); k++)
			f = id(f, "id") == id(s, "id") ? f : NULL;
		assert_non_null(f);
		assert_true(ns(f, "ts") >= ns(s, "ts"));
		ends[0] = s;
		ends[1] = f;
		for (in = 0; in < 2; in++) {
			for (k = 0; (x = event(o, "X", NULL, k)); k++)
				if (id(x, "tid") == id(ends[in], "tid") &&
				    id(x, "pid") == id(ends[in], "pid") &&
				    ns(x, "ts") <= ns(ends[in], "ts") &&
				    ns(x, "ts") + ns(x, "dur") >
					    ns(ends[in], "ts"))
					break;
			assert_non_null(x);
		}
	}
	assert_null(event(o, "f", NULL, i));
	return i;
}

static void slice_is(json_t *o, const char *name, size_t n, long long from,
		     long long to)
{
	json_t *e = event(o, "X", name, n);

	assert_non_null(e);
	assert_int_equal(ns(e, "ts"), from);
	assert_int_equal(ns(e, "ts") + ns(e, "dur"), to);
}

/* --- a life, an end, a time as a zombie ------------------------------------- */

static void course(void **state)
{
	const struct end_step steps[] = { { OBIT_PHASE_SIGNALS, MS, 0 },
					  { OBIT_PHASE_MM, 2 * MS, 0 },
					  { OBIT_PHASE_NOTIFY, MS, 0 },
					  { OBIT_PHASE_DEAD, MS, 0 },
					  { 0 } };
	const long long at = 5 * SEC;
	struct obituary *o;
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, 2 * SEC);
	o = end_of(10, "work\"er", 7 * SEC, steps);
	/* Reapable 3.5 ms after its exit call, reaped 20 ms after that. */
	o->reapable_ns = 3500000;
	o->zombie_ns = 20 * MS;
	obituary_set(o, OB_REAPABLE);
	obituary_set(o, OB_ZOMBIE_NS);
	o->fate = FATE_WAITED;
	o->parent = person_of(9, 7 * SEC, "shell");
	obituary_set(o, OB_PARENT);
	assert_int_equal(chrome_obituary(c, o, NULL), 0);
	/* Twice the same is drawn once. */
	assert_int_equal(chrome_obituary(c, o, NULL), 0);
	j = closed(c, f);
	slice_is(j, "work\"er [10]", 0, at - (long long)SEC, at + 23500000);
	slice_is(j, "life", 0, at - (long long)SEC, at);
	slice_is(j, "teardown", 0, at, at + 5 * (long long)MS);
	slice_is(j, "signals", 0, at, at + (long long)MS);
	slice_is(j, "mm", 0, at + (long long)MS, at + 3 * (long long)MS);
	slice_is(j, "zombie", 0, at + 5 * (long long)MS, at + 23500000);
	assert_null(event(j, "X", "life", 1));
	assert_string_equal(word(json_object_get(event(j, "M", "process_name",
						       0),
						 "args"),
				 "name"),
			    "shell [9]");
	nest(j);
	json_decref(j);
}

/* It began before the recording, and nothing is known of its teardown. */
static void before(void **state)
{
	struct obituary *o = end_in(10, "old", 7 * SEC, OBIT_PHASE_MM, 1, 0);
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, 7 * SEC - 300 * MS);
	o->have &= ~(1ULL << OB_TEARDOWN);
	o->teardown = NULL;
	o->fate = FATE_ZOMBIE;
	begins(c, 8 * SEC);
	assert_int_equal(chrome_obituary(c, o, NULL), 0);
	j = closed(c, f);
	slice_is(j, "old [10]", 0, 0, 1300 * (long long)MS);
	slice_is(j, "life", 0, 0, 300 * (long long)MS);
	slice_is(j, "zombie", 0, 300 * (long long)MS, 1300 * (long long)MS);
	assert_null(event(j, "X", "teardown", 0));
	nest(j);
	json_decref(j);
}

/* What others did of its teardown is in no slice, but said. */
static void done_by_others(void **state)
{
	struct obituary *o = end_in(10, "left", 7 * SEC, OBIT_PHASE_MM, 1, 0);
	struct teardown *t = (struct teardown *)o->teardown;
	struct chrome *c;
	json_t *j, *all;
	FILE *f;

	(void)state;
	t->nr_elsewhere = 2;
	t->elsewhere[0] =
		(struct teardown_elsewhere){ .phase = OBIT_PHASE_MM_UNMAP,
					     .tgid = 9,
					     .comm = "re\xff\"der" };
	t->elsewhere[1].phase = OBIT_PHASE_MM_UNMAP;
	c = opened(&f);
	begins(c, SEC);
	assert_int_equal(chrome_obituary(c, o, NULL), 0);
	j = closed(c, f);
	all = json_object_get(json_object_get(event(j, "X", "left [10]", 0),
					      "args"),
			      "elsewhere");
	assert_int_equal(json_array_size(all), 2);
	assert_string_equal(json_string_value(json_array_get(all, 0)),
			    "mm.unmap by re\\xff\"der [9]");
	assert_string_equal(json_string_value(json_array_get(all, 1)),
			    "mm.unmap");
	json_decref(j);
}

/* The same pid again, within the recording: another line. */
static void reused(void **state)
{
	json_int_t first, second;
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, SEC);
	chrome_obituary(c, end_in(10, "a", 5 * SEC, OBIT_PHASE_MM, MS, 0),
			NULL);
	chrome_obituary(c,
			end_in(10, "b", 5 * SEC + 10 * MS, OBIT_PHASE_MM, MS,
			       0),
			NULL);
	j = closed(c, f);
	assert_non_null(event(j, "X", "a [10]", 0));
	assert_non_null(event(j, "X", "b [10]", 0));
	first = id(event(j, "X", "a [10]", 0), "tid");
	second = id(event(j, "X", "b [10]", 0), "tid");
	assert_int_not_equal(first, second);
	assert_int_not_equal(first, 10);
	nest(j);
	json_decref(j);
}

/* --- signals ---------------------------------------------------------------- */

static void sent(struct holding *h, uint32_t tgid, uint64_t died_at,
		 const struct person *by, uint32_t signal, uint64_t at)
{
	struct obit_signal s = {
		.hdr = { .type = OBIT_EV_SIGNAL,
			 .len = sizeof(s),
			 .boot_ns = at },
		.task = { died_at - SEC, tgid, tgid },
		.sender.task = { by->start_boottime, by->tgid, by->tgid },
		.signal = signal,
		.sent_ns = at,
	};

	memcpy(s.sender.comm, by->comm, sizeof(s.sender.comm));
	assert_int_equal(holding_record(h, &s.hdr), 0);
}

static struct obituary *killed(uint32_t tgid, uint64_t at,
			       const struct person *by, int signal)
{
	struct obituary *o = end_in(tgid, "victim", at, OBIT_PHASE_MM, MS, 0);

	o->killer = *by;
	o->killer.signal = signal;
	o->signal = signal;
	obituary_set(o, OB_KILLER);
	obituary_set(o, OB_SIGNAL);
	return o;
}

static void kills(void **state)
{
	struct holding *h = holding_new(64);
	struct person killer = person_of(50, 9 * SEC, "killer");
	struct person other = person_of(51, 9 * SEC, "bystander");
	struct person alive = person_of(52, 3 * SEC, "alive");
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, SEC);
	/* One kills two, then dies; another only ran when a timer went off. */
	sent(h, 10, 8 * SEC + 100 * MS, &other, 14, 8 * SEC);
	sent(h, 10, 8 * SEC + 100 * MS, &other, 9, 8 * SEC + MS);
	sent(h, 10, 8 * SEC + 100 * MS, &killer, 9, 8 * SEC + 99 * MS);
	chrome_obituary(c, killed(10, 8 * SEC + 100 * MS, &killer, 9),
			holding_find(h, 10, 7 * SEC + 100 * MS));
	sent(h, 11, 8 * SEC + 200 * MS, &killer, 15, 8 * SEC + 150 * MS);
	chrome_obituary(c, killed(11, 8 * SEC + 200 * MS, &killer, 15),
			holding_find(h, 11, 7 * SEC + 200 * MS));
	chrome_obituary(c, end_in(50, "killer", 9 * SEC, OBIT_PHASE_MM, MS, 0),
			NULL);
	/* After its own obituary, as a zombie is told of late. */
	sent(h, 12, 9 * SEC + 5 * MS, &killer, 9, 9 * SEC - MS);
	chrome_obituary(c, killed(12, 9 * SEC + 5 * MS, &killer, 9),
			holding_find(h, 12, 8 * SEC + 5 * MS));
	/* One that lives on, and one that killed itself: no arrow. */
	sent(h, 13, 9 * SEC + 50 * MS, &alive, 9, 9 * SEC + 49 * MS);
	chrome_obituary(c, killed(13, 9 * SEC + 50 * MS, &alive, 9),
			holding_find(h, 13, 8 * SEC + 50 * MS));
	killer = person_of(14, 9 * SEC + 60 * MS, "victim");
	sent(h, 14, 9 * SEC + 60 * MS, &killer, 6, 9 * SEC + 59 * MS);
	chrome_obituary(c, killed(14, 9 * SEC + 60 * MS, &killer, 6),
			holding_find(h, 14, 8 * SEC + 60 * MS));
	j = closed(c, f);
	nest(j);
	assert_int_equal(arrows(j), 4);
	assert_non_null(event(j, "i", "SIGALRM", 0));
	assert_non_null(event(j, "i", "SIGKILL", 0));
	assert_non_null(event(j, "i", "SIGKILL from killer [50]", 1));
	assert_non_null(event(j, "i", "SIGTERM from killer [50]", 0));
	assert_non_null(event(j, "i", "SIGKILL from alive [52]", 0));
	assert_non_null(event(j, "X", "alive [52]", 0));
	assert_null(event(j, "X", "bystander [51]", 0));
	json_decref(j);
	holding_free(h);
}

/* Of whose teardown nothing is known: its line ends with its death, and the arrow
 * is at its end and not behind it. */
static void killed_without_teardown(void **state)
{
	struct person killer = person_of(50, 9 * SEC, "killer");
	struct holding *h = holding_new(64);
	struct obituary *o;
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, SEC);
	sent(h, 10, 8 * SEC + MS, &killer, 9, 8 * SEC + MS - 40);
	o = killed(10, 8 * SEC + MS, &killer, 9);
	o->have &= ~(1ULL << OB_TEARDOWN);
	o->teardown = NULL;
	assert_int_equal(chrome_obituary(c, o,
					 holding_find(h, 10, 7 * SEC + MS)),
			 0);
	j = closed(c, f);
	assert_int_equal(arrows(j), 1);
	nest(j);
	json_decref(j);
	holding_free(h);
}

/* One that kills more than it is remembered of, and is never drawn itself. */
static void many(void **state)
{
	struct person killer = person_of(50, 900 * SEC, "killer");
	struct holding *h = holding_new(64);
	size_t starts = 0, ends = 0, i;
	struct chrome *c;
	json_t *j, *e;
	uint64_t at;
	FILE *f;

	(void)state;
	c = opened(&f);
	begins(c, SEC);
	for (i = 0; i < 70000; i++) {
		at = 5 * SEC + i * MS;
		sent(h, 100 + (uint32_t)i, at, &killer, 9, at - MS);
		assert_int_equal(chrome_obituary(c,
						 killed(100 + (uint32_t)i, at,
							&killer, 9),
						 holding_find(h,
							      100 + (uint32_t)i,
							      at - SEC)),
				 0);
	}
	j = closed(c, f);
	json_array_foreach(json_object_get(j, "traceEvents"), i, e) {
		starts += !strcmp(word(e, "ph"), "s");
		ends += !strcmp(word(e, "ph"), "f");
	}
	assert_int_equal(starts, ends);
	assert_int_equal(starts, 1024);
	json_decref(j);
	holding_free(h);
}

static void nothing_and_full(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct chrome *c;
	json_t *j;
	FILE *f;

	(void)state;
	c = opened(&f);
	j = closed(c, f);
	assert_int_equal(json_array_size(json_object_get(j, "traceEvents")), 0);
	json_decref(j);
	assert_int_equal(chrome_open(&c, fd), 0);
	assert_int_equal(chrome_close(c), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(course),
		cmocka_unit_test(before),
		cmocka_unit_test(reused),
		cmocka_unit_test(kills),
		cmocka_unit_test(many),
		cmocka_unit_test(nothing_and_full),
		cmocka_unit_test(killed_without_teardown),
		cmocka_unit_test(done_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
