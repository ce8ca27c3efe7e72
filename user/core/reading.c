// SPDX-License-Identifier: GPL-2.0-only
/*
 * reading: what a status means when nobody says where it came from.
 * Owns the readings of 137, 0x8b, 256, EX_CONFIG or SIGTERM, which of them are
 * likely, and the advice that goes with them. Never asks the kernel.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "lib/opts.h"
#include "reading.h"
#include "status.h"

/* --- readings ----------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *key;	/* in JSON */
	const char *title;
} as_names[] = {
	[READING_SHELL] = { "shell_status", "as a shell's $?" },
	[READING_KSH] = { "ksh_status", "as ksh93's $?" },
	[READING_WAIT] = { "wait_status", "as a raw wait status" },
	[READING_EXIT] = { "exit_argument", "as the argument of exit()" },
	[READING_RETURNCODE] = { "returncode", "as Python's returncode" },
	[READING_SIGNAL] = { "signal", "as a signal" },
	[READING_SYSEXIT] = { "sysexit", "as a name of sysexits.h" },
};
/* clang-format on */

const char *reading_key(const struct reading *r)
{
	return as_names[r->as].key;
}

const char *reading_title(const struct reading *r)
{
	return as_names[r->as].title;
}

static struct reading *add(struct readings *all, enum reading_as as)
{
	/* No status has more readings than there are ways to read one. */
	struct reading *r = &all->r[all->nr++ % MAX_READINGS];

	memset(r, 0, sizeof(*r));
	r->as = as;
	r->exit_status = -1;
	return r;
}

void readings_free(struct readings *all)
{
	size_t i;

	for (i = 0; i < all->nr; i++) {
		buf_free(&all->r[i].says);
		buf_free(&all->r[i].note);
	}
	all->nr = 0;
}

/* --- advice ------------------------------------------------------------- */

/* clang-format off */
static const struct {
	int sig;
	const char *text;
} signal_advice[] = {
	{ SIGHUP, "Sent when a terminal or an ssh session closes, and by hand "
	  "to ask a daemon to read its configuration again." },
	{ SIGINT, "Somebody pressed Ctrl-C, or sent it to mean the same." },
	{ SIGQUIT, "Somebody pressed Ctrl-\\, or asked for a core dump; Java "
	  "catches it and prints its threads." },
	{ SIGILL, "Often a binary built for a newer processor, a jump into "
	  "data, or a compiler's trap for code that cannot be reached." },
	{ SIGTRAP, "A breakpoint without a debugger, or a trap compiled in." },
	{ SIGABRT, "The program ended itself: a failed assertion, an uncaught "
	  "C++ exception, or glibc found its heap damaged. Its last words are "
	  "on standard error; a watchdog of systemd sends it too." },
	{ SIGBUS, "Mostly a mapped file that became shorter, a full disk or "
	  "/dev/shm behind a mapping, or bad memory." },
	{ SIGFPE, "Mostly an integer divided by zero." },
	{ SIGKILL, "This is no proof of an out-of-memory kill: kill -9, a "
	  "container or service that did not stop in its time, a cgroup being "
	  "killed and the kernel's OOM killer all look like this. For the last, "
	  "the kernel log has a line \"Killed process\" and oom_kill in the "
	  "cgroup's memory.events went up." },
	{ SIGSEGV, "A bug: the program used memory that is not its own, or its "
	  "stack ran over. A core dump (coredumpctl) shows where." },
	{ SIGPIPE, "Often harmless: in `cmd | head` the reader is simply done." },
	{ SIGALRM, "A timer the program set and had no handler for." },
	{ SIGTERM, "The polite way to stop: systemctl stop, docker stop, a "
	  "kubelet, a shutdown or plain kill. Something asked; ask who." },
	{ SIGXCPU, "It used up its CPU time: ulimit -t, or RLIMIT_CPU." },
	{ SIGXFSZ, "A file would have grown past ulimit -f (RLIMIT_FSIZE)." },
	{ SIGSYS, "A seccomp filter forbade a system call; the kernel log "
	  "(type=1326) names which." },
};
/* clang-format on */

static void advise_signal(struct buf *note, int sig)
{
	size_t i;

	for (i = 0; i < sizeof(signal_advice) / sizeof(signal_advice[0]); i++) {
		if (signal_advice[i].sig != sig)
			continue;
		if (note->len)
			buf_addc(note, ' ');
		buf_adds(note, signal_advice[i].text);
	}
}

/* clang-format off */
static const struct {
	int exit_status;
	const char *says;	/* NULL: the generic sentence */
	const char *note;
} exit_advice[] = {
	{ 0, "success", "Or a false one: exit(256) and every other multiple of "
	  "256 reach the parent as 0." },
	{ 1, "exit 1, failure in general", "Nothing more can be said from the "
	  "number: look at what the program wrote. grep and diff return it "
	  "for \"nothing found\" and \"different\"." },
	{ 2, "exit 2, in many programs bad usage", "Shells return it for a "
	  "syntax error, grep and diff for real trouble." },
	{ 124, "exit 124, in timeout(1) \"the time ran out\"", NULL },
	{ 125, "exit 125, the failure of a wrapper itself",
	  "timeout, env, nohup, docker run and obit run return it when they "
	  "failed before, or apart from, the command." },
	{ 126, "the shell found the command but could not execute it",
	  "No x permission, a file system mounted noexec, a directory, or "
	  "a binary for another machine (\"Exec format error\")." },
	{ 127, "the shell did not find the command", "Not in PATH, the "
	  "interpreter of its #! line is missing, or a shared library "
	  "could not be loaded." },
	{ 128, "exit 128, a fatal error in git and some others",
	  "It is no death by signal: there is no signal 0." },
	{ 255, "exit 255, mostly exit(-1) or die", "ssh returns it for its own "
	  "failure, and xargs stops at it." },
};
/* clang-format on */

static void add_default_action(struct buf *out, int sig)
{
	static const char *const does[] = {
		[SIGNAL_TERM] = "ends the process",
		[SIGNAL_CORE] = "ends the process with a core dump",
		[SIGNAL_IGNORE] = "does nothing",
		[SIGNAL_STOP] = "stops the process",
		[SIGNAL_CONT] = "continues the process",
	};

	buf_adds(out, does[signal_default_action(sig)]);
}

/* --- one reading each --------------------------------------------------- */

static void shell_signal(struct reading *r, enum reading_as as, int value,
			 int base)
{
	int sig = value - base;

	r->signal = sig;
	buf_printf(&r->says, "killed by %s (%d = %d + %d), %s",
		   signal_name(sig), value, base, sig, signal_about(sig));
	advise_signal(&r->note, sig);
	if (as == READING_KSH)
		return;
	r->exit_status = value;
	buf_printf(&r->note,
		   "%sA program that itself calls exit(%d) looks the "
		   "same in $?; wait(2) tells them apart.",
		   r->note.len ? " " : "", value);
}

static void plain_exit(struct reading *r, int value)
{
	const struct sysexit *s = sysexit_by_status(value);
	const char *systemd = status_systemd(value);
	size_t i;

	r->exit_status = value;
	for (i = 0; i < sizeof(exit_advice) / sizeof(exit_advice[0]); i++) {
		if (exit_advice[i].exit_status != value)
			continue;
		buf_adds(&r->says, exit_advice[i].says);
		if (exit_advice[i].note)
			buf_adds(&r->note, exit_advice[i].note);
		return;
	}
	if (s) {
		buf_printf(&r->says, "exit %d, which sysexits.h calls %s: %s",
			   value, s->name, s->about);
		buf_adds(&r->note, "Only if the program keeps to sysexits.h; "
				   "else the number is its own.");
	} else if (systemd) {
		buf_printf(&r->says,
			   "exit %d, the program's own meaning; under "
			   "systemd probably %d/%s",
			   value, value, systemd);
		buf_adds(&r->note,
			 "Then systemd failed to set that up, and the "
			 "program of ExecStart= never ran: the journal says "
			 "why.");
	} else {
		buf_printf(&r->says,
			   "exit %d, a failure whose meaning is the "
			   "program's own",
			   value);
	}
}

static void read_shell(struct readings *all, int value)
{
	struct reading *r = add(all, READING_SHELL);

	if (value > 128 && signal_name(value - 128))
		shell_signal(r, READING_SHELL, value, 128);
	else
		plain_exit(r, value);
}

static void read_ksh(struct readings *all, int value)
{
	shell_signal(add(all, READING_KSH), READING_KSH, value, 256);
}

static void exit_meaning(struct buf *out, int exit_status)
{
	const char *meaning = status_meaning(exit_status);

	if (!exit_status)
		buf_adds(out, ", success");
	else if (exit_status > 128 && meaning)
		buf_printf(out, ", from a shell: its command was killed by %s",
			   signal_name(exit_status - 128));
	else if (meaning)
		buf_printf(out, ", %s", meaning);
}

static void read_wait(struct readings *all, uint32_t value)
{
	struct status s = status_decode(value);
	struct reading *r = add(all, READING_WAIT);
	const char *name = signal_name(s.signal);

	buf_printf(&r->says, "0x%04x: ", value);
	r->signal = s.signal;
	r->core_dumped = s.core_dumped;
	switch (s.kind) {
	case STATUS_EXITED:
		r->exit_status = s.exit_status;
		buf_printf(&r->says, "exit %d", s.exit_status);
		exit_meaning(&r->says, s.exit_status);
		buf_adds(&r->note,
			 "That is what wait(2), system(3), Perl's $? "
			 "and Python's os.system() give: the status times 256.");
		break;
	case STATUS_SIGNALED:
		buf_printf(&r->says, "killed by %s, %s, %s", name,
			   signal_about(s.signal),
			   s.core_dumped ? "core dumped" : "no core dumped");
		break;
	case STATUS_STOPPED:
		buf_printf(&r->says, "stopped by %s, not dead", name);
		break;
	case STATUS_CONTINUED:
		buf_adds(&r->says, "continued after a stop, not dead");
		break;
	case STATUS_ODD:
		buf_adds(&r->says, "no status the kernel makes");
		break;
	}
}

static void read_exit(struct readings *all, int64_t value)
{
	struct reading *r = add(all, READING_EXIT);
	int32_t arg = (int32_t)(uint32_t)value;

	r->exit_status = arg & 0xff;
	r->truncated = status_truncated(arg);
	buf_printf(&r->says, "the parent sees %d", r->exit_status);
	exit_meaning(&r->says, r->exit_status);
	if (value > INT32_MAX)
		buf_printf(&r->note, "As a signed number it is %d. ", arg);
	buf_adds(&r->note, "Only the low eight bits reach the parent.");
	if (!r->exit_status)
		buf_adds(&r->note, " This failure looks like a success.");
}

static void read_returncode(struct readings *all, int64_t value)
{
	struct reading *r = add(all, READING_RETURNCODE);

	r->signal = (int)-value;
	buf_printf(&r->says, "killed by %s, %s", signal_name(r->signal),
		   signal_about(r->signal));
	advise_signal(&r->note, r->signal);
}

static void read_signal(struct readings *all, int sig, bool advise)
{
	struct reading *r = add(all, READING_SIGNAL);

	r->signal = sig;
	buf_printf(&r->says, "%s is signal %d, %s", signal_name(sig), sig,
		   signal_about(sig));
	buf_adds(&r->note, "By default it ");
	add_default_action(&r->note, sig);
	if (signal_default_action(sig) <= SIGNAL_CORE)
		buf_printf(&r->note, "; the parent's shell then says %d",
			   128 + sig);
	buf_addc(&r->note, '.');
	if (advise)
		advise_signal(&r->note, sig);
}

static void read_sysexit(struct readings *all, const struct sysexit *s)
{
	struct reading *r = add(all, READING_SYSEXIT);

	r->exit_status = s->status;
	buf_printf(&r->says, "exit %d: %s", s->status, s->about);
}

/* --- which readings make sense ------------------------------------------ */

/* A status the kernel could have made: SIGKILL with a core could not be. */
static bool sane_wait(int64_t value)
{
	struct status s;

	if (value < 0 || value > 0xffff)
		return false;
	s = status_decode((uint32_t)value);
	if (s.leftover)
		return false;
	switch (s.kind) {
	case STATUS_EXITED:
	case STATUS_CONTINUED:
		return true;
	case STATUS_SIGNALED:
		return s.core_dumped ?
			       signal_default_action(s.signal) == SIGNAL_CORE :
			       signal_default_action(s.signal) <= SIGNAL_CORE;
	case STATUS_STOPPED:
		return signal_name(s.signal) != NULL;
	case STATUS_ODD:
		break;
	}
	return false;
}

static void read_number(struct readings *all, int64_t value, bool hex)
{
	bool byte = value >= 0 && value <= 255;
	bool wait = sane_wait(value) && (value || hex);

	if (hex && wait)
		read_wait(all, (uint32_t)value);
	if (byte)
		read_shell(all, (int)value);
	if (!hex && byte && signal_name((int)value))
		read_signal(all, (int)value, true);
	if (!hex && wait)
		read_wait(all, (uint32_t)value);
	if (!hex && value > 256 && value <= 256 + SIGSYS)
		read_ksh(all, (int)value);
	/* -1 is what programs pass to exit(); -9 is what Python reports. */
	if (value < -1 && value >= -SIGNAL_MAX)
		read_returncode(all, value);
	if (!byte && !(hex && wait))
		read_exit(all, value);
	if (value == -1)
		read_returncode(all, value);
}

static int parse_number(const char *s, int64_t *value, bool *hex)
{
	bool negative = *s == '-';
	uint64_t v;
	int err;

	if (negative)
		s++;
	*hex = s[0] == '0' && (s[1] | 32) == 'x';
	err = parse_u64(s, &v);
	if (err)
		return err;
	if (v > (negative ? 1ull << 31 : UINT32_MAX))
		return -ERANGE;
	*value = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

/*
 * `203/EXEC`, `9/KILL` and `143/n/a` are how systemctl status writes it;
 * `128+SIGKILL` and `128+9` how people, and obit's own `meaning`, do.
 */
static int read_compound(struct readings *all, const char *word)
{
	const char *slash = strchr(word, '/');
	int64_t value;
	char *number;
	bool hex;
	int sig, err = -EINVAL;

	if (!strncmp(word, "128+", 4)) {
		sig = signal_parse(word + 4);
		if (sig < 0)
			return -EINVAL;
		read_shell(all, 128 + sig);
		return 0;
	}
	if (!slash)
		return -EINVAL;
	number = strndup(word, (size_t)(slash - word));
	if (!number)
		return -ENOMEM;
	err = parse_number(number, &value, &hex);
	free(number);
	if (err)
		return err;
	if (signal_parse(slash + 1) == value)
		read_signal(all, (int)value, true);
	else
		read_number(all, value, hex);
	return 0;
}

int readings_find(struct readings *all, const char *word)
{
	const struct sysexit *s = sysexit_by_name(word);
	int64_t value;
	bool hex;
	int err, sig;

	err = parse_number(word, &value, &hex);
	if (!err) {
		read_number(all, value, hex);
		return 0;
	}
	if (err == -ERANGE)
		return err;
	sig = signal_parse(word);
	if (sig > 0)
		read_signal(all, sig, true);
	if (s)
		read_sysexit(all, s);
	return all->nr ? 0 : read_compound(all, word);
}

const char *reading_nearest(const char *word)
{
	const char *names[SIGNAL_MAX * 2 + 32];
	size_t nr = 0;
	int i;

	for (i = 1; i <= SIGNAL_MAX; i++) {
		if (!signal_name(i))
			continue;
		names[nr++] = signal_name(i);
		names[nr++] = signal_name(i) + 3;
	}
	for (i = 0; sysexits[i].name; i++)
		names[nr++] = sysexits[i].name;
	return opts_nearest(word, names, nr);
}
