// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pipeline between a source and a sink that are scripts: order, what it
 * adds to a live stream and never to a replay, ends, limits, failures. What
 * /proc says is compared with what this test itself is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "core/event.h"
#include "lib/log.h"
#include "pipeline.h"
#include "stream.h"

/* --- a source that plays a stream, some records a read --------------------------- */

static struct script {
	struct stream s;
	size_t at;
	unsigned int per_read;	/* 0: all */
	bool live;
	int end;		/* returned when all is read; 0: nothing more */
	void (*on_read)(unsigned int nr);
	unsigned int reads;
} script;

static void script_info(struct source *s, struct source_info *info)
{
	(void)s;
	memset(info, 0, sizeof(*info));
	info->live = script.live;
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

	(void)s;
	if (script.on_read)
		script.on_read(++script.reads);
	while (script.at < script.s.len &&
	       (!script.per_read || nr < script.per_read)) {
		struct obit_hdr *h = (void *)(script.s.p + script.at);

		script.at += h->len;
		nr++;
		err = to->event(to->ctx, h);
		if (err)
			return err;
	}
	return nr ? (int)nr : script.end;
}

static const struct source_type script_source = {
	.name = "script",
	.info = script_info,
	.fd = script_fd,
	.read = script_read,
};

/* --- a sink that writes down what it gets ------------------------------------------ */

static struct taken {
	struct stream events;
	char text[8192];
	unsigned int flushes;
	int fail_at, calls, err;	/* the fail_at-th obituary fails */
} taken;

static int take_event(struct sink *s, const struct obit_hdr *h)
{
	void *to;

	(void)s;
	to = stream_add(&taken.events, (enum obit_event)h->type, h->len, 0, 0);
	memcpy(to, h, h->len);
	return 0;
}

static int take_obituary(struct sink *s, const struct obituary *o)
{
	size_t n = strlen(taken.text);

	(void)s;
	if (++taken.calls == taken.fail_at)
		return taken.err;
	snprintf(taken.text + n, sizeof(taken.text) - n, "%u:%x%s ", o->tgid,
		 o->exit_code, o->fate == FATE_ZOMBIE ? "z" : "");
	return 0;
}

static int take_notice(struct sink *s, const struct notice *n)
{
	size_t len = strlen(taken.text);

	(void)s;
	snprintf(taken.text + len, sizeof(taken.text) - len, "%s ",
		 notice_names[n->type]);
	return 0;
}

static int take_flush(struct sink *s)
{
	(void)s;
	taken.flushes++;
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

static struct pipeline_config config(void)
{
	struct pipeline_config cfg = {
		.type = &script_source,
		.sinks = { { .type = &take_sink } },
		.nr_sinks = 1,
		.zombie_after_ns = SEC,
		.events = PIPELINE_ALL,
	};

	stream_free(&script.s);
	stream_free(&taken.events);
	memset(&script, 0, sizeof(script));
	memset(&taken, 0, sizeof(taken));
	script.end = -ENODATA;
	said[0] = '\0';
	return cfg;
}

static void three_lives(void)
{
	stream_clock(&script.s, 1, 1000);
	stream_life(&script.s, 10 * MS, 10, 1, 0);
	stream_life(&script.s, 20 * MS, 11, 1, 0x100);
	stream_life(&script.s, 30 * MS, 12, 1, 9);
}

/* --- replay --------------------------------------------------------------------------- */

static void replay(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	unsigned int per;

	(void)state;
	for (per = 0; per < 4; per++) {
		cfg = config();
		three_lives();
		script.per_read = per;
		assert_int_equal(pipeline_run(&cfg, &r), 0);
		assert_string_equal(taken.text, "10:0 11:100 12:9 ");
		/* Nothing is added: a replay must be what was recorded. */
		assert_int_equal(taken.events.len, script.s.len);
		assert_memory_equal(taken.events.p, script.s.p, script.s.len);
		assert_int_equal(r.stats.seen, 3);
		assert_int_equal(r.stats.delivered, 3);
		assert_int_equal(r.stats.pending, 0);
		assert_int_equal(r.stats.failures, 2);
		assert_int_equal(r.shown, 3);
		assert_int_equal(r.by_signal, 0);
		assert_true(taken.flushes > 0);
	}
}

/* What is pending when the stream ends is written with what is known. */
static void pending(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	stream_fork(&script.s, 1, 10, 1);
	stream_exit(&script.s, 2 * MS, 10, 1, 0x300);
	script.end = -EBADMSG;	/* as of a file that is cut short */
	assert_int_equal(pipeline_run(&cfg, &r), -EBADMSG);
	assert_string_equal(taken.text, "10:300 ");
	assert_int_equal(r.stats.pending, 0);
}

static void selection(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	struct buf why = BUF_INIT;

	(void)state;
	three_lives();
	cfg.count = 2;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken.text, "10:0 11:100 ");
	assert_int_equal(r.shown, 2);

	cfg = config();
	three_lives();
	stream_loss(&script.s, 40 * MS, OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL,
		    7);
	cfg.filter = filter_new();
	filter_add(cfg.filter, "exit_status == 1", &why);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken.text, "11:100 lost ");
	assert_int_equal(r.stats.seen, 3);
	assert_int_equal(r.shown, 1);
	assert_int_equal(r.lost[OBIT_LOST_CONTEXT], 7);
	assert_int_equal(r.lost[OBIT_LOST_OBITUARY], 0);
	/* The raw records are not filtered. */
	assert_int_equal(taken.events.len, script.s.len);
	filter_free(cfg.filter);

	cfg = config();
	three_lives();
	stream_loss(&script.s, 40 * MS, OBIT_LOST_OBITUARY, OBIT_LOST_RING_FULL,
		    2);
	cfg.events = PIPELINE_NOTICE(NOTICE_LOST);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_string_equal(taken.text, "lost ");
	assert_int_equal(r.stats.seen, 5);
	assert_int_equal(r.stats.lost_obituaries, 2);
	buf_free(&why);
}

static void sink_fails(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	three_lives();
	taken.fail_at = 2;
	taken.err = -EPIPE;
	assert_int_equal(pipeline_run(&cfg, &r), -EPIPE);
	assert_string_equal(taken.text, "10:0 ");
	assert_int_equal(taken.calls, 2);	/* and never again */
	assert_ptr_equal(r.failed, &cfg.sinks[0]);
	assert_int_equal(r.sink_err, -EPIPE);
}

static void bad_record(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	struct obit_exec *x;

	(void)state;
	stream_life(&script.s, 10 * MS, 10, 1, 0);
	x = stream_exec(&script.s, 20 * MS, 11, 0, "/bin/x", 6, "x", 2);
	x->args_len = 60000;
	assert_int_equal(pipeline_run(&cfg, &r), -EDOM);
	assert_non_null(strstr(said, "internal error"));
	assert_string_equal(taken.text, "10:0 ");
}

/* --- live ------------------------------------------------------------------------------- */

/* Of /proc/PID/stat, from the state on. */
static const char *stat_of(pid_t pid)
{
	static char text[1024];
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	assert_true(n > 0);
	text[n] = '\0';
	return strrchr(text, ')') + 2;
}

static uint64_t start_of(pid_t pid)
{
	const char *p = stat_of(pid);
	int field;

	for (field = 3; field < 22; field++)
		p = strchr(p, ' ') + 1;
	/* Ticks of 10 ms, rounded down: anything within the tick is it. */
	return strtoull(p, NULL, 10) * 10 * MS + 3 * MS;
}

static unsigned int count(enum obit_event type)
{
	unsigned int nr = 0;
	size_t at;
	struct obit_hdr *h;

	for (at = 0; at < taken.events.len; at += h->len) {
		h = (void *)(taken.events.p + at);
		nr += h->type == type;
	}
	return nr;
}

static void *find(enum obit_event type, uint32_t tgid)
{
	size_t at;
	struct obit_hdr *h;

	for (at = 0; at < taken.events.len; at += h->len) {
		h = (void *)(taken.events.p + at);
		if (h->type == type &&
		    ((struct obit_exec *)h)->task.tgid == tgid)
			return h;
	}
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static void end_at_third(unsigned int nr)
{
	if (nr == 3)
		raise(SIGINT);
	/* After the signal what is in the ring is still read. */
	if (nr == 4)
		stream_life(&script.s, now_ns(), 77, 1, 0x200);
}

static void live(void **state)
{
	struct pipeline_config cfg = config();
	struct obit_hdr *first;
	struct pipeline_result r;
	struct obit_clock *c;
	struct timespec real;

	(void)state;
	script.live = true;
	script.end = 0;
	script.on_read = end_at_third;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_int_equal(r.by_signal, SIGINT);
	assert_int_equal(script.reads, 4);
	assert_string_equal(taken.text, "77:200 ");
	first = (void *)taken.events.p;
	assert_int_equal(first->type, OBIT_EV_CLOCK);
	c = (void *)first;
	clock_gettime(CLOCK_REALTIME, &real);
	assert_true(llabs(c->real_minus_boot_ns + (int64_t)now_ns() -
			  (real.tv_sec * (int64_t)SEC + real.tv_nsec)) <
		    50 * (int64_t)MS);
	assert_int_equal(count(OBIT_EV_TICK), 4);
	assert_int_equal(count(OBIT_EV_CLOCK), 1);
	/* SIGINT does again what it did before. */
	assert_ptr_equal(signal(SIGINT, SIG_DFL), SIG_DFL);
}

static void duration(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	uint64_t before = now_ns(), took;

	(void)state;
	script.live = true;
	script.end = 0;
	cfg.duration_ns = 220 * MS;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	took = now_ns() - before;
	assert_true(took >= 220 * MS && took < 2 * SEC);
	/* It looks often enough, and does not spin. */
	assert_true(count(OBIT_EV_TICK) >= 3 && count(OBIT_EV_TICK) <= 30);
}

/* What /proc says of this very test, which has not called execve since. */
static void is_of_ours(const struct obit_exec *x)
{
	char exe[4096], args[4096];
	ssize_t exe_len = readlink("/proc/self/exe", exe, sizeof(exe));
	FILE *f = fopen("/proc/self/cmdline", "r");
	size_t args_len = fread(args, 1, sizeof(args), f);

	fclose(f);
	assert_non_null(x);
	assert_true(event_check(x, x->hdr.len) > 0);
	assert_int_equal(x->flags, OBIT_EXEC_SCANNED);
	assert_int_equal(x->exe_len, exe_len);
	assert_memory_equal(x->data, exe, exe_len);
	assert_int_equal(x->args_total, args_len);
	assert_int_equal(x->args_len, args_len);
	assert_memory_equal(x->data + exe_len, args, args_len);
}

/* A process that was there before. */
static void scanned(void **state)
{
	struct pipeline_config cfg = config();
	struct obit_task_seen *t;
	uint32_t me = (uint32_t)getpid();
	struct pipeline_result r;

	(void)state;
	script.live = true;
	t = stream_task(&script.s, 1, me, 1, 0, 1);
	t->task.start_boottime = start_of(getpid());
	/* The same tgid, another start: that process is gone. */
	t = stream_task(&script.s, 1, (uint32_t)getppid(), 1, 0, 1);
	t->task.start_boottime = 12345;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	is_of_ours(find(OBIT_EV_EXEC, me));
	assert_null(find(OBIT_EV_EXEC, (uint32_t)getppid()));
}

static void *sleeps(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* The same, its main thread dead: it has no memory any more, a thread of it has. */
static void scanned_leaderless(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;
	struct obit_task_seen *t;
	pid_t pid = fork();
	pthread_t thread;
	siginfo_t info;

	(void)state;
	if (!pid) {
		if (pthread_create(&thread, NULL, sleeps, NULL))
			_exit(1);
		syscall(SYS_exit, 0);
	}
	while (*stat_of(pid) != 'Z')
		usleep(1000);
	/* No zombie, so it can not be waited for. */
	info.si_pid = -1;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info,
				WEXITED | WNOWAIT | WNOHANG),
			 0);
	assert_int_equal(info.si_pid, 0);
	script.live = true;
	t = stream_task(&script.s, 1, (uint32_t)pid, 1, 0, 1);
	t->task.start_boottime = start_of(pid);
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	is_of_ours(find(OBIT_EV_EXEC, (uint32_t)pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static pid_t zombie;

static void reap_late(unsigned int nr)
{
	if (nr == 20 && zombie) {
		waitpid(zombie, NULL, 0);
		zombie = 0;
		raise(SIGTERM);
	}
}

/* A real zombie: the join's question is answered from /proc, at once. */
static void asked(void **state)
{
	struct pipeline_config cfg = config();
	struct obit_exit *e;
	struct obit_state *st;
	struct pipeline_result r;
	uint32_t pid;
	uint64_t at, start;

	(void)state;
	zombie = fork();
	if (!zombie)
		_exit(3);
	pid = (uint32_t)zombie;
	usleep(20000);
	script.live = true;
	script.end = 0;
	script.on_read = reap_late;
	cfg.zombie_after_ns = 100 * MS;
	at = now_ns();
	e = stream_exit(&script.s, at, pid, (uint32_t)getpid(), 0x300);
	start = start_of(zombie);
	e->task.start_boottime = start;
	stream_reapable(&script.s, at, pid, (uint32_t)getpid(), 0)
		->task.start_boottime = start;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_int_equal(r.by_signal, SIGTERM);
	st = find(OBIT_EV_STATE, pid);
	assert_non_null(st);
	assert_int_equal(st->state, 'Z');
	assert_non_null(strstr(taken.text, ":300z "));
	assert_non_null(strstr(taken.text, "zombie "));
	assert_int_equal(r.stats.seen, 1);
	assert_int_equal(r.stats.delivered, 1);
}

static int ready_calls;

static void on_ready(void *ctx)
{
	(void)ctx;
	ready_calls++;
}

static void ready(void **state)
{
	struct pipeline_config cfg = config();
	struct pipeline_result r;

	(void)state;
	script.live = true;
	script.end = 0;
	cfg.duration_ns = 150 * MS;
	cfg.ready = on_ready;
	assert_int_equal(pipeline_run(&cfg, &r), 0);
	assert_int_equal(ready_calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay),
		cmocka_unit_test(pending),
		cmocka_unit_test(selection),
		cmocka_unit_test(sink_fails),
		cmocka_unit_test(bad_record),
		cmocka_unit_test(live),
		cmocka_unit_test(duration),
		cmocka_unit_test(scanned),
		cmocka_unit_test(scanned_leaderless),
		cmocka_unit_test(asked),
		cmocka_unit_test(ready),
	};
	int failed;

	log_set_writer(keep_line, NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	config();
	return failed;
}
