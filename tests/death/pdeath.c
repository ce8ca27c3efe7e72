// SPDX-License-Identifier: GPL-2.0-only
/*
 * PR_SET_PDEATHSIG: the "parent" is the thread that forked, the signal may be
 * handled, refused, or sent again by the next parent's death.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

static struct victim *kid;

static void count(int sig)
{
	(void)sig;
	kid->word[0]++;
}

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

/* word[1]: the signal to ask for; word[2]: 1 exit on it, 2 count it. */
static void armed(struct victim *v)
{
	if (v->word[2])
		set_handler(v->word[1], v->word[2] == 1 ? leave : count);
	prctl(PR_SET_PDEATHSIG, v->word[1]);
	victim_hold(v);
	_exit(5);
}

static void parent(struct victim *m)
{
	victim_fork(kid, armed);
	victim_hold(m);
	_exit(0);
}

/* A parent and its armed child, both at their barriers. */
static struct victim *family(struct victim *v, int sig, int handler,
			     void (*body)(struct victim *))
{
	struct victim *m = victim_new("parent");

	v->word[1] = sig;
	v->word[2] = handler;
	kid = v;
	victim_fork(m, body);
	victim_base(v);
	victim_base(m);
	return m;
}

/* Exact hooks show it when it is asked for, a scan whenever it comes by: under
 * whichever name and parent it had then. */
static void may_show_set(struct victim *v, int sig)
{
	json_t *ev = pdeath_set(v, sig, m_some("whoever it hung on then"));

	json_object_set_new(ev, "comm", m_some("of before or after its exec"));
	expect_event(optional(ev));
}

static void asked_for(struct victim *v, int sig)
{
	expect(v, "pdeath_signal", json_string(signal_name(sig)));
	expect(v, "pdeath_tid", json_integer(v->pid));
}

DEATH_CASE("pdeath_kill", pdeath_kill, 0, "SIGKILL by the parent's death")
{
	struct victim *v = victim_new("armed");
	struct victim *m = family(v, SIGKILL, 0, parent);
	json_t *by = killer_of(m->pid, m->pid, SIGKILL);

	may_show_set(v, SIGKILL);
	expect_event(pdeath_send(event_who(m->pid, m->pid), false,
				 event_who(v->pid, v->pid), SIGKILL, false));
	victim_doom(v);
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	victim_wait(v);
	/* whoever adopts it does so before the signal is sent */
	v->p->parent = who_of(getpid());
	died_signal(v, SIGKILL, "pdeath", by);
	asked_for(v, SIGKILL);
}

DEATH_CASE("pdeath_handled", pdeath_handled, 0,
	   "SIGTERM by the parent's death, whose handler exits 0")
{
	struct victim *v = victim_new("armed");
	struct victim *m = family(v, SIGTERM, 1, parent);
	json_t *by = killer_of(m->pid, m->pid, SIGTERM);
	u64 lo;

	may_show_set(v, SIGTERM);
	expect_event(pdeath_send(event_who(m->pid, m->pid), false,
				 event_who(v->pid, v->pid), SIGTERM, false));
	victim_doom(v);
	lo = boot_ns();
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	victim_wait(v);
	v->p->parent = who_of(getpid());
	died_exit(v, 0);
	asked_for(v, SIGTERM);
	expect_asked_by(v, by, lo, v->dead_hi);
}

static void forker(struct victim *m)
{
	m->word[0] = sys_gettid();
	victim_fork(kid, armed);
	while (!m->word[1])
		nap_ms(1);
	sys_exit(0);
}

static void threaded_parent(struct victim *m)
{
	thread_start(forker, m);
	while (!kid->pid)
		nap_ms(1);
	victim_hold(m);
	m->word[1] = 1;
	victim_wait(kid);
	victim_hold(m);
	_exit(0);
}

DEATH_CASE("pdeath_thread", pdeath_thread, 0,
	   "the thread that forked ends, its process lives: SIGKILL")
{
	struct victim *v = victim_new("armed");
	struct victim *m = family(v, SIGKILL, 0, threaded_parent);
	pid_t tid = m->word[0];
	json_t *by = killer_of(m->pid, tid, SIGKILL);

	expect_thread(m, tid);
	may_show_set(v, SIGKILL);
	expect_event(pdeath_send(event_who(m->pid, tid), true,
				 event_who(v->pid, v->pid), SIGKILL, false));
	victim_doom(v);
	victim_go(m);
	victim_meet(m);
	died_signal(v, SIGKILL, "pdeath", by);
	asked_for(v, SIGKILL);
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	expect(m, "threads", json_integer(2));
}

#define UID 61237

static void lowered_parent(struct victim *m)
{
	victim_fork(kid, armed);
	/* the child's own setting stays: it is its own */
	while (!kid->word[3])
		nap_ms(1);
	if (setresuid(UID, UID, UID))
		_exit(90);
	victim_hold(m);
	_exit(0);
}

static struct victim *meets_kid_first(struct victim *v)
{
	struct victim *m = victim_new("parent");

	kid = v;
	v->word[1] = SIGTERM;
	victim_fork(m, lowered_parent);
	victim_base(v);
	v->word[3] = 1;
	victim_base(m);
	return m;
}

DEATH_CASE("pdeath_denied", pdeath_denied, 0,
	   "the dying parent may not signal its child: nothing is sent")
{
	struct victim *v = victim_new("armed"), *m = meets_kid_first(v);

	may_show_set(v, SIGTERM);
	expect_event(pdeath_send(event_who(m->pid, m->pid), false,
				 event_who(v->pid, v->pid), SIGTERM, true));
	victim_go(m);
	victim_wait(m);
	died_exit(m, 0);
	nap_ms(40);
	victim_adopted(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
	asked_for(v, SIGTERM);
}

static struct victim *middle;

static void subreaper(struct victim *s)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	victim_fork(middle, parent);
	victim_hold(s);
	victim_wait(middle);
	victim_hold(s);
	_exit(0);
}

static bool counted(void *n)
{
	return kid->word[0] >= *(int *)n;
}

DEATH_CASE("pdeath_twice", pdeath_twice, 0,
	   "a dying subreaper sends it again to what it adopted")
{
	struct victim *s = victim_new("subreaper"), *m = victim_new("parent");
	struct victim *v = victim_new("armed");
	json_t *by;
	u64 lo, hi;
	int one = 1, two = 2;

	kid = v;
	middle = m;
	v->word[1] = SIGUSR2;
	v->word[2] = 2;
	victim_fork(s, subreaper);
	victim_base(v);
	victim_base(m);
	victim_base(s);
	may_show_set(v, SIGUSR2);
	expect_event(pdeath_send(event_who(m->pid, m->pid), false,
				 event_who(v->pid, v->pid), SIGUSR2, false));
	victim_go(m);
	victim_go(s);
	victim_meet(s);
	died_exit(m, 0);
	if (!wait_until(counted, &one, 5000))
		case_fail("no first signal");
	victim_adopted(v);
	if (v->p->ppid != s->pid)
		case_fail("not adopted by the subreaper");
	by = killer_of(s->pid, s->pid, SIGUSR2);
	expect_event(pdeath_send(event_who(s->pid, s->pid), false,
				 event_who(v->pid, v->pid), SIGUSR2, false));
	lo = boot_ns();
	victim_go(s);
	victim_wait(s);
	died_exit(s, 0);
	if (!wait_until(counted, &two, 5000))
		case_fail("no second signal");
	hi = boot_ns();
	victim_adopted(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
	asked_for(v, SIGUSR2);
	expect_asked_by(v, by, lo, hi);
}

DEATH_CASE("pdeath_set", pdeath_set_case, CASE_SLOW,
	   "asked for, held longer than a scan, never sent")
{
	struct victim *v = victim_new("armed");

	v->word[1] = SIGHUP;
	victim_fork(v, armed);
	victim_base(v);
	expect_event(pdeath_set(v, SIGHUP, event_who(getpid(), getpid())));
	nap_ms(1400);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
	asked_for(v, SIGHUP);
}

/* It must have been seen set before it can be seen gone: a scan comes by each
 * second. */
static void expect_cleared(struct victim *v, const char *reason)
{
	json_t *ev = pdeath_set(v, SIGHUP, json_null());

	json_object_set_new(ev, "event", json_string("pdeath_clear"));
	json_object_set_new(ev, "comm", m_some("of before or after its exec"));
	json_object_set_new(ev, "reason",
			    m_or(json_null(), json_string(reason)));
	json_object_del(ev, "signal");
	json_object_del(ev, "parent");
	expect_event(ev);
}

static void loses_it(struct victim *v)
{
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	victim_hold(v);
	if (setresuid(UID, UID, UID))
		_exit(90);
	victim_hold(v);
	_exit(5);
}

DEATH_CASE("pdeath_clear", pdeath_clear, CASE_SLOW, "a change of ids clears it")
{
	struct victim *v = victim_new("armed");

	victim_fork(v, loses_it);
	victim_base(v);
	expect_event(pdeath_set(v, SIGHUP, event_who(getpid(), getpid())));
	nap_ms(1400);
	victim_go(v);
	victim_base(v);
	expect_cleared(v, "cred_change");
	nap_ms(1400);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 5);
}

static void arms_and_execs(struct victim *v)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	victim_become(v, NULL, "exits", "3", NULL);
}

DEATH_CASE("pdeath_over_exec", pdeath_over_exec, 0, "kept over a plain exec")
{
	struct victim *v = victim_new("armed");

	victim_fork(v, arms_and_execs);
	victim_base(v);
	may_show_set(v, SIGKILL);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 3);
	expect(v, "execed", json_true());
	asked_for(v, SIGKILL);
}

static const char *setuid_exe;

static void execs_setuid(struct victim *v)
{
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	victim_hold(v);
	victim_become(v, setuid_exe, "exits", "3", NULL);
}

DEATH_CASE("pdeath_setuid_exec", pdeath_setuid_exec, CASE_SLOW,
	   "exec of a setuid program clears it")
{
	struct victim *v = victim_new("armed");
	char path[300];

	snprintf(path, sizeof(path), "%s/setuid", scratch());
	copy_self(path);
	MUST(chown(path, UID, UID));
	MUST(chmod(path, 04755));
	setuid_exe = path;
	victim_fork(v, execs_setuid);
	victim_base(v);
	expect_event(pdeath_set(v, SIGHUP, event_who(getpid(), getpid())));
	nap_ms(1400);
	victim_go(v);
	victim_base(v);
	expect_cleared(v, "setuid_exec");
	nap_ms(1400);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 3);
	expect(v, "execed", json_true());
}
