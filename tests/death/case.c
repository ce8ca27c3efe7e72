// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of cases and of routines to exec, and the process a case runs
 * in: its report to the runner. Never compares anything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "case.h"
#include "death.h"

static struct death_case *cases;
static struct death_routine *routines;

static int report_fd = -1;
static pid_t report_owner;
static json_t *report;
static bool report_linger;

void case_register(struct death_case *c)
{
	struct death_case **at = &cases;

	while (*at && strcmp((*at)->name, c->name) < 0)
		at = &(*at)->next;
	c->next = *at;
	*at = c;
}

struct death_case *case_first(void)
{
	return cases;
}

struct death_case *case_find(const char *name)
{
	struct death_case *c;

	for (c = cases; c && strcmp(c->name, name); c = c->next)
		;
	return c;
}

void routine_register(struct death_routine *r)
{
	r->next = routines;
	routines = r;
}

int routine_main(int argc, char **argv)
{
	struct death_routine *r;

	for (r = routines; r; r = r->next)
		if (argc && !strcmp(r->name, argv[0]))
			return r->main(argc, argv);
	return 95;
}

static void report_end(void) __attribute__((noreturn));

/* A failure in a descendant must not end as a second report: it goes to
 * stderr, and the case process fails when it misses the victim. */
static void report_end(void)
{
	char *s;

	if (getpid() != report_owner)
		_exit(94);
	s = json_dumps(report, JSON_COMPACT);
	for (size_t n = strlen(s), off = 0; off < n;) {
		ssize_t w = write(report_fd, s + off, n - off);

		if (w < 0 && errno != EINTR)
			break;
		off += w > 0 ? w : 0;
	}
	close(report_fd);
	scratch_remove();
	while (report_linger)
		pause();
	_exit(0);
}

static void report_word(const char *kind, const char *fmt, va_list ap)
{
	char buf[512];

	vsnprintf(buf, sizeof(buf), fmt, ap);
	if (getpid() != report_owner)
		fprintf(stderr, "%d: %s: %s\n", getpid(), kind, buf);
	else
		json_object_set_new(report, kind, json_string(buf));
}

void case_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_word("fail", fmt, ap);
	report_end();
}

void case_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_word("skip", fmt, ap);
	report_end();
}

void case_again(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_word("again", fmt, ap);
	report_end();
}

void report_death(struct victim *v)
{
	json_t *list = json_object_get(report, "deaths");

	json_array_append_new(list, json_pack("{s:s,s:O}", "label", v->label,
					      "want", v->want));
}

void expect_event(json_t *ev)
{
	json_array_append_new(json_object_get(report, "events"), ev);
}

void expect_no_task(pid_t tid, u64 start)
{
	json_array_append_new(json_object_get(report, "threads"),
			      json_pack("{s:i,s:I}", "tid", tid, "start",
					(json_int_t)start));
}

void case_main(struct death_case *c, int fd)
{
	struct rlimit none = { 0, 0 };
	char comm[16];

	report_fd = fd;
	report_owner = getpid();
	report_linger = c->flags & (CASE_LINGER | CASE_LAST);
	report = json_pack("{s:s,s:[],s:[],s:[]}", "case", c->name, "deaths",
			   "events", "threads");
	/* Orphans of a case come back to it: init may reap a second late. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	getrlimit(RLIMIT_CORE, &none);
	none.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &none);
	snprintf(comm, sizeof(comm), "c:%s", c->name);
	prctl(PR_SET_NAME, comm);
	setpgid(0, 0);
	c->run();
	report_end();
}
