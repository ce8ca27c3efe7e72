/* SPDX-License-Identifier: GPL-2.0 */
/*
 * teardown.h - the places of do_exit() where a step of the teardown begins.
 * Owns the list (teardown.c); hooks.c makes a hook of each that exists.
 */
#ifndef OBIT_TEARDOWN_H
#define OBIT_TEARDOWN_H

#include <uapi/obit.h>

/* A place of another kernel is simply not there. */
struct teardown_place {
	const char *place;
	enum obit_phase phase;
};

extern const struct teardown_place teardown_places[];	/* ends with NULL */

#endif /* OBIT_TEARDOWN_H */
