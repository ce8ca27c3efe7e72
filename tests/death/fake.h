/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON made from expectations: fitting, or with one leaf that does not. For
 * the false obit and the self-test. Never included by a way to die.
 */
#ifndef DEATH_FAKE_H
#define DEATH_FAKE_H

#include "death.h"

struct faker {
	const char *tier;
	bool low;		/* spoil below a range, not above */
	int bad;
	char path[200];		/* of the leaf made wrong */
	bool vain;		/* any value fits there */
	s64 err_ns;
};

json_t *fake_object(struct faker *f, json_t *want);
extern const char *const floor_keys[];	/* NULL ends */

/* NULL when there is no such leaf. */
json_t *fake_wrong(struct faker *f, json_t *want, int leaf);

#endif
