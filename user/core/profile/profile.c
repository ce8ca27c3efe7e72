// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile: obituaries in, where teardown spends its time out.
 * Owns the statistics and how much memory they may take. Never does I/O.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile/profile.h"

#define GROUPS		4096
#define WORST		10
/* 64 bytes each. */
#define CALLS		500000

#define OTHERS		"(others)"
#define NO_NAME		"(not known)"

const char *const profile_by_names[PROFILE_BY_NR] = {
	[PROFILE_BY_COMM] = "comm",
	[PROFILE_BY_CGROUP] = "cgroup",
	[PROFILE_BY_EXE] = "exe",
};

struct profile *profile_new(const struct profile_config *cfg)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cfg = *cfg;
	if (!p->cfg.groups)
		p->cfg.groups = GROUPS;
	if (!p->cfg.worst)
		p->cfg.worst = WORST;
	hash_init(&p->by_name);
	p->calls.max = CALLS;
	p->worst = calloc(p->cfg.worst, sizeof(*p->worst));
	if (!p->worst) {
		profile_free(p);
		return NULL;
	}
	return p;
}

static void group_free(struct profile_group *g)
{
	if (!g)
		return;
	histogram_free(&g->kernel);
	free(g->name);
	free(g);
}

void profile_free(struct profile *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->nr_groups; i++)
		group_free(p->groups[i]);
	for (i = 0; i < OBIT_PHASE_NR; i++)
		histogram_free(&p->phases[i]);
	histogram_free(&p->all.kernel);
	free(p->groups);
	free(p->worst);
	hash_fini(&p->by_name);
	calls_free(&p->calls);
	free(p);
}

/* --- groups ----------------------------------------------------------------- */

static struct span name_of(const struct profile *p, const struct obituary *o)
{
	struct span s = { NO_NAME, strlen(NO_NAME) };

	if (p->cfg.by == PROFILE_BY_COMM && obituary_has(o, OB_COMM))
		s = (struct span){ o->comm, strnlen(o->comm, OBIT_COMM_LEN) };
	else if (p->cfg.by == PROFILE_BY_CGROUP && obituary_has(o, OB_CGROUP))
		s = o->cgroup;
	else if (p->cfg.by == PROFILE_BY_EXE && obituary_has(o, OB_EXE))
		s = o->exe;
	else if (p->cfg.by == PROFILE_BY_EXE && obituary_has(o, OB_FILENAME))
		s = o->filename;
	return s.len ? s : (struct span){ NO_NAME, strlen(NO_NAME) };
}

static struct profile_group *group_new(struct profile *p, struct span name)
{
	size_t room = p->room ? p->room * 2 : 64;
	struct profile_group **more, *g;

	/* One more is for the NULL at the end. */
	if (p->nr_groups + 1 >= p->room) {
		more = reallocarray(p->groups, room, sizeof(*more));
		if (!more)
			return NULL;
		p->groups = more;
		p->room = room;
	}
	g = calloc(1, sizeof(*g));
	if (g)
		g->name = strndup(name.p, name.len);
	if (!g || !g->name) {
		free(g);
		return NULL;
	}
	g->name_len = name.len;
	p->groups[p->nr_groups++] = g;
	p->groups[p->nr_groups] = NULL;
	return g;
}

static struct profile_group *group_of(struct profile *p, struct span name)
{
	uint64_t hv = hash_bytes(name.p, name.len);
	struct profile_group *g;
	struct hash_node *n;

	hash_for_each_key(&p->by_name, hv, n) {
		g = hash_entry(n, struct profile_group, hn);
		if (g->name_len == name.len &&
		    !memcmp(g->name, name.p, name.len))
			return g;
	}
	if (p->by_name.nr >= p->cfg.groups) {
		if (!p->rest)
			p->rest = group_new(p, (struct span){ OTHERS,
							      strlen(OTHERS) });
		if (p->rest)
			p->others++;
		return p->rest;
	}
	g = group_new(p, name);
	if (g)
		hash_add(&p->by_name, &g->hn, hv);
	return g;
}

static int group_add(struct profile_group *g, const struct teardown *t)
{
	int err = histogram_add(&g->kernel, t->kernel_ns);
	enum obit_phase i;

	if (err)
		return err;
	if (t->off_known)
		g->off_ns += t->off_ns;
	for (i = 0; i < OBIT_PHASE_NR; i++) {
		g->phase_ns[i] += t->phase_ns[i];
		if (t->off_known)
			g->phase_off_ns[i] += t->phase_off_ns[i];
		g->phase_nr[i] += t->phases >> i & 1;
	}
	return 0;
}

/* --- stacks ----------------------------------------------------------------- */

static enum obit_phase phase_at(const struct teardown *t, uint64_t boot_ns)
{
	unsigned int i;

	for (i = 0; i < t->nr_steps; i++)
		if (boot_ns >= t->steps[i].boot_ns &&
		    boot_ns - t->steps[i].boot_ns < t->steps[i].ns)
			return t->steps[i].phase;
	return OBIT_PHASE_NR;
}

/* Stacks of another thread are of no teardown that was told. */
static bool counts(const struct held *h, const struct held_stack *s)
{
	return !h->tid || s->tid == h->tid;
}

/* What the stacks of a phase say of its time: a sample stands for a period,
 * and the sum of them may exceed what there was. */
struct phase_sums {
	uint64_t on[OBIT_PHASE_NR], off[OBIT_PHASE_NR];
};

static uint64_t fitted(uint64_t ns, uint64_t sum, uint64_t there)
{
	return sum <= there ? ns :
			      (uint64_t)((unsigned __int128)ns * there / sum);
}

static uint64_t off_part(const struct teardown *t, const struct phase_sums *s,
			 enum obit_phase i)
{
	uint64_t off = t->off_known ? t->phase_off_ns[i] : s->off[i];

	return off < t->phase_ns[i] ? off : t->phase_ns[i];
}

static void add_off(struct profile_group *g, enum obit_phase i, uint64_t ns)
{
	g->phase_off_ns[i] += ns;
	g->off_ns += ns;
}

static int add_stacks(struct profile *p, struct profile_group *g,
		      const struct teardown *t, const struct held *h)
{
	const struct held_stack *s;
	struct phase_sums sums = { 0 };
	enum obit_phase i;
	uint64_t off, ns;
	bool is_off;
	int err = 0;

	for (s = h->stacks; s; s = s->next) {
		i = phase_at(t, s->boot_ns);
		if (i < OBIT_PHASE_NR && counts(h, s))
			*(s->flags & OBIT_STACK_OFF_CPU ? &sums.off[i] :
							  &sums.on[i]) += s->ns;
	}
	for (s = h->stacks; s && !err; s = s->next) {
		i = phase_at(t, s->boot_ns);
		if (i == OBIT_PHASE_NR || !counts(h, s))
			continue;
		is_off = s->flags & OBIT_STACK_OFF_CPU;
		off = off_part(t, &sums, i);
		ns = is_off ? fitted(s->ns, sums.off[i], off) :
			      fitted(s->ns, sums.on[i], t->phase_ns[i] - off);
		err = calls_add(&p->calls, is_off ? &g->off[i] : &g->on[i],
				s->ip, s->nr, ns, p->cfg.symbol,
				p->cfg.symbol_ctx);
		/* Without sched_switch of the teardown's own. */
		if (is_off && !t->off_known) {
			add_off(g, i, ns);
			add_off(&p->all, i, ns);
		}
		p->stacks++;
	}
	return err;
}

/* --- the worst: a heap, the least of them on top ---------------------------- */

static bool is_less(const struct profile_death *a,
		    const struct profile_death *b)
{
	return a->kernel_ns < b->kernel_ns;
}

static void swap(struct profile_death *a, struct profile_death *b)
{
	struct profile_death t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct profile_death *heap, size_t i)
{
	for (; i && is_less(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static void sift_down(struct profile_death *heap, size_t nr)
{
	size_t i = 0, least;

	while ((least = 2 * i + 1) < nr) {
		if (least + 1 < nr && is_less(&heap[least + 1], &heap[least]))
			least++;
		if (!is_less(&heap[least], &heap[i]))
			break;
		swap(&heap[i], &heap[least]);
		i = least;
	}
}

static void note_death(struct profile *p, const struct obituary *o,
		       const struct teardown *t)
{
	struct profile_death d = {
		.kernel_ns = t->kernel_ns,
		.off_ns = t->off_ns,
		.off_known = t->off_known,
		.start_boottime = o->start_boottime,
		.boot_ns = obituary_has(o, OB_TIME) ? o->boot_ns : t->boot_ns,
		.wall_ns = obituary_has(o, OB_TIME) ? (uint64_t)o->real_ns : 0,
		.utc_offset_s = o->utc_offset_s,
		.tgid = o->tgid,
		.phase = teardown_slowest(t),
	};

	d.phase_ns = t->phase_ns[d.phase];
	if (obituary_has(o, OB_COMM))
		memcpy(d.comm, o->comm, sizeof(d.comm));
	if (p->nr_worst < p->cfg.worst) {
		p->worst[p->nr_worst] = d;
		sift_up(p->worst, p->nr_worst++);
	} else if (is_less(&p->worst[0], &d)) {
		p->worst[0] = d;
		sift_down(p->worst, p->nr_worst);
	}
}

/* --- a death ---------------------------------------------------------------- */

static void note_circumstances(struct profile *p, const struct teardown *t)
{
	p->off_known += t->off_known;
	p->coarse += t->coarse;
	if (t->user_known) {
		p->user_known++;
		p->user_ns += t->user_ns;
	}
	p->elsewhere += t->nr_elsewhere > 0;
	p->elsewhere_ns += teardown_elsewhere_ns(t);
}

int profile_add(struct profile *p, const struct obituary *o,
		const struct held *held)
{
	const struct teardown *t = o->teardown;
	struct profile_group *g;
	enum obit_phase i;
	int err;

	p->deaths++;
	if (!obituary_has(o, OB_TEARDOWN) || !t)
		return 0;
	g = group_of(p, name_of(p, o));
	if (!g)
		return -ENOMEM;
	p->known++;
	err = group_add(g, t);
	if (!err)
		err = group_add(&p->all, t);
	for (i = 0; i < OBIT_PHASE_NR && !err; i++)
		if (t->phases >> i & 1)
			err = histogram_add(&p->phases[i], t->phase_ns[i]);
	if (err)
		return err;
	note_circumstances(p, t);
	note_death(p, o, t);
	return held ? add_stacks(p, g, t, held) : 0;
}

/* --- the end ---------------------------------------------------------------- */

/* By time; of the same the one with fewer deaths, then by name. */
static int by_time(const void *a, const void *b)
{
	const struct profile_group *x = *(struct profile_group *const *)a;
	const struct profile_group *y = *(struct profile_group *const *)b;

	if (x->kernel.sum != y->kernel.sum)
		return x->kernel.sum < y->kernel.sum ? 1 : -1;
	if (x->kernel.nr != y->kernel.nr)
		return x->kernel.nr < y->kernel.nr ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int worst_first(const void *a, const void *b)
{
	const struct profile_death *x = a, *y = b;

	if (x->kernel_ns != y->kernel_ns)
		return x->kernel_ns < y->kernel_ns ? 1 : -1;
	return x->boot_ns < y->boot_ns ? -1 : x->boot_ns > y->boot_ns;
}

void profile_end(struct profile *p)
{
	size_t i, k, last = p->nr_groups;

	/* What is left over comes last, however much it is. */
	for (i = 0; p->rest && i < p->nr_groups; i++) {
		if (p->groups[i] != p->rest)
			continue;
		p->groups[i] = p->groups[--last];
		p->groups[last] = p->rest;
		break;
	}
	if (last)
		qsort(p->groups, last, sizeof(*p->groups), by_time);
	if (p->nr_worst)
		qsort(p->worst, p->nr_worst, sizeof(*p->worst), worst_first);
	for (i = 0; i < p->nr_groups; i++)
		for (k = 0; k < OBIT_PHASE_NR; k++) {
			calls_sort(&p->groups[i]->on[k]);
			calls_sort(&p->groups[i]->off[k]);
		}
}

enum obit_phase profile_slowest(const struct profile_group *g)
{
	enum obit_phase i, slowest = OBIT_PHASE_OTHER;

	for (i = 0; i < OBIT_PHASE_NR; i++)
		if (g->phase_ns[i] > g->phase_ns[slowest])
			slowest = i;
	return slowest;
}

unsigned int profile_share(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((unsigned __int128)part * 1000 / whole) :
		       0;
}
