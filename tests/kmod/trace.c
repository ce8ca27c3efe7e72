// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracefs: switching the module's tracepoints on and off, and reading what they
 * said, as text. Never through perf or BPF: those have tests of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ktest.h"

int event_enable(const char *event, bool on)
{
	char path[256];

	snprintf(path, sizeof(path), TRACING "/events/%s/enable", event);
	return write_file(path, on ? "1" : "0");
}

int trace_clear(void)
{
	return write_file(TRACING "/trace", "\n");
}
