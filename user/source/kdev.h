/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kdev: what the module obit.ko tells of itself, for doctor and for the source.
 * Owns how /dev/obit is opened and what each way to fail means. Never starts
 * reading: that is the kmod source's.
 */
#ifndef SOURCE_KDEV_H
#define SOURCE_KDEV_H

#include <stdbool.h>
#include <stdint.h>
#include <uapi/obit_dev.h>

enum kdev_state {
	KDEV_OK,
	KDEV_NOT_LOADED,
	KDEV_NO_DEVICE,		/* loaded, but there is no /dev/obit here */
	KDEV_NO_PRIVILEGE,
	KDEV_OTHER_ABI,		/* it and this obit would misread each other */
	KDEV_FAILED,		/* err says why */
};

/* An open /dev/obit that has not started, and what the module says of itself. */
struct kdev {
	int fd;			/* -1 unless KDEV_OK or KDEV_OTHER_ABI */
	enum kdev_state state;
	int err;		/* negative errno, for KDEV_FAILED */
	struct obit_dev_info info;	/* if there is an fd */
};

/* Says nothing; *k is whole in any case. 0, or a negative errno: -ENODEV -EPERM
 * -EPROTONOSUPPORT, or k->err. */
int kdev_open(struct kdev *k);
void kdev_close(struct kdev *k);
/* One sentence on why it could not be opened. */
void kdev_why(const struct kdev *k, char *text, unsigned int size);
/* The module's hooks as they stand now. */
struct kdev_hooks {
	struct obit_dev_hook hook[64];
	uint32_t nr;
};
void kdev_hooks(const struct kdev *k, struct kdev_hooks *hooks);
/* Is the fact of h to be had, by itself or by another that serves the same: of
 * two names of one place, one is enough. */
bool kdev_is_served(const struct kdev_hooks *hooks,
		    const struct obit_dev_hook *h);

#endif
