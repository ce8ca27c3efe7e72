// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_checks: the surroundings: privilege, BTF, lockdown, cgroups, the
 * kernel log. Owns what each of them means to obit. Never changes anything.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cmd/doctor.h"
#include "kallsyms.h"

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

/* By the kernel itself: libcap for one question is a library too many. */
static uint64_t effective_caps(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static bool has(uint64_t caps, int cap)
{
	/* CAP_BPF and CAP_PERFMON are parts of what this one was alone. */
	return caps & (1ull << cap | 1ull << CAP_SYS_ADMIN);
}

/* A user namespace's root has all of them, and none that counts outside it. */
static bool initial_user_ns(void)
{
	struct stat st;

	/* None in this kernel: then there is but the one. */
	return stat("/proc/self/ns/user", &st) || st.st_ino == 0xEFFFFFFDul;
}

static void check_privilege(struct checks *cs)
{
	uint64_t caps = effective_caps();
	bool ok = has(caps, CAP_BPF) && has(caps, CAP_PERFMON);
	char text[256];

	if (!initial_user_ns()) {
		check(cs, "privilege", false,
		      "that of a user namespace, which the kernel counts for nothing here: BPF needs CAP_BPF and CAP_PERFMON in the initial one");
		return;
	}
	if (!ok)
		snprintf(text, sizeof(text),
			 "%s: BPF needs CAP_BPF and CAP_PERFMON",
			 geteuid() ? "not root" :
				     "root, but without all of its rights");
	else
		snprintf(text, sizeof(text), "%s%s",
			 geteuid() ? "not root, but with what BPF needs" :
				     "root",
			 caps & 1ull << CAP_SYS_ADMIN ?
				 "" :
				 "; --teardown=user needs CAP_SYS_ADMIN, too");
	check(cs, "privilege", ok, text);
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

static void check_symbols(struct checks *cs)
{
	struct kallsyms *k = NULL;
	int err = kallsyms_read(&k);

	check(cs, "symbols", !err,
	      err ? "hidden: --stacks shows functions by address; names take CAP_SYSLOG, and kernel.kptr_restrict below 2" :
		    "readable: --stacks shows functions by name");
	kallsyms_free(k);
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

	check_privilege(cs);
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
	check_symbols(cs);
}
