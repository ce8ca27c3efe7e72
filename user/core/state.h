/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state: the inside of struct join, for the six files that share it. Each calls
 * only those before it: notices.c (what is told beside), ending.c (what an end
 * was spent on), compose.c (the obituary), life.c (its end), overdue.c (what
 * does not come), join.c (what each record does). Nobody else includes it.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "core/join.h"
#include "core/procs.h"

struct join {
	struct join_config cfg;
	struct join_ops ops;
	struct procs procs;
	struct cgroups cgroups;
	struct ooms ooms;
	struct hash armed;		/* threads with a parent-death signal */
	struct hash expected;		/* signals that are due by ARMED */
	struct timers expected_by;
	uint64_t now;			/* of the last TICK */
	int64_t real_minus_boot_ns;
	int32_t utc_offset_s;
	uint64_t seen, delivered, failures;
	uint64_t lost_obituaries, lost_records, lost_signals;
	uint64_t lost_at_scan;		/* lost_records when the last one ended */
	uint32_t hdr_lost;		/* greatest so far of any record */
	bool lossy;			/* records have been lost */
	bool teardown;			/* a TEARDOWN of each death is to come */
	bool scanned;			/* a scan of armed threads has ended */
	bool finishing;
	uint64_t sweep_at;		/* 0: none is due */
};

static inline uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static inline uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline int64_t real_ns(const struct join *j, uint64_t boot_ns)
{
	return (int64_t)(boot_ns + (uint64_t)j->real_minus_boot_ns);
}

/* --- notices.c ------------------------------------------------------------- */

int notice_signal(struct join *j, const struct obit_signal *s);
int notice_armed(struct join *j, const struct obit_armed *r);
int notice_expected(struct join *j);	/* at TICK: who was sent none */
/* p has passed exit_notify(): what it was to send has been sent. */
int notice_dead_done(struct join *j, const struct proc *p);
int notice_loss(struct join *j, const struct obit_loss *r);
int notice_pdeath(struct join *j, const struct obit_pdeath *r);
int notice_pdeath_exec(struct join *j, struct proc *p,
		       const struct obit_exec *r);
int notice_pdeath_exit(struct join *j, struct proc *p,
		       const struct obit_exit *r);
int notice_pdeath_scanned(struct join *j, const struct obit_scan *r);
int notice_zombie(struct join *j, struct proc *p, uint64_t boot_ns);
int notice_reaped(struct join *j, struct proc *p, const struct obit_release *r);
void notices_forget(struct join *j, struct proc *p);	/* p is to be freed */
void notices_init(struct join *j);
void notices_fini(struct join *j);

/* --- ending.c -------------------------------------------------------------- */

/* A parent may collect a process that has not yet left its CPU. */
#define ENDING_PATIENCE_NS 100000000ull

/* *whose: the death that it is of, if it is kept. */
int ending_record(struct join *j, const struct obit_teardown *r,
		  struct death **whose);
int ending_freed(struct join *j, const struct obit_freed *r);
int ending_user_exit(struct join *j, const struct obit_user_exit *r);
/* Its TEARDOWN is still to come. */
bool ending_is_owed(const struct join *j, const struct death *d);
/* sent_ns: of the signal that ended it; 0: none. False: it is not known. */
bool ending_build(const struct join *j, const struct proc *p, uint64_t sent_ns,
		  struct teardown *t);

/* --- compose.c ------------------------------------------------------------- */

/*
 * Writes the obituary of p. r: its release, or NULL: it is a zombie still
 * (fate says so), or what became of it is not known.
 */
int compose(struct join *j, struct proc *p, const struct obit_release *r,
	    enum obituary_fate fate);

/* --- life.c ---------------------------------------------------------------- */

/* Forgets p, and that there was more to come. */
int life_forget(struct join *j, struct proc *p);
/* Writes its obituary (compose()) and forgets it. */
int life_end(struct join *j, struct proc *p, const struct obit_release *r,
	     enum obituary_fate fate);
int life_released(struct join *j, const struct obit_release *r);
/* Its TEARDOWN: the last that its obituary waits for. */
int life_accounted(struct join *j, const struct obit_teardown *r);

/* --- overdue.c ------------------------------------------------------------- */

/* p is dead, or has become reapable: --zombie-after counts from here. */
void overdue_from(struct join *j, struct proc *p);
int overdue_state(struct join *j, const struct obit_state *r);
int overdue_tick(struct join *j, const struct obit_tick *r);
void overdue_sweep(struct join *j, uint64_t boot_ns);
/* It was found gone: its obituary, with what became of it if that is certain. */
int overdue_end(struct join *j, struct proc *p);

#endif
