/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oomlog: the kernel log's one line about an OOM kill, which alone says whose
 * limit was hit. A pure parser: never reads the log.
 */
#ifndef CORE_OOMLOG_H
#define CORE_OOMLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/obituary.h"

struct oomlog {
	uint32_t constraint;	/* as obit_oom_limit: 0 none .. 3 memcg */
	uint32_t pid;		/* of the victim, initial pid namespace */
	struct span memcg;	/* into the line; empty unless constraint is 3 */
};

/*
 * line: the text of one message, with /dev/kmsg's \xNN undone; a newline at
 * its end is allowed. False if it is not such a line, or if the names in it,
 * which strangers chose, allow more than one reading.
 */
bool oomlog_parse(const char *line, size_t len, struct oomlog *o);

#endif
