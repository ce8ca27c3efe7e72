// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_checks: the surroundings: privilege, BTF, lockdown, cgroups, the
 * kernel log. Owns what each of them means to obit. Never changes anything.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/doctor.h"

static void check(struct checks *cs, const char *name, bool ok,
		  const char *text)
{
	struct check *c = &cs->c[cs->nr++];

	c->name = name;
	c->ok = ok;
	snprintf(c->text, sizeof(c->text), "%s", text);
}

static bool read_line(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, to, size - 1);
	close(fd);
	if (n < 0)
		return false;
	to[n] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return true;
}

static void check_lockdown(struct checks *cs)
{
	char line[128] = "";
	bool tight;

	/* "none [integrity] confidentiality": the mode in force in brackets. */
	if (!read_line("/sys/kernel/security/lockdown", line, sizeof(line))) {
		check(cs, "lockdown", true,
		      "not in this kernel, or securityfs is not mounted");
		return;
	}
	tight = strstr(line, "[confidentiality]");
	check(cs, "lockdown", !tight,
	      tight ? "confidentiality: BPF programs may not read kernel memory" :
	      strstr(line, "[integrity]") ? "integrity: does not hinder" :
					    "off");
}

static void check_kmsg(struct checks *cs)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	check(cs, "kernel log", fd >= 0,
	      fd >= 0 ?
		      "readable: whose memory limit an OOM kill enforced can be told" :
		      "not readable: whose memory limit an OOM kill enforced stays unknown");
	if (fd >= 0)
		close(fd);
}

static void check_namespace(struct checks *cs)
{
	struct stat st;
	bool initial = !stat("/proc/self/ns/pid", &st) &&
		       st.st_ino == 0xEFFFFFFCul;

	check(cs, "pid namespace", initial,
	      initial ?
		      "the initial one" :
		      "a container's: processes that already run have no exe and args");
}

static void check_cgroups(struct checks *cs)
{
	char line[4096], text[160] = "";
	FILE *f = fopen("/proc/self/cgroup", "re");
	unsigned int v1 = 0;
	bool v2 = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "0::", 3))
			v2 = true;
		else
			v1++;
	}
	if (f)
		fclose(f);
	snprintf(text, sizeof(text), "%s%s%s", v2 ? "v2" : "",
		 v2 && v1 ? " and " : "",
		 v1 ? "v1: the first of memory, pids, systemd that is not the root counts" :
		 v2 ? "" :
		      "none");
	check(cs, "cgroups", v1 || v2, text);
}

void check_all(struct checks *cs, const struct kdev *k)
{
	bool btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	char module[256];

	check(cs, "privilege", !geteuid(),
	      geteuid() ? "not root: BPF needs CAP_BPF and CAP_PERFMON" :
			  "root");
	check(cs, "BTF", btf,
	      btf ? "/sys/kernel/btf/vmlinux" :
		    "the kernel was built without: its eBPF programs can not load");
	check_lockdown(cs);
	kdev_why(k, module, sizeof(module));
	check(cs, "obit.ko", k->state == KDEV_OK,
	      k->state == KDEV_NOT_LOADED ?
		      "not loaded; not needed where BPF works" :
		      module);
	check_cgroups(cs);
	check_namespace(cs);
	check_kmsg(cs);
}
