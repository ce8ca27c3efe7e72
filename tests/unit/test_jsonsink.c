// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON sink, read back by jansson: nesting, null, keys of the contract,
 * bytes that are no text, numbers beyond 2^53, and every notice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/out.h"
#include "sink/sink.h"

static json_t *written(const struct obituary *o, const struct notice *n)
{
	struct sink_opts so = { .fd = -1 };
	static char text[65536];
	json_error_t error;
	struct sink *s;
	json_t *root;
	int fds[2];
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	so.fd = fds[1];
	assert_int_equal(json_sink.open(&s, &so), 0);
	if (o)
		assert_int_equal(json_sink.obituary(s, o), 0);
	if (n)
		assert_int_equal(json_sink.notice(s, n), 0);
	assert_int_equal(json_sink.flush(s), 0);
	assert_int_equal(json_sink.close(s), 0);
	close(fds[1]);
	len = read(fds[0], text, sizeof(text));
	close(fds[0]);
	assert_true(len > 2);
	/* One line, and only one. */
	assert_ptr_equal(memchr(text, '\n', (size_t)len), text + len - 1);
	root = json_loadb(text, (size_t)len,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!root)
		fail_msg("%s: %.*s", error.text, (int)len, text);
	return root;
}

/* "parent.tgid": what stands there, or NULL. */
static json_t *at(json_t *root, const char *path)
{
	char key[64];
	size_t n;

	while (root) {
		n = strcspn(path, ".");
		memcpy(key, path, n);
		key[n] = '\0';
		root = json_object_get(root, key);
		if (!path[n])
			return root;
		path += n + 1;
	}
	return NULL;
}

static void is_str(json_t *root, const char *path, const char *want)
{
	const char *got = json_string_value(at(root, path));

	if (!got || strcmp(got, want))
		fail_msg("%s is %s, not %s", path, got ? got : "no string",
			 want);
}

static void is_int(json_t *root, const char *path, int64_t want)
{
	json_t *v = at(root, path);

	if (!json_is_integer(v) || json_integer_value(v) != want)
		fail_msg("%s is %lld, not %lld", path,
			 (long long)json_integer_value(v), (long long)want);
}

static void is_null(json_t *root, const char *path)
{
	if (!json_is_null(at(root, path)))
		fail_msg("%s is %s", path,
			 at(root, path) ? "not null" : "missing");
}

/* Written down from the contract, not from the field table. */
/* clang-format off */
static const char *const contract[] = {
	"event", "time", "boot_ns", "reapable_ns", "tgid", "ns_tgid",
	"start_boottime", "comm", "exe", "args", "args_cut", "uid", "gid",
	"loginuid", "sid", "pgid", "tty", "parent", "cgroup",
	"cgroup_hierarchy", "cgroup_id", "container", "pid_ns", "life_ns",
	"threads", "execed", "exit_value", "exit_code", "exit_status",
	"truncated", "signal", "core_dumped", "meaning", "cause", "killer",
	"asked_by", "oom", "fate", "reaped_by", "new_parent", "zombie_ns",
	"zombie_err_ns", "sigchld", "pdeath_signal", "pdeath_tid", "usage",
	"teardown", "source",
};
/* clang-format on */

static void nothing_known(void **state)
{
	struct obituary o = { .tgid = 7, .cause = CAUSE_UNKNOWN };
	json_t *root = written(&o, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(contract) / sizeof(contract[0]); i++)
		if (!at(root, contract[i]))
			fail_msg("%s is missing", contract[i]);
	is_str(root, "event", "obituary");
	is_int(root, "tgid", 7);
	is_str(root, "cause", "unknown");
	is_str(root, "fate", "unknown");
	is_null(root, "time");
	is_null(root, "parent");
	is_null(root, "oom");
	is_null(root, "usage");
	is_null(root, "exit_code");
	is_null(root, "start_boottime");
	json_decref(root);
}

static void all_known(void **state)
{
	static const char args[] = "a\0\0b \"c\"\\\n";
	struct obituary o;
	json_t *root;

	(void)state;
	memset(&o, 0, sizeof(o));
	o.have = ~0ull & ~(1ull << OB_TEARDOWN);
	o.real_ns = 1763812800ll * 1000000000 + 5;
	o.utc_offset_s = 5 * 3600 + 45 * 60;
	o.boot_ns = UINT64_MAX / 2;
	o.tgid = 4194303;
	o.start_boottime = (1ull << 53) + 1;
	memcpy(o.comm, "exactly16bytes!!", 16);
	o.exe = (struct span){ "/bin/\xff\xfe", 7 };
	o.args = (struct span){ args, sizeof(args) };
	o.exit_value = -2147483647 - 1;
	o.exit_code = 0xffffffff;
	o.parent.tgid = 1;	/* its start is not known */
	strcpy(o.parent.comm, "init");
	o.killer = (struct person){ .tgid = 5,
				    .tid = 6,
				    .uid = 0xfffffffe,
				    .signal = 34 + 3,
				    .start_boottime = 9 };
	o.asked_by = o.killer;
	o.asked_by.age_ns = 3;
	o.signal = 9;
	o.oom.by.tgid = 11;
	o.oom.cgroup = (struct span){ "/x", 2 };
	o.cause = CAUSE_OOM;
	o.fate = FATE_PTRACE_WAITED;
	o.sigchld = OBIT_SIGCHLD_NOCLDWAIT;
	o.cgroup_hierarchy = OBIT_HIER_UNIFIED;
	o.pdeath_signal = 15;
	o.meaning = "EX_CONFIG";
	root = written(&o, NULL);
	is_str(root, "time", "2025-11-22T17:45:00.000000005+05:45");
	is_int(root, "tgid", 4194303);
	is_int(root, "start_boottime", (1ll << 53) + 1);
	is_str(root, "comm", "exactly16bytes!!");
	is_str(root, "exe", "/bin/\xef\xbf\xbd\xef\xbf\xbd");
	is_str(root, "exe_hex", "2f62696e2ffffe");
	assert_int_equal(json_array_size(at(root, "args")), 3);
	assert_string_equal(json_string_value(
				    json_array_get(at(root, "args"), 1)),
			    "");
	assert_string_equal(json_string_value(
				    json_array_get(at(root, "args"), 2)),
			    "b \"c\"\\\n");
	assert_null(at(root, "args_hex"));
	is_int(root, "exit_value", -2147483648ll);
	is_int(root, "exit_code", 4294967295ll);
	is_int(root, "parent.tgid", 1);
	is_null(root, "parent.start_boottime");
	is_str(root, "killer.signal", "SIGRTMIN+3");
	is_int(root, "killer.uid", 4294967294ll);
	is_int(root, "killer.start_boottime", 9);
	is_int(root, "asked_by.age_ns", 3);
	is_str(root, "oom.cgroup", "/x");
	is_int(root, "oom.by.tgid", 11);
	is_str(root, "signal", "SIGKILL");
	is_str(root, "cause", "oom");
	is_str(root, "fate", "ptrace_waited");
	is_str(root, "sigchld", "nocldwait");
	is_str(root, "cgroup_hierarchy", "unified");
	is_str(root, "pdeath_signal", "SIGTERM");
	is_str(root, "meaning", "EX_CONFIG");
	is_int(root, "usage.cpu_ns", 0);
	is_str(root, "source", "bpf");
	json_decref(root);

	/* An object whose parts are not known is there, its parts are null. */
	o.have &= ~(1ull << OB_OOM_BY | 1ull << OB_OOM_CGROUP);
	o.args = (struct span){ "\xff\0ok", 5 };
	root = written(&o, NULL);
	is_null(root, "oom.by");
	is_null(root, "oom.cgroup");
	assert_true(json_is_object(at(root, "oom")));
	assert_string_equal(json_string_value(
				    json_array_get(at(root, "args_hex"), 0)),
			    "ff");
	assert_string_equal(json_string_value(
				    json_array_get(at(root, "args_hex"), 1)),
			    "6f6b");
	json_decref(root);
}

static void notices(void **state)
{
	struct notice n = {
		.have = ~0u,
		.boot_ns = 77,
		.signal = 9,
		.exit_code = 256,
		.real_ns = -1,	/* before 1970 is still a time */
		.who = { .tgid = 1, .tid = 2, .start_boottime = 3, .comm = "w" },
		.other = { .tgid = 4, .tid = 5, .comm = "o" },
		.target = { .tgid = 6, .tid = 7, .comm = "\xff" },
		.zombie_ns = 8,
		.zombie_err_ns = 9,
		.count = 10,
		.kind = "tty_closed",
		.reason = "setuid_exec",
		.key = "tty",
		.process_alive = true,
		.sampled = true,
		.bpf = { "\"a\"", 3 },
	};
	json_t *root;

	(void)state;
	n.type = NOTICE_PDEATH_SET;
	root = written(NULL, &n);
	is_str(root, "event", "pdeath_set");
	is_str(root, "time", "1969-12-31T23:59:59.999999999+00:00");
	is_int(root, "boot_ns", 77);
	is_int(root, "tgid", 1);
	is_int(root, "tid", 2);
	is_int(root, "start_boottime", 3);
	is_str(root, "signal", "SIGKILL");
	is_int(root, "parent.tid", 5);
	is_null(root, "parent.start_boottime");
	assert_true(json_is_true(at(root, "sampled")));
	json_decref(root);
	n.type = NOTICE_PDEATH_CLEAR;
	root = written(NULL, &n);
	is_str(root, "event", "pdeath_clear");
	is_str(root, "reason", "setuid_exec");
	json_decref(root);
	n.type = NOTICE_PDEATH_SEND;
	root = written(NULL, &n);
	is_str(root, "event", "pdeath_send");
	is_int(root, "dead.tid", 2);
	is_int(root, "target.tgid", 6);
	is_str(root, "target.comm_hex", "ff");
	assert_true(json_is_true(at(root, "process_alive")));
	assert_true(json_is_false(at(root, "denied")));
	json_decref(root);
	n.type = NOTICE_HANGUP;
	root = written(NULL, &n);
	is_int(root, "from.tgid", 1);
	is_str(root, "kind", "tty_closed");
	is_int(root, "target.tid", 7);
	json_decref(root);
	n.type = NOTICE_ZOMBIE;
	root = written(NULL, &n);
	is_int(root, "exit_code", 256);
	is_int(root, "parent.tgid", 4);
	is_int(root, "zombie_ns", 8);
	assert_null(at(root, "tid"));
	json_decref(root);
	n.type = NOTICE_REAPED;
	root = written(NULL, &n);
	is_int(root, "reaped_by.tgid", 4);
	is_int(root, "zombie_err_ns", 9);
	json_decref(root);
	n.type = NOTICE_DISSENT;
	root = written(NULL, &n);
	is_str(root, "key", "tty");
	is_str(root, "bpf", "a");
	is_null(root, "kmod");
	json_decref(root);
	n.type = NOTICE_LOST;
	n.source = SOURCE_KMOD;
	n.reason = "ring_full";
	root = written(NULL, &n);
	is_str(root, "kind", "tty_closed");
	is_str(root, "reason", "ring_full");
	is_int(root, "count", 10);
	is_str(root, "source", "kmod");
	json_decref(root);
	/* What is not known is null, not 0 or "". */
	n.have = 0;
	n.type = NOTICE_HANGUP;
	root = written(NULL, &n);
	is_null(root, "from");
	is_null(root, "kind");
	is_null(root, "target");
	is_null(root, "signal");
	json_decref(root);
	n.type = NOTICE_REAPED;
	root = written(NULL, &n);
	is_null(root, "exit_code");
	is_null(root, "reaped_by");
	is_null(root, "zombie_ns");
	json_decref(root);
}

static void closed(void **state)
{
	struct obituary o = { .tgid = 7 };
	struct sink_opts so = { .fd = -1 };
	struct sink *s;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	so.fd = fds[1];
	assert_int_equal(json_sink.open(&s, &so), 0);
	assert_int_equal(json_sink.obituary(s, &o), 0);
	assert_int_equal(json_sink.flush(s), -EPIPE);
	json_sink.close(s);
	close(fds[1]);
}

/* --- many lines by one sink ---------------------------------------------------- */

#define LINES 3000

static uint32_t random_next(void)
{
	static uint64_t x = 0x853c49e6748fea9b;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33);
}

static void change(struct obituary *o, const struct field *f)
{
	static const struct span texts[] = {
		{ "/bin/sh", 7 }, { "/bin/se", 7 },	 { "", 0 },
		{ NULL, 0 },	  { "a\"\n\xff", 4 }, { "/usr/bin/make", 13 },
	};
	static const struct span lists[] = {
		{ "sh\0-c\0a", 8 }, { "sh\0-c\0b", 8 }, { "\xff\0x", 4 },
		{ "", 0 },	     { "", 1 },
	};
	static const char *const names[] = { "EX_USAGE", "EX_CONFIG" };
	static const char comms[][OBIT_COMM_LEN] = { "a", "a\0b", "\xff",
						     "sixteenletters1",
						     "sixteenletters2" };
	uint32_t n = random_next();
	void *p = (char *)o + f->offset;

	if (f->in_teardown)
		return;
	o->have ^= n % 3 ? 0 : 1ull << f->have;
	n = random_next() % 60;
	switch (f->type) {
	case F_U32:
		*(uint32_t *)p = n * n * n * n * n * n;
		break;
	case F_S32:
		*(int32_t *)p = 20 - (int32_t)n;
		break;
	case F_U64:
	case F_DURATION:
		*(uint64_t *)p = n ? ~0ull / n : 0;
		break;
	case F_TIME:
		*(int64_t *)p += n;
		break;
	case F_BOOL:
		*(bool *)p = n & 1;
		break;
	case F_COMM:
		memcpy(p, comms[n % 5], OBIT_COMM_LEN);
		break;
	case F_TEXT:
		*(struct span *)p = texts[n % 6];
		break;
	case F_ARGS:
		*(struct span *)p = lists[n % 5];
		break;
	case F_CSTR:
		*(const char **)p = names[n & 1];
		break;
	case F_SIGNAL:
		*(int32_t *)p = 1 + (int32_t)n;
		break;
	case F_CAUSE:
		o->cause = n % CAUSE_NR;
		break;
	case F_FATE:
		o->fate = n % FATE_NR;
		break;
	case F_SOURCE:
		o->source = n % SOURCE_NAMES_NR;
		break;
	case F_SIGCHLD:
	case F_HIERARCHY:
		*(uint8_t *)p = (uint8_t)(n % 5);
		break;
	case F_EVENT:
	case F_TYPE_NR:
		break;
	}
}

static size_t bytes_of(FILE *f, char **text)
{
	size_t len = (size_t)lseek(fileno(f), 0, SEEK_END);

	*text = malloc(len + 1);
	assert_non_null(*text);
	assert_int_equal(pread(fileno(f), *text, len, 0), len);
	fclose(f);
	return len;
}

/* One that has written others before writes what a new one does. */
static void each_line_alone(void **state)
{
	FILE *f[2] = { tmpfile(), tmpfile() };
	struct sink_opts so[2] = { { .fd = fileno(f[0]) },
				   { .fd = fileno(f[1]) } };
	size_t nr_fields = 0, len[2];
	struct sink *one, *fresh;
	struct obituary o;
	char *text[2];
	int i, k;

	(void)state;
	memset(&o, 0, sizeof(o));
	while (obituary_fields[nr_fields].key)
		nr_fields++;
	assert_int_equal(json_sink.open(&one, &so[0]), 0);
	for (i = 0; i < LINES; i++) {
		for (k = (int)(random_next() % 8); k; k--)
			change(&o, &obituary_fields[random_next() % nr_fields]);
		o.have &= ~(1ull << OB_TEARDOWN);
		assert_int_equal(json_sink.obituary(one, &o), 0);
		assert_int_equal(json_sink.open(&fresh, &so[1]), 0);
		assert_int_equal(json_sink.obituary(fresh, &o), 0);
		assert_int_equal(json_sink.close(fresh), 0);
	}
	assert_int_equal(json_sink.close(one), 0);
	for (i = 0; i < 2; i++)
		len[i] = bytes_of(f[i], &text[i]);
	assert_int_equal(len[0], len[1]);
	assert_true(len[0] > LINES * 100);
	assert_memory_equal(text[0], text[1], len[0]);
	free(text[0]);
	free(text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known),   cmocka_unit_test(all_known),
		cmocka_unit_test(notices),	   cmocka_unit_test(closed),
		cmocka_unit_test(each_line_alone),
	};

	out_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
