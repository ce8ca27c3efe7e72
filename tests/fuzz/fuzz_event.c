// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_event: any bytes as a stream: the check, the join, and both sinks on
 * what comes out of it. A recording's head in front is skipped.
 * Checks that the books balance after every record and at the end.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/event.h"
#include "core/filter/filter.h"
#include "core/join.h"
#include "core/recording.h"
#include "sink/sink.h"

static void check(int ok)
{
	if (!ok)
		abort();
}

struct outputs {
	struct sink *json, *table;
	struct filter *filter;
};

static int on_obituary(void *ctx, const struct obituary *o)
{
	struct outputs *to = ctx;

	filter_obituary(to->filter, o);
	check(!json_sink.obituary(to->json, o));
	check(!table_sink.obituary(to->table, o));
	return 0;
}

static int on_notice(void *ctx, const struct notice *n)
{
	struct outputs *to = ctx;

	filter_notice(to->filter, n);
	check(!json_sink.notice(to->json, n));
	check(!table_sink.notice(to->table, n));
	return 0;
}

static void on_ask(void *ctx, uint32_t tgid, uint64_t start_boottime)
{
	(void)ctx;
	(void)tgid;
	(void)start_boottime;
}

static void balanced(const struct join *j, int end)
{
	struct join_stats st;

	join_stats(j, &st);
	check(st.seen == st.delivered + st.pending + st.lost_obituaries);
	check(!end || !st.pending);
}

static size_t skip_head(const void *p, size_t size)
{
	struct recording_head head;
	struct buf why = BUF_INIT;
	int err = recording_head_check(&head, p, size, &why);

	buf_free(&why);
	return err ? 0 : head.head_len;
}

static void play(struct join *j, struct filter *f, const char *p, size_t size)
{
	size_t at = skip_head(p, size);
	const struct obit_hdr *h;
	long len;

	while (at < size) {
		len = event_check(p + at, size - at);
		if (len < 0)
			break;
		h = (const void *)(p + at);
		check(h->len >= sizeof(*h) && h->len % 8 == 0);
		check(!len || len == h->len);
		at += h->len;
		if (!len)
			continue;
		check(at <= size);
		check(!filter_before(f, h));
		check(!join_feed(j, h));
		filter_after(f, h);
		balanced(j, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int null = -1;
	struct sink_opts so = { .width = 80 };
	struct join_config cfg = { .zombie_after_ns = 1000000000 };
	struct outputs to;
	struct join_ops ops = { &to, on_obituary, on_notice, on_ask };
	struct buf why = BUF_INIT;
	struct join *j;
	char *copy;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	/* Its own block, aligned, with a guard right behind the last byte. */
	copy = malloc(size ? size : 1);
	to.filter = filter_new();
	so.fd = null;
	check(copy && to.filter && !json_sink.open(&to.json, &so) &&
	      !table_sink.open(&to.table, &so));
	check(!filter_add_named(to.filter, FILTER_TREE, "1", &why));
	check(!filter_add(to.filter, "args =~ \"a\" || zombie_ns > 1s", &why));
	memcpy(copy, data, size);
	cfg.tier = size & 1 ? TIER_FENTRY : TIER_TRACEPOINTS;
	j = join_new(&cfg, &ops);
	check(j != NULL);
	play(j, to.filter, copy, size);
	check(!join_finish(j));
	balanced(j, 1);
	join_free(j);
	check(!json_sink.close(to.json) && !table_sink.close(to.table));
	filter_free(to.filter);
	buf_free(&why);
	free(copy);
	return 0;
}
