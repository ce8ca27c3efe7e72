/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exepath: the path of an executable as readlink(/proc/TGID/exe) gives it,
 * from what an EXEC record holds. Never does I/O.
 */
#ifndef CORE_EXEPATH_H
#define CORE_EXEPATH_H

#include <stddef.h>
#include <stdint.h>

/* Room that the path of exe_len bytes takes at most. */
#define EXEPATH_ROOM(exe_len) ((size_t)(exe_len) + 2 + sizeof(" (deleted)"))

/*
 * flags: OBIT_EXEC_*. Writes the path to out (EXEPATH_ROOM bytes; no NUL at
 * the end) and returns its length, 0 if no path can be told from the record:
 * half a path would be a wrong one.
 */
size_t exepath_decode(uint32_t flags, const char *exe, size_t exe_len,
		      char *out);

#endif
