// SPDX-License-Identifier: GPL-2.0-only
/*
 * oomlog: reads dump_oom_summary()'s line (mm/oom_kill.c), since 5.0
 *   oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=NAME,
 *   mems_allowed=0,oom_memcg=PATH,task_memcg=PATH,task=COMM,pid=7,uid=0
 * all in one. NAME, PATH and COMM are not quoted, and whoever names a cgroup
 * or a process may put commas and keys into them. Never picks one of two
 * readings.
 */
#include <string.h>
#include <uapi/obit.h>

#include "core/oomlog.h"

static const char head[] = "oom-kill:constraint=";
static const char limit_key[] = ",oom_memcg=";
static const char own_key[] = ",task_memcg=";
static const char task_key[] = ",task=";

static bool starts(struct span s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && !memcmp(s.p, what, len);
}

static struct span cut(struct span s, size_t n)
{
	s.p += n;
	s.len -= n;
	return s;
}

/* Takes `key` and digits off the end of s. */
static bool number_at_end(struct span *s, const char *key, uint32_t *value)
{
	size_t key_len = strlen(key), at = s->len;
	uint64_t v = 0, unit = 1;

	while (at && s->p[at - 1] >= '0' && s->p[at - 1] <= '9') {
		v += unit * (uint64_t)(s->p[--at] - '0');
		unit *= 10;
		if (v > UINT32_MAX || s->len - at > 10)
			return false;
	}
	if (at == s->len || at < key_len ||
	    memcmp(s->p + at - key_len, key, key_len))
		return false;
	s->len = at - key_len;
	*value = (uint32_t)v;
	return true;
}

static bool read_constraint(struct span *s, uint32_t *constraint)
{
	static const char *const names[] = {
		"CONSTRAINT_NONE,",
		"CONSTRAINT_CPUSET,",
		"CONSTRAINT_MEMORY_POLICY,",
		"CONSTRAINT_MEMCG,",
	};
	uint32_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (starts(*s, names[i])) {
			*constraint = i;
			*s = cut(*s, strlen(names[i]) - 1);
			return true;
		}
	return false;
}

/* An OOM of a memory cgroup kills inside it. */
static bool is_below(struct span own, struct span limit)
{
	if (!limit.len || limit.p[0] != '/' || own.len < limit.len ||
	    memcmp(own.p, limit.p, limit.len))
		return false;
	return own.len == limit.len || limit.len == 1 ||
	       own.p[limit.len] == '/';
}

/* Is there a way to read s as OWN,task=COMM with OWN below limit? */
static bool task_follows(struct span s, struct span limit)
{
	const size_t key = sizeof(task_key) - 1;
	struct span own = { s.p, 0 };

	for (; own.len + key <= s.len; own.len++)
		if (!memcmp(s.p + own.len, task_key, key) &&
		    s.len - own.len - key < OBIT_COMM_LEN &&
		    is_below(own, limit))
			return true;
	return false;
}

/* Every reading of s, which begins behind an oom_memcg=; they must agree. */
static bool read_limit(struct span s, struct span *found)
{
	const size_t key = sizeof(own_key) - 1;
	struct span limit = { s.p, 0 };

	for (; limit.len + key <= s.len; limit.len++) {
		if (memcmp(s.p + limit.len, own_key, key) ||
		    !task_follows(cut(s, limit.len + key), limit))
			continue;
		if (found->p && (found->len != limit.len ||
				 memcmp(found->p, limit.p, limit.len)))
			return false;
		*found = limit;
	}
	return true;
}

bool oomlog_parse(const char *line, size_t len, struct oomlog *o)
{
	const size_t key = sizeof(limit_key) - 1;
	struct span s = { line, len };
	uint32_t uid;

	memset(o, 0, sizeof(*o));
	if (s.len && s.p[s.len - 1] == '\n')
		s.len--;
	if (!starts(s, head))
		return false;
	s = cut(s, sizeof(head) - 1);
	if (!read_constraint(&s, &o->constraint) ||
	    !number_at_end(&s, ",uid=", &uid) ||
	    !number_at_end(&s, ",pid=", &o->pid) || !o->pid)
		return false;
	if (o->constraint != 3)
		return true;
	for (; s.len >= key; s = cut(s, 1))
		if (starts(s, limit_key) && !read_limit(cut(s, key), &o->memcg))
			return false;
	return o->memcg.p;
}
