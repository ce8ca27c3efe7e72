/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the parts of the suite itself; no way to die includes it.
 */
#ifndef DEATH_CASE_H
#define DEATH_CASE_H

#include "death.h"

void scratch_remove(void);
void report_death(struct victim *v);

#endif
