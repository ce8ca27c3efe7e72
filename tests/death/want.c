// SPDX-License-Identifier: GPL-2.0-only
/*
 * The obituary a victim ought to get, from what the case did, what /proc said
 * before and what wait4 said after. Knows the contract, not the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "case.h"
#include "death.h"

/* obit takes the death for a zombie's at 1 s; round it neither form is wrong
 * and nothing is proved. */
#define ZOMBIE_AFTER (1 * SEC)
#define ZOMBIE_SLACK (150 * MSEC)
/* The free record is an RCU callback: 10 to 50 ms late on an idle machine, a
 * second and more on one that has no processor to spare. */
#define FREE_LATE (5 * SEC)

const char *signal_name(int sig)
{
	static char buf[2][24];
	static int turn;
	const char *abbrev = sigabbrev_np(sig);

	turn = !turn;
	if (abbrev)
		snprintf(buf[turn], sizeof(buf[0]), "SIG%s", abbrev);
	else
		snprintf(buf[turn], sizeof(buf[0]), "SIGRTMIN+%d",
			 sig - SIGRTMIN);
	return buf[turn];
}

static json_t *meaning(int status)
{
	static const char *const ex[] = {
		"EX_USAGE", "EX_DATAERR", "EX_NOINPUT", "EX_NOUSER",
		"EX_NOHOST", "EX_UNAVAILABLE", "EX_SOFTWARE", "EX_OSERR",
		"EX_OSFILE", "EX_CANTCREAT", "EX_IOERR", "EX_TEMPFAIL",
		"EX_PROTOCOL", "EX_NOPERM", "EX_CONFIG",
	};

	if (status == 0)
		return m_or(json_null(), json_string("EX_OK"));
	if (status >= 64 && status <= 78)
		return json_string(ex[status - 64]);
	if (status == 126 || status == 127)
		return m_some("words for the shell's 126 and 127");
	if (status > 128 && status <= 128 + 31)
		return json_pack("{s:s}", "$contains",
				 signal_name(status - 128));
	return json_null();
}

static s64 ts_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* What to add to CLOCK_BOOTTIME for the wall's time: the tightest of some
 * readings, as a busy machine may stop between two clocks. */
static s64 wall_offset(void)
{
	s64 best = INT64_MAX, off = 0;

	for (int i = 0; i < 8; i++) {
		s64 before = ts_ns(CLOCK_BOOTTIME);
		s64 real = ts_ns(CLOCK_REALTIME);
		s64 after = ts_ns(CLOCK_BOOTTIME);

		if (after - before >= best)
			continue;
		best = after - before;
		off = real - before - best / 2;
	}
	return off;
}

/* The wall may be slewed between the death and here; boot_ns is exact. */
static json_t *want_time(u64 lo, u64 hi)
{
	s64 off = wall_offset();

	return json_pack("{s:[I,I]}", "$time",
			 (json_int_t)(lo + off - 10 * MSEC),
			 (json_int_t)(hi + off + 10 * MSEC));
}

static s64 tv_ns(struct timeval tv)
{
	return tv.tv_sec * SEC + tv.tv_usec * 1000LL;
}

/*
 * wait4's figures are final, obit's may have been read a few steps before the
 * end: faults and switches of the last steps are the margin. utime and stime
 * alone are sampled by the tick (kernel.md section 3), their sum is not.
 */
static json_t *want_usage(struct victim *v)
{
	struct rusage *ru = &v->ru;
	s64 cpu = tv_ns(ru->ru_utime) + tv_ns(ru->ru_stime);
	s64 late = 40 * MSEC + cpu / 10, rd, wr;

	if (!v->waited) {
		const char *why = "nobody waited: no rusage to compare with";

		return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
				 "cpu_ns", m_range(1, 60 * SEC), "utime_ns",
				 m_range(0, 60 * SEC), "stime_ns",
				 m_range(0, 60 * SEC), "maxrss_kb",
				 m_range(1, 1 << 24), "minflt",
				 m_range(0, 1 << 24), "majflt",
				 m_range(0, 1 << 24), "nvcsw",
				 m_range(0, 1 << 24), "nivcsw",
				 m_range(0, 1 << 24), "read_bytes", m_some(why),
				 "write_bytes", m_some(why));
	}
	if (v->breeds)		/* its own are a part of these */
		return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
				 "cpu_ns", m_range(1, cpu + late), "utime_ns",
				 m_range(0, cpu + late), "stime_ns",
				 m_range(0, cpu + late), "maxrss_kb",
				 m_range(1, ru->ru_maxrss * 11 / 10 + 512),
				 "minflt", m_range(0, ru->ru_minflt + 16),
				 "majflt", m_range(0, ru->ru_majflt + 2),
				 "nvcsw", m_range(0, ru->ru_nvcsw + 8),
				 "nivcsw", m_range(0, ru->ru_nivcsw + 20),
				 "read_bytes",
				 m_range(0, ru->ru_inblock * 512LL + 8191),
				 "write_bytes",
				 m_range(0, ru->ru_oublock * 512LL + 8191));
	/* in blocks of 512: what was read and written on a device */
	rd = ru->ru_inblock * 512LL;
	wr = ru->ru_oublock * 512LL;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "cpu_ns",
			 m_range(cpu > late ? cpu - late : 1, cpu + late),
			 "utime_ns", m_range(0, cpu + late), "stime_ns",
			 m_range(0, cpu + late), "maxrss_kb",
			 m_range(ru->ru_maxrss * 9 / 10 - 512,
				 ru->ru_maxrss * 11 / 10 + 512),
			 "minflt",
			 m_range(ru->ru_minflt - 16, ru->ru_minflt + 16),
			 "majflt",
			 m_range(ru->ru_majflt - 2, ru->ru_majflt + 2), "nvcsw",
			 m_range(ru->ru_nvcsw - 8, ru->ru_nvcsw + 8), "nivcsw",
			 m_range(ru->ru_nivcsw - 20, ru->ru_nivcsw + 20),
			 "read_bytes", m_range(rd, rd + 511 * 16),
			 "write_bytes", m_range(wr, wr + 511 * 16));
}

static json_t *want_args(struct proc *p)
{
	char *hex = malloc(2 * p->args_len + 1);
	json_t *m;

	for (size_t i = 0; i < p->args_len; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)p->args[i]);
	hex[2 * p->args_len] = 0;
	m = json_pack("{s:s}", "$args", hex);
	free(hex);
	return m;
}

static void put(struct victim *v, const char *key, json_t *val)
{
	json_object_set_new(v->want, key, val);
}

void expect(struct victim *v, const char *key, json_t *val)
{
	if (!v->want)
		case_fail("%s: expectation before its death", v->label);
	put(v, key, val);
}

void expect_usage(struct victim *v, const char *key, s64 lo, s64 hi)
{
	json_object_set_new(json_object_get(v->want, "usage"), key,
			    m_range(lo, hi));
}

/* From the exit call, or the signal, to reapable, at most. A pidfd is readable
 * before that (do_notify_parent() begins with it), so of one that was not waited
 * for, only watched until it was gone, the release alone is known to be later. */
json_t *m_reapable(struct victim *v)
{
	bool vanished = !v->waited && v->rel_hi;

	return m_range(0, (vanished ? v->rel_hi : v->dead_hi) - v->go_ns);
}

bool exit_before_mm(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	return major > 6 || (major == 6 && minor >= 16);
}

static json_t *m_zombie(s64 lo, s64 hi)
{
	return json_pack("{s:[I,I]}", "$zombie", (json_int_t)(lo > 0 ? lo : 0),
			 (json_int_t)hi);
}

/* One left longer than --zombie-after gets its obituary as a zombie, an event
 * for alerting, and another when it goes. */
static void want_zombie(struct victim *v)
{
	put(v, "fate", json_string("zombie"));
	put(v, "reaped_by", json_null());
	put(v, "zombie_ns", json_null());
	put(v, "zombie_err_ns", m_any("no zombie_ns to bound"));
}

static void zombie_event(struct victim *v, s64 hi)
{
	expect_event(
		json_pack("{s:s,s:i,s:o,s:o,s:i,s:O,s:o,s:o,s:o}", "event",
			  "zombie", "tgid", v->pid, "start_boottime",
			  m_ticks(v->p->start), "comm",
			  m_bytes(v->p->comm, strlen(v->p->comm)), "exit_code",
			  v->status, "parent", v->p->parent, "zombie_ns",
			  m_range(ZOMBIE_AFTER, hi + ZOMBIE_SLACK), "boot_ns",
			  m_range(v->dead_lo + ZOMBIE_AFTER,
				  v->dead_hi + hi + ZOMBIE_SLACK),
			  "time", m_some("checked in boot_ns")));
}

static void want_fate(struct victim *v)
{
	s64 lo = (s64)(v->rel_lo - v->dead_hi);
	s64 hi = (s64)(v->rel_hi - v->dead_lo);
	json_t *by;

	if (lo < 0)
		lo = 0;
	if (!v->waited) {
		put(v, "fate", json_string("autoreaped"));
		put(v, "reaped_by", json_null());
		put(v, "zombie_ns", m_zombie(lo, hi));
		put(v, "zombie_err_ns", m_range(0, hi + FREE_LATE));
		return;
	}
	/* a parent that has gone since was read while it lived */
	by = v->reaper == v->p->ppid ? json_incref(v->p->parent) :
				       who_of(v->reaper);
	if (hi < ZOMBIE_AFTER - ZOMBIE_SLACK) {
		put(v, "fate", json_string("waited"));
		put(v, "reaped_by", by);
		put(v, "zombie_ns", m_zombie(lo, hi));
		/* bounded by itself: a zombie is not older than its death */
		put(v, "zombie_err_ns", m_range(0, hi + FREE_LATE));
		return;
	}
	if (lo < ZOMBIE_AFTER + ZOMBIE_SLACK)
		case_again("%s was a zombie for %lld to %lld ns", v->label,
			   (long long)lo, (long long)hi);
	want_zombie(v);
	zombie_event(v, hi);
	expect_event(
		json_pack("{s:s,s:i,s:o,s:o,s:i,s:o,s:o,s:o,s:o,s:o}", "event",
			  "reaped", "tgid", v->pid, "start_boottime",
			  m_ticks(v->p->start), "comm",
			  m_bytes(v->p->comm, strlen(v->p->comm)), "exit_code",
			  v->status, "reaped_by", by, "zombie_ns",
			  m_zombie(lo, hi),
			  /* it was proved a zombie when the event was written */
			  "zombie_err_ns",
			  m_range(0, hi - ZOMBIE_AFTER + FREE_LATE), "boot_ns",
			  m_range(v->rel_lo, v->rel_hi + FREE_LATE), "time",
			  m_some("checked in boot_ns")));
}

static void want_who(struct victim *v)
{
	struct proc *p = v->p;
	u64 born = p->start * 10 * MSEC;
	s64 life = v->exit_lo - born - 10 * MSEC;

	put(v, "tgid", json_integer(p->tgid));
	put(v, "ns_tgid", json_integer(p->ns_tgid));
	put(v, "start_boottime", m_ticks(p->start));
	put(v, "comm", m_bytes(p->comm, strlen(p->comm)));
	put(v, "exe", p->exe ? m_bytes(p->exe, p->exe_len) : json_null());
	put(v, "args", want_args(p));
	put(v, "args_cut",
	    p->args_len <= 256 ? json_integer(0) : m_range(0, p->args_len));
	put(v, "uid", json_integer(p->uid));
	put(v, "gid", json_integer(p->gid));
	/* never set: the kernel's (uid_t)-1, which is nobody's id */
	put(v, "loginuid",
	    p->loginuid == ~0ULL ? json_null() :
	    p->loginuid == UINT32_MAX ?
				   m_or(json_null(), json_integer(UINT32_MAX)) :
				   json_integer(p->loginuid));
	put(v, "sid", json_integer(p->sid));
	put(v, "pgid", json_integer(p->pgid));
	put(v, "tty", m_tty(p->tty_nr));
	put(v, "parent", json_incref(p->parent));
	put(v, "cgroup", json_incref(p->cgroup));
	put(v, "cgroup_hierarchy", json_incref(p->hierarchy));
	put(v, "cgroup_id", json_incref(p->cgroup_id));
	put(v, "container", json_incref(p->container));
	put(v, "pid_ns", json_integer(p->pid_ns));
	put(v, "life_ns", m_range(life > 1 ? life : 1, v->dead_hi - born));
	put(v, "threads", json_integer(p->threads));
	put(v, "execed", json_false());
}

static void want_all(struct victim *v)
{
	if (!v->p || !v->go_ns || !v->dead_hi)
		case_fail("%s: no base or no bounds", v->label);
	v->want = json_object();
	put(v, "event", json_string("obituary"));
	put(v, "time", want_time(v->exit_lo, v->dead_hi));
	put(v, "boot_ns", m_range(v->exit_lo, v->dead_hi));
	want_who(v);
	put(v, "asked_by", json_null());
	put(v, "oom", json_null());
	put(v, "new_parent", json_null());
	put(v, "sigchld", json_string("default"));
	put(v, "pdeath_signal", json_null());
	put(v, "pdeath_tid", json_null());
	put(v, "usage", want_usage(v));
	put(v, "teardown", m_teardown(NULL, 0, 0));
	put(v, "source", json_pack("{s:b}", "$source", 1));
}

void died_exit(struct victim *v, int value)
{
	int status = value & 0xff;

	if ((v->waited || v->told) && v->status != status << 8)
		case_fail("%s: wait4 says %#x, not exit %d", v->label,
			  v->status, status);
	v->status = status << 8;
	want_all(v);
	put(v, "reapable_ns", m_tier(json_null(), m_reapable(v)));
	put(v, "exit_value", json_integer(value));
	put(v, "exit_code", json_integer(v->status));
	put(v, "exit_status", json_integer(status));
	put(v, "truncated", json_boolean(value < -128 || value > 255));
	put(v, "signal", json_null());
	put(v, "core_dumped", m_or(json_null(), json_false()));
	put(v, "meaning", meaning(status));
	put(v, "cause", json_string("exit"));
	put(v, "killer", json_null());
	want_fate(v);
	report_death(v);
}

void died_signal(struct victim *v, int sig, const char *cause, json_t *killer)
{
	if (!v->waited && !v->told)
		v->status = sig;
	if (!WIFSIGNALED(v->status) || WTERMSIG(v->status) != sig)
		case_fail("%s: wait4 says %#x, not %s", v->label, v->status,
			  signal_name(sig));
	want_all(v);
	put(v, "reapable_ns", m_reapable(v));
	put(v, "exit_value", json_null());
	put(v, "exit_code", json_integer(v->status));
	put(v, "exit_status", json_null());
	put(v, "truncated", m_or(json_null(), json_false()));
	put(v, "signal", json_string(signal_name(sig)));
	put(v, "core_dumped", json_boolean(WCOREDUMP(v->status)));
	put(v, "meaning", json_null());
	put(v, "cause", json_string(cause));
	put(v, "killer", killer ? killer : json_null());
	want_fate(v);
	report_death(v);
}

/* ---- single keys ---- */

void expect_autoreaped(struct victim *v, const char *sigchld)
{
	expect(v, "sigchld", json_string(sigchld));
	/* where the parent ignores SIGCHLD nothing marks the instant in the
	 * tracepoint tier (kernel.md section 4) */
	if (json_is_string(json_object_get(v->want, "signal")))
		expect(v, "reapable_ns",
		       m_tier(m_or(json_null(), m_reapable(v)), m_reapable(v)));
}

void expect_zombie(struct victim *v, bool event)
{
	want_zombie(v);
	if (event)
		zombie_event(v, ZOMBIE_AFTER + SEC);
}

void expect_new_parent(struct victim *v, pid_t tgid)
{
	expect(v, "new_parent", who_of(tgid));
}

void expect_asked_by(struct victim *v, json_t *sender, u64 lo, u64 hi)
{
	json_object_set_new(sender, "age_ns",
			    m_range(v->exit_lo > hi ? v->exit_lo - hi : 0,
				    v->dead_hi - lo));
	expect(v, "asked_by", sender);
}

void expect_thread(struct victim *v, pid_t tid)
{
	u64 start = task_start(v->pid, tid);

	if (!start)
		case_fail("%s has no thread %d", v->label, tid);
	expect_no_task(tid, start);
}

/* ---- other events ---- */

static json_t *event(const char *name)
{
	return json_pack("{s:s,s:o,s:o}", "event", name, "time",
			 m_some("checked in boot_ns"), "boot_ns",
			 m_some("an instant"));
}

/* In the tracepoint tier these are sampled, and say so. */
json_t *pdeath_set(struct victim *v, int sig, json_t *parent)
{
	json_t *ev = event("pdeath_set");

	json_object_update(ev, v->p->who);
	json_object_set_new(ev, "tid", json_integer(v->pid));
	json_object_set_new(ev, "signal", json_string(signal_name(sig)));
	json_object_set_new(ev, "parent", parent);
	json_object_set_new(ev, "sampled",
			    m_tier(json_true(),
				   json_pack("{s:b}", "$absent_ok", 0)));
	return ev;
}

json_t *pdeath_send(json_t *dead, bool alive, json_t *target, int sig,
		    bool denied)
{
	json_t *ev = event("pdeath_send");

	json_object_set_new(ev, "dead", dead);
	json_object_set_new(ev, "process_alive", json_boolean(alive));
	json_object_set_new(ev, "target", target);
	json_object_set_new(ev, "signal", json_string(signal_name(sig)));
	json_object_set_new(ev, "denied", json_boolean(denied));
	return ev;
}

json_t *hangup(json_t *from, const char *kind, json_t *target, int sig)
{
	json_t *ev = event("hangup");

	json_object_set_new(ev, "from", from);
	json_object_set_new(ev, "kind", json_string(kind));
	json_object_set_new(ev, "target", target);
	json_object_set_new(ev, "signal", json_string(signal_name(sig)));
	return ev;
}

json_t *optional(json_t *ev)
{
	json_object_set_new(ev, "$optional", json_true());
	return ev;
}
