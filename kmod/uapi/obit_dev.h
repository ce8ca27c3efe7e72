/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * /dev/obit: how the records of obit.ko are read.
 * Owns the frames, the layout of the mapping, and the ioctls. What a record
 * says is obit.h's.
 *
 * THE RING
 * One ring of frames for the whole module, each frame one record of obit.h
 * behind a struct obit_frame. Every open file that has started reads it with a
 * cursor of its own. Positions (head, cursor) count bytes and never wrap; a
 * position's place in the ring is position & (ring_bytes - 1). A frame never
 * crosses the end: what is left there is one frame of OBIT_FRAME_PAD. When the
 * slowest cursor leaves no room the newest record is dropped and counted.
 *
 * READING
 * Either read(2), which gives whole frames as they stand in the ring (no PAD),
 * as many as fit; a buffer too short for the next one is EINVAL. Or mmap(2):
 *   offset 0              one page, struct obit_ring_page, then the ring;
 *                         PROT_READ only
 *   cursor_offset         one page, struct obit_cursor_page; PROT_READ|WRITE.
 *                         Where it is, OBIT_IOC_START tells
 * and: read head (acquire); while cursor != head: look at the frame's state
 * (acquire); BUSY: stop, it is still being written; else use it and add its
 * size to cursor (release). A file is read in one of the two ways, not both.
 *
 * poll(2) says EPOLLIN when there is something to read: for a reader that
 * starts with OBIT_START_TIMED only when its unread part is wake_bytes long.
 * A file that has not started starts with its first read(2) or poll(2) as if by
 * an OBIT_IOC_START of zeros and the module's own version. Nothing is armed in the
 * kernel, and nothing recorded, before some file has started.
 */
#ifndef _UAPI_OBIT_DEV_H
#define _UAPI_OBIT_DEV_H

#include <linux/ioctl.h>
#include "obit.h"

#define OBIT_DEV_PATH	"/dev/obit"

enum obit_frame_state {
	OBIT_FRAME_BUSY,	/* reserved, not written yet */
	OBIT_FRAME_READY,
	OBIT_FRAME_PAD,		/* no record: skip it */
};

/*
 * @seq:  number of the record since the module was loaded. Those that were lost
 *        have numbers too: a gap is as long as what is missing there
 * @size: bytes of the frame, this header included, multiple of 16; the record's
 *        own length is in its obit_hdr
 */
struct obit_frame {
	__u64 seq;
	__u32 size;
	__u32 state;			/* enum obit_frame_state */
};

#define OBIT_FRAME_ALIGN 16

struct obit_ring_page {
	__u32 version;			/* OBIT_ABI_VERSION of the module */
	__u32 compat;			/* OBIT_ABI_COMPAT of the module */
	__u64 ring_bytes;		/* a power of two */
	__u64 pad[6];
	__u64 head;			/* position behind the newest frame */
	__u64 lost_total;
	__u64 lost[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR];
};

struct obit_cursor_page {
	__u64 cursor;			/* position of the next frame to read */
};

/* --- ioctls ---------------------------------------------------------------- */

/* Go on where the last reader that had OBIT_START_KEEP stopped, if the module
 * has kept its place (for `linger` seconds); else from now. */
#define OBIT_START_RESUME	0x01
/* When this file is closed, keep recording, and its place, for `linger` s. */
#define OBIT_START_KEEP		0x02
/* This reader comes by itself every few ms: wake it only when wake_bytes are
 * unread. Without: also wake_ms after the first unread record. */
#define OBIT_START_TIMED	0x04
/* Exiting tasks in scope wait for room rather than lose their record, as long
 * as this file is open. One at a time: EBUSY. */
#define OBIT_START_LOSSLESS	0x08
/* TEARDOWN and FREED records, too, for all readers as long as this file is open;
 * since version 3. */
#define OBIT_START_TEARDOWN	0x10
#define OBIT_START_FLAGS	0x1f

/* Whose exits wait. The process that started, and its children, never do. */
enum obit_scope {
	OBIT_SCOPE_TREE,		/* @scope_id: tgid; it and its descendants, 64 deep */
	OBIT_SCOPE_CGROUP,		/* @scope_id: v2 cgroup id; it and those below */
	OBIT_SCOPE_ALL,			/* everybody */
};

/*
 * OBIT_IOC_START: begins reading. Once a file, EALREADY after.
 * EPROTONOSUPPORT: @version is below the module's compat: this reader would
 * misread the records. EINVAL: unknown flag, scope, or pad not 0. EMFILE: 64
 * files have started.
 */
struct obit_dev_start {
	__u32 version;			/* in: the reader's; out: the module's */
	__u32 compat;			/* out */
	__u32 flags;			/* in: OBIT_START_*; out: those that came true */
	__u32 wake_bytes;		/* in; 0: a quarter of the ring. At most half */
	__u32 wake_ms;			/* in; 0: 20. At most 100 */
	__u32 scope;			/* in: enum obit_scope */
	__u64 scope_id;			/* in */
	__u32 wait_ms;			/* in: longest wait of an exit; 0: 2000. At most 10000 */
	__u32 pad;
	__u64 ring_bytes;		/* out */
	__u64 cursor_offset;		/* out: for mmap */
};

/* OBIT_IOC_INFO: how the module stands. Needs no start, arms nothing. */
#define OBIT_INFO_RECORDING	0x01
#define OBIT_INFO_KEEPING	0x02	/* recording for a reader that is to come back */
#define OBIT_INFO_LOSSLESS	0x04

struct obit_dev_info {
	__u32 version, compat;
	char release[32];		/* OBIT_VERSION it was built as */
	__u32 flags;			/* OBIT_INFO_* */
	__u32 readers;			/* files that have started */
	__u32 hooks;			/* for OBIT_IOC_HOOK: 0..hooks-1 */
	__u32 linger_s;
	__u64 ring_bytes;
	__u64 unread_bytes;		/* of the slowest reader */
	__u64 seq;			/* records so far, the lost among them */
	__u64 lost_total;
	__u64 lost[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR];
	__u64 missed;			/* probes that did not run: not in lost */
	__u64 waits, timeouts;		/* lossless mode: exits that waited */
	__u32 waiting;			/* exits that wait now */
	__u32 procs;			/* processes with a memory of their own */
};

/* OBIT_IOC_HOOK: the @index-th hook. EINVAL: there is none. */
enum obit_hook_kind {
	OBIT_HOOK_TRACEPOINT,
	OBIT_HOOK_FTRACE,		/* entry of a function */
	OBIT_HOOK_KRETPROBE,		/* return of a function */
};

enum obit_hook_state {
	OBIT_HOOK_IDLE,			/* nobody listens; it would be tried */
	OBIT_HOOK_ARMED,
	OBIT_HOOK_ABSENT,		/* tried: this kernel has no such place */
	OBIT_HOOK_REFUSED,		/* tried: err */
	OBIT_HOOK_SKIPPED,		/* left out by the parameter `skip` */
	OBIT_HOOK_UNNEEDED,		/* a row that serves the same is armed */
};

struct obit_dev_hook {
	__u32 index;			/* in */
	__u32 kind;			/* enum obit_hook_kind */
	__u32 state;			/* enum obit_hook_state */
	__s32 err;			/* negative errno of the last try, or 0 */
	__u32 required;			/* without it there is no obituary */
	__u32 serves;			/* not 0: any hook with this number does */
	__u64 missed;			/* times it could not run */
	char place[48];			/* function or tracepoint */
	char fact[80];			/* what it tells; what is lost without it */
};

/*
 * OBIT_IOC_SCAN: writes what is there now into the ring (TASK or PDEATH
 * records), closed by a SCAN record with the number given back. ENOTCONN: this
 * file has not started.
 */
struct obit_dev_scan {
	__u32 what;			/* in: enum obit_scan_what */
	__u32 scan;			/* out */
};

#define OBIT_IOC_START	_IOWR('o', 0xa0, struct obit_dev_start)
#define OBIT_IOC_INFO	_IOR('o', 0xa1, struct obit_dev_info)
#define OBIT_IOC_HOOK	_IOWR('o', 0xa2, struct obit_dev_hook)
#define OBIT_IOC_SCAN	_IOWR('o', 0xa3, struct obit_dev_scan)

OBIT_ABI_SIZE(struct obit_frame, 16);
OBIT_ABI_SIZE(struct obit_ring_page, 176);
OBIT_ABI_SIZE(struct obit_dev_start, 56);
OBIT_ABI_SIZE(struct obit_dev_info, 216);
OBIT_ABI_SIZE(struct obit_dev_hook, 160);
OBIT_ABI_SIZE(struct obit_dev_scan, 8);

#endif /* _UAPI_OBIT_DEV_H */
