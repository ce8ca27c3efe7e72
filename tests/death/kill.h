/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that does one thing to another and exits 0: the killer of many
 * cases. Its own obituary is expected too.
 */
#ifndef DEATH_KILL_H
#define DEATH_KILL_H

#include "death.h"

/* Forks it as far as its barrier; do_it runs when it is let go. */
struct victim *killer_new(struct victim *target, int sig,
			  int (*do_it)(struct victim *k, pid_t target,
				       int sig));
/* Lets it go at its target, waits for both, and expects an exit 0 of it. */
void killer_strike(struct victim *k, struct victim *target);
int plain_kill(struct victim *k, pid_t target, int sig);
void hold_for_ever(struct victim *v);	/* a body: waits to be killed */

#endif
