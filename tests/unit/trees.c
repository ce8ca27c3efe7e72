// SPDX-License-Identifier: GPL-2.0-only
/*
 * trees: trees of deaths made by hand, record by record.
 * Never expects anything itself, but that the model takes what it is given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "trees.h"

struct tree *tree;

void feed(struct stream *s)
{
	size_t at;

	for (at = 0; at < s->len;) {
		struct obit_hdr *h = (void *)(s->p + at);

		assert_int_equal(tree_event(tree, h), 0);
		at += h->len;
	}
	stream_free(s);
}

void fork_at(uint64_t at, uint32_t tgid, uint32_t parent)
{
	struct stream s = STREAM_INIT;

	stream_fork(&s, at, tgid, parent);
	feed(&s);
}

void exec_at(uint64_t at, uint32_t tgid, const char *args, size_t len)
{
	struct stream s = STREAM_INIT;

	stream_exec(&s, at, tgid, 0, "/x", 2, args, len);
	feed(&s);
}

struct obituary death_of(uint64_t at, uint32_t tgid, uint32_t code)
{
	struct obituary o = { .tgid = tgid,
			      .start_boottime = tgid * 1000ull,
			      .boot_ns = at,
			      .fate = FATE_WAITED,
			      .exit_code = code };

	snprintf(o.comm, sizeof(o.comm), "p%u", tgid);
	o.life_ns = at - o.start_boottime;
	obituary_set(&o, OB_COMM);
	obituary_set(&o, OB_LIFE);
	obituary_set(&o, OB_EXIT_CODE);
	if (code & 0x7f) {
		obituary_set(&o, OB_SIGNAL);
		o.signal = code & 0x7f;
		o.cause = CAUSE_SIGNAL;
	} else {
		obituary_set(&o, OB_EXIT_STATUS);
		o.exit_status = code >> 8;
	}
	return o;
}

void bury(const struct obituary *o)
{
	struct stream s = STREAM_INIT;

	stream_exit(&s, o->boot_ns, o->tgid, 1, o->exit_code);
	feed(&s);
	assert_int_equal(tree_bury(tree, o, obituary_failed(o)), 0);
}

void die_at(uint64_t at, uint32_t tgid, uint32_t code)
{
	struct obituary o = death_of(at, tgid, code);

	bury(&o);
}

void tree_begin(size_t keep)
{
	tree = tree_new(ROOT, NULL, keep);
	assert_non_null(tree);
	fork_at(1 * MS, ROOT, 50);
}

int tree_end(void **state)
{
	(void)state;
	tree_free(tree);
	tree = NULL;
	return 0;
}
