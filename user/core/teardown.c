/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * teardown: where the end of one process spent its time.
 * Owns how TEARDOWN, FREED, USER_EXIT and the instants of the other records
 * become phases that add up. Never asks the clock; never prints.
 */
#include "core/teardown.h"

const char *const phase_names[OBIT_PHASE_NR] = {
#define OBIT_X(NAME, name) [OBIT_PHASE_##NAME] = name,
	OBIT_PHASES(OBIT_X)
#undef OBIT_X
};

enum obit_phase teardown_slowest(const struct teardown *t)
{
	enum obit_phase p, slowest = OBIT_PHASE_OTHER;

	for (p = 0; p < OBIT_PHASE_NR; p++)
		if (t->phase_ns[p] > t->phase_ns[slowest])
			slowest = p;
	return slowest;
}
