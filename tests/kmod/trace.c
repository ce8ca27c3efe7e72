// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracefs: switching the module's tracepoints on and off, and reading what they
 * said, as text. Never through perf or BPF: those have tests of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

char trace_text[1 << 20];

int trace_lines(const char *event, const char *want)
{
	char *copy = strdup(trace_text), *line, *save;
	int n = 0;

	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char head[64], words[256], *w, *wsave, *args;
		bool all = true;

		snprintf(head, sizeof(head), " %s: ", event);
		args = strstr(line, head);
		if (line[0] == '#' || !args)
			continue;
		/* a word is between blanks, or the last */
		args += strlen(head) - 1;
		snprintf(words, sizeof(words), "%s", want);
		for (w = strtok_r(words, " ", &wsave); w && all;
		     w = strtok_r(NULL, " ", &wsave)) {
			char word[128];
			char *at;

			snprintf(word, sizeof(word), " %s", w);
			at = strstr(args, word);
			all = at && strchr(" ", at[strlen(word)]);
		}
		n += all;
	}
	free(copy);
	return n;
}

bool trace_listen(const char *event, void (*provoke)(void))
{
	char path[64], word[64];
	u64 end = deadline(ARM_MS);
	int ret;

	snprintf(path, sizeof(path), "obit/%s", event);
	snprintf(word, sizeof(word), " %s: ", event);
	ret = event_enable(path, true);
	need(!ret, "enable %s: %s", path, strerror(-ret));
	for (;;) {
		trace_clear();
		provoke();
		read_text(TRACING "/trace", trace_text, sizeof(trace_text));
		if (strstr(trace_text, word))
			break;
		need(now_ns() < end, "%s does not fire", event);
		nap_ms(10);
	}
	trace_clear();
	return true;
}

bool trace_heard(void)
{
	int n = read_text(TRACING "/trace", trace_text, sizeof(trace_text));

	need(n > 0, "trace: %s", strerror(-n));
	return true;
}
