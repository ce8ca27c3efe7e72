// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings: what is written is read back byte for byte; cut at every byte,
 * damaged, foreign, of a newer ABI; a full disk leaves whole records behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/recording.h"
#include "lib/log.h"
#include "sink/sink.h"
#include "source/source.h"
#include "stream.h"

static char path[] = "/tmp/obit-test-filesink-XXXXXX";
static char said[4096];

static void keep_line(const char *line, void *ctx)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", line);
}

static struct stream some_records(void)
{
	struct stream s = STREAM_INIT;

	stream_clock(&s, 1, 5);
	stream_fork(&s, 2, 10, 1);
	stream_exec(&s, 3, 10, 0, "/bin/x", 6, "x\0y\0", 4);
	stream_exit(&s, 4, 10, 1, 0x300);
	stream_release(&s, 5, 10, 1, 0x300);
	stream_tick(&s, 6);
	return s;
}

static int write_all(const struct stream *s)
{
	struct sink_opts so = { .path = path,
				.tier = TIER_FENTRY,
				.source = SOURCE_KMOD };
	struct obit_hdr *h;
	struct sink *sink;
	size_t at;
	int err;

	err = file_sink.open(&sink, &so);
	if (err)
		return err;
	for (at = 0; at < s->len; at += h->len) {
		h = (void *)(s->p + at);
		err = file_sink.event(sink, h);
		if (err)
			break;
	}
	at = (size_t)file_sink.close(sink);
	return err ? err : (int)at;
}

struct got {
	struct stream s;
	int stop_after;		/* then the reader returns -ECANCELED; 0: never */
	int nr;
};

static int take(void *ctx, const struct obit_hdr *h)
{
	struct got *g = ctx;
	void *to = stream_add(&g->s, (enum obit_event)h->type, h->len, 0, 0);

	memcpy(to, h, h->len);
	g->nr++;
	return g->nr == g->stop_after ? -ECANCELED : 0;
}

/* Reads the whole file: how it ended. */
static int read_all(struct got *g, struct source_info *info)
{
	struct source_opts so = { .path = path };
	struct emit to = { g, take };
	struct source *s;
	int n;

	said[0] = '\0';
	n = file_source.open(&s, &so);
	if (n)
		return n;
	if (info)
		file_source.info(s, info);
	do
		n = file_source.read(s, &to);
	while (n >= 0);
	file_source.close(s);
	return n;
}

static void patch(off_t at, const void *p, size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, p, len, at), len);
	close(fd);
}

static void round_trip(void **state)
{
	struct stream s = some_records();
	struct source_info info;
	struct got g = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(write_all(&s), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, sizeof(struct recording_head) + s.len);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(read_all(&g, &info), -ENODATA);
	assert_int_equal(g.s.len, s.len);
	assert_memory_equal(g.s.p, s.p, s.len);
	assert_int_equal(info.tier, TIER_FENTRY);
	assert_int_equal(info.source, SOURCE_KMOD);
	assert_false(info.live || info.teardown);
	assert_string_equal(said, "");
	stream_free(&g.s);

	g = (struct got){ .stop_after = 2 };
	assert_int_equal(read_all(&g, NULL), -ECANCELED);
	assert_int_equal(g.nr, 2);
	stream_free(&g.s);
	stream_free(&s);
}

/* A source with --teardown says so before the first process: with that the table
 * of a replay has its column, too. One of a process is not it. */
static void knows_of_teardowns(void **state)
{
	struct stream s = STREAM_INIT;
	struct source_info info;
	struct got g = { 0 };

	(void)state;
	stream_clock(&s, 1, 5);
	stream_cgroup(&s, 2, OBIT_CGROUP_NAMED, OBIT_HIER_UNIFIED, 7, "/a");
	stream_teardown(&s, 3, 0, 0);
	stream_task(&s, 4, 10, 1, 0, 1);
	assert_int_equal(write_all(&s), 0);
	assert_int_equal(read_all(&g, &info), -ENODATA);
	assert_int_equal(g.nr, 4);
	assert_true(info.teardown);
	stream_free(&g.s);
	stream_free(&s);

	g = (struct got){ 0 };
	stream_clock(&s, 1, 5);
	stream_task(&s, 2, 10, 1, 0, 1);
	stream_teardown(&s, 3, 10, 0);
	assert_int_equal(write_all(&s), 0);
	assert_int_equal(read_all(&g, &info), -ENODATA);
	assert_false(info.teardown);
	stream_free(&g.s);
	stream_free(&s);
}

/* Whatever is missing at the end, all that is whole comes, then the sentence. */
static void cut_short(void **state)
{
	struct stream s = some_records();
	size_t head = sizeof(struct recording_head), size, whole, at;
	struct got g;
	char where[64];
	int err;

	(void)state;
	for (size = head + s.len; size-- > 0;) {
		assert_int_equal(write_all(&s), 0);
		assert_int_equal(truncate(path, (off_t)size), 0);
		g = (struct got){ 0 };
		err = read_all(&g, NULL);
		for (whole = at = 0; at < s.len && head + at <= size;) {
			whole = at;
			at += ((struct obit_hdr *)(s.p + at))->len;
		}
		if (size < head) {
			assert_int_equal(err, -EBADMSG);
			assert_true(strstr(said, "cut short") ||
				    strstr(said, "empty"));
			whole = 0;
		} else if (size == head + whole) {
			assert_int_equal(err, -ENODATA);
		} else {
			assert_int_equal(err, -EBADMSG);
			snprintf(where, sizeof(where), "at byte %zu",
				 head + whole);
			assert_non_null(strstr(said, "cut short"));
			assert_non_null(strstr(said, where));
		}
		assert_int_equal(g.s.len, whole);
		stream_free(&g.s);
	}
	stream_free(&s);
}

static void refuses(int err, const char *sentence)
{
	struct got g = { 0 };

	assert_int_equal(read_all(&g, NULL), err);
	if (!strstr(said, sentence))
		fail_msg("said `%s`, not `%s`", said, sentence);
	assert_int_equal(g.nr, 0);
	stream_free(&g.s);
}

static void foreign(void **state)
{
	struct stream s = some_records();
	uint32_t v;

	(void)state;
	assert_int_equal(write_all(&s), 0);
	patch(0,
	      "\x7f"
	      "ELF",
	      4);
	refuses(-EBADMSG, "not a recording made by obit");
	assert_int_equal(write_all(&s), 0);
	v = __builtin_bswap32(RECORDING_ORDER);
	patch(offsetof(struct recording_head, order), &v, 4);
	refuses(-EPROTO, "other byte order");
	assert_int_equal(write_all(&s), 0);
	v = OBIT_ABI_VERSION + 1;
	patch(offsetof(struct recording_head, abi_version), &v, 4);
	patch(offsetof(struct recording_head, abi_compat), &v, 4);
	refuses(-EPROTO, "needs a newer obit");
	v = 0x7fffffff;
	assert_int_equal(write_all(&s), 0);
	patch(offsetof(struct recording_head, tier), &v, 4);
	refuses(-EBADMSG, "head is damaged");
	assert_int_equal(write_all(&s), 0);
	patch(offsetof(struct recording_head, head_len), &v, 4);
	refuses(-EBADMSG, "head is damaged");
	assert_int_equal(unlink(path), 0);
	refuses(-ENOENT, "No such file");
	stream_free(&s);
}

/* A newer writer that old readers can read: a longer head, longer records and
 * types of which this version knows nothing. */
static void newer(void **state)
{
	struct stream s = some_records();
	struct recording_head head;
	struct obit_hdr unknown = { .type = OBIT_EV_NR + 5, .len = 16 };
	struct got g = { 0 };
	FILE *f;

	(void)state;
	recording_head_init(&head);
	head.abi_version = OBIT_ABI_VERSION + 3;
	head.head_len += 16;
	f = fopen(path, "w");
	fwrite(&head, sizeof(head), 1, f);
	fwrite("new fields here!", 16, 1, f);
	fwrite(&unknown, 16, 1, f);
	fwrite(s.p, s.len, 1, f);
	fwrite(&unknown, 16, 1, f);
	fclose(f);
	assert_int_equal(read_all(&g, NULL), -ENODATA);
	assert_int_equal(g.s.len, s.len);
	assert_memory_equal(g.s.p, s.p, s.len);
	stream_free(&g.s);
	stream_free(&s);
}

static void damaged(void **state)
{
	struct stream s = some_records();
	size_t head = sizeof(struct recording_head);
	struct obit_hdr *first = (void *)s.p;
	uint16_t bad = 3;
	struct got g = { 0 };
	char where[64];

	(void)state;
	/* The second record's length: the first still comes. */
	assert_int_equal(write_all(&s), 0);
	patch((off_t)(head + first->len + offsetof(struct obit_hdr, len)), &bad,
	      2);
	assert_int_equal(read_all(&g, NULL), -EBADMSG);
	assert_int_equal(g.s.len, first->len);
	snprintf(where, sizeof(where), "at byte %zu", head + first->len);
	assert_non_null(strstr(said, where));
	stream_free(&g.s);
	stream_free(&s);
}

/* Bigger than the buffers of both sides, with records of every length. */
static void big(void **state)
{
	static char args[6000];
	struct stream s = STREAM_INIT;
	struct got g = { 0 };
	uint32_t i;

	(void)state;
	memset(args, 'x', sizeof(args));
	for (i = 0; i < 2000; i++) {
		stream_exec(&s, i, 10 + i, 0, "/bin/x", 6, args,
			    (i * 37) % sizeof(args));
		stream_tick(&s, i);
	}
	assert_int_equal(write_all(&s), 0);
	assert_int_equal(read_all(&g, NULL), -ENODATA);
	assert_int_equal(g.s.len, s.len);
	assert_memory_equal(g.s.p, s.p, s.len);
	stream_free(&g.s);
	stream_free(&s);
}

/* The limit on file size stands in for a full disk: both end a write midway. */
static void full(void **state)
{
	struct stream s = STREAM_INIT;
	struct rlimit old, tight;
	struct got g = { 0 };
	struct stat st;
	uint32_t i;

	(void)state;
	for (i = 0; i < 3000; i++)
		stream_exit(&s, i, 10 + i, 1, 0);
	getrlimit(RLIMIT_FSIZE, &old);
	tight = old;
	tight.rlim_cur = 300001;	/* in the middle of a record */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tight);
	assert_int_equal(write_all(&s), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(said, "which are whole"));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 300001);
	assert_true(st.st_size > 299000);
	assert_int_equal(read_all(&g, NULL), -ENODATA);
	assert_int_equal(g.s.len + sizeof(struct recording_head), st.st_size);
	assert_memory_equal(g.s.p, s.p, g.s.len);
	stream_free(&g.s);
	stream_free(&s);
}

static void no_space(void **state)
{
	struct sink_opts so = { .path = "/dev/full" };
	struct sink *sink;

	(void)state;
	said[0] = '\0';
	assert_int_equal(file_sink.open(&sink, &so), 0);
	assert_int_equal(file_sink.flush(sink), -ENOSPC);
	assert_non_null(strstr(said, "/dev/full"));
	assert_int_equal(file_sink.close(sink), -ENOSPC);
	so.path = "/nonexistent/dir/file";
	assert_int_equal(file_sink.open(&sink, &so), -EIO);
	assert_non_null(strstr(said, "No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(knows_of_teardowns),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(foreign),
		cmocka_unit_test(newer),
		cmocka_unit_test(damaged),
		cmocka_unit_test(big),
		cmocka_unit_test(full),
		cmocka_unit_test(no_space),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	log_set_writer(keep_line, NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
