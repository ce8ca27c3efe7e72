// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pipeline with two sources, which are scripts: two joins, one story.
 * However the reads fall, what agrees is told once and what differs is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/log.h"
#include "pipeline.h"
#include "stream.h"
#include "witness.h"

/* --- two sources that play a stream each ----------------------------------------- */

struct source {
	enum obituary_source who;
	struct stream s;
	size_t at;
	unsigned int per_read;	/* 0: all */
	bool live;
	int end;
	unsigned int reads;
};

static struct source bpf, kmod;
static void (*on_read)(struct source *s);

static void script_info(struct source *s, struct source_info *info)
{
	memset(info, 0, sizeof(*info));
	info->live = s->live;
	info->source = s->who;
	info->tier = s->who == SOURCE_KMOD ? TIER_KMOD : TIER_TRACEPOINTS;
}

static int script_fd(struct source *s)
{
	(void)s;
	return -1;
}

static int script_read(struct source *s, const struct emit *to)
{
	unsigned int nr = 0;
	int err;

	s->reads++;
	if (on_read)
		on_read(s);
	while (s->at < s->s.len && (!s->per_read || nr < s->per_read)) {
		struct obit_hdr *h = (void *)(s->s.p + s->at);

		s->at += h->len;
		nr++;
		err = to->event(to->ctx, h);
		if (err)
			return err;
	}
	return nr ? (int)nr : s->end;
}

static const struct source_type script_source = {
	.name = "script",
	.info = script_info,
	.fd = script_fd,
	.read = script_read,
};

static char taken[8192];
static unsigned int raw;

static int take_event(struct sink *s, const struct obit_hdr *h)
{
	(void)s;
	(void)h;
	raw++;
	return 0;
}

static int take_obituary(struct sink *s, const struct obituary *o)
{
	size_t n = strlen(taken);

	(void)s;
	snprintf(taken + n, sizeof(taken) - n, "%s:%u:%x ",
		 source_names[o->source], o->tgid, o->exit_code);
	return 0;
}

static int take_notice(struct sink *s, const struct notice *n)
{
	size_t len = strlen(taken);

	(void)s;
	if (n->type == NOTICE_DISSENT)
		snprintf(taken + len, sizeof(taken) - len, "%u.%s(%.*s|%.*s) ",
			 n->who.tgid, n->key, (int)n->bpf.len,
			 n->bpf.p ? n->bpf.p : "", (int)n->kmod.len,
			 n->kmod.p ? n->kmod.p : "");
	else if (n->type == NOTICE_LOST)
		snprintf(taken + len, sizeof(taken) - len, "lost:%s ",
			 source_names[n->source]);
	else
		snprintf(taken + len, sizeof(taken) - len, "%s ",
			 notice_names[n->type]);
	return 0;
}

static int take_flush(struct sink *s)
{
	(void)s;
	return 0;
}

static const struct sink_type take_sink = {
	.name = "take",
	.event = take_event,
	.obituary = take_obituary,
	.notice = take_notice,
	.flush = take_flush,
};

static char said[4096];

static void keep_line(const char *line, void *ctx)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", line);
}

static void reset(struct source *s, enum obituary_source who)
{
	stream_free(&s->s);
	memset(s, 0, sizeof(*s));
	s->who = who;
	s->end = -ENODATA;
}

static struct pipeline_config config(void)
{
	struct pipeline_config cfg = {
		.type = &script_source,
		.source = &bpf,
		.other_type = &script_source,
		.other = &kmod,
		.sinks = { { .type = &take_sink } },
		.nr_sinks = 1,
		.zombie_after_ns = SEC,
		.events = PIPELINE_ALL,
	};

	reset(&bpf, SOURCE_BPF);
	reset(&kmod, SOURCE_KMOD);
	on_read = NULL;
	taken[0] = said[0] = '\0';
	raw = 0;
	return cfg;
}

/* The same life as the module shows it, a little later; its EXIT. */
static struct obit_exit *life(struct stream *s, bool exact, uint64_t at,
			      uint32_t tgid, uint32_t exit_code)
{
	size_t exit_at;

	if (exact)
		at += 3000;
	stream_fork(s, at, tgid, 1);
	stream_exec(s, at, tgid, OBIT_EXEC_SCANNED, "/bin/x", 6, "x", 2);
	exit_at = s->len;
	stream_exit(s, at + 1 * MS, tgid, 1, exit_code);
	stream_reapable(s, at + 2 * MS, tgid, 1,
			exact ? OBIT_REAPABLE_EXACT : 0);
	if (exact)
		stream_released(s, at + 3 * MS, tgid, 1, 1, exit_code);
	else
		stream_release(s, at + 30 * MS, tgid, 1, exit_code);
	return (void *)(s->p + exit_at);
}

static void three_lives(struct source *s)
{
	bool exact = s->who == SOURCE_KMOD;

	stream_clock(&s->s, 1, 1000);
	life(&s->s, exact, 10 * MS, 10, 0);
	stream_tick(&s->s, 50 * MS);
	life(&s->s, exact, 60 * MS, 11, 0x100);
	life(&s->s, exact, 100 * MS, 12, 9);
	stream_tick(&s->s, 150 * MS);
}

/* --- recorded ------------------------------------------------------------------------- */

static void agree(void **state)
{
	struct pipeline_config cfg;
	struct pipeline_result r;
	unsigned int a, b;

	(void)state;
	for (a = 0; a < 6; a++)
		for (b = 0; b < 6; b++) {
			cfg = config();
			three_lives(&bpf);
			three_lives(&kmod);
			bpf.per_read = a;
			kmod.per_read = b;
			assert_int_equal(pipeline_run(&cfg, &r), 0);
			assert_string_equal(taken,
					    "bpf:10:0 bpf:11:100 bpf:12:9 ");
			assert_true(r.both);
			assert_int_equal(r.pair.both, 3);
			assert_int_equal(r.pair.dissents, 0);
			assert_int_equal(r.pair.apart, 0);
			assert_int_equal(r.stats.seen, 3);
			assert_int_equal(r.stats.delivered, 3);
			assert_int_equal(r.stats.failures, 2);
			assert_int_equal(r.shown, 3);
			/* A recording is of one: nobody gets both. */
			assert_int_equal(raw, 0);
		}
}

/* The first may be the module: it is BPF's that is told all the same. */
static void either_first(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	cfg.source = &kmod;
	cfg.other = &bpf;
	three_lives(&bpf);
	three_lives(&kmod);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "bpf:10:0 bpf:11:100 bpf:12:9 ");
	assert_int_equal(r.pair.both, 3);
	assert_int_equal(r.pair.dissents, 0);
}

static void differ(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	struct obit_exit *e;

	(void)state;
	stream_clock(&bpf.s, 1, 1000);
	stream_clock(&kmod.s, 1, 1000);
	life(&bpf.s, false, 10 * MS, 10, 0);
	e = life(&kmod.s, true, 10 * MS, 10, 0);
	e->uid = 7;
	e->hdr.boot_ns += SEC;
	life(&bpf.s, false, 20 * MS, 11, 0x100);
	life(&kmod.s, true, 30 * MS, 12, 0);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	/* 1 s later: time, boot_ns, life_ns; and its end at the end. */
	assert_non_null(strstr(taken, "10.uid(1000|7) "));
	assert_non_null(strstr(taken, "10.boot_ns(11000000|1011003000) "));
	assert_non_null(strstr(taken, "10.life_ns("));
	assert_non_null(strstr(taken, "10.time("));
	assert_non_null(strstr(taken, "11.obituary(true|) "));
	assert_non_null(strstr(taken, "kmod:12:0 12.obituary(|true) "));
	assert_int_equal(r.pair.dissents, 6);
	assert_int_equal(r.pair.both, 1);
	assert_int_equal(r.pair.alone[SOURCE_BPF], 1);
	assert_int_equal(r.pair.alone[SOURCE_KMOD], 1);
	assert_int_equal(r.stats.seen, 3);
	assert_int_equal(r.stats.failures, 1);
}

/* One says why, the other does not know; and what each of them lost. */
static void silent(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	stream_signal(&bpf.s, 5 * MS, 10, 77, 9, OBIT_SI_INFO, 0,
		      OBIT_SIG_GROUP | OBIT_SIG_DECIDED);
	life(&bpf.s, false, 10 * MS, 10, 9);
	life(&kmod.s, true, 10 * MS, 10, 9);
	stream_loss(&kmod.s, 40 * MS, OBIT_LOST_SIGNAL, OBIT_LOST_RING_FULL, 3);
	stream_loss(&bpf.s, 40 * MS, OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL, 4);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_non_null(strstr(taken, "10.cause(\"signal\"|\"unknown\") "));
	assert_null(strstr(taken, "killer"));
	assert_int_equal(r.pair.dissents, 1);
	assert_true(r.pair.silent >= 6);
	assert_non_null(strstr(taken, "lost:bpf "));
	assert_non_null(strstr(taken, "lost:kmod "));
	assert_int_equal(r.lost[OBIT_LOST_SIGNAL], 3);
	assert_int_equal(r.lost[OBIT_LOST_CONTEXT], 4);
}

/*
 * Only BPF sees systemd's own hierarchy of cgroup v1. Where it is in use, the
 * module knows that it does not know; else what it says counts.
 */
static void blind_in_one_eye(void **state)
{
	struct pipeline_config cfg;
	struct pipeline_result r;
	struct obit_exit *e;
	int known;

	(void)state;
	for (known = 0; known < 2; known++) {
		cfg = config();
		stream_cgroup(&bpf.s, 1, OBIT_CGROUP_NAMED, OBIT_HIER_SYSTEMD,
			      77, "/a.slice");
		if (known)
			stream_cgroup(&kmod.s, 1, OBIT_CGROUP_NAMED,
				      OBIT_HIER_SYSTEMD, 77, "/a.slice");
		e = life(&bpf.s, false, 10 * MS, 10, 0);
		e->cgroup_v1_id = 77;
		e->cgroup_hierarchy = OBIT_HIER_SYSTEMD;
		life(&kmod.s, true, 10 * MS, 10, 0);
		assert_int_equal(pipeline_run(&cfg, &r), 0);
		if (known) {
			assert_string_equal(taken, "bpf:10:0 ");
			assert_int_equal(r.pair.silent, 3);
		} else {
			assert_non_null(
				strstr(taken,
				       "10.cgroup(\"/a.slice\"|\"/\") "));
			assert_int_equal(r.pair.dissents, 3);
		}
	}
}

static void notices_once(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	stream_fork(&bpf.s, 1 * MS, 10, 1);
	stream_fork(&kmod.s, 1 * MS, 10, 1);
	stream_pdeath(&bpf.s, 2 * MS, 10, 1, 9, OBIT_PDEATH_SET, 0);
	stream_pdeath(&kmod.s, 2 * MS, 10, 1, 9, OBIT_PDEATH_SET, 0);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "pdeath_set ");
}

static void selection(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	struct buf why = BUF_INIT;

	(void)state;
	three_lives(&bpf);
	three_lives(&kmod);
	cfg.count = 2;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "bpf:10:0 bpf:11:100 ");
	assert_int_equal(r.pair.dissents, 0);

	cfg = config();
	three_lives(&bpf);
	three_lives(&kmod);
	cfg.filter = filter_new();
	filter_add(cfg.filter, "exit_status == 1", &why);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "bpf:11:100 ");
	filter_free(cfg.filter);

	/* Descent is told by the first; the tree holds when both are in. */
	cfg = config();
	three_lives(&bpf);
	three_lives(&kmod);
	cfg.filter = filter_new();
	filter_add_named(cfg.filter, FILTER_TREE, "1", &why);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "bpf:10:0 bpf:11:100 bpf:12:9 ");
	filter_free(cfg.filter);

	cfg = config();
	life(&bpf.s, false, 10 * MS, 10, 0);
	life(&kmod.s, true, 10 * MS, 10, 0)->uid = 8;
	cfg.events = PIPELINE_NOTICE(NOTICE_DISSENT);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken, "10.uid(1000|8) ");
	buf_free(&why);
}

static void no_pair(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	kmod.who = SOURCE_BPF;
	assert_int_equal(pipeline_run(&cfg, &r), -EINVAL);
	assert_non_null(strstr(said, "two witnesses"));
	cfg = config();
	kmod.live = true;
	assert_int_equal(pipeline_run(&cfg, &r), -EINVAL);
}

/* --- live ----------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

/*
 * 1st read: what one saw before both watched; a death before `ready`.
 * 3rd: one that both see, the module first. 4th: one of BPF's alone.
 * 15th: the end. 16th, the last: what only one of them can have seen.
 */
static void script(struct source *s)
{
	static uint64_t at;
	bool exact = s->who == SOURCE_KMOD;

	if (s->reads == 1 && !exact) {
		at = now_ns();
		life(&s->s, false, at - SEC, 50, 0);
		life(&s->s, false, at, 51, 0);
		usleep(5000);	/* it is dead when both are ready */
	}
	if (s->reads == 3 && exact) {
		at = now_ns();
		life(&s->s, true, at, 52, 0);
	}
	if (s->reads == 4 && !exact) {
		life(&s->s, false, at, 52, 0);
		life(&s->s, false, at, 53, 0);
	}
	if (s->reads == 15 && exact)
		raise(SIGINT);
	if (s->reads == 16)
		life(&s->s, exact, now_ns() + MS, exact ? 55 : 54, 0);
}

static void live(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	bpf.live = kmod.live = true;
	bpf.end = kmod.end = 0;
	on_read = script;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_int_equal(r.by_signal, SIGINT);
	assert_int_equal(bpf.reads, 16);
	assert_int_equal(kmod.reads, 16);
	assert_string_equal(taken, "bpf:51:0 bpf:52:0 bpf:53:0 "
				   "53.obituary(true|) ");
	assert_int_equal(r.pair.both, 1);
	assert_int_equal(r.pair.apart, 1);
	assert_int_equal(r.pair.dissents, 1);
}

/* The kernel log was read before the record it belongs to. */
static void again(void **state)
{
	static const struct witness_ops none;
	struct witness w;
	struct stream s = STREAM_INIT;
	struct obit_oom_limit *l = stream_limit(&s, 5 * MS, 10, "/a/b");

	(void)state;
	reset(&kmod, SOURCE_KMOD);
	assert_int_equal(witness_init(&w, &script_source, &kmod, SEC, &none),
			 0);
	assert_int_equal(witness_again(&w, &l->hdr), 0);
	stream_limit(&s, 6 * MS, 11, "/longer/path");
	assert_int_equal(witness_again(&w, (void *)(s.p + w.again.len)), 0);
	assert_int_equal(w.again.len, s.len);
	assert_int_equal(witness_feed_again(&w), 0);
	assert_int_equal(w.again.len, 0);
	witness_fini(&w);
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agree),     cmocka_unit_test(either_first),
		cmocka_unit_test(differ),    cmocka_unit_test(silent),
		cmocka_unit_test(selection), cmocka_unit_test(notices_once),
		cmocka_unit_test(no_pair),   cmocka_unit_test(live),
		cmocka_unit_test(again),     cmocka_unit_test(blind_in_one_eye),
	};
	int failed;

	log_set_writer(keep_line, NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	config();
	return failed;
}
