/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names: user names of uids, and back.
 * Owns a copy of /etc/passwd, read again when it has changed. Asks no name
 * service: that could block for seconds, and does not work in a static binary.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

const char *user_name(uint32_t uid);	/* valid until the next call; or NULL */
int user_id(const char *name, uint32_t *uid);	/* 0 or -ENOENT */

#endif
