// SPDX-License-Identifier: GPL-2.0-only
/*
 * Out of memory in a small memory cgroup of its own: the victim, and those
 * who share its memory. Whose allocation ran into the limit is said, nobody is
 * called a killer.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroups.h"

#define LIMIT (16 << 20)

static void eat(void)
{
	size_t size = 256 << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(90);
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
	_exit(91);
}

/* v1 where memory is mounted so (this changes nothing of the machine's), v2
 * elsewhere. */
static const char *small_cgroup(void)
{
	char num[24];
	const char *dir;

	snprintf(num, sizeof(num), "%d", LIMIT);
	if (cgroup_has("memory")) {
		dir = cgroup_new("memory", "oom");
		if (!cgroup_write(dir, "memory.limit_in_bytes", num))
			case_fail("memory.limit_in_bytes: %m");
		return dir;
	}
	dir = cgroup_new("unified", "oom");
	if (!cgroup_write(dir, "memory.max", num)) {
		char root[1024];

		snprintf(root, sizeof(root), "%s", dir);
		*strrchr(root, '/') = 0;
		if (!cgroup_write(root, "cgroup.subtree_control", "+memory") ||
		    !cgroup_write(dir, "memory.max", num)) {
			cgroup_drop(dir);
			case_skip("missing feature: no memory cgroup");
		}
	}
	cgroup_write(dir, "memory.swap.max", "0");
	return dir;
}

/* cgroup of the limit: null unless known, never guessed wrong. */
static json_t *ran_out(struct victim *eater, const char *dir)
{
	return json_pack("{s:o,s:{s:i,s:o,s:o},s:o}", "cgroup",
			 m_or(json_null(), json_string(strrchr(dir, '/'))),
			 "by", "tgid", eater->pid, "start_boottime",
			 m_ticks(eater->p->start), "comm",
			 m_bytes(eater->p->comm, strlen(eater->p->comm)),
			 /* a dying task's charges are let through: more than LIMIT */
			 "rss_kb",
			 m_range(LIMIT / 2 / 1024,
				 eater->ru.ru_maxrss * 11 / 10 + 512));
}

static void eats(struct victim *v)
{
	victim_hold(v);
	eat();
}

DEATH_CASE("oom_victim", oom_victim, 0, "out of memory in its cgroup")
{
	struct victim *v = victim_new("eater");
	const char *dir = small_cgroup();

	victim_fork(v, eats);
	victim_meet(v);
	cgroup_enter(dir, v->pid);
	victim_reread(v);
	victim_go(v);
	victim_wait(v);
	cgroup_drop(dir);
	died_signal(v, SIGKILL, "oom", NULL);
	expect(v, "oom", ran_out(v, dir));
}

static struct victim *sharer;

/* Shares all of its sibling's memory, and touches no libc of it. */
static int shares(void *arg)
{
	char c;

	(void)arg;
	syscall(SYS_sendto, sharer->fd[1], "r", 1, 0, NULL, 0);
	for (;;)
		syscall(SYS_recvfrom, sharer->fd[1], &c, 1, 0, NULL, NULL);
	return 0;
}

static void eats_shared(struct victim *v)
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	victim_hold(v);
	if (clone(shares, stack + 65536, CLONE_VM | CLONE_PARENT | SIGCHLD,
		  NULL) < 0)
		_exit(90);
	victim_hold(v);
	eat();
}

DEATH_CASE("oom_sharer", oom_sharer, 0,
	   "two processes share the memory that ran out: both are oom")
{
	struct victim *v = victim_new("eater");
	const char *dir = small_cgroup();
	json_t *oom;

	sharer = victim_new("sharer");
	victim_fork(v, eats_shared);
	victim_meet(v);
	cgroup_enter(dir, v->pid);
	victim_go(v);
	victim_base(v);
	victim_base(sharer);
	victim_doom(sharer);
	victim_go(v);
	victim_wait(v);
	victim_wait(sharer);
	cgroup_drop(dir);
	died_signal(v, SIGKILL, "oom", NULL);
	oom = ran_out(v, dir);
	/* the kernel picks one of the two; the other's size it does not say */
	json_object_set_new(oom, "rss_kb",
			    m_or(json_null(),
				 json_incref(json_object_get(oom, "rss_kb"))));
	expect(v, "oom", oom);
	died_signal(sharer, SIGKILL, "oom", NULL);
	expect(sharer, "oom", json_deep_copy(oom));
}
