// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pid namespaces: two pids for one process, an init that takes its whole
 * namespace along, and one that reboots it.
 */
#define _GNU_SOURCE
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

static struct victim *kid;

static void exits_5(struct victim *v)
{
	victim_hold(v);
	_exit(5);
}

static struct victim *inner_init(const char *label,
				 void (*body)(struct victim *))
{
	struct victim *v = victim_new(label);

	victim_clone(v, CLONE_NEWPID | SIGCHLD, body);
	victim_base(v);
	if (v->p->ns_tgid != 1 || v->pid == 1)
		case_fail("no pid namespace of its own");
	return v;
}

DEATH_CASE("pidns_init", pidns_init, 0, "pid 1 of a namespace exits")
{
	struct victim *v = inner_init("nsinit", exits_5);

	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
}

static void init_with_kid(struct victim *v)
{
	/* a pid of the namespace: the case learns the real one */
	int pid = victim_fork(kid, exits_5);

	(void)pid;
	victim_hold(v);
	while (syscall(SYS_wait4, -1, NULL, 0, NULL) > 0)
		;
	victim_hold(v);
	_exit(0);
}

DEATH_CASE("pidns_child", pidns_child, 0, "a child in a pid namespace exits")
{
	struct victim *v = victim_new("nschild"), *i;

	kid = v;
	i = inner_init("nsinit", init_with_kid);
	victim_base(v);
	if (v->p->ns_tgid != 2)
		case_fail("pid %d in its namespace", v->p->ns_tgid);
	victim_open(v);
	victim_go(i);
	victim_go(v);
	victim_gone(v);
	v->rel_lo = v->dead_lo;
	victim_meet(i);
	v->rel_hi = boot_ns();
	died_exit(v, 5);
	expect(v, "fate", json_string("waited"));
	expect(v, "reaped_by", json_incref(i->p->who));
	victim_go(i);
	victim_wait(i);
	i->breeds = true;
	died_exit(i, 0);
}

DEATH_CASE("pidns_killed", pidns_killed, 0,
	   "a namespace's init dies and takes a child along")
{
	struct victim *v = victim_new("nschild"), *i;
	json_t *by;

	kid = v;
	i = inner_init("nsinit", init_with_kid);
	victim_base(v);
	victim_open(v);
	by = killer_of(i->pid, i->pid, SIGKILL);
	victim_doom(i);
	victim_doom(v);
	MUST(kill(i->pid, SIGKILL));
	victim_gone(v);
	victim_wait(i);
	v->rel_hi = boot_ns();
	died_signal(v, SIGKILL, "pidns", by);
	/* its init ignores SIGCHLD by then and waits for what is left */
	expect(v, "fate",
	       m_or(json_string("autoreaped"), json_string("waited")));
	expect(v, "reaped_by", m_or(json_null(), json_incref(i->p->who)));
	expect(v, "sigchld",
	       m_or(json_string("ignored"), json_string("default")));
	expect(v, "reapable_ns", m_or(json_null(), m_reapable(v)));
	i->breeds = true;
	died_signal(i, SIGKILL, "signal",
		    killer_of(getpid(), getpid(), SIGKILL));
}

static void reboots(struct victim *v)
{
	victim_hold(v);
	/* in the initial namespace this would be meant for the machine */
	if (getpid() != 1 || !v->word[7])
		_exit(90);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		v->word[0], NULL);
	_exit(91);
}

static void rebooted(unsigned int cmd, int sig)
{
	struct victim *v = victim_new("nsreboot");
	struct proc *me = proc_read(getpid());

	v->word[0] = cmd;
	victim_clone(v, CLONE_NEWPID | SIGCHLD, reboots);
	victim_base(v);
	if (v->p->ns_tgid != 1 || v->pid == 1 || !v->p->pid_ns ||
	    v->p->pid_ns == me->pid_ns)
		case_fail("no pid namespace of its own: not rebooting");
	v->word[7] = 1;
	victim_go(v);
	victim_wait(v);
	/* the kernel's SIGKILL to its own init, told as another signal */
	died_signal(v, sig, "self", NULL);
	expect(v, "cause",
	       m_or(json_string("self"),
		    m_or(json_string("signal"), json_string("pidns"))));
	expect(v, "killer",
	       m_any("itself or the kernel: the contract is mute"));
}

DEATH_CASE("pidns_reboot", pidns_reboot, 0,
	   "reboot(2) in a pid namespace: its init dies of SIGHUP")
{
	rebooted(LINUX_REBOOT_CMD_RESTART, SIGHUP);
}
DEATH_CASE("pidns_halt", pidns_halt, 0, "halt in a pid namespace: SIGINT")
{
	rebooted(LINUX_REBOOT_CMD_HALT, SIGINT);
}
