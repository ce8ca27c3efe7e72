// SPDX-License-Identifier: GPL-2.0-only
/*
 * pair: two witnesses, one story.
 * Owns who waits for whom, and for how long, and the counts. What is kept of an
 * obituary meanwhile is story's, how two are compared is compare's. Never asks
 * a clock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/both/compare.h"
#include "core/both/pair.h"
#include "core/both/story.h"
#include "lib/hash.h"

#define PATIENCE_NS 10000000000ull
/* How long a death told as alone is remembered, lest it be told twice. */
#define MEMORY_NS 60000000000ull
#define MOST 32768
/* So near the end of watching one of two probes can fall on either side. */
#define EDGE_NS 100000000ull

struct pair {
	struct pair_config cfg;
	struct pair_ops ops;
	struct hash stories;
	struct timers half, rest;
	size_t nr_half, nr_rest;
	uint64_t order;			/* of what came since the last tick */
	uint64_t now[SOURCE_NR];
	uint64_t from, until;		/* deaths that both watched */
	bool ending;
	struct pair_key *keys;
	size_t nr_keys;
	uint64_t came;
	struct pair_stats st;
	struct buf json[SOURCE_NR];
};

struct pair *pair_new(const struct pair_config *cfg, const struct pair_ops *ops)
{
	struct pair *p = calloc(1, sizeof(*p));
	const struct field *f;
	size_t i;

	if (!p)
		return NULL;
	p->cfg = *cfg;
	p->ops = *ops;
	if (!p->cfg.patience_ns)
		p->cfg.patience_ns = PATIENCE_NS;
	if (!p->cfg.most)
		p->cfg.most = MOST;
	hash_init(&p->stories);
	for (f = obituary_fields; f->key; f++)
		p->nr_keys++;
	p->keys = calloc(p->nr_keys, sizeof(*p->keys));
	if (!p->keys) {
		pair_free(p);
		return NULL;
	}
	for (i = 0; i < p->nr_keys; i++)
		p->keys[i].f = &obituary_fields[i];
	return p;
}

/* --- stories ----------------------------------------------------------------- */

static struct story *find(const struct pair *p, uint32_t tgid,
			  uint64_t start_boottime)
{
	struct hash_node *n;
	struct story *s;

	hash_for_each_key(&p->stories, hash_u64_2(tgid, start_boottime), n) {
		s = hash_entry(n, struct story, hn);
		if (s->tgid == tgid && s->start_boottime == start_boottime)
			return s;
	}
	return NULL;
}

/* Time that both witnesses have come to. */
static uint64_t now_of(const struct pair *p)
{
	return p->now[0] < p->now[1] ? p->now[0] : p->now[1];
}

static uint64_t after(uint64_t at, uint64_t ns)
{
	return at + ns < at ? UINT64_MAX : at + ns;
}

/* When it came, by the one who brought it: the other may not have come so far,
 * and before the first tick only the death tells the time. */
static uint64_t came_at(const struct pair *p, const struct obituary *o)
{
	uint64_t now = p->now[o->source];

	return obituary_has(o, OB_TIME) && o->boot_ns > now ? o->boot_ns : now;
}

static void forget(struct pair *p, struct story *s)
{
	timer_clear(s->state == STORY_HALF ? &p->half : &p->rest, &s->timer);
	if (s->state == STORY_HALF)
		p->nr_half--;
	else
		p->nr_rest--;
	hash_del(&p->stories, &s->hn);
	story_free(s);
}

/* It is no half any more; kept a while for what may follow. */
static void keep(struct pair *p, struct story *s, enum story_state state,
		 uint64_t until)
{
	struct timer *t;

	timer_clear(&p->half, &s->timer);
	p->nr_half--;
	story_drop(s);
	s->state = state;
	if (p->nr_rest >= 2 * p->cfg.most) {
		t = timer_due(&p->rest, UINT64_MAX);
		forget(p, hash_entry(t, struct story, timer));
	}
	p->nr_rest++;
	timer_set(&p->rest, &s->timer, until);
}

void pair_free(struct pair *p)
{
	struct hash_iter it;
	struct hash_node *n;

	if (!p)
		return;
	hash_for_each(&p->stories, &it, n)
		forget(p, hash_entry(n, struct story, hn));
	hash_fini(&p->stories);
	buf_free(&p->json[SOURCE_BPF]);
	buf_free(&p->json[SOURCE_KMOD]);
	free(p->keys);
	free(p);
}

/* --- telling ----------------------------------------------------------------- */

static int tell(struct pair *p, const struct obituary *o)
{
	p->st.told++;
	if (o->exit_code || o->truncated)
		p->st.failures++;
	return p->ops.obituary ? p->ops.obituary(p->ops.ctx, o) : 0;
}

static int tell_notice(struct pair *p, const struct notice *n)
{
	return p->ops.notice ? p->ops.notice(p->ops.ctx, n) : 0;
}

static int dissent(struct pair *p, const struct obituary *o, const char *key,
		   struct span bpf, struct span kmod)
{
	struct notice n = {
		.type = NOTICE_DISSENT,
		.have = 1u << NB_WHO | 1u << NB_KEY,
		.boot_ns = o->boot_ns,
		.real_ns = o->real_ns,
		.utc_offset_s = o->utc_offset_s,
		.key = key,
		.bpf = bpf,
		.kmod = kmod,
	};

	n.who.tgid = o->tgid;
	n.who.start_boottime = o->start_boottime;
	memcpy(n.who.comm, o->comm, sizeof(n.who.comm));
	p->st.dissents++;
	return tell_notice(p, &n);
}

static struct span value_span(struct buf *b, const struct field *f,
			      const struct obituary *o)
{
	struct span v = { NULL, 0 };

	buf_clear(b);
	if (value_json(b, f, o) && !b->err) {
		v.p = b->p;
		v.len = b->len;
	}
	return v;
}

/* --- comparing --------------------------------------------------------------- */

static int compare_one(struct pair *p, struct pair_key *k,
		       const struct obituary *const o[SOURCE_NR], bool *differ)
{
	struct comparison c;

	switch (compare_key(k->f, o, p->cfg.tier, &c)) {
	case COMPARED_NOT:
		return 0;
	case COMPARED_SAME:
		if (c.apart > k->most_apart)
			k->most_apart = c.apart;
		return 0;
	case COMPARED_SILENT:
		k->silent[c.silent]++;
		p->st.silent++;
		return 0;
	case COMPARED_DIFFERENT:
		break;
	}
	k->dissents++;
	*differ = true;
	return dissent(p, o[SOURCE_BPF], k->f->key,
		       value_span(&p->json[SOURCE_BPF], k->f, o[SOURCE_BPF]),
		       value_span(&p->json[SOURCE_KMOD], k->f, o[SOURCE_KMOD]));
}

/* Of a zombie and of one that has been reaped: but what its release changes. */
static int compare_all(struct pair *p, const struct obituary *bpf,
		       const struct obituary *kmod)
{
	const struct obituary *const o[SOURCE_NR] = {
		[SOURCE_BPF] = bpf,
		[SOURCE_KMOD] = kmod,
	};
	bool unlike = (bpf->fate == FATE_ZOMBIE) != (kmod->fate == FATE_ZOMBIE);
	bool differ = false;
	int err = 0, e;
	size_t i;

	for (i = 0; i < p->nr_keys; i++) {
		if (unlike && p->keys[i].f->at_release)
			continue;
		e = compare_one(p, &p->keys[i], o, &differ);
		err = err ? err : e;
	}
	p->st.differ += differ;
	return err;
}

/* What became of a zombie: who took its status, and when. */
static bool is_end_key(const struct field *f)
{
	return f->have == OB_REAPED_BY || f->have == OB_ZOMBIE_NS;
}

static int compare_ends(struct pair *p, struct story *s)
{
	const struct obituary *const o[SOURCE_NR] = {
		[SOURCE_BPF] = s->end[SOURCE_BPF],
		[SOURCE_KMOD] = s->end[SOURCE_KMOD],
	};
	bool differ = false;
	int err = 0, e;
	size_t i;

	for (i = 0; i < p->nr_keys; i++) {
		if (!is_end_key(p->keys[i].f))
			continue;
		e = compare_one(p, &p->keys[i], o, &differ);
		err = err ? err : e;
	}
	p->st.differ += differ;
	return err;
}

/* --- two come together ------------------------------------------------------- */

static bool both_watched(const struct pair *p, const struct obituary *o)
{
	return !obituary_has(o, OB_TIME) || o->boot_ns >= p->from;
}

/* The end came between the two: one was told whole and one was cut off. */
static bool cut_apart(const struct pair *p, const struct story *s)
{
	return s->cut != p->ending;
}

static int meet(struct pair *p, struct story *s, const struct obituary *o)
{
	const struct obituary *bpf = s->from == SOURCE_BPF ? &s->o : o;
	const struct obituary *kmod = s->from == SOURCE_BPF ? o : &s->o;
	bool zombie = bpf->fate == FATE_ZOMBIE || kmod->fate == FATE_ZOMBIE;
	int err = 0, e;

	if (s->from == SOURCE_KMOD)
		err = tell(p, bpf);
	p->st.both++;
	if (!both_watched(p, bpf) || cut_apart(p, s)) {
		p->st.apart++;
		forget(p, s);
		return err;
	}
	e = compare_all(p, bpf, kmod);
	err = err ? err : e;
	if (!zombie) {
		forget(p, s);
		return err;
	}
	if (bpf->fate != FATE_ZOMBIE)
		e = story_end(s, SOURCE_BPF, bpf);
	else if (kmod->fate != FATE_ZOMBIE)
		e = story_end(s, SOURCE_KMOD, kmod);
	err = err ? err : e;
	if (!err && s->end[SOURCE_BPF] && s->end[SOURCE_KMOD]) {
		err = compare_ends(p, s);
		forget(p, s);
		return err;
	}
	/* It may stay a zombie for as long as it likes. */
	keep(p, s, STORY_ZOMBIE, UINT64_MAX);
	return err;
}

/* The second has not come: one alone has seen this death. */
static int alone(struct pair *p, struct story *s)
{
	static const struct span seen = { "true", 4 }, not_seen = { NULL, 0 };
	const struct obituary *o = &s->o;
	bool at_the_end = p->until && obituary_has(o, OB_TIME) &&
			  o->boot_ns + EDGE_NS >= p->until;
	unsigned int i;
	int err = 0, e;

	if (s->from == SOURCE_KMOD)
		err = tell(p, o);
	for (i = 0; i < s->nr_tail; i++) {
		e = tell_notice(p, &s->tail[i]);
		err = err ? err : e;
	}
	p->st.alone[s->from]++;
	if (!both_watched(p, o) || at_the_end) {
		p->st.apart++;
	} else {
		p->st.differ++;
		e = dissent(p, o, "obituary",
			    s->from == SOURCE_BPF ? seen : not_seen,
			    s->from == SOURCE_KMOD ? seen : not_seen);
		err = err ? err : e;
	}
	keep(p, s, STORY_TOLD, after(now_of(p), MEMORY_NS));
	return err;
}

static int hold(struct pair *p, const struct obituary *o)
{
	struct story *s = story_new(o);
	struct timer *t;
	int err = 0;

	if (!s)
		return -ENOMEM;
	s->cut = p->ending;
	if (p->nr_half >= p->cfg.most) {
		t = timer_due(&p->half, UINT64_MAX);
		err = alone(p, hash_entry(t, struct story, timer));
	}
	p->nr_half++;
	hash_add(&p->stories, &s->hn, hash_u64_2(s->tgid, s->start_boottime));
	/* A ns more for each: what came together goes in order, too. */
	timer_set(&p->half, &s->timer,
		  after(came_at(p, o), p->cfg.patience_ns + p->order++));
	return err;
}

int pair_obituary(struct pair *p, const struct obituary *o)
{
	struct story *s = find(p, o->tgid, o->start_boottime);
	int err = 0, e;

	p->came++;
	if (s && s->state == STORY_HALF && s->from != o->source)
		return meet(p, s, o);
	if (s && s->state == STORY_TOLD && s->from != o->source) {
		p->st.late++;
		forget(p, s);
		return 0;
	}
	/* Nobody tells of one death twice. If a join does, it is two stories. */
	if (s && s->state == STORY_HALF)
		err = alone(p, s);
	if (s)
		forget(p, s);
	if (o->source == SOURCE_BPF) {
		e = tell(p, o);
		err = err ? err : e;
	}
	e = hold(p, o);
	return err ? err : e;
}

/* --- notices ----------------------------------------------------------------- */

/* `zombie` and `reaped` belong to an obituary; `reaped` is compared, too. */
static int follow_up(struct pair *p, struct story *s, enum obituary_source from,
		     const struct notice *n)
{
	int err = 0;

	if (n->type == NOTICE_REAPED && s->state != STORY_TOLD)
		err = story_end_notice(s, from, n);
	if (!err && s->state == STORY_ZOMBIE && s->end[SOURCE_BPF] &&
	    s->end[SOURCE_KMOD]) {
		err = compare_ends(p, s);
		forget(p, s);
		return err;
	}
	if (from == SOURCE_BPF || s->from != SOURCE_KMOD)
		return err;
	if (s->state == STORY_TOLD)
		return tell_notice(p, n);
	if (s->state == STORY_HALF && s->nr_tail < 2)
		s->tail[s->nr_tail++] = *n;
	return err;
}

int pair_notice(struct pair *p, enum obituary_source from,
		const struct notice *n)
{
	struct story *s;
	int err = 0, e;

	if (from == SOURCE_BPF || n->type == NOTICE_LOST)
		err = tell_notice(p, n);
	if (n->type != NOTICE_ZOMBIE && n->type != NOTICE_REAPED)
		return err;
	s = find(p, n->who.tgid, n->who.start_boottime);
	e = s ? follow_up(p, s, from, n) : 0;
	return err ? err : e;
}

/* --- time -------------------------------------------------------------------- */

int pair_tick(struct pair *p, enum obituary_source from, uint64_t boot_ns)
{
	uint64_t now = now_of(p);
	struct timer *t;
	int err = 0, e;

	if (boot_ns > p->now[from])
		p->now[from] = boot_ns;
	if (now_of(p) > now)
		p->order = 0;
	now = now_of(p);
	while ((t = timer_due(&p->half, now))) {
		e = alone(p, hash_entry(t, struct story, timer));
		err = err ? err : e;
	}
	/* A zombie has no end to its time; UINT64_MAX is that of an end. */
	while (now < UINT64_MAX && (t = timer_due(&p->rest, now)))
		forget(p, hash_entry(t, struct story, timer));
	return err;
}

void pair_from(struct pair *p, uint64_t boot_ns)
{
	p->from = boot_ns;
}

void pair_ending(struct pair *p, uint64_t boot_ns)
{
	p->ending = true;
	p->until = boot_ns;
}

int pair_finish(struct pair *p)
{
	struct timer *t;
	int err = 0, e;

	while ((t = timer_due(&p->half, UINT64_MAX))) {
		e = alone(p, hash_entry(t, struct story, timer));
		err = err ? err : e;
	}
	return err;
}

/* --- counts ------------------------------------------------------------------ */

void pair_stats(const struct pair *p, struct pair_stats *st)
{
	*st = p->st;
	st->waiting = p->nr_half;
}

bool pair_balanced(const struct pair *p)
{
	const struct pair_stats *st = &p->st;

	return p->came == 2 * st->both + st->alone[SOURCE_BPF] +
				  st->alone[SOURCE_KMOD] + st->late +
				  p->nr_half;
}

const struct pair_key *pair_key(const struct pair *p, size_t i)
{
	return i < p->nr_keys ? &p->keys[i] : NULL;
}
