// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen: what is shown once, or again and again (--watch).
 * A frame is one write, so that it does not flicker; it is cut to the height of
 * the terminal, so that it does not scroll. Never knows what is shown.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "cmd/screen.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/timefmt.h"
#include "lib/tty.h"

static volatile sig_atomic_t stopped;

static void on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

void screen_begin(struct screen *s)
{
	struct sigaction stop = { .sa_handler = on_stop };

	s->again = false;
	if (!s->watch_ns)
		return;
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

size_t screen_rows(const struct screen *s)
{
	struct winsize w;

	if (!s->watch_ns || !s->redraw || !tty_is(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row)
		return 24;
	return w.ws_row;
}

/* To `rows`, the last of which the cursor has; says how much is left out. */
static void cut(struct buf *text, size_t rows)
{
	size_t i, lines = 0, end = 0;

	for (i = 0; i < text->len; i++) {
		if (text->p[i] != '\n')
			continue;
		lines++;
		if (lines + 2 <= rows)
			end = i + 1;
	}
	if (lines < rows || rows < 3)
		return;
	text->len = end;
	buf_printf(text, "... and %zu more lines\n", lines - (rows - 2));
}

int screen_show(struct screen *s, struct buf *text)
{
	struct buf frame = BUF_INIT;
	size_t rows = screen_rows(s);
	int err;

	if (rows) {
		cut(text, rows);
		buf_adds(&frame, "\x1b[H\x1b[2J");
	} else if (s->again && s->redraw) {
		buf_addc(&frame, '\n');
	}
	buf_add(&frame, text->p, text->len);
	if (text->err)
		frame.err = text->err;
	buf_clear(text);
	s->again = true;
	err = out_flush(STDOUT_FILENO, &frame);
	if (err)
		log_error("cannot write to standard output: %s", out_why(err));
	buf_free(&frame);
	return err;
}

bool screen_next(struct screen *s)
{
	struct timespec t = {
		.tv_sec = (time_t)(s->watch_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(s->watch_ns % NSEC_PER_SEC),
	};

	if (!s->watch_ns)
		return false;
	while (!stopped && nanosleep(&t, &t) && errno == EINTR)
		;
	return !stopped;
}
