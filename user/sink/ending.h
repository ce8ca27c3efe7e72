/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ending: the key `teardown` as JSON.
 * Owns its shape. Never adds up.
 */
#ifndef SINK_ENDING_H
#define SINK_ENDING_H

#include "core/teardown.h"
#include "lib/buf.h"

/* Appends the object; what fails is in out->err. */
void ending_json(struct buf *out, const struct teardown *t);

#endif
