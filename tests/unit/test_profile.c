// SPDX-License-Identifier: GPL-2.0-only
/*
 * Profiles of made-up deaths: sums, groups, stacks, memory, text and JSON.
 * Every expected number is worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile/profile.h"
#include "ends.h"

#define US 1000ull
#define MS 1000000ull
#define SEC 1000000000ull

static struct profile *profile_of(enum profile_by by, size_t groups)
{
	const struct profile_config cfg = { .by = by,
					    .groups = groups,
					    .symbol = made_up_symbol };
	struct profile *p = profile_new(&cfg);

	assert_non_null(p);
	return p;
}

static void add(struct profile *p, const struct obituary *o)
{
	assert_int_equal(profile_add(p, o, NULL), 0);
}

/* --- sums ------------------------------------------------------------------- */

static void groups(void **state)
{
	const struct end_step two[] = { { OBIT_PHASE_MM_UNMAP, 7 * MS, MS },
					{ OBIT_PHASE_FILES, 3 * MS, 0 },
					{ OBIT_PHASE_MM_UNMAP, MS, 0 },
					{ 0 } };
	struct profile *p = profile_of(PROFILE_BY_COMM, 0);
	struct obituary *o;

	(void)state;
	add(p, end_of(10, "big", 5 * SEC, two));
	add(p, end_in(11, "small", 6 * SEC, OBIT_PHASE_FILES, 2 * MS, 2 * MS));
	add(p, end_in(12, "small", 7 * SEC, OBIT_PHASE_NOTIFY, MS, 0));
	/* One of which nothing is known counts as a death, and no more. */
	o = end_in(13, "small", 8 * SEC, OBIT_PHASE_NOTIFY, MS, 0);
	o->have &= ~(1ULL << OB_TEARDOWN);
	o->teardown = NULL;
	add(p, o);
	profile_end(p);
	assert_int_equal(p->deaths, 4);
	assert_int_equal(p->known, 3);
	assert_int_equal(p->all.kernel.sum, 14 * MS);
	assert_int_equal(p->all.off_ns, 3 * MS);
	assert_int_equal(p->nr_groups, 2);
	assert_string_equal(p->groups[0]->name, "big");
	assert_int_equal(p->groups[0]->kernel.nr, 1);
	assert_int_equal(p->groups[0]->phase_ns[OBIT_PHASE_MM_UNMAP], 8 * MS);
	assert_int_equal(p->groups[0]->phase_nr[OBIT_PHASE_MM_UNMAP], 1);
	assert_int_equal(profile_slowest(p->groups[0]), OBIT_PHASE_MM_UNMAP);
	assert_string_equal(p->groups[1]->name, "small");
	assert_int_equal(p->groups[1]->kernel.nr, 2);
	assert_int_equal(profile_slowest(p->groups[1]), OBIT_PHASE_FILES);
	assert_int_equal(p->phases[OBIT_PHASE_FILES].nr, 2);
	assert_int_equal(p->phases[OBIT_PHASE_FILES].sum, 5 * MS);
	assert_int_equal(p->nr_worst, 3);
	assert_int_equal(p->worst[0].tgid, 10);
	assert_int_equal(p->worst[0].phase, OBIT_PHASE_MM_UNMAP);
	assert_int_equal(p->worst[0].phase_ns, 8 * MS);
	assert_int_equal(p->worst[1].tgid, 11);
	assert_int_equal(p->worst[2].tgid, 12);
	profile_free(p);
}

static void by_what(void **state)
{
	struct profile *p = profile_of(PROFILE_BY_EXE, 0);
	struct obituary *o = end_in(1, "a", SEC, OBIT_PHASE_MM, 3, 0);

	(void)state;
	o->exe = (struct span){ "/bin/sh and more", 7 };
	obituary_set(o, OB_EXE);
	add(p, o);
	o->have &= ~(1ULL << OB_EXE);
	o->filename = (struct span){ "./x", 3 };
	obituary_set(o, OB_FILENAME);
	add(p, o);
	add(p, end_in(2, "b", SEC, OBIT_PHASE_MM, 1, 0));
	profile_end(p);
	assert_int_equal(p->nr_groups, 3);
	assert_string_equal(p->groups[0]->name, "./x");
	assert_string_equal(p->groups[1]->name, "/bin/sh");
	assert_string_equal(p->groups[2]->name, "(not known)");
	profile_free(p);

	p = profile_of(PROFILE_BY_CGROUP, 0);
	o = end_in(1, "a", SEC, OBIT_PHASE_MM, 3, 0);
	o->cgroup = (struct span){ "/job", 4 };
	obituary_set(o, OB_CGROUP);
	add(p, o);
	profile_end(p);
	assert_string_equal(p->groups[0]->name, "/job");
	profile_free(p);
}

/* More groups than there is room for, and more deaths than are remembered. */
static void bounded(void **state)
{
	struct profile *p = profile_of(PROFILE_BY_COMM, 100);
	char comm[16];
	uint64_t sum = 0;
	uint32_t i;

	(void)state;
	for (i = 1; i <= 20000; i++) {
		snprintf(comm, sizeof(comm), "c%u", i % 1000);
		add(p, end_in(i, comm, SEC + i, OBIT_PHASE_MM, i, 0));
	}
	profile_end(p);
	assert_int_equal(p->nr_groups, 101);
	assert_ptr_equal(p->groups[100], p->rest);
	assert_string_equal(p->rest->name, "(others)");
	assert_int_equal(p->others, 20 * 900);
	for (i = 0; i < 101; i++)
		sum += p->groups[i]->kernel.sum;
	assert_int_equal(sum, 20000ull * 20001 / 2);
	assert_int_equal(p->all.kernel.sum, sum);
	assert_int_equal(p->nr_worst, 10);
	for (i = 0; i < 10; i++)
		assert_int_equal(p->worst[i].kernel_ns, 20000 - i);
	profile_free(p);
}

/* --- stacks and the tree ---------------------------------------------------- */

struct seen {
	char text[4096];
	uint64_t self;
};

static int see(void *ctx, const struct profile_frame *f)
{
	struct seen *s = ctx;
	size_t len = strlen(s->text);

	s->self += f->self_ns;
	snprintf(s->text + len, sizeof(s->text) - len, "%u %.*s %llu %llu\n",
		 f->depth, (int)f->name_len, f->name,
		 (unsigned long long)f->total_ns,
		 (unsigned long long)f->self_ns);
	return 0;
}

static void tree_is(const struct profile *p, const char *want)
{
	struct seen s = { 0 };

	assert_int_equal(profile_walk(p, see, &s), 0);
	assert_string_equal(s.text, want);
	assert_int_equal(s.self, p->all.kernel.sum);
}

static void hold(struct holding *h, const struct obit_hdr *r)
{
	assert_int_equal(holding_record(h, r), 0);
}

static void stacks(void **state)
{
	/* Innermost first; f1 called f2, which called f3; do_exit called f1. */
	const uint64_t deep[] = { 310, 220, 110, 0, 9900 };
	const uint64_t other[] = { 330, 240, 0, 9900 };
	const uint64_t blocked[] = { 555, 110, 0 }, nameless[] = { 123456 };
	const struct end_step steps[] = { { OBIT_PHASE_FILES, 10 * MS, 0 },
					  { OBIT_PHASE_MM_UNMAP, 30 * MS,
					    12 * MS },
					  { 0 } };
	struct profile *p = profile_of(PROFILE_BY_COMM, 0);
	struct holding *h = holding_new(16);
	const uint64_t at = 5 * SEC, mm = at + 10 * MS;

	(void)state;
	/* 4 ms of samples in mm.unmap, 12 ms of waiting of which 8 are seen. */
	hold(h, stack_of(1, at, mm + MS, MS, 0, deep, 5));
	hold(h, stack_of(1, at, mm + 2 * MS, MS, 0, deep, 5));
	hold(h, stack_of(1, at, mm + 3 * MS, 2 * MS, 0, other, 4));
	hold(h, stack_of(1, at, mm + 28 * MS, 8 * MS, OBIT_STACK_OFF_CPU,
			 blocked, 3));
	/* Before and after its teardown, and of another process: nobody's. */
	hold(h, stack_of(1, at, at - MS, MS, 0, deep, 5));
	hold(h, stack_of(1, at, at + 41 * MS, MS, 0, deep, 5));
	hold(h, stack_of(2, at, mm + MS, MS, 0, deep, 5));
	/* Samples of 40 ms in a phase of 10 ms: there was no more than 10. */
	hold(h, stack_of(1, at, at + MS, 40 * MS, 0, nameless, 1));
	assert_int_equal(profile_add(p, end_of(1, "x", at, steps),
				     holding_find(h, 1, at - SEC)),
			 0);
	profile_end(p);
	tree_is(p, "0 all 40000000 0\n"
		   "1 x 40000000 0\n"
		   "2 mm.unmap 30000000 14000000\n"
		   "3 [off-CPU] 12000000 4000000\n"
		   "4 f1 8000000 0\n"
		   "5 f5 8000000 8000000\n"
		   "3 f1 2000000 0\n"
		   "4 f2 2000000 0\n"
		   "5 f3 2000000 2000000\n"
		   "3 f2 2000000 0\n"
		   "4 f3 2000000 2000000\n"
		   "2 files 10000000 0\n"
		   "3 0x1e240 10000000 10000000\n");
	assert_int_equal(p->stacks, 5);
	profile_free(p);
	holding_free(h);
}

/* f1 has an fexit program: it was entered twice, and called f2, which called
 * itself. */
static void trampolines(void **state)
{
	const uint64_t ip[] = { 220, 210, 120, 9999, 110, 0 };
	struct profile *p = profile_of(PROFILE_BY_COMM, 0);
	struct holding *h = holding_new(16);

	(void)state;
	hold(h, stack_of(1, 5 * SEC, 5 * SEC + 1, 9, 0, ip, 6));
	assert_int_equal(profile_add(p,
				     end_in(1, "x", 5 * SEC, OBIT_PHASE_MM, 9,
					    0),
				     holding_find(h, 1, 4 * SEC)),
			 0);
	profile_end(p);
	tree_is(p,
		"0 all 9 0\n1 x 9 0\n2 mm 9 0\n3 f1 9 0\n4 f2 9 0\n5 f2 9 9\n");
	profile_free(p);
	holding_free(h);
}

/* The stacks of the thread that the TEARDOWN is of, and of no other. */
static void other_threads(void **state)
{
	struct obit_teardown t = { .hdr = { .type = OBIT_EV_TEARDOWN,
					    .len = sizeof(t) },
				   .task = { 4 * SEC, 1, 7 } };
	const uint64_t ip[] = { 110, 0 };
	struct profile *p = profile_of(PROFILE_BY_COMM, 0);
	struct holding *h = holding_new(16);

	(void)state;
	hold(h, stack_of(1, 5 * SEC, 5 * SEC + 1, 1, 0, ip, 2));
	hold(h, &t.hdr);
	assert_int_equal(profile_add(p,
				     end_in(1, "x", 5 * SEC, OBIT_PHASE_MM, 9,
					    0),
				     holding_find(h, 1, 4 * SEC)),
			 0);
	profile_end(p);
	tree_is(p, "0 all 9 0\n1 x 9 0\n2 mm 9 9\n");
	profile_free(p);
	holding_free(h);
}

/* --- held ------------------------------------------------------------------- */

static void held(void **state)
{
	struct obit_signal s = { .hdr = { .type = OBIT_EV_SIGNAL,
					  .len = sizeof(s) } };
	struct holding *h = holding_new(100);
	struct held *d;
	uint32_t i;

	(void)state;
	for (i = 1; i <= 1000; i++) {
		s.task = (struct obit_task){ i, i, i };
		s.signal = 15;
		hold(h, &s.hdr);
	}
	assert_null(holding_find(h, 900, 900));
	assert_non_null(holding_find(h, 901, 901));
	for (i = 1; i <= 20; i++) {
		s.signal = i;
		s.sent_ns = i;
		hold(h, &s.hdr);
	}
	d = holding_find(h, 1000, 1000);
	assert_int_equal(d->nr_signals, HELD_SIGNALS);
	assert_int_equal(d->signals[0].signal, 21 - HELD_SIGNALS);
	assert_int_equal(d->signals[HELD_SIGNALS - 1].signal, 20);
	holding_drop(h, d);
	assert_null(holding_find(h, 1000, 1000));
	holding_free(h);
}

static void held_bytes(void **state)
{
	uint64_t ip[OBIT_STACK_MAX] = { 0 };
	struct holding *h = holding_new(1000000);
	uint32_t i;

	(void)state;
	/* 150000 of some 550 bytes are more than the 64 MiB there are. */
	for (i = 1; i <= 150000; i++)
		hold(h, stack_of(i, SEC, SEC, 1, 0, ip, OBIT_STACK_MAX));
	assert_in_range(holding_forgotten(h), 20000, 40000);
	assert_null(holding_find(h, 1, 0));
	assert_non_null(holding_find(h, 150000, 0));
	holding_free(h);
}

/* Whom no filter lets pass is never asked for, and is gone in a while: his stacks
 * are not room that was missing. */
static void never_asked_for(void **state)
{
	struct obit_release r = { .hdr = { .type = OBIT_EV_RELEASE,
					   .len = sizeof(r) } };
	struct obit_tick t = { .hdr = { .type = OBIT_EV_TICK,
					.len = sizeof(t) } };
	uint64_t ip[OBIT_STACK_MAX] = { 0 };
	struct holding *h = holding_new(1000000);
	uint32_t i;

	(void)state;
	hold(h, stack_of(7, SEC, SEC, 1, 0, ip, OBIT_STACK_MAX));
	for (i = 1000; i < 151000; i++) {
		hold(h, stack_of(i, SEC, SEC, 1, 0, ip, OBIT_STACK_MAX));
		r.task = (struct obit_task){ 0, i, i };
		t.hdr.boot_ns = r.hdr.boot_ns = SEC + i * MS;
		hold(h, &r.hdr);
		hold(h, &t.hdr);
		assert_non_null(holding_find(h, i, 0));
	}
	assert_int_equal(holding_forgotten(h), 0);
	assert_non_null(holding_find(h, 7, 0));
	assert_null(holding_find(h, 140000, 0));
	/* The last of them can be let go of in any order. */
	holding_drop(h, holding_find(h, 150999, 0));
	holding_drop(h, holding_find(h, 150500, 0));
	r.task = (struct obit_task){ 0, 7, 7 };
	hold(h, &r.hdr);
	t.hdr.boot_ns += 20 * SEC;
	hold(h, &t.hdr);
	assert_null(holding_find(h, 7, 0));
	assert_null(holding_find(h, 150998, 0));
	holding_free(h);
}

/* --- words ------------------------------------------------------------------ */

static char *text_of(const struct profile *p, unsigned int width)
{
	struct profile_view v = { .width = width,
				  .header = true,
				  .span_ns = 10 * SEC };
	struct buf b = BUF_INIT;

	profile_text(&b, p, &v);
	assert_int_equal(b.err, 0);
	return buf_steal(&b, NULL);
}

static struct profile *some(void)
{
	struct profile *p = profile_of(PROFILE_BY_COMM, 0);
	uint32_t i;

	for (i = 0; i < 8; i++)
		add(p, end_in(100 + i, "many", (1 + i) * SEC, OBIT_PHASE_FILES,
			      3 * MS, 0));
	add(p, end_in(200, "\x1b[31mevil;\xff", 2 * SEC, OBIT_PHASE_MM_UNMAP,
		      70 * MS, 35 * MS));
	profile_end(p);
	return p;
}

static void text(void **state)
{
	struct profile *p = some();
	char *got = text_of(p, 80);

	(void)state;
	assert_string_equal(
		got,
		"9 deaths in 10 s, 94 ms of teardown in the kernel, 37 % of it off the CPU\n"
		"  of one: half within 3 ms, 90 % within 70 ms, 99 % within 70 ms, the longest 70\n"
		"  ms\n"
		"\n"
		"Teardown of a death: this long or up to twice as long\n"
		"     2 ms         8  ###########################################################\n"
		"      ...\n"
		"    67 ms         1  #######\n"
		"\n"
		"mm.unmap: 74 % of the time, 70 ms in 1 death, 50 % off the CPU\n"
		"    67 ms         1  ###########################################################\n"
		"\n"
		"files: 26 % of the time, 24 ms in 8 deaths\n"
		"     2 ms         8  ###########################################################\n"
		"\n"
		"Where it goes, by comm\n"
		"COMM             DEATHS    TIME   SHARE     P50     P99     MAX SLOWEST PHASE\n"
		"\\e[31mevil;\\xff       1   70 ms    74 %   70 ms   70 ms   70 ms mm.unmap 100 %\n"
		"many                  8   24 ms    26 %    3 ms    3 ms    3 ms files 100 %\n"
		"\n"
		"The longest\n"
		"DIED          KERNEL OFF CPU PROCESS                  SLOWEST PHASE\n"
		"14:13:22.000   70 ms   35 ms \\e[31mevil;\\xff[200]     mm.unmap 70 ms\n"
		"14:13:21.000    3 ms     0 s many[100]                files 3 ms\n"
		"14:13:22.000    3 ms     0 s many[101]                files 3 ms\n"
		"14:13:23.000    3 ms     0 s many[102]                files 3 ms\n"
		"14:13:24.000    3 ms     0 s many[103]                files 3 ms\n"
		"14:13:25.000    3 ms     0 s many[104]                files 3 ms\n"
		"14:13:26.000    3 ms     0 s many[105]                files 3 ms\n"
		"14:13:27.000    3 ms     0 s many[106]                files 3 ms\n"
		"14:13:28.000    3 ms     0 s many[107]                files 3 ms\n");
	free(got);
	profile_free(p);
}

static size_t columns(const char *line, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)line[i] & 0xc0) != 0x80;
	return n;
}

static void widths(void **state)
{
	struct profile *p = some();
	unsigned int width;
	char *got, *line, *end;

	(void)state;
	for (width = 40; width < 240; width++) {
		got = text_of(p, width);
		for (line = got; *line; line = end + 1) {
			end = strchr(line, '\n');
			assert_non_null(end);
			if (columns(line, (size_t)(end - line)) > width)
				fail_msg("at %u columns: %.*s", width,
					 (int)(end - line), line);
		}
		assert_null(strchr(got, '\x1b'));
		free(got);
	}
	profile_free(p);
}

static json_int_t number(json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

static void json(void **state)
{
	struct profile_view v = { .span_ns = 10 * SEC, .lost = 3 };
	struct profile *p = some();
	struct buf b = BUF_INIT;
	json_t *o, *group, *phase, *worst;

	(void)state;
	profile_json(&b, p, &v);
	assert_int_equal(b.p[b.len - 1], '\n');
	o = json_loadb(b.p, b.len, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "event")),
			    "profile");
	assert_int_equal(number(o, "deaths"), 9);
	assert_int_equal(number(o, "teardown_known"), 9);
	assert_int_equal(number(o, "lost"), 3);
	assert_int_equal(number(o, "kernel_ns"), 94 * MS);
	assert_int_equal(number(o, "off_cpu_ns"), 35 * MS);
	assert_int_equal(number(o, "p50"), 3 * MS);
	assert_int_equal(number(o, "max"), 70 * MS);
	assert_true(json_is_null(json_object_get(o, "user_ns")));
	phase = json_object_get(json_object_get(o, "phases"), "files");
	assert_int_equal(number(phase, "deaths"), 8);
	assert_int_equal(number(phase, "ns"), 24 * MS);
	group = json_array_get(json_object_get(o, "groups"), 0);
	assert_string_equal(json_string_value(
				    json_object_get(group, "slowest")),
			    "mm.unmap");
	assert_non_null(json_object_get(group, "comm_hex"));
	worst = json_array_get(json_object_get(o, "worst"), 0);
	assert_int_equal(number(worst, "tgid"), 200);
	assert_int_equal(number(worst, "slowest_ns"), 70 * MS);
	assert_string_equal(json_string_value(json_object_get(worst, "time")),
			    "2026-09-21T14:13:22.000000000+00:00");
	json_decref(o);
	buf_free(&b);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups),
		cmocka_unit_test(by_what),
		cmocka_unit_test(bounded),
		cmocka_unit_test(stacks),
		cmocka_unit_test(trampolines),
		cmocka_unit_test(other_threads),
		cmocka_unit_test(held),
		cmocka_unit_test(held_bytes),
		cmocka_unit_test(never_asked_for),
		cmocka_unit_test(text),
		cmocka_unit_test(widths),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
