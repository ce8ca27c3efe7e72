/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the parts of the suite itself: what main, the runner and the
 * expectations need of a case. Never included by a way to die.
 */
#ifndef DEATH_CASE_H
#define DEATH_CASE_H

#include "death.h"

void scratch_remove(void);
void report_death(struct victim *v);

#endif
