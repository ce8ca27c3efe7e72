// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames: the ring of /dev/obit as it is mapped, read in place.
 * Owns the walk from the cursor to the head. Never opens or maps anything.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include "source/frames.h"

static const struct obit_frame *frame_at(const struct frames *f, uint64_t at)
{
	return (const void *)(f->ring + (at & (f->bytes - 1)));
}

/* Acquire: what the module wrote before it moved the head is seen. */
static uint64_t head_of(const struct frames *f)
{
	return __atomic_load_n(&f->page->head, __ATOMIC_ACQUIRE);
}

static uint32_t state_of(const struct obit_frame *fr)
{
	return __atomic_load_n(&fr->state, __ATOMIC_ACQUIRE);
}

/* Release: the record has been used before its room is given back. */
static void move_to(struct frames *f, uint64_t at)
{
	__atomic_store_n(&f->cursor->cursor, at, __ATOMIC_RELEASE);
}

static const struct obit_hdr *record_of(const struct obit_frame *fr)
{
	return (const void *)(fr + 1);
}

/*
 * Only a broken module, or one of another layout, would write such a frame; but
 * the walk must not leave the mapping then.
 */
static bool is_frame(const struct frames *f, const struct obit_frame *fr,
		     uint64_t at, uint64_t head, uint32_t state)
{
	uint64_t to_end = f->bytes - (at & (f->bytes - 1));

	if (fr->size < sizeof(*fr) || fr->size % OBIT_FRAME_ALIGN ||
	    fr->size > to_end || fr->size > head - at)
		return false;
	if (state == OBIT_FRAME_PAD)
		return true;
	return state == OBIT_FRAME_READY &&
	       fr->size - sizeof(*fr) >= sizeof(struct obit_hdr) &&
	       record_of(fr)->len <= fr->size - sizeof(*fr);
}

int frames_read(struct frames *f, const struct emit *to)
{
	uint64_t at = f->cursor->cursor, head = head_of(f);
	int err, nr = 0;

	while (at != head) {
		const struct obit_frame *fr = frame_at(f, at);
		uint32_t state = state_of(fr);

		if (state == OBIT_FRAME_BUSY)
			break;
		if (!is_frame(f, fr, at, head, state))
			return -EBADMSG;
		at += fr->size;
		err = 0;
		if (state == OBIT_FRAME_READY) {
			err = to->event(to->ctx, record_of(fr));
			nr++;
		}
		move_to(f, at);
		if (err)
			return err;
	}
	return nr;
}

const struct obit_hdr *frames_first(const struct frames *f)
{
	uint64_t at = f->cursor->cursor, head = head_of(f);

	while (at != head) {
		const struct obit_frame *fr = frame_at(f, at);
		uint32_t state = state_of(fr);

		if (state == OBIT_FRAME_BUSY ||
		    !is_frame(f, fr, at, head, state))
			return NULL;
		if (state == OBIT_FRAME_READY)
			return record_of(fr);
		at += fr->size;
	}
	return NULL;
}
