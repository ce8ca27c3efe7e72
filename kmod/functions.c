// SPDX-License-Identifier: GPL-2.0
/*
 * functions: entries of kernel functions, all of them watched by one
 * ftrace_ops. Owns that ops, its filter, and which function an address is.
 * Never decides who is wanted: that is hooks.c.
 *
 * One ops, and not one for each function: unregister_ftrace_function() waits
 * for every task to sleep once (synchronize_rcu_tasks), under ftrace_lock, and
 * on a busy machine that is most of a second each time. And a function that two
 * ops watch is called through a loop over all ops there are.
 *
 * A callback is told an address. Of which function, the kernel's symbols know:
 * asked at its first hit, and kept.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "functions.h"
#include "hook.h"

/* Some forty functions: never full. */
#define SLOT_BITS	6
#define SLOTS		(1U << SLOT_BITS)
#define SLOT_TAKEN	1UL		/* no function is there */
#define SEVERAL		1UL

/*
 * @ip:       where it has been hit; 0: never yet; SEVERAL: at two places, for
 *            names need not be unique
 * @rows:     those on this function, linked by hook.same; never changes
 * @users:    how many of them are on
 * @filtered: it is in the filter, or would be if there were others left
 */
struct function {
	const char *name;
	unsigned long ip;
	struct hook *rows;
	unsigned int users;
	bool filtered;
};

/*
 * @ip: 0: empty; SLOT_TAKEN: being filled; else an address for good
 * @fn: NULL: the address is nobody's
 */
struct slot {
	unsigned long ip;
	struct function *fn;
};

static struct {
	struct ftrace_ops ops;
	struct function *all;
	unsigned int nr, filtered;
	bool registered;
	struct slot slots[SLOTS];
} functions;

/* --- an entry ------------------------------------------------------------------- */

static struct function *function_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < functions.nr; i++)
		if (!strcmp(functions.all[i].name, name))
			return &functions.all[i];
	return NULL;
}

/*
 * sprint_symbol_no_offset() takes no lock, and gives the name that the filter
 * was compared with: also where the address is some bytes behind the function's
 * (IBT), and with the module behind the name where it is not the kernel's own.
 *
 * Who learns may be interrupted by another, or run beside one: two that learn
 * the same take a slot each, which does no harm. Without a slot left the next
 * asks again.
 */
static noinline struct function *learn(unsigned long ip)
{
	unsigned int at = hash_long(ip, SLOT_BITS), n;
	char name[KSYM_SYMBOL_LEN];
	struct function *fn;
	unsigned long was;

	sprint_symbol_no_offset(name, ip);
	fn = function_named(name);
	was = fn ? cmpxchg(&fn->ip, 0, ip) : 0;
	if (was && was != ip)
		WRITE_ONCE(fn->ip, SEVERAL);
	for (n = 0; n < SLOTS; n++) {
		struct slot *s = &functions.slots[(at + n) % SLOTS];

		if (READ_ONCE(s->ip) || cmpxchg(&s->ip, 0, SLOT_TAKEN))
			continue;
		s->fn = fn;
		/* pairs with the acquire of who looks the address up */
		smp_store_release(&s->ip, ip);
		break;
	}
	return fn;
}

static struct function *function_at(unsigned long ip)
{
	unsigned int at = hash_long(ip, SLOT_BITS), n;

	for (n = 0; n < SLOTS; n++) {
		const struct slot *s = &functions.slots[(at + n) % SLOTS];
		unsigned long has = smp_load_acquire(&s->ip);

		if (likely(has == ip))
			return s->fn;
		if (!has)
			break;
	}
	return learn(ip);
}

/* In whatever context the function is called; preemptible if that is. */
static void entered(unsigned long ip, unsigned long parent_ip,
		    struct ftrace_ops *ops, obit_ftrace_regs *fregs)
{
	const struct function *fn;
	const struct hook *h;

	preempt_disable_notrace();
	fn = function_at(ip);
	for (h = fn ? fn->rows : NULL; h; h = h->same)
		if (READ_ONCE(h->on))
			h->entered(h, fregs);
	preempt_enable_notrace();
}

/* --- the filter --------------------------------------------------------------------- */

/*
 * By name, for which the kernel goes through the symbols of all its functions,
 * some 50,000, at each call; or by address, if that is known from the last time.
 */
static int filter_change(struct function *fn, bool remove, bool reset)
{
	char name[2 + sizeof_field(struct obit_dev_hook, place)];
	unsigned long ip = READ_ONCE(fn->ip);
	int len;

	if (ip > SEVERAL)
		return ftrace_set_filter_ip(&functions.ops, ip, remove, reset);
	len = scnprintf(name, sizeof(name), "%s%s", remove ? "!" : "",
			fn->name);
	return ftrace_set_filter(&functions.ops, (unsigned char *)name, len,
				 reset);
}

/* An empty filter would be every function: the first one replaces what was
 * there while the ops is idle, and the last is never taken out of it before the
 * ops is idle again. */
static int filter_add(struct function *fn)
{
	int err = filter_change(fn, false, !functions.filtered);

	if (err)
		return err;
	fn->filtered = true;
	functions.filtered++;
	return 0;
}

static void filter_remove(struct function *fn)
{
	/* no memory: it stays there, called for nobody */
	if (filter_change(fn, true, false))
		return;
	fn->filtered = false;
	functions.filtered--;
}

/* Of an idle ops. */
static void filter_clear(void)
{
	unsigned int i;

	ftrace_set_filter(&functions.ops, NULL, 0, 1);
	for (i = 0; i < functions.nr; i++)
		functions.all[i].filtered = false;
	functions.filtered = 0;
}

/* --- who is watched --------------------------------------------------------------------- */

int functions_add(struct hook *h)
{
	struct function *fn = function_named(h->place);
	int err = 0;

	if (!fn->filtered)
		err = filter_add(fn);
	/* EINVAL: no function of that name can be traced */
	if (err)
		return err == -EINVAL ? -ENOENT : err;
	fn->users++;
	WRITE_ONCE(h->on, true);
	return 0;
}

void functions_remove(struct hook *h)
{
	WRITE_ONCE(h->on, false);
	function_named(h->place)->users--;
}

static unsigned int users(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < functions.nr; i++)
		sum += functions.all[i].users;
	return sum;
}

static void let_go(void)
{
	if (functions.registered)
		unregister_ftrace_function(&functions.ops);
	functions.registered = false;
	filter_clear();
}

static void no_row_is_on(void)
{
	struct function *fn;
	struct hook *h;

	for (fn = functions.all; fn < functions.all + functions.nr; fn++) {
		for (h = fn->rows; h; h = h->same)
			WRITE_ONCE(h->on, false);
		fn->users = 0;
	}
}

int functions_settle(void)
{
	unsigned int i;
	int err;

	if (!functions.filtered)
		return 0;
	if (!users()) {
		let_go();
		return 0;
	}
	for (i = 0; i < functions.nr; i++)
		if (functions.all[i].filtered && !functions.all[i].users)
			filter_remove(&functions.all[i]);
	if (functions.registered)
		return 0;
	err = register_ftrace_function(&functions.ops);
	if (err) {
		no_row_is_on();
		filter_clear();
		return err;
	}
	functions.registered = true;
	return 0;
}

/* --- beginning and end -------------------------------------------------------------- */

/* Behind those that are there: called in the order of the table. */
static void add_row(struct hook *h)
{
	struct function *fn = function_named(h->place);
	struct hook **end;

	if (!fn) {
		fn = &functions.all[functions.nr++];
		fn->name = h->place;
	}
	for (end = &fn->rows; *end; end = &(*end)->same)
		;
	*end = h;
}

int functions_init(struct hook *rows, unsigned int nr)
{
	struct hook *h;

	functions.all = kcalloc(nr, sizeof(*functions.all), GFP_KERNEL);
	if (!functions.all)
		return -ENOMEM;
	for (h = rows; h < rows + nr; h++)
		if (h->kind == OBIT_HOOK_FTRACE)
			add_row(h);
	functions.ops.func = entered;
	/* PERMANENT: sysctl kernel.ftrace_enabled=0 is refused, not obeyed */
	functions.ops.flags = OBIT_FTRACE_FLAGS | FTRACE_OPS_FL_PERMANENT;
	return 0;
}

void functions_exit(void)
{
	kfree(functions.all);
}
