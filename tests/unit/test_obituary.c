// SPDX-License-Identifier: GPL-2.0-only
/*
 * obituary: the field table against the contract's list of keys, and values.
 * The list is the contract's, written down again: never derived from the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "core/value.h"

/* The keys as the contract lists them, in its order. */
/* clang-format off */
static const char *const keys[] = {
	"event", "time", "boot_ns", "reapable_ns", "tgid", "ns_tgid",
	"start_boottime", "comm", "exe", "filename", "args", "args_cut", "uid",
	"gid", "loginuid", "sid", "pgid", "tty", "parent.tgid",
	"parent.start_boottime", "parent.comm", "cgroup", "cgroup_hierarchy",
	"cgroup_id", "container", "pid_ns", "life_ns", "threads", "execed",
	"exit_value", "exit_code", "exit_status", "truncated", "signal",
	"core_dumped", "meaning", "cause", "killer.tgid",
	"killer.start_boottime", "killer.tid", "killer.comm", "killer.uid",
	"killer.signal", "asked_by.tgid", "asked_by.start_boottime",
	"asked_by.tid", "asked_by.comm", "asked_by.uid", "asked_by.signal",
	"asked_by.age_ns", "oom.cgroup", "oom.by.tgid",
	"oom.by.start_boottime", "oom.by.comm", "oom.rss_kb", "fate",
	"reaped_by.tgid", "reaped_by.start_boottime", "reaped_by.comm",
	"new_parent.tgid", "new_parent.start_boottime", "new_parent.comm",
	"zombie_ns", "zombie_err_ns", "sigchld", "pdeath_signal", "pdeath_tid",
	"usage.cpu_ns", "usage.utime_ns", "usage.stime_ns", "usage.maxrss_kb",
	"usage.minflt", "usage.majflt", "usage.nvcsw", "usage.nivcsw",
	"usage.read_bytes", "usage.write_bytes", "teardown.kernel_ns",
	"teardown.user_ns", "teardown.off_cpu_ns", "teardown.phases.other",
	"teardown.phases.delivery", "teardown.phases.coredump",
	"teardown.phases.threads", "teardown.phases.ptrace_stop",
	"teardown.phases.io_uring", "teardown.phases.signals",
	"teardown.phases.accounting", "teardown.phases.mm",
	"teardown.phases.mm.unmap", "teardown.phases.ipc",
	"teardown.phases.tty", "teardown.phases.files", "teardown.phases.fs",
	"teardown.phases.namespaces", "teardown.phases.file_close",
	"teardown.phases.thread", "teardown.phases.cgroup",
	"teardown.phases.notify", "teardown.phases.connector",
	"teardown.phases.dead", "teardown.phases.resources",
	"teardown.off_cpu.other", "teardown.off_cpu.delivery",
	"teardown.off_cpu.coredump", "teardown.off_cpu.threads",
	"teardown.off_cpu.ptrace_stop", "teardown.off_cpu.io_uring",
	"teardown.off_cpu.signals", "teardown.off_cpu.accounting",
	"teardown.off_cpu.mm", "teardown.off_cpu.mm.unmap",
	"teardown.off_cpu.ipc", "teardown.off_cpu.tty",
	"teardown.off_cpu.files", "teardown.off_cpu.fs",
	"teardown.off_cpu.namespaces", "teardown.off_cpu.file_close",
	"teardown.off_cpu.thread", "teardown.off_cpu.cgroup",
	"teardown.off_cpu.notify", "teardown.off_cpu.connector",
	"teardown.off_cpu.dead", "teardown.off_cpu.resources",
	"source",
};
/* clang-format on */

static void test_keys(void **state)
{
	size_t i, n = sizeof(keys) / sizeof(*keys);
	const struct field *f, *g;
	int t;

	(void)state;
	for (i = 0, f = obituary_fields; f->key; f++, i++) {
		assert_true(i < n);
		assert_string_equal(f->key, keys[i]);
		assert_ptr_equal(obituary_field(f->key, strlen(f->key)), f);
		assert_non_null(f->help);
		assert_non_null(f->otel);
		for (t = 0; t < TIER_NR; t++) {
			assert_non_null(f->why[t]);
			assert_true(strlen(f->why[t]) > 5);
		}
		for (g = obituary_fields; g < f; g++)
			if (g->otel && !strcmp(g->otel, f->otel))
				fail_msg("%s twice", f->otel);
		/* an object's bit is its rows', or of an object around it */
		if (!strchr(f->key, '.'))
			assert_int_equal(f->have, f->object);
	}
	assert_int_equal(i, n);
	assert_null(obituary_field("tgi", 3));
	assert_null(obituary_field("tgidx", 5));
	assert_null(obituary_field("", 0));
	assert_non_null(obituary_field("tgid == 3", 4));
}

static struct value value(const struct obituary *o, const char *key)
{
	const struct field *f = obituary_field(key, strlen(key));
	struct value v;
	bool known;

	assert_non_null(f);
	known = field_value(f, o, &v);
	assert_int_equal(known, v.kind != VALUE_NULL);
	return v;
}

static void is_text(const struct value *v, const char *want)
{
	assert_int_equal(v->kind, VALUE_BYTES);
	assert_int_equal(v->bytes.len, strlen(want));
	assert_memory_equal(v->bytes.p, want, strlen(want));
}

static void test_values(void **state)
{
	struct obituary o = { .tgid = 7,
			      .start_boottime = 8,
			      .comm = "sixteen-bytes-16" };
	struct value v;

	(void)state;
	v = value(&o, "event");
	is_text(&v, "obituary");
	v = value(&o, "tgid");
	assert_int_equal(v.kind, VALUE_U64);
	assert_int_equal(v.u64, 7);
	v = value(&o, "cause");
	is_text(&v, "exit");
	assert_int_equal(value(&o, "comm").kind, VALUE_NULL);
	obituary_set(&o, OB_COMM);
	v = value(&o, "comm");
	is_text(&v, "sixteen-bytes-16");	/* no NUL, and no look beyond */

	o.exit_value = -5;
	assert_int_equal(value(&o, "exit_value").kind, VALUE_NULL);
	obituary_set(&o, OB_EXIT_VALUE);
	v = value(&o, "exit_value");
	assert_int_equal(v.kind, VALUE_S64);
	assert_int_equal(v.s64, -5);

	o.killer.tgid = 9;
	o.killer.signal = SIGKILL;
	obituary_set(&o, OB_KILLER);
	v = value(&o, "killer.signal");
	is_text(&v, "SIGKILL");
	assert_int_equal(v.s64, SIGKILL);
	assert_int_equal(value(&o, "killer.start_boottime").kind, VALUE_NULL);
	assert_int_equal(value(&o, "killer.uid").u64, 0);
	assert_int_equal(value(&o, "killer.uid").kind, VALUE_U64);
	v = value(&o, "killer.comm");
	is_text(&v, "");

	o.signal = 37;
	obituary_set(&o, OB_SIGNAL);
	v = value(&o, "signal");
	is_text(&v, "SIGRTMIN+3");
	o.signal = 100;		/* no such signal */
	assert_int_equal(value(&o, "signal").kind, VALUE_NULL);
	o.cause = CAUSE_NR;
	assert_int_equal(value(&o, "cause").kind, VALUE_NULL);

	obituary_set(&o, OB_SIGCHLD);
	assert_int_equal(value(&o, "sigchld").kind, VALUE_NULL);
	o.sigchld = OBIT_SIGCHLD_NONE;
	v = value(&o, "sigchld");
	is_text(&v, "none");
	o.sigchld = 200;
	assert_int_equal(value(&o, "sigchld").kind, VALUE_NULL);

	o.truncated = true;
	obituary_set(&o, OB_TRUNCATED);
	v = value(&o, "truncated");
	assert_int_equal(v.kind, VALUE_BOOL);
	assert_true(v.boolean);
	assert_int_equal(value(&o, "meaning").kind, VALUE_NULL);
	obituary_set(&o, OB_MEANING);
	assert_int_equal(value(&o, "meaning").kind, VALUE_NULL);
}

static void test_args(void **state)
{
	struct span args = { "a\0\0bc\0cut", 9 }, s;
	size_t at = 0;

	(void)state;
	assert_true(args_next(args, &at, &s));
	assert_int_equal(s.len, 1);
	assert_true(args_next(args, &at, &s));
	assert_int_equal(s.len, 0);
	assert_true(args_next(args, &at, &s));
	assert_int_equal(s.len, 2);
	assert_true(args_next(args, &at, &s));
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.p, "cut", 3);
	assert_false(args_next(args, &at, &s));
	args.len = at = 0;
	assert_false(args_next(args, &at, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
