// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts of a living process as /proc tells them: the base of every
 * expectation. Never looks at a dead one: what is gone is gone.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "death.h"

static char *slurp(const char *path, size_t *len)
{
	size_t cap = 4096, n = 0;
	char *buf = malloc(cap + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t r;

	if (fd < 0) {
		free(buf);
		return NULL;
	}
	while ((r = read(fd, buf + n, cap - n)) > 0) {
		n += r;
		if (n == cap)
			buf = realloc(buf, (cap *= 2) + 1);
	}
	close(fd);
	if (r < 0) {
		free(buf);
		return NULL;
	}
	buf[n] = 0;
	if (len)
		*len = n;
	return buf;
}

/* The fields of stat behind the comm, which may itself hold ") ". */
static char *stat_tail(pid_t tgid, pid_t tid)
{
	char path[64], *s, *tail;

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", tgid,
			 tid);
	else
		snprintf(path, sizeof(path), "/proc/%d/stat", tgid);
	s = slurp(path, NULL);
	if (!s)
		return NULL;
	tail = strrchr(s, ')');
	if (!tail) {
		free(s);
		return NULL;
	}
	memmove(s, tail + 2, strlen(tail + 2) + 1);
	return s;
}

/* Numbered as in proc(5): 3 is the state, the first of the tail. */
static s64 stat_field(const char *tail, int field)
{
	while (field-- > 3) {
		tail = strchr(tail, ' ');
		if (!tail)
			return -1;
		tail++;
	}
	return strtoll(tail, NULL, 10);
}

u64 task_start(pid_t tgid, pid_t tid)
{
	char *tail = stat_tail(tgid, tid);
	u64 start = tail ? (u64)stat_field(tail, 22) : 0;

	free(tail);
	return start;
}

bool task_exiting(pid_t tgid)
{
	char *tail = stat_tail(tgid, 0);
	bool is = !tail || stat_field(tail, 9) & 4;

	free(tail);
	return is;
}

bool task_state(pid_t tgid, pid_t tid, char state)
{
	char *tail = stat_tail(tgid, tid);
	bool is = tail && tail[0] == state;

	free(tail);
	return is;
}

static size_t comm_read(pid_t tgid, pid_t tid, char *comm, size_t size)
{
	char path[64], *s;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", tgid,
		 tid ? tid : tgid);
	s = slurp(path, &n);
	if (!s)
		return 0;
	if (n)
		n--;			/* the newline that is not its own */
	if (n >= size)
		n = size - 1;
	memcpy(comm, s, n);
	comm[n] = 0;
	free(s);
	return n;
}

static json_t *who_or_null(pid_t tgid)
{
	char comm[64];
	u64 start = task_start(tgid, 0);
	size_t n = comm_read(tgid, 0, comm, sizeof(comm));

	if (!start)
		return json_null();
	return json_pack("{s:i,s:o,s:o}", "tgid", tgid, "start_boottime",
			 m_ticks(start), "comm", m_bytes(comm, n));
}

json_t *who_of(pid_t tgid)
{
	json_t *who = who_or_null(tgid);

	if (json_is_null(who))
		case_fail("cannot read /proc/%d", tgid);
	return who;
}

json_t *event_who(pid_t tgid, pid_t tid)
{
	json_t *who = who_of(tgid);
	char comm[64];
	size_t n = comm_read(tgid, tid, comm, sizeof(comm));

	json_object_set_new(who, "tid", json_integer(tid));
	json_object_set_new(who, "comm", m_bytes(comm, n));
	return who;
}

static s64 status_number(const char *status, const char *key, int nth)
{
	const char *s = strstr(status, key);

	if (!s)
		return -1;
	s += strlen(key);
	while (nth--) {
		while (isspace((unsigned char)*s) && *s != '\n')
			s++;
		while (*s && !isspace((unsigned char)*s))
			s++;
	}
	return strtoll(s, NULL, 10);
}

static s64 status_last(const char *status, const char *key)
{
	const char *s = strstr(status, key), *end;

	if (!s)
		return -1;
	end = strchrnul(s + 1, '\n');
	while (end > s && !isspace((unsigned char)end[-1]))
		end--;
	return strtoll(end, NULL, 10);
}

json_t *killer_of(pid_t tgid, pid_t tid, int sig)
{
	json_t *who = event_who(tgid, tid ? tid : tgid);
	char path[64], *status;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", tgid,
		 tid ? tid : tgid);
	status = slurp(path, NULL);
	if (!status)
		case_fail("cannot read %s", path);
	json_object_set_new(who, "uid",
			    json_integer(
				    (uid_t)status_number(status, "\nUid:", 0)));
	json_object_set_new(who, "signal", json_string(signal_name(sig)));
	free(status);
	return who;
}

/* Where a hierarchy is mounted: /proc/mounts, "cgroup2" or an option. */
static bool cgroup_mount(const char *controller, char *dir, size_t size)
{
	FILE *f = fopen("/proc/mounts", "re");
	char dev[256], mnt[512], type[64], opts[512];
	bool found = false;

	while (f && !found &&
	       fscanf(f, "%255s %511s %63s %511s %*d %*d", dev, mnt, type,
		      opts) == 4) {
		char *o = opts, *tok;

		if (!strcmp(controller, "unified"))
			found = !strcmp(type, "cgroup2");
		else if (!strcmp(type, "cgroup"))
			while (!found && (tok = strsep(&o, ",")))
				found = !strcmp(tok, controller);
	}
	if (found)
		snprintf(dir, size, "%s", mnt);
	if (f)
		fclose(f);
	return found;
}

/* A kernfs id is the inode of the folder (64 bit). */
static json_t *cgroup_inode(const char *controller, const char *path)
{
	char dir[512], full[5000];
	struct stat st;

	if (!cgroup_mount(controller, dir, sizeof(dir)))
		return NULL;
	snprintf(full, sizeof(full), "%s%s", dir, path);
	if (stat(full, &st))
		return NULL;
	return json_integer(st.st_ino);
}

static bool has_controller(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = list; s < list + len; s++) {
		if (!strncmp(s, name, n) && (s[n] == ',' || s[n] == ':'))
			return true;
		s = memchr(s, ',', list + len - s);
		if (!s)
			break;
	}
	return false;
}

/* The 64 hex digits that every container engine puts in its path. */
static json_t *container_of_path(const char *path)
{
	size_t run = 0;

	for (const char *s = path;; s++) {
		if (isxdigit((unsigned char)*s)) {
			run++;
			continue;
		}
		if (run == 64)
			return json_stringn(s - 64, 64);
		/* cri-o, nspawn and others differ: not ours to judge */
		if (run >= 32)
			return m_any("may or may not be a container's id");
		run = 0;
		if (!*s)
			return json_null();
	}
}

static void cgroup_read(struct proc *p)
{
	static const char *const order[] = { "memory", "pids", "name=systemd" };
	char path[64], *all, *v2 = NULL, *use = NULL;
	const char *which = "unified";
	json_t *id, *id2;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", p->tgid);
	all = slurp(path, NULL);
	if (!all)
		case_fail("cannot read %s", path);
	for (size_t i = 0; i < 4 && !use; i++) {
		for (char *l = all; l && *l; l = strchr(l, '\n'), l += !!l) {
			char *list = strchr(l, ':') + 1;
			char *at = strchr(list, ':') + 1;
			size_t n = strcspn(at, "\n");

			if (i ? !has_controller(list, at - list, order[i - 1]) :
				at - list != 1)
				continue;
			if (!i)
				v2 = strndup(at, n);
			if (n <= 1)
				continue;
			use = strndup(at, n);
			which = i ? order[i - 1] : "unified";
			break;
		}
	}
	free(all);
	if (!use)
		use = strdup("/");
	p->cgroup = m_bytes(use, strlen(use));
	p->hierarchy = json_string(which);
	p->container = container_of_path(use);
	id = cgroup_inode(which, use);
	id2 = v2 ? cgroup_inode("unified", v2) : NULL;
	/* the contract does not say of which hierarchy: either is true */
	if (id && id2)
		p->cgroup_id = m_or(id, id2);
	else
		p->cgroup_id = id  ? id :
			       id2 ? id2 :
				     m_some("hierarchy not mounted here");
	free(use);
	free(v2);
}

void victim_adopted(struct victim *v)
{
	char *tail = stat_tail(v->pid, 0);

	if (!tail)
		case_fail("%s is gone", v->label);
	v->p->ppid = stat_field(tail, 4);
	v->p->parent = who_of(v->p->ppid);
	free(tail);
}

struct proc *proc_read(pid_t tgid)
{
	struct proc *p = calloc(1, sizeof(*p));
	char path[64], link[5000], *tail, *status, *s;
	struct stat st;
	ssize_t n;

	p->tgid = tgid;
	tail = stat_tail(tgid, 0);
	snprintf(path, sizeof(path), "/proc/%d/status", tgid);
	status = slurp(path, NULL);
	if (!tail || !status)
		case_fail("cannot read %s", path);
	p->ppid = stat_field(tail, 4);
	p->pgid = stat_field(tail, 5);
	p->sid = stat_field(tail, 6);
	p->tty_nr = stat_field(tail, 7);
	p->threads = stat_field(tail, 20);
	p->start = stat_field(tail, 22);
	/* stat and status tell the real uid first */
	p->uid = status_number(status, "\nUid:", 0);
	p->gid = status_number(status, "\nGid:", 0);
	p->ns_tgid = status_last(status, "\nNStgid:");
	free(tail);
	free(status);

	p->loginuid = ~0ULL;
	snprintf(path, sizeof(path), "/proc/%d/loginuid", tgid);
	s = slurp(path, NULL);
	if (s)
		p->loginuid = strtoull(s, NULL, 10);
	free(s);

	comm_read(tgid, 0, p->comm, sizeof(p->comm));
	snprintf(path, sizeof(path), "/proc/%d/exe", tgid);
	n = readlink(path, link, sizeof(link));
	if (n > 0) {
		p->exe = strndup(link, n);
		p->exe_len = n;
	}
	snprintf(path, sizeof(path), "/proc/%d/cmdline", tgid);
	p->args = slurp(path, &p->args_len);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", tgid);
	if (!stat(path, &st))
		p->pid_ns = st.st_ino;
	p->who = who_of(tgid);
	p->parent = who_or_null(p->ppid);
	cgroup_read(p);
	return p;
}
