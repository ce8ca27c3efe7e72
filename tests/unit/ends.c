// SPDX-License-Identifier: GPL-2.0-only
/*
 * ends: made-up obituaries with a teardown, for the tests of what is made of
 * them. Owns their shape. Never checks anything.
 */
#include <stdio.h>
#include <string.h>
#include "ends.h"

#define SEC 1000000000ull

struct obituary *end_of(uint32_t tgid, const char *comm, uint64_t at,
			const struct end_step *s)
{
	static struct end e;
	struct teardown *t = &e.t;
	struct obituary *o = &e.o;
	uint64_t now = at;

	memset(&e, 0, sizeof(e));
	o->tgid = tgid;
	o->start_boottime = at - SEC;
	o->boot_ns = at;
	o->real_ns = (int64_t)(1790000000 * SEC + at);
	o->life_ns = SEC;
	snprintf(o->comm, sizeof(o->comm), "%.15s", comm);
	o->have = 1ULL << OB_TIME | 1ULL << OB_COMM | 1ULL << OB_START |
		  1ULL << OB_LIFE | 1ULL << OB_TEARDOWN;
	o->teardown = t;
	t->boot_ns = at;
	t->off_known = true;
	for (; s->ns; s++) {
		t->steps[t->nr_steps++] = (struct teardown_step){ now, s->ns,
								  s->off_ns,
								  s->phase };
		now += s->ns;
		t->kernel_ns += s->ns;
		t->off_ns += s->off_ns;
		t->phase_ns[s->phase] += s->ns;
		t->phase_off_ns[s->phase] += s->off_ns;
		t->phases |= 1u << s->phase;
	}
	return o;
}

struct obituary *end_in(uint32_t tgid, const char *comm, uint64_t at,
			enum obit_phase phase, uint64_t ns, uint64_t off_ns)
{
	const struct end_step steps[] = { { phase, ns, off_ns }, { 0 } };

	return end_of(tgid, comm, at, steps);
}

const struct obit_hdr *stack_of(uint32_t tgid, uint64_t at, uint64_t boot_ns,
				uint64_t ns, uint32_t flags, const uint64_t *ip,
				uint32_t nr)
{
	static union {
		struct obit_stack s;
		char room[sizeof(struct obit_stack) + 8 * OBIT_STACK_MAX];
	} u;

	memset(&u, 0, sizeof(u));
	u.s.hdr.type = OBIT_EV_STACK;
	u.s.hdr.len = (uint16_t)(sizeof(u.s) + nr * 8);
	u.s.hdr.boot_ns = boot_ns;
	u.s.task = (struct obit_task){ at - SEC, tgid, tgid };
	u.s.ns = ns;
	u.s.flags = (uint16_t)flags;
	u.s.nr = nr;
	memcpy(u.s.ip, ip, nr * 8);
	return &u.s.hdr;
}

const char *made_up_symbol(void *ctx, uint64_t address)
{
	static char names[100][8];

	(void)ctx;
	/* Asked for where it was called from. */
	if (address == -1ull)
		return "do_exit";
	if (address == 9998)
		return "bpf_trampoline_7";
	if (address >= 10000)
		return NULL;
	snprintf(names[address / 100], sizeof(names[0]), "f%u",
		 (unsigned int)(address / 100));
	return names[address / 100];
}
