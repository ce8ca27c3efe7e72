// SPDX-License-Identifier: GPL-2.0-only
/*
 * procfs: what /proc says of a process or of one of its threads.
 * A comm may hold anything, blanks, brackets and newlines too: whatever follows
 * it is looked for behind the last bracket. Never decides what it means.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/timefmt.h"
#include "procfs.h"

/* PROC_PID_INIT_INO since 3.8: the inode of the initial pid namespace. */
#define INITIAL_PID_NS 0xEFFFFFFCul

static void path_of(uint32_t tgid, uint32_t tid, const char *file, char to[64])
{
	if (tid)
		snprintf(to, 64, "/proc/%u/task/%u/%s", tgid, tid, file);
	else
		snprintf(to, 64, "/proc/%u/%s", tgid, file);
}

int procfs_open(uint32_t tgid, uint32_t tid, const char *file)
{
	char path[64];
	int fd;

	path_of(tgid, tid, file, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t procfs_exe(uint32_t tgid, uint32_t tid, char *to, size_t size)
{
	char path[64];
	ssize_t n;

	path_of(tgid, tid, "exe", path);
	n = readlink(path, to, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? -ENAMETOOLONG : n;
}

ssize_t procfs_read(uint32_t tgid, uint32_t tid, const char *file, char *to,
		    size_t size)
{
	int fd = procfs_open(tgid, tid, file);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, to, size - 1);
	if (n < 0)
		n = -errno;
	else
		to[n] = '\0';
	close(fd);
	return n;
}

int procfs_stat(uint32_t tgid, uint32_t tid, struct proc_stat *st)
{
	unsigned long long v[53] = { 0 };
	char text[1024], *p, *open_at, *end;
	ssize_t n = procfs_read(tgid, tid, "stat", text, sizeof(text));
	size_t len;
	int i;

	if (n < 0)
		return (int)n;
	open_at = strchr(text, '(');
	p = strrchr(text, ')');
	if (!open_at || !p || p < open_at || p[1] != ' ' || !p[2])
		return -EBADMSG;
	memset(st, 0, sizeof(*st));
	len = (size_t)(p - open_at - 1);
	if (len >= sizeof(st->comm))
		len = sizeof(st->comm) - 1;
	memcpy(st->comm, open_at + 1, len);
	st->state = p[2];
	/* Field 4 follows the state, which is 3, counted from 1. */
	for (i = 4, p += 3; i <= 52 && *p; i++, p = end) {
		v[i] = strtoull(p, &end, 10);
		if (end == p)
			break;
	}
	if (i <= 39)
		return -EBADMSG;
	st->ppid = (uint32_t)v[4];
	st->pgrp = (uint32_t)v[5];
	st->flags = (uint32_t)v[9];
	st->threads = (uint32_t)v[20];
	st->start_ticks = v[22];
	st->exit_signal = (uint32_t)v[38];
	st->cpu = (uint32_t)v[39];
	st->exit_code = (uint32_t)v[52];
	return 0;
}

static uint64_t number_after(const char *text, const char *key, int base)
{
	const char *p = strstr(text, key);

	return p ? strtoull(p + strlen(key), NULL, base) : 0;
}

/* The n-th number of a line, from 1 on, or its last if it has fewer; *nr: which
 * that was, 0: it has none. */
static uint32_t nth_after(const char *text, const char *key, uint32_t n,
			  uint32_t *nr)
{
	const char *p = strstr(text, key);
	uint32_t last = 0;
	char *end;

	*nr = 0;
	for (p = p ? p + strlen(key) : NULL; p && *nr < n; p = end, ++*nr) {
		while (*p == '\t' || *p == ' ')
			p++;
		if (!isdigit((unsigned char)*p))
			break;
		last = (uint32_t)strtoul(p, &end, 10);
	}
	return last;
}

int procfs_status(uint32_t tgid, uint32_t tid, struct proc_status *st)
{
	char text[8192];
	ssize_t n = procfs_read(tgid, tid, "status", text, sizeof(text));

	if (n < 0)
		return (int)n;
	/* Name: comes first, and is escaped: no line of it is another's. */
	st->tgid = (uint32_t)number_after(text, "\nTgid:", 10);
	st->tracer = (uint32_t)number_after(text, "\nTracerPid:", 10);
	st->uid = (uint32_t)number_after(text, "\nUid:", 10);
	st->ns_tgid = nth_after(text, "\nNSpid:", UINT32_MAX, &st->ns_depth);
	st->pending = number_after(text, "\nSigPnd:", 16);
	st->shared_pending = number_after(text, "\nShdPnd:", 16);
	st->blocked = number_after(text, "\nSigBlk:", 16);
	st->ignored = number_after(text, "\nSigIgn:", 16);
	st->caught = number_after(text, "\nSigCgt:", 16);
	return 0;
}

int procfs_ids(uint32_t tgid, uint32_t depth, struct proc_ids *ids)
{
	char text[8192];
	struct proc_stat st;
	uint32_t nr, nr_pgrp;
	ssize_t n;
	int err;

	if (depth <= 1) {
		err = procfs_stat(tgid, 0, &st);
		ids->tgid = tgid;
		ids->pgrp = err ? 0 : st.pgrp;
		return err;
	}
	n = procfs_read(tgid, 0, "status", text, sizeof(text));
	if (n < 0)
		return (int)n;
	ids->tgid = nth_after(text, "\nNSpid:", depth, &nr);
	ids->pgrp = nth_after(text, "\nNSpgid:", depth, &nr_pgrp);
	return nr == depth && nr_pgrp == depth ? 0 : -ENOENT;
}

static int args_of(uint32_t tgid, uint32_t tid, size_t max, struct buf *out)
{
	int fd = procfs_open(tgid, tid, "cmdline");
	char chunk[1024];
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	while (max && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		if ((size_t)n > max)
			n = (ssize_t)max;
		buf_add(out, chunk, (size_t)n);
		max -= (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	return out->err ? out->err : n < 0 ? (int)n : 0;
}

int procfs_args(uint32_t tgid, size_t max, struct buf *out)
{
	size_t before = out->len;
	int err = args_of(tgid, 0, max, out);
	uint32_t tid;

	if (err || out->len != before)
		return err;
	tid = procfs_live_thread(tgid);
	return tid && tid != tgid ? args_of(tgid, tid, max, out) : 0;
}

int procfs_syscall(uint32_t tgid, uint32_t tid, struct proc_syscall *sc)
{
	char text[256], *p = text, *end;
	ssize_t n = procfs_read(tgid, tid, "syscall", text, sizeof(text));
	int i;

	if (n < 0)
		return n == -EACCES ? -EPERM : (int)n;
	sc->nr = strtol(p, &end, 10);
	if (end == p || sc->nr < 0)
		return -EAGAIN;		/* "running", or "-1 sp pc" */
	for (i = 0; i < 6; i++) {
		p = end;
		sc->args[i] = strtoull(p, &end, 16);
		if (end == p)
			return -EBADMSG;
	}
	return 0;
}

#define NAME(call) { SYS_##call, #call }

const char *procfs_syscall_name(long nr)
{
	static const struct {
		long nr;
		const char *name;
	} names[] = {
		NAME(read),
		NAME(write),
		NAME(readv),
		NAME(ppoll),
		NAME(pselect6),
		NAME(epoll_pwait),
		NAME(futex),
		NAME(nanosleep),
		NAME(clock_nanosleep),
		NAME(wait4),
		NAME(waitid),
		NAME(rt_sigsuspend),
		NAME(accept),
		NAME(rt_sigtimedwait),
		NAME(accept4),
		NAME(recvfrom),
		NAME(recvmsg),
		NAME(sendto),
		NAME(sendmsg),
		NAME(connect),
		NAME(flock),
		NAME(fcntl),
		NAME(fsync),
		NAME(openat),
		NAME(msgrcv),
		NAME(semtimedop),
		NAME(mq_timedreceive),
		NAME(ioctl),
		NAME(io_getevents),
#ifdef SYS_io_uring_enter
		NAME(io_uring_enter),
#endif
#ifdef SYS_epoll_pwait2
		NAME(epoll_pwait2),
#endif
#ifdef SYS_poll			/* only on architectures of old */
		NAME(poll),
		NAME(select),
		NAME(epoll_wait),
		NAME(pause),
		NAME(open),
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == nr)
			return names[i].name;
	return NULL;
}

/* "se.exec_start      :      11192056.385569": ms, and six digits of ns. */
int procfs_exec_start(uint32_t tgid, uint64_t *ns)
{
	char text[512], *p, *end;
	ssize_t n = procfs_read(tgid, 0, "sched", text, sizeof(text));
	uint64_t ms;

	if (n < 0)
		return (int)n;
	/* It follows the line of dashes; the comm before it may hold anything
	 * but so many. */
	p = strstr(text, "\n-----------------");
	p = p ? strstr(p, "\nse.exec_start") : NULL;
	p = p ? strchr(p, ':') : NULL;
	if (!p)
		return -ENOENT;
	ms = strtoull(p + 1, &end, 10);
	if (end == p + 1 || *end != '.')
		return -EBADMSG;
	*ns = ms * NSEC_PER_MSEC + strtoull(end + 1, NULL, 10);
	return 0;
}

/* A zombie has no exe: only who may look is told so. */
bool procfs_permitted(uint32_t tgid)
{
	ssize_t n;
	char c;

	n = procfs_exe(tgid, 0, &c, 1);
	return n >= 0 || n == -ENAMETOOLONG || n == -ENOENT;
}

uint64_t procfs_ticks(uint64_t start_boottime)
{
	return start_boottime / (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
}

bool procfs_is_initial(void)
{
	char self[32];
	struct stat st;
	ssize_t n;

	/* Our own pid in it: /proc may be a bind mount of another namespace's. */
	n = readlink("/proc/self", self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	if (strtol(self, NULL, 10) != (long)getpid())
		return false;
	return !stat("/proc/self/ns/pid", &st) && st.st_ino == INITIAL_PID_NS;
}

static int each(const char *folder, int (*fn)(uint32_t id, void *ctx),
		void *ctx)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			err = fn((uint32_t)strtoul(e->d_name, NULL, 10), ctx);
	closedir(dir);
	return err;
}

int procfs_each(int (*fn)(uint32_t tgid, void *ctx), void *ctx)
{
	return each("/proc", fn, ctx);
}

int procfs_each_thread(uint32_t tgid, int (*fn)(uint32_t tid, void *ctx),
		       void *ctx)
{
	char folder[48];

	snprintf(folder, sizeof(folder), "/proc/%u/task", tgid);
	return each(folder, fn, ctx);
}

struct live_thread {
	uint32_t tgid, tid;
};

static int lives(uint32_t tid, void *ctx)
{
	struct live_thread *l = ctx;
	struct proc_stat st;

	if (procfs_stat(l->tgid, tid, &st) || st.state == 'Z' ||
	    st.state == 'X')
		return 0;
	l->tid = tid;
	return 1;
}

uint32_t procfs_live_thread(uint32_t tgid)
{
	struct live_thread l = { .tgid = tgid };

	procfs_each_thread(tgid, lives, &l);
	return l.tid;
}

/* init is always there: who can not see it sees nobody else's. */
bool procfs_hides(void)
{
	char text[16];

	return procfs_read(1, 0, "stat", text, sizeof(text)) < 0;
}
