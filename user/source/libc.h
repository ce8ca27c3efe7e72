/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libc: what a C library is, as a file: its name among what a process has
 * mapped, the loader a program asks for, and where in it an end begins.
 * Never trusts a file to be what it says; never attaches anything to it.
 */
#ifndef SOURCE_LIBC_H
#define SOURCE_LIBC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger ones are read as no library: whoever made them was up to something. */
#define LIBC_BYTES_MAX	(64 << 20)
#define LIBC_PLACES_MAX	4

enum libc_place {
	LIBC_EXIT,		/* exit(3) */
	LIBC_QUICK_EXIT,	/* quick_exit(3) */
	LIBC_EXIT_CALL,		/* _exit(2), which all ends by oneself come to */
	LIBC_START,		/* where every program's start passes */
	LIBC_PLACE_NR
};

/* Offsets in the file; several where symbol versions are different functions. */
struct libc_places {
	unsigned int nr[LIBC_PLACE_NR];
	uint64_t at[LIBC_PLACE_NR][LIBC_PLACES_MAX];
};

/* Is a file of this path a C library, by name? Up to `len` bytes. */
bool libc_named(const char *path, size_t len);

/*
 * A line of /proc/TGID/maps: is it the code of a C library? Then the addresses
 * and the path as it stands there (" (deleted)" included).
 */
struct libc_map {
	uint64_t start, end;
	char path[PATH_MAX];
};
bool libc_map(const char *line, struct libc_map *m);

/*
 * Reads the dynamic symbols. 0; -ENOEXEC: no library that this machine can run;
 * -ENOENT: it has no exit(3); or another negative errno.
 */
int libc_places(int fd, struct libc_places *p);

/* The loader that a program asks for (PT_INTERP), NUL-terminated. 0; -ENOENT: it
 * is static; -ENOEXEC: no program that this machine can run; -ENAMETOOLONG. */
int libc_loader(int fd, char *path, size_t size);

/*
 * A regular file, opened for reading as a process whose root folder is `root`
 * (open, O_PATH) would; links do not lead out of there.
 * The descriptor, or a negative errno. It may take as long as the file system.
 */
int libc_open(int root, const char *path);
/* The same of a link of /proc, which leads to the file itself. */
int libc_open_link(const char *link);
/*
 * The C library that belongs to that loader: musl's is the loader, glibc's lies
 * beside it. As libc_open().
 */
int libc_of_loader(int root, const char *loader);

#endif
