// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapped ring of /dev/obit, built by hand as the module writes it: order,
 * the wrap, what is half written, and frames that no module should write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/frames.h"

#define RING 1024u

/* The ring is followed by nothing: a look beyond it is the sanitizer's. */
static struct obit_ring_page *page;
static struct obit_cursor_page *cursor;
static char *ring;
static struct frames frames;

static void fresh(uint64_t at)
{
	free(page);
	free(cursor);
	free(ring);
	page = calloc(1, sizeof(*page));
	cursor = calloc(1, sizeof(*cursor));
	ring = aligned_alloc(16, RING);
	memset(ring, 0xff, RING);
	page->head = cursor->cursor = at;
	frames = (struct frames){ page, ring, RING, cursor };
}

/* As the module does: a frame never crosses the end. */
static struct obit_frame *add(uint32_t len, uint32_t boot)
{
	uint32_t need =
		(uint32_t)sizeof(struct obit_frame) + ((len + 15) & ~15u);
	uint64_t left = RING - (page->head & (RING - 1));
	struct obit_frame *f = (void *)(ring + (page->head & (RING - 1)));
	struct obit_hdr *h;

	if (left < need) {
		f->size = (uint32_t)left;
		f->state = OBIT_FRAME_PAD;
		page->head += left;
		f = (void *)ring;
	}
	f->size = need;
	f->state = OBIT_FRAME_READY;
	f->seq = boot;
	h = (void *)(f + 1);
	h->type = OBIT_EV_TICK;
	h->len = (uint16_t)len;
	h->lost = 7;
	h->boot_ns = boot;
	page->head += need;
	return f;
}

static uint64_t got[64];
static unsigned int nr_got;
static int fail_at;

static int take(void *ctx, const struct obit_hdr *h)
{
	(void)ctx;
	got[nr_got++] = h->boot_ns;
	/* its room is not given back while it is looked at */
	assert_true(cursor->cursor < page->head);
	return (int)nr_got == fail_at ? -EPIPE : 0;
}

static int read_all(void)
{
	const struct emit to = { NULL, take };

	nr_got = 0;
	return frames_read(&frames, &to);
}

static void in_order(void **state)
{
	uint64_t at;
	uint32_t i;

	(void)state;
	/* From every place in the ring, and far behind its first turn. */
	for (at = 0; at < RING; at += 16) {
		fresh(at + 40ull * RING);
		assert_int_equal(read_all(), 0);
		assert_null(frames_first(&frames));
		for (i = 1; i <= 5; i++)
			add(16 + 8 * i, i);
		assert_int_equal(frames_first(&frames)->boot_ns, 1);
		assert_int_equal(frames_first(&frames)->lost, 7);
		assert_int_equal(read_all(), 5);
		for (i = 0; i < 5; i++)
			assert_int_equal(got[i], i + 1);
		assert_int_equal(cursor->cursor, page->head);
		assert_int_equal(read_all(), 0);
	}
}

static void half_written(void **state)
{
	struct obit_frame *f;

	(void)state;
	fresh(RING - 64);
	add(16, 1);
	f = add(48, 2);		/* behind a padding */
	f->state = OBIT_FRAME_BUSY;
	memset(f + 1, 0, 48);
	add(16, 3);
	assert_int_equal(read_all(), 1);
	assert_int_equal(read_all(), 0);
	assert_null(frames_first(&frames));
	((struct obit_hdr *)(f + 1))->len = 48;
	((struct obit_hdr *)(f + 1))->boot_ns = 2;
	f->state = OBIT_FRAME_READY;
	assert_int_equal(read_all(), 2);
	assert_int_equal(got[0], 2);
	assert_int_equal(got[1], 3);
}

/* The one that could not be used is given all the same, and not again. */
static void refused(void **state)
{
	(void)state;
	fresh(0);
	add(16, 1);
	add(16, 2);
	add(16, 3);
	fail_at = 2;
	assert_int_equal(read_all(), -EPIPE);
	fail_at = 0;
	assert_int_equal(read_all(), 1);
	assert_int_equal(got[0], 3);
}

static void garbage(void **state)
{
	struct obit_frame *f;
	unsigned int i;
	static const uint32_t sizes[] = { 0,  8,     15,   24,
					  40, 65536, 2048, UINT32_MAX };

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fresh(0);
		f = add(16, 1);
		f->size = sizes[i];
		assert_int_equal(read_all(), -EBADMSG);
		assert_null(frames_first(&frames));
	}
	/* no room for a header; a record longer than its frame; no state */
	fresh(0);
	f = add(16, 1);
	f->size = 16;
	page->head = 16;
	assert_int_equal(read_all(), -EBADMSG);
	fresh(0);
	f = add(16, 1);
	((struct obit_hdr *)(f + 1))->len = 24;
	assert_int_equal(read_all(), -EBADMSG);
	fresh(0);
	f = add(16, 1);
	f->state = 3;
	assert_int_equal(read_all(), -EBADMSG);
	/* across the end */
	fresh(RING - 32);
	f = add(16, 1);
	f->size = 64;
	page->head += 64;
	assert_int_equal(read_all(), -EBADMSG);
	assert_int_equal(nr_got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(half_written),
		cmocka_unit_test(refused),
		cmocka_unit_test(garbage),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(page);
	free(cursor);
	free(ring);
	return failed;
}
