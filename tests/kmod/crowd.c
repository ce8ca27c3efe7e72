// SPDX-License-Identifier: GPL-2.0-only
/*
 * 50,000 zombies at once, and who watches them come and go: the books balance,
 * and what is told of each is what waitpid(2) says. In a guest, for hosts have
 * not the numbers. What obit says is read as it comes: there is no room to keep
 * it. Of obit only its words.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktest.h"

#define ZOMBIES 50000
#define ERR_PATH "/tmp/crowd.err"
#define PID_MAX 200000
#define WATCH_MS 180000
#define TELL_MS 180000

/* An obit, and what it has told, by the thread that reads it. */
struct witness {
	const char *option;
	pid_t pid;
	pthread_t reader;
	FILE *out;
	bool ended;
	u64 obituaries, lost, lost_else, reaped;
	unsigned char times[PID_MAX];	/* obituaries of that tgid */
	int code[PID_MAX];		/* exit_code, as told */
};

static struct {
	pid_t pid;
	int status;	/* what waitpid says */
} dead[ZOMBIES];

static bool number(const char *line, const char *key, long *n)
{
	const char *at = strstr(line, key);

	if (at)
		*n = strtol(at + strlen(key), NULL, 10);
	return at;
}

static bool is_event(const char *line, const char *event)
{
	static const char head[] = "{\"event\":\"";

	return !strncmp(line, head, strlen(head)) &&
	       !strncmp(line + strlen(head), event, strlen(event));
}

static void read_line(struct witness *w, const char *line)
{
	long tgid, code, count;

	if (is_event(line, "reaped\""))
		w->reaped++;
	if (is_event(line, "lost\"") && number(line, "\"count\":", &count)) {
		if (strstr(line, "\"kind\":\"obituary\""))
			__atomic_add_fetch(&w->lost, count, __ATOMIC_RELAXED);
		else
			w->lost_else += count;
	}
	if (!is_event(line, "obituary\""))
		return;
	if (number(line, "\"tgid\":", &tgid) &&
	    number(line, "\"exit_code\":", &code) && tgid > 0 &&
	    tgid < PID_MAX) {
		w->times[tgid]++;
		w->code[tgid] = code;
	}
	__atomic_add_fetch(&w->obituaries, 1, __ATOMIC_RELAXED);
}

static void *reads(void *arg)
{
	struct witness *w = arg;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, w->out) > 0)
		read_line(w, line);
	__atomic_store_n(&w->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static u64 balance(const struct witness *w)
{
	return __atomic_load_n(&w->obituaries, __ATOMIC_RELAXED) +
	       __atomic_load_n(&w->lost, __ATOMIC_RELAXED);
}

static bool begin(struct witness *w)
{
	char err[4096] = "";
	int p[2], status;

	unlink(ERR_PATH);
	need(!pipe2(p, O_CLOEXEC), "pipe: %s", strerror(errno));
	w->pid = fork();
	if (!w->pid) {
		dup2(p[1], 1);
		dup2(open(ERR_PATH, O_WRONLY | O_CREAT, 0600), 2);
		execl("/bin/obit", "obit", "trace", "-o", "json", w->option,
		      NULL);
		_exit(127);
	}
	close(p[1]);
	w->out = fdopen(p[0], "r");
	need(w->pid > 0 && w->out &&
		     !pthread_create(&w->reader, NULL, reads, w),
	     "no obit: %s", strerror(errno));
	for (u64 end = deadline(WATCH_MS);; nap_ms(20)) {
		if (read_text(ERR_PATH, err, sizeof(err)) > 0 &&
		    strstr(err, "watching"))
			return true;
		need(now_ns() < end && waitpid(w->pid, &status, WNOHANG) == 0,
		     "%s does not begin: %s", w->option, err);
	}
}

/* Its last line says how many it has seen. */
static bool end(struct witness *w, u64 *seen)
{
	char err[4096] = "", *at;
	int status;

	kill(w->pid, SIGTERM);
	need(waitpid(w->pid, &status, 0) == w->pid && status == 0,
	     "%s ended with %#x", w->option, status);
	pthread_join(w->reader, NULL);
	read_text(ERR_PATH, err, sizeof(err));
	at = strstr(err, " deaths, ");
	need(at, "%s has no last line: %s", w->option, err);
	while (at > err && at[-1] >= '0' && at[-1] <= '9')
		at--;
	*seen = strtoull(at, NULL, 10);
	return true;
}

/* All of them at once: nobody waits before the last has died. */
static bool crowd_dies(void)
{
	for (volatile int i = 0; i < ZOMBIES; i++) {
		pid_t pid = vfork();

		if (!pid)
			_exit(i & 0xff);
		need(pid > 0 && pid < PID_MAX, "zombie %d: %s", i,
		     strerror(errno));
		dead[i].pid = pid;
	}
	return true;
}

static bool crowd_goes(void)
{
	for (int i = 0; i < ZOMBIES; i++) {
		need(waitpid(dead[i].pid, &dead[i].status, WNOHANG) ==
			     dead[i].pid,
		     "%d is no zombie", dead[i].pid);
		need(dead[i].status == (i & 0xff) << 8, "%d ended with %#x",
		     dead[i].pid, dead[i].status);
	}
	return true;
}

/* seen = delivered + lost, and of ours there is none that is in neither. */
static bool books(const struct witness *w, u64 seen)
{
	u64 missing = 0;

	note("%s: %llu seen, %llu told, %llu lost, %llu told as reaped",
	     w->option, (unsigned long long)seen,
	     (unsigned long long)w->obituaries, (unsigned long long)w->lost,
	     (unsigned long long)w->reaped);
	need(seen == balance(w), "%s: %llu seen, %llu told, %llu lost",
	     w->option, (unsigned long long)seen,
	     (unsigned long long)w->obituaries, (unsigned long long)w->lost);
	for (int i = 0; i < ZOMBIES; i++) {
		pid_t pid = dead[i].pid;

		need(w->times[pid] <= 1, "%s: %d is told of %d times",
		     w->option, pid, w->times[pid]);
		need(!w->times[pid] || w->code[pid] == dead[i].status,
		     "%s: %d: %#x, waitpid has %#x", w->option, pid,
		     w->code[pid], dead[i].status);
		missing += !w->times[pid];
	}
	/* who only counted what is lost would balance, too */
	need(missing <= w->lost && missing < ZOMBIES / 2,
	     "%s: %llu are not told of, %llu were lost", w->option,
	     (unsigned long long)missing, (unsigned long long)w->lost);
	need(w->reaped + w->lost + w->lost_else >= ZOMBIES,
	     "%s: only %llu are told as reaped", w->option,
	     (unsigned long long)w->reaped);
	return true;
}

static bool zombies(struct witness *w)
{
	u64 seen;

	need(!write_file("/proc/sys/kernel/pid_max", "200000") &&
		     !write_file("/proc/sys/kernel/threads-max", "200000"),
	     "the kernel allows no such number");
	if (!begin(w) || !crowd_dies())
		return false;
	/* told because they are zombies, not because they go */
	for (u64 by = deadline(TELL_MS); balance(w) < ZOMBIES; nap_ms(50))
		need(now_ns() < by &&
			     !__atomic_load_n(&w->ended, __ATOMIC_ACQUIRE),
		     "%llu are told or lost of them",
		     (unsigned long long)balance(w));
	return crowd_goes() && end(w, &seen) && books(w, seen);
}

static bool zombies_fentry(void)
{
	static struct witness w = { .option = "--tier=fentry" };

	return zombies(&w);
}

static bool zombies_kmod(void)
{
	static struct witness w = { .option = "--source=kmod" };

	return zombies(&w);
}

static const struct kcase cases[] = {
	{ "fentry", zombies_fentry, NULL, 400, false },
	{ "kmod", zombies_kmod, NULL, 400, false },
};

const struct ktest crowd_test = { "crowd", cases, ARRAY_SIZE(cases) };
