/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kallsyms: the kernel's functions by address, from /proc/kallsyms, read once.
 * Owns what is a function there, and that a kernel which hides its addresses is
 * told from one that has none. Never knows another machine's.
 */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdint.h>

struct kallsyms;

/* 0; -EACCES: this kernel shows no addresses to us; or another negative errno. */
int kallsyms_read(struct kallsyms **k);
void kallsyms_free(struct kallsyms *k);		/* NULL is fine */
/* As a symbol_fn, ctx being the kallsyms. */
const char *kallsyms_name(void *ctx, uint64_t address);

#endif
