// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folded stacks: one line a frame that has time of its own, and names that are
 * one frame whatever is in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ends.h"
#include "sink/folded.h"

#define SEC 1000000000ull

static char text[1 << 20];

static size_t written(const struct profile *p)
{
	FILE *f = tmpfile();
	ssize_t n;

	assert_non_null(f);
	assert_int_equal(folded_write(fileno(f), p), 0);
	n = pread(fileno(f), text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	fclose(f);
	return (size_t)n;
}

static void names(void **state)
{
	const struct profile_config cfg = { .symbol = made_up_symbol };
	struct profile *p = profile_new(&cfg);
	const uint64_t ip[] = { 220, 110, 0 };
	struct holding *h = holding_new(8);

	(void)state;
	assert_int_equal(holding_record(h, stack_of(1, 5 * SEC, 5 * SEC + 10, 8,
						    OBIT_STACK_OFF_CPU, ip, 3)),
			 0);
	profile_add(p,
		    end_in(1, "a;b\n c 7", 5 * SEC, OBIT_PHASE_MM_UNMAP, 100,
			   20),
		    holding_find(h, 1, 4 * SEC));
	profile_add(p, end_in(2, "\\\x1b\xff", 6 * SEC, OBIT_PHASE_FILES, 7, 0),
		    NULL);
	profile_end(p);
	written(p);
	assert_string_equal(text, "a\\x3bb\\n c 7;mm.unmap 80\n"
				  "a\\x3bb\\n c 7;mm.unmap;[off-CPU] 12\n"
				  "a\\x3bb\\n c 7;mm.unmap;[off-CPU];f1;f2 8\n"
				  "\\\\\\e\\xff;files 7\n");
	profile_free(p);
	holding_free(h);
}

/* More than is written at once; and the sum is the whole. */
static void many(void **state)
{
	const struct profile_config cfg = { 0 };
	struct profile *p = profile_new(&cfg);
	unsigned long long ns, sum = 0;
	unsigned int i, lines = 0;
	char comm[16], *line, *end;

	(void)state;
	for (i = 0; i < 3000; i++) {
		snprintf(comm, sizeof(comm), "long-name-%04u", i);
		profile_add(p,
			    end_in(i, comm, SEC, OBIT_PHASE_NOTIFY, i + 1, 0),
			    NULL);
	}
	profile_end(p);
	assert_true(written(p) > 64 * 1024);
	for (line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_int_equal(sscanf(line, "long-name-%*4u;notify %llu",
					&ns),
				 1);
		sum += ns;
		lines++;
	}
	assert_int_equal(lines, 3000);
	assert_int_equal(sum, 3000 * 3001 / 2);
	profile_free(p);
}

static void nothing_and_full(void **state)
{
	const struct profile_config cfg = { 0 };
	struct profile *p = profile_new(&cfg);
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	profile_end(p);
	assert_int_equal(written(p), 0);
	profile_add(p, end_in(1, "a", SEC, OBIT_PHASE_MM, 1, 0), NULL);
	profile_end(p);
	assert_int_equal(folded_write(fd, p), -ENOSPC);
	close(fd);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(many),
		cmocka_unit_test(nothing_and_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
