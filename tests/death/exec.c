// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec: a thread's exec kills its siblings and its leader, takes the leader's
 * pid, and is no death. Args and exe are those of the last exec; a fork
 * inherits them.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

DEATH_ROUTINE("exits", exits)
{
	routine_hold();
	syscall(SYS_exit_group, atoi(argv[1]));
	return 99;
}

static void execed(struct victim *v, int value)
{
	victim_go(v);
	victim_wait(v);
	died_exit(v, value);
	expect(v, "execed", json_true());
}

DEATH_CASE("exec_leader", exec_leader, 0, "fork, exec, exit(1028)")
{
	struct victim *v = victim_new("exec");

	victim_exec(v, NULL, "exits", "1028", "", "last one", NULL);
	victim_base(v);
	execed(v, 1028);
}

static void exec_thread(struct victim *v)
{
	v->word[0] = sys_gettid();
	while (!v->word[1])
		nap_ms(1);
	victim_become(v, NULL, "exits", "4", NULL);
}

static void exec_by_thread(struct victim *v)
{
	thread_start(exec_thread, v);
	while (!v->word[0])
		nap_ms(1);
	victim_hold(v);
	v->word[1] = 1;
	for (;;)
		pause();
}

DEATH_CASE("exec_thread", exec_thread_case, 0,
	   "a thread execs: no phantom death of the leader it replaces")
{
	struct victim *v = victim_new("exec");

	victim_fork(v, exec_by_thread);
	victim_base(v);
	expect_thread(v, v->word[0]);
	victim_go(v);
	victim_base(v);		/* the routine, under the same pid */
	nap_ms(200);		/* the old leader is freed up to 50 ms later */
	execed(v, 4);
	expect(v, "threads", json_integer(2));
}

DEATH_ROUTINE("chain", chain)
{
	char num[16], *args[] = { "death", "victim", "chain", num, NULL };
	int n = atoi(argv[1]);

	if (n) {
		num[0] = '0' + n - 1;
		num[1] = 0;
		execv(self_path(), args);
		return 97;
	}
	routine_hold();
	return 12;
}

DEATH_CASE("exec_chain", exec_chain, 0, "four execs in a row, one death")
{
	struct victim *v = victim_new("exec");

	victim_exec(v, NULL, "chain", "3", NULL);
	victim_base(v);
	if (memcmp(v->p->args + v->p->args_len - 2, "0", 2))
		case_fail("not the last of the chain");
	execed(v, 12);
}

/* The exec'ed one forks: its child has its args and exe, and never exec'ed. */
DEATH_ROUTINE("forks", forks)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		routine_hold();
		_exit(9);
	}
	waitpid(pid, &status, 0);
	routine_hold();
	return status == 9 << 8 ? 8 : 1;
}

DEATH_CASE("fork_inherits", fork_inherits, 0,
	   "a fork without exec has its parent's args and exe")
{
	struct victim *v = victim_new("exec"), *child = victim_new("child");
	pid_t pid = victim_exec(v, NULL, "forks", "a b", NULL);

	victim_base(v);
	*child = *v;		/* it came to the parent's barrier */
	if (child->pid == pid)
		case_fail("the wrong one came first");
	victim_go(child);
	victim_base(v);
	if (v->pid != pid)
		case_fail("the wrong one came second");
	child->dead_hi = child->rel_hi = boot_ns();
	child->rel_lo = child->dead_lo;
	/* its parent saw status and reaped it: no rusage of it here */
	child->status = 9 << 8;
	died_exit(child, 9);
	expect(child, "fate", json_string("waited"));
	expect(child, "reaped_by", who_of(pid));
	execed(v, 8);
}
