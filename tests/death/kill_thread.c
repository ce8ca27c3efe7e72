// SPDX-License-Identifier: GPL-2.0-only
/*
 * The killer is a thread with a name of its own: tgid, tid and uid must be
 * the sender's, not its process's leader's alone.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kill.h"

static void striker(struct victim *k)
{
	prctl(PR_SET_NAME, "striker");
	k->word[3] = sys_gettid();
	victim_hold(k);
	kill(k->word[0], SIGKILL);
	_exit(0);
}

static void killer(struct victim *k)
{
	thread_start(striker, k);
	for (;;)
		pause();
}

DEATH_CASE("kill_by_thread", kill_by_thread, 0, "SIGKILL by another's thread")
{
	struct victim *v = victim_new("killed"), *k = victim_new("killer");
	json_t *by, *comm;

	victim_fork(v, hold_for_ever);
	victim_base(v);
	k->word[0] = v->pid;
	victim_fork(k, killer);
	victim_base(k);
	expect_thread(k, k->word[3]);
	by = killer_of(k->pid, k->word[3], SIGKILL);
	/* of the thread or of its process: the contract leaves it open */
	comm = json_incref(json_object_get(by, "comm"));
	json_object_set_new(by, "comm", m_or(comm, json_string("killer")));
	victim_doom(v);
	victim_go(k);
	victim_wait(v);
	victim_wait(k);
	died_signal(v, SIGKILL, "signal", by);
	died_exit(k, 0);
	expect(k, "threads", json_integer(2));
}

/* From inside: one thread of the victim kills its own process. */
static void own_thread(struct victim *v)
{
	v->word[3] = sys_gettid();
	victim_hold(v);
	kill(getpid(), SIGTERM);
	for (;;)
		pause();
}

static void kills_itself(struct victim *v)
{
	thread_start(own_thread, v);
	for (;;)
		pause();
}

DEATH_CASE("self_by_thread", self_by_thread, 0,
	   "a thread kills its own process")
{
	struct victim *v = victim_new("selfthread");
	json_t *by;

	victim_fork(v, kills_itself);
	victim_base(v);
	expect_thread(v, v->word[3]);
	by = killer_of(v->pid, v->word[3], SIGTERM);
	victim_go(v);
	victim_wait(v);
	died_signal(v, SIGTERM, "self", by);
	expect(v, "threads", json_integer(2));
}
