/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * histogram: many durations in little memory, and their quantiles.
 * Owns the buckets: exact for the first values, then logarithmic with linear
 * steps between. Never does I/O, never puts anything into words.
 */
#ifndef CORE_PROFILE_HISTOGRAM_H
#define CORE_PROFILE_HISTOGRAM_H

#include <stdint.h>

/* Up to so many values every quantile is one of them. */
#define HISTOGRAM_EXACT		64
/*
 * Beyond, each power of two has so many buckets of one width, and a quantile is
 * the middle of its bucket: off by at most 1 / (2 * HISTOGRAM_STEPS), 1.6 %.
 */
#define HISTOGRAM_STEP_BITS	5
#define HISTOGRAM_STEPS		(1u << HISTOGRAM_STEP_BITS)
/* What is longer than 2^47 ns, 39 hours, counts as that in a quantile. */
#define HISTOGRAM_OCTAVES	47

/* Zero-initialised it is empty. Either of the two arrays is there, or none. */
struct histogram {
	uint64_t nr, sum, min, max;	/* exact; sum stops at UINT64_MAX */
	uint64_t *values;		/* ascending, HISTOGRAM_EXACT at most */
	uint64_t *buckets;
};

/* 0 or -ENOMEM, and then nothing has changed. */
int histogram_add(struct histogram *h, uint64_t ns);
void histogram_free(struct histogram *h);

/* The smallest value that at least so many of 1000 do not exceed; 0 of none. */
uint64_t histogram_quantile(const struct histogram *h, unsigned int permille);

/* counts[i]: values in [2^i, 2^(i+1)), 0 and 1 in the first; those that are
 * past the last octave in the last one. */
void histogram_log2(const struct histogram *h,
		    uint64_t counts[HISTOGRAM_OCTAVES]);

#endif
