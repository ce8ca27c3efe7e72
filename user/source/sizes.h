/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sizes: how large the programs' maps are on this machine, and what of it they
 * need not look at. Owns the defaults. Never knows a program.
 */
#ifndef SOURCE_SIZES_H
#define SOURCE_SIZES_H

#include <stdbool.h>
#include <stdint.h>

/* The least power of two of pages that is enough; want 0: 8 MiB. */
uint32_t ring_bytes(uint64_t want);
/* Processes of which something must be remembered: 32768 with the default. */
uint32_t state_entries(uint32_t ring);
/* Some controller is on a hierarchy of version 1, or that cannot be told. */
bool cgroup_v1_mounted(void);

#endif
