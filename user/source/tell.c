// SPDX-License-Identifier: GPL-2.0-only
/*
 * tell: what live sources say of themselves, in records of their own: that
 * teardowns will be told, and what was lost. Never a fact about a process.
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

int source_loss(const struct emit *to, uint32_t kind, uint32_t reason,
		uint64_t count)
{
	struct obit_loss loss = {
		.hdr = { .type = OBIT_EV_LOSS,
			 .len = sizeof(loss),
			 .boot_ns = boot_now() },
		.kind = kind,
		.reason = reason,
		.count = count,
	};

	return to->event(to->ctx, &loss.hdr);
}

int source_losses(const struct emit *to,
		  const __u64 (*counters)[OBIT_LOST_REASON_NR],
		  uint64_t (*told)[OBIT_LOST_REASON_NR])
{
	uint32_t kind, reason;
	uint64_t now, n;
	int err;

	for (kind = 0; kind < OBIT_LOST_KIND_NR; kind++)
		for (reason = 0; reason < OBIT_LOST_REASON_NR; reason++) {
			now = __atomic_load_n(&counters[kind][reason],
					      __ATOMIC_RELAXED);
			n = now - told[kind][reason];
			if (!n)
				continue;
			told[kind][reason] = now;
			err = source_loss(to, kind, reason, n);
			if (err)
				return err;
		}
	return 0;
}
