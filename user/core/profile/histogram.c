// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram: many durations in little memory, and their quantiles.
 * Owns the buckets. Never does I/O, never puts anything into words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/profile/histogram.h"

/* Values below HISTOGRAM_STEPS have a bucket each; so the first octave that is
 * divided comes right behind them. */
#define NR_BUCKETS \
	((HISTOGRAM_OCTAVES - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

static unsigned int octave_of(uint64_t v)
{
	unsigned int octave = v ? 63 - (unsigned int)__builtin_clzll(v) : 0;

	return octave < HISTOGRAM_OCTAVES ? octave : HISTOGRAM_OCTAVES - 1;
}

static unsigned int bucket_of(uint64_t v)
{
	unsigned int shift;

	if (v < HISTOGRAM_STEPS)
		return (unsigned int)v;
	if (v >> HISTOGRAM_OCTAVES)
		return NR_BUCKETS - 1;
	shift = octave_of(v) - HISTOGRAM_STEP_BITS;
	return (shift + 1) * HISTOGRAM_STEPS +
	       (unsigned int)(v >> shift & (HISTOGRAM_STEPS - 1));
}

/* Its least value, and how many values fall into it. */
static uint64_t bucket_from(unsigned int b, uint64_t *width)
{
	unsigned int shift;

	*width = 1;
	if (b < HISTOGRAM_STEPS)
		return b;
	shift = b / HISTOGRAM_STEPS - 1;
	*width = 1ULL << shift;
	return (uint64_t)(HISTOGRAM_STEPS + b % HISTOGRAM_STEPS) << shift;
}

static int add_value(struct histogram *h, uint64_t ns)
{
	size_t at = h->nr;

	if (!h->values) {
		h->values = calloc(HISTOGRAM_EXACT, sizeof(*h->values));
		if (!h->values)
			return -ENOMEM;
	}
	for (; at && h->values[at - 1] > ns; at--)
		h->values[at] = h->values[at - 1];
	h->values[at] = ns;
	return 0;
}

static int add_to_bucket(struct histogram *h, uint64_t ns)
{
	size_t i;

	if (!h->buckets) {
		h->buckets = calloc(NR_BUCKETS, sizeof(*h->buckets));
		if (!h->buckets)
			return -ENOMEM;
		for (i = 0; i < h->nr; i++)
			h->buckets[bucket_of(h->values[i])]++;
		free(h->values);
		h->values = NULL;
	}
	h->buckets[bucket_of(ns)]++;
	return 0;
}

int histogram_add(struct histogram *h, uint64_t ns)
{
	int err = h->nr < HISTOGRAM_EXACT ? add_value(h, ns) :
					    add_to_bucket(h, ns);

	if (err)
		return err;
	if (!h->nr || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	if (__builtin_add_overflow(h->sum, ns, &h->sum))
		h->sum = UINT64_MAX;
	h->nr++;
	return 0;
}

void histogram_free(struct histogram *h)
{
	free(h->values);
	free(h->buckets);
	memset(h, 0, sizeof(*h));
}

static uint64_t middle(const struct histogram *h, unsigned int bucket)
{
	uint64_t width, from = bucket_from(bucket, &width);
	uint64_t v = from + width / 2;

	return v < h->min ? h->min : v > h->max ? h->max : v;
}

uint64_t histogram_quantile(const struct histogram *h, unsigned int permille)
{
	/* ceil(nr * permille / 1000), without overflow */
	uint64_t rank = h->nr / 1000 * permille +
			(h->nr % 1000 * permille + 999) / 1000;
	unsigned int b;

	if (!h->nr)
		return 0;
	rank = rank ? rank : 1;
	if (h->values)
		return h->values[rank - 1];
	/* Both ends are known exactly. */
	if (rank >= h->nr)
		return h->max;
	for (b = 0; b < NR_BUCKETS - 1 && rank > h->buckets[b]; b++)
		rank -= h->buckets[b];
	return middle(h, b);
}

void histogram_log2(const struct histogram *h,
		    uint64_t counts[HISTOGRAM_OCTAVES])
{
	uint64_t width;
	unsigned int b;
	size_t i;

	memset(counts, 0, HISTOGRAM_OCTAVES * sizeof(*counts));
	for (i = 0; h->values && i < h->nr; i++)
		counts[octave_of(h->values[i])]++;
	for (b = 0; h->buckets && b < NR_BUCKETS; b++)
		if (h->buckets[b])
			counts[octave_of(bucket_from(b, &width))] +=
				h->buckets[b];
}
