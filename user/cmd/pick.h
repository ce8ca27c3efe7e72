/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pick: --comm, --uid and the like of the commands that list what is there now.
 * Owns how such a list of values is checked and matched: one of them is enough,
 * and none picks everything. What dies later is picked by core/filter/filter.h.
 */
#ifndef CMD_PICK_H
#define CMD_PICK_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/opts.h"

/* 0, or -EINVAL and a sentence that names the option. */
int pick_check_uid(const struct opt_strings *users);
int pick_check_tgid(const char *option, const struct opt_strings *tgids);
int pick_check_signal(const struct opt_strings *signals);

/* @comm: OBIT_COMM_LEN bytes; the values may have wildcards */
bool pick_comm(const struct opt_strings *comms, const char *comm);
bool pick_uid(const struct opt_strings *users, bool known, uint32_t uid);
bool pick_tgid(const struct opt_strings *tgids, uint32_t tgid);
bool pick_signal(const struct opt_strings *signals, uint32_t signal);

#endif
