// SPDX-License-Identifier: GPL-2.0-only
/*
 * status: everything an exit status can mean.
 * Owns the tables of signals, sysexits and conventions. Pure: no I/O, and no
 * opinion on why a process died.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include "status.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

/* --- wait statuses ------------------------------------------------------ */

/*
 * What do_exit() and get_signal() put together (kernel/exit.c): an exit is
 * (value & 0xff) << 8, a death by signal the number with 0x80 for a core, a
 * stop (signal << 8) | 0x7f with a ptrace event in bits 16..23, a continue
 * 0xffff.
 */
struct status status_decode(uint32_t exit_code)
{
	struct status s = { .kind = STATUS_ODD, .exit_status = -1 };
	uint32_t low = exit_code & 0x7f, high = exit_code >> 8 & 0xff;

	if (exit_code == 0xffff) {
		s.kind = STATUS_CONTINUED;
	} else if ((exit_code & 0xff) == 0x7f) {
		s.kind = STATUS_STOPPED;
		s.signal = (int)high;
		s.leftover = exit_code & ~0xffffu;
	} else if (low == 0) {
		s.kind = STATUS_EXITED;
		s.exit_status = (int)high;
		s.leftover = exit_code & ~0xff00u;
	} else if (low <= SIGNAL_MAX) {
		s.kind = STATUS_SIGNALED;
		s.signal = (int)low;
		s.core_dumped = exit_code & 0x80;
		s.leftover = exit_code & ~0xffu;
	} else {
		s.leftover = exit_code;
	}
	return s;
}

uint32_t status_encode_exit(int32_t exit_value)
{
	return ((uint32_t)exit_value & 0xff) << 8;
}

bool status_truncated(int32_t exit_value)
{
	return exit_value < -128 || exit_value > 255;
}

/* --- signals ------------------------------------------------------------ */

/* shell is "128+SIGKILL", and from its fifth byte on, the name. */
#define SHELL_PREFIX 4

/* clang-format off */
static const struct signal_row {
	const char *shell;
	enum signal_action action;
	const char *about;
} signals[SIGNAL_MAX + 1] = {
#define ROW(sig, action, about) [sig] = { "128+" #sig, SIGNAL_##action, about }
	ROW(SIGHUP, TERM, "hang-up of the terminal or its session"),
	ROW(SIGINT, TERM, "interrupt, as Ctrl-C sends it"),
	ROW(SIGQUIT, CORE, "quit, as Ctrl-\\ sends it"),
	ROW(SIGILL, CORE, "illegal instruction"),
	ROW(SIGTRAP, CORE, "trace or breakpoint trap"),
	ROW(SIGABRT, CORE, "abort(), as after a failed assertion"),
	ROW(SIGBUS, CORE, "bus error, memory that is not there or misaligned"),
	ROW(SIGFPE, CORE, "arithmetic error, as a division by zero"),
	ROW(SIGKILL, TERM, "the end that cannot be caught or ignored"),
	ROW(SIGUSR1, TERM, "user signal 1, whose meaning is the program's"),
	ROW(SIGSEGV, CORE, "invalid memory reference"),
	ROW(SIGUSR2, TERM, "user signal 2, whose meaning is the program's"),
	ROW(SIGPIPE, TERM, "write to a pipe or socket that nobody reads"),
	ROW(SIGALRM, TERM, "timer of alarm() or setitimer() ran out"),
	ROW(SIGTERM, TERM, "request to end"),
#ifdef SIGSTKFLT
	ROW(SIGSTKFLT, TERM, "coprocessor stack fault; the kernel never sends it"),
#endif
#ifdef SIGEMT
	ROW(SIGEMT, TERM, "emulator trap"),
#endif
	ROW(SIGCHLD, IGNORE, "a child stopped or ended"),
	ROW(SIGCONT, CONT, "continue if stopped"),
	ROW(SIGSTOP, STOP, "the stop that cannot be caught or ignored"),
	ROW(SIGTSTP, STOP, "stop, as Ctrl-Z sends it"),
	ROW(SIGTTIN, STOP, "terminal input wanted by a background process"),
	ROW(SIGTTOU, STOP, "terminal output by a background process"),
	ROW(SIGURG, IGNORE, "urgent data on a socket"),
	ROW(SIGXCPU, CORE, "CPU time limit (RLIMIT_CPU) used up"),
	ROW(SIGXFSZ, CORE, "file size limit (RLIMIT_FSIZE) reached"),
	ROW(SIGVTALRM, TERM, "virtual timer ran out"),
	ROW(SIGPROF, TERM, "profiling timer ran out"),
	ROW(SIGWINCH, IGNORE, "the terminal's size changed"),
	ROW(SIGIO, TERM, "input or output is possible"),
#ifdef SIGPWR
	ROW(SIGPWR, TERM, "power failure"),
#endif
	ROW(SIGSYS, CORE, "bad system call, as seccomp answers one"),
#undef ROW
	/* The kernel's real-time signals begin at 32; glibc takes two of them
	 * and shows users 34 as SIGRTMIN. */
	[32] = { "128+SIG32", SIGNAL_TERM,
		 "the C library's own, for cancelling threads" },
	[33] = { "128+SIG33", SIGNAL_TERM,
		 "the C library's own, for set*id() in all threads" },
#define RT(sig, name) \
	[sig] = { "128+" name, SIGNAL_TERM, "a real-time signal, whose meaning is the program's" }
	RT(34, "SIGRTMIN"), RT(35, "SIGRTMIN+1"), RT(36, "SIGRTMIN+2"),
	RT(37, "SIGRTMIN+3"), RT(38, "SIGRTMIN+4"), RT(39, "SIGRTMIN+5"),
	RT(40, "SIGRTMIN+6"), RT(41, "SIGRTMIN+7"), RT(42, "SIGRTMIN+8"),
	RT(43, "SIGRTMIN+9"), RT(44, "SIGRTMIN+10"), RT(45, "SIGRTMIN+11"),
	RT(46, "SIGRTMIN+12"), RT(47, "SIGRTMIN+13"), RT(48, "SIGRTMIN+14"),
	RT(49, "SIGRTMIN+15"), RT(50, "SIGRTMIN+16"), RT(51, "SIGRTMIN+17"),
	RT(52, "SIGRTMIN+18"), RT(53, "SIGRTMIN+19"), RT(54, "SIGRTMIN+20"),
	RT(55, "SIGRTMIN+21"), RT(56, "SIGRTMIN+22"), RT(57, "SIGRTMIN+23"),
	RT(58, "SIGRTMIN+24"), RT(59, "SIGRTMIN+25"), RT(60, "SIGRTMIN+26"),
	RT(61, "SIGRTMIN+27"), RT(62, "SIGRTMIN+28"), RT(63, "SIGRTMIN+29"),
	RT(64, "SIGRTMIN+30"),
#undef RT
};
/* clang-format on */

#define RTMIN 34
#define RTMAX 64

static const struct signal_row *row_of(int sig)
{
	if (sig < 1 || sig > SIGNAL_MAX || !signals[sig].shell)
		return NULL;
	return &signals[sig];
}

const char *signal_name(int sig)
{
	const struct signal_row *r = row_of(sig);

	return r ? r->shell + SHELL_PREFIX : NULL;
}

enum signal_action signal_default_action(int sig)
{
	const struct signal_row *r = row_of(sig);

	return r ? r->action : SIGNAL_TERM;
}

const char *signal_about(int sig)
{
	const struct signal_row *r = row_of(sig);

	return r ? r->about : "no signal of Linux";
}

/* Digits to a number below 1000, or -1. */
static int small_number(const char *s)
{
	int v = 0;

	if (!*s || strlen(s) > 3)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

/* RTMIN, RTMIN+3, RTMAX-1: the number, or -EINVAL. */
static int parse_realtime(const char *s)
{
	bool from_max = !strncasecmp(s, "RTMAX", 5);
	int n = 0;

	if (!from_max && strncasecmp(s, "RTMIN", 5))
		return -EINVAL;
	s += 5;
	if (*s) {
		if (*s != (from_max ? '-' : '+'))
			return -EINVAL;
		n = small_number(s + 1);
	}
	if (n < 0 || n > RTMAX - RTMIN)
		return -EINVAL;
	return from_max ? RTMAX - n : RTMIN + n;
}

int signal_parse(const char *s)
{
	static const struct {
		const char *name;
		int sig;
	} aliases[] = {
		{ "IOT", SIGABRT },
		{ "CLD", SIGCHLD },
		{ "POLL", SIGIO },
	};
	int sig = small_number(s);
	size_t i;

	if (sig >= 0)
		return row_of(sig) ? sig : -EINVAL;
	if (!strncasecmp(s, "SIG", 3))
		s += 3;
	for (i = 0; i < NR(aliases); i++)
		if (!strcasecmp(s, aliases[i].name))
			return aliases[i].sig;
	for (sig = 1; sig < RTMIN; sig++)
		if (row_of(sig) && !strcasecmp(s, signal_name(sig) + 3))
			return sig;
	return parse_realtime(s);
}

/* --- conventions -------------------------------------------------------- */

/* clang-format off */
const struct sysexit sysexits[] = {
	{ EX_OK, "EX_OK", "success" },
	{ EX_USAGE, "EX_USAGE", "the command was used wrongly" },
	{ EX_DATAERR, "EX_DATAERR", "the input data was wrong" },
	{ EX_NOINPUT, "EX_NOINPUT", "an input file was missing or unreadable" },
	{ EX_NOUSER, "EX_NOUSER", "the user named does not exist" },
	{ EX_NOHOST, "EX_NOHOST", "the host named does not exist" },
	{ EX_UNAVAILABLE, "EX_UNAVAILABLE",
	  "a service or program it needs is unavailable" },
	{ EX_SOFTWARE, "EX_SOFTWARE", "internal software error" },
	{ EX_OSERR, "EX_OSERR",
	  "the operating system failed it, as when it cannot fork" },
	{ EX_OSFILE, "EX_OSFILE", "a system file is missing or malformed" },
	{ EX_CANTCREAT, "EX_CANTCREAT", "an output file cannot be created" },
	{ EX_IOERR, "EX_IOERR", "input or output failed" },
	{ EX_TEMPFAIL, "EX_TEMPFAIL", "temporary failure: try again later" },
	{ EX_PROTOCOL, "EX_PROTOCOL", "the remote side broke the protocol" },
	{ EX_NOPERM, "EX_NOPERM", "permission denied" },
	{ EX_CONFIG, "EX_CONFIG", "configuration error" },
	{ 0, NULL, NULL }
};
/* clang-format on */

const struct sysexit *sysexit_by_status(int exit_status)
{
	const struct sysexit *s;

	for (s = sysexits; s->name; s++)
		if (s->status == exit_status)
			return s;
	return NULL;
}

const struct sysexit *sysexit_by_name(const char *name)
{
	const struct sysexit *s;

	if (!strncasecmp(name, "EX_", 3))
		name += 3;
	for (s = sysexits; s->name; s++)
		if (!strcasecmp(s->name + 3, name))
			return s;
	return NULL;
}

/* POSIX, XCU 2.8.2: what a shell returns when it could not run a command. */
#define SHELL_NOEXEC   126
#define SHELL_NOTFOUND 127
#define SHELL_SIGNAL   128

const char *status_meaning(int exit_status)
{
	const struct sysexit *s = sysexit_by_status(exit_status);
	const struct signal_row *r = row_of(exit_status - SHELL_SIGNAL);

	if (exit_status == SHELL_NOEXEC)
		return "not executable";
	if (exit_status == SHELL_NOTFOUND)
		return "command not found";
	if (s && exit_status)
		return s->name;
	return r ? r->shell : NULL;
}

const char *status_meaning_about(int exit_status)
{
	const struct sysexit *s = sysexit_by_status(exit_status);
	const struct signal_row *r = row_of(exit_status - SHELL_SIGNAL);

	if (exit_status == SHELL_NOEXEC)
		return "the shell found the command but could not execute it";
	if (exit_status == SHELL_NOTFOUND)
		return "the shell did not find the command";
	if (s && exit_status)
		return s->about;
	return r ? r->about : NULL;
}

/*
 * systemd.exec(5), "Process Exit Codes": set between fork and exec, so that the
 * program named in ExecStart= never ran.
 */
const char *status_systemd(int exit_status)
{
	/* clang-format off */
	static const char *const names[] = {
		[200] = "CHDIR", "NICE", "FDS", "EXEC", "MEMORY", "LIMITS",
		"OOM_ADJUST", "SIGNAL_MASK", "STDIN", "STDOUT", "CHROOT",
		"IOPRIO", "TIMERSLACK", "SECUREBITS", "SETSCHEDULER",
		"CPUAFFINITY", "GROUP", "USER", "CAPABILITIES", "CGROUP",
		"SETSID", "CONFIRM", "STDERR", NULL, "PAM", "NETWORK",
		"NAMESPACE", "NO_NEW_PRIVILEGES", "SECCOMP", "SELINUX_CONTEXT",
		"PERSONALITY", "APPARMOR", "ADDRESS_FAMILIES",
		"RUNTIME_DIRECTORY", NULL, "CHOWN", "SMACK_PROCESS_LABEL",
		"KEYRING", "STATE_DIRECTORY", "CACHE_DIRECTORY",
		"LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "NUMA_POLICY",
		"CREDENTIALS", "BPF",
	};
	/* clang-format on */

	if (exit_status < 0 || (size_t)exit_status >= NR(names))
		return NULL;
	return names[exit_status];
}

/* --- sentences ---------------------------------------------------------- */

static void exit_phrase(struct buf *out, int exit_status,
			const int32_t *exit_value)
{
	const char *meaning = status_meaning(exit_status);

	if (exit_value && status_truncated(*exit_value)) {
		buf_printf(out, "exit %d \xe2\x80\x94 seen by the parent as %d",
			   *exit_value, exit_status);
		return;
	}
	buf_adds(out, "exit ");
	buf_addu(out, (uint64_t)exit_status);
	if (exit_value && *exit_value < 0)
		buf_printf(out, " (%d)", *exit_value);
	else if (meaning)
		buf_printf(out, " (%s)", meaning);
}

static void signal_phrase(struct buf *out, const char *verb, int sig)
{
	const char *name = signal_name(sig);

	if (name)
		buf_printf(out, "%s %s", verb, name);
	else
		buf_printf(out, "%s signal %d", verb, sig);
}

void status_phrase(struct buf *out, uint32_t exit_code,
		   const int32_t *exit_value)
{
	struct status s = status_decode(exit_code);

	switch (s.kind) {
	case STATUS_EXITED:
		exit_phrase(out, s.exit_status, exit_value);
		break;
	case STATUS_SIGNALED:
		signal_phrase(out, "killed by", s.signal);
		if (s.core_dumped)
			buf_adds(out, ", core dumped");
		break;
	case STATUS_STOPPED:
		signal_phrase(out, "stopped by", s.signal);
		break;
	case STATUS_CONTINUED:
		buf_adds(out, "continued");
		break;
	case STATUS_ODD:
		buf_adds(out, "no wait status of Linux");
		break;
	}
	if (s.leftover)
		buf_printf(out, " (0x%x)", exit_code);
}
