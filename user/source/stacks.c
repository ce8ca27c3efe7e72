// SPDX-License-Identifier: GPL-2.0-only
/*
 * stacks: the timer on each CPU that takes the stacks of ending threads, and
 * the room that the program at a switch of tasks needs. Owns the perf events.
 * Never reads what the programs write.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "lib/log.h"
#include "lib/timefmt.h"
#include "source/stacks.h"

/* Ending threads that do not run, at one time: 600 bytes each. */
#define WAITS_MAX 1024

/* @timers: one a CPU */
struct stacks {
	size_t nr;
	struct bpf_link *timers[];
};

static struct bpf_program *sample_of(struct bpf_object *object)
{
	return bpf_object__find_program_by_name(object, "stack__sample");
}

void stacks_choose(struct bpf_object *object, uint32_t hz)
{
	struct bpf_map *waits = bpf_object__find_map_by_name(object, "waits");

	bpf_program__set_autoload(sample_of(object), hz > 0);
	bpf_map__set_max_entries(waits, hz ? WAITS_MAX : 1);
}

/* The software clock: virtual machines seldom have another. */
static int open_timer(int cpu, uint32_t hz)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = NSEC_PER_SEC / hz,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int add_timer(struct stacks *s, const struct bpf_program *p, int cpu,
		     uint32_t hz)
{
	int fd = open_timer(cpu, hz), err;
	struct bpf_link *link;

	if (fd < 0)
		return fd;
	/* The link owns the event from here on. */
	link = bpf_program__attach_perf_event(p, fd);
	if (!link) {
		err = -errno;
		close(fd);
		return err;
	}
	s->timers[s->nr++] = link;
	return 0;
}

static void add_timers(struct stacks *s, struct bpf_object *object, int cpus,
		       uint32_t hz)
{
	const struct bpf_program *p = sample_of(object);
	int cpu, err = 0;

	for (cpu = 0; cpu < cpus && !err; cpu++) {
		err = add_timer(s, p, cpu, hz);
		/* It is possible, but not there. */
		if (err == -ENODEV)
			err = 0;
	}
	if (err)
		log_warn("--stacks: running threads cannot be sampled (perf_event_open: %s): there are stacks only of those that wait",
			 strerror(-err));
}

int stacks_open(struct stacks **out, struct bpf_object *object, uint32_t hz)
{
	int cpus = libbpf_num_possible_cpus();
	struct stacks *s;

	*out = NULL;
	if (!hz)
		return 0;
	if (cpus < 0)
		return cpus;
	s = calloc(1, sizeof(*s) + (size_t)cpus * sizeof(s->timers[0]));
	if (!s)
		return -ENOMEM;
	add_timers(s, object, cpus, hz);
	*out = s;
	return 0;
}

void stacks_close(struct stacks *s)
{
	if (!s)
		return;
	while (s->nr)
		bpf_link__destroy(s->timers[--s->nr]);
	free(s);
}
