// SPDX-License-Identifier: GPL-2.0-only
/*
 * obituary: the table that says what every key of an obituary is, and the
 * spellings of its enums. A row's place is its place in the JSON.
 * Never computes a value: join does that.
 */
#include <string.h>

#include "core/obituary.h"
#include "core/teardown.h"

const char *const cause_names[CAUSE_NR] = {
	[CAUSE_EXIT] = "exit",
	[CAUSE_SIGNAL] = "signal",
	[CAUSE_OOM] = "oom",
	[CAUSE_PDEATH] = "pdeath",
	[CAUSE_HANGUP] = "hangup",
	[CAUSE_ORPHANED_PGRP] = "orphaned_pgrp",
	[CAUSE_PIDNS] = "pidns",
	[CAUSE_EXITKILL] = "exitkill",
	[CAUSE_CGROUP_KILL] = "cgroup_kill",
	[CAUSE_PIDFD_AUTOKILL] = "pidfd_autokill",
	[CAUSE_TERMINAL] = "terminal",
	[CAUSE_SECCOMP] = "seccomp",
	[CAUSE_OOPS] = "oops",
	[CAUSE_FAULT] = "fault",
	[CAUSE_SELF] = "self",
	[CAUSE_UNKNOWN] = "unknown",
};

const char *const fate_names[FATE_NR] = {
	[FATE_UNKNOWN] = "unknown",
	[FATE_WAITED] = "waited",
	[FATE_AUTOREAPED] = "autoreaped",
	[FATE_PTRACE_WAITED] = "ptrace_waited",
	[FATE_ZOMBIE] = "zombie",
};

const char *const source_names[SOURCE_NAMES_NR] = {
	[SOURCE_BPF] = "bpf",
	[SOURCE_KMOD] = "kmod",
	[SOURCE_PIDFD] = "pidfd",
};

const char *const sigchld_names[SIGCHLD_NR] = {
	[OBIT_SIGCHLD_UNKNOWN] = NULL,
	[OBIT_SIGCHLD_HANDLER] = "handler",
	[OBIT_SIGCHLD_DEFAULT] = "default",
	[OBIT_SIGCHLD_IGNORED] = "ignored",
	[OBIT_SIGCHLD_NOCLDWAIT] = "nocldwait",
	[OBIT_SIGCHLD_AUTOREAP] = "autoreap",
	[OBIT_SIGCHLD_BLOCKED] = "blocked",
	[OBIT_SIGCHLD_OTHER] = "other",
	[OBIT_SIGCHLD_NONE] = "none",
};

const char *const hierarchy_names[HIERARCHY_NR] = {
	[OBIT_HIER_NONE] = NULL,	 [OBIT_HIER_UNIFIED] = "unified",
	[OBIT_HIER_MEMORY] = "memory",	 [OBIT_HIER_PIDS] = "pids",
	[OBIT_HIER_SYSTEMD] = "systemd",
};

const char *const tier_names[TIER_NR] = {
	[TIER_TRACEPOINTS] = "tracepoints",
	[TIER_FENTRY] = "fentry",
	[TIER_KMOD] = "kmod",
};

const char *const notice_names[NOTICE_NR] = {
	[NOTICE_PDEATH_SET] = "pdeath_set",
	[NOTICE_PDEATH_CLEAR] = "pdeath_clear",
	[NOTICE_PDEATH_SEND] = "pdeath_send",
	[NOTICE_HANGUP] = "hangup",
	[NOTICE_ZOMBIE] = "zombie",
	[NOTICE_REAPED] = "reaped",
	[NOTICE_DISSENT] = "dissent",
	[NOTICE_LOST] = "lost",
};

/* clang-format off */
/* Availability, the same on every tier, with its one reason. */
#define OWED(w)	\
	.avail = { AVAIL_REQUIRED, AVAIL_REQUIRED, AVAIL_REQUIRED }, \
	.why = { w, w, w }
#define SEEN(w)	\
	.avail = { AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN }, \
	.why = { w, w, w }

#define CELL(k, t, member, bit, outer, cmp, name, text, ...) { \
	.key = k, .type = t, .offset = offsetof(struct obituary, member), \
	.have = bit, .object = outer, .compare = cmp, .otel = name, \
	.help = text, __VA_ARGS__ }
#define ROW(k, t, member, bit, cmp, name, text, ...) \
	CELL(k, t, member, bit, bit, cmp, name, text, __VA_ARGS__)

/* A process as another record names it: {tgid, start_boottime, comm}. */
#define PROCESS(k, member, bit, outer, name, text, ...) \
	CELL(k ".tgid", F_U32, member.tgid, bit, outer, CMP_EXACT, \
	     name ".pid", text ": its process id.", .zero_null = true, \
	     __VA_ARGS__), \
	CELL(k ".start_boottime", F_U64, member.start_boottime, bit, outer, \
	     CMP_EXACT, name ".start_boottime", \
	     text ": its start, CLOCK_BOOTTIME ns.", .zero_null = true, \
	     __VA_ARGS__), \
	CELL(k ".comm", F_COMM, member.comm, bit, outer, CMP_EXACT, \
	     name ".comm", text ": its name.", __VA_ARGS__)

/* Who sent a signal: the process, the thread, its real uid, the signal. */
#define SENDER(k, member, bit, name, text, ...) \
	CELL(k ".tgid", F_U32, member.tgid, bit, bit, CMP_EXACT, \
	     name ".pid", text ": its process id.", .zero_null = true, \
	     __VA_ARGS__), \
	CELL(k ".start_boottime", F_U64, member.start_boottime, bit, bit, \
	     CMP_EXACT, name ".start_boottime", \
	     text ": its start, CLOCK_BOOTTIME ns.", .zero_null = true, \
	     __VA_ARGS__), \
	CELL(k ".tid", F_U32, member.tid, bit, bit, CMP_EXACT, \
	     name ".tid", text ": the thread.", .zero_null = true, \
	     __VA_ARGS__), \
	CELL(k ".comm", F_COMM, member.comm, bit, bit, CMP_EXACT, \
	     name ".comm", text ": the thread's name.", __VA_ARGS__), \
	CELL(k ".uid", F_U32, member.uid, bit, bit, CMP_EXACT, \
	     name ".user.id", text ": its real user id.", __VA_ARGS__), \
	CELL(k ".signal", F_SIGNAL, member.signal, bit, bit, CMP_EXACT, \
	     name ".signal", text ": the signal it sent.", __VA_ARGS__)

#define USAGE(member, type, off, what) \
	ROW("usage." #member, type, usage.member, OB_USAGE, CMP_WITHIN, \
	    "obit.usage." #member, what, \
	    OWED("the counters of the whole process at its release"), \
	    .margin = off, .at_release = true)

/* The module's only where it can tell: what leads from a task to systemd's own
 * v1 hierarchy, which has no controller, is private to the kernel's cgroups. */
#define OWED_BUT_SYSTEMD(w) \
	.avail = { AVAIL_REQUIRED, AVAIL_REQUIRED, AVAIL_WHEN_SEEN }, \
	.why = { w, w, \
		 "null where systemd's own hierarchy of cgroup v1 is in use and no other names it: no module can see that one" }

/* Of struct teardown, if it is there. */
#define TEARDOWN(k, member, known, name, text, ...) { \
	.key = "teardown." k, .type = F_DURATION, \
	.offset = offsetof(struct teardown, member), .flag = known, \
	.have = OB_TEARDOWN, .object = OB_TEARDOWN, .compare = CMP_WITHIN, \
	.otel = "obit.teardown." name ".duration_ns", \
	.help = text, .in_teardown = true, __VA_ARGS__ }
#define PHASE(id, name, text, ...) \
	TEARDOWN("phases." name, phase_ns[OBIT_PHASE_##id], 0, \
		 "phases." name, text, __VA_ARGS__, .margin = MARGIN_STEP, \
		 .phase = OBIT_PHASE_##id),
/* Of a phase: what is null with it. */
#define OFF_CPU(id, name, text, ...) \
	TEARDOWN("off_cpu." name, phase_off_ns[OBIT_PHASE_##id], \
		 offsetof(struct teardown, off_known), "off_cpu." name, \
		 "Of phases." name ", the time that the last thread did not run.", \
		 __VA_ARGS__, .margin = MARGIN_ASLEEP, \
		 .phase = OBIT_PHASE_##id),
#define BY_TEARDOWN "with --teardown, where it was there"
#define EXACT_ONLY \
	.avail = { AVAIL_IMPOSSIBLE, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN }, \
	.why = { "no tracepoint tells it apart", BY_TEARDOWN, BY_TEARDOWN }
#define COARSE_ONLY \
	.avail = { AVAIL_WHEN_SEEN, AVAIL_IMPOSSIBLE, AVAIL_IMPOSSIBLE }, \
	.why = { BY_TEARDOWN, "told apart here: ipc to cgroup", \
		 "told apart here: ipc to cgroup" }

/* Every phase: its id, its name, what it is, who can tell. */
#define PHASES(X) \
	X(OTHER, "other", \
	  "Between two known ones: nobody's.", \
	  SEEN(BY_TEARDOWN)) \
	X(DELIVERY, "delivery", \
	  "The fatal signal was sent, and not yet taken.", \
	  SEEN(BY_TEARDOWN)) \
	X(COREDUMP, "coredump", "Writing the core dump.", EXACT_ONLY) \
	X(THREADS, "threads", \
	  "It had begun to end, and other threads had not ended.", \
	  SEEN(BY_TEARDOWN)) \
	X(PTRACE_STOP, "ptrace_stop", \
	  "Stopped for its tracer, at PTRACE_EVENT_EXIT.", \
	  EXACT_ONLY) \
	X(IO_URING, "io_uring", \
	  "Cancelling what it had asked of io_uring.", \
	  EXACT_ONLY) \
	X(SIGNALS, "signals", \
	  "Taking leave of signals; timers too.", \
	  EXACT_ONLY) \
	X(ACCOUNTING, "accounting", "Settling its counters.", EXACT_ONLY) \
	X(MM, "mm", \
	  "Letting go of its memory, but for mm.unmap; all of it in tier tracepoints.", \
	  SEEN(BY_TEARDOWN)) \
	X(MM_UNMAP, "mm.unmap", \
	  "Unmapping its memory: of its last user.", \
	  EXACT_ONLY) \
	X(IPC, "ipc", "System V semaphores and shared memory.", EXACT_ONLY) \
	X(TTY, "tty", "Leaving its terminal.", EXACT_ONLY) \
	X(FILES, "files", "Giving up its table of files.", EXACT_ONLY) \
	X(FS, "fs", "Leaving root and working directory.", EXACT_ONLY) \
	X(NAMESPACES, "namespaces", "Leaving its namespaces.", EXACT_ONLY) \
	X(FILE_CLOSE, "file_close", \
	  "What was put off, above all the closing of files.", \
	  EXACT_ONLY) \
	X(THREAD, "thread", "What the architecture has of it.", EXACT_ONLY) \
	X(CGROUP, "cgroup", "Leaving its cgroup.", EXACT_ONLY) \
	X(NOTIFY, "notify", \
	  "Handing over its children, telling its parent; to the end in tier tracepoints.", \
	  SEEN(BY_TEARDOWN)) \
	X(CONNECTOR, "connector", \
	  "Telling listeners of the process connector.", \
	  EXACT_ONLY) \
	X(DEAD, "dead", "Until its last switch.", EXACT_ONLY) \
	X(RESOURCES, "resources", \
	  "From ipc to cgroup in one: no tracepoint is between.", \
	  COARSE_ONLY)

#define AT_EXIT "read at the last thread's sched_process_exit"
#define AT_EXEC "read at sched_process_exec, inherited at fork"
#define IF_EXIT "null on death by signal"
#define IF_SIGNAL "null unless a signal ended it"
#define SIGNALLED "read when the signal was generated"

const struct field obituary_fields[] = {
	ROW("event", F_EVENT, have, OB_ALWAYS, CMP_EXACT, "event_name",
	    "Always \"obituary\".", OWED("a constant")),
	ROW("time", F_TIME, real_ns, OB_TIME, CMP_WITHIN, "process.exit.time",
	    "Instant of death: the last thread's sched_process_exit.",
	    OWED(AT_EXIT),
	    .kernel_note = "up to 6.15 it fires after the memory is gone, later before",
	    .margin = MARGIN_INSTANT),
	ROW("boot_ns", F_U64, boot_ns, OB_TIME, CMP_WITHIN, "obit.boot_ns",
	    "The same instant, CLOCK_BOOTTIME in ns.", OWED(AT_EXIT),
	    .kernel_note = "up to 6.15 it fires after the memory is gone, later before",
	    .margin = MARGIN_INSTANT),
	ROW("reapable_ns", F_DURATION, reapable_ns, OB_REAPABLE, CMP_WITHIN,
	    "obit.reapable.duration_ns",
	    "From the exit call or the fatal signal until it could be waited for.",
	    .avail = { AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN },
	    .why = {
		"of deaths by a signal whose parent is sent SIGCHLD: exit calls have no tracepoint of their own",
		"null where no exit call and no signal began the death: seccomp before 6.1, an oops",
		"null where no exit call and no signal began the death: seccomp before 6.1, an oops",
	    },
	    .margin = MARGIN_SPAN),
	ROW("tgid", F_U32, tgid, OB_ALWAYS, CMP_EXACT, "process.pid",
	    "Process id, in the initial pid namespace.", OWED("the identity")),
	ROW("ns_tgid", F_U32, ns_tgid, OB_NS_TGID, CMP_EXACT, "process.vpid",
	    "Process id in its own pid namespace.", OWED(AT_EXIT)),
	ROW("start_boottime", F_U64, start_boottime, OB_START, CMP_EXACT,
	    "obit.start_boottime",
	    "When it was forked, CLOCK_BOOTTIME in ns; with tgid its identity.",
	    OWED("the identity")),
	ROW("comm", F_COMM, comm, OB_COMM, CMP_EXACT, "process.executable.name",
	    "Name of its main thread.", OWED(AT_EXIT)),
	ROW("exe", F_TEXT, exe, OB_EXE, CMP_EXACT, "process.executable.path",
	    "What readlink(/proc/TGID/exe) gave; null if a helper of the kernel never called execve, or the path was longer than a record.",
	    OWED(AT_EXEC)),
	ROW("filename", F_TEXT, filename, OB_FILENAME, CMP_EXACT,
	    "obit.filename",
	    "What execve was given, where the path itself could not be read.",
	    SEEN("only where exe is null")),
	ROW("args", F_ARGS, args, OB_ARGS, CMP_EXACT, "process.command_args",
	    "Its arguments as they stood at exec; null if a helper of the kernel never called execve.",
	    OWED(AT_EXEC)),
	ROW("args_cut", F_U32, args_cut, OB_ARGS, CMP_EXACT, "obit.args.cut",
	    "Bytes of arguments that did not fit into a record.",
	    OWED(AT_EXEC)),
	ROW("uid", F_U32, uid, OB_UID, CMP_EXACT, "process.real_user.id",
	    "Real user id.", OWED(AT_EXIT)),
	ROW("gid", F_U32, gid, OB_GID, CMP_EXACT, "process.real_group.id",
	    "Real group id.", OWED(AT_EXIT)),
	ROW("loginuid", F_U32, loginuid, OB_LOGINUID, CMP_EXACT,
	    "obit.loginuid", "User id of the login it descends from.",
	    SEEN("null where no login has set it, or the kernel has no audit")),
	ROW("sid", F_U32, sid, OB_SID, CMP_EXACT, "process.session_leader.pid",
	    "Session; 0 is the kernel's own.", OWED(AT_EXIT)),
	ROW("pgid", F_U32, pgid, OB_PGID, CMP_EXACT, "process.group_leader.pid",
	    "Process group; 0 is the kernel's own.", OWED(AT_EXIT)),
	ROW("tty", F_TEXT, tty, OB_TTY, CMP_EXACT, "obit.tty",
	    "Controlling terminal.", SEEN("null where it has none")),
	PROCESS("parent", parent, OB_PARENT, OB_PARENT, "process.parent",
		"Real parent at the moment of death, the adopter of an orphan",
		OWED(AT_EXIT)),
	ROW("cgroup", F_TEXT, cgroup, OB_CGROUP, CMP_EXACT,
	    "process.linux.cgroup",
	    "Path in cgroup v2; where that is the root, the first of memory, pids and systemd that is not.",
	    OWED_BUT_SYSTEMD("id at the death, names from the cgroup tracepoints and a scan at start")),
	ROW("cgroup_hierarchy", F_HIERARCHY, cgroup_hierarchy, OB_CGROUP,
	    CMP_EXACT, "obit.cgroup.hierarchy", "Which hierarchy that is.",
	    OWED_BUT_SYSTEMD(AT_EXIT)),
	ROW("cgroup_id", F_U64, cgroup_id, OB_CGROUP_ID, CMP_EXACT,
	    "obit.cgroup.id", "Id of that cgroup: its folder's inode number.",
	    OWED_BUT_SYSTEMD(AT_EXIT)),
	ROW("container", F_TEXT, container, OB_CONTAINER, CMP_EXACT,
	    "container.id", "Container id, if the path shows one.",
	    SEEN("null outside containers")),
	ROW("pid_ns", F_U32, pid_ns, OB_PID_NS, CMP_EXACT, "obit.pid_ns",
	    "Inode number of its pid namespace.", OWED(AT_EXIT)),
	ROW("life_ns", F_DURATION, life_ns, OB_LIFE, CMP_WITHIN,
	    "obit.life.duration_ns", "Age at death.", OWED(AT_EXIT),
	    .margin = MARGIN_INSTANT),
	ROW("threads", F_U32, threads, OB_THREADS, CMP_WITHIN, "obit.threads",
	    "Threads it had at most at once.", OWED(AT_EXIT),
	    .margin = MARGIN_THREAD),
	ROW("execed", F_BOOL, execed, OB_EXECED, CMP_EXACT, "obit.execed",
	    "Whether it ever called execve.", OWED(AT_EXIT)),
	ROW("exit_value", F_S32, exit_value, OB_EXIT_VALUE, CMP_EXACT,
	    "obit.status.value",
	    "The whole 32-bit argument of the call that set the status.",
	    SEEN(IF_EXIT)),
	ROW("exit_code", F_U32, exit_code, OB_EXIT_CODE, CMP_EXACT,
	    "obit.status.raw", "The wait status as wait4(2) returns it.",
	    OWED("signal->group_exit_code or the leader's exit_code, last read at the release")),
	ROW("exit_status", F_U32, exit_status, OB_EXIT_STATUS, CMP_EXACT,
	    "process.exit.code", "0..255 as its parent sees it.",
	    SEEN(IF_EXIT)),
	ROW("truncated", F_BOOL, truncated, OB_TRUNCATED, CMP_EXACT,
	    "obit.status.truncated",
	    "The parent sees another number than the process gave.",
	    SEEN(IF_EXIT)),
	ROW("signal", F_SIGNAL, signal, OB_SIGNAL, CMP_EXACT, "obit.signal",
	    "The signal in the wait status.", SEEN(IF_SIGNAL)),
	ROW("core_dumped", F_BOOL, core_dumped, OB_CORE, CMP_EXACT,
	    "obit.core_dumped", "The kernel wrote a core dump.",
	    SEEN(IF_SIGNAL)),
	ROW("meaning", F_CSTR, meaning, OB_MEANING, CMP_EXACT, "obit.meaning",
	    "sysexits name or shell convention of the status.",
	    SEEN("null where the status has no such meaning")),
	ROW("cause", F_CAUSE, cause, OB_ALWAYS, CMP_EXACT, "obit.cause",
	    "Why it died.", OWED(SIGNALLED)),
	SENDER("killer", killer, OB_KILLER, "obit.killer",
	       "Sender of the signal that decided", SEEN(SIGNALLED)),
	SENDER("asked_by", asked_by, OB_ASKED_BY, "obit.asked_by",
	       "Sender of the last terminating signal that a handler took",
	       SEEN(SIGNALLED)),
	ROW("asked_by.age_ns", F_DURATION, asked_by.age_ns, OB_ASKED_BY,
	    CMP_WITHIN, "obit.asked_by.age_ns",
	    "From that signal to the death.", SEEN(SIGNALLED),
	    .margin = MARGIN_SPAN),
	CELL("oom.cgroup", F_TEXT, oom.cgroup, OB_OOM_CGROUP, OB_OOM,
	     CMP_EXACT, "obit.oom.cgroup",
	     "The cgroup whose memory limit was hit; / for the whole machine.",
	     SEEN("from the kernel log, where that may be read")),
	PROCESS("oom.by", oom.by, OB_OOM_BY, OB_OOM, "obit.oom.by",
		"Whose allocation ran into the limit",
		SEEN("from oom:mark_victim")),
	CELL("oom.rss_kb", F_U64, oom.rss_kb, OB_OOM_RSS, OB_OOM, CMP_WITHIN,
	     "obit.oom.rss_kb", "The victim's resident memory then.",
	     SEEN("from oom:mark_victim"),
	    .margin = MARGIN_RSS),
	ROW("fate", F_FATE, fate, OB_ALWAYS, CMP_EXACT, "obit.fate",
	    "What became of its status.",
	    .avail = { AVAIL_REQUIRED, AVAIL_REQUIRED, AVAIL_REQUIRED },
	    .why = {
		"deduced from how its parents take SIGCHLD and from sched_process_free",
		"seen at release_task", "seen at release_task",
	    },
	    .at_release = true),
	PROCESS("reaped_by", reaped_by, OB_REAPED_BY, OB_REAPED_BY,
		"obit.reaper", "Who took its status",
		.avail = { AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN },
		.why = {
		    "deduced: only the parent or the tracer can wait; null if nobody did",
		    "seen at release_task; null if nobody did",
		    "seen at release_task; null if nobody did",
		},
		.at_release = true),
	PROCESS("new_parent", new_parent, OB_NEW_PARENT, OB_NEW_PARENT,
		"obit.new_parent", "Who inherited it dead",
		SEEN("null unless its parent died before it was reaped"),
		.at_release = true),
	ROW("zombie_ns", F_DURATION, zombie_ns, OB_ZOMBIE_NS, CMP_WITHIN,
	    "obit.zombie.duration_ns",
	    "From reapable to released, at most.",
	    .avail = { AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN },
	    .why = {
		"an upper limit: freed an RCU grace period after the release; null while it is a zombie",
		"null while it is a zombie", "null while it is a zombie",
	    },
	    .margin = MARGIN_ZOMBIE, .at_release = true),
	ROW("zombie_err_ns", F_DURATION, zombie_err_ns, OB_ZOMBIE_NS, CMP_NONE,
	    "obit.zombie.error_ns", "By how much it may be less.",
	    SEEN("with zombie_ns; 0 where both ends were hooked"),
	    .at_release = true),
	ROW("sigchld", F_SIGCHLD, sigchld, OB_SIGCHLD, CMP_WITHIN,
	    "obit.sigchld", "How the real parent would take SIGCHLD.",
	    OWED(AT_EXIT), .margin = MARGIN_MASK),
	ROW("pdeath_signal", F_SIGNAL, pdeath_signal, OB_PDEATH, CMP_EXACT,
	    "obit.pdeath.signal",
	    "The parent-death signal it had asked for.",
	    SEEN("null where none was armed")),
	ROW("pdeath_tid", F_U32, pdeath_tid, OB_PDEATH, CMP_EXACT,
	    "obit.pdeath.tid", "The thread that had asked.",
	    SEEN("null where none was armed"), .zero_null = true),
	USAGE(cpu_ns, F_DURATION, MARGIN_CPU,
	      "CPU time, the scheduler's exact sum."),
	USAGE(utime_ns, F_DURATION, MARGIN_SPLIT,
	      "User time as wait4(2) tells it."),
	USAGE(stime_ns, F_DURATION, MARGIN_SPLIT,
	      "System time as wait4(2) tells it."),
	USAGE(maxrss_kb, F_U64, MARGIN_NONE, "Most resident memory, KiB."),
	USAGE(minflt, F_U64, MARGIN_NONE, "Page faults without I/O."),
	USAGE(majflt, F_U64, MARGIN_NONE, "Page faults with I/O."),
	USAGE(nvcsw, F_U64, MARGIN_SWITCH, "Voluntary context switches."),
	USAGE(nivcsw, F_U64, MARGIN_PREEMPTED, "Involuntary context switches."),
	USAGE(read_bytes, F_U64, MARGIN_NONE,
	      "Bytes it caused to be read from storage."),
	USAGE(write_bytes, F_U64, MARGIN_NONE,
	      "Bytes it caused to be written to storage."),
	TEARDOWN("kernel_ns", kernel_ns, 0, "kernel",
		 "From the exit call or the fatal signal until the kernel was through with it.",
		 .avail = { AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN, AVAIL_WHEN_SEEN },
		 .why = {
			"with --teardown; where no tracepoint shows the exit call (--precise does), from sched_process_exit on",
			"with --teardown", "with --teardown",
		 },
		 .margin = MARGIN_STEP, .phase = OBIT_PHASE_NR),
	TEARDOWN("user_ns", user_ns, offsetof(struct teardown, user_known),
		 "user", "From exit(3) until the exit call.",
		 SEEN("with --teardown=user, in programs that use a C library as a shared file"),
		 .margin = MARGIN_STEP, .phase = OBIT_PHASE_NR),
	TEARDOWN("off_cpu_ns", off_ns, offsetof(struct teardown, off_known),
		 "off_cpu", "Of kernel_ns, the time that its last thread did not run.",
		 SEEN("with --teardown"), .margin = MARGIN_ASLEEP,
		 .phase = OBIT_PHASE_NR),
	PHASES(PHASE)
	PHASES(OFF_CPU)
	ROW("source", F_SOURCE, source, OB_ALWAYS, CMP_NONE, "obit.source",
	    "Who witnessed it; pidfd, where nobody did: what it left.",
	    OWED("a constant of the producer")),
	{ .key = NULL },
};
/* clang-format on */

void person_set(struct person *p, const struct obit_task *t, const char *comm)
{
	memset(p, 0, sizeof(*p));
	p->start_boottime = t->start_boottime;
	p->tgid = t->tgid;
	p->tid = t->tid;
	memcpy(p->comm, comm, sizeof(p->comm));
}

const struct field *obituary_field(const char *key, size_t len)
{
	const struct field *f;

	for (f = obituary_fields; f->key; f++)
		if (!strncmp(f->key, key, len) && !f->key[len])
			return f;
	return NULL;
}
