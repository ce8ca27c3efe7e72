// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hang-ups: the death of a session leader, of whoever holds a terminal's other
 * end, of the parent that kept a stopped group from being orphaned. And what a
 * person types.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "death.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int master = -1, slave = -1;
static struct victim *kid;

static void pty_open(void)
{
	int unlock = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		return;
	ioctl(master, TIOCSPTLCK, &unlock);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static void need_pty(void)
{
	pty_open();
	if (slave < 0)
		case_skip("missing feature: no pty (%m)");
}

/* In the child: leader of a session on the slave, without the master. */
static void take_tty(void)
{
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))
		_exit(90);
	close(master);
}

static void waits(struct victim *v)
{
	for (;;)
		victim_hold(v);
}

/* The hang-up takes the terminal from its session as it goes on. */
static void tty_or_gone(struct victim *v)
{
	expect(v, "tty", m_or(json_null(), m_tty(v->p->tty_nr)));
}

static void hung_up(struct victim *v, struct victim *by, json_t *killer,
		    json_t *from, json_t *target, const char *kind)
{
	(void)by;
	expect_event(optional(
		hangup(json_incref(from), kind, json_incref(target), SIGCONT)));
	expect_event(hangup(from, kind, target, SIGHUP));
	died_signal(v, SIGHUP, kind[0] == 'o' ? "orphaned_pgrp" : "hangup",
		    killer);
}

static void in_front(struct victim *v)
{
	setpgid(0, 0);
	waits(v);
}

static void leads_session(struct victim *l)
{
	pid_t pid;

	take_tty();
	/* a sibling, so that its parent stays when its leader goes */
	pid = victim_clone(kid, CLONE_PARENT | SIGCHLD, in_front);
	setpgid(pid, pid);
	if (tcsetpgrp(slave, pid))
		_exit(91);
	victim_hold(l);
	_exit(0);
}

DEATH_CASE("hangup_session_leader", hangup_session_leader, 0,
	   "the session leader exits: SIGHUP to the group in front")
{
	struct victim *l = victim_new("leader"), *v = victim_new("infront");
	json_t *by, *from, *target;

	need_pty();
	kid = v;
	victim_fork(l, leads_session);
	victim_base(v);
	victim_base(l);
	by = killer_of(l->pid, l->pid, SIGHUP);
	from = event_who(l->pid, l->pid);
	target = event_who(v->pid, v->pid);
	victim_doom(v);
	victim_go(l);
	victim_wait(l);
	died_exit(l, 0);
	victim_wait(v);
	hung_up(v, l, by, from, target, "session_leader");
	tty_or_gone(v);
}

static void on_tty(struct victim *v)
{
	take_tty();
	waits(v);
}

/* word[0]: 1 closes the master and lives on, 0 dies with it. */
static void holds_master(struct victim *m)
{
	pty_open();
	if (slave < 0)
		_exit(92);
	victim_clone(kid, CLONE_PARENT | SIGCHLD, on_tty);
	close(slave);
	victim_hold(m);
	if (m->word[0]) {
		close(master);
		victim_hold(m);
	}
	_exit(0);
}

static void tty_closed(bool living)
{
	struct victim *m = victim_new("terminal"), *v = victim_new("shell");
	json_t *by, *from, *target;

	need_pty();
	close(slave);
	close(master);
	kid = v;
	m->word[0] = living;
	victim_fork(m, holds_master);
	victim_base(v);
	victim_base(m);
	by = killer_of(m->pid, m->pid, SIGHUP);
	from = event_who(m->pid, m->pid);
	target = event_who(v->pid, v->pid);
	victim_doom(v);
	victim_go(m);
	victim_wait(v);
	hung_up(v, m, by, from, target, "tty_closed");
	tty_or_gone(v);
	if (living) {
		victim_meet(m);
		victim_go(m);
	}
	victim_wait(m);
	died_exit(m, 0);
}

DEATH_CASE("hangup_master_dies", hangup_master_dies, 0,
	   "the holder of the pty master dies: its session leader hangs up")
{
	tty_closed(false);
}
DEATH_CASE("hangup_master_closed", hangup_master_closed, 0,
	   "the holder of the pty master closes it and lives on")
{
	tty_closed(true);
}

static void stops(struct victim *v)
{
	setpgid(0, 0);
	victim_hold(v);
	raise(SIGSTOP);
	waits(v);
}

static void job_control(struct victim *p)
{
	setsid();
	victim_fork(kid, stops);
	victim_hold(p);
	_exit(0);
}

static bool is_stopped(void *v)
{
	return task_state(((struct victim *)v)->pid, 0, 'T');
}

DEATH_CASE("orphaned_pgrp", orphaned_pgrp, 0,
	   "a stopped group is orphaned by its parent's death: HUP, CONT")
{
	struct victim *p = victim_new("jobcontrol"), *v = victim_new("stopped");
	json_t *by, *from, *target;

	kid = v;
	victim_fork(p, job_control);
	victim_base(v);
	victim_base(p);
	if (v->p->sid != p->pid || v->p->pgid != v->pid)
		case_fail("not a group of its own in the session");
	victim_go(v);
	if (!wait_until(is_stopped, v, 5000))
		case_fail("does not stop");
	by = killer_of(p->pid, p->pid, SIGHUP);
	from = event_who(p->pid, p->pid);
	target = event_who(v->pid, v->pid);
	victim_doom(v);
	victim_go(p);
	victim_wait(p);
	died_exit(p, 0);
	victim_wait(v);
	/* adopted before it is hung up */
	v->p->parent = who_of(getpid());
	hung_up(v, p, by, from, target, "orphaned_pgrp");
}

static void typed(const char *key, int sig)
{
	struct victim *v = victim_new("typist");

	need_pty();
	victim_fork(v, on_tty);
	victim_base(v);
	if (v->p->sid != v->pid || !v->p->tty_nr)
		case_fail("no terminal of its own");
	victim_doom(v);
	if (write(master, key, 1) != 1)
		case_fail("write to the pty: %m");
	victim_wait(v);
	died_signal(v, sig, "terminal", NULL);
}

DEATH_CASE("terminal_ctrl_c", terminal_ctrl_c, 0, "Ctrl-C: nobody's SIGINT")
{
	typed("\x03", SIGINT);
}
DEATH_CASE("terminal_quit", terminal_quit, 0, "Ctrl-\\: nobody's SIGQUIT")
{
	typed("\x1c", SIGQUIT);
}
