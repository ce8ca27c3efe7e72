// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare: what two obituaries of one death say of one key.
 * Owns by how much a value may honestly be off (the margins), and how a value
 * is written where they differ. Never pairs, never tells.
 */
#include <string.h>

#include "core/both/compare.h"
#include "core/teardown.h"
#include "core/value.h"
#include "core/when.h"
#include "lib/json.h"

/*
 * Two probes on one place run one after the other, and each reads the clock for
 * itself. Between the two the CPU can be taken away: by an interrupt, and that
 * of a guest by its host: QEMU without KVM gives each virtual CPU 100 ms in
 * turn.
 */
#define INSTANT_NS 100000000ull
/*
 * And by the scheduler, from 7.0 on and at function hooks always, for as long as
 * others run. That shows: the process has then been switched from when it did
 * not ask for it. One that never was is held to the instant.
 */
#define PREEMPTED_NS 400000000ull
/* sum_exec_runtime is brought up to date at ticks and switches: every 10 ms on
 * the slowest kernels (HZ=100). */
#define TICK_NS 10000000ull
/* For so long, at least, another has the CPU that was taken away. */
#define SLICE_NS 10000000ull
/* In KiB. Three counters a process, each without what up to 8 CPUs have not
 * folded in yet (32 pages each), and other threads of the victim run on. */
#define RSS_KB 4096ull

static const char *const whys[MARGIN_NR] = {
	[MARGIN_INSTANT] =
		"two probes on one place run one after the other, and the CPU can be taken away between them: 100 ms; 500 ms if the scheduler ever did (usage.nivcsw)",
	[MARGIN_SPAN] = "such an instant, and one with interrupts off: 100 ms",
	[MARGIN_ZOMBIE] =
		"zombie_err_ns, an instant with interrupts off, and one of its parent, who can have lost the CPU: 600 ms",
	[MARGIN_CPU] =
		"it runs on between two looks, and its sum is brought up to date at ticks: 110 ms",
	[MARGIN_SPLIT] =
		"the sum is split by where ticks fell, and one more of them can fall between two looks",
	[MARGIN_SWITCH] = "its last switch can fall between two looks: 1",
	[MARGIN_PREEMPTED] =
		"each time that the CPU is taken away between two looks counts: 10 in 100 ms",
	[MARGIN_THREAD] =
		"they are counted when one more begins, and one can end between two looks: 1",
	[MARGIN_MASK] =
		"its parent can block or unblock the signal between two looks: `blocked` or not",
	[MARGIN_STEP] =
		"two probes on one place run one after the other, at its begin and at its end: 200 ms; 600 ms if the scheduler ever took the CPU away",
	[MARGIN_ASLEEP] =
		"that of a stretch, and `threads`: what one takes for a step of the last thread can be `threads` to the other, who then has not seen it sleep",
	[MARGIN_RSS] =
		"the kernel keeps it in parts that are summed up late: 4 MiB",
};

/* Of an instant in the process itself. */
static uint64_t instant_ns(const struct obituary *o)
{
	bool kept = obituary_has(o, OB_USAGE) && !o->usage.nivcsw;

	return INSTANT_NS + (kept ? 0 : PREEMPTED_NS);
}

/* With few ticks one more moves much: all of it, if there was none. */
static uint64_t split_ns(const struct obituary *o)
{
	unsigned __int128 moved = o->usage.cpu_ns;

	moved = moved * TICK_NS / (o->sampled_ns + TICK_NS);
	return (uint64_t)moved + INSTANT_NS + TICK_NS;
}

uint64_t margin_of(const struct field *f, const struct obituary *o)
{
	if (f->compare != CMP_WITHIN)
		return 0;
	switch (f->margin) {
	case MARGIN_INSTANT:
		return instant_ns(o);
	case MARGIN_SPAN:
	case MARGIN_STEP:
		return instant_ns(o) + INSTANT_NS;
	case MARGIN_ASLEEP:
		return instant_ns(o) + INSTANT_NS +
		       (o->teardown ?
				o->teardown->phase_ns[OBIT_PHASE_THREADS] :
				0);
	case MARGIN_ZOMBIE:
		return o->zombie_err_ns + 2 * INSTANT_NS + PREEMPTED_NS;
	case MARGIN_CPU:
		return INSTANT_NS + TICK_NS;
	case MARGIN_SPLIT:
		return split_ns(o);
	case MARGIN_SWITCH:
	case MARGIN_THREAD:
		return 1;
	case MARGIN_PREEMPTED:
		return INSTANT_NS / SLICE_NS;
	case MARGIN_RSS:
		return RSS_KB;
	case MARGIN_MASK:
	case MARGIN_NONE:
	case MARGIN_NR:
		break;
	}
	return 0;
}

/* Handler or default action: what the mask keeps back. */
static bool is_maskable(uint8_t sigchld)
{
	return sigchld == OBIT_SIGCHLD_HANDLER ||
	       sigchld == OBIT_SIGCHLD_DEFAULT ||
	       sigchld == OBIT_SIGCHLD_BLOCKED;
}

static bool mask_changed(const struct obituary *a, const struct obituary *b)
{
	return a->sigchld != b->sigchld && is_maskable(a->sigchld) &&
	       is_maskable(b->sigchld) &&
	       (a->sigchld == OBIT_SIGCHLD_BLOCKED ||
		b->sigchld == OBIT_SIGCHLD_BLOCKED);
}

const char *margin_why(enum field_margin m)
{
	return m < MARGIN_NR ? whys[m] : NULL;
}

static uint64_t distance(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_S64)
		return a->s64 > b->s64 ? (uint64_t)a->s64 - (uint64_t)b->s64 :
					 (uint64_t)b->s64 - (uint64_t)a->s64;
	return a->u64 > b->u64 ? a->u64 - b->u64 : b->u64 - a->u64;
}

static bool same_bytes(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

static bool same(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_U64:
		return a->u64 == b->u64;
	case VALUE_S64:
		return a->s64 == b->s64;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_BYTES:
	case VALUE_ARGS:
		return same_bytes(a->bytes, b->bytes);
	}
	return false;
}

/*
 * The collector, not the witness, adds CLOCK_REALTIME to an instant; somebody
 * may set that clock after the first of two obituaries was written.
 */
static uint64_t clock_moved(const struct field *f, const struct obituary *a,
			    const struct obituary *b)
{
	uint64_t off_a, off_b, d;

	if (f->type != F_TIME)
		return 0;
	off_a = (uint64_t)a->real_ns - a->boot_ns;
	off_b = (uint64_t)b->real_ns - b->boot_ns;
	d = off_a - off_b;
	return (int64_t)d < 0 ? -d : d;
}

enum compared compare_key(const struct field *f,
			  const struct obituary *const o[SOURCE_NR],
			  const enum tier tier[SOURCE_NR], struct comparison *c)
{
	const struct obituary *a = o[SOURCE_BPF], *b = o[SOURCE_KMOD];
	struct value va, vb;
	bool has_a, has_b;

	memset(c, 0, sizeof(*c));
	if (f->compare == CMP_NONE)
		return COMPARED_NOT;
	/* tracepoints alone begin elsewhere, and tell less apart */
	if (f->in_teardown && a->teardown && b->teardown &&
	    a->teardown->coarse != b->teardown->coarse)
		return COMPARED_NOT;
	has_a = field_value(f, a, &va);
	has_b = field_value(f, b, &vb);
	if (has_a != has_b) {
		c->silent = has_a ? SOURCE_KMOD : SOURCE_BPF;
		return f->avail[tier[SOURCE_BPF]] == AVAIL_REQUIRED &&
				       f->avail[tier[SOURCE_KMOD]] ==
					       AVAIL_REQUIRED ?
			       COMPARED_DIFFERENT :
			       COMPARED_SILENT;
	}
	if (!has_a)
		return COMPARED_SAME;
	if (f->compare == CMP_WITHIN && va.kind == vb.kind &&
	    (va.kind == VALUE_U64 || va.kind == VALUE_S64)) {
		c->apart = distance(&va, &vb);
		c->margin = margin_of(f, a) + margin_of(f, b) +
			    clock_moved(f, a, b);
		return c->apart <= c->margin ? COMPARED_SAME :
					       COMPARED_DIFFERENT;
	}
	if (same(&va, &vb) || (f->margin == MARGIN_MASK && mask_changed(a, b)))
		return COMPARED_SAME;
	return COMPARED_DIFFERENT;
}

bool value_json(struct buf *out, const struct field *f,
		const struct obituary *o)
{
	char when[WHEN_MAX];
	struct span arg;
	struct value v;
	struct json j;
	size_t at = 0;

	if (!field_value(f, o, &v))
		return false;
	json_init(&j, out);
	if (f->type == F_TIME) {
		json_str(&j, NULL, when,
			 when_rfc3339(when, v.s64, o->utc_offset_s));
		return true;
	}
	switch (v.kind) {
	case VALUE_NULL:
		return false;
	case VALUE_U64:
		json_u64(&j, NULL, v.u64);
		break;
	case VALUE_S64:
		json_s64(&j, NULL, v.s64);
		break;
	case VALUE_BOOL:
		json_bool(&j, NULL, v.boolean);
		break;
	case VALUE_BYTES:
		json_str(&j, NULL, v.bytes.p, v.bytes.len);
		break;
	case VALUE_ARGS:
		json_array_begin(&j, NULL);
		while (args_next(v.bytes, &at, &arg))
			json_str(&j, NULL, arg.p, arg.len);
		json_array_end(&j);
		break;
	}
	return true;
}
