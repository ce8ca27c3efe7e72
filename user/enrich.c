// SPDX-License-Identifier: GPL-2.0-only
/*
 * enrich: what /proc, the kernel log and the clocks add to the stream, as
 * records of the stream. Owns every question asked of a process. What can not
 * be read is left out, never guessed. Cgroups: enrich_cgroup.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "core/oomlog.h"
#include "enrich.h"
#include "enrich_priv.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "procfs.h"

/* The log line follows the tracepoint under the same lock, but printk may be
 * deferred to another context. */
#define KMSG_LINGER_NS (2 * NSEC_PER_SEC)
/* More than a log buffer of 1 MiB holds; bounds one look. */
#define KMSG_LINES_MAX 50000

/* Every line from now on; needs CAP_SYSLOG where dmesg_restrict is set. */
static int open_kmsg(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		log_info("cannot read /dev/kmsg (%s): whose memory limit an OOM kill enforced stays unknown",
			 strerror(errno));
		return -1;
	}
	lseek(fd, 0, SEEK_END);
	return fd;
}

struct enrich *enrich_new(const struct emit *to)
{
	struct enrich *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->to = to;
	e->rec = malloc(OBIT_RECORD_MAX);
	if (!e->rec) {
		free(e);
		return NULL;
	}
	e->own_proc = procfs_is_initial();
	if (!e->own_proc)
		log_warn(
			"running inside a container: /proc shows other processes than those watched and is not read; exe and args of processes that already run stay unknown");
	e->kmsg = open_kmsg();
	return e;
}

void enrich_free(struct enrich *e)
{
	if (!e)
		return;
	if (e->kmsg >= 0)
		close(e->kmsg);
	buf_free(&e->args);
	free(e->rec);
	free(e);
}

/* A record of `type` with len bytes, zeroed, in e->rec. */
void *enrich_begin(struct enrich *e, enum obit_event type, size_t len)
{
	len = (len + 7) & ~(size_t)7;
	memset(e->rec, 0, len);
	e->rec->type = (__u16)type;
	e->rec->len = (__u16)len;
	e->rec->boot_ns = boot_now();
	return e->rec;
}

int enrich_emit(struct enrich *e)
{
	return e->to->event(e->to->ctx, e->rec);
}

/* --- clock -------------------------------------------------------------------- */

int enrich_clock(struct enrich *e)
{
	uint64_t before = boot_now(), real = real_now();
	uint64_t after = boot_now();
	int64_t offset = (int64_t)(real - before / 2 - after / 2);
	int64_t moved = offset - e->clock_offset;
	time_t sec = (time_t)(real / NSEC_PER_SEC);
	struct obit_clock *c;
	struct tm tm;

	/*
	 * Reading two clocks takes a moment, and NTP slews: half a millisecond
	 * is neither worth a record nor visible. Preempted between them: again
	 * next time.
	 */
	if (e->clock_told &&
	    (after - before > 100 * NSEC_PER_USEC ||
	     (moved < 500000 && moved > -500000 && sec / 60 == e->zone_minute)))
		return 0;
	localtime_r(&sec, &tm);
	e->zone_minute = sec / 60;
	if (e->clock_told && moved < 500000 && moved > -500000 &&
	    tm.tm_gmtoff == e->zone)
		return 0;
	e->clock_told = true;
	e->clock_offset = offset;
	e->zone = tm.tm_gmtoff;
	c = enrich_begin(e, OBIT_EV_CLOCK, sizeof(*c));
	c->real_minus_boot_ns = offset;
	c->utc_offset_s = (int32_t)tm.tm_gmtoff;
	return enrich_emit(e);
}

/* --- processes ------------------------------------------------------------------ */

/*
 * What OBIT_EV_STATE says of the process with this identity. /proc tells the
 * start in ticks of 10 ms, rounded down: enough, for a tgid is not given out
 * twice in so short a time.
 */
static char proc_state(uint32_t tgid, uint64_t start_boottime)
{
	struct proc_stat st;

	if (procfs_stat(tgid, 0, &st) ||
	    st.start_ticks != procfs_ticks(start_boottime))
		return 0;
	return st.state == 'Z' && st.threads > 1 ? OBIT_STATE_LEADERLESS :
						   st.state;
}

int enrich_state(struct enrich *e, uint32_t tgid, uint64_t start_boottime)
{
	struct obit_state *s;

	if (!e->own_proc)
		return 0;
	s = enrich_begin(e, OBIT_EV_STATE, sizeof(*s));
	s->task.tgid = tgid;
	s->task.start_boottime = start_boottime;
	s->state = (unsigned char)proc_state(tgid, start_boottime);
	return enrich_emit(e);
}

/* As much of the command line as there is room for; how long it really is. */
static int read_args(struct enrich *e, uint32_t tgid, uint32_t tid, size_t room,
		     uint64_t *total)
{
	int fd = procfs_open(tgid, tid, "cmdline");
	char chunk[4096];
	ssize_t n;

	buf_clear(&e->args);
	*total = 0;
	if (fd < 0)
		return fd;
	/* The kernel allows no more than 6 MiB of arguments. */
	while (*total < 8 << 20 && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (e->args.len < room)
			buf_add(&e->args, chunk,
				(size_t)n < room - e->args.len ?
					(size_t)n :
					room - e->args.len);
		*total += (uint64_t)n;
	}
	close(fd);
	return e->args.err;
}

int enrich_task(struct enrich *e, const struct obit_task_seen *t)
{
	uint32_t tgid = t->task.tgid, tid;
	uint64_t start = t->task.start_boottime, total;
	struct obit_exec *x = (void *)e->rec;
	char exe[4096], state;
	ssize_t exe_len;
	size_t room;

	state = e->own_proc && t->live ? proc_state(tgid, start) : 0;
	if (!state)
		return 0;
	/* A dead main thread has let go of what the others still have. */
	tid = state == OBIT_STATE_LEADERLESS ? procfs_live_thread(tgid) : 0;
	/* Fails for kernel threads and for what dies just now. */
	exe_len = procfs_exe(tgid, tid, exe, sizeof(exe));
	if (exe_len < 0)
		return 0;
	room = OBIT_RECORD_MAX - sizeof(*x) - (size_t)exe_len - 8;
	if (read_args(e, tgid, tid, room, &total))
		return 0;
	/* Between the two looks it may have died, and another taken its tgid. */
	if (!proc_state(tgid, start))
		return 0;
	x = enrich_begin(e, OBIT_EV_EXEC,
			 sizeof(*x) + (size_t)exe_len + e->args.len);
	x->hdr.boot_ns = t->hdr.boot_ns;
	x->task.tgid = tgid;
	x->task.start_boottime = start;
	memcpy(x->comm, t->comm, sizeof(x->comm));
	x->flags = OBIT_EXEC_SCANNED;
	x->old_tid = tgid;
	x->exe_len = (__u16)exe_len;
	x->args_len = (__u16)e->args.len;
	x->args_total = (__u32)total;
	memcpy(x->data, exe, (size_t)exe_len);
	if (e->args.len)
		memcpy(x->data + exe_len, e->args.p, e->args.len);
	return enrich_emit(e);
}

/* --- the kernel log --------------------------------------------------------------- */

void enrich_expect_oom(struct enrich *e)
{
	e->kmsg_until = boot_now() + KMSG_LINGER_NS;
}

static int oom_line(struct enrich *e, const char *line)
{
	struct obit_oom_limit *o;
	struct oomlog said;

	if (!oomlog_parse(line, strlen(line), &said) ||
	    said.memcg.len > OBIT_RECORD_MAX - sizeof(*o) - 8)
		return 0;
	o = enrich_begin(e, OBIT_EV_OOM_LIMIT, sizeof(*o) + said.memcg.len);
	o->task.tgid = said.pid;
	o->constraint = said.constraint;
	o->path_len = (__u32)said.memcg.len;
	if (said.memcg.len)
		memcpy(o->data, said.memcg.p, said.memcg.len);
	return enrich_emit(e);
}

/* Undoes /dev/kmsg's \xNN for bytes that do not print, in place. */
static void unescape(char *s)
{
	char *to = s, hex[3] = "";

	while (*s) {
		if (s[0] == '\\' && s[1] == 'x' && s[2] && s[3]) {
			memcpy(hex, s + 2, 2);
			*to = (char)strtoul(hex, NULL, 16);
			/* A NUL would end the line here; none can be in it. */
			to += *to != '\0';
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

int enrich_kmsg(struct enrich *e)
{
	int budget = KMSG_LINES_MAX, err = 0;
	char line[8192], *text;
	ssize_t n;

	/* While nothing is expected the lines stay where they are, unread. */
	if (e->kmsg < 0 || !e->kmsg_until)
		return 0;
	if (boot_now() > e->kmsg_until)
		e->kmsg_until = 0;
	while (!err && budget--) {
		n = read(e->kmsg, line, sizeof(line) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* EPIPE: lines were overwritten */
		if (n <= 0)
			break;
		line[n] = '\0';
		/* "4,1182,5000123,-;text\n KEY=value\n" */
		text = strchr(line, ';');
		if (!text || !strstr(text, "oom-kill:"))
			continue;
		text[strcspn(text, "\n")] = '\0';
		unescape(text);
		err = oom_line(e, text + 1);
	}
	return err;
}
