// SPDX-License-Identifier: GPL-2.0-only
/*
 * exepath: from dentry names, leaf first, to a path.
 * Owns nothing. Never guesses: what was cut is not told.
 */
#include <string.h>
#include <uapi/obit.h>

#include "core/exepath.h"

static const char deleted[] = " (deleted)";

static size_t append(char *out, size_t at, const char *p, size_t len)
{
	memcpy(out + at, p, len);
	return at + len;
}

/* "sh\0bin\0usr\0" is /usr/bin/sh: the kernel's walk goes up from the leaf. */
static size_t from_leaf(const char *exe, size_t len, char *out)
{
	size_t end = len, start, at = 0;

	if (!len || exe[len - 1])
		return 0;
	/* The root's own dentry is called "/"; it may have been walked too. */
	if (len >= 3 && !memcmp(exe + len - 3, "\0/", 3))
		end -= 2;
	while (end) {
		start = end - 1;
		while (start && exe[start - 1])
			start--;
		if (start == end - 1 || memchr(exe + start, '/', end - start))
			return 0;
		out[at++] = '/';
		at = append(out, at, exe + start, end - 1 - start);
		end = start;
	}
	return at;
}

/* A memfd's name, perhaps NUL-terminated: d_path() makes "/memfd:x (deleted)". */
static size_t from_pseudo(const char *exe, size_t len, char *out)
{
	len = strnlen(exe, len);
	if (!len)
		return 0;
	out[0] = '/';
	return append(out, 1, exe, len);
}

size_t exepath_decode(uint32_t flags, const char *exe, size_t exe_len,
		      char *out)
{
	size_t at;

	if (flags & (OBIT_EXEC_EXE_CUT | OBIT_EXEC_NO_EXE) || !exe_len)
		return 0;
	if (flags & OBIT_EXEC_PSEUDO)
		at = from_pseudo(exe, exe_len, out);
	else if (flags & OBIT_EXEC_LEAF_FIRST)
		at = from_leaf(exe, exe_len, out);
	else
		at = append(out, 0, exe, strnlen(exe, exe_len));
	if (!at)
		return 0;
	/* What was read from /proc says so itself. */
	if (flags & OBIT_EXEC_SCANNED)
		return at;
	if (flags & (OBIT_EXEC_DELETED | OBIT_EXEC_PSEUDO))
		at = append(out, at, deleted, sizeof(deleted) - 1);
	return at;
}
