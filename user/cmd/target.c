// SPDX-License-Identifier: GPL-2.0-only
/*
 * target: a process that `obit wait` waits for.
 * While its pidfd says that it is held, what /proc says of its number is said
 * of it: each reading stands between two such looks. Never writes an obituary.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "cmd/target.h"
#include "core/unseen.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/opts.h"
#include "lib/timefmt.h"
#include "pidfd.h"
#include "procfs.h"

#define OWN_FAILURE 125

static uint64_t pid_max(void)
{
	FILE *f = fopen("/proc/sys/kernel/pid_max", "re");
	unsigned long long max = 4194304;	/* PID_MAX_LIMIT */

	if (f && fscanf(f, "%llu", &max) != 1)
		max = 4194304;
	if (f)
		fclose(f);
	return max;
}

static int parse(struct target *t, const char *operand)
{
	uint64_t n = 0, max;
	int err = parse_u64(operand, &n);

	if (err == -ERANGE)
		n = UINT64_MAX;
	else if (err || !n) {
		log_error("%s is no process id: those are numbers from 1 on",
			  operand);
		return EX_USAGE;
	}
	max = pid_max();
	/* Ids are below kernel.pid_max, which can be lowered: what is there
	 * already stays. */
	if (n >= max && n >= 4194304) {
		log_error("no process has the id %s: the largest that Linux gives is 4194303",
			  operand);
		return EX_UNAVAILABLE;
	}
	t->tgid = (uint32_t)n;
	if (t->tgid != (uint32_t)getpid())
		return 0;
	log_error("%s is this obit itself: it can not wait for its own end",
		  operand);
	return EX_USAGE;
}

/* Why there is no pidfd of it. */
static int refused(const struct target *t, int err)
{
	struct proc_status st;
	struct proc_stat owner;

	/* Before 6.9 a thread is -EINVAL, then -ENOENT. */
	if ((err == -EINVAL || err == -ENOENT) &&
	    !procfs_status(t->tgid, 0, &st) && st.tgid != t->tgid) {
		if (procfs_stat(st.tgid, 0, &owner))
			memset(&owner, 0, sizeof(owner));
		log_error("%u is a thread of process %u (%s): only a process leaves a status; wait for %u",
			  t->tgid, st.tgid, owner.comm, st.tgid);
		return EX_USAGE;
	}
	switch (err) {
	case -ESRCH:
	case -EINVAL:
	case -ENOENT:
		if (t->tgid >= pid_max())
			log_error("there is no process %u; on this machine they are numbered up to %llu (kernel.pid_max)",
				  t->tgid, (unsigned long long)pid_max() - 1);
		else
			log_error("there is no process %u; the kernel can not tell whether one has been, and died and was reaped before",
				  t->tgid);
		return EX_UNAVAILABLE;
	case -ENOSYS:
		log_error(
			"this kernel has no pidfd_open(2): Linux 5.3 or newer is needed");
		return EX_UNAVAILABLE;
	default:
		log_error("can not get hold of process %u: %s", t->tgid,
			  strerror(-err));
		return OWN_FAILURE;
	}
}

/*
 * Where /proc hides it: session and process group of a thread of the kernel are
 * the kernel's own, 0. So are those of the kernel's helpers until they make their
 * own, but these have memory. In a container 0 is whatever is outside, and there
 * are no such threads.
 */
static bool is_kernels(const struct target *t)
{
	return procfs_is_initial() && !getsid((pid_t)t->tgid) &&
	       !getpgid((pid_t)t->tgid) && pidfd_has_memory(t->pidfd) <= 0 &&
	       !pidfd_dead(t->pidfd) && pidfd_held(t->pidfd);
}

int target_open(struct target *t, const char *operand)
{
	struct proc_stat st;
	bool kernels;
	int err;

	memset(t, 0, sizeof(*t));
	t->pidfd = -1;
	err = parse(t, operand);
	if (err)
		return err;
	t->pidfd = pidfd_of(t->tgid);
	if (t->pidfd < 0)
		return refused(t, t->pidfd);
	if (!procfs_stat(t->tgid, 0, &st) && pidfd_held(t->pidfd)) {
		t->start_ticks = st.start_ticks;
		memcpy(t->comm, st.comm, sizeof(t->comm));
		kernels = st.flags & PROC_PF_KTHREAD;
	} else {
		kernels = is_kernels(t);
	}
	if (!kernels)
		return 0;
	log_error("%u%s%s%s is a thread of the kernel: it is no process, and leaves no status",
		  t->tgid, t->comm[0] ? " (" : "", t->comm,
		  t->comm[0] ? ")" : "");
	target_close(t);
	return EX_USAGE;
}

void target_close(struct target *t)
{
	if (t->pidfd >= 0)
		close(t->pidfd);
	t->pidfd = -1;
}

bool target_is(const struct target *t, uint32_t tgid, uint64_t start_boottime)
{
	return t->tgid == tgid &&
	       (!t->start_ticks || !start_boottime ||
		procfs_ticks(start_boottime) == t->start_ticks);
}

const char *target_name(const struct target *t, char to[TARGET_NAME_MAX])
{
	if (t->comm[0])
		snprintf(to, TARGET_NAME_MAX, "%.*s[%u]", OBIT_COMM_LEN,
			 t->comm, t->tgid);
	else
		snprintf(to, TARGET_NAME_MAX, "process %u", t->tgid);
	return to;
}

/* --- its end ----------------------------------------------------------------- */

static void read_parent_comm(struct target *t)
{
	struct proc_stat parent;

	if (t->zombie.parent.tgid &&
	    !procfs_stat(t->zombie.parent.tgid, 0, &parent))
		memcpy(t->parent_comm, parent.comm, sizeof(t->parent_comm));
}

/*
 * Up to 5.16 /proc has the leader's own code, which is not what wait4(2) gives
 * if other threads ended the process (2d18f7f45620, 5.17): only a process that
 * had none is believed there. That can not be told from /proc; so the caller
 * asks the BPF programs first.
 */
static bool look_proc(struct target *t)
{
	struct obit_task_seen seen = { .task.tgid = t->tgid };
	struct proc_status status;
	struct proc_stat st;
	bool permitted;

	if (procfs_stat(t->tgid, 0, &st) || st.state != 'Z' ||
	    procfs_status(t->tgid, 0, &status))
		return false;
	/* Who may not know reads 0, which is a status, too. */
	permitted = procfs_permitted(t->tgid);
	if (!pidfd_held(t->pidfd))
		return false;
	seen.parent.tgid = st.ppid;
	memcpy(seen.comm, st.comm, sizeof(seen.comm));
	seen.uid = status.uid;
	seen.exit_code = st.exit_code;
	t->zombie = seen;
	read_parent_comm(t);
	if (permitted)
		t->exit_code = st.exit_code;
	else
		t->why = ": only its own user and root may read it";
	return permitted;
}

/* It may be reaped between two questions: then it is asked again. */
static int look_pidfd(struct target *t)
{
	int err = pidfd_exit_code(t->pidfd, &t->exit_code);

	if (err != -ENODATA || pidfd_held(t->pidfd))
		return err;
	return pidfd_exit_code(t->pidfd, &t->exit_code);
}

enum target_end target_look(struct target *t)
{
	int err;

	t->why = NULL;
	t->have_code = look_proc(t);
	t->reaped = false;
	if (t->have_code)
		return TARGET_KNOWN;
	err = look_pidfd(t);
	t->reaped = !err || !pidfd_held(t->pidfd);
	t->have_code = !err;
	if (t->have_code)
		return TARGET_KNOWN;
	if (err == -ENODATA && pidfd_keeps_code())
		return TARGET_LATER;
	if (t->exit_seen)
		t->why = "";
	else if (t->reaped)
		t->why =
			": it was reaped before it could be watched, and this kernel does not keep it (Linux 6.15 does)";
	else if (!t->why)
		t->why = ": it has not been reaped, and /proc does not show it";
	return TARGET_LOST;
}

void target_seen(struct target *t, const struct obit_task_seen *seen)
{
	t->have_code = true;
	t->exit_code = seen->exit_code;
	t->zombie = *seen;
	t->reaped = false;
	read_parent_comm(t);
}

void target_tell_zombie(struct target *t)
{
	uint32_t tgid = t->zombie.parent.tgid ?: pidfd_parent(t->pidfd);
	char name[TARGET_NAME_MAX], parent[TARGET_NAME_MAX] = "";
	struct target p = { .tgid = tgid };

	if (t->told)
		return;
	t->told = true;
	memcpy(p.comm, t->parent_comm, sizeof(p.comm));
	if (tgid)
		target_name(&p, parent);
	log_warn("%s is dead, and its parent%s%s has not reaped it: its status is to be had when that is done",
		 target_name(t, name), tgid ? " " : "", parent);
}

/*
 * When one that had been dead before was found so says nothing of its death. Of
 * one that has been reaped it is not known whether anybody waited for it.
 */
void target_obituary(const struct target *t, enum obituary_source source,
		     struct obituary *o)
{
	time_t sec;
	struct tm tm;

	memset(o, 0, sizeof(*o));
	if (t->zombie.task.tgid) {
		unseen_zombie(o, &t->zombie,
			      t->parent_comm[0] ? t->parent_comm : NULL);
	} else {
		o->tgid = t->tgid;
		memcpy(o->comm, t->comm, sizeof(o->comm));
		if (o->comm[0])
			obituary_set(o, OB_COMM);
	}
	unseen_status(o, t->exit_code);
	o->fate = t->reaped ? FATE_UNKNOWN : FATE_ZOMBIE;
	o->source = source;
	if (!t->lived || !t->dead_ns)
		return;
	o->boot_ns = t->dead_ns;
	o->real_ns = (int64_t)(real_now() - (boot_now() - t->dead_ns));
	sec = (time_t)(o->real_ns / (int64_t)NSEC_PER_SEC);
	if (localtime_r(&sec, &tm))
		o->utc_offset_s = (int32_t)tm.tm_gmtoff;
	obituary_set(o, OB_TIME);
}
