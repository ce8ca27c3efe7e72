// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own function tracer beside obit: the two say the same of when one
 * step of an end begins and the next does. Only in a guest: the tracer is the
 * whole machine's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "death.h"

#define TRACING "/sys/kernel/tracing/"
#define FILES 50000
/* Each hooks the entries for itself, one after the other: some us, and what an
 * interrupt or another task takes between them. */
#define SLACK(ns) (20 * MSEC + (ns) / 20)

/* The filter takes a word at a time. */
static bool put(const char *file, const char *text)
{
	char path[128];
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (*text && (n = write(fd, text, strlen(text))) > 0)
		text += n;
	close(fd);
	return !*text;
}

static void guest_only(void)
{
	char exe[64] = "";

	if (readlink("/proc/1/exe", exe, sizeof(exe) - 1) < 0 ||
	    strcmp(exe, "/init"))
		case_skip(
			"missing feature: a machine whose tracer may be taken");
}

static void tracer_off(void)
{
	put("current_tracer", "nop");
	put("set_ftrace_filter", "\n");
	put("trace_clock", "local");
}

/* "NAME-PID [001] .... 12.345678: exit_files <-do_exit": to ns, or 0. */
static u64 entered_at(const char *line, pid_t pid, const char *function)
{
	char who[32], what[40];
	unsigned long long s, us;
	const char *at;

	snprintf(who, sizeof(who), "-%d ", pid);
	snprintf(what, sizeof(what), ": %s <-", function);
	at = strstr(line, what);
	if (!at || !strstr(line, who))
		return 0;
	while (at > line && at[-1] != ' ')
		at--;
	return sscanf(at, "%llu.%llu:", &s, &us) == 2 ? s * SEC + us * 1000 : 0;
}

static const char *const functions[] = { "exit_files", "exit_fs",
					 "task_work_run", "exit_thread" };
#define NR_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* When the thread came to each of them last. */
static void read_trace(pid_t pid, u64 at[NR_FUNCTIONS])
{
	static char line[1024];
	FILE *f = fopen(TRACING "trace", "re");
	size_t i;
	u64 ns;

	if (!f)
		case_fail("trace: %m");
	while (fgets(line, sizeof(line), f))
		for (i = 0; i < NR_FUNCTIONS; i++) {
			ns = entered_at(line, pid, functions[i]);
			if (ns)
				at[i] = ns;
		}
	fclose(f);
}

static json_t *about(u64 begin, u64 end)
{
	s64 ns = (s64)(end - begin);

	return m_range(ns - SLACK(ns), ns + SLACK(ns));
}

static void opens(struct victim *v)
{
	struct rlimit rl = { FILES + 100, FILES + 100 };
	u64 end = boot_ns() + BUILD_NS;
	int i;

	setrlimit(RLIMIT_NOFILE, &rl);
	for (i = 0; i < FILES && boot_ns() < end; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			_exit(91);
	victim_hold(v);
	_exit(0);
}

DEATH_CASE(
	"teardown_ftrace", teardown_ftrace, CASE_ALONE | CASE_SLOW,
	"up to 50,000 files: ftrace sees files and file_close begin and end then, too")
{
	struct victim *v = victim_new("traced");
	u64 at[NR_FUNCTIONS] = { 0 };

	guest_only();
	if (!put("trace_clock", "boot") ||
	    !put("set_ftrace_filter",
		 "exit_files\nexit_fs\ntask_work_run\nexit_thread\n") ||
	    !put("current_tracer", "function")) {
		tracer_off();
		case_skip("missing feature: ftrace's function tracer");
	}
	victim_fork(v, opens);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	nap_ms(100);
	put("tracing_on", "0");
	read_trace(v->pid, at);
	put("tracing_on", "1");
	tracer_off();
	if (!at[0] || !at[1] || !at[2] || !at[3])
		case_again("ftrace has not seen all of it");
	died_exit(v, 0);
	expect(v, "teardown",
	       m_tier(m_teardown(NULL, 0, 0),
		      json_pack("{s:{s:o,s:o}}", "phases", "files",
				about(at[0], at[1]), "file_close",
				about(at[2], at[3]))));
}
