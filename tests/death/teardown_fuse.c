// SPDX-License-Identifier: GPL-2.0-only
/*
 * An end with a file open whose file system takes its time to say that it may
 * be closed. The file system is a process here, which so knows for how long.
 * Never answers more of FUSE than one file that is opened and closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "death.h"

#define ANSWER_LATE 300	/* ms */

/* Nobody waits for longer than that for a server that is ill: when it is dead,
 * all that was asked of it is answered by the kernel (ECONNABORTED). */
#define SERVER_LIFE 60	/* s */

#define FILE_NODE 2	/* the root is FUSE_ROOT_ID, 1 */

/* The victim's words and stamps are what the server says. */
enum { SERVES, FLUSHES };	/* -errno, 0, 1; how many came */
enum { ASKED, ANSWERED };	/* FLUSH */

/* --- the server ----------------------------------------------------------------- */

static void answer(int fd, u64 unique, int err, void *out, size_t len)
{
	struct fuse_out_header head = { .error = err, .unique = unique };
	struct iovec iov[2] = { { &head, sizeof(head) }, { out, len } };

	head.len = sizeof(head) + len;
	/* ENOENT: who asked is gone */
	if (writev(fd, iov, len ? 2 : 1) < 0 && errno != ENOENT)
		_exit(80);
}

static void attributes(struct fuse_attr *attr, u64 node)
{
	attr->ino = node;
	attr->nlink = 1;
	attr->blksize = 4096;
	attr->mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
}

/* It was sent before the victim lay down: what it sleeps for begins when it is
 * seen asleep, and not for a moment only. */
static void flush(struct victim *v)
{
	u64 until = boot_ns() + 5 * SEC;
	int seen = 0;
	bool lies;

	v->word[FLUSHES]++;
	while (seen < 2 && boot_ns() < until) {
		nap_ms(5);
		lies = task_state(v->pid, 0, 'S') || task_state(v->pid, 0, 'D');
		seen = lies ? seen + 1 : 0;
	}
	v->stamp[ASKED] = boot_ns();
	nap_ms(ANSWER_LATE);
	v->stamp[ANSWERED] = boot_ns();
}

static void handle(struct victim *v, int fd, struct fuse_in_header *in)
{
	union {
		struct fuse_init_out init;
		struct fuse_entry_out entry;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
	} out = { 0 };
	struct fuse_init_in *init = (void *)(in + 1);
	size_t len = 0;
	int err = 0;

	switch (in->opcode) {
	case FUSE_INIT:
		out.init.major = FUSE_KERNEL_VERSION;
		out.init.minor = init->minor;
		out.init.max_write = 4096;
		len = sizeof(out.init);
		break;
	case FUSE_LOOKUP:
		out.entry.nodeid = FILE_NODE;
		out.entry.entry_valid = out.entry.attr_valid = SERVER_LIFE;
		attributes(&out.entry.attr, FILE_NODE);
		len = sizeof(out.entry);
		break;
	case FUSE_GETATTR:
		out.attr.attr_valid = SERVER_LIFE;
		attributes(&out.attr.attr, in->nodeid);
		len = sizeof(out.attr);
		break;
	case FUSE_OPEN:
		len = sizeof(out.open);
		break;
	case FUSE_FLUSH:
		flush(v);
		break;
	case FUSE_RELEASE:
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return; /* no answer is waited for */
	default:
		err = -ENOSYS;
	}
	answer(fd, in->unique, err, &out, len);
}

/* In a mount namespace of its own, which goes with it. */
static int mount_served(const char *dir, int fd)
{
	char data[100];

	snprintf(data, sizeof(data),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("slowfs", dir, "fuse", MS_NOSUID | MS_NODEV, data))
		return -errno;
	return 0;
}

static void __attribute__((noreturn))
serve(struct victim *v, const char *dir, int fd)
{
	/* the least that is read into is 8 KiB */
	static union {
		struct fuse_in_header in;
		char bytes[65536];
	} buf;
	ssize_t n;

	prctl(PR_SET_NAME, "slowfs");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(SERVER_LIFE);
	v->word[SERVES] = mount_served(dir, fd) ?: 1;
	while (v->word[SERVES] > 0) {
		n = read(fd, &buf, sizeof(buf));
		if (n >= (ssize_t)sizeof(buf.in))
			handle(v, fd, &buf.in);
		else if (errno != EINTR && errno != ENOENT && errno != EAGAIN)
			break;
	}
	_exit(0);
}

static bool has_begun(void *v)
{
	return ((struct victim *)v)->word[SERVES];
}

/* Returns its pid; it serves until it is killed, or the case ends. */
static pid_t server_start(struct victim *v, const char *dir)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		case_skip("missing feature: FUSE: /dev/fuse: %m");
	MUST(mkdir(dir, 0700));
	pid = MUST(fork());
	if (!pid)
		serve(v, dir, fd);
	/* the last that is open ends what it serves: it must be the server's */
	close(fd);
	if (!wait_until(has_begun, v, 10000))
		case_fail("the server does not begin");
	errno = -v->word[SERVES];
	if (v->word[SERVES] < 0)
		case_skip("missing feature: a FUSE mount: %m");
	return pid;
}

/* --- who ends --------------------------------------------------------------------- */

static pid_t server;

static void opens_slow(struct victim *v)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", server);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS))
		_exit(90);
	snprintf(path, sizeof(path), "%s/slow/file", scratch());
	if (open(path, O_RDONLY) < 0)
		_exit(91);
	victim_hold(v);
	_exit(0);
}

/* close_files() asks for FLUSH and waits; RELEASE, of the delayed closing, is
 * sent and not waited for. */
DEATH_CASE("teardown_fuse", teardown_fuse, CASE_ALONE | CASE_SLOW,
	   "an open file whose FUSE server answers FLUSH after 300 ms: files")
{
	struct victim *v = victim_new("flusher");
	char dir[100];
	s64 took, most;

	snprintf(dir, sizeof(dir), "%s/slow", scratch());
	server = server_start(v, dir);
	victim_fork(v, opens_slow);
	victim_base(v);
	victim_go(v);
	victim_wait(v);
	kill(server, SIGKILL);
	MUST(waitpid(server, NULL, 0));
	if (v->word[FLUSHES] != 1 || !v->stamp[ANSWERED])
		case_fail("its server was asked to flush %d times%s",
			  v->word[FLUSHES],
			  v->stamp[ANSWERED] ? "" : " and did not answer");
	took = (s64)(v->stamp[ANSWERED] - v->stamp[ASKED]);
	most = (s64)(v->dead_hi - v->go_ns);
	died_exit(v, 0);
	expect(v, "teardown",
	       m_tier(m_asleep(m_teardown("resources", took, most)),
		      m_asleep(m_teardown("files", took, most))));
}
