/* SPDX-License-Identifier: GPL-2.0 */
/* dev.h - /dev/obit comes and goes (dev.c). */
#ifndef OBIT_DEV_H
#define OBIT_DEV_H

int dev_init(void);
/* No file is open: the module could not be unloaded. */
void dev_exit(void);

#endif /* OBIT_DEV_H */
