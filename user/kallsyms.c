// SPDX-License-Identifier: GPL-2.0-only
/*
 * kallsyms: the kernel's functions by address. Owns what is a function there.
 * Never knows another machine's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kallsyms.h"
#include "lib/buf.h"

/* @name: offset in names */
struct symbol {
	uint64_t address;
	size_t name;
};

struct kallsyms {
	struct symbol *symbols;
	size_t nr, room;
	struct buf names;
};

/* Of the same address the first one counts: qsort() must not choose. */
static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static int add(struct kallsyms *k, uint64_t address, const char *name)
{
	size_t room = k->room ? k->room * 2 : 65536;
	struct symbol *more;

	if (k->nr == k->room) {
		more = reallocarray(k->symbols, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		k->symbols = more;
		k->room = room;
	}
	k->symbols[k->nr++] = (struct symbol){ address, k->names.len };
	buf_add(&k->names, name, strlen(name) + 1);
	return k->names.err;
}

/* "ffffffff8135f7a0 T do_exit", or "... t f\t[module]" */
static int read_lines(struct kallsyms *k, FILE *f)
{
	char line[1024], type, *end, *name;
	uint64_t address;
	int err = 0;

	while (!err && fgets(line, sizeof(line), f)) {
		address = strtoull(line, &end, 16);
		if (end == line || *end != ' ' || !end[1] || end[2] != ' ')
			continue;
		type = end[1];
		name = end + 3;
		name[strcspn(name, "\t\n")] = '\0';
		if (address && *name && strchr("tTwW", type))
			err = add(k, address, name);
	}
	return err;
}

int kallsyms_read(struct kallsyms **out)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	struct kallsyms *k;
	int err;

	if (!f)
		return -errno;
	k = calloc(1, sizeof(*k));
	err = k ? read_lines(k, f) : -ENOMEM;
	fclose(f);
	/* kptr_restrict: all are there, and all are 0. */
	if (!err && !k->nr)
		err = -EACCES;
	if (err) {
		kallsyms_free(k);
		return err;
	}
	qsort(k->symbols, k->nr, sizeof(*k->symbols), by_address);
	*out = k;
	return 0;
}

void kallsyms_free(struct kallsyms *k)
{
	if (!k)
		return;
	free(k->symbols);
	buf_free(&k->names);
	free(k);
}

const char *kallsyms_name(void *ctx, uint64_t address)
{
	const struct kallsyms *k = ctx;
	size_t from = 0, to = k->nr, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (k->symbols[middle].address <= address)
			from = middle + 1;
		else
			to = middle;
	}
	if (!from)
		return NULL;
	/* The first of those that begin there. */
	while (from > 1 &&
	       k->symbols[from - 2].address == k->symbols[from - 1].address)
		from--;
	return k->names.p + k->symbols[from - 1].name;
}
