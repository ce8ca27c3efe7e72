/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * obituary: the joined record of one death, the notices that go beside it, and
 * the table that says what every key is. Sinks, filters, SQL, metrics and docs
 * iterate the table; nobody else lists keys.
 * Never does I/O; owns no memory: strings belong to whoever emits the record
 * and are valid until that call returns.
 */
#ifndef CORE_OBITUARY_H
#define CORE_OBITUARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>

struct teardown;			/* core/teardown.h */

/* Which facts are known: bits of obituary.have. A clear bit is JSON null. */
enum obituary_have {
	OB_TIME,
	OB_REAPABLE,
	OB_NS_TGID,
	OB_COMM,
	OB_EXE,
	OB_FILENAME,
	OB_ARGS,
	OB_UID,
	OB_GID,
	OB_LOGINUID,
	OB_SID,
	OB_PGID,
	OB_TTY,
	OB_PARENT,
	OB_CGROUP,
	OB_CGROUP_ID,
	OB_CONTAINER,
	OB_PID_NS,
	OB_LIFE,
	OB_THREADS,
	OB_EXECED,
	OB_EXIT_VALUE,
	OB_EXIT_CODE,
	OB_EXIT_STATUS,
	OB_TRUNCATED,
	OB_SIGNAL,
	OB_CORE,
	OB_MEANING,
	OB_KILLER,
	OB_ASKED_BY,
	OB_OOM,
	OB_OOM_CGROUP,
	OB_OOM_BY,
	OB_OOM_RSS,
	OB_REAPED_BY,
	OB_NEW_PARENT,
	OB_ZOMBIE_NS,
	OB_SIGCHLD,
	OB_PDEATH,
	OB_USAGE,
	OB_TEARDOWN,
	OB_START,
	OB_ALWAYS,			/* never null; need not be set */
	OB_HAVE_NR
};
_Static_assert(OB_HAVE_NR <= 64, "have is a 64-bit set");

enum obituary_cause {
	CAUSE_EXIT,
	CAUSE_SIGNAL,
	CAUSE_OOM,
	CAUSE_PDEATH,
	CAUSE_HANGUP,
	CAUSE_ORPHANED_PGRP,
	CAUSE_PIDNS,
	CAUSE_EXITKILL,
	CAUSE_CGROUP_KILL,
	CAUSE_PIDFD_AUTOKILL,
	CAUSE_TERMINAL,
	CAUSE_SECCOMP,
	CAUSE_OOPS,
	CAUSE_FAULT,
	CAUSE_SELF,
	CAUSE_UNKNOWN,
	CAUSE_NR
};

enum obituary_fate {
	FATE_UNKNOWN,
	FATE_WAITED,
	FATE_AUTOREAPED,
	FATE_PTRACE_WAITED,
	FATE_ZOMBIE,
	FATE_NR
};

enum obituary_source {
	SOURCE_BPF,
	SOURCE_KMOD,
	SOURCE_NR,			/* of witnesses */
	SOURCE_PIDFD = SOURCE_NR,	/* none: by what the dead had left */
	SOURCE_NAMES_NR
};

/* JSON spellings. The two by ABI number have NULL for "unknown" and "none". */
extern const char *const cause_names[CAUSE_NR];
extern const char *const fate_names[FATE_NR];
extern const char *const source_names[SOURCE_NAMES_NR];
#define SIGCHLD_NR (OBIT_SIGCHLD_NONE + 1)
#define HIERARCHY_NR (OBIT_HIER_SYSTEMD + 1)
extern const char *const sigchld_names[SIGCHLD_NR];
extern const char *const hierarchy_names[HIERARCHY_NR];

/* A process or thread as another record names it. */
struct person {
	uint64_t start_boottime;	/* ns; 0 unknown (JSON null) */
	uint32_t tgid;			/* 0: the kernel, or unknown */
	uint32_t tid;
	uint32_t uid;
	int32_t signal;			/* killer, asked_by */
	uint64_t age_ns;		/* asked_by: from sending to death */
	char comm[OBIT_COMM_LEN];	/* bytes, NUL-padded */
};

/* Names it alone: no uid, signal, age. comm: of OBIT_COMM_LEN bytes. */
void person_set(struct person *p, const struct obit_task *t, const char *comm);

/* Bytes with a length; p may be NULL. */
struct span {
	const char *p;
	size_t len;
};

struct obituary {
	uint64_t have;			/* 1 << enum obituary_have */
	uint64_t boot_ns;		/* last thread's sched_process_exit */
	int64_t real_ns;		/* the same, CLOCK_REALTIME */
	int32_t utc_offset_s;
	uint64_t reapable_ns;		/* duration */

	uint32_t tgid, ns_tgid;
	uint64_t start_boottime;
	char comm[OBIT_COMM_LEN];
	struct span exe, filename;
	struct span args;		/* NUL-terminated strings, in a row */
	uint32_t args_cut;		/* bytes */
	uint32_t uid, gid, loginuid, sid, pgid;
	struct span tty;		/* "pts/3" */
	struct person parent;
	struct span cgroup, container;
	uint8_t cgroup_hierarchy;	/* enum obit_hierarchy */
	uint64_t cgroup_id;
	uint32_t pid_ns;
	uint64_t life_ns;
	uint32_t threads;
	bool execed;

	int32_t exit_value;
	uint32_t exit_code;
	uint32_t exit_status;
	bool truncated;
	int32_t signal;
	bool core_dumped;
	const char *meaning;		/* static */
	enum obituary_cause cause;
	struct person killer, asked_by;
	bool killer_lives;		/* a mere thread of it ended, or none:
					 * for the words, it is no key */
	struct {
		struct span cgroup;
		struct person by;
		uint64_t rss_kb;
	} oom;

	enum obituary_fate fate;
	struct person reaped_by, new_parent;
	uint64_t zombie_ns, zombie_err_ns;
	uint8_t sigchld;		/* enum obit_sigchld */
	int32_t pdeath_signal;
	uint32_t pdeath_tid;
	struct obit_usage
		usage; /* utime and stime scaled to cpu_ns as wait4 does */
	uint64_t sampled_ns;		/* of ticks, which that scale rests on */
	const struct teardown *teardown; /* OB_TEARDOWN; else NULL */
	enum obituary_source source;
};

static inline bool obituary_has(const struct obituary *o, enum obituary_have h)
{
	return o->have >> h & 1;
}

static inline void obituary_set(struct obituary *o, enum obituary_have h)
{
	o->have |= 1ULL << h;
}

/* What is told beside obituaries, in the same stream. */
enum notice_type {
	NOTICE_PDEATH_SET,
	NOTICE_PDEATH_CLEAR,
	NOTICE_PDEATH_SEND,
	NOTICE_HANGUP,
	NOTICE_ZOMBIE,
	NOTICE_REAPED,
	NOTICE_DISSENT,
	NOTICE_LOST,
	NOTICE_NR
};
extern const char *const notice_names[NOTICE_NR];	/* JSON "event" */

enum notice_have {
	NB_SIGNAL,
	NB_OTHER,
	NB_TARGET,
	NB_REASON,
	NB_EXIT_CODE,
	NB_ZOMBIE_NS,
	NB_WHO,
	NB_KEY,
	NB_COUNT,
	NB_SAMPLED,
	NB_KIND,
	NB_HAVE_NR
};

/*
 * One struct for all notices, as they are few and small:
 * @who:    pdeath_set/clear: the thread; pdeath_send: `dead`; hangup: `from`;
 *          zombie/reaped: the process
 * @other:  pdeath_set: `parent` thread; zombie: `parent`; reaped: `reaped_by`
 * @target: pdeath_send, hangup
 * @kind:   hangup kind; lost kind; static string
 * @reason: pdeath_clear, lost; static string
 */
struct notice {
	enum notice_type type;
	uint32_t have;			/* 1 << enum notice_have */
	uint64_t boot_ns;
	int64_t real_ns;
	int32_t utc_offset_s;
	struct person who, other, target;
	int32_t signal;
	uint32_t exit_code;
	uint64_t zombie_ns, zombie_err_ns;
	bool sampled, process_alive, denied;
	const char *kind, *reason, *key;
	uint64_t count;
	enum obituary_source source;	/* lost: by whom */
	struct span bpf, kmod;		/* dissent: the two values as JSON */
};

/* --- the field table ----------------------------------------------------- */

enum field_type {
	F_U32,
	F_U64,
	F_S32,
	F_BOOL,
	F_TIME,
	F_DURATION,
	F_COMM,
	F_TEXT,
	F_ARGS,
	F_SIGNAL,
	F_CAUSE,
	F_FATE,
	F_SIGCHLD,
	F_HIERARCHY,
	F_CSTR,
	F_SOURCE,
	F_EVENT,
	F_TYPE_NR
};

enum field_avail { AVAIL_REQUIRED, AVAIL_WHEN_SEEN, AVAIL_IMPOSSIBLE };
enum tier { TIER_TRACEPOINTS, TIER_FENTRY, TIER_KMOD, TIER_NR };
extern const char
	*const tier_names[TIER_NR]; /* "tracepoints", "fentry", "kmod" */

/* How two witnesses are compared (--source both). */
enum field_compare { CMP_EXACT, CMP_WITHIN, CMP_NONE };

/* By how much a CMP_WITHIN value may be off; how much that is, and why:
 * core/both/compare.c. */
enum field_margin {
	MARGIN_NONE,			/* by nothing */
	MARGIN_INSTANT,
	MARGIN_SPAN,			/* from one instant to another */
	MARGIN_ZOMBIE,			/* a span, and zombie_err_ns */
	MARGIN_CPU,
	MARGIN_SPLIT,			/* of CPU time into user and system */
	MARGIN_SWITCH,			/* of a count of context switches */
	MARGIN_PREEMPTED,		/* of those that it did not ask for */
	MARGIN_THREAD,			/* of a count of threads */
	MARGIN_MASK,			/* of whether SIGCHLD was blocked */
	MARGIN_RSS,
	MARGIN_ASLEEP,			/* of the time a teardown did not run */
	MARGIN_STEP,			/* of a stretch of the teardown */
	MARGIN_NR
};

/*
 * @key:    dotted where the JSON nests: "parent.tgid", "oom.by.tgid". Rows of
 *          one object are contiguous
 * @have:   the bit that says the value is known. An object in an object
 *          ("oom.by") is null as a whole while its rows' bit is clear
 * @object: the same for the outermost object ("oom"); rows that are not nested
 *          have it equal to @have. An @object bit that is clear means that all
 *          the rows' bits are
 * @zero_null: a value of 0 is null ("parent.start_boottime": not known)
 * @margin: where @compare is CMP_WITHIN
 * @at_release: final only when it has been released: what is told of a zombie
 *          is not compared with what is told of one that has been reaped
 * @in_teardown: @offset, and @flag, are of struct teardown
 * @phase:  there: known if this one was there; OBIT_PHASE_NR: it is of none
 * @flag:   there: of the bool that says whether it is known; 0: always
 * @otel:   OpenTelemetry attribute name
 * @avail, @why: by tier; why is one sentence (for required ones: from where)
 * @kernel_note: what differs by kernel version, or NULL
 */
struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	enum obituary_have have;
	const char *otel;
	enum field_compare compare;
	enum field_avail avail[TIER_NR];
	const char *why[TIER_NR];
	const char *kernel_note;
	const char *help;
	enum obituary_have object;
	bool zero_null;
	enum field_margin margin;
	bool at_release;
	bool in_teardown;
	uint8_t phase;
	size_t flag;
};

extern const struct field obituary_fields[];	/* ends with key NULL */
const struct field *obituary_field(const char *key, size_t len);	/* or NULL */

static inline bool field_known(const struct field *f, const struct obituary *o)
{
	return f->have == OB_ALWAYS || o->have >> f->have & 1;
}

#endif
