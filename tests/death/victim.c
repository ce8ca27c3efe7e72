// SPDX-License-Identifier: GPL-2.0-only
/*
 * Victims: how they are made, held at a barrier, let go and waited for, with
 * clock bounds round each step. Never says what ought to be reported.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

#define VICTIMS 32

static struct victim *pool;	/* shared with every descendant */
static int used;

u64 boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void nap_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * MSEC };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void burn_ms(int ms)
{
	struct timespec ts;
	s64 end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	end = ts.tv_sec * SEC + ts.tv_nsec + ms * MSEC;
	do {
		for (volatile int i = 0; i < 100000; i++)
			;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	} while (ts.tv_sec * SEC + ts.tv_nsec < end);
}

pid_t sys_gettid(void)
{
	return syscall(SYS_gettid);
}

int sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	return syscall(SYS_tgkill, tgid, tid, sig);
}

void sys_exit(int value)
{
	for (;;)
		syscall(SYS_exit, value);
}

bool wait_until(bool (*fn)(void *), void *arg, int ms)
{
	u64 end = boot_ns() + ms * MSEC;

	while (!fn(arg)) {
		if (boot_ns() > end)
			return false;
		nap_ms(1);
	}
	return true;
}

int set_handler(int sig, void (*fn)(int))
{
	struct sigaction sa = { .sa_handler = fn };

	return sigaction(sig, &sa, NULL);
}

const char *self_path(void)
{
	static char path[4096];

	if (!path[0] && readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return "/proc/self/exe";
	return path;
}

/* ---- a private folder ---- */

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st, (void)type, (void)where;
	remove(path);		/* what can not be, stays, and what it is in */
	return 0;
}

static void folder_remove(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *scratch(void)
{
	static pid_t owner;

	if (owner != getpid() && !folder[0]) {
		owner = getpid();
		snprintf(folder, sizeof(folder), "/tmp/death.XXXXXX");
		if (!mkdtemp(folder))
			case_fail("mkdtemp %s: %m", folder);
		chmod(folder, 0777);
	}
	return folder;
}

void scratch_remove(void)
{
	if (folder[0])
		folder_remove();
}

void copy_self(const char *to)
{
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		case_fail("copy to %s: %m", to);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			case_fail("copy to %s: %m", to);
	close(in);
	close(out);
}

/* ---- making ---- */

struct victim *victim_new(const char *label)
{
	struct victim *v;
	int one = 1;

	if (!pool) {
		pool = mmap(NULL, VICTIMS * sizeof(*pool),
			    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
		if (pool == MAP_FAILED)
			case_fail("mmap: %m");
	}
	if (used == VICTIMS)
		case_fail("more than %d victims", VICTIMS);
	v = &pool[used++];
	snprintf(v->label, sizeof(v->label), "%s", label);
	v->pidfd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, v->fd) ||
	    setsockopt(v->fd[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)))
		case_fail("socketpair: %m");
	fcntl(v->fd[0], F_SETFD, FD_CLOEXEC);
	return v;
}

static void __attribute__((noreturn))
victim_run(struct victim *v, void (*body)(struct victim *))
{
	prctl(PR_SET_NAME, v->label);
	body(v);
	_exit(99);
}

pid_t victim_fork(struct victim *v, void (*body)(struct victim *))
{
	pid_t pid = fork();

	if (pid < 0)
		case_fail("fork: %m");
	if (!pid)
		victim_run(v, body);
	v->pid = pid;
	return pid;
}

/* glibc caches no pid since 2.25: a raw clone without CLONE_VM is a fork. */
pid_t victim_clone(struct victim *v, unsigned long flags,
		   void (*body)(struct victim *))
{
	pid_t pid = syscall(SYS_clone, flags, 0UL, NULL, NULL, 0UL);

	if (pid < 0)
		case_fail("clone(%#lx): %m", flags);
	if (!pid)
		victim_run(v, body);
	v->pid = pid;
	return pid;
}

static void __attribute__((noreturn))
become(struct victim *v, const char *exe, const char *name, va_list ap)
{
	char *argv[600] = { "death", "victim", (char *)name };
	char env[32];
	char *envp[] = { env, NULL };
	int n = 3;

	while (n < 599 && (argv[n] = va_arg(ap, char *)))
		n++;
	argv[n] = NULL;
	snprintf(env, sizeof(env), "DEATH_FD=%d", v->fd[1]);
	execve(exe ? exe : self_path(), argv, envp);
	fprintf(stderr, "exec %s: %m\n", exe ? exe : self_path());
	_exit(97);
}

void victim_become(struct victim *v, const char *exe, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	become(v, exe, name, ap);
}

pid_t victim_exec(struct victim *v, const char *exe, const char *name, ...)
{
	pid_t pid = fork();
	va_list ap;

	if (pid < 0)
		case_fail("fork: %m");
	if (!pid) {
		va_start(ap, name);
		become(v, exe, name, ap);
	}
	v->pid = pid;
	return pid;
}

/* ---- the barrier ---- */

static void fd_hold(int fd)
{
	char c;

	if (send(fd, "r", 1, 0) != 1)
		_exit(98);
	while (recv(fd, &c, 1, 0) != 1)
		if (errno != EINTR)
			_exit(98);
}

void victim_hold(struct victim *v)
{
	fd_hold(v->fd[1]);
}

static int routine_fd(void)
{
	const char *s = getenv("DEATH_FD");

	return s ? atoi(s) : -1;
}

void routine_hold(void)
{
	fd_hold(routine_fd());
}

void routine_say(void)
{
	if (send(routine_fd(), "r", 1, 0) != 1)
		_exit(98);
}

/* The credentials of a unix socket are translated to the receiver's pid
 * namespace: the only cheap way to learn a pid across one. */
void victim_meet(struct victim *v)
{
	char c, ctl[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = { &c, 1 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = ctl,
			     .msg_controllen = sizeof(ctl) };
	struct pollfd pfd = { v->fd[0], POLLIN, 0 };
	struct cmsghdr *cm;

	if (poll(&pfd, 1, 15000) != 1 || recvmsg(v->fd[0], &mh, 0) != 1)
		case_fail("%s never came to its barrier", v->label);
	cm = CMSG_FIRSTHDR(&mh);
	if (cm && cm->cmsg_type == SCM_CREDENTIALS) {
		struct ucred uc;

		memcpy(&uc, CMSG_DATA(cm), sizeof(uc));
		v->pid = uc.pid;
	}
}

void victim_reread(struct victim *v)
{
	v->p = proc_read(v->pid);
}

void victim_base(struct victim *v)
{
	victim_meet(v);
	victim_reread(v);
}

void victim_doom(struct victim *v)
{
	v->go_ns = v->exit_lo = v->dead_lo = boot_ns();
}

void victim_go(struct victim *v)
{
	victim_doom(v);
	if (send(v->fd[0], "g", 1, 0) != 1)
		case_fail("cannot let %s go: %m", v->label);
}

/* ---- the truth ---- */

/*
 * While one is waited for, others that were let go may die: they are reaped
 * there and then, or a slow machine would make long zombies of them.
 */
static void glance(struct victim *but)
{
	for (int i = 0; i < used; i++) {
		struct victim *v = &pool[i];
		siginfo_t si = { 0 };
		u64 t = boot_ns();

		if (v == but || !v->go_ns || v->waited || v->dead_hi ||
		    waitid(P_PID, v->pid, &si,
			   WEXITED | WNOWAIT | WNOHANG | __WALL))
			continue;
		if (si.si_pid) {
			v->dead_hi = boot_ns();
			v->peek_code = si.si_code;
			v->peek_status = si.si_status;
			victim_reap(v);
			continue;
		}
		v->dead_lo = t;
		if (!task_exiting(v->pid))
			v->exit_lo = t;
	}
}

/*
 * As long as its pidfd is silent it is no zombie, and as long as its leader is
 * not exiting nothing of it has ended: moves the lower bounds up. A teardown
 * between the two may last seconds on a busy machine.
 */
static void watch(struct victim *v, int fd)
{
	struct pollfd pfd = { fd, POLLIN, 0 };
	u64 start = boot_ns(), t;

	do {
		t = boot_ns();
		if (poll(&pfd, 1, 10))
			return;
		v->dead_lo = t;
		if (!task_exiting(v->pid))
			v->exit_lo = t;
		glance(v);
	} while (t < start + 30 * SEC);
	case_fail("%s does not die", v->label);
}

void victim_peek(struct victim *v)
{
	siginfo_t si = { 0 };
	int fd;

	if (v->waited)
		return;
	fd = syscall(SYS_pidfd_open, v->pid, 0);
	if (fd >= 0) {
		watch(v, fd);
		close(fd);
	}
	while (waitid(P_PID, v->pid, &si, WEXITED | WNOWAIT | __WALL))
		if (errno != EINTR)
			case_fail("waitid %s: %m", v->label);
	v->dead_hi = boot_ns();
	v->peek_code = si.si_code;
	v->peek_status = si.si_status;
}

void victim_reap(struct victim *v)
{
	int status;
	pid_t pid;

	if (v->waited)
		return;
	v->rel_lo = boot_ns();
	do {
		pid = wait4(v->pid, &status, __WALL, &v->ru);
	} while (pid < 0 && errno == EINTR);
	v->rel_hi = boot_ns();
	if (pid != v->pid)
		case_fail("wait4 %s: %m", v->label);
	v->status = status;
	v->reaper = getpid();
	v->waited = true;
	for (int i = 0; i < used; i++)
		if (pool[i].pid == v->reaper)
			pool[i].breeds = true;
	if (!v->dead_hi)
		v->dead_hi = v->rel_hi;
}

void victim_wait(struct victim *v)
{
	victim_peek(v);
	victim_reap(v);
}

void victim_open(struct victim *v)
{
	v->pidfd = syscall(SYS_pidfd_open, v->pid, 0);
	if (v->pidfd < 0)
		case_fail("pidfd_open %s: %m", v->label);
}

/* struct pidfd_info as 6.13 made it; newer kernels fill what fits. */
struct pidfd_info {
	uint64_t mask, cgroupid;
	uint32_t ids[11];
	int32_t exit_code;
};

#define PIDFD_GET_INFO_ _IOWR(0xff, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT_ (1 << 3)	/* 6.15, once it is released */

static bool ask_pidfd(void *arg)
{
	struct victim *v = arg;
	struct pidfd_info info = { .mask = PIDFD_INFO_EXIT_ };

	if (ioctl(v->pidfd, PIDFD_GET_INFO_, &info))
		return errno != ESRCH;
	if (!(info.mask & PIDFD_INFO_EXIT_))
		return false;
	v->status = info.exit_code;
	v->told = true;
	return true;
}

static bool released(void *arg)
{
	return kill(((struct victim *)arg)->pid, 0) && errno == ESRCH;
}

/* Told dead, it still hangs on its parent until it is released: a case that
 * ended in between would hand it to another. */
void victim_gone(struct victim *v)
{
	watch(v, v->pidfd);
	v->dead_hi = boot_ns();
	if (!wait_until(released, v, 10000))
		case_fail("%s is dead and not released", v->label);
	wait_until(ask_pidfd, v, 100);
	v->rel_lo = v->dead_lo;
	v->rel_hi = boot_ns();
}

struct start {
	void (*fn)(struct victim *);
	struct victim *v;
};

static void *thread_main(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	s.fn(s.v);
	return NULL;
}

/* No pthread_join anywhere: cases end threads behind the library's back. */
void thread_start(void (*fn)(struct victim *), struct victim *v)
{
	struct start *s = malloc(sizeof(*s));
	pthread_attr_t attr;
	pthread_t t;

	s->fn = fn;
	s->v = v;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	if (pthread_create(&t, &attr, thread_main, s))
		_exit(96);
}
