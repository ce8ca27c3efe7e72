// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * uexit: the end of a process as its C library begins it. Owns the USER_EXIT
 * records that come from probes in a C library, and the EXIT_CALL of there; which
 * files those are is the loader's to find. Never what the kernel does with an
 * end: exit.bpf.c.
 *
 * They run in the process's own context, preemptible or not, at a breakpoint in
 * its memory: the clock here is up to a microsecond behind the call.
 */
#include "obit.bpf.h"

static __always_inline int user_exit_record(u32 flags)
{
	struct obit_user_exit *r =
		record_begin(OBIT_EV_USER_EXIT, sizeof(*r), OBIT_LOST_CONTEXT);

	if (!r)
		return 0;
	fill_current(&r->task, NULL);
	r->flags = flags;
	r->pad = 0;
	record_end(r);
	return 0;
}

/* exit(3), at the very address that main's return runs through, too. */
SEC("uprobe")
int uprobe__exit(struct pt_regs *ctx)
{
	return user_exit_record(0);
}

SEC("uprobe")
int uprobe__quick_exit(struct pt_regs *ctx)
{
	return user_exit_record(OBIT_USER_EXIT_QUICK);
}

/* _exit(2), the end of both: only attached where nothing in the kernel tells. */
SEC("uprobe")
int uprobe__exit_call(struct pt_regs *ctx)
{
	struct obit_exit_call *r =
		record_begin(OBIT_EV_EXIT_CALL, sizeof(*r), OBIT_LOST_CONTEXT);

	if (!r)
		return 0;
	fill_current(&r->task, NULL);
	record_end(r);
	return 0;
}

/*
 * Where a program's start enters the C library: an image that comes here has
 * the probes above in its memory, for they were put there with this one when
 * the library was mapped.
 */
SEC("uprobe")
int uprobe__libc_start(struct pt_regs *ctx)
{
	return user_exit_record(OBIT_USER_EXIT_COVERED);
}
