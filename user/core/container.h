/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * container: the container id that a cgroup path shows.
 * Owns the table of how container engines name their cgroups. Never asks an
 * engine, never does I/O.
 */
#ifndef CORE_CONTAINER_H
#define CORE_CONTAINER_H

#include <stddef.h>

#define CONTAINER_ID_MAX 128	/* longer ones are no ids */

/*
 * Writes the id (no NUL at the end) and returns its length; 0 if the path
 * shows none. The innermost container counts.
 */
size_t container_id(const char *path, size_t len, char out[CONTAINER_ID_MAX]);

#endif
