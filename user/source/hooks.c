// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks: the table of programs, and the trial of a place by an empty program.
 * Never by version: a place is there if BTF names it and the kernel takes a
 * program for it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "source/hooks.h"

/* A boundary of the teardown; programs are named after the place. */
#define EXACT_STEP(function, text) \
	{ "end__" function, "fentry", function, text, USE_TEARDOWN_EXACT, \
	  0, false }
#define EXACT_STEP_END(function, text) \
	{ "ends__" function, "fexit", function, text, USE_TEARDOWN_EXACT, \
	  0, false }

const struct hook_row hook_rows[] = {
	{ "tp__sched_process_fork", "tp_btf", "sched_process_fork",
	  "lineage, inherited exe and args, thread count", USE_ALWAYS, 0,
	  false },
	{ "tp__sched_process_exec", "tp_btf", "sched_process_exec",
	  "exe and args", USE_ALWAYS, 0, false },
	{ "tp__sched_process_exit", "tp_btf", "sched_process_exit",
	  "death, exit value, ids, parent, cgroup, usage", USE_ALWAYS, 0,
	  true },
	{ "tp__sched_process_free", "tp_btf", "sched_process_free",
	  "final wait status, release (10 to 50 ms late)", USE_INEXACT,
	  SERVES_RELEASE, true },
	{ "tp__signal_generate", "tp_btf", "signal_generate",
	  "killer, cause, reapable by SIGCHLD", USE_ALWAYS, 0, false },
	{ "tp__signal_deliver", "tp_btf", "signal_deliver",
	  "signals a handler took (asked_by)", USE_ALWAYS, 0, false },
	{ "tp__mark_victim", "tp_btf", "mark_victim", "OOM victims", USE_ALWAYS,
	  0, false },
	{ "tp__cgroup_mkdir", "tp_btf", "cgroup_mkdir", "names of new cgroups",
	  USE_ALWAYS, 0, false },
	{ "tp__cgroup_rename", "tp_btf", "cgroup_rename",
	  "names of renamed cgroups", USE_ALWAYS, 0, false },
	{ "tp__cgroup_release", "tp_btf", "cgroup_release", "end of cgroups",
	  USE_ALWAYS, 0, false },
	{ "iter__tasks", "iter", "task",
	  "processes and zombies that are there already", USE_ALWAYS, 0,
	  false },
	{ "iter__pdeath", "iter", "task", "armed parent-death signals",
	  USE_ALWAYS, 0, false },
	{ "fexit__do_notify_parent", "fexit", "do_notify_parent",
	  "exact instant of reapable, verdict of autoreap", USE_EXACT,
	  SERVES_REAPABLE, false },
	{ "fentry__cgroup_task_release", "fentry", "cgroup_task_release",
	  "exact release and who reaped (from 6.19)", USE_EXACT, SERVES_RELEASE,
	  false },
	{ "fentry__cgroup_release", "fentry", "cgroup_release",
	  "exact release and who reaped (to 6.18)", USE_EXACT, SERVES_RELEASE,
	  false },
	{ "fentry__do_exit", "fentry", "do_exit", "instant of the exit call",
	  USE_EXACT, SERVES_EXIT_CALL, false },
	{ "fexit__x64_sys_prctl", "fexit", "__x64_sys_prctl",
	  "parent-death signals set", USE_EXACT, SERVES_PDEATH_SET, false },
	{ "fexit__arm64_sys_prctl", "fexit", "__arm64_sys_prctl",
	  "parent-death signals set", USE_EXACT, SERVES_PDEATH_SET, false },
	{ "fexit__ia32_sys_prctl", "fexit", "__ia32_sys_prctl",
	  "parent-death signals set by 32-bit programs", USE_EXACT, 0, false },
	{ "fentry__commit_creds", "fentry", "commit_creds",
	  "parent-death signals cleared by credentials", USE_EXACT, 0, false },
	{ "tp__sys_enter", "tp_btf", "sys_enter",
	  "instant of the exit call (--precise)", USE_PRECISE, SERVES_EXIT_CALL,
	  false },
	{ "tp__sys_exit", "tp_btf", "sys_exit",
	  "instant of wait and prctl (--precise)", USE_PRECISE, 0, false },
	{ "twin__sched_process_fork", "tp_btf", "sched_process_fork",
	  "again, if the first was kept from running", USE_TWIN, 0, false },
	{ "twin__sched_process_exec", "tp_btf", "sched_process_exec",
	  "again, if the first was kept from running", USE_TWIN, 0, false },
	{ "twin__sched_process_exit", "tp_btf", "sched_process_exit",
	  "again, if the first was kept from running", USE_TWIN, 0, false },
	{ "twin__cgroup_task_release", "fentry", "cgroup_task_release",
	  "again, if the first was kept from running", USE_EXACT_TWIN, 0,
	  false },
	{ "twin__do_exit", "fentry", "do_exit",
	  "again, if the first was kept from running", USE_EXACT_TWIN, 0,
	  false },
	{ "third__sched_process_fork", "tp_btf", "sched_process_fork",
	  "again, if both were kept from running", USE_TWIN, 0, false },
	{ "third__sched_process_exec", "tp_btf", "sched_process_exec",
	  "again, if both were kept from running", USE_TWIN, 0, false },
	{ "third__sched_process_exit", "tp_btf", "sched_process_exit",
	  "again, if both were kept from running", USE_TWIN, 0, false },
	{ "fourth__sched_process_exit", "tp_btf", "sched_process_exit",
	  "again, if all three were kept from running", USE_TWIN, 0, false },
	{ "third__cgroup_task_release", "fentry", "cgroup_task_release",
	  "again, if both were kept from running", USE_EXACT_TWIN, 0, false },
	{ "third__do_exit", "fentry", "do_exit",
	  "again, if both were kept from running", USE_EXACT_TWIN, 0, false },
	{ "twin__x64_sys_prctl", "fexit", "__x64_sys_prctl",
	  "again, if the first was kept from running", USE_EXACT_TWIN, 0,
	  false },
	EXACT_STEP("do_exit", "teardown: the end of a thread begins"),
	EXACT_STEP("do_coredump", "teardown: coredump (to 6.16)"),
	EXACT_STEP_END("do_coredump", "teardown: its end"),
	EXACT_STEP("vfs_coredump", "teardown: coredump (from 6.17)"),
	EXACT_STEP_END("vfs_coredump", "teardown: its end"),
	EXACT_STEP("ptrace_notify", "teardown: ptrace_stop"),
	EXACT_STEP_END("ptrace_notify", "teardown: its end"),
	EXACT_STEP("__io_uring_cancel", "teardown: io_uring"),
	EXACT_STEP("exit_signals", "teardown: signals"),
	EXACT_STEP("acct_update_integrals", "teardown: accounting"),
	EXACT_STEP("acct_collect", "teardown: which thread was the last"),
	EXACT_STEP("taskstats_exit", "teardown: which thread was the last"),
	EXACT_STEP("exit_mm_release", "teardown: mm (to 6.18)"),
	EXACT_STEP("mm_exit_exec_release", "teardown: mm (from 6.19)"),
	EXACT_STEP("exit_mmap",
		   "teardown: mm.unmap; who gave back what is left"),
	EXACT_STEP_END("exit_mmap", "teardown: its end"),
	EXACT_STEP("__oom_reap_task_mm", "teardown: memory taken away"),
	EXACT_STEP_END("__oom_reap_task_mm", "teardown: its end"),
	EXACT_STEP("exit_sem", "teardown: ipc"),
	EXACT_STEP("disassociate_ctty", "teardown: tty"),
	EXACT_STEP("exit_files", "teardown: files"),
	EXACT_STEP("exit_fs", "teardown: fs"),
	EXACT_STEP("exit_task_namespaces", "teardown: namespaces (to 6.18)"),
	EXACT_STEP("exit_nsproxy_namespaces",
		   "teardown: namespaces (from 6.19)"),
	EXACT_STEP("task_work_run", "teardown: file_close"),
	EXACT_STEP("exit_thread", "teardown: thread"),
	EXACT_STEP("cgroup_exit", "teardown: cgroup (to 6.18)"),
	EXACT_STEP("cgroup_task_exit", "teardown: cgroup (from 6.19)"),
	EXACT_STEP("exit_tasks_rcu_start", "teardown: notify"),
	EXACT_STEP("proc_exit_connector", "teardown: connector"),
	EXACT_STEP("do_task_dead", "teardown: dead"),
	{ "coarse__signal_deliver", "tp_btf", "signal_deliver",
	  "teardown: the end of delivery", USE_TEARDOWN_COARSE, 0, false },
	{ "coarse__exit_mmap", "tp_btf", "exit_mmap",
	  "teardown: the end of mm (from 6.1)", USE_TEARDOWN_COARSE, 0, false },
	{ "coarse__signal_generate", "tp_btf", "signal_generate",
	  "teardown: notify", USE_TEARDOWN_COARSE, 0, false },
	{ "coarse__sched_process_exit", "tp_btf", "sched_process_exit",
	  "teardown: the last thread ends", USE_TEARDOWN_COARSE, 0, false },
	{ "twin__coarse_exit_mmap", "tp_btf", "exit_mmap",
	  "again, if the first was kept from running", USE_TEARDOWN_TWIN, 0,
	  false },
	{ "twin__coarse_exit", "tp_btf", "sched_process_exit",
	  "again, if the first was kept from running", USE_TEARDOWN_TWIN, 0,
	  false },
	{ "end__sched_switch", "tp_btf", "sched_switch",
	  "teardown: its end; CPU and off-CPU apart", USE_TEARDOWN, 0, false },
	{ "stack__sched_switch", "tp_btf", "sched_switch",
	  "profile --stacks: where an end is made to wait", USE_STACKS, 0,
	  false },
	{ .program = NULL },
};
_Static_assert(sizeof(hook_rows) / sizeof(hook_rows[0]) <= HOOK_ROWS_MAX,
	       "arrays by row are long enough");

bool hook_is_twin(const struct hook_row *row)
{
	return row->use == USE_TWIN || row->use == USE_EXACT_TWIN ||
	       row->use == USE_TEARDOWN_TWIN;
}

bool hook_is_twin_of(const struct hook_row *twin, const struct hook_row *row)
{
	return hook_is_twin(twin) && !strcmp(twin->place, row->place) &&
	       (twin->use == USE_TEARDOWN_TWIN) ==
		       (row->use == USE_TEARDOWN_COARSE) &&
	       (twin->use == USE_EXACT_TWIN) == (row->use == USE_EXACT);
}

struct btf *hooks_btf(void)
{
	static struct btf *btf;

	if (!btf)
		btf = btf__load_vmlinux_btf();
	return btf;
}

static enum bpf_attach_type attach_type(const char *kind)
{
	if (!strcmp(kind, "fentry"))
		return BPF_TRACE_FENTRY;
	if (!strcmp(kind, "fexit"))
		return BPF_TRACE_FEXIT;
	if (!strcmp(kind, "iter"))
		return BPF_TRACE_ITER;
	return BPF_TRACE_RAW_TP;
}

/* BTF id of the place, or negative errno: tracepoints are typedefs there, and
 * iterators functions by another name. */
static int place_id(const struct hook_row *row)
{
	struct btf *btf = hooks_btf();
	char name[128];

	if (!btf)
		return -ENOPKG;
	switch (attach_type(row->kind)) {
	case BPF_TRACE_RAW_TP:
		snprintf(name, sizeof(name), "btf_trace_%s", row->place);
		return btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	case BPF_TRACE_ITER:
		snprintf(name, sizeof(name), "bpf_iter_%s", row->place);
		return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	default:
		return btf__find_by_name_kind(btf, row->place, BTF_KIND_FUNC);
	}
}

enum hook_state hook_try(const struct hook_row *row, enum hook_trial trial,
			 int *err, char *why, size_t why_len)
{
	const struct bpf_insn empty[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int id = place_id(row), fd, link;

	*err = 0;
	why[0] = '\0';
	if (id < 0) {
		*err = id;
		if (id == -ENOPKG)
			snprintf(why, why_len, "the kernel has no BTF");
		else
			snprintf(why, why_len, "this kernel has no %s %s",
				 attach_type(row->kind) == BPF_TRACE_RAW_TP ?
					 "tracepoint" :
					 "function",
				 row->place);
		return HOOK_ABSENT;
	}
	opts.expected_attach_type = attach_type(row->kind);
	opts.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "obit_try", "GPL", empty, 2,
			   &opts);
	if (fd < 0) {
		*err = fd;
		snprintf(why, why_len, "%s is refused at load (%s)", row->kind,
			 strerrorname_np(-fd));
		return HOOK_REFUSED;
	}
	/* an iterator attaches only with a target of its own: loading will do */
	if (trial == TRIAL_LOADS ||
	    opts.expected_attach_type == BPF_TRACE_ITER) {
		close(fd);
		return HOOK_OK;
	}
	link = bpf_raw_tracepoint_open(NULL, fd);
	close(fd);
	if (link < 0) {
		*err = link;
		snprintf(why, why_len, "%s cannot be attached (%s)", row->kind,
			 strerrorname_np(-link));
		return HOOK_REFUSED;
	}
	close(link);
	return HOOK_OK;
}

static bool btf_has(const char *name, uint32_t kind)
{
	struct btf *btf = hooks_btf();

	return btf && btf__find_by_name_kind(btf, name, kind) > 0;
}

bool tracepoints_preemptible(void)
{
	/* a look through all of the kernel's types, and asked for by row */
	static int known = -1;

	if (known < 0)
		known = btf_has("class_srcu_fast_notrace_t",
				BTF_KIND_TYPEDEF) ||
			btf_has("class_srcu_fast_notrace_t", BTF_KIND_STRUCT);
	return known;
}

/* The prototype of a tracepoint; its parameter 0 is the callback's data. */
static const struct btf_type *tracepoint_proto(const char *name)
{
	struct btf *btf = hooks_btf();
	const struct btf_type *t;
	char full[128];
	int id;

	if (!btf)
		return NULL;
	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, full, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!t || !btf_is_ptr(t))
		return NULL;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) ? t : NULL;
}

bool tracepoint_has_arg(const char *name, unsigned int n)
{
	const struct btf_type *t = tracepoint_proto(name);

	return t && btf_vlen(t) > n + 1;
}

bool tracepoint_arg_is_pointer(const char *name, unsigned int n)
{
	const struct btf_type *t = tracepoint_proto(name);

	if (!t || btf_vlen(t) <= n + 1)
		return false;
	t = btf__type_by_id(hooks_btf(), btf_params(t)[n + 1].type);
	return t && btf_is_ptr(t);
}
