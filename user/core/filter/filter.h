/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter: which obituaries and notices are shown.
 * Owns the expression language over the field table; the named filters of the
 * command line are compiled to the same tree. Never does I/O, never changes
 * what it looks at.
 *
 *	expression := or
 *	or         := and { "||" and }
 *	and        := not { "&&" not }
 *	not        := "!" not | "(" or ")" | comparison
 *	comparison := KEY [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) literal
 *	                  | ( "=~" | "!~" ) STRING ]
 *	literal    := NUMBER[UNIT] | STRING | NAME | "true" | "false" | "null"
 *
 * KEY is a key of the field table, dotted. A KEY alone must be true or false
 * by itself: a boolean. STRING is in " or ', with \" \' \\ \n \t \xNN. NUMBER
 * is decimal, with a sign or a fraction, or 0x...; UNIT is ns us ms s m h d, or
 * K M G T (1024). A NAME (SIGKILL, oom, waited) is what the key itself may be:
 * signals go by name or number. STRING after =~ is a POSIX extended regular
 * expression, found anywhere in the bytes unless anchored. For args, == and =~
 * hold if one of the arguments does.
 *
 * NULL. What does not apply or is not known is null, and a comparison with it
 * is neither true nor false but unknown: `signal != SIGKILL` does not hold for
 * a process that just exited. ! unknown is unknown; false && unknown is false;
 * true || unknown is true. `key == null` and `key != null` are never unknown.
 * What is unknown in the end is not shown.
 *
 * NOTICES. `lost` always passes. `zombie` and `reaped` pass as their process's
 * obituary did. The others pass if the expression holds for one of the
 * processes they name, of which only tgid, start_boottime, comm, and for a
 * sender uid are known.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/obituary.h"
#include "lib/buf.h"

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

struct filter;

struct filter *filter_new(void);	/* passes everything; NULL: no memory */
void filter_free(struct filter *f);	/* NULL is fine */

/*
 * Adds an expression that must hold too. 0, -ENOMEM or -EINVAL; then why has
 * the sentence, and below it the expression with a caret at the place:
 *	no key is named `signl`; did you mean `signal`?
 *	  signl == SIGKILL
 *	  ^
 */
int filter_add(struct filter *f, const char *expression, struct buf *why);

/*
 * The named filters. Those of one name are alternatives of each other (--comm
 * a --comm b), those of different names must all hold. The value is the
 * argument of the option; 0, -ENOMEM, or -EINVAL and the end of a sentence in
 * why: `it must be a number`.
 */
enum filter_name {
	FILTER_TGID,		/* N, that a process can have */
	FILTER_COMM,		/* exact, or a glob with * ? [ */
	FILTER_UID,		/* N */
	FILTER_CGROUP,		/* path: that cgroup or below */
	FILTER_CONTAINER,	/* id, or its beginning */
	FILTER_SIGNAL,		/* name or number */
	FILTER_STATUS,		/* exit status 0..255; or 137-style no: as seen */
	FILTER_FAILED,		/* any status but 0; value NULL */
	FILTER_CAUSE,		/* a cause name */
	FILTER_TREE,		/* N: that process and its descendants */
	FILTER_NAME_NR
};
int filter_add_named(struct filter *f, enum filter_name name, const char *value,
		     struct buf *why);

/* Every raw record, before and after it is joined: for --tree. 0, -ENOMEM. */
int filter_before(struct filter *f, const struct obit_hdr *h);
void filter_after(struct filter *f, const struct obit_hdr *h);

/* Shown? Not pure only in that it remembers the zombies it has let pass. */
bool filter_obituary(struct filter *f, const struct obituary *o);
bool filter_notice(struct filter *f, const struct notice *n);

/* The value of the expression itself. */
enum truth filter_truth(const struct filter *f, const struct obituary *o);

/* An expression of filter_add() compares this key; ending in a dot: any that
 * begins with it. */
bool filter_reads(const struct filter *f, const char *key);

/*
 * What the kernel can check already: conjuncts that are `tgid ==`, `uid ==`,
 * `cgroup_id ==`, `comm ==` alone. A death that one of these keeps out is one
 * that the filter would not show. Not --failed: exit(256) leaves status 0.
 */
struct filter_push {
	bool have_tgid, have_uid, have_comm, have_cgroup_id;
	uint32_t tgid, uid;
	uint64_t cgroup_id;
	char comm[OBIT_COMM_LEN];
};
void filter_pushdown(const struct filter *f, struct filter_push *p);

#endif
