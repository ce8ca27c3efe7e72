// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a parent lets its dead child lie: not at all, 50 ms, longer than
 * --zombie-after, for ever.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "death.h"

static void exits_3(struct victim *v)
{
	victim_hold(v);
	_exit(3);
}

static void left_for(int ms, const char *label)
{
	struct victim *v = victim_new(label);

	victim_fork(v, exits_3);
	victim_base(v);
	victim_go(v);
	victim_peek(v);
	nap_ms(ms);
	victim_reap(v);
	died_exit(v, 3);
}

DEATH_CASE("zombie_50ms", zombie_50ms, 0, "reaped 50 ms after its death")
{
	left_for(50, "zombie50");
}
DEATH_CASE("zombie_300ms", zombie_300ms, 0, "reaped 300 ms after its death")
{
	left_for(300, "zombie300");
}
DEATH_CASE("zombie_long", zombie_long, CASE_SLOW,
	   "left for 1.5 s: obituary, zombie and reaped events")
{
	left_for(1500, "zombie1500");
}

DEATH_CASE("zombie_never", zombie_never, CASE_LINGER | CASE_SLOW,
	   "never reaped while obit runs")
{
	struct victim *v = victim_new("zombie");

	victim_fork(v, exits_3);
	victim_base(v);
	victim_go(v);
	victim_peek(v);
	if (v->peek_status != 3)
		case_fail("waitid says %d", v->peek_status);
	died_exit(v, 3);
	expect_zombie(v, true);
}

DEATH_CASE("zombie_killed", zombie_killed, CASE_SLOW,
	   "killed and left for 1.3 s: the event has the signal's status")
{
	struct victim *v = victim_new("zombiekilled");

	victim_fork(v, exits_3);
	victim_base(v);
	victim_doom(v);
	MUST(kill(v->pid, SIGKILL));
	victim_peek(v);
	nap_ms(1300);
	victim_reap(v);
	died_signal(v, SIGKILL, "signal",
		    killer_of(getpid(), getpid(), SIGKILL));
}

DEATH_CASE("zombie_at_end", zombie_at_end, CASE_LAST,
	   "a young zombie as obit is interrupted: written with what is known")
{
	struct victim *v = victim_new("zombie");

	victim_fork(v, exits_3);
	victim_base(v);
	victim_go(v);
	victim_peek(v);
	died_exit(v, 3);
	expect_zombie(v, false);
}
