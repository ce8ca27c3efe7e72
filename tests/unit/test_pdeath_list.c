// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parent-death signals as they stand: what deserves a warning, the screen and
 * the JSON. Every expected line is written down by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "core/pdeath_list.h"

#define S 1000000000ull

static struct obit_pdeath record(uint32_t tgid, uint32_t tid, const char *comm,
				 uint32_t parent, uint32_t thread,
				 uint32_t signal)
{
	struct obit_pdeath r = {
		.hdr = { .type = OBIT_EV_PDEATH, .len = sizeof(r) },
		.task = { tgid * S, tgid, tid },
		.parent = { parent * S, parent, thread },
		.signal = signal,
		.flags = OBIT_PDEATH_DETAILS,
		.parent_thread_start = thread * S,
		.uid = 33,
	};

	memcpy(r.comm, comm, strnlen(comm, sizeof(r.comm)));
	memcpy(r.parent_comm, "app", 4);
	return r;
}

static struct pdeath_list list_of(void)
{
	struct pdeath_list l = { .boot_ns = 5 * S,
				 .real_ns = 1763812800ll * (int64_t)S };
	struct obit_pdeath r;

	/* Out of order, to be sorted. */
	r = record(700, 701, "b\x1b[0m", 500, 500, 34);
	assert_non_null(pdeath_list_add(&l, &r));
	r = record(600, 600, "kid", 500, 502, 9);
	memcpy(pdeath_list_add(&l, &r)->thread_comm, "worker", 7);
	/* Started after the child: it can not have forked it. */
	r = record(601, 601, "orphan", 500, 900, 15);
	assert_int_equal(pdeath_list_add(&l, &r)->adopted, ADOPTED_YES);
	r = record(602, 602, "maybe", 1, 1, 1);
	r.flags |= OBIT_PDEATH_SUBREAPER;
	pdeath_list_add(&l, &r)->reaction = REACTION_IGNORED;
	pdeath_list_sort(&l);
	return l;
}

static void shows(unsigned int width, const char *want)
{
	struct pdeath_view v = { .width = width };
	struct pdeath_list l = list_of();
	struct buf b = BUF_INIT;

	pdeath_list_text(&b, &l, &v);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
	pdeath_list_free(&l);
}

static void screen(void **state)
{
	(void)state;
	shows(0,
	      "4 parent-death signals armed, 2 of them at a thread that is not its process's main thread\n"
	      "\n"
	      "    PID NAME            USER     SIGNAL      SENT AT THE END OF\n"
	      "    600 kid             33       SIGKILL     app[500/502]\n"
	      "        ! SIGKILL comes when thread 502 (worker) ends, though its process app[500] may live on: that is not its main thread\n"
	      "    601 orphan          33       SIGTERM     app[500/900]\n"
	      "        ! SIGTERM comes when thread 900 ends, though its process app[500] may live on: that is not its main thread\n"
	      "        ! whoever forked it is gone: it hangs on who adopted it, app[500], and waits for the end of that\n"
	      "    602 maybe           33       SIGHUP      app[1]\n"
	      "        ! if whoever forked it is gone, it hangs on who adopts orphans, app[1], and waits for the end of that\n"
	      "        ! the process ignores this signal\n"
	      "700/701 b\\e[0m          33       SIGRTMIN    app[500]\n");
	shows(60,
	      "4 parent-death signals armed, 2 of them at a thread that is\n"
	      "not its process's main thread\n"
	      "\n"
	      "    PID NAME      SIGNAL      SENT AT THE END OF\n"
	      "    600 kid       SIGKILL     app[500/502]\n"
	      "        ! SIGKILL comes when thread 502 (worker) ends,\n"
	      "          though its process app[500] may live on: that is\n"
	      "          not its main thread\n"
	      "    601 orphan    SIGTERM     app[500/900]\n"
	      "        ! SIGTERM comes when thread 900 ends, though its\n"
	      "          process app[500] may live on: that is not its main\n"
	      "          thread\n"
	      "        ! whoever forked it is gone: it hangs on who adopted\n"
	      "          it, app[500], and waits for the end of that\n"
	      "    602 maybe     SIGHUP      app[1]\n"
	      "        ! if whoever forked it is gone, it hangs on who\n"
	      "          adopts orphans, app[1], and waits for the end of\n"
	      "          that\n"
	      "        ! the process ignores this signal\n"
	      "700/701 b\\e[0m    SIGRTMIN    app[500]\n");
}

static void json(void **state)
{
	struct pdeath_list l = list_of();
	struct buf b = BUF_INIT;

	(void)state;
	l.nr = 2;
	pdeath_list_json(&b, &l);
	assert_string_equal(
		buf_str(&b),
		"{\"event\":\"pdeath_armed\",\"time\":\"2025-11-22T12:00:00.000000000+00:00\",\"boot_ns\":5000000000,\"tgid\":600,\"tid\":600,\"start_boottime\":600000000000,\"comm\":\"kid\",\"uid\":33,\"signal\":\"SIGKILL\",\"reaction\":null,\"parent\":{\"tgid\":500,\"tid\":502,\"start_boottime\":500000000000,\"comm\":\"app\"},\"main_thread\":false,\"adopted\":null,\"warnings\":[\"SIGKILL comes when thread 502 (worker) ends, though its process app[500] may live on: that is not its main thread\"]}\n"
		"{\"event\":\"pdeath_armed\",\"time\":\"2025-11-22T12:00:00.000000000+00:00\",\"boot_ns\":5000000000,\"tgid\":601,\"tid\":601,\"start_boottime\":601000000000,\"comm\":\"orphan\",\"uid\":33,\"signal\":\"SIGTERM\",\"reaction\":null,\"parent\":{\"tgid\":500,\"tid\":900,\"start_boottime\":500000000000,\"comm\":\"app\"},\"main_thread\":false,\"adopted\":true,\"warnings\":[\"SIGTERM comes when thread 900 ends, though its process app[500] may live on: that is not its main thread\",\"whoever forked it is gone: it hangs on who adopted it, app[500], and waits for the end of that\"]}\n");
	buf_free(&b);
	pdeath_list_free(&l);
}

/* A record of version 1 says nothing of the parent's thread: no warning made up. */
static void old_record(void **state)
{
	struct obit_pdeath r = record(600, 600, "kid", 500, 900, 9);
	struct pdeath_list l = { 0 };
	struct armed_one *a;

	(void)state;
	r.hdr.len = offsetof(struct obit_pdeath, parent_thread_start);
	a = pdeath_list_add(&l, &r);
	assert_int_equal(a->adopted, ADOPTED_NO);
	assert_false(a->have_uid);
	assert_true(pdeath_is_trap(a));
	r.parent.tgid = r.parent.tid = 1;
	assert_int_equal(pdeath_list_add(&l, &r)->adopted, ADOPTED_MAYBE);
	pdeath_list_free(&l);
}

static void nothing(void **state)
{
	struct pdeath_list l = { 0 };
	struct pdeath_view v = { 0 };
	struct buf b = BUF_INIT;

	(void)state;
	pdeath_list_sort(&l);
	pdeath_list_text(&b, &l, &v);
	pdeath_list_json(&b, &l);
	assert_string_equal(buf_str(&b), "no parent-death signal is armed\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen),
		cmocka_unit_test(json),
		cmocka_unit_test(old_record),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
