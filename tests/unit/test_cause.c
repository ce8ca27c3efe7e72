// SPDX-License-Identifier: GPL-2.0-only
/*
 * cause: who sends which signal how. One row a way to be killed, as the kernel
 * was seen to send it; the expectation is written by hand from what is known
 * of that way, not computed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/cause.h"
#include "stream.h"

#define NOINFO OBIT_SI_NOINFO
#define PRIV OBIT_SI_PRIV
#define INFO OBIT_SI_INFO
#define GROUP OBIT_SIG_GROUP
#define EXITING OBIT_SIG_EXITING
#define KTHREAD OBIT_SIG_KTHREAD
#define NS OBIT_SIG_HAS_NS
#define TW OBIT_SIG_TASK_WORK
#define SAME OBIT_SIG_SAME_GROUP
#define PDEATH OBIT_SIG_PDEATH
#define CHILD OBIT_SIG_CHILD
#define DYING (GROUP | EXITING)
#define LEADER OBIT_SIG_SESSION_LEADER
#define AUTOREAP OBIT_SIG_TARGET_AUTOREAP
#define TRACER (OBIT_SIG_TRACED | OBIT_SIG_TRACER)

struct row {
	const char *what;
	int sig, info, si_code;
	uint32_t flags;
	enum obituary_cause cause;
	bool killer;
	const char *hangup;
};

/* clang-format off */
static const struct row rows[] = {
	{ "kill(1)", SIGTERM, INFO, 0, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "kill -9 before 7.3",
	  SIGKILL, INFO, 0, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "tgkill by another", SIGTERM, INFO, -6, 0, CAUSE_SIGNAL, true, NULL },
	{ "sigqueue", SIGTERM, INFO, -1, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "kill -9 in 7.3",
	  SIGKILL, NOINFO, 0, GROUP | NS, CAUSE_SIGNAL, true, NULL },
	{ "kill to itself in 7.3",
	  SIGTERM, NOINFO, 0, GROUP | SAME | NS, CAUSE_SELF, true, NULL },
	{ "raise", SIGTERM, INFO, -6, SAME, CAUSE_SELF, true, NULL },
	{ "abort", SIGABRT, INFO, -6, SAME, CAUSE_SELF, true, NULL },
	{ "kill to itself",
	  SIGKILL, INFO, 0, SAME | GROUP, CAUSE_SELF, true, NULL },
	{ "segfault", SIGSEGV, INFO, 1, SAME, CAUSE_FAULT, false, NULL },
	{ "general protection",
	  SIGSEGV, INFO, 0x80, SAME, CAUSE_FAULT, false, NULL },
	{ "division by zero", SIGFPE, INFO, 1, SAME, CAUSE_FAULT, false, NULL },
	{ "int3", SIGTRAP, INFO, 0x80, SAME, CAUSE_FAULT, false, NULL },
	{ "ud2", SIGILL, INFO, 2, SAME, CAUSE_FAULT, false, NULL },
	{ "mapping past the end",
	  SIGBUS, INFO, 2, SAME, CAUSE_FAULT, false, NULL },
	{ "kill -SEGV is no fault",
	  SIGSEGV, INFO, 0, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "memory failure in a bystander's time",
	  SIGBUS, INFO, 5, 0, CAUSE_SIGNAL, false, NULL },
	{ "seccomp since 6.1",
	  SIGSYS, INFO, 1, SAME, CAUSE_SECCOMP, false, NULL },
	{ "SIGPIPE", SIGPIPE, NOINFO, 0, SAME | NS, CAUSE_SIGNAL, false, NULL },
	{ "SIGXFSZ", SIGXFSZ, NOINFO, 0, SAME | NS, CAUSE_SIGNAL, false, NULL },
	{ "SIGXCPU",
	  SIGXCPU, PRIV, 0, SAME | GROUP | NS, CAUSE_SIGNAL, false, NULL },
	{ "RLIMIT_CPU, hard",
	  SIGKILL, PRIV, 0, SAME | GROUP | NS, CAUSE_SIGNAL, false, NULL },
	{ "alarm over a bystander",
	  SIGALRM, PRIV, 0, GROUP | NS, CAUSE_SIGNAL, false, NULL },
	{ "alarm over itself",
	  SIGALRM, PRIV, 0, GROUP | NS | SAME, CAUSE_SIGNAL, false, NULL },
	{ "timer_create over a bystander",
	  SIGALRM, INFO, -2, GROUP | NS, CAUSE_SIGNAL, false, NULL },
	{ "SIGIO over a bystander",
	  SIGIO, INFO, -5, GROUP, CAUSE_SIGNAL, false, NULL },
	{ "message queue",
	  SIGUSR1, INFO, -3, GROUP, CAUSE_SIGNAL, false, NULL },
	{ "a kernel thread",
	  SIGTERM, INFO, 0, GROUP | KTHREAD, CAUSE_SIGNAL, false, NULL },
	{ "Ctrl-C by a kworker",
	  SIGINT, PRIV, 0, GROUP | KTHREAD, CAUSE_TERMINAL, false, NULL },
	{ "Ctrl-C by a pty's master",
	  SIGINT, PRIV, 0, GROUP | NS, CAUSE_TERMINAL, false, NULL },
	{ "Ctrl-\\",
	  SIGQUIT, PRIV, 0, GROUP | KTHREAD, CAUSE_TERMINAL, false, NULL },
	{ "kill -INT", SIGINT, INFO, 0, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "parent death",
	  SIGTERM, NOINFO, 0, DYING | TW | PDEATH | CHILD, CAUSE_PDEATH, true, NULL },
	{ "parent death by SIGKILL",
	  SIGKILL, NOINFO, 0, DYING | TW | PDEATH | CHILD, CAUSE_PDEATH, true, NULL },
	{ "parent death, reparented already",
	  SIGHUP, NOINFO, 0, DYING | TW | PDEATH, CAUSE_PDEATH, true, NULL },
	{ "kill of the same number in 7.3",
	  SIGTERM, NOINFO, 0, GROUP | NS | PDEATH | CHILD, CAUSE_SIGNAL, true, NULL },
	{ "session leader",
	  SIGHUP, PRIV, 0, DYING | NS | LEADER, CAUSE_HANGUP, true, "session_leader" },
	{ "session leader, files closing",
	  SIGHUP, PRIV, 0, DYING | NS | TW | LEADER, CAUSE_HANGUP, true, "session_leader" },
	{ "session leader, to the stopped",
	  SIGCONT, PRIV, 0, DYING | NS | LEADER, CAUSE_HANGUP, true, "session_leader" },
	{ "pty master closed by the dead",
	  SIGHUP, PRIV, 0, DYING, CAUSE_HANGUP, true, "tty_closed" },
	{ "pty master closed by a dead session leader",
	  SIGHUP, PRIV, 0, DYING | LEADER, CAUSE_HANGUP, true, "tty_closed" },
	{ "pty master closed by the living",
	  SIGHUP, PRIV, 0, GROUP | NS, CAUSE_HANGUP, true, "tty_closed" },
	{ "hang-up by a kworker",
	  SIGHUP, PRIV, 0, GROUP | KTHREAD, CAUSE_HANGUP, false, "tty_closed" },
	{ "orphaned group",
	  SIGHUP, PRIV, 0, DYING | TW, CAUSE_ORPHANED_PGRP, true,
	  "orphaned_pgrp" },
	{ "orphaned group by a session leader",
	  SIGHUP, PRIV, 0, DYING | TW | LEADER, CAUSE_ORPHANED_PGRP, true,
	  "orphaned_pgrp" },
	{ "kill -HUP", SIGHUP, INFO, 0, GROUP, CAUSE_SIGNAL, true, NULL },
	{ "tracer died",
	  SIGKILL, PRIV, 0, EXITING | TW | TRACER, CAUSE_EXITKILL, true, NULL },
	{ "pid namespace",
	  SIGKILL, PRIV, 0, DYING | TW, CAUSE_PIDNS, true, NULL },
	{ "pidfd autokill by the dead",
	  SIGKILL, PRIV, 0, DYING | AUTOREAP, CAUSE_PIDFD_AUTOKILL, true, NULL },
	{ "pidfd autokill by the living",
	  SIGKILL, PRIV, 0, GROUP | NS | AUTOREAP, CAUSE_PIDFD_AUTOKILL, true, NULL },
	{ "pidfd autokill by a kworker",
	  SIGKILL, PRIV, 0, GROUP | KTHREAD | AUTOREAP, CAUSE_PIDFD_AUTOKILL, false, NULL },
	{ "cgroup.kill",
	  SIGKILL, NOINFO, 0, NS, CAUSE_CGROUP_KILL, true, NULL },
	{ "cgroup.kill of its own",
	  SIGKILL, NOINFO, 0, NS | SAME, CAUSE_CGROUP_KILL, true, NULL },
};
/* clang-format on */

static void test_senders(void **state)
{
	struct sender from;
	const struct row *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct obit_signal s = {
			.sender = who_of(5),
			.signal = (uint32_t)rows[i].sig,
			.info = (uint32_t)rows[i].info,
			.si_code = rows[i].si_code,
			.flags = rows[i].flags,
		};

		r = &rows[i];
		sender_of(&s, &from);
		if (from.cause != r->cause || from.known != r->killer ||
		    !from.hangup != !r->hangup ||
		    (r->hangup && strcmp(from.hangup, r->hangup)))
			fail_msg("%s: cause %s, %s killer, %s", r->what,
				 cause_names[from.cause],
				 from.known ? "a" : "no",
				 from.hangup ? from.hangup : "no hangup");
		assert_int_equal(from.who.tgid, 5);
		assert_int_equal(from.who.uid, 1000005);
		assert_int_equal(from.who.signal, r->sig);
	}
}

static void test_nobody_is_no_sender(void **state)
{
	struct obit_signal s = { .signal = SIGTERM, .info = INFO };
	struct sender from;

	(void)state;
	sender_of(&s, &from);
	assert_int_equal(from.cause, CAUSE_SIGNAL);
	assert_false(from.known);
}

/* --- which signal decided ------------------------------------------------------ */

static struct sent *list;

static void send(int sig, uint32_t flags, uint32_t sender)
{
	struct obit_signal s = { .sender = who_of(sender),
				 .info = INFO,
				 .signal = (uint32_t)sig,
				 .flags = flags };

	assert_int_equal(sent_keep(&list, &s), 0);
}

static uint32_t decider(int sig)
{
	const struct sent *s = sent_decider(list, (uint32_t)sig);
	uint32_t tgid = s ? s->s.sender.task.tgid : 0;

	sent_free(list);
	list = NULL;
	return tgid;
}

static void test_decider(void **state)
{
	int i;

	(void)state;
	assert_int_equal(decider(SIGTERM), 0);

	/* the kernel says so */
	send(SIGKILL, 0, 1);
	send(SIGKILL, OBIT_SIG_DECIDED, 2);
	send(SIGKILL, OBIT_SIG_DECIDED, 3);
	assert_int_equal(decider(SIGKILL), 2);

	/* of another signal nothing follows */
	send(SIGTERM, OBIT_SIG_DECIDED, 2);
	assert_int_equal(decider(SIGKILL), 0);

	/* a signal that dumps core is not decided when it is sent: the first */
	send(SIGQUIT, 0, 1);
	send(SIGQUIT, 0, 2);
	assert_int_equal(decider(SIGQUIT), 1);

	/* blocked and pending: the second was dropped */
	send(SIGTERM, OBIT_SIG_BLOCKED, 1);
	send(SIGTERM, OBIT_SIG_BLOCKED | OBIT_SIG_IGNORED, 2);
	assert_int_equal(decider(SIGTERM), 1);

	/* blocked, taken by sigwait, and sent again: it was queued, so the
	 * first had gone */
	send(SIGTERM, OBIT_SIG_BLOCKED, 1);
	send(SIGTERM, OBIT_SIG_BLOCKED, 2);
	assert_int_equal(decider(SIGTERM), 2);

	/* swallowed by a debugger, sent again */
	send(SIGQUIT, OBIT_SIG_TRACED, 1);
	send(SIGQUIT, OBIT_SIG_TRACED, 2);
	assert_int_equal(decider(SIGQUIT), 2);

	/* one that was not blocked cannot have been survived */
	send(SIGTERM, OBIT_SIG_BLOCKED, 1);
	send(SIGTERM, 0, 2);
	assert_int_equal(decider(SIGTERM), 2);

	/* taken by a handler, which then reset itself and raised it again */
	send(SIGTERM, OBIT_SIG_HANDLER, 1);
	send(SIGTERM, OBIT_SIG_DECIDED, 2);
	assert_int_equal(decider(SIGTERM), 2);

	/* however many signals a process has had */
	for (i = 1; i <= 64; i++)
		send(i, OBIT_SIG_BLOCKED, 1);
	send(SIGTERM, OBIT_SIG_DECIDED, 2);
	assert_int_equal(decider(SIGTERM), 2);
}

/* --- the whole verdict ------------------------------------------------------------ */

static enum obituary_cause cause(struct cause_facts *f)
{
	struct cause c;

	f->have_exit = f->have_signaled = true;
	f->signaled = f->exit_flags & OBIT_EXIT_SIGNALED;
	f->sent = list;
	cause_of(f, &c);
	return c.cause;
}

static void test_without_signal(void **state)
{
	struct cause_facts f = { .exit_code = 0 };

	(void)state;
	assert_int_equal(cause(&f), CAUSE_EXIT);
	f.exit_code = 255 << 8;
	assert_int_equal(cause(&f), CAUSE_EXIT);

	/* do_exit(sig) without a signal: PF_SIGNALED is clear */
	f.exit_code = SIGSYS | 0x80;
	assert_int_equal(cause(&f), CAUSE_SECCOMP);
	f.exit_code = SIGKILL;		/* strict mode */
	assert_int_equal(cause(&f), CAUSE_SECCOMP);
	f.exit_code = SIGSEGV;
	assert_int_equal(cause(&f), CAUSE_OOPS);
	f.exit_code = SIGTERM;
	assert_int_equal(cause(&f), CAUSE_UNKNOWN);

	/* with PF_SIGNALED there was one, and it was not seen */
	f.exit_flags = OBIT_EXIT_SIGNALED;
	f.exit_code = SIGKILL;
	assert_int_equal(cause(&f), CAUSE_UNKNOWN);
	f.exit_code = SIGSEGV | 0x80;
	assert_int_equal(cause(&f), CAUSE_UNKNOWN);

	f.oom_victim = true;
	f.exit_code = SIGKILL;
	assert_int_equal(cause(&f), CAUSE_OOM);
	f.exit_code = SIGTERM;
	assert_int_equal(cause(&f), CAUSE_UNKNOWN);
	f.exit_code = 3 << 8;
	assert_int_equal(cause(&f), CAUSE_EXIT);
}

/* A thread on its way out by exit(2) is the last one of a process that was
 * killed: PF_SIGNALED of that thread is clear. */
static void test_killed_while_the_last_thread_exits(void **state)
{
	struct cause_facts f = { .exit_code = SIGKILL };

	(void)state;
	send(SIGKILL, OBIT_SIG_DECIDED, 4);
	assert_int_equal(cause(&f), CAUSE_SIGNAL);
	assert_int_equal(decider(SIGKILL), 4);
}

static void test_killed_by_hand_then_marked(void **state)
{
	struct cause_facts f = { .exit_code = SIGKILL,
				 .oom_victim = true,
				 .exit_flags = OBIT_EXIT_SIGNALED };

	(void)state;
	/* mark_victim also comes for one that was dying anyway */
	send(SIGKILL, OBIT_SIG_DECIDED, 4);
	assert_int_equal(cause(&f), CAUSE_SIGNAL);
	assert_int_equal(decider(SIGKILL), 4);
}

/* --- the value ----------------------------------------------------------------------- */

static void value(uint32_t flags, int32_t group, int32_t leader, int32_t last,
		  uint32_t exit_code, bool known, int32_t want)
{
	struct obit_exit e = { .flags = flags,
			       .group_value = group,
			       .leader_value = leader,
			       .last_value = last };
	int32_t got = 0;

	assert_int_equal(exit_value_of(&e, exit_code, &got), known);
	if (known)
		assert_int_equal(got, want);
}

static void test_exit_value(void **state)
{
	const uint32_t G = OBIT_EXIT_GROUP_VALUE, E = OBIT_EXIT_GROUP_EXIT,
		       L = OBIT_EXIT_LEADER_VALUE, T = OBIT_EXIT_LAST_VALUE;

	(void)state;
	value(0, 0, 0, 0, 0, false, 0);
	value(G, 256, 0, 0, 0, true, 256);
	value(G, -1, 0, 0, 255 << 8, true, -1);
	value(G, 0x12345678, 0, 0, 0x78 << 8, true, 0x12345678);
	/* lost the race to another exit_group: not what set the status */
	value(G, 5, 0, 0, 7 << 8, false, 0);
	value(G | OBIT_EXIT_AMBIGUOUS, 256, 0, 0, 0, false, 0);
	value(G | E | T | OBIT_EXIT_AMBIGUOUS, 256, 0, 0, 0, false, 0);
	/* leader exit(3), last thread exit(5): 5.10 says 3, later ones 5 */
	value(L | T, 0, 3, 5, 3 << 8, true, 3);
	value(L | T | E, 0, 3, 5, 5 << 8, true, 5);
	/* the same low byte: the flag tells whose it is */
	value(L | T, 0, 0x100, 0x200, 0, true, 0x100);
	value(L | T | E, 0, 0x100, 0x200, 0, true, 0x200);
	/* leader exit(3), a thread exit_group(7) */
	value(G | E | L, 7, 3, 0, 7 << 8, true, 7);
	value(T, 0, 0, 9, 9 << 8, true, 9);
	/* death by signal has none, whatever was called before */
	value(G, 9, 0, 0, 9, false, 0);
	value(G, 0, 0, 0, 9, false, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_nobody_is_no_sender),
		cmocka_unit_test(test_decider),
		cmocka_unit_test(test_without_signal),
		cmocka_unit_test(test_killed_while_the_last_thread_exits),
		cmocka_unit_test(test_killed_by_hand_then_marked),
		cmocka_unit_test(test_exit_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
