// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module from outside: loading, unloading, and what of the kernel's memory
 * is in use. Never asks obit about itself: the answers are the kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktest.h"

int module_load(const char *params)
{
	int fd = open(ko_path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params ? params : "", 0) ? -errno :
								       0;
	close(fd);
	return ret;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "obit", O_NONBLOCK) ? -errno : 0;
}

int module_unload_wait(int ms)
{
	u64 end = deadline(ms);
	int ret;

	do {
		ret = module_unload();
		if (ret != -EAGAIN && ret != -EBUSY)
			return ret;
		nap_ms(5);
	} while (now_ns() < end);
	return -ETIMEDOUT;
}

bool module_is_loaded(void)
{
	return file_count("/proc/modules", "obit ") > 0;
}

long meminfo_kb(const char *key)
{
	char line[256];
	size_t len = strlen(key);
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			kb = atol(line + len + 1);
	if (f)
		fclose(f);
	return kb;
}

long kernel_kb(void)
{
	static const char *const keys[] = { "SUnreclaim", "Percpu",
					    "VmallocUsed", "PageTables",
					    "KernelStack" };
	long sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		long kb = meminfo_kb(keys[i]);

		if (kb > 0)
			sum += kb;
	}
	return sum;
}

int file_count(const char *path, const char *word)
{
	char line[4096];
	FILE *f = fopen(path, "re");
	int n = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, word);
	fclose(f);
	return n;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	if (n < 0)
		return -errno;
	buf[len] = 0;
	return len;
}
