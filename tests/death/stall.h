/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long the machine stood still while cases ran: a host that takes the CPU
 * away, or another guest beside. Never seen by a way to die.
 */
#ifndef DEATH_STALL_H
#define DEATH_STALL_H

#include <stdint.h>

/* A thread that sleeps a millisecond at a time, at real-time priority where it
 * may, and looks how much longer that was, as long as the program lives. 0, or an errno. */
int stall_watch(void);
/* The longest it has overslept, in ns. */
uint64_t stall_longest(void);

#endif
