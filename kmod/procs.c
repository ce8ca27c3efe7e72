// SPDX-License-Identifier: GPL-2.0
/*
 * procs: what must be remembered of a process between events.
 * Owns a hash table of entries with a lock for each bucket, and the bound on
 * their number. Never a record, never a reference: an entry names a process by
 * number and start, and only compares the address of its signal_struct.
 *
 * Called under siglock, under tasklist_lock and in hard interrupts: raw locks
 * with interrupts off, and inside them nothing but the list. The allocator has
 * locks of its own, so memory comes before and goes after.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "procs.h"
#include "ring.h"

#define PROCS_BITS	12

static unsigned int max_procs = 32768;
module_param(max_procs, uint, 0644);
MODULE_PARM_DESC(max_procs,
		 "processes of which something is kept at once (32768)");

struct proc {
	struct hlist_node node;
	const void *key;		/* signal_struct; never looked into */
	u64 start_boottime;
	u32 tgid;
	struct proc_facts facts;
};

/* @irq: of whoever holds the lock. */
struct bucket {
	raw_spinlock_t lock;
	unsigned long irq;
	struct hlist_head head;
};

static struct bucket *buckets;
static struct kmem_cache *cache;
static atomic_t count = ATOMIC_INIT(0);

static struct bucket *bucket_of(const void *key)
{
	return &buckets[hash_ptr(key, PROCS_BITS)];
}

static struct bucket *bucket_lock(const void *key)
{
	struct bucket *b = bucket_of(key);
	unsigned long irq;

	raw_spin_lock_irqsave(&b->lock, irq);
	b->irq = irq;
	__release(&b->lock);	/* for sparse: the caller has it */
	return b;
}

static void bucket_unlock(struct bucket *b)
{
	__acquire(&b->lock);
	raw_spin_unlock_irqrestore(&b->lock, b->irq);
}

static struct proc *find(struct bucket *b, const void *key)
{
	struct proc *p;

	hlist_for_each_entry(p, &b->head, node)
		if (p->key == key)
			return p;
	return NULL;
}

/* An entry left behind at the same address is another process's: any hook may
 * miss a call, that of the release too. */
static bool is_of(const struct proc *p, const struct task_struct *t)
{
	return p->tgid == t->tgid &&
	       p->start_boottime == t->group_leader->start_boottime;
}

static void set_owner(struct proc *p, const struct task_struct *t)
{
	p->key = t->signal;
	p->tgid = t->tgid;
	p->start_boottime = t->group_leader->start_boottime;
}

static void proc_free(struct proc *p)
{
	if (!p)
		return;
	kmem_cache_free(cache, p);
	atomic_dec(&count);
}

static struct proc *proc_alloc(const struct task_struct *t)
{
	struct proc *p;

	if (atomic_inc_return(&count) > READ_ONCE(max_procs))
		goto full;
	p = kmem_cache_zalloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (p) {
		set_owner(p, t);
		return p;
	}
full:
	atomic_dec(&count);
	ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_MAP_FULL);
	return NULL;
}

/*
 * Of most processes nothing is kept, and then no lock says so. What a process
 * has done itself is seen by who comes after it as the kernel's locks or the
 * ring's had it; with what a sender does at this moment there is no order.
 */
static bool has_none(const void *key)
{
	return hlist_empty(&bucket_of(key)->head);
}

struct proc_facts *procs_lock(struct task_struct *t, bool make)
{
	const void *key = t->signal;
	struct proc *new = NULL, *p;
	struct bucket *b;

	if (!make && has_none(key))
		return NULL;
	for (;;) {
		b = bucket_lock(key);
		p = find(b, key);
		if (p && !is_of(p, t) && make) {
			memset(&p->facts, 0, sizeof(p->facts));
			set_owner(p, t);
		}
		if (p && is_of(p, t) && !new)
			return &p->facts;
		if (!p && new) {
			hlist_add_head(&new->node, &b->head);
			return &new->facts;
		}
		bucket_unlock(b);
		if (!make)
			return NULL;
		if (new) {
			/* another thread has just come first */
			proc_free(new);
			new = NULL;
			continue;
		}
		new = proc_alloc(t);
		if (!new)
			return NULL;
	}
}

void procs_unlock(struct proc_facts *f)
{
	struct proc *p = container_of(f, struct proc, facts);

	bucket_unlock(bucket_of(p->key));
}

bool procs_copy(struct task_struct *t, struct proc_facts *f)
{
	struct proc_facts *kept = procs_lock(t, false);

	if (!kept) {
		memset(f, 0, sizeof(*f));
		return false;
	}
	*f = *kept;
	procs_unlock(kept);
	return true;
}

void procs_drop(struct task_struct *t)
{
	struct bucket *b;
	struct proc *p;

	if (has_none(t->signal))
		return;
	b = bucket_lock(t->signal);
	p = find(b, t->signal);
	if (p)
		hlist_del(&p->node);
	bucket_unlock(b);
	proc_free(p);
}

void procs_clear(void)
{
	struct hlist_head old;
	struct hlist_node *next;
	struct bucket *b;
	struct proc *p;
	int i;

	for (i = 0; i < 1 << PROCS_BITS; i++) {
		b = &buckets[i];
		raw_spin_lock_irq(&b->lock);
		hlist_move_list(&b->head, &old);
		raw_spin_unlock_irq(&b->lock);
		hlist_for_each_entry_safe(p, next, &old, node)
			proc_free(p);
	}
}

u32 procs_count(void)
{
	return max(atomic_read(&count), 0);
}

int procs_init(void)
{
	int i;

	cache = kmem_cache_create("obit_proc", sizeof(struct proc), 0, 0, NULL);
	if (!cache)
		return -ENOMEM;
	buckets = kvcalloc(1 << PROCS_BITS, sizeof(*buckets), GFP_KERNEL);
	if (!buckets) {
		kmem_cache_destroy(cache);
		return -ENOMEM;
	}
	for (i = 0; i < 1 << PROCS_BITS; i++) {
		raw_spin_lock_init(&buckets[i].lock);
		INIT_HLIST_HEAD(&buckets[i].head);
	}
	return 0;
}

void procs_exit(void)
{
	procs_clear();
	kvfree(buckets);
	kmem_cache_destroy(cache);
}
