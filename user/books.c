// SPDX-License-Identifier: GPL-2.0-only
/*
 * books: in deaths, seen = delivered + pending + lost, of each witness, and no
 * obituary is forgotten between two. Owns how that is checked and added up.
 * Never mends anything.
 */
#include <errno.h>
#include <string.h>
#include "books.h"
#include "lib/log.h"

static int unbalanced(const char *who, const struct join_stats *st)
{
	log_error("internal error: of %llu deaths that %s saw %llu were delivered, %llu are pending and %llu lost",
		  (unsigned long long)st->seen, who,
		  (unsigned long long)st->delivered,
		  (unsigned long long)st->pending,
		  (unsigned long long)st->lost_obituaries);
	return -EDOM;
}

static void add(struct join_stats *sum, const struct join_stats *one)
{
	sum->seen += one->seen;
	sum->delivered += one->delivered;
	sum->pending += one->pending;
	sum->lost_obituaries += one->lost_obituaries;
	sum->failures += one->failures;
	sum->lost_records += one->lost_records;
	sum->processes += one->processes;
}

/* With two, a death is what they told together. */
static int check_pair(const struct pair *pair, bool end,
		      struct pipeline_result *r)
{
	struct pair_stats *ps = &r->pair;

	pair_stats(pair, ps);
	r->stats.pending = ps->waiting;
	r->stats.delivered = ps->told;
	r->stats.failures = ps->failures;
	r->stats.seen = ps->told + ps->waiting + r->stats.lost_obituaries;
	if (pair_balanced(pair) && (!end || !ps->waiting))
		return 0;
	log_error("internal error: of two witnesses' obituaries %llu were paired, %llu were alone and %llu wait",
		  (unsigned long long)ps->both,
		  (unsigned long long)(ps->alone[0] + ps->alone[1]),
		  (unsigned long long)ps->waiting);
	return -EDOM;
}

int books_check(const struct witness *w, const struct pair *pair, bool end,
		struct pipeline_result *r)
{
	struct join_stats one;
	int i, nr = pair ? 2 : 1;

	memset(&r->stats, 0, sizeof(r->stats));
	for (i = 0; i < nr; i++) {
		join_stats(w[i].join, &one);
		if (one.seen !=
			    one.delivered + one.pending + one.lost_obituaries ||
		    (end && one.pending))
			return unbalanced(w[i].type->name, &one);
		add(&r->stats, &one);
	}
	return pair ? check_pair(pair, end, r) : 0;
}

void books_say_keys(const struct pair *pair)
{
	const struct pair_key *k;
	size_t i;

	for (i = 0; (k = pair_key(pair, i)); i++) {
		if (k->silent[SOURCE_BPF] || k->silent[SOURCE_KMOD])
			log_info("%s: bpf was silent %llu times, kmod %llu",
				 k->f->key,
				 (unsigned long long)k->silent[SOURCE_BPF],
				 (unsigned long long)k->silent[SOURCE_KMOD]);
		if (k->most_apart)
			log_info("%s: at most %llu apart", k->f->key,
				 (unsigned long long)k->most_apart);
	}
}
