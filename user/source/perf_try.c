// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf_try: the timer of --stacks and the breakpoints of --teardown=user, each
 * tried by an empty program. Owns what the kernel's answer means. Never touches
 * a file but one that nobody else has.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "source/perf_try.h"

const struct perf_row perf_rows[PERF_ROWS_NR] = {
	{ "stack__sample", "perf", "cpu-clock",
	  "profile --stacks: what an end does while it runs" },
	{ "uprobe__exit", "uprobe", "exit",
	  "--teardown=user: exit(3) in C libraries" },
};

/* What perf calls uprobes on this kernel, by number; since 4.17. */
static int uprobe_type(uint32_t *type)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%u", type);
	fclose(f);
	return n == 1 ? 0 : -EINVAL;
}

static int open_event(struct perf_event_attr *attr, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_timer(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000000,
	};
	int cpu = sched_getcpu();

	return open_event(&attr, cpu < 0 ? 0 : cpu);
}

/* In a page that nobody runs. */
static int open_uprobe(void)
{
	struct perf_event_attr attr = { 0 };
	char path[64];
	int fd, file, err = uprobe_type(&attr.type);

	if (err)
		return err == -ENOENT ? -ENODEV : err;
	file = memfd_create("obit", MFD_CLOEXEC);
	if (file < 0)
		return -errno;
	if (ftruncate(file, sysconf(_SC_PAGESIZE))) {
		fd = -errno;
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		attr.config1 = (uintptr_t)path;
		fd = open_event(&attr, 0);
	}
	close(file);
	return fd;
}

static int load(enum bpf_prog_type type)
{
	const struct bpf_insn empty[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(type, "obit_try", "GPL", empty, 2, NULL);
}

static enum hook_state refused(int *err, int why, char *text, size_t len,
			       const char *what)
{
	*err = why;
	snprintf(text, len, "%s (%s)", what, strerrorname_np(-why));
	return HOOK_REFUSED;
}

enum hook_state perf_try(const struct perf_row *row, int *err, char *why,
			 size_t why_len)
{
	bool uprobe = !strcmp(row->kind, "uprobe");
	enum hook_state state = HOOK_OK;
	int program, event;

	*err = 0;
	why[0] = '\0';
	program =
		load(uprobe ? BPF_PROG_TYPE_KPROBE : BPF_PROG_TYPE_PERF_EVENT);
	if (program < 0)
		return refused(err, program, why, why_len,
			       "its program is refused at load");
	event = uprobe ? open_uprobe() : open_timer();
	if (event == -ENODEV && uprobe) {
		*err = event;
		snprintf(why, why_len,
			 "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)");
		state = HOOK_ABSENT;
	} else if (event < 0) {
		state = refused(err, event, why, why_len,
				"perf_event_open(2) is refused");
	} else if (ioctl(event, PERF_EVENT_IOC_SET_BPF, program)) {
		state = refused(err, -errno, why, why_len,
				"its program cannot be attached");
	}
	if (event >= 0)
		close(event);
	close(program);
	return state;
}
