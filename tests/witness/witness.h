/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the storm and the shapes of death share: chance, births that are
 * counted, and the page all processes of a storm have in common. Nothing here
 * knows of obit: it is the load, never the judge.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SHAPES_MAX 64

/* Mapped by all of them; an exec leaves it. */
struct common {
	u64 made;		/* births, each counted by who gave it */
	u64 failed;		/* who could not die as they should */
	u64 serial;		/* of files in dir */
	u64 chosen[SHAPES_MAX];	/* by shape */
	char dir[64];		/* scratch, without a / at its end */
	char exe[80];		/* a copy of this program, in dir */
};

extern struct common *common;

/* ---- chance: storm.c. The generator is each process's own. ---- */

unsigned int chance(unsigned int below);
void nap_us(unsigned int us);

/* ---- births: storm.c ---- */

/*
 * fork(2), counted. Of who gives birth before it is killed, that is: so the
 * count is never more than there are. The child has a generator seeded by its
 * parent's, and a few seconds to live, which an exec does not change.
 */
pid_t birth(void);
void count_birth(void);
/* A child that dies in a shape by chance, @depth generations from the storm. */
pid_t start(int depth);

/* ---- shapes: shapes.c ---- */

struct shape {
	const char *name;
	void (*die)(int depth);	/* does not return */
};

extern const struct shape shapes[];
extern const int nr_shapes;

/* What an exec has made of a process; argv[1] says which. -1: no such. */
int reborn(int argc, char **argv);
/* Says what did not work, and is counted. */
void cannot(const char *what) __attribute__((noreturn));

#endif
