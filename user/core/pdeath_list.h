/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pdeath_list: who has a parent-death signal armed, and what it hangs on.
 * Owns what is worth a warning in that: the kernel's "parent" is the thread that
 * forked, and after its end whoever adopted the child. Pure.
 */
#ifndef CORE_PDEATH_LIST_H
#define CORE_PDEATH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uapi/obit.h>
#include "lib/buf.h"

enum adopted { ADOPTED_NO, ADOPTED_MAYBE, ADOPTED_YES };

/* What the process does about that signal. */
enum reaction {
	REACTION_UNKNOWN,
	REACTION_DEFAULT,
	REACTION_HANDLER,
	REACTION_IGNORED
};

struct armed_one {
	struct obit_task task;		/* the thread that asked for it */
	struct obit_task parent;	/* the thread at whose end it is sent */
	char comm[OBIT_COMM_LEN], parent_comm[OBIT_COMM_LEN];
	char thread_comm[OBIT_COMM_LEN];	/* of parent.tid; or empty */
	uint32_t uid, signal;
	bool have_uid;
	enum adopted adopted;
	enum reaction reaction;
};

struct pdeath_list {
	struct armed_one *v;
	size_t nr, cap;
	uint64_t boot_ns;
	int64_t real_ns;
	int32_t utc_offset_s;
};

/* From a record of a scan. NULL: no memory. */
struct armed_one *pdeath_list_add(struct pdeath_list *l,
				  const struct obit_pdeath *r);
void pdeath_list_free(struct pdeath_list *l);
void pdeath_list_sort(struct pdeath_list *l);	/* by tgid and tid */

/* The parent lives on when the signal comes: the well-known trap. */
bool pdeath_is_trap(const struct armed_one *a);

struct pdeath_view {
	unsigned int width;		/* columns; 0: not limited */
	bool colour;
	const char *(*user_name)(uint32_t uid);
};
void pdeath_list_text(struct buf *out, const struct pdeath_list *l,
		      const struct pdeath_view *v);
void pdeath_list_json(struct buf *out, const struct pdeath_list *l);

#endif
