/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image: what a process runs: executable and arguments, shared by all that
 * forked from it. Owns its memory, by reference count. Never reads /proc.
 */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit.h>

struct image {
	uint32_t refs;
	uint32_t exe_len, filename_len, args_len, args_cut;
	bool have_args;
	bool scanned;			/* read from /proc at boot_ns */
	bool stale;			/* it was read too late for its holders */
	uint64_t boot_ns;
	char data[];			/* exe, filename, args */
};

struct image *image_new(const struct obit_exec *r);	/* NULL: no memory */
void image_put(struct image *image);			/* NULL is fine */

#endif
