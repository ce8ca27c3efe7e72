// SPDX-License-Identifier: GPL-2.0-only
/*
 * event: every type, cut at every byte, and every field out of range.
 * Never asks event_check() what is in range: the ABI's text says it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/event.h"
#include "stream.h"

/* One sane record of every type, as builders make them. */
static void every(struct stream *s)
{
	struct obit_waited *w;

	stream_fork(s, 1, 7, 3);
	stream_exec(s, 1, 7, 0, "/bin/sh", 7, "sh", 3);
	stream_exit(s, 1, 7, 3, 0);
	stream_reapable(s, 1, 7, 3, 0);
	stream_release(s, 1, 7, 3, 0);
	stream_signal(s, 1, 7, 3, 15, OBIT_SI_INFO, 0, 0);
	stream_asked(s, 1, 7, 3, 15, OBIT_SI_INFO, 0, 0);
	stream_oom(s, 1, 7, 3, 100);
	stream_limit(s, 1, 7, "/a");
	stream_pdeath(s, 1, 7, 3, 15, OBIT_PDEATH_SET, 0);
	stream_armed(s, 1, 3, 7, 15, 0);
	stream_exit_call(s, 1, 7);
	w = stream_add(s, OBIT_EV_WAITED, sizeof(*w), 0, 1);
	w->task = task_of(3);
	stream_task(s, 1, 7, 3, 0, 1);
	stream_scan(s, 1, 1, OBIT_SCAN_TASKS);
	stream_cgroup(s, 1, OBIT_CGROUP_NAMED, OBIT_HIER_UNIFIED, 5, "/a");
	stream_clock(s, 1, 0);
	stream_state(s, 1, 7, 'Z');
	stream_loss(s, 1, OBIT_LOST_CONTEXT, OBIT_LOST_MISSED, 1);
	stream_tick(s, 1);
	stream_teardown(s, 1, 7, 3);
	stream_freed(s, 1, 7, 3);
	stream_user_exit(s, 1, 7, 0);
	stream_stack(s, 1, 7, 2);
}

/* Bytes the record had then: recordings of that time are read still. */
static size_t in_version_1(const struct obit_hdr *h)
{
	switch (h->type) {
	case OBIT_EV_TASK:
		return 80;
	case OBIT_EV_PDEATH:
		return 96;
	case OBIT_EV_EXIT:
		return 304;
	default:
		return h->len;
	}
}

static void test_every_type(void **state)
{
	struct stream s = STREAM_INIT;
	const struct obit_hdr *h;
	unsigned int type = 0;
	size_t at, cut;
	uint64_t *copy;
	long len;

	(void)state;
	every(&s);
	for (at = 0; at < s.len; at += (size_t)len) {
		h = (void *)(s.p + at);
		assert_int_equal(h->type, ++type);
		assert_non_null(event_name(type));
		len = event_check(h, s.len - at);
		assert_int_equal(len, h->len);
		for (cut = 0; cut < h->len; cut++) {
			/* its own memory: a look beyond is found by ASan */
			copy = malloc(cut ? cut : 1);
			memcpy(copy, h, cut);
			assert_int_equal(event_check(copy, cut), -EAGAIN);
			free(copy);
		}
		/* shorter than its type, but whole */
		copy = malloc(h->len);
		memcpy(copy, h, h->len);
		for (cut = 16; cut < in_version_1(h); cut += 8) {
			((struct obit_hdr *)copy)->len = (uint16_t)cut;
			if (event_check(copy, cut) > 0)
				fail_msg("%s of %zu bytes", event_name(type),
					 cut);
		}
		free(copy);
	}
	assert_int_equal(type, OBIT_EV_NR - 1);
	assert_string_equal(event_name(OBIT_EV_OOM_LIMIT), "oom_limit");
	assert_null(event_name(0));
	assert_null(event_name(OBIT_EV_NR));
	assert_null(event_name(65535));
	stream_free(&s);
}

static void test_headers(void **state)
{
	struct {
		struct obit_tick t;
		char rest[OBIT_RECORD_MAX];
	} __attribute__((aligned(8)))
	r = { .t.hdr = { OBIT_EV_TICK, 16, 0, 0 } };
	struct obit_hdr *h = &r.t.hdr;

	(void)state;
	assert_int_equal(event_check(&r, sizeof(r)), 16);
	h->len = 24;	/* a later version's: appended to */
	assert_int_equal(event_check(&r, sizeof(r)), 24);
	h->len = 20;
	assert_int_equal(event_check(&r, sizeof(r)), -EBADMSG);
	h->len = 8;
	assert_int_equal(event_check(&r, sizeof(r)), -EBADMSG);
	h->len = 0;
	assert_int_equal(event_check(&r, sizeof(r)), -EBADMSG);
	h->len = OBIT_RECORD_MAX;
	assert_int_equal(event_check(&r, sizeof(r)), OBIT_RECORD_MAX);
	h->len = OBIT_RECORD_MAX + 8;
	assert_int_equal(event_check(&r, sizeof(r)), -EBADMSG);
	h->len = 16;
	h->type = 0;
	assert_int_equal(event_check(&r, sizeof(r)), -EBADMSG);
	h->type = OBIT_EV_NR;
	assert_int_equal(event_check(&r, sizeof(r)), 0);
	h->type = 65535;
	assert_int_equal(event_check(&r, 16), 0);
	assert_int_equal(event_check(&r, 15), -EAGAIN);
}

/* Builds one record, breaks it, expects -EBADMSG. */
#define BAD(build, breakage) do {					\
	struct stream s = STREAM_INIT;					\
	typeof(build) r = build;					\
	assert_int_equal(event_check(r, s.len), s.len);			\
	breakage;							\
	if (event_check(r, s.len) != -EBADMSG)				\
		fail_msg("%s with %s", #build, #breakage);		\
	stream_free(&s);						\
} while (0)

static void test_ranges(void **state)
{
	(void)state;
#define EXEC stream_exec(&s, 1, 7, 0, "/bin/sh", 7, "sh", 3)
	BAD(EXEC, r->exe_len = 14);
	BAD(EXEC, r->exe_len = 65535);
	BAD(EXEC, r->args_len = r->args_total = 65535);
	BAD(EXEC, r->args_total = 2);
	BAD(EXEC, r->pdeath_signal = 65);
	BAD(EXEC, r->comm[15] = 'x');
#define EXIT stream_exit(&s, 1, 7, 3, 0)
	BAD(EXIT, r->comm[15] = 'x');
	BAD(EXIT, r->parent_comm[15] = 'x');
	BAD(EXIT, r->tracer_comm[15] = 'x');
	BAD(EXIT, r->tty[OBIT_TTY_LEN - 1] = 'x');
	BAD(EXIT, r->sigchld = OBIT_SIGCHLD_NONE + 1);
	BAD(EXIT, r->cgroup_hierarchy = OBIT_HIER_SYSTEMD + 1);
	BAD(EXIT, r->pdeath_signal = 65);
	BAD(stream_reapable(&s, 1, 7, 3, 0), r->sigchld = 9);
	BAD(stream_reapable(&s, 1, 7, 3, 0), r->told_comm[15] = 'x');
	BAD(stream_release(&s, 1, 7, 3, 0), r->comm[15] = 'x');
	BAD(stream_release(&s, 1, 7, 3, 0), r->by_comm[15] = 'x');
	BAD(stream_release(&s, 1, 7, 3, 0), r->parent_comm[15] = 'x');
#define SIGNAL stream_signal(&s, 1, 7, 3, 15, OBIT_SI_INFO, 0, 0)
	BAD(SIGNAL, r->signal = 0);
	BAD(SIGNAL, r->signal = 65);
	BAD(SIGNAL, r->info = 3);
	BAD(SIGNAL, r->comm[15] = 'x');
	BAD(SIGNAL, r->sender.comm[15] = 'x');
	BAD(stream_asked(&s, 1, 7, 3, 15, OBIT_SI_INFO, 0, 0), r->signal = 0);
	BAD(stream_oom(&s, 1, 7, 3, 0), r->by.comm[15] = 'x');
	BAD(stream_limit(&s, 1, 7, "/a"), r->path_len = 9);
	BAD(stream_limit(&s, 1, 7, "/a"), r->path_len = 0xffffffff);
	BAD(stream_limit(&s, 1, 7, "/a"), r->data[1] = 0);
	BAD(stream_limit(&s, 1, 7, "/a"), r->constraint = 4);
#define PDEATH_ stream_pdeath(&s, 1, 7, 3, 15, OBIT_PDEATH_SET, 0)
	BAD(PDEATH_, r->kind = OBIT_PDEATH_CRED + 1);
	BAD(PDEATH_, r->signal = 65);
	BAD(PDEATH_, r->comm[15] = 'x');
	BAD(PDEATH_, r->parent_comm[15] = 'x');
	BAD(stream_armed(&s, 1, 3, 7, 15, 0), r->signal = 0);
	BAD(stream_armed(&s, 1, 3, 7, 15, 0), r->signal = 65);
	BAD(stream_armed(&s, 1, 3, 7, 15, 0), r->target_comm[15] = 'x');
	BAD(stream_task(&s, 1, 7, 3, 0, 1), r->comm[15] = 'x');
#define CGROUP stream_cgroup(&s, 1, OBIT_CGROUP_NAMED, OBIT_HIER_PIDS, 5, "/a")
	BAD(CGROUP, r->kind = OBIT_CGROUP_GONE + 1);
	BAD(CGROUP, r->hierarchy = OBIT_HIER_SYSTEMD + 1);
	BAD(CGROUP, r->path_len = 9);
	BAD(CGROUP, r->path_len = 0xffffffff);
	BAD(CGROUP, r->path_len = 0);
	BAD(CGROUP, r->data[0] = 'a');
	BAD(CGROUP, r->data[1] = 0);
#define TEARDOWN stream_teardown(&s, 1, 7, 3)
	BAD(TEARDOWN, r->nr = 4);
	BAD(TEARDOWN, r->nr = 0xffffffff);
	BAD(TEARDOWN, r->steps[2].phase = OBIT_PHASE_NR);
	BAD(TEARDOWN, r->steps[1].boot_ns = 0);
	BAD(TEARDOWN, r->hdr.boot_ns = 20);
	BAD(stream_freed(&s, 1, 7, 3), r->phase = OBIT_PHASE_NR);
	BAD(stream_freed(&s, 1, 7, 3), r->by.comm[15] = 'x');
	BAD(stream_freed(&s, 1, 7, 3), r->begin_ns = 2);
	BAD(stream_stack(&s, 1, 7, 2), r->phase = OBIT_PHASE_NR);
	BAD(stream_stack(&s, 1, 7, 2), r->nr = 3);
}

static void test_more_ranges(void **state)
{
	struct stream s = STREAM_INIT;
	struct obit_scan *scan;
	struct obit_clock *clock;
	struct obit_loss *loss;

	(void)state;
	stream_scan(&s, 1, 1, OBIT_SCAN_PDEATH);
	scan = (void *)s.p;
	scan->what = OBIT_SCAN_PDEATH + 1;
	assert_int_equal(event_check(scan, s.len), -EBADMSG);
	s.len = 0;
	stream_clock(&s, 1, INT64_MIN);
	clock = (void *)s.p;
	clock->utc_offset_s = -43200;
	assert_int_equal(event_check(clock, s.len), sizeof(*clock));
	clock->utc_offset_s = 1 << 20;
	assert_int_equal(event_check(clock, s.len), -EBADMSG);
	clock->utc_offset_s = INT32_MIN;
	assert_int_equal(event_check(clock, s.len), -EBADMSG);
	s.len = 0;
	stream_loss(&s, 1, OBIT_LOST_SIGNAL, OBIT_LOST_OVERSIZE, 1);
	loss = (void *)s.p;
	loss->kind = OBIT_LOST_KIND_NR;
	assert_int_equal(event_check(loss, s.len), -EBADMSG);
	loss->kind = 0;
	loss->reason = OBIT_LOST_REASON_NR;
	assert_int_equal(event_check(loss, s.len), -EBADMSG);
	stream_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_more_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
