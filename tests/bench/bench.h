/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench: what the parts of the workload program share. One static program, for
 * a guest has nothing else. Never judges a figure: run.py does.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* How a process comes and goes: the cycle that is measured. */
enum cycle {
	CYCLE_VFORK,		/* vfork, _exit(0), waitpid */
	CYCLE_EXEC,		/* fork, execve of a static program, waitpid */
	CYCLE_NR
};
extern const char *const cycle_names[CYCLE_NR];

int cycle_parse(const char *name, enum cycle *c);	/* 0 or -1 */
void cycle_once(enum cycle c);
void cycle_init(void);			/* once, before any fork */

int meter_main(int argc, char **argv);
int storm_main(int argc, char **argv);
int stream_main(int argc, char **argv);
int verify_main(int argc, char **argv);

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* Ticks as cheap as they come; in a guest under -icount, instructions. */
static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return clock_ns(CLOCK_MONOTONIC);
#endif
}

void sleep_ms(unsigned int ms);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
