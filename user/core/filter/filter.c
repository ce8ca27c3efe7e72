// SPDX-License-Identifier: GPL-2.0-only
/*
 * filter: which obituaries and notices are shown.
 * Owns how named filters become the tree of an expression, and which part of
 * it the kernel can check. Never does I/O.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/filter/expr.h"
#include "core/filter/filter.h"
#include "core/lineage.h"
#include "core/status.h"
#include "lib/hash.h"
#include "lib/opts.h"

/* A zombie whose obituary was shown: its `reaped` is to be shown too. */
struct zombie {
	struct hash_node hn;
	uint32_t tgid;
	uint64_t start_boottime;
};

/*
 * @all:   the expressions, joined by &&
 * @named: for each name its alternatives, joined by ||
 */
struct filter {
	struct expr *all;
	struct expr *named[FILTER_NAME_NR];
	struct lineage *lineage;
	struct hash zombies;
};

struct filter *filter_new(void)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f)
		hash_init(&f->zombies);
	return f;
}

void filter_free(struct filter *f)
{
	struct hash_iter it;
	struct hash_node *n;
	size_t i;

	if (!f)
		return;
	hash_for_each(&f->zombies, &it, n) {
		hash_del(&f->zombies, n);
		free(hash_entry(n, struct zombie, hn));
	}
	hash_fini(&f->zombies);
	expr_free(f->all);
	for (i = 0; i < FILTER_NAME_NR; i++)
		expr_free(f->named[i]);
	lineage_free(f->lineage);
	free(f);
}

/* *to = *to op e, or e alone; e is taken over. */
static int join_to(struct expr **to, enum expr_op op, struct expr *e)
{
	if (!e)
		return -ENOMEM;
	*to = *to ? expr_pair(op, *to, e) : e;
	return *to ? 0 : -ENOMEM;
}

int filter_add(struct filter *f, const char *expression, struct buf *why)
{
	struct expr *e;
	int err;

	e = expr_parse(expression, why, &err);
	return err ? err : join_to(&f->all, EXPR_AND, e);
}

/* --- named filters ---------------------------------------------------------------- */

static const struct field *field(const char *key)
{
	return obituary_field(key, strlen(key));
}

static struct expr *number_is(const char *key, int64_t number)
{
	struct expr *e = expr_new(EXPR_NUMBER, field(key));

	if (e) {
		e->rel = REL_EQ;
		e->number = number;
	}
	return e;
}

static struct expr *bytes_are(const char *key, enum expr_op op,
			      const char *value, size_t len)
{
	struct expr *e = expr_new(op, field(key));

	if (e && expr_set_bytes(e, value, len)) {
		expr_free(e);
		return NULL;
	}
	return e;
}

static int parse_number(const char *value, uint64_t max, uint64_t *v,
			struct buf *why)
{
	if (!parse_u64(value, v) && *v <= max)
		return 0;
	buf_printf(why, "it must be a number up to %llu",
		   (unsigned long long)max);
	return -EINVAL;
}

/* PID_MAX_LIMIT of 64 bit: kernel.pid_max is no larger anywhere. */
#define PIDS_MAX 4194304

static int parse_tgid(const char *value, uint64_t *v, struct buf *why)
{
	if (!parse_u64(value, v) && *v && *v < PIDS_MAX)
		return 0;
	buf_printf(why, "it must be a process id, a number from 1 to %d",
		   PIDS_MAX - 1);
	return -EINVAL;
}

static struct expr *comm_is(const char *value)
{
	size_t len = strlen(value);

	/* With wildcards the kernel's cut to 15 bytes is the user's affair. */
	if (strpbrk(value, "*?["))
		return bytes_are("comm", EXPR_GLOB, value, len);
	if (len > OBIT_COMM_LEN - 1)
		len = OBIT_COMM_LEN - 1;
	return bytes_are("comm", EXPR_BYTES, value, len);
}

/* As a shell shows it: 137 is exit(137), and death by SIGKILL too. */
static struct expr *status_is(uint64_t status)
{
	struct expr *e = number_is("exit_status", (int64_t)status);

	if (status <= 128 || status > 128 + SIGNAL_MAX)
		return e;
	return expr_pair(EXPR_OR, e,
			 number_is("signal", (int64_t)status - 128));
}

/* exit(256) leaves the status of a success, and is none. */
static struct expr *failed(void)
{
	struct expr *e = number_is("exit_code", 0);

	if (!e)
		return NULL;
	e->rel = REL_NE;
	return expr_pair(EXPR_OR, e, number_is("truncated", 1));
}

static int new_tree(struct filter *f, uint64_t root, struct expr **e,
		    struct buf *why)
{
	if (f->lineage) {
		buf_adds(why, "only one tree can be followed");
		return -EINVAL;
	}
	f->lineage = lineage_new((uint32_t)root);
	if (!f->lineage)
		return -ENOMEM;
	*e = expr_new(EXPR_TREE, NULL);
	if (*e)
		(*e)->number = (__int128)root;
	return 0;
}

int filter_add_named(struct filter *f, enum filter_name name, const char *value,
		     struct buf *why)
{
	struct expr *e = NULL;
	uint64_t v = 0;
	int64_t number;
	int err = 0;

	if (name >= FILTER_NAME_NR)
		return -EINVAL;
	switch (name) {
	case FILTER_TGID:
		err = parse_tgid(value, &v, why);
		e = err ? NULL : number_is("tgid", (int64_t)v);
		break;
	case FILTER_COMM:
		e = comm_is(value);
		break;
	case FILTER_UID:
		err = parse_number(value, UINT32_MAX, &v, why);
		e = err ? NULL : number_is("uid", (int64_t)v);
		break;
	case FILTER_CGROUP:
		if (*value != '/') {
			buf_adds(why, "it must be a path that begins with /");
			return -EINVAL;
		}
		e = bytes_are("cgroup", EXPR_UNDER, value, strlen(value));
		break;
	case FILTER_CONTAINER:
		if (!*value) {
			buf_adds(why, "it must be the id or its beginning");
			return -EINVAL;
		}
		e = bytes_are("container", EXPR_PREFIX, value, strlen(value));
		break;
	case FILTER_SIGNAL:
		err = signal_parse(value);
		if (err <= 0) {
			buf_adds(why,
				 "it must be a signal such as SIGKILL or 9");
			return -EINVAL;
		}
		e = number_is("signal", err);
		err = 0;
		break;
	case FILTER_STATUS:
		err = parse_number(value, 255, &v, why);
		e = err ? NULL : status_is(v);
		break;
	case FILTER_FAILED:
		e = f->named[name] ? NULL : failed();
		if (f->named[name])
			return 0;
		break;
	case FILTER_CAUSE:
		err = expr_enum_parse(field("cause"), value, &number, why);
		e = err ? NULL : number_is("cause", number);
		break;
	case FILTER_TREE:
		err = parse_tgid(value, &v, why);
		if (!err)
			err = new_tree(f, v, &e, why);
		break;
	case FILTER_NAME_NR:
		return -EINVAL;
	}
	return err ? err : join_to(&f->named[name], EXPR_OR, e);
}

static bool reads(const struct expr *e, const char *key, size_t len)
{
	if (!e)
		return false;
	if (e->f && !strncmp(e->f->key, key, len) &&
	    (key[len - 1] == '.' || !e->f->key[len]))
		return true;
	return reads(e->a, key, len) || reads(e->b, key, len);
}

bool filter_reads(const struct filter *f, const char *key)
{
	return reads(f->all, key, strlen(key));
}

/* --- use ---------------------------------------------------------------------------- */

int filter_before(struct filter *f, const struct obit_hdr *h)
{
	return f->lineage ? lineage_before(f->lineage, h) : 0;
}

void filter_after(struct filter *f, const struct obit_hdr *h)
{
	if (f->lineage)
		lineage_after(f->lineage, h);
}

static enum truth truth_of(const struct filter *f, const struct expr_subject *s)
{
	enum truth t, all = TRUTH_TRUE;
	size_t i;

	if (f->all)
		all = expr_truth(f->all, s);
	for (i = 0; i < FILTER_NAME_NR && all != TRUTH_FALSE; i++) {
		t = f->named[i] ? expr_truth(f->named[i], s) : TRUTH_TRUE;
		if (t != TRUTH_TRUE)
			all = t;
	}
	return all;
}

enum truth filter_truth(const struct filter *f, const struct obituary *o)
{
	struct expr_subject s = { .o = o, .lineage = f->lineage };

	return truth_of(f, &s);
}

static struct zombie *find_zombie(struct filter *f, uint32_t tgid,
				  uint64_t start_boottime)
{
	struct hash_node *n;
	struct zombie *z;

	hash_for_each_key(&f->zombies, hash_u64_2(tgid, start_boottime), n) {
		z = hash_entry(n, struct zombie, hn);
		if (z->tgid == tgid && z->start_boottime == start_boottime)
			return z;
	}
	return NULL;
}

bool filter_obituary(struct filter *f, const struct obituary *o)
{
	struct zombie *z;

	if (filter_truth(f, o) != TRUTH_TRUE)
		return false;
	if (o->fate != FATE_ZOMBIE ||
	    find_zombie(f, o->tgid, o->start_boottime))
		return true;
	/* Without memory its `reaped` goes by its identity alone. */
	z = calloc(1, sizeof(*z));
	if (z) {
		z->tgid = o->tgid;
		z->start_boottime = o->start_boottime;
		hash_add(&f->zombies, &z->hn,
			 hash_u64_2(z->tgid, z->start_boottime));
	}
	return true;
}

static bool passes(const struct filter *f, const struct person *who)
{
	struct obituary o = { .tgid = who->tgid };
	struct expr_subject s = { .o = &o,
				  .lineage = f->lineage,
				  .identity_only = true };

	if (!who->tgid)
		return false;
	o.start_boottime = who->start_boottime;
	if (o.start_boottime)
		obituary_set(&o, OB_START);
	memcpy(o.comm, who->comm, sizeof(o.comm));
	obituary_set(&o, OB_COMM);
	return truth_of(f, &s) == TRUTH_TRUE;
}

bool filter_notice(struct filter *f, const struct notice *n)
{
	struct zombie *z;

	switch (n->type) {
	case NOTICE_LOST:
		return true;
	case NOTICE_ZOMBIE:
	case NOTICE_REAPED:
		z = find_zombie(f, n->who.tgid, n->who.start_boottime);
		if (z && n->type == NOTICE_REAPED) {
			hash_del(&f->zombies, &z->hn);
			free(z);
		}
		return z || passes(f, &n->who);
	case NOTICE_PDEATH_SEND:
	case NOTICE_HANGUP:
		return passes(f, &n->who) || passes(f, &n->target);
	case NOTICE_PDEATH_SET:
	case NOTICE_PDEATH_CLEAR:
	case NOTICE_DISSENT:
	case NOTICE_NR:
		break;
	}
	return passes(f, &n->who);
}

/* --- for the kernel -------------------------------------------------------------------- */

static void push_one(const struct expr *e, struct filter_push *p)
{
	const char *key = e->f ? e->f->key : "";

	if (e->rel != REL_EQ || (e->op != EXPR_NUMBER && e->op != EXPR_BYTES))
		return;
	/* A second `tgid ==` can only make it false; one is enough. */
	if (!strcmp(key, "tgid") && e->number == (uint32_t)e->number) {
		p->have_tgid = true;
		p->tgid = (uint32_t)e->number;
	} else if (!strcmp(key, "uid") && e->number == (uint32_t)e->number) {
		p->have_uid = true;
		p->uid = (uint32_t)e->number;
	} else if (!strcmp(key, "cgroup_id") &&
		   e->number == (uint64_t)e->number) {
		p->have_cgroup_id = true;
		p->cgroup_id = (uint64_t)e->number;
	} else if (!strcmp(key, "comm") && e->len < OBIT_COMM_LEN) {
		memset(p->comm, 0, sizeof(p->comm));
		memcpy(p->comm, e->bytes, e->len);
		p->have_comm = true;
	}
}

static void push(const struct expr *e, struct filter_push *p)
{
	if (e && e->op == EXPR_AND) {
		push(e->a, p);
		push(e->b, p);
	} else if (e) {
		push_one(e, p);
	}
}

void filter_pushdown(const struct filter *f, struct filter_push *p)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	push(f->all, p);
	/* Alternatives make an OR, which push_one() leaves alone. */
	for (i = 0; i < FILTER_NAME_NR; i++)
		push(f->named[i], p);
}
