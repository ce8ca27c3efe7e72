// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a test guest: makes the machine a program expects, runs one command
 * that arrives on ttyS2, and prints what became of it on ttyS1. It judges
 * nothing: what a status or a taint means is the host's business (vm.py).
 *
 * The command is waited for rather than taken from the kernel's command line,
 * because a snapshot of the machine is taken while we wait.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_GET	 16
#define MAX_ARGS 256

static struct {
	char *id; /* echoed in the verdict */
	const char *cgroup; /* "v2" or "v1" */
	char *get[MAX_GET]; /* files to send back */
	int n_get;
	char *argv[MAX_ARGS + 1];
} job = { .cgroup = "v2" };

static int out_fd, cmd_fd, file_fd, chld_pipe[2];

/* To the console, which the host prints when the guest is lost. */
static void complain(const char *what, const char *arg)
{
	fprintf(stderr, "init: %s %s: %s\n", what, arg, strerror(errno));
}

static void write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
}

static void do_mount(const char *type, const char *dir, const char *data)
{
	if (mkdir(dir, 0755) && errno != EEXIST && errno != EPERM)
		complain("mkdir", dir);
	if (mount(type, dir, type, 0, data))
		complain("mount", dir);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		complain("write", path);
	if (fd >= 0)
		close(fd);
}

static void mount_all(void)
{
	do_mount("proc", "/proc", NULL);
	do_mount("sysfs", "/sys", NULL);
	do_mount("devtmpfs", "/dev", NULL);
	do_mount("devpts", "/dev/pts", "ptmxmode=0666,mode=0620");
	do_mount("tmpfs", "/dev/shm", "mode=1777");
	do_mount("tmpfs", "/tmp", "mode=1777");
	do_mount("tmpfs", "/run", "mode=0755");
	do_mount("debugfs", "/sys/kernel/debug", NULL);
	do_mount("tracefs", "/sys/kernel/tracing", NULL);
	do_mount("bpf", "/sys/fs/bpf", NULL);
	if (symlink("/proc/self/fd", "/dev/fd"))
		complain("symlink", "/dev/fd");
}

/*
 * v2: one hierarchy, controllers on for the children of the root. v1: one
 * hierarchy each, the way a hybrid host has them. A v1 controller must not be
 * in use by v2, so the choice is made before either is mounted.
 */
static void mount_cgroup(void)
{
	if (!strcmp(job.cgroup, "v1")) {
		do_mount("tmpfs", "/sys/fs/cgroup", "mode=0755");
		mkdir("/sys/fs/cgroup/memory", 0755);
		mkdir("/sys/fs/cgroup/pids", 0755);
		mkdir("/sys/fs/cgroup/systemd", 0755);
		if (mount("cgroup", "/sys/fs/cgroup/memory", "cgroup", 0,
			  "memory"))
			complain("mount", "cgroup v1 memory");
		if (mount("cgroup", "/sys/fs/cgroup/pids", "cgroup", 0, "pids"))
			complain("mount", "cgroup v1 pids");
		if (mount("cgroup", "/sys/fs/cgroup/systemd", "cgroup", 0,
			  "none,name=systemd"))
			complain("mount", "cgroup v1 name=systemd");
		do_mount("cgroup2", "/sys/fs/cgroup/unified", NULL);
		return;
	}
	do_mount("cgroup2", "/sys/fs/cgroup", NULL);
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
}

static void raise_limits(void)
{
	/* Before 5.11 BPF maps and programs are charged to RLIMIT_MEMLOCK. */
	struct rlimit inf = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &inf))
		complain("setrlimit", "MEMLOCK");
}

/* Those of the kernel's own that it has not built in; of no order, as none of
 * them needs another. What a test brings is the test's to load. */
static void load_modules(void)
{
	static const char dir[] = "/lib/modules";
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[300];
	int fd;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			complain("load", path);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
	/* The kernel would fork to find that there is no modprobe: a death that
	 * no test has made, of nobody's program. */
	write_file("/proc/sys/kernel/modprobe", "\n");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(ifr.ifr_name, "lo");
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		complain("ifup", "lo");
	if (fd >= 0)
		close(fd);
}

static int open_port(const char *path)
{
	struct termios tio;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		complain("open", path);
		return -1;
	}
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);
		tio.c_cflag |= CLOCAL | CREAD;
		tcsetattr(fd, TCSANOW, &tio);
	}
	return fd;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * Reads "RUN <hex>\n" and returns the decoded bytes, NUL-terminated, and their
 * number in @len. Anything else is skipped: the first byte that reaches an idle
 * port of a restored machine is lost.
 */
static char *read_job(size_t *len)
{
	static char line[1 << 17];
	size_t n = 0, i;
	char c;

	for (;;) {
		ssize_t got = read(cmd_fd, &c, 1);

		if (got <= 0) {
			if (got < 0 && errno != EINTR && errno != EAGAIN)
				return NULL;
			usleep(1000);
			continue;
		}
		if (c != '\n') {
			if (n < sizeof(line) - 1)
				line[n++] = c;
			continue;
		}
		line[n] = 0;
		if (n > 4 && !memcmp(line, "RUN ", 4) && !(n & 1))
			break;
		n = 0;
	}
	for (i = 4; i < n; i += 2) {
		int hi = hex_digit(line[i]), lo = hex_digit(line[i + 1]);

		if (hi < 0 || lo < 0)
			return NULL;
		line[(i - 4) / 2] = hi << 4 | lo;
	}
	*len = (n - 4) / 2;
	line[*len] = 0;
	return line;
}

/* The wall clock of a restored machine stands where it was saved. */
static void set_clock(const char *text)
{
	struct timespec ts = { 0 };
	char *end;

	ts.tv_sec = strtoll(text, &end, 10);
	if (*end == '.')
		ts.tv_nsec = strtol(end + 1, NULL, 10);
	if (clock_settime(CLOCK_REALTIME, &ts))
		complain("clock_settime", text);
}

/* Restored machines must differ in what they draw at random. */
static void add_seed(const char *text)
{
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 ||
	    ioctl(fd, RNDRESEEDCRNG))
		complain("seed", "/dev/urandom");
	if (fd >= 0)
		close(fd);
}

/* NUL-separated words: settings, "--", then the command. */
static int parse_job(char *buf, size_t len)
{
	char *w, *end = buf + len;
	int argc = 0;

	for (w = buf; w < end; w += strlen(w) + 1) {
		if (argc || !strcmp(w, "--")) {
			if (argc > MAX_ARGS)
				return -E2BIG;
			if (argc)
				job.argv[argc - 1] = w;
			argc++;
		} else if (!strncmp(w, "id=", 3)) {
			job.id = w + 3;
		} else if (!strncmp(w, "time=", 5)) {
			set_clock(w + 5);
		} else if (!strncmp(w, "seed=", 5)) {
			add_seed(w + 5);
		} else if (!strncmp(w, "cgroup=", 7)) {
			job.cgroup = w + 7;
		} else if (!strncmp(w, "env=", 4)) {
			putenv(w + 4);
		} else if (!strncmp(w, "get=", 4) && job.n_get < MAX_GET) {
			job.get[job.n_get++] = w + 4;
		} else {
			return -EINVAL;
		}
	}
	return argc > 1 && job.id ? 0 : -EINVAL;
}

static void on_chld(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(chld_pipe[1], "", 1) < 0 && errno != EAGAIN)
		abort();
	errno = saved;
}

static pid_t start(int fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	dup2(fd, 1);
	dup2(fd, 2);
	fd = open("/dev/null", O_RDONLY);
	dup2(fd, 0);
	signal(SIGCHLD, SIG_DFL);
	execvp(job.argv[0], job.argv);
	fprintf(stderr, "init: %s: %s\n", job.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int forward(int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		write_all(out_fd, buf, n);
	return n > 0;
}

/*
 * Runs the command and returns its status as a shell would tell it. Its output
 * goes through a pipe so that the command does not find itself on a terminal;
 * everything that is orphaned meanwhile is ours, and reaped at once.
 */
static int run(void)
{
	struct sigaction sa = { .sa_handler = on_chld, .sa_flags = SA_RESTART };
	int out[2], status, rc = -1;
	char drain[64];
	pid_t main_pid, pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(chld_pipe, O_CLOEXEC | O_NONBLOCK))
		return 126;
	sigaction(SIGCHLD, &sa, NULL);
	main_pid = start(out[1]);
	if (main_pid < 0)
		return 126;
	close(out[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);

	while (rc < 0) {
		struct pollfd p[2] = {
			{ .fd = chld_pipe[0], .events = POLLIN },
			{ .fd = out[0], .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 126;
		if (p[1].revents & POLLIN)
			forward(out[0]);
		else if (p[1].revents & (POLLHUP | POLLERR))
			poll(p, 1, -1); /* it closed its output: only wait */
		while (read(chld_pipe[0], drain, sizeof(drain)) > 0)
			;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == main_pid)
				rc = WIFEXITED(status) ? WEXITSTATUS(status) :
							 128 + WTERMSIG(status);
	}
	while (forward(out[0]))
		;
	return rc;
}

static void send_file(const char *path)
{
	char head[512], buf[4096];
	struct stat st = { 0 };
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(head, sizeof(head), "FILE -%d %s\n", errno, path);
		write_all(file_fd, head, strlen(head));
		return;
	}
	snprintf(head, sizeof(head), "FILE %lld %s\n", (long long)st.st_size,
		 path);
	write_all(file_fd, head, strlen(head));
	while (st.st_size > 0 && (n = read(fd, buf, sizeof(buf))) > 0) {
		n = n < st.st_size ? n : st.st_size;
		write_all(file_fd, buf, n);
		st.st_size -= n;
	}
	close(fd);
}

static void verdict(int rc)
{
	char taint[32] = "?", line[128];
	int fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, taint, sizeof(taint) - 1);

	if (n > 0)
		taint[n - 1] = 0;
	snprintf(line, sizeof(line), "\nOBIT-END rc=%d taint=%s id=%s\n", rc,
		 taint, job.id);
	write_all(out_fd, line, strlen(line));
	tcdrain(out_fd);
}

int main(void)
{
	size_t len;
	char *buf;
	int i, rc;

	mount_all();
	raise_limits();
	load_modules();
	loopback_up();
	sethostname("guest", 5);
	clearenv();
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("TERM", "dumb", 1);
	chdir("/tmp");

	out_fd = open_port("/dev/ttyS1");
	cmd_fd = open_port("/dev/ttyS2");
	file_fd = open_port("/dev/ttyS3");
	if (out_fd < 0 || cmd_fd < 0)
		goto off;
	write_all(out_fd, "OBIT-READY\n", 11);
	buf = read_job(&len);
	if (!buf || parse_job(buf, len)) {
		complain("bad", "job");
		goto off;
	}
	mount_cgroup();
	write_all(out_fd, "OBIT-RUN\n", 9);
	rc = run();
	for (i = 0; i < job.n_get && file_fd >= 0; i++)
		send_file(job.get[i]);
	if (file_fd >= 0)
		tcdrain(file_fd);
	verdict(rc);
off:
	reboot(RB_POWER_OFF);
	return 1; /* the kernel panics: the host sees a lost guest */
}
