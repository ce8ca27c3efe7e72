// SPDX-License-Identifier: GPL-2.0
/*
 * ring: one ring of frames for all readers. Owns its memory, the room in it,
 * the order of records, what is lost, and when a reader is worth waking.
 * Never knows what a record says, nor a file.
 *
 * Producers run anywhere but in NMI: under tasklist_lock and siglock with
 * interrupts off, in hard interrupts, in preemptible code. Room is reserved
 * under a raw spinlock, which is nothing beside the tasklist_lock that every
 * fork and exit takes, and gives records an order; filling needs no lock.
 * Waking needs locks that a producer may be under, so an irq_work does it.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "lossless.h"
#include "ring.h"

#define RING_MIN	(64UL << 10)
#define RING_MAX	(1UL << 30)
#define NEVER		(~0ULL)

static unsigned long ring_bytes_param = 8UL << 20;
module_param_named(ring_bytes, ring_bytes_param, ulong, 0444);
MODULE_PARM_DESC(ring_bytes,
		 "bytes of the ring, rounded up to a power of two (8388608)");

bool ring_recording;
DECLARE_WAIT_QUEUE_HEAD(ring_wait);

/*
 * @head, @limit: positions: of the next frame, and the first byte that some
 *                reader may still need. @limit is brought up to date only when
 *                a record does not fit under it
 * @wake_at:      head at which a sleeper is woken; NEVER: none sleeps
 * @wake_ms:      or so long after the next record; 0: nobody wants that
 * @page, @data:  one vmalloc area; readers map it
 */
static struct {
	raw_spinlock_t lock;
	u64 head, limit, seq;
	u64 wake_at;
	u32 wake_ms;
	bool timer_on;
	bool kept;
	u64 kept_at;
	u64 size;
	struct obit_ring_page *page;
	u8 *data;
	struct list_head readers;
	struct irq_work kick;
	struct delayed_work late;
} ring;

/* --- room ------------------------------------------------------------------ */

/* What the reader's mapping says, if it can be: between where it was and head.
 * Under the lock. */
static u64 reader_cursor(struct ring_reader *r)
{
	u64 c = READ_ONCE(r->page->cursor);

	if (c - r->cursor <= ring.head - r->cursor)
		r->cursor = c;
	return r->cursor;
}

static void find_limit(void)
{
	u64 unread = ring.kept ? ring.head - ring.kept_at : 0;
	struct ring_reader *r;

	list_for_each_entry(r, &ring.readers, node)
		unread = max(unread, ring.head - reader_cursor(r));
	ring.limit = ring.head - unread + ring.size;
}

static bool has_room(u64 need)
{
	if (ring.limit - ring.head >= need)
		return true;
	find_limit();
	return ring.limit - ring.head >= need;
}

bool ring_is_tight(void)
{
	unsigned long flags;
	bool tight;

	raw_spin_lock_irqsave(&ring.lock, flags);
	tight = !has_room(ring.size / 4);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
	return tight;
}

/* --- producing -------------------------------------------------------------- */

static void count_lost(u32 kind, u32 reason)
{
	struct obit_ring_page *page = ring.page;

	/* mapped by readers, who look without the lock */
	WRITE_ONCE(page->lost[kind][reason], page->lost[kind][reason] + 1);
	WRITE_ONCE(page->lost_total, page->lost_total + 1);
}

void ring_lost(u32 kind, u32 reason)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	if (ring.page)
		count_lost(kind, reason);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

static struct obit_frame *frame_at(u64 pos)
{
	return (void *)(ring.data + (pos & (ring.size - 1)));
}

/* What is left before the end, if a frame of `need` bytes would cross it. */
static u32 padding_before(u64 need)
{
	u64 left = ring.size - (ring.head & (ring.size - 1));

	return left < need ? left : 0;
}

static struct obit_frame *take_frame(u32 need)
{
	struct obit_frame *f = frame_at(ring.head);
	u32 pad = padding_before(need);

	if (!has_room((u64)pad + need))
		return NULL;
	if (pad) {
		f->seq = ring.seq;
		f->size = pad;
		f->state = OBIT_FRAME_PAD;
		ring.head += pad;
		f = frame_at(ring.head);
	}
	f->size = need;
	f->state = OBIT_FRAME_BUSY;
	ring.head += need;
	/* pairs with the reader's acquire: behind head all frames have a state */
	smp_store_release(&ring.page->head, ring.head);
	return f;
}

void *ring_reserve(u32 type, u32 len, u32 kind)
{
	u32 need = ALIGN(sizeof(struct obit_frame) + len, OBIT_FRAME_ALIGN);
	struct obit_frame *f = NULL;
	struct obit_hdr *h = NULL;
	unsigned long flags;
	u64 seq;

	raw_spin_lock_irqsave(&ring.lock, flags);
	if (!ring_recording)
		goto out;
	seq = ring.seq++;
	f = take_frame(need);
	if (f) {
		f->seq = seq;
		h = (void *)(f + 1);
		h->type = type;
		h->len = len;
		h->lost = ring.page->lost_total;
		h->boot_ns = ktime_get_boot_fast_ns();
	} else if (kind != RING_UNCOUNTED) {
		count_lost(kind, OBIT_LOST_RING_FULL);
	}
out:
	raw_spin_unlock_irqrestore(&ring.lock, flags);
	return h;
}

void ring_commit(void *rec)
{
	struct obit_frame *f = (struct obit_frame *)rec - 1;
	bool late;

	/* pairs with the reader's acquire: READY, and the record is whole */
	smp_store_release(&f->state, OBIT_FRAME_READY);
	/*
	 * No barrier: whoever goes to sleep says so under the lock, and either
	 * came before this frame was reserved, and is seen here, or after, and
	 * has seen head.
	 */
	late = READ_ONCE(ring.wake_ms) && !READ_ONCE(ring.timer_on);
	if (unlikely(late || READ_ONCE(ring.head) >= READ_ONCE(ring.wake_at)))
		irq_work_queue(&ring.kick);
}

bool ring_write(const void *rec)
{
	const struct obit_hdr *from = rec;
	struct obit_hdr *h;
	u32 lost;

	preempt_disable_notrace();
	h = ring_reserve(from->type, from->len, RING_UNCOUNTED);
	if (h) {
		lost = h->lost;
		memcpy(h, from, from->len);
		h->lost = lost;
		ring_commit(h);
	}
	preempt_enable_notrace();
	return h;
}

/* --- waking ------------------------------------------------------------------ */

/* Under the lock: who sleeps, and when is he to be woken? */
static void find_wake(void)
{
	struct ring_reader *r;
	u64 at = NEVER;
	u32 ms = 0;

	list_for_each_entry(r, &ring.readers, node) {
		if (!r->sleeping)
			continue;
		at = min(at, r->cursor + r->wake_bytes);
		if (!r->timed && (!ms || r->wake_ms < ms))
			ms = r->wake_ms;
	}
	WRITE_ONCE(ring.wake_at, at);
	WRITE_ONCE(ring.wake_ms, ms);
}

static void wake_all(void)
{
	struct ring_reader *r;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	list_for_each_entry(r, &ring.readers, node)
		r->sleeping = false;
	WRITE_ONCE(ring.wake_at, NEVER);
	WRITE_ONCE(ring.wake_ms, 0);
	WRITE_ONCE(ring.timer_on, false);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
	wake_up_interruptible_poll(&ring_wait, EPOLLIN | EPOLLRDNORM);
}

/* Hard interrupt context, no locks held. */
static void kicked(struct irq_work *work)
{
	unsigned long flags;
	bool now, late;
	u32 ms;

	raw_spin_lock_irqsave(&ring.lock, flags);
	now = ring.head >= ring.wake_at;
	ms = ring.wake_ms;
	late = !now && ms && !ring.timer_on;
	if (late)
		WRITE_ONCE(ring.timer_on, true);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
	if (now)
		wake_all();
	else if (late)
		queue_delayed_work(obit_wq, &ring.late, msecs_to_jiffies(ms));
}

static void time_has_come(struct work_struct *work)
{
	wake_all();
}

void ring_hurry(void)
{
	wake_all();
}

/* --- readers ------------------------------------------------------------------ */

void ring_join(struct ring_reader *r, bool resume, bool *resumed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	*resumed = resume && ring.kept;
	r->cursor = *resumed ? ring.kept_at : ring.head;
	if (*resumed)
		ring.kept = false;
	WRITE_ONCE(r->page->cursor, r->cursor);
	list_add_tail(&r->node, &ring.readers);
	find_limit();
	WRITE_ONCE(ring_recording, true);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

void ring_leave(struct ring_reader *r, bool keep)
{
	unsigned long flags;
	u64 at;

	raw_spin_lock_irqsave(&ring.lock, flags);
	at = reader_cursor(r);
	list_del(&r->node);
	if (keep) {
		if (!ring.kept || ring.head - at > ring.head - ring.kept_at)
			ring.kept_at = at;
		ring.kept = true;
	}
	find_limit();
	find_wake();
	WRITE_ONCE(ring_recording, ring.kept || !list_empty(&ring.readers));
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

void ring_forget(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	ring.kept = false;
	find_limit();
	WRITE_ONCE(ring_recording, !list_empty(&ring.readers));
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

bool ring_is_kept(void)
{
	return READ_ONCE(ring.kept);
}

u64 ring_unread(struct ring_reader *r)
{
	unsigned long flags;
	u64 unread;

	raw_spin_lock_irqsave(&ring.lock, flags);
	unread = ring.head - reader_cursor(r);
	raw_spin_unlock_irqrestore(&ring.lock, flags);
	return unread;
}

bool ring_worth_reading(struct ring_reader *r)
{
	return ring_unread(r) >= (r->timed ? r->wake_bytes : 1);
}

void ring_sleeps(struct ring_reader *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	reader_cursor(r);
	r->sleeping = true;
	find_wake();
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

void ring_awake(struct ring_reader *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	r->sleeping = false;
	find_wake();
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

/* Forward only, and never past head, whatever its mapping did meanwhile. */
static void set_cursor(struct ring_reader *r, u64 at)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring.lock, flags);
	if (at - r->cursor <= ring.head - r->cursor) {
		r->cursor = at;
		WRITE_ONCE(r->page->cursor, at);
	}
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

/* A mapped cursor may stand anywhere: what is there need not be a frame. */
static bool is_frame(u64 at, u64 end, u32 state, u32 size)
{
	return state <= OBIT_FRAME_PAD && size >= sizeof(struct obit_frame) &&
	       !(size % OBIT_FRAME_ALIGN) && size <= end - at &&
	       size <= ring.size - (at & (ring.size - 1));
}

const struct obit_frame *ring_peek(struct ring_reader *r, int *err)
{
	u64 end, at;

	*err = 0;
	ring_unread(r);
	at = READ_ONCE(r->cursor);
	end = smp_load_acquire(&ring.page->head);
	while (at != end) {
		struct obit_frame *f = frame_at(at);
		u32 state, size;

		if (at % OBIT_FRAME_ALIGN) {
			*err = -EBADMSG;
			return NULL;
		}
		state = smp_load_acquire(&f->state);
		size = READ_ONCE(f->size);

		if (!is_frame(at, end, state, size)) {
			*err = -EBADMSG;
			return NULL;
		}
		if (state == OBIT_FRAME_BUSY)
			return NULL;
		r->next = at + size;
		r->size = size;
		if (state == OBIT_FRAME_READY)
			return f;
		at = r->next;
		set_cursor(r, at);
	}
	return NULL;
}

void ring_consume(struct ring_reader *r)
{
	set_cursor(r, r->next);
	lossless_room();
}

/* --- memory -------------------------------------------------------------------- */

u64 ring_bytes(void)
{
	return ring.size;
}

int ring_alloc(void)
{
	void *area;

	if (ring.page)
		return 0;
	area = vmalloc_user(PAGE_SIZE + ring.size);
	if (!area)
		return -ENOMEM;
	ring.data = area + PAGE_SIZE;
	ring.page = area;
	ring.page->version = OBIT_ABI_VERSION;
	ring.page->compat = OBIT_ABI_COMPAT;
	ring.page->ring_bytes = ring.size;
	return 0;
}

int ring_mmap(struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	obit_vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	obit_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return remap_vmalloc_range(vma, ring.page, 0);
}

void ring_info(struct obit_dev_info *info)
{
	unsigned long flags;
	u64 unread;

	info->ring_bytes = ring.size;
	raw_spin_lock_irqsave(&ring.lock, flags);
	find_limit();
	unread = ring.head + ring.size - ring.limit;
	info->unread_bytes = unread;
	info->seq = ring.seq;
	if (ring_recording)
		info->flags |= OBIT_INFO_RECORDING;
	if (ring.kept)
		info->flags |= OBIT_INFO_KEEPING;
	if (ring.page) {
		info->lost_total = ring.page->lost_total;
		memcpy(info->lost, ring.page->lost, sizeof(info->lost));
	}
	raw_spin_unlock_irqrestore(&ring.lock, flags);
}

int ring_init(void)
{
	unsigned long size = clamp(ring_bytes_param, RING_MIN, RING_MAX);

	BUILD_BUG_ON(sizeof(struct obit_ring_page) > PAGE_SIZE);
	raw_spin_lock_init(&ring.lock);
	INIT_LIST_HEAD(&ring.readers);
	init_irq_work(&ring.kick, kicked);
	INIT_DELAYED_WORK(&ring.late, time_has_come);
	ring.size = roundup_pow_of_two(size);
	ring.limit = ring.size;
	ring.wake_at = NEVER;
	return 0;
}

void ring_exit(void)
{
	irq_work_sync(&ring.kick);
	cancel_delayed_work_sync(&ring.late);
	vfree(ring.page);
}
