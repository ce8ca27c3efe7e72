/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ends: made-up obituaries with a teardown, for the tests of what is made of
 * them. Owns their shape: each began 1 s before it died. Never checks anything.
 */
#ifndef TESTS_ENDS_H
#define TESTS_ENDS_H

#include "core/obituary.h"
#include "core/profile/held.h"
#include "core/teardown.h"

struct end_step {
	enum obit_phase phase;
	uint64_t ns, off_ns;
};

struct end {
	struct obituary o;
	struct teardown t;
};

/* Died at `at`, where its teardown begins; steps end with ns 0. The result is
 * valid until the next call. */
struct obituary *end_of(uint32_t tgid, const char *comm, uint64_t at,
			const struct end_step *steps);
/* The same with one step. */
struct obituary *end_in(uint32_t tgid, const char *comm, uint64_t at,
			enum obit_phase phase, uint64_t ns, uint64_t off_ns);

/* A STACK of that process's only thread, for holding_record(). */
const struct obit_hdr *stack_of(uint32_t tgid, uint64_t at, uint64_t boot_ns,
				uint64_t ns, uint32_t flags, const uint64_t *ip,
				uint32_t nr);
/* "f" and the hundreds of the address; nothing above 10000. A return to 0 is
 * one to do_exit, to 9999 one to a trampoline. */
const char *made_up_symbol(void *ctx, uint64_t address);

#endif
