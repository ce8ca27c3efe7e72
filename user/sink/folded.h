/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * folded: a profile as folded stacks, for flamegraph.pl, speedscope and others:
 * `comm;phase;function;... ns`, a line each. Owns that a name is one frame
 * whatever its bytes. Never decides what is in the profile.
 */
#ifndef SINK_FOLDED_H
#define SINK_FOLDED_H

#include "core/profile/profile.h"

/* After profile_end(). 0 or a negative errno, not told. */
int folded_write(int fd, const struct profile *p);

#endif
