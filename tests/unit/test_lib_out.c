// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing everything, the closed pipe, the log's one line, the terminal.
 * Never needs a terminal of its own: it opens one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"

static void closed_pipe(void **state)
{
	struct buf b = BUF_INIT;
	int fd[2];

	(void)state;
	out_init();
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	buf_adds(&b, "text");
	assert_int_equal(out_flush(fd[1], &b), -EPIPE);
	assert_int_equal(b.len, 4);
	close(fd[1]);
	assert_int_equal(out_flush(fd[1], &b), -EBADF);
	buf_free(&b);
}

static void full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(out_write(fd, "x", 1), -ENOSPC);
	close(fd);
}

/* A pipe that takes a little at a time, and whose writer must not block. */
static void short_writes(void **state)
{
	size_t len = 3 << 20, at = 0, i;
	char *sent = malloc(len), *got = malloc(len);
	int fd[2], st;
	ssize_t n;
	pid_t pid;

	(void)state;
	for (i = 0; i < len; i++)
		sent[i] = (char)(i * 31 + i / 251);
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (!pid) {
		close(fd[0]);
		fcntl(fd[1], F_SETFL, O_NONBLOCK);
		_exit(out_write(fd[1], sent, len) ? 1 : 0);
	}
	close(fd[1]);
	while (at < len && (n = read(fd[0], got + at, len - at)) > 0)
		at += (size_t)n;
	close(fd[0]);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
	assert_int_equal(at, len);
	assert_memory_equal(sent, got, len);
	free(sent);
	free(got);
}

/* Started with `>&-`: output is an error, not lost in a file opened later. */
static void started_without_stdout(void **state)
{
	int st;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		out_init();
		if (open("/dev/null", O_RDWR) <= STDERR_FILENO)
			_exit(1);
		_exit(out_write(STDOUT_FILENO, "x", 1) == -EBADF ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
}

/* Ignored SIGPIPE would reach what we execute. */
static void children_get_sigpipe(void **state)
{
	struct sigaction sa;

	(void)state;
	out_init();
	sigaction(SIGPIPE, NULL, &sa);
	assert_true(sa.sa_handler == SIG_IGN);
	out_child();
	sigaction(SIGPIPE, NULL, &sa);
	assert_true(sa.sa_handler == SIG_DFL);
}

static void reasons(void **state)
{
	static const int errs[] = { -EPIPE, -ENOSPC, -EDQUOT, -EFBIG,
				    -EBADF, -ENOMEM, -EIO };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		assert_true(strlen(out_why(errs[i])) > 5);
}

static char last[512];
static int lines;

static void keep_line(const char *line, void *ctx)
{
	(void)ctx;
	snprintf(last, sizeof(last), "%s", line);
	lines++;
}

static void log_is_one_safe_line(void **state)
{
	(void)state;
	log_set_prefix("obit");
	log_set_writer(keep_line, NULL);
	log_set_level(LOG_LVL_WARN);
	errno = EAGAIN;
	log_error("no %s: %d", "ring", -1);
	assert_string_equal(last, "obit: no ring: -1");
	assert_int_equal(errno, EAGAIN);
	/* What a comm may hold: a forged line, a colour, bad UTF-8, an
	 * override of the writing direction. */
	log_warn("comm %s",
		 "a\nobit: all is well\x1b[31m\xff\xe2\x80\xae\xc3\xa9");
	assert_string_equal(last, "obit: comm a\\x0aobit: all is well"
				  "\\x1b[31m\\xff\\xe2\\x80\\xae\xc3\xa9");
	log_warn("libbpf ends its lines itself\n");
	assert_string_equal(last, "obit: libbpf ends its lines itself");
	lines = 0;
	log_info("hidden");
	log_debug("hidden");
	assert_int_equal(lines, 0);
	log_set_level(LOG_LVL_INFO);
	log_info("shown");
	log_debug("hidden");
	assert_int_equal(lines, 1);
	log_set_level(LOG_LVL_DEBUG);
	log_debug("shown");
	assert_int_equal(lines, 2);
	log_set_writer(NULL, NULL);
}

static void terminal(void **state)
{
	struct winsize ws = { .ws_row = 25, .ws_col = 132 };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, null;

	(void)state;
	null = open("/dev/null", O_RDWR);
	assert_true(master >= 0 && null >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);

	assert_true(tty_is(slave));
	assert_false(tty_is(null));
	assert_false(tty_is(-1));

	unsetenv("COLUMNS");
	assert_int_equal(tty_width(slave, 77), 77); /* 0 by 0 yet */
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &ws), 0);
	assert_int_equal(tty_width(slave, 77), 132);
	assert_int_equal(tty_width(null, 77), 77);
	setenv("COLUMNS", "40", 1);
	assert_int_equal(tty_width(null, 77), 40);
	assert_int_equal(tty_width(slave, 77), 132);
	setenv("COLUMNS", "junk", 1);
	assert_int_equal(tty_width(null, 77), 77);

	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(tty_colour(slave, COLOUR_AUTO));
	assert_false(tty_colour(null, COLOUR_AUTO));
	assert_true(tty_colour(null, COLOUR_ALWAYS));
	assert_false(tty_colour(slave, COLOUR_NEVER));
	setenv("NO_COLOR", "1", 1);
	assert_false(tty_colour(slave, COLOUR_AUTO));
	assert_true(tty_colour(slave, COLOUR_ALWAYS)); /* asked for */
	setenv("NO_COLOR", "", 1); /* no-color.org: empty
							 * does not count */
	assert_true(tty_colour(slave, COLOUR_AUTO));
	setenv("TERM", "dumb", 1);
	assert_false(tty_colour(slave, COLOUR_AUTO));
	unsetenv("TERM");
	assert_false(tty_colour(slave, COLOUR_AUTO));
	close(slave);
	close(master);
	close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_pipe),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(short_writes),
		cmocka_unit_test(started_without_stdout),
		cmocka_unit_test(children_get_sigpipe),
		cmocka_unit_test(reasons),
		cmocka_unit_test(log_is_one_safe_line),
		cmocka_unit_test(terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
