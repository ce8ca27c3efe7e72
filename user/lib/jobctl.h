/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobctl: standing between a shell and its job without either noticing.
 * Owns all signals that can be caught, from jobctl_begin() to jobctl_end(): a
 * child in our own process group gets those of the terminal by itself; what is
 * sent to us alone is passed on to it, so the hang-up of a terminal whose
 * session we lead; when it stops, we stop. One at a time: signal dispositions
 * belong to the process.
 */
#ifndef LIB_JOBCTL_H
#define LIB_JOBCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A signal that somebody sent us and that was passed on. */
struct jobctl_passed {
	int signal;		/* 0: none was */
	pid_t from;		/* 0: the kernel: the terminal hung up */
	unsigned int uid;
	char comm[16];		/* of the sender; empty: gone already */
};

/* Remembers all dispositions and the mask, then takes them, and blocks every
 * signal until jobctl_watch(): fork in between. */
void jobctl_begin(void);
/* In the child, before exec: as they were when we began. */
void jobctl_child(void);
/*
 * The child is `pid`; 0: there is none after all. is_kin: a process is the child
 * or descends from it. What such a one sends to us it sent to its own group, or
 * to its parent, and the child is not meant (again).
 */
void jobctl_watch(pid_t pid, bool (*is_kin)(pid_t pid));

/*
 * To be called again and again, at the latest 20 ms after a signal: passes
 * signals on, follows stops, waits. True: the child has ended. Whoever sleeps
 * in a system call is woken by SIGCHLD.
 */
bool jobctl_turn(void);
int jobctl_status(void);	/* as wait4(2) gives it, once it has ended */

/* SIGINT, SIGQUIT, SIGHUP or SIGTERM that came after it had ended, from
 * anywhere, or the hang-up that was passed on before: the caller should come to
 * an end. 0: none. */
int jobctl_asked(void);
/* SIGINT came from the terminal while it ran. */
bool jobctl_interrupted(void);
/* When SIGINT or SIGQUIT last came from the terminal, whatever was made of it, in
 * CLOCK_BOOTTIME; 0: never. */
uint64_t jobctl_typed(void);
const struct jobctl_passed *jobctl_passed(void);	/* the last one */

void jobctl_end(void);		/* all as it was */

#endif
