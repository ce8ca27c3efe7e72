// SPDX-License-Identifier: GPL-2.0
/*
 * hooks: arms the places that a listener needs, with the first who needs them,
 * and disarms them after the last. Owns the state of every row. Never a fact.
 *
 * Functions are hooked by ftrace where their entry is enough (a fourth of a
 * kprobe's cost), by a kretprobe where the return value counts. What a kernel
 * has not is found out by trying: names change within a series.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "functions.h"
#include "hook.h"
#include "teardown.h"

static char *skip = "";
module_param(skip, charp, 0444);
MODULE_PARM_DESC(skip, "places that are not to be hooked, by comma (none)");

static DEFINE_MUTEX(hooks_lock);
static struct hook *hooks;
static unsigned int nr_hooks;
static unsigned long wanted;		/* 1 << enum hook_want */

/* What reg and unreg have asked for, until the work item comes to it. */
static struct {
	spinlock_t lock;
	unsigned long which, on;
	bool open;
	struct work_struct work;
} later = {
	.lock = __SPIN_LOCK_UNLOCKED(later.lock),
};

/* --- one row ---------------------------------------------------------------------- */

static bool is_skipped(const struct hook *h)
{
	size_t len = strlen(h->place);
	const char *at = skip;

	while ((at = strstr(at, h->place))) {
		if ((at == skip || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

static int arm_tracepoint(struct hook *h)
{
	if (!h->tp)
		return -ENOENT;
	return tracepoint_probe_register(h->tp, h->probe, NULL);
}

static int arm_kretprobe(struct hook *h)
{
	memset(&h->rp, 0, sizeof(h->rp));
	h->rp.kp.symbol_name = h->place;
	h->rp.entry_handler = h->entry;
	h->rp.handler = h->ret;
	h->rp.data_size = h->keeps;
	if (h->at_once)
		h->rp.maxactive = h->at_once + num_possible_cpus();
	return register_kretprobe(&h->rp);
}

static void armed(struct hook *h, int err)
{
	h->err = err;
	h->state = !err ? OBIT_HOOK_ARMED :
		   err == -ENOENT ? OBIT_HOOK_ABSENT :
				    OBIT_HOOK_REFUSED;
	if (h->state == OBIT_HOOK_REFUSED)
		pr_warn("%s cannot be hooked (%d): not told: %s\n", h->place,
			err, h->fact);
}

static void arm(struct hook *h)
{
	int err = -EINVAL;

	if (is_skipped(h)) {
		h->state = OBIT_HOOK_SKIPPED;
		return;
	}
	switch (h->kind) {
	case OBIT_HOOK_TRACEPOINT:
		err = arm_tracepoint(h);
		break;
	case OBIT_HOOK_FTRACE:
		err = functions_add(h);
		break;
	case OBIT_HOOK_KRETPROBE:
		err = arm_kretprobe(h);
		break;
	}
	armed(h, err);
}

static u64 missed_now(const struct hook *h)
{
	if (h->kind != OBIT_HOOK_KRETPROBE || h->state != OBIT_HOOK_ARMED)
		return 0;
	return (u64)h->rp.nmissed + h->rp.kp.nmissed;
}

/* Kretprobes that are to end: each would wait for RCU, all do it together. */
struct returns {
	struct kretprobe *rp[8];
	int nr;
};

static void end_returns(struct returns *r)
{
	if (r->nr)
		unregister_kretprobes(r->rp, r->nr);
	r->nr = 0;
}

/*
 * No probe is begun any more; one may still run, until what its kind ends with
 * is done: tracepoint_synchronize_unregister(), functions_settle(),
 * end_returns().
 */
static void disarm(struct hook *h, struct returns *returns)
{
	h->missed += missed_now(h);
	switch (h->kind) {
	case OBIT_HOOK_TRACEPOINT:
		tracepoint_probe_unregister(h->tp, h->probe, NULL);
		break;
	case OBIT_HOOK_FTRACE:
		functions_remove(h);
		break;
	case OBIT_HOOK_KRETPROBE:
		if (returns->nr == ARRAY_SIZE(returns->rp))
			end_returns(returns);
		returns->rp[returns->nr++] = &h->rp;
		break;
	}
	h->state = OBIT_HOOK_IDLE;
}

/* --- all rows --------------------------------------------------------------------- */

static bool is_served(const struct hook *h)
{
	unsigned int i;

	for (i = 0; h->serves && i < nr_hooks; i++)
		if (hooks + i != h && hooks[i].serves == h->serves &&
		    hooks[i].state == OBIT_HOOK_ARMED)
			return true;
	return false;
}

static void arm_wanted_of(bool functions)
{
	struct hook *h;

	for (h = hooks; h < hooks + nr_hooks; h++) {
		if ((h->kind == OBIT_HOOK_FTRACE) != functions)
			continue;
		if (!(h->wants & wanted) || h->state == OBIT_HOOK_ARMED ||
		    h->state == OBIT_HOOK_ABSENT)
			continue;
		if (is_served(h))
			h->state = OBIT_HOOK_UNNEEDED;
		else
			arm(h);
	}
}

/* Functions are armed together: all of them tell of ends, or of what no end
 * depends on. */
static void arm_wanted(void)
{
	struct hook *h;
	int err;

	arm_wanted_of(true);
	err = functions_settle();
	for (h = hooks; err && h < hooks + nr_hooks; h++)
		if (h->kind == OBIT_HOOK_FTRACE && h->state == OBIT_HOOK_ARMED)
			armed(h, err);
	arm_wanted_of(false);
}

static void disarm_unwanted(void)
{
	struct returns returns = { .nr = 0 };
	bool tracepoints = false;
	struct hook *h;

	/* births first: no process may be born on record and die unseen */
	for (h = hooks + nr_hooks; h-- > hooks;) {
		if (h->wants & wanted || h->state != OBIT_HOOK_ARMED)
			continue;
		disarm(h, &returns);
		tracepoints |= h->kind == OBIT_HOOK_TRACEPOINT;
	}
	end_returns(&returns);
	/* whatever is left is watched already: nothing that could fail */
	functions_settle();
	if (tracepoints)
		tracepoint_synchronize_unregister();
}

/* A required row is had if one that serves the same is. */
static const struct hook *missing(unsigned long wants)
{
	const struct hook *h;

	for (h = hooks; h < hooks + nr_hooks; h++)
		if (h->required && h->wants & wants &&
		    h->state != OBIT_HOOK_ARMED && !is_served(h))
			return h;
	return NULL;
}

/* hooks_lock held. */
static int want_now(unsigned long wants, bool on)
{
	unsigned long before = wanted;
	const struct hook *h;

	if (!on) {
		wanted &= ~wants;
		disarm_unwanted();
		return 0;
	}
	wanted |= wants;
	arm_wanted();
	h = missing(wants);
	if (!h)
		return 0;
	pr_err("nothing can be told without a hook on %s (%d)\n", h->place,
	       h->err);
	wanted = before;
	disarm_unwanted();
	return -ENODEV;
}

int hooks_want(unsigned long wants, bool on)
{
	int err;

	mutex_lock(&hooks_lock);
	err = want_now(wants, on);
	mutex_unlock(&hooks_lock);
	return err;
}

static void do_later(struct work_struct *work)
{
	unsigned long which, on;
	enum hook_want want;

	spin_lock(&later.lock);
	which = later.which;
	on = later.on;
	later.which = 0;
	spin_unlock(&later.lock);
	mutex_lock(&hooks_lock);
	for (want = 0; want <= WANT_TEARDOWN; want++)
		if (which & 1UL << want)
			want_now(1UL << want, on & 1UL << want);
	mutex_unlock(&hooks_lock);
}

void hooks_want_later(enum hook_want want, bool on)
{
	/* the tracepoints are there before obit_init() runs, and listeners with
	 * them, and after obit_exit() too */
	spin_lock(&later.lock);
	later.which |= 1UL << want;
	later.on &= ~(1UL << want);
	later.on |= (unsigned long)on << want;
	if (later.open)
		queue_work(obit_wq, &later.work);
	spin_unlock(&later.lock);
}

/* --- telling ------------------------------------------------------------------------ */

/* The collector asks every second: while hooks are armed, which may take as long
 * as that, it is told what was known before. */
u64 hooks_missed(void)
{
	static u64 known;
	unsigned int i;
	u64 sum = 0;

	if (!mutex_trylock(&hooks_lock))
		return READ_ONCE(known);
	for (i = 0; i < nr_hooks; i++)
		sum += hooks[i].missed + missed_now(&hooks[i]);
	WRITE_ONCE(known, sum);
	mutex_unlock(&hooks_lock);
	return sum;
}

unsigned int hooks_count(void)
{
	return nr_hooks;
}

int hooks_describe(u32 index, struct obit_dev_hook *d)
{
	const struct hook *h;

	if (index >= nr_hooks)
		return -EINVAL;
	h = &hooks[index];
	memset(d, 0, sizeof(*d));
	d->index = index;
	mutex_lock(&hooks_lock);
	d->kind = h->kind;
	d->state = h->state;
	d->err = h->err;
	d->required = h->required;
	d->serves = h->serves;
	d->missed = h->missed + missed_now(h);
	mutex_unlock(&hooks_lock);
	strscpy(d->place, h->place, sizeof(d->place));
	strscpy(d->fact, h->fact, sizeof(d->fact));
	return 0;
}

/* --- beginning and end -------------------------------------------------------------- */

static void find_tracepoint(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < nr_hooks; i++)
		if (hooks[i].kind == OBIT_HOOK_TRACEPOINT &&
		    !strcmp(tp->name, hooks[i].place))
			hooks[i].tp = tp;
}

/* Of the places of one step any will do. */
static unsigned int serves_step(enum obit_phase phase)
{
	return SERVES_NR + phase;
}

static void make_teardown_row(struct hook *h, const struct teardown_place *t)
{
	h->kind = OBIT_HOOK_FTRACE;
	h->place = t->place;
	h->step = t->phase;
	h->fact = "when this step of an exit begins";
	h->entered = hook_teardown;
	h->serves = serves_step(t->phase);
	h->wants = WANTS(TEARDOWN) | WANTS(ENDINGS);
}

int hooks_init(void)
{
	const struct teardown_place *t;
	unsigned int n = hook_rows_nr;
	int err;

	for (t = teardown_places; t->place; t++)
		n++;
	hooks = kvcalloc(n, sizeof(*hooks), GFP_KERNEL);
	if (!hooks)
		return -ENOMEM;
	memcpy(hooks, hook_rows, hook_rows_nr * sizeof(*hooks));
	nr_hooks = hook_rows_nr;
	for (t = teardown_places; t->place; t++)
		make_teardown_row(&hooks[nr_hooks++], t);
	err = functions_init(hooks, nr_hooks);
	if (err) {
		kvfree(hooks);
		return err;
	}
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	INIT_WORK(&later.work, do_later);
	spin_lock(&later.lock);
	later.open = true;
	if (later.which)
		queue_work(obit_wq, &later.work);
	spin_unlock(&later.lock);
	return 0;
}

void hooks_exit(void)
{
	spin_lock(&later.lock);
	later.open = false;
	spin_unlock(&later.lock);
	cancel_work_sync(&later.work);
	mutex_lock(&hooks_lock);
	wanted = 0;
	disarm_unwanted();
	mutex_unlock(&hooks_lock);
	functions_exit();
	kvfree(hooks);
}
