// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command obit with the module: who watches where BPF cannot, what is said
 * where neither can, that a witness who does not see is caught by the other, and
 * that a collector that comes back has missed nothing. Of obit only its words.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define OBIT	  "/bin/obit"
#define ARGS_MAX  16
#define START_MS  180000ULL

/* A run of obit, and what it wrote: read when it has ended. */
struct run {
	pid_t pid;
	char out_path[32], err_path[32];
	char out[1 << 20], err[16384];
	int status;
};

static struct run run;

static bool start(const char *const args[])
{
	const char *argv[ARGS_MAX + 2] = { OBIT };
	int i;

	for (i = 0; args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = args[i];
	snprintf(run.out_path, sizeof(run.out_path), "/tmp/command.out");
	snprintf(run.err_path, sizeof(run.err_path), "/tmp/command.err");
	unlink(run.out_path);
	unlink(run.err_path);
	run.pid = fork();
	need(run.pid >= 0, "fork: %s", strerror(errno));
	if (!run.pid) {
		int out = open(run.out_path, O_WRONLY | O_CREAT, 0600);
		int err = open(run.err_path, O_WRONLY | O_CREAT, 0600);

		dup2(out, 1);
		dup2(err, 2);
		execv(OBIT, (char *const *)argv);
		_exit(127);
	}
	return true;
}

/* Until it says so on standard error, or has ended. */
static bool says(const char *word)
{
	u64 end = now_ns() + START_MS * MSEC;

	do {
		if (read_text(run.err_path, run.err, sizeof(run.err)) > 0 &&
		    strstr(run.err, word))
			return true;
		nap_ms(20);
	} while (now_ns() < end && waitpid(run.pid, NULL, WNOHANG) == 0);
	return fail("did not say `%s`, but: %.300s", word, run.err);
}

static bool ended(int want)
{
	int st;

	need(waitpid(run.pid, &st, 0) == run.pid, "it was gone already");
	read_text(run.out_path, run.out, sizeof(run.out));
	read_text(run.err_path, run.err, sizeof(run.err));
	run.status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	need(run.status == want, "ended with %d, not %d: %.300s", run.status,
	     want, run.err);
	return true;
}

static bool stopped(void)
{
	nap_ms(300);		/* what has died is written by then */
	kill(run.pid, SIGTERM);
	return ended(0);
}

static pid_t dies_by(int sig, int status)
{
	pid_t pid = fork();

	if (!pid) {
		if (sig)
			pause();
		_exit(status);
	}
	if (sig) {
		nap_ms(100);	/* else it may die before it has waited */
		kill(pid, sig);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

/* A line of its output that has both; what stands between does not matter. */
static bool told(const char *one, const char *other)
{
	char *line, *end;

	for (line = run.out; line && *line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (strstr(line, one) && strstr(line, other)) {
			if (end)
				*end = '\n';
			return true;
		}
		if (end)
			*end = '\n';
	}
	return false;
}

static const char *about(pid_t pid)
{
	static char text[32];

	snprintf(text, sizeof(text), "\"tgid\":%d,", pid);
	return text;
}

/* --- the cases -------------------------------------------------------------------- */

/* A kernel whose types are nowhere to be read: BPF cannot, the module can. */
static bool hide_btf(void)
{
	need(!unshare(CLONE_NEWNS) &&
		     !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		     !mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL),
	     "cannot hide BTF: %s", strerror(errno));
	return true;
}

static bool takes_the_module(void)
{
	static const char *const args[] = { "trace", "-o", "json", NULL };
	pid_t pid;

	if (!hide_btf() || !start(args) || !says("watching via kmod"))
		return false;
	need(strstr(run.err, "(BPF: this kernel has no BTF"),
	     "does not say why it is not BPF: %.300s", run.err);
	pid = dies_by(0, 7);
	if (!stopped())
		return false;
	need(told(about(pid), "\"exit_status\":7,"), "%d is not told of", pid);
	need(!told("\"source\":\"bpf\"", ""), "BPF has told of something");
	return true;
}

static bool prefers_bpf(void)
{
	static const char *const args[] = { "trace", NULL };

	return start(args) && says("watching via bpf") && stopped();
}

static bool neither(void)
{
	static const char *const kmod[] = { "trace", "--source=kmod", NULL };
	static const char *const both[] = { "trace", "--source=both", NULL };
	static const char *const any[] = { "trace", NULL };

	if (!start(kmod) || !ended(69))
		return false;
	need(strstr(run.err, "obit.ko is not loaded"), "says: %.300s", run.err);
	if (!start(both) || !ended(69))
		return false;
	need(strstr(run.err, "obit.ko is not loaded"), "says: %.300s", run.err);
	if (!hide_btf() || !start(any) || !ended(69))
		return false;
	need(strstr(run.err, "no BTF"), "says: %.300s", run.err);
	return true;
}

static bool bad_use(void)
{
	static const char *const uses[][5] = {
		{ "trace", "--source=kmod", "--tier=fentry", NULL },
		{ "trace", "--source=kmod", "--buffer=1M", NULL },
		{ "trace", "--source=bpf", "--resume", NULL },
		{ "trace", "--source=both", "--lossless=all", NULL },
		{ "trace", "--source=kmod", "--lossless=0", NULL },
		{ "trace", "--source=both", "-w", "/tmp/x.obit", NULL },
		{ "profile", "--source=both", "-w", "/tmp/x.obit", NULL },
		{ "profile", "--source=kmod", "--stacks", NULL },
		{ "profile", "--source=kmod", "--teardown=user", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (!start(uses[i]) || !ended(64))
			return fail("use %zu", i);
	return true;
}

/* The module is told not to see who sends signals: BPF must catch it. */
static bool blind_witness(void)
{
	static const char *const args[] = { "trace", "--source=both", "-o",
					    "json", NULL };
	char want[96];
	pid_t killed, left;

	if (!start(args) || !says("watching via bpf"))
		return false;
	killed = dies_by(SIGKILL, 0);
	left = dies_by(0, 3);
	if (!stopped())
		return false;
	need(told(about(killed), "\"source\":\"bpf\""), "BPF's is not told");
	snprintf(want, sizeof(want),
		 "\"key\":\"cause\",\"bpf\":\"signal\",\"kmod\":\"unknown\"");
	need(told(about(killed), want), "no dissent on the cause of %d: %.400s",
	     killed, run.err);
	/* The killer is silence: nobody owes it. */
	need(!told("\"key\":\"killer", ""),
	     "a killer that is null is no dissent");
	need(!told(about(left), "\"event\":\"dissent\""),
	     "a dissent on one that both have seen whole");
	need(strstr(run.err, " dissent"), "the last line: %.300s", run.err);
	return true;
}

static bool agrees(void)
{
	static const char *const args[] = { "trace", "--source=both", "-o",
					    "json", NULL };
	pid_t killed, left;

	if (!start(args) || !says("watching via bpf"))
		return false;
	killed = dies_by(SIGKILL, 0);
	left = dies_by(0, 3);
	if (!stopped())
		return false;
	need(told(about(killed), "\"event\":\"obituary\""), "not told");
	need(told(about(left), "\"event\":\"obituary\""), "not told");
	need(!told("\"event\":\"dissent\"", ""), "they differ: %.300s",
	     run.err);
	need(strstr(run.err, ", 0 dissents"), "the last line: %.300s", run.err);
	return true;
}

/* Deaths between two runs of the same command are the second one's. */
static bool comes_back(void)
{
	static const char *const args[] = { "trace",	"--source=kmod",
					    "--resume", "-o",
					    "json",	NULL };
	pid_t first, between, second;

	if (!start(args) || !says("watching via kmod"))
		return false;
	need(!strstr(run.err, "last reader"), "there was none: %.300s",
	     run.err);
	first = dies_by(0, 41);
	if (!stopped())
		return false;
	need(told(about(first), "\"exit_status\":41,"), "the first");
	between = dies_by(0, 42);
	if (!start(args) || !says("where the last reader stopped"))
		return false;
	second = dies_by(0, 43);
	if (!stopped())
		return false;
	need(!told("\"exit_status\":41,", ""), "told twice");
	need(told(about(between), "\"exit_status\":42,"), "the one between");
	need(told(about(second), "\"exit_status\":43,"), "the second");
	return true;
}

/* A shell and three children: each once, whoever has seen it, and all of their
 * teardown. */
static bool profiles(const char *source, const char *more)
{
	const char *const args[] = { "profile",
				     source,
				     "-o",
				     "json",
				     "--to",
				     "-",
				     more,
				     "--",
				     "sh",
				     "-c",
				     "(exit 3); (exit 4); "
				     "sleep 0.1; exit 5",
				     NULL };

	if (!start(args) || !ended(5))
		return fail("%s", source);
	need(told("\"event\":\"profile\"",
		  "\"deaths\":4,\"teardown_known\":4,\"teardown_coarse\":0,"),
	     "%s: %.300s", source, run.out);
	need(told("\"lost\":0,", "\"files\":{\"deaths\":4,"), "%s: %.300s",
	     source, run.out);
	need(!told("\"off_cpu_ns\":null", ""), "%s: %.300s", source, run.out);
	return true;
}

static bool profiles_kmod(void)
{
	return profiles("--source=kmod", "--by=comm");
}

static bool profiles_both(void)
{
	return profiles("--source=both", "--stacks");
}

/* The table has a column for it, whoever tells. */
static bool shows_teardown(void)
{
	static const char *const args[] = { "trace", "--source=kmod",
					    "--teardown", NULL };
	pid_t pid;
	char text[32];

	if (!start(args) || !says("watching via kmod"))
		return false;
	pid = dies_by(0, 7);
	if (!stopped())
		return false;
	need(told("TEARDOWN", "THEN"), "its heading: %.300s", run.out);
	snprintf(text, sizeof(text), " %d ", pid);
	need(told(text, "%"), "%d: %.600s", pid, run.out);
	return true;
}

static bool doctor(void)
{
	static const char *const args[] = { "doctor", "--measure=0", "-o",
					    "json", NULL };

	if (!start(args) || !ended(0))
		return false;
	need(told("\"module\":{\"state\":\"loaded\",\"usable\":true,", ""),
	     "not usable");
	need(told("\"name\":\"sched_process_exit\",\"kind\":\"tracept\"",
		  "\"state\":\"armed\""),
	     "its hooks were not tried");
	need(told("\"name\":\"signal_deliver\"", "\"state\":\"skipped\""),
	     "what its parameter leaves out");
	/* Our look is over: nothing is armed, nobody reads. */
	need(!info_now().readers, "somebody reads still");
	return true;
}

/* What loads and cannot be attached is found when all is attached; the rest is
 * had still. */
static bool full_place(void)
{
	static const char *const args[] = {
		"trace", "--source=bpf", "--tier=fentry", "--teardown",
		"-v",	 "-o",		 "json",	  NULL
	};
	int full = fill_function("exit_fs");
	pid_t pid;

	need(full > 0, "exit_fs: %s", strerror(-full));
	if (!start(args) || !says("watching via bpf, tier fentry"))
		return false;
	need(strstr(run.err, "end__exit_fs is left out: fentry cannot be "
			     "attached (E2BIG)"),
	     "with %d programs there: %.600s", full, run.err);
	pid = dies_by(0, 7);
	if (!stopped())
		return false;
	need(told(about(pid), "\"exit_status\":7,"), "%d is not told of", pid);
	need(told(about(pid), "\"files\":"), "its teardown is not told of");
	need(!told("\"fs\":", ""), "by what cannot be attached");
	return true;
}

/* One that the tier cannot do without. */
static bool full_tier(void)
{
	static const char *const any[] = { "trace", "--source=bpf", "-o",
					   "json", NULL };
	static const char *const fentry[] = { "trace", "--source=bpf",
					      "--tier=fentry", NULL };
	int full = fill_function("do_notify_parent");
	pid_t pid;

	need(full > 0, "do_notify_parent: %s", strerror(-full));
	if (!start(fentry) || !ended(69))
		return false;
	need(strstr(run.err, "--tier fentry cannot be had: fexit cannot be "
			     "attached (E2BIG)"),
	     "with %d programs there: %.600s", full, run.err);
	if (!start(any) || !says("watching via bpf, tier tracepoints"))
		return false;
	pid = dies_by(0, 7);
	if (!stopped())
		return false;
	need(told(about(pid), "\"exit_status\":7,"), "%d is not told of", pid);
	return true;
}

static const struct kcase cases[] = {
	{ .name = "takes_the_module", .run = takes_the_module, .seconds = 240 },
	{ .name = "prefers_bpf", .run = prefers_bpf, .seconds = 240 },
	{ .name = "neither", .run = neither, .seconds = 240, .bare = true },
	{ .name = "bad_use", .run = bad_use, .seconds = 60 },
	{ .name = "blind_witness",
	  .run = blind_witness,
	  .params = "skip=signal_generate",
	  .seconds = 240 },
	{ .name = "agrees", .run = agrees, .seconds = 240 },
	{ .name = "comes_back",
	  .run = comes_back,
	  .params = "linger=60",
	  .seconds = 240 },
	{ .name = "profiles_kmod", .run = profiles_kmod, .seconds = 240 },
	{ .name = "profiles_both", .run = profiles_both, .seconds = 240 },
	{ .name = "full_place", .run = full_place, .seconds = 300 },
	{ .name = "full_tier", .run = full_tier, .seconds = 300 },
	{ .name = "shows_teardown", .run = shows_teardown, .seconds = 240 },
	{ .name = "doctor",
	  .run = doctor,
	  .params = "skip=signal_deliver",
	  .seconds = 240 },
};

const struct ktest command_test = { "command", cases, ARRAY_SIZE(cases) };
