// SPDX-License-Identifier: GPL-2.0-only
/*
 * zombie: since when a process is dead that died unseen, and whose it is.
 * No task keeps the time of its death. But the scheduler noted when it last
 * switched to it, how long it then ran, and when it last accounted for it: the
 * instant lies between what these say. Does no I/O.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/zombie/zombie.h"
#include "lib/timefmt.h"

/* NTP may slew CLOCK_BOOTTIME by 500 ppm against the clock of the scheduler. */
#define DRIFT 2000

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* --- since when ------------------------------------------------------------------ */

/*
 * By how much the task clock of that CPU is behind its clock: what a task that
 * just arrived shows. It never grows less, so it was no more at the death.
 */
static uint64_t lag_now(const struct cpu_now *now, bool ran_counts)
{
	const struct sched_note *n = &now->note;

	return minus(n->arrived, minus(n->exec_start, ran_counts ? n->ran : 0));
}

bool zombie_age(const struct sched_note *dead, uint64_t born_ns,
		const struct cpu_now *now, const struct clock_rules *rules,
		uint64_t *age_ns, uint64_t *err_ns)
{
	const struct sched_note *n = &now->note;
	uint64_t most, least, drift;

	if (dead->arrived && n->arrived) {
		/* Ages by one clock are differences: its zero cancels out. */
		most = minus(n->arrived,
			     dead->arrived +
				     (rules->ran_counts ? dead->ran : 0));
		least = 0;
		if (dead->exec_start && n->exec_start)
			least = minus(n->arrived,
				      dead->exec_start +
					      lag_now(now, rules->ran_counts));
	} else if (dead->exec_start && n->exec_start) {
		least = minus(n->exec_start, dead->exec_start);
		most = least + now->task_clock_lag;
	} else {
		return false;
	}
	if (least > most)
		least = most;
	/* ... up to when that was, and from then to now. */
	most += minus(rules->boot_ns, now->boot_from);
	least += minus(rules->boot_ns, now->boot_to);
	drift = most / DRIFT + rules->unstable_ns;
	most += drift + rules->suspended_ns;
	least = minus(least, drift);
	if (born_ns && most > minus(rules->boot_ns, born_ns))
		most = minus(rules->boot_ns, born_ns);
	if (least > most)
		least = most;
	*age_ns = most;
	*err_ns = most - least;
	return true;
}

void zombie_age_text(struct buf *out, bool known, uint64_t age_ns,
		     uint64_t err_ns)
{
	char text[DURATION_MAX];

	if (!known) {
		buf_addc(out, '?');
		return;
	}
	if (err_ns > age_ns / 4) {
		/* Nothing but an upper limit can be said, rounded up. */
		duration_format_err(text, age_ns, age_ns);
		buf_adds(out, text);
		return;
	}
	if (err_ns > age_ns / 10)
		buf_adds(out, "~ ");
	duration_format(text, age_ns);
	buf_adds(out, text);
}

/* --- who and whose ----------------------------------------------------------------- */

void zombies_free(struct zombies *all)
{
	size_t i;

	for (i = 0; i < all->nr_culprits; i++) {
		buf_free(&all->culprits[i].args);
		buf_free(&all->culprits[i].frozen);
	}
	free(all->culprits);
	free(all->v);
	memset(all, 0, sizeof(*all));
}

struct zombie *zombies_add(struct zombies *all)
{
	size_t cap = all->cap ? all->cap * 2 : 64;
	size_t nr = all->nr + all->nr_leaders;
	struct zombie *v;

	if (nr == all->cap) {
		v = realloc(all->v, cap * sizeof(*v));
		if (!v)
			return NULL;
		all->v = v;
		all->cap = cap;
	}
	all->nr++;
	v = &all->v[nr];
	memset(v, 0, sizeof(*v));
	return v;
}

static uint32_t blamed(const struct zombie *z)
{
	return z->tracer && z->tracer != z->parent ? z->tracer : z->parent;
}

static bool blamed_as_tracer(const struct zombie *z)
{
	return z->tracer && z->tracer != z->parent;
}

#define CMP(a, b) (((a) > (b)) - ((a) < (b)))

static int by_blame(const void *a, const void *b)
{
	const struct zombie *x = a, *y = b;
	bool x_leads = x->threads > 0, y_leads = y->threads > 0;

	return CMP(x_leads, y_leads)	 ?:
		       CMP(blamed(x), blamed(y)) ?:
		       CMP(blamed_as_tracer(x), blamed_as_tracer(y));
}

/* Unknown ages last, then by number: the same order each time. */
static int by_age(const void *a, const void *b)
{
	const struct zombie *x = a, *y = b;
	bool x_leads = x->threads > 0, y_leads = y->threads > 0;

	return CMP(x_leads, y_leads)	   ?:
		       CMP(y->have_age, x->have_age) ?:
		       CMP(y->age_ns, x->age_ns)     ?:
						       CMP(x->tgid, y->tgid);
}

static void count(struct culprit *c, const struct zombie *z)
{
	c->nr++;
	if (z->have_age && (!c->have_oldest || z->age_ns > c->oldest_ns)) {
		c->have_oldest = true;
		c->oldest_ns = z->age_ns;
		c->oldest_err_ns = z->age_err_ns;
	}
}

int zombies_sort(struct zombies *all)
{
	size_t nr = all->nr + all->nr_leaders, i, k = 0;
	struct culprit *c = NULL;

	if (!nr)
		return 0;
	qsort(all->v, nr, sizeof(*all->v), by_blame);
	for (i = 0; i < nr && !all->v[i].threads; i++)
		k += !i || by_blame(&all->v[i - 1], &all->v[i]);
	all->nr = i;
	all->nr_leaders = nr - i;
	all->culprits = calloc(k + 1, sizeof(*all->culprits));
	if (!all->culprits)
		return -ENOMEM;
	for (i = 0; i < all->nr; i++) {
		if (!i || by_blame(&all->v[i - 1], &all->v[i])) {
			c = &all->culprits[all->nr_culprits++];
			c->tgid = blamed(&all->v[i]);
			c->as_tracer = blamed_as_tracer(&all->v[i]);
			c->start_boottime = c->as_tracer ?
						    all->v[i].tracer_start :
						    all->v[i].parent_start;
		}
		all->v[i].culprit = (size_t)(c - all->culprits);
		count(c, &all->v[i]);
	}
	qsort(all->v, nr, sizeof(*all->v), by_age);
	return 0;
}
