// SPDX-License-Identifier: GPL-2.0-only
/*
 * begins: what a live source says before its first record.
 * Never a fact about a process.
 */
#include "lib/clock.h"
#include "source/source.h"

int source_teardown_begins(const struct emit *to)
{
	struct obit_teardown none = {
		.hdr = { .type = OBIT_EV_TEARDOWN,
			 .len = sizeof(none),
			 .boot_ns = boot_now() },
	};

	return to->event(to->ctx, &none.hdr);
}
