/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * status: everything an exit status can mean.
 * Owns wait statuses, truncation, signal names and default actions, sysexits
 * and the shell's conventions. Pure tables: no I/O, no allocation but struct
 * buf, no opinion on why a process died (that is join's).
 */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/buf.h"

/* --- wait statuses, as wait4(2) returns them ---------------------------- */

enum status_kind {
	STATUS_EXITED,
	STATUS_SIGNALED,
	STATUS_STOPPED,		/* never of a dead process */
	STATUS_CONTINUED,	/* 0xffff; never of a dead process */
	STATUS_ODD,		/* no status the kernel makes */
};

struct status {
	enum status_kind kind;
	int exit_status;	/* EXITED: 0..255, else -1 */
	int signal;		/* SIGNALED, STOPPED: the number, else 0 */
	bool core_dumped;	/* SIGNALED: bit 0x80 */
	uint32_t leftover;	/* bits above that belong to no field (a ptrace
				 * event in 16..23, or rubbish) */
};

struct status status_decode(uint32_t exit_code);
uint32_t status_encode_exit(int32_t exit_value);	/* what wait4 returns */

/* exit_value is not what the parent sees, read as 0..255 or as a signed byte:
 * it is < -128 or > 255. */
bool status_truncated(int32_t exit_value);

/* --- signals ------------------------------------------------------------ */

#define SIGNAL_MAX 64		/* the kernel's _NSIG; 65..127 name none */

enum signal_action {
	SIGNAL_TERM,
	SIGNAL_CORE,
	SIGNAL_IGNORE,
	SIGNAL_STOP,
	SIGNAL_CONT,
};

/*
 * "SIGKILL"; real-time ones as users count them, "SIGRTMIN" being 34 and
 * "SIGRTMIN+30" being 64. glibc keeps 32 and 33 (the kernel's own SIGRTMIN) for
 * itself: "SIG32", "SIG33". NULL if there is no such signal. Static strings.
 */
const char *signal_name(int sig);
/* SIGTERM TERM sigterm 15 RTMIN+3 SIGRTMAX-1 POLL IOT: number, or -EINVAL. */
int signal_parse(const char *s);
enum signal_action signal_default_action(int sig);
/* What the signal says, as a clause: "invalid memory reference". Never NULL. */
const char *signal_about(int sig);

/* --- conventions -------------------------------------------------------- */

struct sysexit {
	int status;
	const char *name;	/* "EX_CONFIG" */
	const char *about;	/* "configuration error" */
};

extern const struct sysexit sysexits[];	/* ends with name NULL */
const struct sysexit *sysexit_by_status(int exit_status);	/* or NULL */
const struct sysexit *sysexit_by_name(const char *name);	/* "EX_" optional,
								 * any case */
/*
 * The obituary's `meaning` of an exit status 0..255: "EX_CONFIG",
 * "not executable" (126), "command not found" (127), "128+SIGKILL" (137), or
 * NULL. Static string. Not for deaths by signal.
 */
const char *status_meaning(int exit_status);
/* Its explanation as a clause for people, or NULL: "configuration error". */
const char *status_meaning_about(int exit_status);

/*
 * systemd's own exit codes 200..244, as `systemctl status` names them ("EXEC"
 * for 203), or NULL. Any other program may use the same numbers.
 */
const char *status_systemd(int exit_status);

/* --- sentences ---------------------------------------------------------- */

/*
 * The status in a few words, as the table shows it: `exit 0`,
 * `exit 78 (EX_CONFIG)`, `killed by SIGSEGV, core dumped`,
 * `exit 256 — seen by the parent as 0`. exit_value may be NULL (unknown).
 */
void status_phrase(struct buf *out, uint32_t exit_code,
		   const int32_t *exit_value);

#endif
