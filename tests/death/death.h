/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a way to die needs: victims held at a barrier, the facts of /proc read
 * while they wait, the truth of wait4 after, and the obituary to expect.
 * Never includes a header of obit: an expectation that shares code with the
 * thing under test proves nothing.
 */
#ifndef DEATH_H
#define DEATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

typedef uint64_t u64;
typedef int64_t s64;

#define MSEC 1000000LL
#define SEC 1000000000LL
/* What a case builds up to so many of: where all takes long (KASAN), fewer are
 * enough for an end that does. */
#define BUILD_NS (4 * SEC)

/* ---- cases ---- */

enum {
	CASE_LINGER = 1 << 0,	/* its process stays until obit has ended */
	CASE_ALONE = 1 << 1,	/* must not run beside other cases */
	CASE_LAST = 1 << 3,	/* the last thing before obit is interrupted */
	CASE_SLOW = 1 << 2,	/* takes more than half a second */
};

struct death_case {
	const char *name;
	void (*run)(void);
	unsigned int flags;
	const char *what;	/* one line for `death list` */
	struct death_case *next;
};

void case_register(struct death_case *c);
struct death_case *case_first(void);		/* sorted by name */
struct death_case *case_find(const char *name);

#define DEATH_CASE(name_, fn_, flags_, what_)				\
	static void fn_(void);						\
	__attribute__((constructor)) static void register_##fn_(void)	\
	{								\
		static struct death_case c = {				\
			name_, fn_, flags_, what_, NULL };		\
		case_register(&c);					\
	}								\
	static void fn_(void)

/* A routine of a victim that execs: `death victim NAME ...`. */
struct death_routine {
	const char *name;
	int (*main)(int argc, char **argv);
	struct death_routine *next;
};

void routine_register(struct death_routine *r);
int routine_main(int argc, char **argv);

#define DEATH_ROUTINE(name_, fn_)					\
	static int fn_(int argc, char **argv);				\
	__attribute__((constructor)) static void register_##fn_(void)	\
	{								\
		static struct death_routine r = { name_, fn_, NULL };	\
		routine_register(&r);					\
	}								\
	static int fn_(int argc __attribute__((unused)),		\
		       char **argv __attribute__((unused)))

/* The rest of a case is void: each of these ends the case process. */
void case_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void case_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
/* The machine was too slow for what the case wanted to show: run it again. */
void case_again(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Set-up that cannot fail on a sane machine: a failure is the case's own. */
#define MUST(expr)							\
	({								\
		typeof(expr) v_ = (expr);				\
		if ((long)v_ == -1)					\
			case_fail("%s: %m", #expr);			\
		v_;							\
	})

/* Runs a case in the calling process, writes its report to fd and exits. */
void case_main(struct death_case *c, int fd) __attribute__((noreturn));

/* ---- what /proc says of a living process ---- */

struct proc {
	pid_t tgid, ns_tgid, ppid, pgid, sid;
	u64 start;		/* clock ticks since boot */
	unsigned int tty_nr, threads;
	uid_t uid;
	gid_t gid;
	u64 loginuid;		/* ~0 where the kernel has none */
	u64 pid_ns;		/* inode */
	char comm[64];
	size_t exe_len, args_len;
	char *exe, *args;	/* raw bytes; args as in cmdline */
	json_t *who;		/* {tgid, start_boottime, comm} */
	json_t *parent;		/* the same of its parent, null if gone */
	json_t *cgroup, *hierarchy, *cgroup_id, *container;
};

/* Both end the case if the process cannot be read. */
struct proc *proc_read(pid_t tgid);
json_t *who_of(pid_t tgid);
/* A killer or sender: who_of plus tid, uid and signal name. */
json_t *killer_of(pid_t tgid, pid_t tid, int sig);
u64 task_start(pid_t tgid, pid_t tid);	/* ticks; 0 if gone */
bool task_exiting(pid_t tgid);		/* PF_EXITING, or gone */
bool task_state(pid_t tgid, pid_t tid, char state);

/* ---- victims ---- */

struct victim {
	char label[16];	/* its comm too */
	pid_t pid;		/* tgid in the initial namespace */
	int fd[2];		/* [0] the case's end, [1] the victim's */
	int pidfd;		/* -1 if none */
	u64 go_ns;		/* let go, or struck: the death began after */
	u64 exit_lo;		/* it was not exiting then */
	u64 dead_lo, dead_hi;	/* CLOCK_BOOTTIME bounds of the death */
	u64 rel_lo, rel_hi;	/* bounds of the release */
	bool waited;		/* status and ru come from wait4 */
	bool told;		/* status comes from PIDFD_GET_INFO */
	bool breeds;		/* reaped children: ru is with theirs */
	int status;
	struct rusage ru;
	pid_t reaper;		/* who called wait4 */
	int peek_code, peek_status;	/* waitid(WNOWAIT): si_code, si_status */
	volatile int word[8];	/* free for the case: shared memory */
	volatile u64 stamp[8];
	/* of use in the case process alone */
	struct proc *p;
	json_t *want;
};

struct victim *victim_new(const char *label);
/* Forks a child that runs body and must not return from it. */
pid_t victim_fork(struct victim *v, void (*body)(struct victim *));
/* The same by clone(flags | exit signal), without a new stack. */
pid_t victim_clone(struct victim *v, unsigned long flags,
		   void (*body)(struct victim *));
/* Forks and execs `exe victim NAME args...`; exe NULL is ourselves. */
pid_t victim_exec(struct victim *v, const char *exe, const char *name, ...);
/* In the child already: the exec alone. */
void victim_become(struct victim *v, const char *exe, const char *name, ...)
	__attribute__((noreturn));

/* In the victim: says it is ready and waits to be let go. */
void victim_hold(struct victim *v);
void routine_hold(void);	/* the same after an exec */
void routine_say(void);		/* ready, without waiting */
/* In the case: waits until it holds; learns its pid. */
void victim_meet(struct victim *v);
/* In the case: meets it and reads its facts from /proc. */
void victim_base(struct victim *v);
void victim_reread(struct victim *v);
/* Its parent died: whom it has now is read again, the rest stays. */
void victim_adopted(struct victim *v);
void victim_go(struct victim *v);
/* It dies of what comes next, without being let go. */
void victim_doom(struct victim *v);

/* In the parent, wherever it runs: peek, then reap, with clock bounds. */
void victim_peek(struct victim *v);
void victim_reap(struct victim *v);
void victim_wait(struct victim *v);	/* both */
/* Death seen by pidfd, for those nobody can wait for. */
void victim_gone(struct victim *v);
void victim_open(struct victim *v);	/* pidfd, before the death */

u64 boot_ns(void);
void nap_ms(int ms);
void burn_ms(int ms);
void thread_start(void (*fn)(struct victim *), struct victim *v);
const char *self_path(void);
void copy_self(const char *to);	/* the program, executable */
const char *scratch(void);	/* a private folder, removed at the end */
int set_handler(int sig, void (*fn)(int));
bool wait_until(bool (*fn)(void *), void *arg, int ms);
int sys_tgkill(pid_t tgid, pid_t tid, int sig);
pid_t sys_gettid(void);
void sys_exit(int value) __attribute__((noreturn));	/* this thread alone */

/* ---- what to expect ---- */

/* Ends with the expectation v->want, every key of the contract filled. */
void died_exit(struct victim *v, int value);
/* killer: stolen; NULL for none. */
void died_signal(struct victim *v, int sig, const char *cause, json_t *killer);
void expect(struct victim *v, const char *key, json_t *val);	/* steals */
void expect_usage(struct victim *v, const char *key, s64 lo, s64 hi);
/* It was its kernel that reaped it: autoreaped, nobody waited. */
void expect_autoreaped(struct victim *v, const char *sigchld);
/* Nobody ever reaps it: its obituary is a zombie's, with an event of it if it
 * is left for longer than --zombie-after. */
void expect_zombie(struct victim *v, bool event);
void expect_new_parent(struct victim *v, pid_t tgid);
/* age_ns of asked_by: sent between lo and hi. */
void expect_asked_by(struct victim *v, json_t *sender, u64 lo, u64 hi);
void expect_event(json_t *ev);		/* steals */
void expect_no_task(pid_t tid, u64 start);	/* a thread: no obituary */
void expect_thread(struct victim *v, pid_t tid);

json_t *pdeath_set(struct victim *v, int sig, json_t *parent);
json_t *pdeath_send(json_t *dead, bool alive, json_t *target, int sig,
		    bool denied);
json_t *hangup(json_t *from, const char *kind, json_t *target, int sig);
json_t *optional(json_t *ev);		/* may come or not */
json_t *event_who(pid_t tgid, pid_t tid);	/* {tgid, start, tid, comm} */

/* ---- matchers: JSON objects with one key that begins with $ ---- */

json_t *m_range(s64 lo, s64 hi);
json_t *m_any(const char *why);		/* even absent */
json_t *m_some(const char *why);	/* anything but null */
json_t *m_or(json_t *a, json_t *b);
json_t *m_tier(json_t *tracepoints, json_t *fentry);
json_t *m_ticks(u64 ticks);
json_t *m_bytes(const void *buf, size_t len);
json_t *m_tty(unsigned int nr);
json_t *m_reapable(struct victim *v);	/* bounds of its reapable_ns */
/* A teardown that adds up; whose longest phase is one of `most`, separated by
 * commas (NULL: any), and took so long. Then: nearly all of that asleep; the
 * whole of it took so long. */
json_t *m_teardown(const char *most, s64 lo, s64 hi);
json_t *m_asleep(json_t *teardown);
json_t *m_whole(json_t *teardown, s64 lo, s64 hi);

/* From 6.16 on sched_process_exit comes before the memory is given back. */
bool exit_before_mm(void);

const char *signal_name(int sig);	/* static buffer, two at a time */

/* ---- the runner ---- */

int run_main(int argc, char **argv);
int fake_main(int argc, char **argv);
int selftest_main(int argc, char **argv);

#endif
