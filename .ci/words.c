// SPDX-License-Identifier: GPL-2.0-only
/*
 * words: the values that obit knows by name, as variables of a shell, for the
 * completion (docs.sh): out of the tables that obit itself reads them from.
 * Owns their form only.
 */
#include <stdio.h>
#include "core/obituary.h"
#include "core/status.h"

static void begin(const char *name)
{
	printf("_obit_%s='", name);
}

static void add(const char *word)
{
	printf("%s ", word);
}

static void end(void)
{
	printf("'\n");
}

static void add_signals(void)
{
	int sig;

	for (sig = 1; sig <= SIGNAL_MAX; sig++)
		if (signal_name(sig))
			add(signal_name(sig));
}

int main(void)
{
	const struct sysexit *x;
	const struct field *f;
	size_t i;

	begin("events");
	add("obituary");
	for (i = 0; i < NOTICE_NR; i++)
		add(notice_names[i]);
	end();
	begin("causes");
	for (i = 0; i < CAUSE_NR; i++)
		add(cause_names[i]);
	end();
	begin("fields");
	for (f = obituary_fields; f->key; f++)
		add(f->key);
	end();
	begin("signals");
	add_signals();
	end();
	begin("statuses");
	for (x = sysexits; x->name; x++)
		add(x->name);
	add_signals();
	end();
	return 0;
}
