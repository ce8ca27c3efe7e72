/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor: what its parts share: doctor.c (the hooks of BPF, the fields, how all
 * is laid out), doctor_checks.c (the surroundings), doctor_module.c (obit.ko).
 * Nobody else includes it.
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/buf.h"
#include "lib/json.h"
#include "source/kdev.h"

/* --- doctor_checks.c ------------------------------------------------------------ */

struct check {
	const char *name;
	bool ok;
	char text[256];
};

#define CHECKS_MAX 8

struct checks {
	struct check c[CHECKS_MAX];
	size_t nr;
};

void check_all(struct checks *cs, const struct kdev *k);

/* --- doctor_module.c ------------------------------------------------------------ */

/*
 * @usable: it could watch this machine
 * @tried:  its hooks were armed for a moment, and are shown as they stood then;
 *          else somebody reads, or it could not be
 * @why:    why it is not usable, a clause
 */
struct module_state {
	struct kdev dev;
	bool usable, tried;
	char why[320];
	struct obit_dev_info info;
	struct kdev_hooks hooks;
};

/* Looks at the module, and unless somebody reads already has it watch while
 * load(ctx) runs. Never fails: it says what it found. */
void module_look(struct module_state *m, void (*load)(void *ctx), void *ctx);
void module_text(struct buf *out, const struct module_state *m);
void module_json(struct json *j, const struct module_state *m);

/* --- doctor.c ------------------------------------------------------------------- */

/* Text that wraps under itself, from column `at` on; the cursor is there. */
void doctor_wrapped(struct buf *out, const char *text, unsigned int at);

#endif
