// SPDX-License-Identifier: GPL-2.0-only
/*
 * pair: who waits for whom, what is told when, what is told at all; with every
 * string freed after the call, as a join's are.
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
#include "core/both/pair.h"

#define MS 1000000ull
#define SEC 1000000000ull

/* --- what comes out ---------------------------------------------------------- */

static char told[4096];
static int fail_with;

static int on_obituary(void *ctx, const struct obituary *o)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof(told) - n, "%s:%u:%x%s:%.*s ",
		 source_names[o->source], o->tgid, o->exit_code,
		 o->fate == FATE_ZOMBIE ? "z" : "", (int)o->exe.len,
		 o->exe.p ? o->exe.p : "");
	return fail_with;
}

static int on_notice(void *ctx, const struct notice *n)
{
	size_t at = strlen(told);

	(void)ctx;
	if (n->type == NOTICE_DISSENT)
		snprintf(told + at, sizeof(told) - at, "%u.%s(%.*s|%.*s) ",
			 n->who.tgid, n->key, (int)n->bpf.len,
			 n->bpf.p ? n->bpf.p : "", (int)n->kmod.len,
			 n->kmod.p ? n->kmod.p : "");
	else
		snprintf(told + at, sizeof(told) - at, "%s%u ",
			 notice_names[n->type], n->who.tgid);
	return 0;
}

static struct pair *start(size_t most)
{
	struct pair_config cfg = { .tier = { TIER_FENTRY, TIER_KMOD },
				   .most = most };
	struct pair_ops ops = { NULL, on_obituary, on_notice };
	struct pair *p = pair_new(&cfg, &ops);

	assert_non_null(p);
	told[0] = '\0';
	fail_with = 0;
	return p;
}

static void expect(const char *want)
{
	assert_string_equal(told, want);
	told[0] = '\0';
}

static struct pair_stats stats(const struct pair *p)
{
	struct pair_stats st;

	pair_stats(p, &st);
	assert_true(pair_balanced(p));
	return st;
}

static void end(struct pair *p)
{
	assert_int_equal(pair_finish(p), 0);
	assert_int_equal(stats(p).waiting, 0);
	pair_free(p);
}

/* --- what goes in ------------------------------------------------------------ */

static struct obituary death(uint32_t tgid, uint64_t at)
{
	struct obituary o = { .tgid = tgid,
			      .start_boottime = tgid * 1000,
			      .boot_ns = at,
			      .real_ns = (int64_t)at,
			      .exit_code = 0x100,
			      .fate = FATE_WAITED };

	obituary_set(&o, OB_TIME);
	obituary_set(&o, OB_START);
	obituary_set(&o, OB_EXE);
	obituary_set(&o, OB_ZOMBIE_NS);
	obituary_set(&o, OB_REAPED_BY);
	o.reaped_by.tgid = 1;
	memcpy(o.comm, "p", 1);
	obituary_set(&o, OB_COMM);
	return o;
}

/* The strings live as long as the call, and not longer. */
static int say(struct pair *p, enum obituary_source from, struct obituary o,
	       const char *exe)
{
	char *bytes = strdup(exe);
	int err;

	o.source = from;
	o.exe.p = bytes;
	o.exe.len = strlen(exe);
	err = pair_obituary(p, &o);
	memset(bytes, '#', strlen(exe));
	free(bytes);
	return err;
}

#define BPF SOURCE_BPF
#define KMOD SOURCE_KMOD

static void tick(struct pair *p, uint64_t at)
{
	assert_int_equal(pair_tick(p, BPF, at), 0);
	assert_int_equal(pair_tick(p, KMOD, at), 0);
}

static struct notice about(enum notice_type type, uint32_t tgid)
{
	struct notice n = { .type = type };

	n.who.tgid = tgid;
	n.who.start_boottime = tgid * 1000;
	return n;
}

/* --- two that agree ---------------------------------------------------------- */

static void agree(void **state)
{
	struct pair *p = start(0);

	(void)state;
	/* BPF first: told at once. */
	assert_int_equal(say(p, BPF, death(7, 5 * SEC), "/a"), 0);
	expect("bpf:7:100:/a ");
	assert_int_equal(say(p, KMOD, death(7, 5 * SEC), "/a"), 0);
	expect("");
	/* The module first: it waits, and what is told is BPF's. */
	assert_int_equal(say(p, KMOD, death(8, 5 * SEC + 1), "/b"), 0);
	expect("");
	assert_int_equal(stats(p).waiting, 1);
	assert_int_equal(say(p, BPF, death(8, 5 * SEC), "/b"), 0);
	expect("bpf:8:100:/b ");
	assert_int_equal(stats(p).both, 2);
	assert_int_equal(stats(p).told, 2);
	assert_int_equal(stats(p).failures, 2);
	assert_int_equal(stats(p).dissents, 0);
	assert_int_equal(pair_key(p, 2)->most_apart, 1);
	assert_string_equal(pair_key(p, 2)->f->key, "boot_ns");
	tick(p, 100 * SEC);
	end(p);
	expect("");
}

static void differ(void **state)
{
	struct obituary o = death(7, 5 * SEC);
	struct pair *p = start(0);

	(void)state;
	say(p, BPF, o, "/a");
	o.exit_code = 0x200;
	o.have &= ~(1ull << OB_REAPED_BY);	/* silent: nobody owes it */
	say(p, KMOD, o, "/longer");
	expect("bpf:7:100:/a 7.exe(\"/a\"|\"/longer\") ");
	/* exit_code has no bit set here: a null of both. */
	obituary_set(&o, OB_EXIT_CODE);
	say(p, KMOD, o, "/a");
	o.exit_code = 0x300;
	say(p, BPF, o, "/b");
	expect("bpf:7:300:/b 7.exe(\"/b\"|\"/a\") 7.exit_code(768|512) ");
	/* What both owe, and one has not. */
	say(p, BPF, o, "/a");
	o.have &= ~(1ull << OB_EXIT_CODE);
	say(p, KMOD, o, "/a");
	expect("bpf:7:300:/a 7.exit_code(768|) ");
	assert_int_equal(stats(p).dissents, 4);
	assert_int_equal(stats(p).differ, 3);
	assert_int_equal(stats(p).silent, 2);	/* tgid and comm */
	end(p);
}

/* Another start is another process. */
static void identity(void **state)
{
	struct obituary o = death(7, 5 * SEC);
	struct pair *p = start(0);

	(void)state;
	say(p, BPF, o, "/a");
	o.start_boottime++;
	say(p, KMOD, o, "/a");
	told[0] = '\0';
	assert_int_equal(stats(p).both, 0);
	assert_int_equal(stats(p).waiting, 2);
	tick(p, 15 * SEC - 1);
	expect("");
	tick(p, 15 * SEC + 1);
	expect("7.obituary(true|) kmod:7:100:/a 7.obituary(|true) ");
	end(p);
}

/* --- one alone --------------------------------------------------------------- */

static void patience(void **state)
{
	struct pair *p = start(0);

	(void)state;
	tick(p, 1 * SEC);
	say(p, BPF, death(7, SEC), "/a");
	say(p, KMOD, death(8, SEC), "/b");
	expect("bpf:7:100:/a ");
	/* Ten seconds of both: the one that lags holds the time back. */
	assert_int_equal(pair_tick(p, BPF, 30 * SEC), 0);
	tick(p, 11 * SEC - 1);
	expect("");
	tick(p, 11 * SEC + 1);
	expect("7.obituary(true|) kmod:8:100:/b 8.obituary(|true) ");
	assert_int_equal(stats(p).alone[BPF], 1);
	assert_int_equal(stats(p).alone[KMOD], 1);
	assert_int_equal(stats(p).dissents, 2);
	/* It comes after all: not told a second time. */
	say(p, KMOD, death(7, SEC), "/a");
	say(p, BPF, death(8, SEC), "/b");
	expect("");
	assert_int_equal(stats(p).late, 2);
	assert_int_equal(stats(p).told, 2);
	/* Forgotten after a minute: then it is a new story. */
	say(p, BPF, death(9, SEC), "/c");
	tick(p, 22 * SEC);
	tick(p, 90 * SEC);
	told[0] = '\0';
	say(p, BPF, death(9, SEC), "/c");
	expect("bpf:9:100:/c ");
	end(p);
}

static void bounded(void **state)
{
	struct pair *p = start(3);
	uint32_t i;

	(void)state;
	for (i = 1; i <= 5; i++)
		say(p, KMOD, death(i, SEC), "/x");
	expect("kmod:1:100:/x 1.obituary(|true) kmod:2:100:/x 2.obituary(|true) ");
	assert_int_equal(stats(p).waiting, 3);
	/* What is remembered of those is bounded as well: twice as many. */
	for (i = 6; i <= 20; i++)
		say(p, KMOD, death(i, SEC), "/x");
	told[0] = '\0';
	say(p, BPF, death(17, SEC), "/x");
	expect("");
	say(p, BPF, death(1, SEC), "/x");
	expect("bpf:1:100:/x kmod:18:100:/x 18.obituary(|true) ");
	end(p);
}

/* Nothing is owed for what one of them could not have seen. */
static void edges(void **state)
{
	struct obituary o = death(7, 5 * SEC);
	struct pair *p = start(0);

	(void)state;
	pair_from(p, 10 * SEC);
	say(p, KMOD, o, "/a");
	o.exit_code = 0;
	say(p, BPF, o, "/other");
	expect("bpf:7:0:/other ");
	say(p, KMOD, death(8, 10 * SEC - 1), "/b");
	say(p, KMOD, death(9, 10 * SEC), "/c");
	say(p, BPF, death(11, 19 * SEC), "/d");		/* whole */
	say(p, KMOD, death(13, 19 * SEC), "/f");
	told[0] = '\0';
	pair_ending(p, 20 * SEC);
	o = death(11, 19 * SEC);	/* cut off by the end */
	o.fate = FATE_UNKNOWN;
	say(p, KMOD, o, "/d");
	say(p, KMOD, death(12, 20 * SEC - 5), "/e");	/* just at the end */
	expect("");
	assert_int_equal(pair_finish(p), 0);
	expect("kmod:8:100:/b kmod:9:100:/c 9.obituary(|true) "
	       "kmod:13:100:/f 13.obituary(|true) kmod:12:100:/e ");
	assert_int_equal(stats(p).apart, 4);
	assert_int_equal(stats(p).dissents, 2);
	pair_free(p);
}

/* Both cut off: told and compared like any other. */
static void both_cut(void **state)
{
	struct pair *p = start(0);

	(void)state;
	pair_ending(p, 20 * SEC);
	say(p, BPF, death(7, 19 * SEC), "/a");
	say(p, KMOD, death(7, 19 * SEC), "/b");
	expect("bpf:7:100:/a 7.exe(\"/a\"|\"/b\") ");
	end(p);
}

/* --- zombies ----------------------------------------------------------------- */

static struct obituary zombie(uint32_t tgid, uint64_t at)
{
	struct obituary o = death(tgid, at);

	o.fate = FATE_ZOMBIE;
	o.have &= ~(1ull << OB_ZOMBIE_NS | 1ull << OB_REAPED_BY);
	o.reaped_by.tgid = 0;
	return o;
}

static struct notice reaped(uint32_t tgid, uint32_t by, uint64_t zombie_ns)
{
	struct notice n = about(NOTICE_REAPED, tgid);

	n.other.tgid = by;
	n.zombie_ns = zombie_ns;
	n.have = 1u << NB_OTHER | 1u << NB_ZOMBIE_NS;
	return n;
}

static void note(struct pair *p, enum obituary_source from, struct notice n)
{
	assert_int_equal(pair_notice(p, from, &n), 0);
}

static void both_zombie(void **state)
{
	struct pair *p = start(0);

	(void)state;
	say(p, BPF, zombie(7, SEC), "/a");
	note(p, BPF, about(NOTICE_ZOMBIE, 7));
	say(p, KMOD, zombie(7, SEC), "/a");
	note(p, KMOD, about(NOTICE_ZOMBIE, 7));
	expect("bpf:7:100z:/a zombie7 ");
	tick(p, 9000 * SEC);	/* it stays one for hours */
	note(p, KMOD, reaped(7, 1, SEC));
	expect("");
	note(p, BPF, reaped(7, 1, SEC));
	expect("reaped7 ");
	assert_int_equal(stats(p).dissents, 0);
	/* and the end of one on which they differ */
	say(p, KMOD, zombie(8, SEC), "/a");
	say(p, BPF, zombie(8, SEC), "/a");
	note(p, BPF, reaped(8, 1, SEC));
	note(p, KMOD, reaped(8, 2, 3 * SEC));
	expect("bpf:8:100z:/a reaped8 8.reaped_by.tgid(1|2) "
	       "8.zombie_ns(1000000000|3000000000) ");
	assert_int_equal(stats(p).both, 2);
	end(p);
}

/* Reaped just as it was to be told of: one told of it as a zombie, one not. */
static void one_zombie(void **state)
{
	struct obituary whole = death(7, SEC);
	struct pair *p = start(0);

	(void)state;
	whole.zombie_ns = SEC;
	say(p, BPF, zombie(7, SEC), "/a");
	note(p, BPF, about(NOTICE_ZOMBIE, 7));
	note(p, BPF, reaped(7, 1, SEC));
	say(p, KMOD, whole, "/a");
	expect("bpf:7:100z:/a zombie7 reaped7 ");
	assert_int_equal(stats(p).dissents, 0);
	/* the other way round, and what it says of the end is compared */
	say(p, KMOD, zombie(7, SEC), "/a");
	note(p, KMOD, about(NOTICE_ZOMBIE, 7));
	say(p, BPF, whole, "/b");
	expect("bpf:7:100:/b 7.exe(\"/b\"|\"/a\") ");
	note(p, KMOD, reaped(7, 9, SEC));
	expect("7.reaped_by.tgid(1|9) ");
	end(p);
}

/* Seen by the module alone: its notices follow its obituary. */
static void lone_zombie(void **state)
{
	struct pair *p = start(0);

	(void)state;
	say(p, KMOD, zombie(7, SEC), "/a");
	note(p, KMOD, about(NOTICE_ZOMBIE, 7));
	expect("");
	tick(p, 12 * SEC);
	expect("kmod:7:100z:/a zombie7 7.obituary(|true) ");
	note(p, KMOD, reaped(7, 1, SEC));
	expect("reaped7 ");
	end(p);
}

static void notices(void **state)
{
	struct pair *p = start(0);

	(void)state;
	note(p, BPF, about(NOTICE_HANGUP, 7));
	note(p, KMOD, about(NOTICE_HANGUP, 7));
	note(p, BPF, about(NOTICE_LOST, 0));
	note(p, KMOD, about(NOTICE_LOST, 0));
	/* A zombie older than obit has no obituary. */
	note(p, BPF, about(NOTICE_REAPED, 9));
	note(p, KMOD, about(NOTICE_REAPED, 9));
	expect("hangup7 lost0 lost0 reaped9 ");
	end(p);
}

static void errors(void **state)
{
	struct pair *p = start(0);

	(void)state;
	fail_with = -EPIPE;
	assert_int_equal(say(p, BPF, death(7, SEC), "/a"), -EPIPE);
	assert_int_equal(say(p, KMOD, death(7, SEC), "/a"), 0);
	assert_int_equal(say(p, KMOD, death(8, SEC), "/a"), 0);
	assert_int_equal(pair_finish(p), -EPIPE);
	assert_int_equal(stats(p).waiting, 0);
	pair_free(p);
	pair_free(NULL);
	/* with things still in it */
	p = start(0);
	say(p, BPF, zombie(7, SEC), "/a");
	say(p, KMOD, zombie(7, SEC), "/a");
	note(p, BPF, reaped(7, 1, SEC));
	say(p, KMOD, death(8, SEC), "/a");
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree),       cmocka_unit_test(differ),
		cmocka_unit_test(identity),    cmocka_unit_test(patience),
		cmocka_unit_test(bounded),     cmocka_unit_test(edges),
		cmocka_unit_test(both_cut),    cmocka_unit_test(both_zombie),
		cmocka_unit_test(one_zombie),  cmocka_unit_test(lone_zombie),
		cmocka_unit_test(notices),     cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
