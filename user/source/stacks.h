/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stacks: the timer on each CPU that takes the stacks of ending threads, and
 * the room that the program at a switch of tasks needs (a row of hooks.c). Owns
 * the perf events. Never reads what the programs write: that comes through the
 * ring.
 */
#ifndef SOURCE_STACKS_H
#define SOURCE_STACKS_H

#include <stdint.h>

struct bpf_object;
struct stacks;

/* Before the object is loaded. hz: looks a second, on each CPU; 0: no stacks. */
void stacks_choose(struct bpf_object *object, uint32_t hz);
/* After; with hz 0 *s is NULL. 0 or a negative errno; that running threads can
 * not be sampled is told, and no error. */
int stacks_open(struct stacks **s, struct bpf_object *object, uint32_t hz);
void stacks_close(struct stacks *s);		/* NULL is fine */

#endif
