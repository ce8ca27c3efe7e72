// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF on the named tracepoints, as raw_tp/obit_*: programs attach to each, see
 * what waitpid(2) says, and keep the module where it is for as long as they are
 * attached. Never through libbpf or the programs of bpf/: what is promised is
 * the kernel's interface, so the program is a few instructions written here.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define DEATHS 40
#define UNLOAD_MS 10000

static const char *const names[] = {
	"obit_exit",   "obit_reapable",	     "obit_released", "obit_pdeath",
	"obit_hangup", "obit_pgrp_orphaned", "obit_teardown",
};

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

/* How often each key was seen; obit_teardown's are many. */
static int count_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_HASH,
				.key_size = sizeof(u64),
				.value_size = sizeof(u64),
				.max_entries = 16384 };

	return bpf(BPF_MAP_CREATE, &attr);
}

/* Of the process it ran in, with that argument of the tracepoint. */
static u64 count_key(pid_t tgid, u32 arg)
{
	return (u64)tgid << 32 | arg;
}

/* How often @key was seen, and how often any of its process. */
static void count_of(int map, u64 key, u64 *count, u64 *of_process)
{
	u64 at, n;
	union bpf_attr next = { .map_fd = map, .next_key = (uintptr_t)&at };
	union bpf_attr get = { .map_fd = map,
			       .key = (uintptr_t)&at,
			       .value = (uintptr_t)&n };

	for (*count = *of_process = 0; !bpf(BPF_MAP_GET_NEXT_KEY, &next);
	     next.key = (uintptr_t)&at) {
		if (at >> 32 != key >> 32 || bpf(BPF_MAP_LOOKUP_ELEM, &get))
			continue;
		*of_process += n;
		if (at == key)
			*count = n;
	}
}

static bool any_counted(int map)
{
	u64 key;
	union bpf_attr attr = { .map_fd = map, .next_key = (uintptr_t)&key };

	return !bpf(BPF_MAP_GET_NEXT_KEY, &attr);
}

#define INSN(op, dst, src, o, i)                             \
	((struct bpf_insn){ .code = (op), .dst_reg = (dst), \
			    .src_reg = (src), .off = (o), .imm = (i) })
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##helper)
#define MOV(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ALU(op, dst, i) INSN(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, i)
/* A map's address is two instructions. */
#define MAP(dst, fd)                                                     \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd), \
		INSN(0, 0, 0, 0, 0)

/*
 * counts[tgid of current << 32 | (u32)args[@arg]]++: the fd of the program. The
 * same key is never counted first by two processors at once.
 */
static int count_prog(int map, int arg)
{
	struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 6, 1, arg * 8, 0),
		CALL(get_current_pid_tgid),
		ALU(BPF_RSH, 0, 32),
		ALU(BPF_LSH, 0, 32),
		ALU(BPF_LSH, 6, 32),
		ALU(BPF_RSH, 6, 32),
		INSN(BPF_ALU64 | BPF_OR | BPF_X, 0, 6, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 0, -8, 0),
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -16, 1),
		MAP(1, map),
		MOV(2, 10),
		ALU(BPF_ADD, 2, -8),
		CALL(map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3, 0),
		ALU(BPF_MOV, 1, 1),
		INSN(BPF_STX | BPF_XADD | BPF_DW, 0, 1, 0, 0),
		INSN(BPF_JMP | BPF_JA, 0, 0, 8, 0),
		MAP(1, map),
		MOV(2, 10),
		ALU(BPF_ADD, 2, -8),
		MOV(3, 10),
		ALU(BPF_ADD, 3, -16),
		ALU(BPF_MOV, 4, BPF_ANY),
		CALL(map_update_elem),
		ALU(BPF_MOV, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	static char log[8192];
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
				.insns = (uintptr_t)insns,
				.insn_cnt = ARRAY_SIZE(insns),
				.license = (uintptr_t) "GPL",
				.log_buf = (uintptr_t)log,
				.log_size = sizeof(log),
				.log_level = 1 };
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		note("BPF_PROG_LOAD: %s\n%s", strerror(-fd), log);
	return fd;
}

static int attach(const char *name, int prog)
{
	union bpf_attr attr = { .raw_tracepoint = { .name = (uintptr_t)name,
						    .prog_fd = prog } };

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

/* A program on a tracepoint, and what it has counted. */
struct counter {
	int map, prog, link;
};

static bool counter_open(struct counter *c, const char *name, int arg)
{
	c->map = count_map();
	need(c->map >= 0, "BPF_MAP_CREATE: %s", strerror(-c->map));
	c->prog = count_prog(c->map, arg);
	need(c->prog >= 0, "BPF_PROG_LOAD: %s", strerror(-c->prog));
	c->link = attach(name, c->prog);
	need(c->link >= 0, "attach to %s: %s", name, strerror(-c->link));
	return true;
}

/* What is behind a tracepoint is armed a moment after it has a program. */
static bool counter_armed(const struct counter *c, const char *name)
{
	for (u64 end = deadline(ARM_MS); !any_counted(c->map); nap_ms(10)) {
		need(now_ns() < end, "%s runs no program", name);
		die(1);
	}
	return true;
}

/* @key was seen @n times, and its process @all times with whatever argument. */
static bool counted(const struct counter *c, const char *name, u64 key, u64 n,
		    u64 all)
{
	u64 got, got_all;

	count_of(c->map, key, &got, &got_all);
	need(got == n && got_all == all,
	     "%s in %u with %#x: %llu times of %llu, not %llu of %llu", name,
	     (u32)(key >> 32), (u32)key, (unsigned long long)got,
	     (unsigned long long)got_all, (unsigned long long)n,
	     (unsigned long long)all);
	return true;
}

/* One that ends in its own way; its pid, and the status that waitpid has. */
static pid_t ends(int i, int *status)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGUSR1 };
	pid_t pid = fork();

	if (!pid) {
		if (i % 4 == 3)
			raise(signals[i / 4 % 3]);
		_exit(100 + i % 20);
	}
	return waitpid(pid, status, 0);
}

static int same_status(const int *status, int i)
{
	int n = 0;

	for (int j = 0; j < DEATHS; j++)
		n += status[j] == status[i];
	return n;
}

/*
 * obit_exit and obit_reapable run in who dies, obit_released in who waits: once
 * a death, with what waitpid says. Not being let go changes nothing.
 */
static bool counts_deaths(void)
{
	struct counter at_exit, reapable, released;
	pid_t self = getpid(), pid[DEATHS];
	int status[DEATHS];
	u64 n, before;

	if (!counter_open(&at_exit, "obit_exit", 1) ||
	    !counter_open(&reapable, "obit_reapable", 2) ||
	    !counter_open(&released, "obit_released", 2) ||
	    !counter_armed(&at_exit, "obit_exit") ||
	    !counter_armed(&reapable, "obit_reapable") ||
	    !counter_armed(&released, "obit_released"))
		return false;
	count_of(released.map, count_key(self, 0), &n, &before);
	for (int i = 0; i < DEATHS; i++) {
		pid[i] = ends(i, &status[i]);
		need(pid[i] > 0, "waitpid: %s", strerror(errno));
		if (i == DEATHS / 2)
			need(module_unload() == -EAGAIN, "it can be unloaded");
	}
	for (int i = 0; i < DEATHS; i++) {
		u64 died = count_key(pid[i], status[i]);
		u64 told = count_key(pid[i], SIGCHLD);
		u64 waited = count_key(self, status[i]);

		if (!counted(&at_exit, "obit_exit", died, 1, 1) ||
		    !counted(&reapable, "obit_reapable", told, 1, 1) ||
		    !counted(&released, "obit_released", waited,
			     same_status(status, i), before + DEATHS))
			return false;
	}
	return true;
}

/* The last of those attached lets the module go, and no other does. */
static bool holds_the_module(void)
{
	struct counter c[ARRAY_SIZE(names)];
	int err = module_load(NULL);

	need(!err, "insmod: %s", strerror(-err));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!counter_open(&c[i], names[i], 1))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		err = module_unload();
		need(err == -EAGAIN && module_is_loaded(),
		     "rmmod with %s attached: %s", names[i], strerror(-err));
		die(0);
		close(c[i].link);
	}
	err = module_unload_wait(UNLOAD_MS);
	need(!err, "rmmod with nothing attached: %s", strerror(-err));
	need(!module_is_loaded(), "it is gone and still there");
	need(attach("obit_exit", c[0].prog) == -ENOENT,
	     "a program attaches to what is gone");
	return true;
}

/* Each of them alone does, with its hooks armed or not. */
static bool each_holds_it(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct counter c;
		int err = module_load(NULL);

		need(!err, "insmod: %s", strerror(-err));
		if (!counter_open(&c, names[i], 1))
			return false;
		err = module_unload();
		need(err == -EAGAIN, "rmmod with %s attached: %s", names[i],
		     strerror(-err));
		close(c.link);
		err = module_unload_wait(UNLOAD_MS);
		need(!err, "rmmod after %s: %s", names[i], strerror(-err));
		close(c.prog);
		close(c.map);
	}
	return true;
}

static const struct kcase cases[] = {
	{ "counts_deaths", counts_deaths, NULL, 90, false },
	{ "holds_the_module", holds_the_module, NULL, 90, true },
	{ "each_holds_it", each_holds_it, NULL, 120, true },
};

const struct ktest bpf_test = { "bpf", cases, ARRAY_SIZE(cases) };
