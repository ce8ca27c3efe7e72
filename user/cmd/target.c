// SPDX-License-Identifier: GPL-2.0-only
/*
 * target: a process that `obit wait` waits for.
 * While its pidfd says that it is held, what /proc says of its number is said
 * of it: each reading stands between two such looks. Never prints an obituary.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/target.h"
#include "core/status.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/opts.h"
#include "lib/out.h"
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
	uint64_t n, max;

	if (parse_u64(operand, &n) || !n) {
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

int target_open(struct target *t, const char *operand)
{
	struct proc_stat st;
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
		if (st.flags & PROC_PF_KTHREAD) {
			log_error("%u (%s) is a thread of the kernel: it is no process, and leaves no status",
				  t->tgid, t->comm);
			target_close(t);
			return EX_USAGE;
		}
	}
	return 0;
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

/*
 * Up to 5.16 /proc has the leader's own code, which is not what wait4(2) gives
 * if other threads ended the process (2d18f7f45620, 5.17): only a process that
 * had none is believed there. That can not be told from /proc; so the caller
 * asks the BPF programs first.
 */
static bool look_proc(struct target *t, struct obit_task_seen *seen)
{
	struct proc_status status;
	struct proc_stat st;

	if (procfs_stat(t->tgid, 0, &st) || st.state != 'Z' ||
	    !pidfd_held(t->pidfd))
		return false;
	memset(seen, 0, sizeof(*seen));
	seen->task.tgid = t->tgid;
	seen->parent.tgid = st.ppid;
	memcpy(seen->comm, st.comm, sizeof(seen->comm));
	if (!procfs_status(t->tgid, 0, &status))
		seen->uid = status.uid;
	seen->exit_code = st.exit_code;
	/* Who may not know reads 0, which is a status, too. */
	if (!procfs_permitted(t->tgid)) {
		t->why = ": only its own user and root may read it";
		return false;
	}
	if (!pidfd_held(t->pidfd))
		return false;
	t->exit_code = st.exit_code;
	return true;
}

bool target_look(struct target *t, struct obit_task_seen *seen)
{
	int err;

	t->why = NULL;
	seen->task.tgid = 0;
	t->have_code = look_proc(t, seen);
	if (t->have_code)
		return true;
	seen->task.tgid = 0;
	err = pidfd_exit_code(t->pidfd, &t->exit_code);
	t->have_code = !err;
	if (err && !t->why)
		t->why =
			t->exit_seen ?
				"" :
				": it was reaped before it could be watched, and this kernel does not keep it (Linux 6.15 does)";
	return t->have_code;
}

int target_print(const struct obituary *o)
{
	struct buf out = BUF_INIT;
	struct json j;
	int err;

	json_init(&j, &out);
	json_object_begin(&j, NULL);
	json_cstr(&j, "event", "obituary");
	json_nil(&j, "time");
	json_u64(&j, "tgid", o->tgid);
	json_nil(&j, "start_boottime");
	if (obituary_has(o, OB_COMM))
		json_bytes(&j, "comm", o->comm,
			   strnlen(o->comm, OBIT_COMM_LEN));
	else
		json_nil(&j, "comm");
	if (obituary_has(o, OB_UID))
		json_u64(&j, "uid", o->uid);
	else
		json_nil(&j, "uid");
	json_u64(&j, "exit_code", o->exit_code);
	if (obituary_has(o, OB_EXIT_STATUS))
		json_u64(&j, "exit_status", o->exit_status);
	else
		json_nil(&j, "exit_status");
	json_cstr(&j, "signal",
		  obituary_has(o, OB_SIGNAL) ? signal_name(o->signal) : NULL);
	if (obituary_has(o, OB_CORE))
		json_bool(&j, "core_dumped", o->core_dumped);
	else
		json_nil(&j, "core_dumped");
	json_cstr(&j, "meaning",
		  obituary_has(o, OB_MEANING) ? o->meaning : NULL);
	json_cstr(&j, "cause", cause_names[o->cause]);
	json_cstr(&j, "fate", fate_names[o->fate]);
	json_cstr(&j, "source", "pidfd");
	json_object_end(&j);
	json_newline(&j);
	err = out_flush(STDOUT_FILENO, &out);
	buf_free(&out);
	if (err)
		log_error("cannot write to standard output: %s", out_why(err));
	return err;
}
