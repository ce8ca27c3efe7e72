/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - the one way a record gets out, and what its readers hold on to.
 * Owns reservation, loss and room. Never knows what a record says, nor a file:
 * that is dev.c.
 */
#ifndef OBIT_RING_H
#define OBIT_RING_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <uapi/obit_dev.h>

/* Is anybody to read? False: stories write no record. Any context. */
extern bool ring_recording;

/*
 * A record of @len bytes (a multiple of 8, at most OBIT_RECORD_MAX) with its
 * header filled in, to be filled and given to ring_commit(); NULL if there is no
 * room, and then the loss is counted as @kind, or left to the caller with
 * RING_UNCOUNTED. What it holds is garbage until filled.
 * Any context but NMI; preemption must stay off until the commit: readers stop
 * at a record that is not committed.
 */
#define RING_UNCOUNTED OBIT_LOST_KIND_NR
void *ring_reserve(u32 type, u32 len, u32 kind);
void ring_commit(void *rec);

/* The same for a record that was filled elsewhere, earlier: *rec is copied with
 * the boot_ns it has. False: no room, nothing counted. */
bool ring_write(const void *rec);

/* Counts one record of @kind as lost for @reason. Any context but NMI. */
void ring_lost(u32 kind, u32 reason);

/* Is less than a quarter of the ring free? Any context but NMI. */
bool ring_is_tight(void);

/*
 * One open file's place in the ring. @cursor is trusted, @page is what the
 * reader's own mapping can write; @next is behind the frame that was peeked at,
 * @size its length then: a mapped cursor can lead to memory that is being written.
 */
struct ring_reader {
	struct list_head node;		/* in the ring, under its lock */
	u64 cursor, next;
	u32 size;
	struct obit_cursor_page *page;
	u32 wake_bytes;
	u32 wake_ms;
	bool timed;			/* OBIT_START_TIMED */
	bool sleeping;			/* wants to be woken */
};

/* From now on, or from where a kept place is (*resumed). */
void ring_join(struct ring_reader *r, bool resume, bool *resumed);
/* @keep: its place stays reserved until ring_join(resume) or ring_forget(). */
void ring_leave(struct ring_reader *r, bool keep);
void ring_forget(void);
bool ring_is_kept(void);

/* Bytes this reader has not read; takes over what its mapping says. */
u64 ring_unread(struct ring_reader *r);

/*
 * The next committed frame of this reader, padding skipped; NULL: none, or
 * (errno in *err) the cursor that was mapped is no frame's. It stays valid
 * until ring_consume(). Process context, one caller a reader at a time.
 */
const struct obit_frame *ring_peek(struct ring_reader *r, int *err);
void ring_consume(struct ring_reader *r);

/* Readers sleep here; poll_wait() and wait_event() on it. */
extern struct wait_queue_head ring_wait;
/* Between these, a sleeper is known to the producers. */
void ring_sleeps(struct ring_reader *r);
void ring_awake(struct ring_reader *r);
/* Is there enough for this reader to be woken, or has its time come? */
bool ring_worth_reading(struct ring_reader *r);
/* Somebody waits for room: readers come now. Process context. */
void ring_hurry(void);

void ring_info(struct obit_dev_info *info);

/* Ring memory comes with the first call and stays until ring_exit(). */
int ring_alloc(void);
u64 ring_bytes(void);
struct vm_area_struct;
int ring_mmap(struct vm_area_struct *vma);

int ring_init(void);
/* Nobody may produce or read any more. */
void ring_exit(void);

#endif /* OBIT_RING_H */
