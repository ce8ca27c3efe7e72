// SPDX-License-Identifier: GPL-2.0-only
/*
 * The named tracepoints through tracefs: each fires once for what the workload
 * did, with the values the workload knows, and only while somebody listens.
 * What they mean is documented in docs/tracepoints.md; no record is read here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

static void provoke_death(void)
{
	die(1);
}

static bool exit_event(void)
{
	static const int codes[] = { 0, 1, 42, 255 };
	static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV };
	pid_t pid[7];

	if (!trace_listen("obit_exit", provoke_death))
		return false;
	for (int i = 0; i < 4; i++)
		pid[i] = die(codes[i]);
	for (int i = 0; i < 3; i++) {
		pid[4 + i] = fork();
		if (!pid[4 + i]) {
			raise(signals[i]);
			_exit(0);
		}
		waitpid(pid[4 + i], NULL, 0);
	}
	if (!trace_heard())
		return false;
	for (int i = 0; i < 7; i++) {
		int status = i < 4 ? codes[i] << 8 : signals[i - 4];

		expect_lines(1, "obit_exit", "tgid=%d", pid[i]);
		expect_lines(1, "obit_exit",
			     "comm=kmod-test tgid=%d tid=%d parent_tgid=%d "
			     "exit_code=0x%x uid=0",
			     pid[i], pid[i], getpid(), status);
	}
	return true;
}

static void *thread_waits(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void *thread_exits_all(void *arg)
{
	nap_ms(*(int *)arg);
	syscall(SYS_exit_group, 7);
	return NULL;
}

/* Threads are no processes: one event, whoever is last, with the group's code. */
static bool exit_of_threads(void)
{
	pid_t pid;
	int ms = 30;

	if (!trace_listen("obit_exit", provoke_death))
		return false;
	pid = fork();
	if (!pid) {
		pthread_t t[4];

		for (int i = 0; i < 4; i++)
			pthread_create(&t[i], NULL,
				       i ? thread_waits : thread_exits_all,
				       &ms);
		syscall(SYS_exit, 3);
	}
	waitpid(pid, NULL, 0);
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_exit", "tgid=%d", pid);
	expect_lines(1, "obit_exit", "tgid=%d exit_code=0x700", pid);
	return true;
}

static bool reapable_event(void)
{
	pid_t waited, ignored;

	if (!trace_listen("obit_reapable", provoke_death))
		return false;
	waited = die(5);
	signal(SIGCHLD, SIG_IGN);
	ignored = die(6);
	nap_ms(50);
	signal(SIGCHLD, SIG_DFL);
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_reapable",
		     "tgid=%d told_tgid=%d signal=17 autoreap=0", waited,
		     getpid());
	/* sent or not, nobody takes it: the number is the kernel's affair */
	expect_lines(1, "obit_reapable", "tgid=%d told_tgid=%d autoreap=1",
		     ignored, getpid());
	return true;
}

/* A parent that ends with a zombie whose heir ignores SIGCHLD releases it. */
static int leaves_a_zombie(void *arg)
{
	int *fd = arg;
	siginfo_t si;
	pid_t pid = fork();

	if (!pid)
		_exit(8);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	return write(*fd, &pid, sizeof(pid)) != sizeof(pid);
}

/* Waits, as its tracer, for one whose parent wants to know nothing. */
static int waits_as_tracer(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return 1;
	kill(pid, SIGKILL);
	return waitpid(pid, &status, __WALL) != pid;
}

static bool released_event(void)
{
	pid_t waited, self, parent, orphan, tracer, traced;
	int p[2];

	need(!pipe(p), "pipe");
	if (!trace_listen("obit_released", provoke_death))
		return false;
	waited = die(5);
	traced = fork();
	if (!traced) {
		pause();
		_exit(0);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGCHLD, SIG_IGN);
	self = die(6);
	parent = fork();
	if (!parent) {
		signal(SIGCHLD, SIG_DFL);
		_exit(leaves_a_zombie(&p[1]));
	}
	need(read(p[0], &orphan, sizeof(orphan)) == sizeof(orphan), "orphan");
	tracer = fork();
	if (!tracer)
		_exit(waits_as_tracer(traced));
	while (waitpid(-1, NULL, 0) > 0)
		;
	signal(SIGCHLD, SIG_DFL);
	nap_ms(50);
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_released",
		     "comm=kmod-test tgid=%d exit_code=0x500 by_tgid=%d "
		     "by_tid=%d how=waited",
		     waited, getpid(), getpid());
	expect_lines(1, "obit_released",
		     "tgid=%d exit_code=0x600 by_tgid=%d how=self", self, self);
	expect_lines(1, "obit_released",
		     "tgid=%d exit_code=0x800 by_tgid=%d how=exiting", orphan,
		     parent);
	expect_lines(1, "obit_released",
		     "tgid=%d exit_code=0x9 by_tgid=%d how=tracer", traced,
		     tracer);
	return true;
}

/* A parent of one who asked for SIGUSR1 at its end; returns their pids. */
static void pdeath_pair(pid_t *parent, pid_t *target)
{
	int p[2], armed[2];
	pid_t pids[2];
	char c = 0;

	if (pipe(p) || pipe(armed))
		return;
	pids[0] = fork();
	if (!pids[0]) {
		pids[0] = getpid();
		pids[1] = fork();
		if (!pids[1]) {
			pids[1] = getpid();
			signal(SIGUSR1, SIG_DFL);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			(void)!write(p[1], pids, sizeof(pids));
			(void)!write(armed[1], &c, 1);
			pause();
			_exit(0);
		}
		(void)!read(armed[0], &c, 1);
		_exit(0);
	}
	(void)!read(p[0], pids, sizeof(pids));
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(armed[i]);
	}
	*parent = pids[0];
	*target = pids[1];
}

static void provoke_pdeath(void)
{
	pid_t a, b;

	pdeath_pair(&a, &b);
}

static bool pdeath_event(void)
{
	pid_t parent, target;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!trace_listen("obit_pdeath", provoke_pdeath))
		return false;
	pdeath_pair(&parent, &target);
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_pdeath",
		     "tgid=%d tid=%d target_tgid=%d target_tid=%d signal=%d "
		     "error=0",
		     parent, parent, target, target, SIGUSR1);
	return true;
}

/* A stopped group that loses its last tie; returns its id and who cut it. */
static pid_t orphan_group(pid_t *by)
{
	pid_t pids[2];
	int p[2];

	if (pipe(p))
		return 0;
	*by = fork();
	if (!*by) {
		siginfo_t si;
		pid_t pid = fork();

		if (!pid) {
			setpgid(0, 0);
			raise(SIGSTOP);
			pause();
			_exit(0);
		}
		waitid(P_PID, pid, &si, WSTOPPED);
		(void)!write(p[1], &pid, sizeof(pid));
		_exit(0);
	}
	(void)!read(p[0], pids, sizeof(pids[0]));
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(p[0]);
	close(p[1]);
	return pids[0];
}

/* Whoever inherits is of another session, and so no tie. */
static bool in_new_session(bool (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setsid();
		_exit(fn() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

static int group_file;

static bool orphan_in_session(void)
{
	pid_t ids[2];

	ids[0] = orphan_group(&ids[1]);
	return write(group_file, ids, sizeof(ids)) == sizeof(ids);
}

static void provoke_orphan(void)
{
	int p[2];

	if (pipe(p))
		return;
	group_file = p[1];
	in_new_session(orphan_in_session);
	close(p[0]);
	close(p[1]);
}

static bool pgrp_orphaned_event(void)
{
	pid_t ids[2];
	int p[2];

	if (!trace_listen("obit_pgrp_orphaned", provoke_orphan))
		return false;
	need(!pipe(p), "pipe");
	group_file = p[1];
	need(in_new_session(orphan_in_session) &&
		     read(p[0], ids, sizeof(ids)) == sizeof(ids),
	     "no orphaned group");
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_pgrp_orphaned",
		     "comm=kmod-test tgid=%d tid=%d pgid=%d", ids[1], ids[1],
		     ids[0]);
	return true;
}

/* A session leader with a terminal of its own, which dies. */
static pid_t session_dies(char *tty, size_t size)
{
	int master;
	char name[64] = "";
	pid_t pid = forkpty(&master, name, NULL, NULL);

	if (!pid) {
		nap_ms(20);
		_exit(4);
	}
	waitpid(pid, NULL, 0);
	close(master);
	/* the kernel calls /dev/pts/3 pts3 */
	snprintf(tty, size, "pts%s", strrchr(name, '/') + 1);
	return pid;
}

static void provoke_hangup(void)
{
	char tty[64];

	session_dies(tty, sizeof(tty));
}

static bool hangup_event(void)
{
	char tty[64];
	pid_t pid;

	if (!trace_listen("obit_hangup", provoke_hangup))
		return false;
	pid = session_dies(tty, sizeof(tty));
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_hangup",
		     "comm=kmod-test tgid=%d sid=%d tty=%s pgrp=%d", pid, pid,
		     tty, pid);
	return true;
}

/* Beside another event one place after the other is armed, the last step's
 * last. */
static bool listen_to_teardown(void)
{
	if (!trace_listen("obit_teardown", provoke_death))
		return false;
	for (u64 end = deadline(ARM_MS); !strstr(trace_text, "step=dead");) {
		need(now_ns() < end, "the last step does not fire");
		nap_ms(20);
		die(1);
		if (!trace_heard())
			return false;
	}
	return true;
}

static bool teardown_event(void)
{
	pid_t pid;
	int n;

	if (!listen_to_teardown())
		return false;
	nap_ms(50);
	trace_clear();
	pid = die(0);
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_teardown", "tgid=%d tid=%d step=mm", pid, pid);
	expect_lines(1, "obit_teardown", "tgid=%d tid=%d step=files", pid, pid);
	{
		char want[64];

		snprintf(want, sizeof(want), "tgid=%d", pid);
		n = trace_lines("obit_teardown", want);
	}
	need(n >= 5 && n <= 30, "%d steps", n);
	note("%d steps", n);
	return true;
}

/* Is the terminal's function watched, or not, before long? */
static bool ctty_watched(bool want)
{
	u64 end = deadline(ARM_MS);

	while ((file_count(TRACING "/enabled_functions",
			   "disassociate_ctty (") > 0) != want) {
		need(now_ns() < end, "disassociate_ctty is %s watched",
		     want ? "not" : "still");
		nap_ms(20);
	}
	return true;
}

/* Both events have a row on it: the one that goes leaves it to the other. */
static bool one_function_for_two(void)
{
	char tty[64];
	pid_t pid;

	if (!trace_listen("obit_hangup", provoke_hangup) ||
	    !listen_to_teardown())
		return false;
	trace_clear();
	pid = session_dies(tty, sizeof(tty));
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_hangup", "tgid=%d sid=%d", pid, pid);
	expect_lines(1, "obit_teardown", "tgid=%d step=tty", pid);
	event_enable("obit/obit_hangup", false);
	nap_ms(500);
	trace_clear();
	pid = session_dies(tty, sizeof(tty));
	if (!trace_heard())
		return false;
	expect_lines(0, "obit_hangup", "tgid=%d", pid);
	expect_lines(1, "obit_teardown", "tgid=%d step=tty", pid);
	if (!ctty_watched(true) || !trace_listen("obit_hangup", provoke_hangup))
		return false;
	event_enable("obit/obit_teardown", false);
	nap_ms(500);
	trace_clear();
	pid = session_dies(tty, sizeof(tty));
	if (!trace_heard())
		return false;
	expect_lines(1, "obit_hangup", "tgid=%d sid=%d", pid, pid);
	if (!ctty_watched(true))
		return false;
	event_enable("obit/obit_hangup", false);
	return ctty_watched(false);
}

/* How many functions and probes of the kernel are hooked, by anybody. */
static int hooked(void)
{
	int functions = file_count(TRACING "/enabled_functions", " (");
	int probes = file_count("/sys/kernel/debug/kprobes/list", "+0x");

	return (functions > 0 ? functions : 0) + (probes > 0 ? probes : 0);
}

/* Nobody listens, nothing is hooked; and again after somebody has. */
static bool idle_costs_nothing(void)
{
	int before = hooked(), ret, during, after;

	need(file_count(TRACING "/enabled_functions", "obit") <= 0 &&
		     file_count("/sys/kernel/debug/kprobes/list", "obit") <= 0,
	     "an idle module has hooks");
	for (int round = 0; round < 2; round++) {
		struct reader r;
		u64 end;

		ret = round ? reader_open(&r, 0, 0) :
			      event_enable("obit", true);
		need(!ret, "listen: %s", strerror(-ret));
		end = deadline(ARM_MS);
		while (hooked() <= before && now_ns() < end)
			nap_ms(20);
		nap_ms(200 * slow);
		during = hooked();
		if (round)
			reader_close(&r);
		else
			event_enable("obit", false);
		end = deadline(ARM_MS);
		while (hooked() != before && now_ns() < end)
			nap_ms(20);
		after = hooked();
		need(during > before && after == before,
		     "%s: hooked %d before, %d while listening, %d after",
		     round ? "reader" : "tracefs", before, during, after);
	}
	note("%d hooks before and after, %d with a reader", before, during);
	return true;
}

static bool perf_sum(const int *fd, int n, u64 *sum)
{
	u64 count;

	*sum = 0;
	for (int i = 0; i < n; i++) {
		if (read(fd[i], &count, sizeof(count)) != sizeof(count))
			return false;
		*sum += count;
	}
	return true;
}

/* perf counts as many as there are, on all processors. */
static bool perf_counts(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr) };
	int fd[64], n = sysconf(_SC_NPROCESSORS_ONLN);
	u64 sum = 0;
	char id[32];

	need(read_text(TRACING "/events/obit/obit_exit/id", id, sizeof(id)) > 0,
	     "no event id");
	attr.config = atoi(id);
	if (n > 64)
		n = 64;
	for (int i = 0; i < n; i++) {
		fd[i] = syscall(SYS_perf_event_open, &attr, -1, i, -1, 0);
		need(fd[i] >= 0, "perf_event_open: %s", strerror(errno));
	}
	/* what it needs is hooked a while after it is enabled */
	for (u64 end = deadline(ARM_MS); !sum && now_ns() < end;) {
		die(0);
		need(perf_sum(fd, n, &sum), "read: %s", strerror(errno));
	}
	for (int i = 0; i < n; i++)
		ioctl(fd[i], PERF_EVENT_IOC_RESET, 0);
	for (int i = 0; i < 40; i++)
		die(0);
	need(perf_sum(fd, n, &sum), "read: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		close(fd[i]);
	need(sum == 40, "perf counts %llu of 40 deaths",
	     (unsigned long long)sum);
	return true;
}

static const struct kcase cases[] = {
	{ "exit", exit_event, NULL, 90, false },
	{ "exit_of_threads", exit_of_threads, NULL, 90, false },
	{ "reapable", reapable_event, NULL, 90, false },
	{ "released", released_event, NULL, 90, false },
	{ "pdeath", pdeath_event, NULL, 90, false },
	{ "pgrp_orphaned", pgrp_orphaned_event, NULL, 90, false },
	{ "hangup", hangup_event, NULL, 90, false },
	{ "teardown", teardown_event, NULL, 90, false },
	{ "one_function_for_two", one_function_for_two, NULL, 120, false },
	{ "idle_costs_nothing", idle_costs_nothing, NULL, 90, false },
	{ "perf_counts", perf_counts, NULL, 90, false },
};

const struct ktest tracepoints_test = { "tracepoints", cases,
					ARRAY_SIZE(cases) };
