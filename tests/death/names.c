// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes from strangers in every name a process has: escapes, quotes, newlines,
 * what is no UTF-8; and arguments longer than anybody keeps.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "death.h"

static void execed(struct victim *v, int value)
{
	victim_go(v);
	victim_wait(v);
	died_exit(v, value);
	expect(v, "execed", json_true());
}

#define NASTY "\x1b]0;x\a\"\n\xff\\{%s}"

static void nasty_comm(struct victim *v)
{
	prctl(PR_SET_NAME, "\x1b[2J\"\n\xfe%s");
	victim_hold(v);
	_exit(1);
}

DEATH_CASE("hostile_comm", hostile_comm, 0,
	   "an escape, a newline and no UTF-8 in comm")
{
	struct victim *v = victim_new("nasty");

	victim_fork(v, nasty_comm);
	victim_base(v);
	if (strcmp(v->p->comm, "\x1b[2J\"\n\xfe%s"))
		case_fail("comm did not take");
	victim_go(v);
	victim_wait(v);
	died_exit(v, 1);
}

DEATH_CASE("hostile_args", hostile_args, 0, "the same and an empty one in args")
{
	struct victim *v = victim_new("nasty");

	victim_exec(v, NULL, "exits", "1", NASTY, "", "tab\there", NULL);
	victim_base(v);
	execed(v, 1);
}

DEATH_CASE("hostile_exe", hostile_exe, 0, "the same in the program's path")
{
	struct victim *v = victim_new("nasty");
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", scratch(), NASTY);
	copy_self(path);
	victim_exec(v, path, "exits", "1", NULL);
	victim_base(v);
	execed(v, 1);
}

static char many[500][101];

DEATH_CASE("long_args", long_args, 0, "50 kB of args: what is cut is counted")
{
	struct victim *v = victim_new("long");
	char *argv[504] = { "death", "victim", "exits", "1" };
	char env[32], *envp[] = { env, NULL };

	for (int i = 0; i < 499; i++) {
		snprintf(many[i], sizeof(many[i]), "%d", i);
		memset(many[i] + strlen(many[i]), 'a' + i % 26,
		       100 - strlen(many[i]));
		argv[4 + i] = many[i];
	}
	snprintf(env, sizeof(env), "DEATH_FD=%d", v->fd[1]);
	v->pid = fork();
	if (!v->pid) {
		execve(self_path(), argv, envp);
		_exit(97);
	}
	victim_base(v);
	if (v->p->args_len < 49900)
		case_fail("only %zu bytes of args", v->p->args_len);
	execed(v, 1);
}

/* ---- programs that are no plain file ---- */

/* What readlink says at the end; who saw the file at exec alone cannot know
 * that it went. */
static void maybe_deleted(struct victim *v, const char *path)
{
	expect(v, "exe",
	       m_tier(m_or(m_bytes(v->p->exe, v->p->exe_len),
			   m_bytes(path, strlen(path))),
		      m_bytes(v->p->exe, v->p->exe_len)));
}

DEATH_CASE("exe_deleted", exe_deleted, 0, "its program is deleted as it runs")
{
	struct victim *v = victim_new("deleted");
	char path[300];

	snprintf(path, sizeof(path), "%s/gone", scratch());
	copy_self(path);
	victim_exec(v, path, "exits", "2", NULL);
	victim_meet(v);
	unlink(path);
	victim_reread(v);
	if (!strstr(v->p->exe, " (deleted)"))
		case_fail("readlink says %s", v->p->exe);
	execed(v, 2);
	maybe_deleted(v, path);
}

static int memfd = -1;

static void from_memory(struct victim *v)
{
	char fd[64];

	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", memfd);
	victim_become(v, fd, "exits", "3", NULL);
}

DEATH_CASE("exe_memfd", exe_memfd, 0, "its program never had a name")
{
	struct victim *v = victim_new("memfd");
	char to[64];

	memfd = MUST(syscall(SYS_memfd_create, "nameless", 0));
	snprintf(to, sizeof(to), "/proc/self/fd/%d", memfd);
	copy_self(to);
	/* a file still open for writing cannot be run */
	memfd = MUST(open(to, O_RDONLY));
	for (int fd = 3; fd < memfd; fd++) {
		char link[64], target[64];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n > 0 && !strncmp(target, "/memfd:nameless", 15))
			close(fd);
	}
	victim_fork(v, from_memory);
	victim_base(v);
	execed(v, 3);
	/* d_path adds " (deleted)" to what was never linked */
	maybe_deleted(v, "/memfd:nameless");
}

static const char *jail;

static void jailed(struct victim *v)
{
	if (chroot(jail) || chdir("/"))
		_exit(90);
	victim_become(v, "/inside", "exits", "4", NULL);
}

DEATH_CASE("exe_chroot", exe_chroot, 0, "exec in a chroot: the path from here")
{
	struct victim *v = victim_new("jailed");
	char path[300];

	jail = scratch();
	snprintf(path, sizeof(path), "%s/inside", jail);
	copy_self(path);
	victim_fork(v, jailed);
	victim_base(v);
	if (strcmp(v->p->exe, path))
		case_fail("readlink says %s", v->p->exe);
	execed(v, 4);
}

DEATH_CASE("exe_mounted", exe_mounted, 0,
	   "its program is in a file system of its own")
{
	struct victim *v = victim_new("mounted");
	char path[300];

	snprintf(path, sizeof(path), "%s/mnt", scratch());
	MUST(mkdir(path, 0755));
	if (mount("tmpfs", path, "tmpfs", 0, NULL))
		case_skip("missing feature: no tmpfs to mount (%m)");
	strcat(path, "/inside");
	copy_self(path);
	victim_exec(v, path, "exits", "5", NULL);
	victim_base(v);
	*strrchr(path, '/') = 0;
	umount2(path, MNT_DETACH);	/* it is in use */
	strcat(path, "/inside");
	if (strcmp(v->p->exe, path))
		case_fail("readlink says %s", v->p->exe);
	execed(v, 5);
}

static void changes_comm(struct victim *v)
{
	victim_hold(v);
	prctl(PR_SET_NAME, "lastname");
	_exit(0);
}

DEATH_CASE("comm_changed", comm_changed, 0, "it renames itself, then exits")
{
	struct victim *v = victim_new("firstname");

	victim_fork(v, changes_comm);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	died_exit(v, 0);
	expect(v, "comm", json_string("lastname"));
}
