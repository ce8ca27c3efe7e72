// SPDX-License-Identifier: GPL-2.0-only
/*
 * The filter: grammar, types, null, sentences with their caret, named filters,
 * notices, lineage and what the kernel may check. What an expression must say
 * of the obituary below is written down by hand, never computed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/filter/filter.h"
#include "stream.h"

static const char sample_args[] = "nginx\0-g\0daemon off;";

/* nginx[412], killed by SIGKILL from bash[77] two seconds ago, still a zombie
 * time: not known; no tty, no exit value. */
static struct obituary sample(void)
{
	static struct obituary o;

	memset(&o, 0, sizeof(o));
	o.tgid = 412;
	o.start_boottime = 5000;
	strcpy(o.comm, "nginx");
	o.exe = (struct span){ "/usr/sbin/nginx", 15 };
	o.args = (struct span){ sample_args, sizeof(sample_args) };
	o.uid = 33;
	o.real_ns = 1763780000ll * 1000000000;
	strcpy(o.parent.comm, "systemd");
	o.parent.tgid = 1;
	o.cgroup = (struct span){ "/system.slice/nginx.service", 27 };
	o.container = (struct span){ "deadbeef0123", 12 };
	o.cgroup_id = 18446744073709551615ull;
	o.signal = 9;
	o.exit_code = 9;
	o.core_dumped = false;
	o.cause = CAUSE_SIGNAL;
	o.killer.tgid = 77;
	strcpy(o.killer.comm, "bash");
	o.fate = FATE_ZOMBIE;
	o.life_ns = 2000000000;
	o.usage.maxrss_kb = 8192;
	o.execed = true;
	o.have = 1ull << OB_START | 1ull << OB_COMM | 1ull << OB_EXE |
		 1ull << OB_ARGS | 1ull << OB_UID | 1ull << OB_PARENT |
		 1ull << OB_CGROUP | 1ull << OB_CGROUP_ID | 1ull << OB_SIGNAL |
		 1ull << OB_EXIT_CODE | 1ull << OB_CORE | 1ull << OB_KILLER |
		 1ull << OB_LIFE | 1ull << OB_USAGE | 1ull << OB_EXECED |
		 1ull << OB_CONTAINER | 1ull << OB_TIME;
	return o;
}

static enum truth truth(const char *expression)
{
	struct filter *f = filter_new();
	struct obituary o = sample();
	struct buf why = BUF_INIT;
	enum truth t;

	if (filter_add(f, expression, &why))
		fail_msg("`%s`: %s", expression, buf_str(&why));
	t = filter_truth(f, &o);
	buf_free(&why);
	filter_free(f);
	return t;
}

static void truths(void **state)
{
	/* clang-format off */
	static const struct {
		const char *expression;
		enum truth want;
	} cases[] = {
		{ "tgid == 412", TRUTH_TRUE },
		{ "tgid != 412", TRUTH_FALSE },
		{ "tgid < 412", TRUTH_FALSE },
		{ "tgid <= 412", TRUTH_TRUE },
		{ "tgid > 411 && tgid < 413", TRUTH_TRUE },
		{ "tgid == 0x19c", TRUTH_TRUE },
		{ "tgid > -1", TRUTH_TRUE },
		{ "cgroup_id == 18446744073709551615", TRUTH_TRUE },
		{ "cgroup_id > 18446744073709551614", TRUTH_TRUE },
		{ "comm == \"nginx\"", TRUTH_TRUE },
		{ "comm == nginx", TRUTH_TRUE },
		{ "comm == 'nginx'", TRUTH_TRUE },
		{ "comm == \"ngin\\x78\"", TRUTH_TRUE },
		{ "comm == \"ngin\"", TRUTH_FALSE },
		{ "comm < \"nginy\"", TRUTH_TRUE },
		{ "comm =~ \"^ng\"", TRUTH_TRUE },
		{ "comm =~ \"^inx\"", TRUTH_FALSE },
		{ "comm !~ \"^inx\"", TRUTH_TRUE },
		{ "exe =~ \"/s?bin/[a-z]+$\"", TRUTH_TRUE },
		{ "exe =~ \"\\.\"", TRUTH_FALSE },
		{ "args == \"-g\"", TRUTH_TRUE },
		{ "args == \"daemon\"", TRUTH_FALSE },
		{ "args =~ \"daemon\"", TRUTH_TRUE },
		{ "args != \"-g\"", TRUTH_FALSE },
		{ "args != \"-h\"", TRUTH_TRUE },
		{ "signal == SIGKILL", TRUTH_TRUE },
		{ "signal == KILL", TRUTH_TRUE },
		{ "signal == 9", TRUTH_TRUE },
		{ "signal == SIGRTMIN+3", TRUTH_FALSE },
		{ "signal != SIGTERM", TRUTH_TRUE },
		{ "cause == signal", TRUTH_TRUE },
		{ "cause == oom", TRUTH_FALSE },
		{ "fate == zombie", TRUTH_TRUE },
		{ "killer.comm == bash && killer.tgid == 77", TRUTH_TRUE },
		{ "life_ns == 2s", TRUTH_TRUE },
		{ "life_ns >= 1999ms", TRUTH_TRUE },
		{ "life_ns < 0.5s", TRUTH_FALSE },
		{ "life_ns == 2000000000", TRUTH_TRUE },
		/* A unit means bytes though the key counts KiB. */
		{ "usage.maxrss_kb == 8M", TRUTH_TRUE },
		{ "usage.maxrss_kb == 8192", TRUTH_TRUE },
		{ "execed", TRUTH_TRUE },
		{ "!execed", TRUTH_FALSE },
		{ "execed == true", TRUTH_TRUE },
		{ "execed != true", TRUTH_FALSE },
		{ "core_dumped", TRUTH_FALSE },
		{ "time == \"2025-11-22T02:53:20Z\"", TRUTH_TRUE },
		{ "time == \"2025-11-22T03:53:20+01:00\"", TRUTH_TRUE },
		{ "time > \"2025-11-22T02:53:20.5Z\"", TRUTH_FALSE },
		/* Null. */
		{ "exit_status == 0", TRUTH_UNKNOWN },
		{ "exit_status != 0", TRUTH_UNKNOWN },
		{ "!(exit_status == 0)", TRUTH_UNKNOWN },
		{ "exit_status == null", TRUTH_TRUE },
		{ "exit_status != null", TRUTH_FALSE },
		{ "signal == null", TRUTH_FALSE },
		{ "truncated", TRUTH_UNKNOWN },
		{ "tty == \"pts/0\"", TRUTH_UNKNOWN },
		{ "exit_status == 0 && tgid == 412", TRUTH_UNKNOWN },
		{ "exit_status == 0 && tgid == 1", TRUTH_FALSE },
		{ "tgid == 1 && exit_status == 0", TRUTH_FALSE },
		{ "exit_status == 0 || tgid == 412", TRUTH_TRUE },
		{ "tgid == 412 || exit_status == 0", TRUTH_TRUE },
		{ "exit_status == 0 || tgid == 1", TRUTH_UNKNOWN },
		{ "tgid == 1 || exit_status == 0", TRUTH_UNKNOWN },
		{ "killer != null", TRUTH_TRUE },
		{ "asked_by == null", TRUTH_TRUE },
		{ "oom == null", TRUTH_TRUE },
		{ "oom.by == null", TRUTH_TRUE },
		/* Precedence. */
		{ "tgid == 1 && tgid == 2 || tgid == 412", TRUTH_TRUE },
		{ "tgid == 1 && (tgid == 2 || tgid == 412)", TRUTH_FALSE },
		{ "tgid == 412 || tgid == 1 && tgid == 2", TRUTH_TRUE },
		{ "!tgid == 412", TRUTH_FALSE },
		{ "!!tgid == 412", TRUTH_TRUE },
		{ "  ( tgid==412 )\t", TRUTH_TRUE },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (truth(cases[i].expression) != cases[i].want)
			fail_msg("`%s` is %d, not %d", cases[i].expression,
				 truth(cases[i].expression), cases[i].want);
}

static void wrong(void **state)
{
	/* The sentence and the column of the caret. */
	/* clang-format off */
	static const struct {
		const char *expression, *sentence;
		int column;
	} cases[] = {
		{ "signl == SIGKILL", "no key is named `signl`; did you mean `signal`?", 0 },
		{ "tgid == 1 && parent.com == \"x\"", "no key is named `parent.com`; did you mean `parent.comm`?", 13 },
		{ "xyzzy_quux == 1", "no key is named `xyzzy_quux`; `obit doctor --fields` lists them", 0 },
		{ "tgid", "`tgid` must be compared, as in `tgid == ...`", 4 },
		{ "tgid == ", "here a number is expected", 8 },
		{ "tgid = 4", "to compare, write ==", 5 },
		{ "tgid == \"4\"", "`tgid` is compared with a number", 8 },
		{ "comm == 4", "`comm` is compared with a string in quotes", 8 },
		{ "life_ns > 1M", "`life_ns` is a time: its units are ns us ms s m h d", 10 },
		{ "tgid > 1s", "`tgid` is no time: it has no unit like ns or s", 7 },
		{ "life_ns > 1.5", "`life_ns` is a whole number of ns; units are ns us ms s m h d", 10 },
		{ "life_ns > 1 s", "here && or || is expected, or the end", 12 },
		{ "life_ns > 5x", "no unit is named `x`: there are ns us ms s m h d and K M G T", 11 },
		{ "signal == SIGFOO", "`SIGFOO` is no signal", 10 },
		{ "signal > SIGTERM", "`signal` has names, which have no order: use == or !=", 9 },
		{ "cause == oon", "`cause` is never `oon`; did you mean `oom`?", 9 },
		{ "fate == zzz", "`fate` is never `zzz`; it must be one of unknown, waited, autoreaped, ptrace_waited, zombie", 8 },
		{ "comm =~ \"(\"", "the regular expression is wrong: Unmatched ( or \\(", 8 },
		{ "comm =~ nginx", "after =~ comes a regular expression in quotes", 8 },
		{ "tgid =~ \"4\"", "`tgid` is no text: =~ does not apply", 8 },
		{ "comm =~ \"((a{100}){100}){100}\"", "this regular expression repeats too much to be run for every death", 8 },
		{ "comm == \"x", "this string does not end", 8 },
		{ "comm == \"\\q\"", "no such escape: there are \\n \\t \\xNN and \\ before punctuation", 9 },
		{ "(tgid == 1", "a ) is missing here", 10 },
		{ "tgid == 1)", "here && or || is expected, or the end", 9 },
		{ "tgid == 1 && ", "a comparison is expected, but here is the end", 13 },
		{ "", "a comparison is expected, but here is the end", 0 },
		{ "&& tgid == 1", "a key is expected here", 0 },
		{ "tgid == 1 & uid == 0", "write &&", 10 },
		{ "tgid == 1 # uid", "this is no part of an expression", 10 },
		{ "killer == 4", "`killer` has keys of its own, like `killer.comm`; it can only be compared with null", 0 },
		{ "tgid < null", "null is compared by == or !=", 5 },
		{ "execed > true", "`execed` is true or false, which have no order", 9 },
		{ "args < \"a\"", "arguments have no order: use ==, != or =~", 7 },
		{ "time > \"noon\"", "`noon` is no instant: write 2026-11-22T03:00:00, with a zone such as Z or +01:00 if it is not the local one", 7 },
		{ "tgid == 99999999999999999999999", "this number is too big", 8 },
	};
	/* clang-format on */
	struct buf why = BUF_INIT;
	struct filter *f;
	char want[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f = filter_new();
		buf_clear(&why);
		assert_int_equal(filter_add(f, cases[i].expression, &why),
				 -EINVAL);
		snprintf(want, sizeof(want), "%s\n  %s\n  %*s^",
			 cases[i].sentence, cases[i].expression,
			 cases[i].column, "");
		assert_string_equal(buf_str(&why), want);
		filter_free(f);
	}
	buf_free(&why);
}

static void deep(void **state)
{
	struct filter *f = filter_new();
	struct buf text = BUF_INIT, why = BUF_INIT;

	(void)state;
	buf_fill(&text, '(', 100000);
	assert_int_equal(filter_add(f, buf_str(&text), &why), -EINVAL);
	assert_non_null(strstr(buf_str(&why), "nested too deeply"));
	buf_clear(&text);
	buf_clear(&why);
	buf_fill(&text, '!', 100000);
	assert_int_equal(filter_add(f, buf_str(&text), &why), -EINVAL);
	/* A long chain is no nesting. */
	buf_clear(&text);
	buf_adds(&text, "tgid == 0");
	for (int i = 0; i < 2000; i++)
		buf_adds(&text, " || tgid == 1");
	assert_int_equal(filter_add(f, buf_str(&text), &why), 0);
	buf_free(&text);
	buf_free(&why);
	filter_free(f);
}

static bool shown(enum filter_name name, const char *value)
{
	struct filter *f = filter_new();
	struct obituary o = sample();
	struct buf why = BUF_INIT;
	bool b;

	if (filter_add_named(f, name, value, &why))
		fail_msg("%s: %s", value, buf_str(&why));
	b = filter_obituary(f, &o);
	buf_free(&why);
	filter_free(f);
	return b;
}

static void named(void **state)
{
	/* clang-format off */
	static const struct {
		enum filter_name name;
		const char *value;
		bool want;
	} cases[] = {
		{ FILTER_TGID, "412", true },
		{ FILTER_TGID, "413", false },
		{ FILTER_COMM, "nginx", true },
		{ FILTER_COMM, "ngin", false },
		{ FILTER_COMM, "ng*", true },
		{ FILTER_COMM, "?ginx", true },
		{ FILTER_COMM, "[a-f]*", false },
		{ FILTER_UID, "33", true },
		{ FILTER_UID, "0", false },
		{ FILTER_CGROUP, "/system.slice", true },
		{ FILTER_CGROUP, "/system.slice/", true },
		{ FILTER_CGROUP, "/system.slice/nginx.service", true },
		{ FILTER_CGROUP, "/system.slice/nginx", false },
		{ FILTER_CGROUP, "/", true },
		{ FILTER_CONTAINER, "deadbeef", true },
		{ FILTER_CONTAINER, "beef", false },
		{ FILTER_SIGNAL, "KILL", true },
		{ FILTER_SIGNAL, "15", false },
		{ FILTER_STATUS, "137", true },	/* as a shell shows it */
		{ FILTER_STATUS, "9", false },
		{ FILTER_FAILED, NULL, true },
		{ FILTER_CAUSE, "signal", true },
		{ FILTER_CAUSE, "oom", false },
	};
	static const struct {
		enum filter_name name;
		const char *value;
	} bad[] = {
		{ FILTER_TGID, "nginx" }, { FILTER_TGID, "-1" },
		{ FILTER_UID, "" }, { FILTER_CGROUP, "a" },
		{ FILTER_CONTAINER, "" }, { FILTER_SIGNAL, "SIGFOO" },
		{ FILTER_SIGNAL, "0" }, { FILTER_STATUS, "256" },
		{ FILTER_CAUSE, "oon" }, { FILTER_TREE, "x" },
		{ FILTER_TGID, "0" }, { FILTER_TGID, "4194304" },
		{ FILTER_TREE, "0" }, { FILTER_TREE, "4294967297" },
	};
	/* clang-format on */
	struct buf why = BUF_INIT;
	struct filter *f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (shown(cases[i].name, cases[i].value) != cases[i].want)
			fail_msg("%d=%s", cases[i].name, cases[i].value);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = filter_new();
		buf_clear(&why);
		assert_int_equal(filter_add_named(f, bad[i].name, bad[i].value,
						  &why),
				 -EINVAL);
		assert_true(why.len > 5);
		filter_free(f);
	}
	buf_free(&why);
}

/* Alternatives within a name, all of different names. */
static void combined(void **state)
{
	struct filter *f = filter_new();
	struct obituary o = sample();
	struct buf why = BUF_INIT;

	(void)state;
	assert_true(filter_obituary(f, &o));
	assert_int_equal(filter_add_named(f, FILTER_COMM, "x", &why), 0);
	assert_false(filter_obituary(f, &o));
	assert_int_equal(filter_add_named(f, FILTER_COMM, "nginx", &why), 0);
	assert_true(filter_obituary(f, &o));
	assert_int_equal(filter_add_named(f, FILTER_UID, "33", &why), 0);
	assert_true(filter_obituary(f, &o));
	assert_int_equal(filter_add(f, "life_ns > 1s", &why), 0);
	assert_true(filter_obituary(f, &o));
	assert_int_equal(filter_add(f, "life_ns > 3s", &why), 0);
	assert_false(filter_obituary(f, &o));
	filter_free(f);
	buf_free(&why);
}

static void pushdown(void **state)
{
	struct filter_push p;
	struct buf why = BUF_INIT;
	struct filter *f = filter_new();

	(void)state;
	filter_add(f, "tgid == 5 && (uid == 7 && life_ns > 1s)", &why);
	filter_add_named(f, FILTER_COMM, "a-very-long-name", &why);
	filter_add_named(f, FILTER_FAILED, NULL, &why);
	filter_pushdown(f, &p);
	assert_true(p.have_tgid && p.tgid == 5);
	assert_true(p.have_uid && p.uid == 7);
	assert_true(p.have_comm);
	assert_memory_equal(p.comm, "a-very-long-nam", 16);
	assert_false(p.have_cgroup_id);
	filter_free(f);

	/* What is not a conjunct of its own must stay here. */
	f = filter_new();
	filter_add(f, "tgid == 5 || uid == 7", &why);
	filter_add(f, "!(comm == \"a\")", &why);
	filter_add(f, "cgroup_id != 4 && uid > 3", &why);
	filter_add_named(f, FILTER_COMM, "a*", &why);
	filter_add_named(f, FILTER_TGID, "1", &why);
	filter_add_named(f, FILTER_TGID, "2", &why);
	filter_pushdown(f, &p);
	assert_false(p.have_tgid || p.have_uid || p.have_comm ||
		     p.have_cgroup_id);
	filter_free(f);
	buf_free(&why);
}

/* Which keys it compares, however deep. */
static void keys(void **state)
{
	struct filter *f = filter_new();
	struct buf why = BUF_INIT;

	(void)state;
	assert_false(filter_reads(f, "tgid"));
	filter_add(f, "tgid == 5 || !(uid == 7 && teardown.user_ns > 1s)",
		   &why);
	filter_add_named(f, FILTER_COMM, "a", &why);
	assert_true(filter_reads(f, "tgid") && filter_reads(f, "uid"));
	assert_true(filter_reads(f, "teardown.") &&
		    filter_reads(f, "teardown.user_ns"));
	assert_false(filter_reads(f, "teardown.user") ||
		     filter_reads(f, "teardown.kernel_ns") ||
		     filter_reads(f, "parent.") || filter_reads(f, "tgi"));
	filter_free(f);
	buf_free(&why);
}

static void notices(void **state)
{
	struct filter *f = filter_new();
	struct obituary o = sample();
	struct buf why = BUF_INIT;
	struct notice n = { .type = NOTICE_LOST };

	(void)state;
	filter_add(f, "signal == SIGKILL", &why);
	assert_true(filter_notice(f, &n));
	/* Before its obituary was shown nothing is known of a zombie. */
	n.type = NOTICE_REAPED;
	n.who.tgid = 412;
	n.who.start_boottime = 5000;
	strcpy(n.who.comm, "nginx");
	assert_false(filter_notice(f, &n));
	assert_true(filter_obituary(f, &o));
	n.type = NOTICE_ZOMBIE;
	assert_true(filter_notice(f, &n));
	n.type = NOTICE_REAPED;
	n.who.start_boottime = 5001;
	assert_false(filter_notice(f, &n));
	n.who.start_boottime = 5000;
	assert_true(filter_notice(f, &n));
	assert_false(filter_notice(f, &n));	/* forgotten */
	filter_free(f);

	f = filter_new();
	filter_add_named(f, FILTER_COMM, "nginx", &why);
	n.type = NOTICE_HANGUP;
	assert_true(filter_notice(f, &n));
	n.target = n.who;
	memset(&n.who, 0, sizeof(n.who));
	assert_true(filter_notice(f, &n));	/* the target will do */
	strcpy(n.target.comm, "other");
	assert_false(filter_notice(f, &n));
	filter_free(f);

	/* What a notice can not know is unknown, not "exit" or 0. */
	f = filter_new();
	filter_add(f, "cause == exit || exit_code == 0 || source == bpf", &why);
	assert_false(filter_notice(f, &n));
	filter_free(f);
	buf_free(&why);
}

/* --- lineage ------------------------------------------------------------------- */

static void feed(struct filter *f, struct stream *s)
{
	size_t at = 0;
	struct obit_hdr *h;

	for (; at < s->len; at += h->len) {
		h = (void *)(s->p + at);
		assert_int_equal(filter_before(f, h), 0);
		filter_after(f, h);
	}
	s->len = 0;
}

static bool in_tree(struct filter *f, uint32_t tgid)
{
	struct obituary o = { .tgid = tgid,
			      .start_boottime = tgid * 1000ull,
			      .have = 1ull << OB_START };

	return filter_obituary(f, &o);
}

static void tree(void **state)
{
	struct stream s = STREAM_INIT;
	struct buf why = BUF_INIT;
	struct filter *f = filter_new();
	struct obit_fork *fork;

	(void)state;
	assert_int_equal(filter_add_named(f, FILTER_TREE, "100", &why), 0);
	assert_int_equal(filter_add_named(f, FILTER_TREE, "101", &why),
			 -EINVAL);
	/* The scan goes by tgid: 50 comes before its ancestors 200 and 100. */
	stream_task(&s, 1, 1, 0, 0, 1);
	stream_task(&s, 1, 50, 200, 0, 1);
	stream_task(&s, 1, 60, 1, 0, 1);
	stream_task(&s, 1, 100, 1, 0, 1);
	/* Meanwhile 50 forks 70, and the stranger 60 forks 71. */
	stream_fork(&s, 2, 70, 50);
	stream_fork(&s, 2, 71, 60);
	stream_task(&s, 3, 200, 100, 0, 1);
	stream_scan(&s, 4, 1, OBIT_SCAN_TASKS);
	feed(f, &s);
	assert_true(in_tree(f, 100) && in_tree(f, 200) && in_tree(f, 50) &&
		    in_tree(f, 70));
	assert_false(in_tree(f, 1) || in_tree(f, 60) || in_tree(f, 71));
	stream_fork(&s, 5, 300, 70);
	stream_fork(&s, 5, 301, 71);
	/* CLONE_PARENT: who forked counts. */
	fork = stream_fork(&s, 5, 302, 1);
	fork->forker = thread_of(300, 300);
	feed(f, &s);
	assert_true(in_tree(f, 300) && in_tree(f, 302));
	assert_false(in_tree(f, 301));
	/* A descendant dies and a stranger is given its tgid. */
	stream_release(&s, 6, 300, 70, 0);
	fork = stream_fork(&s, 7, 300, 60);
	fork->task.start_boottime = 7;
	feed(f, &s);
	assert_false(in_tree(f, 300));
	/* So with the root's own. */
	fork = stream_fork(&s, 8, 100, 60);
	fork->task.start_boottime = 8;
	stream_fork(&s, 9, 400, 100)->forker.start_boottime = 8;
	feed(f, &s);
	assert_false(in_tree(f, 400));
	assert_true(in_tree(f, 50));
	stream_free(&s);
	filter_free(f);

	/* A root that is not born yet. */
	f = filter_new();
	filter_add_named(f, FILTER_TREE, "100", &why);
	stream_task(&s, 1, 1, 0, 0, 1);
	stream_scan(&s, 2, 1, OBIT_SCAN_TASKS);
	stream_fork(&s, 3, 100, 1);
	stream_fork(&s, 4, 101, 100);
	feed(f, &s);
	assert_true(in_tree(f, 100) && in_tree(f, 101));
	assert_false(in_tree(f, 1));
	stream_free(&s);
	filter_free(f);
	buf_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truths),   cmocka_unit_test(wrong),
		cmocka_unit_test(deep),	    cmocka_unit_test(named),
		cmocka_unit_test(combined), cmocka_unit_test(pushdown),
		cmocka_unit_test(keys),	    cmocka_unit_test(notices),
		cmocka_unit_test(tree),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
