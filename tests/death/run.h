/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of the suite: its options, its draws and their reports, shared by
 * the parts of the runner. Never seen by a way to die.
 */
#ifndef DEATH_RUN_H
#define DEATH_RUN_H

#include "death.h"
#include "stream.h"

#define CASES_MAX 4000
/* So many cases can be wrong by a machine that stands still now and then; more
 * are wrong by themselves. */
#define AGAIN_MAX 8
#define STOOD_STILL_NS (20 * MSEC)

struct draw {			/* one time a case was run */
	struct death_case *c;
	pid_t pid;		/* its process, 0 once reaped */
	u64 ticks;		/* start time of that process */
	int fd;			/* its report comes here, -1 once read */
	char *buf;
	size_t len;
	u64 started;
	int tries;
	int status;		/* of its process, from waitpid */
	bool done, lingers;
	bool late;		/* the runner itself let it lie */
	json_t *report;
	char fail[512];		/* why it never got as far as a report */
	json_t *errs;		/* what judge found */
};

struct run {
	/* options */
	const char *obit, *source, *keep;
	const char *
		tier; /* what exactness is expected: the module's is fentry's */
	bool module;		/* it is watched by the module, perhaps among others */
	const char *names[256];
	int nr_names, jobs, random;
	bool once;		/* what is wrong is wrong at the first try */
	unsigned long seed;
	bool storm;
	/* state */
	char dir[256], out[300], err[300];
	pid_t obit_pid;
	bool obit_ended;
	int obit_status;
	struct stream s;
	struct draw *draws;
	int nr_draws, nr_first;	/* from nr_first on: CASE_LAST */
	struct storm *st;
	u64 reaped_at;		/* when it last looked for dead children */
	bool slow;		/* that was long ago */
	json_t *required;	/* keys that must never be null */
	const char *required_from;
	int passed, failed, skipped;
	u64 stood_still;	/* ns: the machine, at most, while cases ran */
	struct death_case *again[AGAIN_MAX]; /* to be tried once more */
	int nr_again;
};

/* obit.c: the program under test */
int owed_ms(void);		/* how long to wait for what it owes */
int obit_start(struct run *r);		/* 0, or why on stderr */
void obit_stop(struct run *r);
bool obit_alive(struct run *r);
extern const char *const floor_keys[];
void obit_required(struct run *r);
void feed(const char *kind, json_t *what);	/* steals; to a fake obit */

/* storm.c */
struct storm *storm_start(void);
pid_t storm_pid(struct storm *st);
void storm_end(struct storm *st);	/* stops it and waits */
bool storm_missing(struct run *r, struct storm *st);
/* Number of storm processes told wrongly; the first goes to why. */
int storm_judge(struct run *r, struct storm *st, int *total, char *why,
		size_t size);

/* judge.c */
bool judge_missing(struct run *r);	/* something expected is not there */
json_t *judge_self(struct draw *d);	/* expected of a case's process */
void judge(struct run *r);		/* compares, prints, counts */

#endif
