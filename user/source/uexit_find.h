/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uexit_find: from a process to its C library, and to probes in it. Runs in a
 * thread of its own (uexit.c): what it opens belongs to others, and a file
 * system may take as long as it likes. Never looks at a record.
 */
#ifndef SOURCE_UEXIT_FIND_H
#define SOURCE_UEXIT_FIND_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program;
struct finder;

/* Loaded, not attached. exit_call: NULL where the kernel's side shows it. */
struct uexit_programs {
	struct bpf_program *exit, *quick_exit, *exit_call, *libc_start;
};

/* Can there be probes at all? 0, or a negative errno after log_error(). */
int finder_try(const struct uexit_programs *programs);

/* Once *stop is set, nothing is attached to any more. */
struct finder *finder_new(const struct uexit_programs *programs,
			  const volatile bool *stop);
void finder_free(struct finder *f);	/* takes the probes out; NULL is fine */

/* The libraries of this system and of every process that runs. */
void finder_scan(struct finder *f);
/*
 * The library of that process, attached to if need be. True: the process has it
 * mapped, and had the probes in it at the return. start_ticks: as procfs_stat().
 */
bool finder_look(struct finder *f, uint32_t tgid, uint64_t start_ticks);

#endif
