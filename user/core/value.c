// SPDX-License-Identifier: GPL-2.0-only
/*
 * value: from a row of the field table to a typed value.
 * Owns no memory: bytes point into the obituary or to static names.
 * Never formats.
 */
#include <string.h>

#include "core/status.h"
#include "core/teardown.h"
#include "core/value.h"

static bool set_name(struct value *v, int64_t number, const char *name)
{
	if (!name)
		return false;
	v->kind = VALUE_BYTES;
	v->s64 = number;
	v->bytes.p = name;
	v->bytes.len = strlen(name);
	return true;
}

static bool set_u64(struct value *v, const struct field *f, uint64_t u)
{
	if (f->zero_null && !u)
		return false;
	v->kind = VALUE_U64;
	v->u64 = u;
	return true;
}

static bool set_s64(struct value *v, int64_t s)
{
	v->kind = VALUE_S64;
	v->s64 = s;
	return true;
}

static bool set_bytes(struct value *v, enum value_kind kind, struct span bytes)
{
	v->kind = kind;
	v->bytes = bytes;
	return true;
}

#define NAME(v, names, nr, n) \
	set_name(v, n, (size_t)(n) < (size_t)(nr) ? (names)[n] : NULL)

/* Where it stands; NULL: it is of a teardown, and not known. */
static const void *place(const struct field *f, const struct obituary *o)
{
	const struct teardown *t = o->teardown;

	if (!f->in_teardown)
		return (const char *)o + f->offset;
	if (!t || (f->phase < OBIT_PHASE_NR && !(t->phases >> f->phase & 1)) ||
	    (f->flag && !*((const bool *)t + f->flag)))
		return NULL;
	return (const char *)t + f->offset;
}

static bool known_value(const struct field *f, const struct obituary *o,
			struct value *v)
{
	const void *p = place(f, o);
	struct span comm;
	int32_t sig;

	if (!p)
		return false;
	switch (f->type) {
	case F_U32:
		return set_u64(v, f, *(const uint32_t *)p);
	case F_U64:
	case F_DURATION:
		return set_u64(v, f, *(const uint64_t *)p);
	case F_S32:
		return set_s64(v, *(const int32_t *)p);
	case F_TIME:
		return set_s64(v, *(const int64_t *)p);
	case F_BOOL:
		v->kind = VALUE_BOOL;
		v->boolean = *(const bool *)p;
		return true;
	case F_COMM:
		comm.p = p;
		comm.len = strnlen(p, OBIT_COMM_LEN);
		return set_bytes(v, VALUE_BYTES, comm);
	case F_TEXT:
		return set_bytes(v, VALUE_BYTES, *(const struct span *)p);
	case F_ARGS:
		return set_bytes(v, VALUE_ARGS, *(const struct span *)p);
	case F_CSTR:
		return set_name(v, 0, *(const char *const *)p);
	case F_SIGNAL:
		sig = *(const int32_t *)p;
		return set_name(v, sig, signal_name(sig));
	case F_CAUSE:
		return NAME(v, cause_names, CAUSE_NR, o->cause);
	case F_FATE:
		return NAME(v, fate_names, FATE_NR, o->fate);
	case F_SOURCE:
		return NAME(v, source_names, SOURCE_NAMES_NR, o->source);
	case F_SIGCHLD:
		return NAME(v, sigchld_names, SIGCHLD_NR, o->sigchld);
	case F_HIERARCHY:
		return NAME(v, hierarchy_names, HIERARCHY_NR,
			    o->cgroup_hierarchy);
	case F_EVENT:
		return set_name(v, 0, "obituary");
	case F_TYPE_NR:
		break;
	}
	return false;
}

bool field_value(const struct field *f, const struct obituary *o,
		 struct value *v)
{
	v->bytes.p = NULL;
	v->bytes.len = 0;
	v->u64 = 0;
	if (field_known(f, o) && known_value(f, o, v))
		return true;
	v->kind = VALUE_NULL;
	return false;
}

bool args_next(struct span args, size_t *at, struct span *s)
{
	const char *end;

	if (*at >= args.len)
		return false;
	s->p = args.p + *at;
	end = memchr(s->p, 0, args.len - *at);
	s->len = end ? (size_t)(end - s->p) : args.len - *at;
	*at += s->len + 1;
	return true;
}
