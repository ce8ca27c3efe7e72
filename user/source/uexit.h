/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uexit: probes in the C libraries of this machine, so that exit(3) is seen.
 * Owns which files those are, their attachment, and whose process is covered by
 * them. Never joins anything; never reads a stranger's file in the reader's
 * own thread, which must not wait.
 */
#ifndef SOURCE_UEXIT_H
#define SOURCE_UEXIT_H

#include "source/source.h"

struct bpf_object;
struct uexit;

/* Which of its programs are to be loaded; once all others have been chosen. */
void uexit_choose(struct bpf_object *loader, bool wanted);

/*
 * Attaches to the libraries of all processes that run. 0, or a negative errno
 * after one sentence by log_error(): -EOPNOTSUPP or -EPERM where the kernel has
 * no uprobes for us.
 */
int uexit_open(struct uexit **u, struct bpf_object *loaded);
/* All that follow do nothing if u is NULL. */
void uexit_close(struct uexit *u);

/*
 * One read of the stream, of which every record goes by uexit_see(), is between
 * the first of these and the last, which gives what has been found out since:
 * USER_EXIT records with COVERED. Their number, or what `to` returned.
 */
void uexit_begin(struct uexit *u);
void uexit_see(struct uexit *u, const struct obit_hdr *h);
int uexit_end(struct uexit *u, const struct emit *to);

#endif
