// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop: the signals that concern a running loop. Owns their handlers, and gives
 * back what was there before. Never ends anything itself, but for one who asks
 * a second time.
 */
#include <time.h>
#include <unistd.h>
#include "lib/out.h"
#include "lib/tty.h"
#include "stop.h"

volatile sig_atomic_t stop_signal, stop_resized;
static volatile sig_atomic_t from_terminal;

/*
 * timeout(1) and a closing terminal send the same signal twice at once; a person
 * who presses Ctrl-C again later means it.
 */
static void on_stop(int sig, siginfo_t *info, void *context)
{
	static struct timespec first;
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!stop_signal) {
		/* isig() of a terminal; kill(2) is SI_USER. */
		from_terminal = sig == SIGINT && info->si_code == SI_KERNEL;
		first = now;
		stop_signal = sig;
	} else if (now.tv_sec - first.tv_sec >= 2) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
}

static void on_resize(int sig)
{
	(void)sig;
	stop_resized = 1;
}

static struct {
	struct sigaction intr, term, winch;
} old;

void stop_reset(void)
{
	stop_signal = 0;
	from_terminal = 0;
}

void stop_end_line(void)
{
	int fd = tty_echoes(STDERR_FILENO) ? STDERR_FILENO : STDOUT_FILENO;

	if (!from_terminal || !tty_echoes(fd))
		return;
	from_terminal = 0;
	(void)out_write(fd, "\n", 1);
}

/*
 * One that comes between a look at the flag and the sleep is seen
 * when the sleep is over, 20 ms later: that needs no signal mask.
 */
void stop_catch(void)
{
	struct sigaction stop = { .sa_sigaction = on_stop,
				  .sa_flags = SA_SIGINFO };
	struct sigaction winch = { .sa_handler = on_resize };

	stop_resized = 0;
	sigaction(SIGINT, &stop, &old.intr);
	sigaction(SIGTERM, &stop, &old.term);
	sigaction(SIGWINCH, &winch, &old.winch);
	/* A shell without job control starts `obit &` with SIGINT ignored, for
	 * a reason: Ctrl-C is for what runs in the foreground. */
	if (old.intr.sa_handler == SIG_IGN)
		sigaction(SIGINT, &old.intr, NULL);
}

void stop_restore(void)
{
	sigaction(SIGINT, &old.intr, NULL);
	sigaction(SIGTERM, &old.term, NULL);
	sigaction(SIGWINCH, &old.winch, NULL);
}
