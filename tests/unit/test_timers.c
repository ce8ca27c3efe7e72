// SPDX-License-Identifier: GPL-2.0-only
/*
 * timers: many random steps, against an array that is searched.
 * The same steps every time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/timers.h"

#define N 300

static void test_random(void **state)
{
	static struct timer t[N];
	struct timers all = { NULL };
	uint64_t now = 0, soonest;
	struct timer *due;
	int step, i;

	(void)state;
	srand(1);
	for (step = 0; step < 200000; step++) {
		i = rand() % N;
		switch (rand() % 4) {
		case 0:
		case 1:
			timer_set(&all, &t[i], now + (uint64_t)(rand() % 100));
			assert_true(timer_is_set(&t[i]));
			break;
		case 2:
			timer_clear(&all, &t[i]);
			assert_false(timer_is_set(&t[i]));
			break;
		case 3:
			now += (uint64_t)(rand() % 3);
			soonest = UINT64_MAX;
			for (i = 0; i < N; i++)
				if (timer_is_set(&t[i]) && t[i].when < soonest)
					soonest = t[i].when;
			due = timer_due(&all, now);
			if (soonest > now) {
				assert_null(due);
				break;
			}
			assert_non_null(due);
			assert_int_equal(due->when, soonest);
			assert_false(timer_is_set(due));
		}
	}
	while ((due = timer_due(&all, UINT64_MAX)))
		;
	for (i = 0; i < N; i++)
		assert_false(timer_is_set(&t[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
