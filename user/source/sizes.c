// SPDX-License-Identifier: GPL-2.0-only
/*
 * sizes: how large the programs' maps are on this machine, and what of it they
 * need not look at. Owns the defaults. Never knows a program.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "source/sizes.h"

#define RING_DEFAULT	(8ULL << 20)

uint32_t ring_bytes(uint64_t want)
{
	uint64_t size = sysconf(_SC_PAGESIZE);

	if (!want)
		want = RING_DEFAULT;
	while (size < want && size < 1ULL << 30)
		size <<= 1;
	return size;
}

uint32_t state_entries(uint32_t ring)
{
	uint32_t n = ring / 256;

	return n < 256 ? 256 : n > 1 << 20 ? 1 << 20 : n;
}

bool cgroup_v1_mounted(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[512];
	bool v1 = false;

	if (!f)
		return true;	/* cannot tell: the programs look */
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "0::", 3))
			v1 = true;
	fclose(f);
	return v1;
}
