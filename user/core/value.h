/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * value: what a row of the field table says of one obituary.
 * Owns the way from (type, offset, have) to a typed value; filters and sinks
 * switch on its few kinds. Never formats: each sink prints as it must.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include "core/obituary.h"

enum value_kind {
	VALUE_NULL,
	VALUE_U64,
	VALUE_S64,	/* F_S32, and F_TIME: CLOCK_REALTIME ns */
	VALUE_BOOL,
	VALUE_BYTES,	/* any bytes: no encoding, no NUL at the end */
	VALUE_ARGS,	/* bytes: NUL-terminated strings in a row */
};

/*
 * Names (signals, causes, fates, ...) are VALUE_BYTES, and s64 is the number
 * behind the name: a filter may compare with either.
 */
struct value {
	enum value_kind kind;
	union {
		uint64_t u64;
		int64_t s64;
		bool boolean;
	};
	struct span bytes;	/* as long-lived as the obituary */
};

/* False and VALUE_NULL if it does not apply or is not known. */
bool field_value(const struct field *f, const struct obituary *o,
		 struct value *v);

/*
 * The strings of a VALUE_ARGS: for (at = 0; args_next(args, &at, &s);).
 * A last string without its NUL counts, and an empty one between two NULs.
 */
bool args_next(struct span args, size_t *at, struct span *s);

#endif
