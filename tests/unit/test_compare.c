// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare: every key of the table is changed on one side, and must be noticed
 * unless it stays within what the contract allows. The classes and margins are
 * written down here again: never taken from the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "core/both/compare.h"
#include "core/teardown.h"
#include "core/value.h"

#define MS 1000000ull
#define INSTANT (200 * MS)	/* 100 ms of each of the two */
#define TAKEN (800 * MS)	/* the CPU was taken away: 400 ms of each */

/* Keys that need only be near, and by how much with the obituary of full(). */
/* clang-format off */
static const struct {
	const char *key;
	uint64_t margin;
} near_keys[] = {
	{ "time", INSTANT + TAKEN },
	{ "boot_ns", INSTANT + TAKEN },
	{ "reapable_ns", 2 * INSTANT + TAKEN },
	{ "life_ns", INSTANT + TAKEN },
	{ "threads", 2 },
	{ "asked_by.age_ns", 2 * INSTANT + TAKEN },
	{ "oom.rss_kb", 2 * 4096 },
	/* each has a zombie_err_ns of 7 ms */
	{ "zombie_ns", 2 * INSTANT + TAKEN + 14 * MS },
	{ "usage.cpu_ns", INSTANT + 20 * MS },
	/* 90 ms of ticks: one of 10 ms more moves a tenth of 500 ms */
	{ "usage.utime_ns", INSTANT + 20 * MS + 100 * MS },
	{ "usage.stime_ns", INSTANT + 20 * MS + 100 * MS },
	{ "usage.maxrss_kb", 0 },
	{ "usage.minflt", 0 },
	{ "usage.majflt", 0 },
	{ "usage.nvcsw", 2 },
	{ "usage.nivcsw", 20 },
	{ "usage.read_bytes", 0 },
	{ "usage.write_bytes", 0 },
	{ NULL, 0 }
};
/* clang-format on */

/* The only two that are no matter: an error bound, and the witness's name. */
static bool is_no_matter(const char *key)
{
	return !strcmp(key, "zombie_err_ns") || !strcmp(key, "source");
}

/* Both owe them, whatever the tier: null against a value is a dissent. */
static const char *const owed[] = {
	"event",
	"time",
	"boot_ns",
	"tgid",
	"ns_tgid",
	"start_boottime",
	"comm",
	"exe",
	"args",
	"args_cut",
	"uid",
	"gid",
	"sid",
	"pgid",
	"parent.tgid",
	"parent.comm",
	"pid_ns",
	"life_ns",
	"threads",
	"execed",
	"exit_code",
	"cause",
	"fate",
	"sigchld",
	"usage.cpu_ns",
	"usage.utime_ns",
	"usage.stime_ns",
	"usage.maxrss_kb",
	"usage.minflt",
	"usage.majflt",
	"usage.nvcsw",
	"usage.nivcsw",
	"usage.read_bytes",
	"usage.write_bytes",
	"parent.start_boottime",
};

static bool is_owed(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(owed) / sizeof(*owed); i++)
		if (!strcmp(key, owed[i]))
			return true;
	return false;
}

static struct teardown teardowns[SOURCE_NR];

/* An obituary in which every key has a value that can grow. */
static void full(struct obituary *o, enum obituary_source source)
{
	const struct person someone = { .start_boottime = 5,
					.tgid = 6,
					.tid = 7,
					.uid = 8,
					.signal = 9,
					.age_ns = 1000 * MS,
					.comm = "someone" };
	const struct span text = { "abc", 3 }, args = { "a\0b", 4 };
	unsigned int i;

	memset(o, 0, sizeof(*o));
	o->have = ~0ull;
	o->source = source;
	o->boot_ns = 5000 * MS;
	o->real_ns = (int64_t)(9000 * MS);
	o->reapable_ns = o->life_ns = 1000 * MS;
	o->tgid = o->ns_tgid = o->sid = o->pgid = 10;
	o->start_boottime = 11;
	memcpy(o->comm, "comm", 4);
	o->exe = o->filename = o->tty = o->cgroup = o->container = text;
	o->oom.cgroup = text;
	o->args = args;
	o->args_cut = o->uid = o->gid = o->loginuid = 12;
	o->parent = o->killer = o->asked_by = o->oom.by = someone;
	o->reaped_by = o->new_parent = someone;
	o->cgroup_hierarchy = OBIT_HIER_UNIFIED;
	o->cgroup_id = o->pid_ns = o->threads = 13;
	o->exit_value = 14;
	o->exit_code = o->exit_status = 15;
	o->signal = o->pdeath_signal = 9;
	o->meaning = "EX_USAGE";
	o->oom.rss_kb = 100000;
	o->fate = FATE_WAITED;
	o->zombie_ns = 2000 * MS;
	o->zombie_err_ns = 7 * MS;
	o->sigchld = OBIT_SIGCHLD_HANDLER;
	o->pdeath_tid = 16;
	o->usage.cpu_ns = o->usage.utime_ns = o->usage.stime_ns = 500 * MS;
	o->sampled_ns = 90 * MS;
	o->usage.maxrss_kb = o->usage.minflt = o->usage.majflt = 17;
	o->usage.nvcsw = o->usage.nivcsw = 18;
	o->usage.read_bytes = o->usage.write_bytes = 4096;
	teardowns[source] = (struct teardown){ .kernel_ns = 1000 * MS,
					       .off_ns = 1000 * MS,
					       .user_ns = 1000 * MS,
					       .off_known = true,
					       .user_known = true,
					       .phases = ~0u };
	for (i = 0; i < OBIT_PHASE_NR; i++)
		teardowns[source].phase_ns[i] = 1000 * MS;
	o->teardown = &teardowns[source];
}

/* Adds `by` to a number; anything else becomes something else. */
static void change(const struct field *f, struct obituary *o, uint64_t by)
{
	static const struct span other = { "abd", 3 }, args = { "a\0c", 4 };
	void *p = (f->in_teardown ? (char *)&teardowns[o->source] : (char *)o) +
		  f->offset;

	switch (f->type) {
	case F_U32:
		*(uint32_t *)p += (uint32_t)by;
		break;
	case F_U64:
	case F_DURATION:
		*(uint64_t *)p += by;
		break;
	case F_S32:
	case F_SIGNAL:
		*(int32_t *)p += (int32_t)by;
		break;
	case F_TIME:
		/* as an instant: both clocks show it */
		*(int64_t *)p += (int64_t)by;
		o->boot_ns += by;
		break;
	case F_BOOL:
		*(bool *)p = !*(bool *)p;
		break;
	case F_COMM:
		((char *)p)[3] = 'x';
		break;
	case F_TEXT:
		*(struct span *)p = other;
		break;
	case F_ARGS:
		*(struct span *)p = args;
		break;
	case F_CSTR:
		*(const char **)p = "EX_CONFIG";
		break;
	case F_CAUSE:
		o->cause = CAUSE_SELF;
		break;
	case F_FATE:
		o->fate = FATE_AUTOREAPED;
		break;
	case F_SIGCHLD:
		o->sigchld = OBIT_SIGCHLD_DEFAULT;
		break;
	case F_HIERARCHY:
		o->cgroup_hierarchy = OBIT_HIER_PIDS;
		break;
	case F_SOURCE:
	case F_EVENT:
	case F_TYPE_NR:
		break;
	}
}

static enum compared compare(const struct field *f, const struct obituary *a,
			     const struct obituary *b, struct comparison *c)
{
	const struct obituary *const o[SOURCE_NR] = { a, b };
	const enum tier tier[SOURCE_NR] = { TIER_FENTRY, TIER_KMOD };

	return compare_key(f, o, tier, c);
}

static const uint64_t *margin(const char *key)
{
	static const uint64_t stretch = 2 * INSTANT + TAKEN,
			      threads = 2 * 1000 * MS,
			      asleep = stretch + threads;
	size_t i;

	if (!strncmp(key, "teardown.off_cpu", strlen("teardown.off_cpu")))
		return &asleep;
	for (i = 0; near_keys[i].key; i++)
		if (!strcmp(key, near_keys[i].key))
			return &near_keys[i].margin;
	return strncmp(key, "teardown.", 9) ? NULL : &stretch;
}

static void every_key(void **state)
{
	const struct field *f;
	struct obituary a, b;
	struct comparison c;
	enum compared got;
	const uint64_t *m;
	unsigned int near_nr = 0;

	(void)state;
	for (f = obituary_fields; f->key; f++) {
		full(&a, SOURCE_BPF);
		full(&b, SOURCE_KMOD);
		m = margin(f->key);
		near_nr += m && !f->in_teardown;
		if (is_no_matter(f->key)) {
			change(f, &b, 1000 * MS);
			assert_int_equal(compare(f, &a, &b, &c), COMPARED_NOT);
			continue;
		}
		got = compare(f, &a, &b, &c);
		if (got != COMPARED_SAME)
			fail_msg("%s: equal, and not the same", f->key);
		if (f->type == F_EVENT)
			continue;
		change(f, &b, m ? *m : 1);
		got = compare(f, &a, &b, &c);
		if (m &&
		    (got != COMPARED_SAME || c.apart != *m || c.margin != *m))
			fail_msg("%s: %llu apart, margin %llu, not %llu",
				 f->key, (unsigned long long)c.apart,
				 (unsigned long long)c.margin,
				 (unsigned long long)*m);
		if (m) {
			change(f, &b, 1);
			got = compare(f, &a, &b, &c);
		}
		if (got != COMPARED_DIFFERENT)
			fail_msg("%s: changed, and nobody noticed", f->key);
		/* and the other way round */
		full(&b, SOURCE_KMOD);
		change(f, &a, m ? *m + 1 : 1);
		if (compare(f, &a, &b, &c) != COMPARED_DIFFERENT)
			fail_msg("%s: changed in bpf, unnoticed", f->key);
	}
	assert_int_equal(near_nr, sizeof(near_keys) / sizeof(*near_keys) - 1);
}

static void nulls(void **state)
{
	const struct field *f;
	struct obituary a, b;
	struct comparison c;
	enum compared want;

	(void)state;
	for (f = obituary_fields; f->key; f++) {
		if (f->have == OB_ALWAYS || is_no_matter(f->key))
			continue;
		want = is_owed(f->key) ? COMPARED_DIFFERENT : COMPARED_SILENT;
		full(&a, SOURCE_BPF);
		full(&b, SOURCE_KMOD);
		b.have &= ~(1ull << f->have);
		if (compare(f, &a, &b, &c) != want)
			fail_msg("%s: null in kmod is not told", f->key);
		assert_int_equal(c.silent, SOURCE_KMOD);
		if (compare(f, &b, &b, &c) != COMPARED_SAME)
			fail_msg("%s: null in both is a matter", f->key);
		full(&b, SOURCE_KMOD);
		a.have &= ~(1ull << f->have);
		if (compare(f, &a, &b, &c) != want)
			fail_msg("%s: null in bpf is not told", f->key);
		assert_int_equal(c.silent, SOURCE_BPF);
	}
}

/* A 0 that is null (unknown start of a parent) is one here, too. */
static void zero_null(void **state)
{
	const struct field *f = obituary_field("killer.start_boottime", 21);
	struct obituary a, b;
	struct comparison c;

	(void)state;
	full(&a, SOURCE_BPF);
	full(&b, SOURCE_KMOD);
	a.killer.start_boottime = 0;
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_SILENT);
	assert_int_equal(c.silent, SOURCE_BPF);
}

/* Somebody set the clock between the two: only what was seen is compared. */
static void clock_set(void **state)
{
	const struct field *f = obituary_field("time", 4);
	struct obituary a, b;
	struct comparison c;

	(void)state;
	full(&a, SOURCE_BPF);
	full(&b, SOURCE_KMOD);
	b.real_ns -= (int64_t)(3600000 * MS);
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_SAME);
	full(&a, SOURCE_BPF);
	a.real_ns -= (int64_t)(3600000 * MS);
	full(&b, SOURCE_KMOD);
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_SAME);
	b.real_ns += INSTANT + TAKEN + 1;
	b.boot_ns += INSTANT + TAKEN + 1;
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_DIFFERENT);
}

/* One that has never lost the CPU is held to the instant, and one of whom that
 * is not known is not. */
static void kept_the_cpu(void **state)
{
	const struct field *f = obituary_field("boot_ns", 7);
	struct obituary o;

	(void)state;
	full(&o, SOURCE_BPF);
	assert_int_equal(margin_of(f, &o), 500 * MS);
	o.usage.nivcsw = 0;
	assert_int_equal(margin_of(f, &o), 100 * MS);
	o.have &= ~(1ull << OB_USAGE);
	assert_int_equal(margin_of(f, &o), 500 * MS);
}

/* With no tick at all the whole may move to the other side; with many, little. */
static void split(void **state)
{
	const struct field *f = obituary_field("usage.stime_ns", 14);
	struct obituary o;

	(void)state;
	full(&o, SOURCE_BPF);
	o.sampled_ns = 0;
	assert_int_equal(margin_of(f, &o), 500 * MS + 110 * MS);
	o.usage.cpu_ns = 10000 * MS;
	o.sampled_ns = 9990 * MS;
	assert_int_equal(margin_of(f, &o), 10 * MS + 110 * MS);
	o.usage.cpu_ns = UINT64_MAX;	/* no overflow on the way */
	o.sampled_ns = UINT64_MAX / 2;
	assert_true(margin_of(f, &o) < 200 * MS);
}

static void values(void **state)
{
	struct obituary o;
	struct buf b = BUF_INIT;
	size_t i;
	/* clang-format off */
	static const struct {
		const char *key, *json;
	} want[] = {
		{ "tgid", "10" },
		{ "exit_value", "-3" },
		{ "execed", "false" },
		{ "exe", "\"abc\"" },
		{ "args", "[\"a\",\"b\"]" },
		{ "cause", "\"exit\"" },
		{ "killer.signal", "\"SIGKILL\"" },
		{ "time", "\"1970-01-01T00:00:09.000000000+00:00\"" },
	};
	/* clang-format on */

	(void)state;
	full(&o, SOURCE_BPF);
	o.exit_value = -3;
	o.cause = CAUSE_EXIT;
	for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
		buf_clear(&b);
		assert_true(value_json(&b,
				       obituary_field(want[i].key,
						      strlen(want[i].key)),
				       &o));
		assert_string_equal(buf_str(&b), want[i].json);
	}
	buf_clear(&b);
	o.have &= ~(1ull << OB_EXE);
	assert_false(value_json(&b, obituary_field("exe", 3), &o));
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

/* What is allowed has its reason. */
static void reasons(void **state)
{
	const struct field *f;

	(void)state;
	for (f = obituary_fields; f->key; f++) {
		if (f->compare == CMP_WITHIN && f->margin != MARGIN_NONE)
			assert_true(strlen(margin_why(f->margin)) > 5);
		else
			assert_int_equal(f->margin, MARGIN_NONE);
	}
}

/* The parent's mask can change between two looks, and nothing else can. */
static void test_mask(void **state)
{
	const struct field *f = obituary_field("sigchld", 7);
	struct obituary a, b;
	struct comparison c;

	(void)state;
	full(&a, SOURCE_BPF);
	full(&b, SOURCE_KMOD);
	b.sigchld = OBIT_SIGCHLD_BLOCKED;
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_SAME);
	a.sigchld = OBIT_SIGCHLD_DEFAULT;
	assert_int_equal(compare(f, &b, &a, &c), COMPARED_SAME);
	a.sigchld = OBIT_SIGCHLD_IGNORED;
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_DIFFERENT);
	a.sigchld = OBIT_SIGCHLD_HANDLER;
	b.sigchld = OBIT_SIGCHLD_DEFAULT;
	assert_int_equal(compare(f, &a, &b, &c), COMPARED_DIFFERENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask), cmocka_unit_test(every_key),
		cmocka_unit_test(nulls),     cmocka_unit_test(zero_null),
		cmocka_unit_test(clock_set), cmocka_unit_test(split),
		cmocka_unit_test(values),	cmocka_unit_test(reasons),
		cmocka_unit_test(kept_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
