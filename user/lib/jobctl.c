// SPDX-License-Identifier: GPL-2.0-only
/*
 * jobctl: standing between a shell and its job without either noticing.
 * Owns all signals that can be caught. Never decides what is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "clock.h"
#include "jobctl.h"

#define QUEUE 64	/* signals between two turns; more are dropped */

/* After SIGCONT: who sent it may be about to continue the child, too. */
#define CONTINUE_AFTER_MS 20

/*
 * @late:   it came when the child was known to have ended
 * @passed: and has been passed on already
 */
struct got {
	int signal, code;
	bool late, passed;
	uint64_t boot_ns;
	pid_t from;
	unsigned int uid;
	union sigval value;
};

static struct jobctl {
	struct sigaction old[NSIG];
	bool taken[NSIG];
	sigset_t old_mask;
	pid_t pid;		/* 0: none, or it has ended and is reaped */
	bool (*is_kin)(pid_t pid);
	bool ended, interrupted;
	volatile sig_atomic_t hung_up;
	uint64_t typed_ns;
	int status;
	int asked;
	struct timespec continue_at;
	bool may_continue;
	struct jobctl_passed passed;
} job;

/* Written by the handler, with all signals blocked; read likewise. */
static struct got queue[QUEUE];
static volatile sig_atomic_t queued;

/* Taken from there, waiting for one more turn. */
static struct got waiting[QUEUE];
static int nr_waiting;

/* By kill(2) and its kin; else by the kernel: the terminal, a timer. */
static bool by_process(int code)
{
	return code <= 0;
}

/*
 * At a hang-up the kernel signals only the leader of the terminal's session
 * (tty_signal_session_leader()); the foreground group has its turn when that
 * one ends. Where we are the leader, without us the child would be: it gets
 * what the leader gets. One that went to a session of its own is rid of the
 * terminal.
 *
 * From within the handler: a child that was reading the terminal has been woken
 * by the hang-up, too, and is about to come to an end of its own.
 */
static bool pass_on_hangup(void)
{
	if (!job.pid || getsid(0) != getpid() || getsid(job.pid) != getpid())
		return false;
	job.hung_up = true;
	kill(job.pid, SIGHUP);
	kill(job.pid, SIGCONT);
	return true;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct got *g = &queue[queued];
	bool passed = false;
	int err = errno;

	(void)context;
	if (sig == SIGHUP && !by_process(info->si_code))
		passed = pass_on_hangup();
	errno = err;
	if (queued == QUEUE)
		return;
	g->signal = sig;
	g->code = info->si_code;
	g->late = job.ended;
	g->passed = passed;
	g->boot_ns = boot_now();
	g->from = info->si_pid;
	g->uid = info->si_uid;
	g->value = info->si_value;
	queued++;
}

/* --- taking and giving back ------------------------------------------------------- */

/* Those of a fault are our own bug's: they kill as ever. */
static bool is_ours(int sig)
{
	switch (sig) {
	case SIGKILL:
	case SIGSTOP:
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGSYS:
	case SIGPIPE:	/* ignored, and to be told as an error of writing */
	case SIGXFSZ:
		return false;
	default:
		return true;
	}
}

/* The terminal sends these to the whole group, so to the child as well; and
 * that the child stopped it says itself. */
static bool is_stop(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* With a handler, a write to the terminal from the background would fail again
 * and again; ignored, it is done. */
static bool is_ignored(int sig)
{
	return sig == SIGTTIN || sig == SIGTTOU;
}

void jobctl_begin(void)
{
	struct sigaction take = { .sa_sigaction = on_signal,
				  .sa_flags = SA_SIGINFO };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t all;
	int sig;

	memset(&job, 0, sizeof(job));
	queued = 0;
	nr_waiting = 0;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &job.old_mask);
	sigfillset(&take.sa_mask);
	for (sig = 1; sig < NSIG; sig++) {
		if (!is_ours(sig) || sigaction(sig, NULL, &job.old[sig]))
			continue;
		job.taken[sig] = !sigaction(sig,
					    is_ignored(sig) ? &ignore : &take,
					    NULL);
	}
}

static void give_back(void)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (job.taken[sig])
			sigaction(sig, &job.old[sig], NULL);
}

/* Signals that came since are pending, and act as they would have. */
void jobctl_child(void)
{
	give_back();
	sigprocmask(SIG_SETMASK, &job.old_mask, NULL);
}

void jobctl_watch(pid_t pid, bool (*is_kin)(pid_t pid))
{
	sigset_t none;

	job.pid = pid;
	job.is_kin = is_kin;
	/* Even one that we were started with blocked must be passed on. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void jobctl_end(void)
{
	give_back();
	sigprocmask(SIG_SETMASK, &job.old_mask, NULL);
}

/* --- signals ------------------------------------------------------------------------ */

static void remember(const struct got *g)
{
	char path[48];
	ssize_t n;
	int fd;

	memset(&job.passed, 0, sizeof(job.passed));
	job.passed.signal = g->signal;
	job.passed.from = g->from;
	job.passed.uid = g->uid;
	if (!g->from)	/* the kernel */
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)g->from);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, job.passed.comm, sizeof(job.passed.comm) - 1);
	if (n > 0 && job.passed.comm[n - 1] == '\n')
		job.passed.comm[n - 1] = '\0';
	close(fd);
}

static void pass_on(const struct got *g)
{
	if (!job.pid || g->from == job.pid || g->from == getpid() ||
	    (job.is_kin && job.is_kin(g->from)))
		return;
	remember(g);
	if (g->code == SI_QUEUE)
		sigqueue(job.pid, g->signal, g->value);
	else
		kill(job.pid, g->signal);
}

static void take_signal(const struct got *g)
{
	bool sent = by_process(g->code);

	if (!sent && (g->signal == SIGINT || g->signal == SIGQUIT))
		job.typed_ns = g->boot_ns;
	if (g->passed)
		remember(g);
	switch (g->signal) {
	case SIGCHLD:
		return;
	case SIGCONT:
		clock_gettime(CLOCK_MONOTONIC, &job.continue_at);
		job.may_continue = true;
		return;
	case SIGINT:
		job.interrupted |= !sent && !g->late;
		break;
	default:
		break;
	}
	if (sent && !job.ended)
		pass_on(g);
	/* The terminal's, before: it was the child's, which has ended of it. */
	if (job.ended && (sent || g->late) &&
	    (g->signal == SIGINT || g->signal == SIGQUIT ||
	     g->signal == SIGTERM || g->signal == SIGHUP))
		job.asked = g->signal;
}

/*
 * A signal that was sent waits for one more turn: is_kin() knows of a process
 * that was forked just before it sent something only when the caller has looked
 * again since.
 */
static void take_signals(void)
{
	struct got got[QUEUE];
	sigset_t all, old;
	int i, nr;

	for (i = 0; i < nr_waiting; i++)
		take_signal(&waiting[i]);
	nr_waiting = 0;
	if (!queued)
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	nr = queued;
	memcpy(got, queue, (size_t)nr * sizeof(*queue));
	queued = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (i = 0; i < nr; i++) {
		if (by_process(got[i].code))
			waiting[nr_waiting++] = got[i];
		else
			take_signal(&got[i]);
	}
}

/* --- stopping and continuing ---------------------------------------------------------- */

/*
 * As the child did, so that a shell says the same of us. In an orphaned process
 * group the kernel drops all of these but SIGSTOP, as it did for the child.
 *
 * One that is typed meanwhile becomes one with ours, and does not stop us twice.
 * One that is typed after SIGCONT, before we have run again, does stop us, though
 * the child may yet be at it.
 */
static void stop_like(int sig)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;
	sigset_t all, before;

	if (!is_stop(sig)) {
		raise(SIGSTOP);
		return;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	sigaction(sig, &dfl, &old);
	raise(sig);
	sigprocmask(SIG_SETMASK, &before, NULL);	/* here it stops */
	sigaction(sig, &old, NULL);
}

static bool child_is_stopped(void)
{
	char path[48], text[512], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)job.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	p = strrchr(text, ')');
	return p && p[1] == ' ' && p[2] == 'T';
}

/* A shell's `fg` continues the whole group; `kill -CONT` us alone. */
static void continue_child(void)
{
	struct timespec now;
	long ms;

	if (!job.may_continue || !job.pid)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - job.continue_at.tv_sec) * 1000 +
	     (now.tv_nsec - job.continue_at.tv_nsec) / 1000000;
	if (ms < CONTINUE_AFTER_MS)
		return;
	job.may_continue = false;
	if (child_is_stopped())
		kill(job.pid, SIGCONT);
}

/* The handler must not signal one that is reaped: its number is another's. */
static bool reap(int *status)
{
	sigset_t hup, old;
	bool changed;

	if (!job.pid)
		return false;
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, &old);
	changed = waitpid(job.pid, status, WNOHANG | WUNTRACED) > 0;
	if (changed && !WIFSTOPPED(*status)) {
		job.ended = true;
		job.pid = 0;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return changed;
}

static void wait_for_child(void)
{
	int status;

	while (reap(&status)) {
		if (WIFSTOPPED(status)) {
			stop_like(WSTOPSIG(status));
			continue;
		}
		job.status = status;
		/* A leader that ends takes the foreground group with it. */
		if (job.hung_up)
			job.asked = SIGHUP;
	}
}

bool jobctl_turn(void)
{
	take_signals();
	wait_for_child();
	continue_child();
	return job.ended;
}

int jobctl_status(void)
{
	return job.status;
}

int jobctl_asked(void)
{
	return job.asked;
}

bool jobctl_interrupted(void)
{
	return job.interrupted;
}

uint64_t jobctl_typed(void)
{
	return job.typed_ns;
}

const struct jobctl_passed *jobctl_passed(void)
{
	return &job.passed;
}
