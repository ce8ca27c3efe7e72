// SPDX-License-Identifier: GPL-2.0-only
/*
 * zombie_scan: who is dead and not reaped, now, and since when.
 * The scheduler's clocks are per CPU: for each CPU on which one died, obit goes
 * there for a moment, and sees what they say of itself. Never shows anything.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd/common.h"
#include "cmd/zombie_scan.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "procfs.h"
#include "source/hooks.h"
#include "source/source.h"

#define EXIT_DEAD	0x10	/* being released just now */
/* Room for 100,000 processes at once; more if there are. */
#define RING_BYTES	(16ull << 20)
#define RECORD_ROOM	(sizeof(struct obit_task_seen) + 16)

/* HZ is 100 at the least: two ticks. */
#define UNSTABLE_NS	(20 * NSEC_PER_MSEC)
/* Between the zero of the scheduler's clock and that of CLOCK_BOOTTIME. */
#define EPOCH_NS	(100 * NSEC_PER_MSEC)

struct zombie_scan {
	struct source *source;		/* NULL: by /proc */
	const char *why;
	struct cpu_now *now;		/* by CPU; boot_to 0: not asked yet */
	size_t nr_cpus;
	cpu_set_t *allowed;
	size_t set_size;
	bool (*wanted)(const struct zombie *z, void *ctx);
	void *ctx;
	struct zombies *all;
	uint64_t lost;
};

/* --- the dead ------------------------------------------------------------------------ */

/* The last one added stays only if it is wanted. */
static void want(struct zombie_scan *s)
{
	if (s->wanted && !s->wanted(&s->all->v[s->all->nr - 1], s->ctx))
		s->all->nr--;
}

static int on_record(void *ctx, const struct obit_hdr *h)
{
	const struct obit_task_seen *t = (const void *)h;
	const struct obit_loss *loss = (const void *)h;
	struct zombie_scan *s = ctx;
	struct zombie *z;

	if (h->type == OBIT_EV_LOSS)
		s->lost += loss->count;
	if (h->type != OBIT_EV_TASK || h->len < sizeof(*t) ||
	    !(t->flags & OBIT_TASK_DEAD) || t->exit_state == EXIT_DEAD)
		return 0;
	z = zombies_add(s->all);
	if (!z)
		return -ENOMEM;
	z->tgid = t->task.tgid;
	z->start_boottime = z->born_ns = t->task.start_boottime;
	memcpy(z->comm, t->comm, sizeof(z->comm));
	z->uid = t->uid;
	z->have_uid = true;
	z->parent = t->parent.tgid;
	z->parent_tid = t->parent.tid;
	z->parent_start = t->parent.start_boottime;
	z->tracer = t->tracer.tgid;
	z->tracer_tid = t->tracer.tid;
	z->tracer_start = t->tracer.start_boottime;
	/* Some of them may be on their way: it is no zombie before all are. */
	z->threads = t->threads > 1 ? t->threads - 1 : 0;
	z->exit_code = t->exit_code;
	z->exit_signal = t->exit_signal;
	z->have_code = z->have_exit_signal = true;
	z->had_threads = t->flags & OBIT_TASK_HAD_THREADS &&
			 !(t->flags & OBIT_TASK_SIGNALED);
	z->note.cpu = t->cpu;
	z->note.arrived = t->arrived;
	z->note.ran = t->ran;
	z->note.exec_start = t->exec_start;
	want(s);
	return 0;
}

static int on_entry(uint32_t tgid, void *ctx)
{
	struct zombie_scan *s = ctx;
	struct proc_status status;
	struct proc_stat st;
	struct zombie *z;

	if (procfs_stat(tgid, 0, &st) || st.state != 'Z' ||
	    st.flags & PROC_PF_KTHREAD)
		return 0;
	z = zombies_add(s->all);
	if (!z)
		return -ENOMEM;
	z->tgid = tgid;
	memcpy(z->comm, st.comm, sizeof(z->comm));
	z->born_ns = st.start_ticks *
		     (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
	z->parent = st.ppid;
	z->threads = st.threads > 1 ? st.threads - 1 : 0;
	z->exit_signal = st.exit_signal;
	z->have_exit_signal = true;
	z->note.cpu = st.cpu;
	if (procfs_exec_start(tgid, &z->note.exec_start))
		z->note.exec_start = 0;
	if (!procfs_status(tgid, 0, &status)) {
		z->have_uid = true;
		z->uid = status.uid;
		z->tracer = status.tracer;
	}
	/* 0 is a status, too, and what is read where nothing may be known. */
	z->have_code = st.exit_code || procfs_permitted(tgid);
	z->exit_code = st.exit_code;
	want(s);
	return 0;
}

/* --- the clocks ---------------------------------------------------------------------- */

/* irq + softirq + steal of a CPU since boot, as /proc/stat counts them, plus a
 * tick each; UINT64_MAX: not to be had. */
static uint64_t stolen(uint32_t cpu)
{
	unsigned long long v[8];
	uint64_t tick = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	uint64_t sum = UINT64_MAX;
	char line[512], name[24];

	snprintf(name, sizeof(name), "cpu%u ", cpu);
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)))
			continue;
		if (sscanf(line + strlen(name),
			   "%llu %llu %llu %llu %llu %llu %llu %llu", &v[0],
			   &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
			   &v[7]) == 8)
			sum = (v[5] + v[6] + v[7] + 3) * tick;
		break;
	}
	if (f)
		fclose(f);
	return sum;
}

static uint64_t suspended_ns(void)
{
	struct timespec mono;
	uint64_t before = boot_now(), m;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	m = (uint64_t)mono.tv_sec * NSEC_PER_SEC + (uint64_t)mono.tv_nsec;
	/* Less is the time between the two readings. */
	return before > m + NSEC_PER_MSEC ? before - m : 0;
}

static int proc_clock(uint32_t cpu, struct cpu_now *now)
{
	uint64_t awake, lag;
	int err;

	now->boot_from = boot_now();
	nanosleep(&(struct timespec){ .tv_nsec = 1 }, NULL);
	err = procfs_exec_start((uint32_t)getpid(), &now->note.exec_start);
	now->boot_to = boot_now();
	if (err)
		return err;
	/*
	 * Two limits of how far the task clock has fallen behind: what the CPU
	 * was taken away at all; and what it lacks to the time since boot, from
	 * when both count (to some 100 ppm, for they drift).
	 */
	awake = now->boot_to - suspended_ns();
	lag = awake + EPOCH_NS + awake / 10000;
	lag = lag > now->note.exec_start ? lag - now->note.exec_start : 0;
	now->task_clock_lag = stolen(cpu);
	if (lag < now->task_clock_lag)
		now->task_clock_lag = lag;
	return 0;
}

static int bpf_clock(struct zombie_scan *s, struct cpu_now *now)
{
	struct cpu_clock c;
	int err = bpf_source_cpu_clock(s->source, &c);

	if (err)
		return err;
	now->note.arrived = c.arrived;
	now->note.ran = c.ran;
	now->note.exec_start = c.exec_start;
	now->boot_from = c.boot_from;
	now->boot_to = c.boot_to;
	return 0;
}

/* On that CPU, or not at all: its clocks are its own. */
static int ask_clock(struct zombie_scan *s, uint32_t cpu)
{
	cpu_set_t *one = CPU_ALLOC(s->nr_cpus);
	int err = 0;

	if (!one)
		return -ENOMEM;
	CPU_ZERO_S(s->set_size, one);
	CPU_SET_S(cpu, s->set_size, one);
	if (sched_setaffinity(0, s->set_size, one))
		err = -errno;
	CPU_FREE(one);
	if (!err)
		err = s->source ? bpf_clock(s, &s->now[cpu]) :
				  proc_clock(cpu, &s->now[cpu]);
	if (err) {
		log_info("the clock of CPU %u can not be read: %s", cpu,
			 strerror(-err));
		memset(&s->now[cpu], 0, sizeof(s->now[cpu]));
		s->now[cpu].boot_to = 1;	/* asked */
	}
	return err;
}

static bool reads(const char *path, const char *const *words)
{
	FILE *f = fopen(path, "re");
	char text[64] = "";
	bool found = false;

	if (f && fgets(text, sizeof(text), f))
		text[strcspn(text, "\n")] = '\0';
	for (; *words; words++)
		found = found || !strcmp(text, *words);
	if (f)
		fclose(f);
	return found;
}

static void find_rules(struct clock_rules *r)
{
	static const char *const stable[] = { "tsc", "kvm-clock",
					      "arch_sys_counter",
					      "hyperv_clocksource_tsc_page",
					      NULL };
	static const char *const other[] = { "enabled", "enabling", NULL };

	memset(r, 0, sizeof(*r));
	r->suspended_ns = suspended_ns();
	r->unstable_ns =
		reads("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      stable) ?
			0 :
			UNSTABLE_NS;
	r->ran_counts = !reads("/sys/kernel/sched_ext/state", other);
}

static void find_ages(struct zombie_scan *s)
{
	struct clock_rules rules;
	struct zombie *z;
	size_t i;

	for (i = 0; i < s->nr_cpus; i++)
		s->now[i].boot_to = 0;
	for (i = 0; i < s->all->nr; i++) {
		z = &s->all->v[i];
		if (z->note.cpu < s->nr_cpus && z->note.exec_start &&
		    !s->now[z->note.cpu].boot_to)
			ask_clock(s, z->note.cpu);
	}
	sched_setaffinity(0, s->set_size, s->allowed);
	find_rules(&rules);
	rules.boot_ns = s->all->boot_ns = boot_now();
	for (i = 0; i < s->all->nr; i++) {
		z = &s->all->v[i];
		if (z->note.cpu < s->nr_cpus)
			z->have_age = zombie_age(&z->note, z->born_ns,
						 &s->now[z->note.cpu], &rules,
						 &z->age_ns, &z->age_err_ns);
	}
}

/* --- all together ----------------------------------------------------------------------- */

int zombie_scan_run(struct zombie_scan *s,
		    bool (*wanted)(const struct zombie *z, void *ctx),
		    void *ctx, struct zombies *all)
{
	struct emit to = { s, on_record };
	struct timespec now;
	struct tm tm;
	int err;

	s->wanted = wanted;
	s->ctx = ctx;
	s->all = all;
	s->lost = 0;
	if (s->source) {
		err = bpf_source_tasks(s->source, &to);
		if (!err) {
			log_error("this kernel can not list its tasks by BPF");
			return -EOPNOTSUPP;
		}
	} else {
		err = procfs_each(on_entry, s);
	}
	if (err < 0) {
		log_error("the processes can not be listed: %s",
			  strerror(-err));
		return err;
	}
	if (s->lost)
		log_warn("%llu processes did not fit and are left out",
			 (unsigned long long)s->lost);
	find_ages(s);
	clock_gettime(CLOCK_REALTIME, &now);
	all->real_ns =
		(int64_t)now.tv_sec * (int64_t)NSEC_PER_SEC + now.tv_nsec;
	localtime_r(&now.tv_sec, &tm);
	all->utc_offset_s = (int32_t)tm.tm_gmtoff;
	return 0;
}

static int open_source(struct zombie_scan *s)
{
	struct source_opts so = { .buffer_bytes = RING_BYTES,
				  .scan_only = true };
	unsigned long long tasks = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	/* "0.21 0.30 0.25 2/431 9021": all tasks there are, zombies too. */
	if (f && fscanf(f, "%*s %*s %*s %*u/%llu", &tasks) != 1)
		tasks = 0;
	if (f)
		fclose(f);
	if (tasks * 2 * RECORD_ROOM > so.buffer_bytes)
		so.buffer_bytes = tasks * 2 * RECORD_ROOM;
	return bpf_source.open(&s->source, &so);
}

/* The kernel's masks may be larger than any number of CPUs that it tells. */
static int find_cpus(struct zombie_scan *s)
{
	for (s->nr_cpus = 1024; s->nr_cpus <= 1 << 16; s->nr_cpus *= 2) {
		s->set_size = CPU_ALLOC_SIZE(s->nr_cpus);
		s->allowed = CPU_ALLOC(s->nr_cpus);
		if (!s->allowed)
			break;
		if (!sched_getaffinity(0, s->set_size, s->allowed)) {
			s->now = calloc(s->nr_cpus, sizeof(*s->now));
			if (s->now)
				return 0;
			break;
		}
		CPU_FREE(s->allowed);
		s->allowed = NULL;
	}
	log_error("out of memory");
	return -ENOMEM;
}

int zombie_scan_open(struct zombie_scan **out, enum scan_by by)
{
	struct zombie_scan *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		log_error("out of memory");
		return -ENOMEM;
	}
	err = find_cpus(s);
	if (err)
		goto out;
	if (by == SCAN_AUTO && !procfs_is_initial()) {
		s->why = "in a container: only its own processes are seen";
		by = SCAN_PROC;
	} else if (by == SCAN_AUTO && geteuid()) {
		s->why =
			"not root: ages are less exact, and of others' processes the status and what they wait in may be hidden";
		by = SCAN_PROC;
	}
	if (!err && by != SCAN_PROC)
		err = open_source(s);
	if (err && by == SCAN_AUTO) {
		s->why = "without BPF: ages are less exact";
		err = 0;
	}
	if (!err) {
		*out = s;
		return 0;
	}
out:
	zombie_scan_close(s);
	return err;
}

void zombie_scan_close(struct zombie_scan *s)
{
	if (!s)
		return;
	if (s->source)
		bpf_source.close(s->source);
	if (s->allowed)
		CPU_FREE(s->allowed);
	free(s->now);
	free(s);
}

bool zombie_scan_by_proc(const struct zombie_scan *s, const char **why)
{
	*why = s->why;
	return !s->source;
}
