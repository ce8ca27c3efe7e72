/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flame: a profile as a picture, in one SVG file that needs nothing else.
 * Owns how it looks. It can be read without its script, which only zooms.
 * Never decides what is in the profile.
 */
#ifndef SINK_FLAME_H
#define SINK_FLAME_H

#include "core/profile/profile.h"

/* @title, @subtitle: a line each, of our own words */
struct flame_look {
	const char *title, *subtitle;
};

/* After profile_end(). 0 or a negative errno, not told. */
int flame_write(int fd, const struct profile *p, const struct flame_look *look);

#endif
