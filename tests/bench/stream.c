// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream: a recording of deaths that never were, the same at every call: what
 * the collector is measured with, on its own. Its shapes are those of a busy
 * machine; what each record holds is as the fentry tier writes it.
 *
 *	bench stream [-n DEATHS] [-z ZOMBIES] [-x EXECED_IN_100]
 *
 * -z: so many die at first and are never reaped. Writes to standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uapi/obit.h>
#include "../../user/core/recording.h"
#include "bench.h"

#define BOOT_NS 1000000000000ull
#define REAL_NS 1700000000000000000ll
#define CYCLE_NS 50000u		/* 20,000 deaths a second */
#define TICK_NS 20000000u
#define PARENT 1000u

static uint64_t now = BOOT_NS, next_tick = BOOT_NS;

static void put(void *rec, uint16_t type, size_t len)
{
	struct obit_hdr *h = rec;

	h->type = type;
	h->len = (uint16_t)len;
	h->boot_ns = now;
	if (fwrite(rec, len, 1, stdout) != 1)
		die("stream: %s", strerror(errno));
}

#define PUT(rec, type) put(&(rec), OBIT_EV_##type, sizeof(rec))

static void put_head(void)
{
	struct recording_head h;

	memset(&h, 0, sizeof(h));
	memcpy(h.magic, RECORDING_MAGIC, sizeof(h.magic));
	h.order = RECORDING_ORDER;
	h.head_len = sizeof(h);
	h.abi_version = OBIT_ABI_VERSION;
	h.abi_compat = OBIT_ABI_COMPAT;
	h.tier = TIER_FENTRY;
	h.source = SOURCE_BPF;
	h.real_ns = REAL_NS;
	h.boot_ns = BOOT_NS;
	if (fwrite(&h, sizeof(h), 1, stdout) != 1)
		die("stream: %s", strerror(errno));
}

static struct obit_task task(uint32_t tgid, uint64_t start)
{
	struct obit_task t = { start, tgid, tgid };

	return t;
}

static const char shell[] = "/usr/bin/bash";
static const char shell_args[] = "/bin/bash\0-c\0make -j2 all";
static const char child[] = "/usr/lib/gcc/x86_64-linux-gnu/12/cc1";
static const char child_args[] =
	"/usr/lib/gcc/x86_64-linux-gnu/12/cc1\0-quiet\0-I\0include\0"
	"-MMD\0build/main.d\0src/main.c\0-O2\0-o\0/tmp/ccK7ksBu.s";

static void put_exec(struct obit_task who, const char *exe, const char *args,
		     size_t args_size, const char *comm)
{
	union {
		struct obit_exec r;
		char room[sizeof(struct obit_exec) + 512];
	} rec;
	size_t exe_len = strlen(exe), len;

	memset(&rec, 0, sizeof(rec));
	rec.r.task = who;
	snprintf(rec.r.comm, sizeof(rec.r.comm), "%s", comm);
	rec.r.exe_len = (uint16_t)exe_len;
	rec.r.args_len = (uint32_t)args_size;
	rec.r.args_total = (uint32_t)args_size;
	memcpy(rec.r.data, exe, exe_len);
	memcpy(rec.r.data + exe_len, args, args_size);
	len = (sizeof(rec.r) + exe_len + args_size + 7) & ~(size_t)7;
	put(&rec, OBIT_EV_EXEC, len);
}

static void put_start(void)
{
	struct obit_clock clock = { .real_minus_boot_ns =
					    REAL_NS - (int64_t)BOOT_NS };
	struct obit_task_seen seen = { .threads = 1, .live = 1 };
	static const char path[] = "/system.slice/build.service";
	union {
		struct obit_cgroup r;
		char room[sizeof(struct obit_cgroup) + 32];
	} cg;

	PUT(clock, CLOCK);
	memset(&cg, 0, sizeof(cg));
	cg.r.id = 4711;
	cg.r.hierarchy = OBIT_HIER_UNIFIED;
	cg.r.kind = OBIT_CGROUP_NAMED;
	cg.r.path_len = sizeof(path) - 1;
	memcpy(cg.r.data, path, sizeof(path) - 1);
	PUT(cg, CGROUP);
	seen.task = task(PARENT, BOOT_NS / 2);
	seen.parent = task(1, 1);
	snprintf(seen.comm, sizeof(seen.comm), "bash");
	PUT(seen, TASK);
	put_exec(seen.task, shell, shell_args, sizeof(shell_args), "bash");
}

static void put_usage(struct obit_usage *u)
{
	u->cpu_ns = 1234567;
	u->utime_ns = 800000;
	u->stime_ns = 400000;
	u->maxrss_kb = 3456;
	u->minflt = 123;
	u->nvcsw = 2;
	u->nivcsw = 1;
	u->read_bytes = 4096;
}

static void put_exit(struct obit_task who, const char *comm, bool execed)
{
	struct obit_exit e;

	memset(&e, 0, sizeof(e));
	e.task = who;
	snprintf(e.comm, sizeof(e.comm), "%s", comm);
	e.parent = task(PARENT, BOOT_NS / 2);
	snprintf(e.parent_comm, sizeof(e.parent_comm), "bash");
	/* one in eight fails, as exit(3) and by a signal of its own */
	e.exit_code = who.tgid % 8 ? 0 : 3 << 8;
	e.flags = OBIT_EXIT_GROUP_DEAD | OBIT_EXIT_GROUP_EXIT |
		  OBIT_EXIT_GROUP_VALUE | (execed ? OBIT_EXIT_EXECED : 0);
	e.group_value = (int32_t)(e.exit_code >> 8);
	e.exit_signal = 17;
	e.call_ns = now - CYCLE_NS / 5;
	e.uid = e.gid = e.loginuid = 1000;
	e.sid = e.pgid = PARENT;
	e.ns_tgid = who.tgid;
	e.pid_ns = 4026531836u;
	e.threads = 1;
	e.sigchld = OBIT_SIGCHLD_HANDLER;
	e.cgroup_hierarchy = OBIT_HIER_UNIFIED;
	e.cgroup_id = 4711;
	snprintf(e.tty, sizeof(e.tty), "pts/3");
	put_usage(&e.usage);
	PUT(e, EXIT);
}

static void put_reapable(struct obit_task who)
{
	struct obit_reapable r;

	memset(&r, 0, sizeof(r));
	r.task = who;
	r.told = task(PARENT, BOOT_NS / 2);
	snprintf(r.told_comm, sizeof(r.told_comm), "bash");
	r.flags = OBIT_REAPABLE_EXACT;
	r.signal = 17;
	r.sigchld = OBIT_SIGCHLD_HANDLER;
	PUT(r, REAPABLE);
}

static void put_release(struct obit_task who, const char *comm, bool execed)
{
	struct obit_release r;

	memset(&r, 0, sizeof(r));
	r.task = who;
	snprintf(r.comm, sizeof(r.comm), "%s", comm);
	r.by = r.parent = task(PARENT, BOOT_NS / 2);
	snprintf(r.by_comm, sizeof(r.by_comm), "bash");
	snprintf(r.parent_comm, sizeof(r.parent_comm), "bash");
	r.exit_code = who.tgid % 8 ? 0 : 3 << 8;
	r.flags = OBIT_RELEASE_EXACT | (execed ? OBIT_RELEASE_EXECED : 0);
	r.uid = r.gid = 1000;
	r.cgroup_id = 4711;
	put_usage(&r.usage);
	PUT(r, RELEASE);
}

/* @last: of its records: EXIT leaves a zombie. */
static void life(long nr, bool execed, enum obit_event last)
{
	uint32_t tgid = PARENT + 1 + (uint32_t)(nr % 4000000);
	const char *comm = execed ? "cc1" : "bash";
	struct obit_fork f;

	memset(&f, 0, sizeof(f));
	f.task = task(tgid, now);
	f.forker = f.real_parent = task(PARENT, BOOT_NS / 2);
	PUT(f, FORK);
	now += CYCLE_NS / 5;
	if (execed)
		put_exec(f.task, child, child_args, sizeof(child_args), comm);
	now += 2 * (CYCLE_NS / 5);
	put_exit(f.task, comm, execed);
	now += CYCLE_NS / 5;
	put_reapable(f.task);
	now += CYCLE_NS / 5;
	if (last == OBIT_EV_RELEASE)
		put_release(f.task, comm, execed);
	if (now >= next_tick) {
		struct obit_tick t = { { 0 } };

		PUT(t, TICK);
		next_tick = now + TICK_NS;
	}
}

int stream_main(int argc, char **argv)
{
	long n = 1000, zombies = 0, execed = 25, i;
	int o;

	while ((o = getopt(argc, argv, "n:z:x:")) != -1) {
		if (o == 'n')
			n = atol(optarg);
		else if (o == 'z')
			zombies = atol(optarg);
		else if (o == 'x')
			execed = atol(optarg);
		else
			die("stream: bad option");
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 18);
	put_head();
	put_start();
	for (i = 0; i < zombies; i++)
		life(i, i % 100 < execed, OBIT_EV_EXIT);
	for (i = 0; i < n; i++)
		life(zombies + i, i % 100 < execed, OBIT_EV_RELEASE);
	return fflush(stdout) ? 70 : 0;
}
