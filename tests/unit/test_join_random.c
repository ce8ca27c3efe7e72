// SPDX-License-Identifier: GPL-2.0-only
/*
 * join: records that are valid and make no sense, in any order. It must not
 * crash, must keep its books, and must never write two obituaries of one
 * process. Run under sanitizers, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/value.h"
#include "stream.h"

#define TGIDS 6
#define STARTS 40
#define RECORDS 4000
#define ROUNDS 60

struct books {
	unsigned int written[TGIDS + 1][STARTS + 1];
	uint64_t obituaries;
	struct join *join;
};

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static int on_obituary(void *ctx, const struct obituary *o)
{
	struct books *b = ctx;
	const struct field *f;
	struct value v;
	size_t at = 0;
	struct span s;

	assert_true(o->tgid >= 1 && o->tgid <= TGIDS);
	assert_true(o->start_boottime >= 1 && o->start_boottime <= STARTS);
	if (b->written[o->tgid][o->start_boottime]++)
		fail_msg("two obituaries of %u/%llu, seed %llu", o->tgid,
			 (unsigned long long)o->start_boottime,
			 (unsigned long long)seed);
	b->obituaries++;
	for (f = obituary_fields; f->key; f++)
		if (field_value(f, o, &v) && v.kind == VALUE_ARGS)
			while (args_next(v.bytes, &at, &s))
				assert_true(s.len < OBIT_RECORD_MAX);
	return 0;
}

static int on_notice(void *ctx, const struct notice *n)
{
	(void)ctx;
	assert_true(n->type < NOTICE_NR);
	return 0;
}

static void on_ask(void *ctx, uint32_t tgid, uint64_t start_boottime)
{
	(void)ctx;
	assert_true(tgid >= 1 && tgid <= TGIDS);
	assert_true(start_boottime >= 1 && start_boottime <= STARTS);
}

/* Identities of few processes; everything else any bits that are valid. */
static void scramble(struct obit_hdr *h)
{
	uint8_t *p = (uint8_t *)(h + 1);
	struct obit_task *t = (void *)p;
	size_t i, n = h->len - sizeof(*h);

	for (i = 0; i < n; i++)
		if (!rnd(8))
			p[i] ^= (uint8_t)(1u << rnd(8));
	for (i = 0; i + sizeof(*t) <= n; i += sizeof(*t), t++) {
		t->tgid = rnd(TGIDS + 1);
		t->tid = rnd(3) ? t->tgid : rnd(9);
		t->start_boottime = rnd(20) ? 1 + rnd(STARTS) : 0;
		/* only the first is a task in every record */
		if (rnd(2))
			break;
	}
	if (!rnd(50))
		h->lost = rnd(3);
}

static void add(struct stream *s, uint64_t at)
{
	static const char *const paths[] = { "/", "/a", "/a/b", "/docker/x" };
	uint32_t a = 1 + rnd(TGIDS), b = 1 + rnd(TGIDS), sig = 1 + rnd(31);

	switch (1 + rnd(OBIT_EV_NR - 1)) {
	case OBIT_EV_FORK:
		stream_fork(s, at, a, b);
		break;
	case OBIT_EV_EXEC:
		stream_exec(s, at, a, rnd(256), "sh\0bin", 7, "a\0b", 4);
		break;
	case OBIT_EV_EXIT:
		stream_exit(s, at, a, b, rnd(2) ? rnd(256) << 8 : rnd(256));
		break;
	case OBIT_EV_REAPABLE:
		stream_reapable(s, at, a, b, rnd(16))->ns_tgid = rnd(3);
		break;
	case OBIT_EV_RELEASE:
		stream_release(s, at, a, b, rnd(65536))->flags = rnd(32);
		break;
	case OBIT_EV_SIGNAL:
		stream_signal(s, at, a, b, sig, rnd(3), (int)rnd(9) - 6,
			      rnd(0x40000));
		break;
	case OBIT_EV_ASKED:
		stream_asked(s, at, a, b, sig, rnd(3), (int)rnd(9) - 6,
			     rnd(0x40000));
		break;
	case OBIT_EV_OOM_VICTIM:
		stream_oom(s, at, a, b, rnd(100));
		break;
	case OBIT_EV_OOM_LIMIT:
		stream_limit(s, at, a, paths[rnd(4)]);
		break;
	case OBIT_EV_PDEATH:
		stream_pdeath(s, at, a, b, rnd(65), rnd(3), rnd(3));
		break;
	case OBIT_EV_ARMED:
		stream_armed(s, at, a, b, sig, rnd(4));
		break;
	case OBIT_EV_EXIT_CALL:
		stream_exit_call(s, at, a);
		break;
	case OBIT_EV_WAITED:
		stream_add(s, OBIT_EV_WAITED, sizeof(struct obit_waited), 0,
			   at);
		break;
	case OBIT_EV_TASK:
		stream_task(s, at, a, b, rnd(2) ? 0x20 : 0, rnd(2));
		break;
	case OBIT_EV_SCAN:
		stream_scan(s, at, rnd(3), rnd(2));
		return;
	case OBIT_EV_CGROUP:
		stream_cgroup(s, at, rnd(2), rnd(5), rnd(4), paths[rnd(4)]);
		return;
	case OBIT_EV_CLOCK:
		stream_clock(s, at, (int64_t)((uint64_t)rnd(~0u) << 40));
		return;
	case OBIT_EV_STATE:
		stream_state(s, at, a, rnd(2) ? 'Z' : 0);
		break;
	case OBIT_EV_LOSS:
		if (!rnd(20))
			stream_loss(s, at, rnd(3), rnd(4), rnd(5));
		return;
	case OBIT_EV_TICK:
		stream_tick(s, at);
		return;
	}
}

static void one_round(uint64_t zombie_after_ns)
{
	struct books b = { .obituaries = 0 };
	struct join_ops ops = { &b, on_obituary, on_notice, on_ask };
	struct join_config cfg = { .zombie_after_ns = zombie_after_ns };
	struct stream s = STREAM_INIT;
	struct join_stats st;
	struct obit_hdr *h, *copy;
	uint64_t now = SEC;
	int i;

	b.join = join_new(&cfg, &ops);
	assert_non_null(b.join);
	for (i = 0; i < RECORDS; i++) {
		s.len = 0;
		now += rnd(20) * MS;
		add(&s, rnd(50) ? now : (uint64_t)rnd(~0u) << rnd(32));
		h = (void *)s.p;
		if (!s.len)
			continue;
		if (h->type != OBIT_EV_SCAN && h->type != OBIT_EV_CGROUP &&
		    h->type != OBIT_EV_CLOCK && h->type != OBIT_EV_LOSS &&
		    h->type != OBIT_EV_TICK)
			scramble(h);
		if (event_check(h, s.len) <= 0)
			continue;
		/* its own memory, which is gone after the call */
		copy = malloc(h->len);
		memcpy(copy, h, h->len);
		assert_int_equal(join_feed(b.join, copy), 0);
		memset(copy, 0xa5, h->len);
		free(copy);
		join_stats(b.join, &st);
		assert_int_equal(st.seen, st.delivered + st.pending +
						  st.lost_obituaries);
		assert_true(st.pending + st.processes <= TGIDS * STARTS);
	}
	assert_int_equal(join_finish(b.join), 0);
	join_stats(b.join, &st);
	assert_int_equal(st.pending, 0);
	assert_int_equal(st.delivered, b.obituaries);
	assert_true(b.obituaries > 0);
	join_free(b.join);
	stream_free(&s);
}

static void test_nonsense(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		seed = (uint64_t)i * 0x9e3779b97f4a7c15ull;
		one_round(i % 3 ? 100 * MS : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
