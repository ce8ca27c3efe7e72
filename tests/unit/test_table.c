// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table: words, columns for a width, and that no byte of a stranger gets
 * through to the terminal. Every expected line is written down by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/phrase.h"
#include "core/status.h"
#include "core/teardown.h"
#include "lib/utf8.h"
#include "sink/sink.h"

#define NOON 1763812800ll	/* 2025-11-22T12:00:00Z */

static struct obituary death(const char *comm, uint32_t tgid)
{
	struct obituary o;

	memset(&o, 0, sizeof(o));
	o.tgid = tgid;
	memcpy(o.comm, comm, strnlen(comm, sizeof(o.comm)));
	o.real_ns = NOON * 1000000000 + 7000000;
	o.life_ns = 1200000000;
	o.uid = 33;
	o.parent.tgid = 1;
	strcpy(o.parent.comm, "systemd");
	o.have = 1ull << OB_TIME | 1ull << OB_COMM | 1ull << OB_LIFE |
		 1ull << OB_UID | 1ull << OB_PARENT | 1ull << OB_EXIT_CODE;
	o.fate = FATE_WAITED;
	return o;
}

static struct obituary exited(int32_t value)
{
	struct obituary o = death("true", 412);

	o.exit_value = value;
	o.exit_code = ((uint32_t)value & 0xff) << 8;
	o.exit_status = (uint32_t)value & 0xff;
	o.truncated = value > 255 || value < -128;
	o.have |= 1ull << OB_EXIT_VALUE | 1ull << OB_EXIT_STATUS |
		  1ull << OB_TRUNCATED;
	return o;
}

static struct obituary killed(int sig, enum obituary_cause cause,
			      const char *killer, uint32_t tgid)
{
	struct obituary o = death("nginx", 412);

	o.signal = sig;
	o.exit_code = (uint32_t)sig;
	o.cause = cause;
	o.have |= 1ull << OB_SIGNAL | 1ull << OB_CORE;
	if (killer) {
		o.killer.tgid = tgid;
		strcpy(o.killer.comm, killer);
		o.have |= 1ull << OB_KILLER;
	}
	return o;
}

static void asked(struct obituary *o, int sig, const char *comm, uint32_t tgid,
		  uint64_t age_ns)
{
	o->asked_by.signal = sig;
	strcpy(o->asked_by.comm, comm);
	o->asked_by.tgid = tgid;
	o->asked_by.age_ns = age_ns;
	o->have |= 1ull << OB_ASKED_BY;
}

static void says(const struct obituary *o, size_t width, const char *want)
{
	struct buf b = BUF_INIT;

	phrase_death(&b, o, width);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

/* The trap: sent as a thread ended, and its process, sh[4], lived on. */
static void a_thread_ended(struct obituary *o, const char *role,
			   const char *sig)
{
	char want[100];

	o->killer_lives = true;
	o->killer.tid = 6;
	snprintf(want, sizeof(want),
		 "killed by %s as thread 6 of its %s sh[4] ended", sig, role);
	says(o, 0, want);
	snprintf(want, sizeof(want), "%s: thread 6 of %s sh[4] ended", sig,
		 role);
	says(o, 42, want);
	snprintf(want, sizeof(want), "%s: %s thread ended", sig, role);
	says(o, 30, want);
	o->killer.tid = 4;
	snprintf(want, sizeof(want),
		 "killed by %s as the main thread of its %s sh[4] ended", sig,
		 role);
	says(o, 0, want);
	snprintf(want, sizeof(want), "%s: main thread of %s sh[4] ended", sig,
		 role);
	says(o, 42, want);
}

static void words(void **state)
{
	struct obituary o;

	(void)state;
	o = exited(0);
	says(&o, 0, "exit 0");
	asked(&o, 15, "systemd", 1, 3000000);
	says(&o, 0, "exit 0, 3 ms after SIGTERM from systemd[1]");
	says(&o, 42, "exit 0, 3 ms after SIGTERM from systemd[1]");
	says(&o, 41, "exit 0 after SIGTERM from systemd[1]");
	says(&o, 30, "exit 0 after SIGTERM");
	o = exited(256);
	says(&o, 0, "exit 256 \xe2\x80\x94 seen by the parent as 0");
	says(&o, 34, "exit 256 \xe2\x80\x94 seen by the parent as 0");
	says(&o, 33, "exit 256, parent sees 0");
	o = exited(78);
	says(&o, 0, "exit 78 (EX_CONFIG)");
	o = exited(-1);
	says(&o, 0, "exit 255 (-1)");

	o = killed(9, CAUSE_SIGNAL, "bash", 412);
	says(&o, 0, "killed by SIGKILL from bash[412]");
	says(&o, 31, "SIGKILL from bash[412]");
	asked(&o, 15, "bash", 412, 90000000000ull);
	says(&o, 0, "killed by SIGKILL from bash[412], 1m 30s after SIGTERM");
	o = killed(9, CAUSE_OOM, NULL, 0);
	says(&o, 0, "out of memory");
	o.oom.cgroup = (struct span){ "/a.slice/b", 10 };
	o.have |= 1ull << OB_OOM | 1ull << OB_OOM_CGROUP;
	says(&o, 0, "out of memory (cgroup /a.slice/b)");
	says(&o, 31, "out of memory (cgroup \xe2\x80\xa6/b)");
	o.oom.cgroup = (struct span){ "/", 1 };
	says(&o, 0, "out of memory (whole machine)");
	o = killed(15, CAUSE_PDEATH, "sh", 4);
	says(&o, 0, "killed by SIGTERM as its parent sh[4] ended");
	says(&o, 20, "SIGTERM: parent ended");
	a_thread_ended(&o, "parent", "SIGTERM");
	o = killed(1, CAUSE_HANGUP, "sh", 4);
	says(&o, 0, "killed by SIGHUP as its terminal hung up: end of sh[4]");
	o.killer_lives = true;
	says(&o, 0, "killed by SIGHUP as its terminal was hung up by sh[4]");
	says(&o, 40, "SIGHUP, terminal hung up by sh[4]");
	says(&o, 20, "SIGHUP, hung up");
	o = killed(1, CAUSE_ORPHANED_PGRP, "sh", 4);
	says(&o, 0, "killed by SIGHUP, its group orphaned by the end of sh[4]");
	o = killed(9, CAUSE_PIDNS, "tini", 4);
	says(&o, 0, "killed by SIGKILL with its pid namespace: end of tini[4]");
	o = killed(9, CAUSE_EXITKILL, "gdb", 4);
	says(&o, 0, "killed by SIGKILL as its tracer gdb[4] ended");
	strcpy(o.killer.comm, "sh");
	a_thread_ended(&o, "tracer", "SIGKILL");
	o = killed(9, CAUSE_CGROUP_KILL, "sh", 4);
	says(&o, 0, "killed by SIGKILL to its whole cgroup from sh[4]");
	o = killed(9, CAUSE_PIDFD_AUTOKILL, "sh", 4);
	says(&o, 0, "killed by SIGKILL as sh[4] closed its pidfd");
	o = killed(2, CAUSE_TERMINAL, NULL, 0);
	o.tty = (struct span){ "pts/3", 5 };
	o.have |= 1ull << OB_TTY;
	says(&o, 0, "killed by SIGINT from terminal pts/3");
	o = killed(31, CAUSE_SECCOMP, NULL, 0);
	says(&o, 0, "killed by seccomp (SIGSYS)");
	o = killed(11, CAUSE_OOPS, NULL, 0);
	says(&o, 0, "killed by a kernel oops (SIGSEGV)");
	o = killed(11, CAUSE_FAULT, NULL, 0);
	o.core_dumped = true;
	says(&o, 32, "crashed by SIGSEGV, core dumped");
	o = killed(6, CAUSE_SELF, "nginx", 412);
	says(&o, 0, "killed itself by SIGABRT");
	o = killed(9, CAUSE_UNKNOWN, NULL, 0);
	says(&o, 0, "killed by SIGKILL, sender unknown");
}

/* --- lines -------------------------------------------------------------------------- */

static const char *name_33(uint32_t uid)
{
	return uid == 33 ? "www-data" : NULL;
}

/* What the sink writes for one obituary or notice, to a pipe. */
static char *lines(const struct sink_opts *opts, const struct obituary *o,
		   const struct notice *n)
{
	static char text[16384];
	struct sink_opts so = *opts;
	struct sink *s;
	int fds[2];
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	so.fd = fds[1];
	assert_int_equal(table_sink.open(&s, &so), 0);
	if (o)
		assert_int_equal(table_sink.obituary(s, o), 0);
	if (n)
		assert_int_equal(table_sink.notice(s, n), 0);
	assert_int_equal(table_sink.close(s), 0);
	close(fds[1]);
	len = read(fds[0], text, sizeof(text) - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	close(fds[0]);
	return text;
}

static void widths(void **state)
{
	/* clang-format off */
	static const struct {
		unsigned int width;
		const char *text;
	} want[] = {
		{ 40,
		  "    PID NAME      HOW IT ENDED\n"
		  "    412 nginx     SIGKILL from bash[77]\n" },
		{ 60,
		  "TIME         PID NAME        HOW IT ENDED\n"
		  "12:00:00     412 nginx       killed by SIGKILL from bash[77]\n" },
		{ 80,
		  "TIME         PID NAME                AGE HOW IT ENDED\n"
		  "12:00:00     412 nginx             1.2 s killed by SIGKILL from bash[77]\n" },
		{ 120,
		  "TIME         PID NAME            PARENT               AGE HOW IT ENDED                            THEN\n"
		  "12:00:00     412 nginx           systemd[1]         1.2 s killed by SIGKILL from bash[77]         reaped\n" },
	};
	/* clang-format on */
	struct obituary o = killed(9, CAUSE_SIGNAL, "bash", 77);
	struct sink_opts so = { .header = true, .user_name = name_33 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		so.width = want[i].width;
		assert_string_equal(lines(&so, &o, NULL), want[i].text);
	}
	/* Late, it is the same, but not without a line. */
	so.late_header = true;
	assert_string_equal(lines(&so, &o, NULL), want[i - 1].text);
	assert_string_equal(lines(&so, NULL, NULL), "");
	so.late_header = false;
	assert_true(strlen(lines(&so, NULL, NULL)) > 0);
	so.header = false;
	so.width = 200;
	o.args = (struct span){ "nginx\0-g\0daemon off;", 21 };
	o.have |= 1ull << OB_ARGS;
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00.007     412 nginx           www-data systemd[1]             1.2 s "
		"killed by SIGKILL from bash[77]                          "
		"reaped                       nginx -g 'daemon off;'\n");
}

/* The widest line of a text, in columns; every one must be printable. */
static size_t widest(const char *text)
{
	size_t most = 0, len, w;
	const char *end;
	uint32_t cp;
	int n;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		assert_non_null(end);
		w = utf8_width(text, (size_t)(end - text));
		most = w > most ? w : most;
		for (len = (size_t)(end - text); len; len -= (size_t)n) {
			n = utf8_decode(end - len, len, &cp);
			assert_true(n > 0 && utf8_cp_printable(cp));
		}
	}
	return most;
}

static void teardowns(void **state)
{
	struct teardown t = { .kernel_ns = 12345678,
			      .phase_ns = { [OBIT_PHASE_FS] = 345678,
					    [OBIT_PHASE_MM_UNMAP] =
						    12000000 } };
	struct sink_opts so = { .teardown = true, .header = true, .width = 90 };
	struct obituary o = killed(9, CAUSE_SIGNAL, "bash", 77);
	unsigned int width;

	(void)state;
	assert_string_equal(
		lines(&so, &o, NULL),
		"TIME         PID NAME        HOW IT ENDED                          TEARDOWN\n"
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       ?\n");
	o.teardown = &t;
	obituary_set(&o, OB_TEARDOWN);
	so.header = false;
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       12 ms mm.unmap 97%\n");
	/* A part was done by another task: told where it is the greatest. */
	t.nr_elsewhere = 1;
	t.elsewhere[0].ns = 5000000;
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       12 ms mm.unmap 97%\n");
	t.elsewhere[0].ns = 45000000;
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       12 ms +45 ms elsewhere\n");
	t.elsewhere[0].ns = 0;
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       12 ms, more elsewhere\n");
	/* A clock too coarse for it. */
	memset(&t, 0, sizeof(t));
	assert_string_equal(
		lines(&so, &o, NULL),
		"12:00:00     412 nginx       killed by SIGKILL from bash[77]       0 s\n");
	for (width = 70; width < 260; width++) {
		so.width = width;
		if (widest(lines(&so, &o, NULL)) > width)
			fail_msg("%u columns:\n%s", width,
				 lines(&so, &o, NULL));
	}
}

static void strangers(void **state)
{
	static const char args[] =
		"a\x1b]0;owned\x07\0b\n12:00:00 1 forged\0\xff\xfe\0\xe2\x80\xaegnp";
	struct sink_opts so = { .header = true };
	struct obituary o;
	struct notice n = { .type = NOTICE_PDEATH_SEND,
			    .have = ~0u,
			    .signal = 9,
			    .process_alive = true };
	unsigned int width;
	char *text;

	(void)state;
	for (width = 38; width < 260; width += 3) {
		so.width = width;
		o = killed(9, CAUSE_SIGNAL, "\x1b[2J\x1b[H\x9b\n\r", 77);
		memcpy(o.comm, "\xe6\x97\xa5\xe6\x9c\xac\x1b[31m\x07", 12);
		memcpy(o.parent.comm, "\x1b[1mroot\nevil\xe2", 15);
		o.args = (struct span){ args, sizeof(args) };
		o.have |= 1ull << OB_ARGS;
		n.who = o.killer;
		n.target = o.parent;
		text = lines(&so, &o, &n);
		if (widest(text) > width)
			fail_msg("%u columns:\n%s", width, text);
	}
	so.width = 0;
	text = lines(&so, &o, NULL);
	widest(text);
	assert_non_null(strstr(text, "\\e[2J\\e[H\\x9b\\n\\r[77]"));
	assert_null(strstr(text, "\n12:00:00 1 forged"));
}

static void colours(void **state)
{
	struct sink_opts so = { .width = 80, .colour = true };
	struct obituary o = killed(9, CAUSE_SIGNAL, "bash", 77);

	(void)state;
	assert_non_null(strstr(lines(&so, &o, NULL), "\x1b[31mkilled by"));
	o = killed(9, CAUSE_OOM, NULL, 0);
	assert_non_null(strstr(lines(&so, &o, NULL), "\x1b[1;31mout of"));
	o = exited(256);
	assert_non_null(strstr(lines(&so, &o, NULL), "\x1b[1;31mexit 256"));
	o = exited(1);
	assert_non_null(strstr(lines(&so, &o, NULL), "\x1b[33mexit 1"));
	o = exited(0);
	assert_non_null(strstr(lines(&so, &o, NULL), " exit 0"));
	so.colour = false;
	assert_null(strchr(lines(&so, &o, NULL), '\x1b'));
}

static void notices(void **state)
{
	struct sink_opts so = { .width = 100 };
	struct notice n = {
		.type = NOTICE_PDEATH_SEND,
		.have = ~0u,
		.signal = 9,
		.real_ns = NOON * 1000000000,
		.process_alive = true,
		.who = { .tgid = 500, .tid = 502, .comm = "app" },
		.target = { .tgid = 510, .tid = 510, .comm = "kid" },
		.other = { .tgid = 7, .comm = "sh" },
		.zombie_ns = 1200000000,
		.kind = "session_leader",
		.reason = "ring_full",
		.count = 1,
	};

	(void)state;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - parent death: thread app[500/502] ended before its process; SIGKILL sent to\n"
		"                 kid[510]\n");
	n.denied = true;
	n.process_alive = false;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - parent death: app[500/502] ended; SIGKILL to kid[510] was refused by the kernel\n");
	n.type = NOTICE_ZOMBIE;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - zombie: app[500] has been dead for 1.2 s and is not reaped by its parent sh[7]\n");
	n.type = NOTICE_REAPED;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - reaped: app[500] by sh[7] after 1.2 s\n");
	n.type = NOTICE_HANGUP;
	n.signal = 1;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - hang-up: session leader app[500] ended; SIGHUP sent to kid[510]\n");
	n.type = NOTICE_LOST;
	n.kind = "obituary";
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       ! lost: 1 obituary: the buffer was full (--buffer makes it larger)\n");
	n.kind = "context";
	n.reason = "oversize";
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       ! lost: 1 fact that will be missing: too long for a record\n");
	n.kind = "signal";
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       ! lost: 1 signal record: who ended had more children than are looked through\n");
	n.type = NOTICE_PDEATH_SET;
	assert_string_equal(
		lines(&so, NULL, &n),
		"12:00:00       - parent death: app[500/502] gets SIGHUP when thread sh[7] ends\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),     cmocka_unit_test(widths),
		cmocka_unit_test(teardowns), cmocka_unit_test(strangers),
		cmocka_unit_test(colours),   cmocka_unit_test(notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
