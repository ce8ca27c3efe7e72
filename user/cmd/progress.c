// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress: one line on standard error while something is recorded.
 * Owns that it is drawn over, wiped in the end, and only where somebody looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/progress.h"
#include "lib/timefmt.h"
#include "lib/tty.h"

#define EVERY_NS (250 * NSEC_PER_MSEC)

void progress_begin(struct progress *p, uint64_t now_ns)
{
	const char *term = getenv("TERM");

	/* Not tty_colour(): whoever wants no colour can still see a line
	 * change. A dumb terminal cannot draw over one. */
	p->wanted = tty_is(STDERR_FILENO) && term && strcmp(term, "dumb");
	p->since_ns = p->shown_ns = now_ns;
	p->shown_deaths = 0;
}

void progress_show(struct progress *p, uint64_t deaths, uint64_t now_ns)
{
	uint64_t since = now_ns - p->shown_ns;
	char text[128], took[DURATION_MAX];
	int len;

	if (!p->wanted || since < EVERY_NS)
		return;
	duration_format(took, now_ns - p->since_ns);
	len = snprintf(text, sizeof(text),
		       "\r\x1b[Kobit: %llu deaths, %s, %llu a second",
		       (unsigned long long)deaths, took,
		       (unsigned long long)((deaths - p->shown_deaths) *
					    NSEC_PER_SEC / since));
	p->shown_ns = now_ns;
	p->shown_deaths = deaths;
	(void)!write(STDERR_FILENO, text, (size_t)len);
}

void progress_end(struct progress *p)
{
	if (p->wanted)
		(void)!write(STDERR_FILENO, "\r\x1b[K", 4);
	p->wanted = false;
}
