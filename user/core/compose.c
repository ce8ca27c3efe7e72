// SPDX-License-Identifier: GPL-2.0-only
/*
 * compose: the obituary, from all that is known of one death.
 * Each function fills one paragraph of the field table. Never keeps state.
 */
#include <string.h>

#include "core/cause.h"
#include "core/fate.h"
#include "core/state.h"
#include "core/status.h"

#define LOGINUID_UNSET 0xffffffffu

static void set_person(struct obituary *o, enum obituary_have bit,
		       struct person *to, const struct obit_task *t,
		       const char comm[OBIT_COMM_LEN])
{
	if (!t->tgid)
		return;
	person_set(to, t, comm);
	obituary_set(o, bit);
}

static void put_person(struct obituary *o, enum obituary_have bit,
		       struct person *to, const struct person *p)
{
	if (!p->tgid)
		return;
	*to = *p;
	obituary_set(o, bit);
}

static void put_identity(struct obituary *o, const struct proc *p,
			 const struct obit_release *r)
{
	const struct death *d = p->death;
	const char *comm = d->have_exit ? d->exit.comm : r ? r->comm : p->comm;

	o->tgid = p->tgid;
	o->start_boottime = p->start_boottime;
	obituary_set(o, OB_START);
	if (d->have_exit || r || p->have_comm) {
		memcpy(o->comm, comm, sizeof(o->comm));
		obituary_set(o, OB_COMM);
	}
}

static void put_image(struct obituary *o, const struct image *im)
{
	const char *at;

	if (!im || im->stale)
		return;
	at = im->data;
	if (im->exe_len) {
		o->exe.p = at;
		o->exe.len = im->exe_len;
		obituary_set(o, OB_EXE);
	}
	at += im->exe_len;
	if (im->filename_len) {
		o->filename.p = at;
		o->filename.len = im->filename_len;
		obituary_set(o, OB_FILENAME);
	}
	at += im->filename_len;
	if (im->have_args) {
		o->args.p = at;
		o->args.len = im->args_len;
		o->args_cut = im->args_cut;
		obituary_set(o, OB_ARGS);
	}
}

/* Its file lost its last name while it ran, as readlink would tell. */
static void put_deleted(struct obituary *o, char *room, size_t size)
{
	static const char deleted[] = " (deleted)";
	size_t len = sizeof(deleted) - 1;

	if (!obituary_has(o, OB_EXE) || o->exe.len + len > size ||
	    (o->exe.len > len &&
	     !memcmp(o->exe.p + o->exe.len - len, deleted, len)))
		return;
	memcpy(room, o->exe.p, o->exe.len);
	memcpy(room + o->exe.len, deleted, len);
	o->exe.p = room;
	o->exe.len += len;
}

static void put_exit(const struct join *j, struct obituary *o,
		     const struct proc *p)
{
	const struct obit_exit *e = &p->death->exit;

	o->boot_ns = e->hdr.boot_ns;
	o->real_ns = real_ns(j, o->boot_ns);
	o->utc_offset_s = j->utc_offset_s;
	obituary_set(o, OB_TIME);
	o->life_ns = minus(o->boot_ns, p->start_boottime);
	obituary_set(o, OB_LIFE);
	o->ns_tgid = e->ns_tgid;
	if (e->ns_tgid)
		obituary_set(o, OB_NS_TGID);
	o->uid = e->uid;
	o->gid = e->gid;
	o->sid = e->sid;
	o->pgid = e->pgid;
	obituary_set(o, OB_UID);
	obituary_set(o, OB_GID);
	obituary_set(o, OB_SID);
	obituary_set(o, OB_PGID);
	o->loginuid = e->loginuid;
	if (e->loginuid != LOGINUID_UNSET)
		obituary_set(o, OB_LOGINUID);
	o->tty.p = e->tty;
	o->tty.len = strnlen(e->tty, sizeof(e->tty));
	if (o->tty.len)
		obituary_set(o, OB_TTY);
	set_person(o, OB_PARENT, &o->parent, &e->parent, e->parent_comm);
	o->pid_ns = e->pid_ns;
	if (e->pid_ns)
		obituary_set(o, OB_PID_NS);
	o->threads = e->threads;
	if (e->threads)
		obituary_set(o, OB_THREADS);
	o->execed = e->flags & OBIT_EXIT_EXECED;
	obituary_set(o, OB_EXECED);
	o->pdeath_signal = (int32_t)e->pdeath_signal;
	o->pdeath_tid = e->pdeath_tid;
	if (e->pdeath_signal)
		obituary_set(o, OB_PDEATH);
}

/* The EXIT was lost: what its release still shows. */
static void put_release_only(struct obituary *o, const struct obit_release *r)
{
	o->uid = r->uid;
	o->gid = r->gid;
	obituary_set(o, OB_UID);
	obituary_set(o, OB_GID);
	o->execed = r->flags & OBIT_RELEASE_EXECED;
	obituary_set(o, OB_EXECED);
}

static void put_cgroup(struct join *j, struct obituary *o, struct death *d,
		       const struct obit_release *r)
{
	struct cgroup_pick *pick = &d->cgroup;

	/* Its name may have come since; a lost EXIT had no chance to ask. */
	if (!pick->name && d->have_exit)
		cgroups_pick(&j->cgroups, d->exit.cgroup_id,
			     d->exit.cgroup_hierarchy, d->exit.cgroup_v1_id,
			     pick);
	else if (!pick->name && r && r->cgroup_id > 1)
		cgroups_pick(&j->cgroups, r->cgroup_id, 0, 0, pick);
	/* What may be in systemd's own v1 hierarchy the module cannot see. */
	if (pick->is_root && j->cfg.tier == TIER_KMOD && j->cgroups.systemd_v1)
		return;
	if (pick->id) {
		o->cgroup_id = pick->id;
		obituary_set(o, OB_CGROUP_ID);
	}
	if (pick->name) {
		o->cgroup = cgroup_path(pick->name);
		o->container = cgroup_container(pick->name);
	} else if (pick->is_root) {
		o->cgroup.p = "/";
		o->cgroup.len = 1;
	} else {
		return;
	}
	o->cgroup_hierarchy = (uint8_t)pick->hierarchy;
	obituary_set(o, OB_CGROUP);
	if (o->container.len)
		obituary_set(o, OB_CONTAINER);
}

static void put_status(struct obituary *o, const struct death *d)
{
	struct status st = status_decode(o->exit_code);

	obituary_set(o, OB_EXIT_CODE);
	if (st.kind == STATUS_SIGNALED) {
		o->signal = st.signal;
		o->core_dumped = st.core_dumped;
		obituary_set(o, OB_SIGNAL);
		obituary_set(o, OB_CORE);
		return;
	}
	if (st.kind != STATUS_EXITED)
		return;
	o->exit_status = (uint32_t)st.exit_status;
	obituary_set(o, OB_EXIT_STATUS);
	o->meaning = status_meaning(st.exit_status);
	if (o->meaning)
		obituary_set(o, OB_MEANING);
	if (!d->have_exit ||
	    !exit_value_of(&d->exit, o->exit_code, &o->exit_value))
		return;
	obituary_set(o, OB_EXIT_VALUE);
	o->truncated = status_truncated(o->exit_value);
	obituary_set(o, OB_TRUNCATED);
}

static void put_oom(struct obituary *o, const struct proc *p)
{
	const struct oom *oom = p->oom;

	if (o->cause != CAUSE_OOM || !oom)
		return;
	obituary_set(o, OB_OOM);
	put_person(o, OB_OOM_BY, &o->oom.by, &oom->by);
	o->oom.rss_kb = p->oom_rss_kb;
	if (p->oom_rss_kb)
		obituary_set(o, OB_OOM_RSS);
	if (!oom->have_limit)
		return;
	o->oom.cgroup.p = oom->limit_len ? oom->limit : "/";
	o->oom.cgroup.len = oom->limit_len ? oom->limit_len : 1;
	obituary_set(o, OB_OOM_CGROUP);
}

static void put_asked_by(struct obituary *o, const struct death *d)
{
	struct sender from;

	/* Sent to a handler, but blocked to the end: nobody heard it. */
	if (!d->have_asked || !d->asked.taken_ns)
		return;
	sender_of(&d->asked, &from);
	if (!from.known || from.cause == CAUSE_SELF || from.who.tgid == o->tgid)
		return;
	o->asked_by = from.who;
	o->asked_by.age_ns = minus(o->boot_ns, d->asked.sent_ns);
	obituary_set(o, OB_ASKED_BY);
}

/*
 * Was it only a thread that ended as it sent this, or nobody at all? The kernel
 * sends a parent-death signal, and that of a tracer, for each thread. But
 * signal->live alone does not tell: where exit_group() or a signal ends all, the
 * sender is often not the last to come to exit_notify().
 */
static bool sender_lives(struct join *j, const struct obit_signal *s)
{
	const struct obit_task *t = &s->sender.task;

	if (!(s->flags & OBIT_SIG_SENDER_ALIVE))
		return false;
	return !(s->flags & OBIT_SIG_EXITING) ||
	       !proc_ended_whole(&j->procs, t, s->sent_ns);
}

/* Returns when the signal that ended it was sent; 0: none did, or not known. */
static uint64_t put_cause(struct join *j, struct obituary *o,
			  const struct proc *p, const struct obit_release *r)
{
	const struct death *d = p->death;
	struct cause_facts f = {
		.exit_code = o->exit_code,
		.exit_code_at_exit = d->exit.exit_code,
		.have_exit = d->have_exit,
		.exit_flags = d->exit.flags,
		.have_signaled = d->have_exit || r,
		.signaled = d->have_exit ?
				    d->exit.flags & OBIT_EXIT_SIGNALED :
				    r && r->flags & OBIT_RELEASE_SIGNALED,
		.oom_victim = p->oom,
		.sent = p->sent,
		.asked = d->have_asked ? &d->asked : NULL,
	};
	struct cause c;
	uint64_t from = 0;

	cause_of(&f, &c);
	o->cause = c.cause;
	if (c.have_killer) {
		put_person(o, OB_KILLER, &o->killer, &c.killer);
		o->killer_lives = c.decider && sender_lives(j, c.decider);
	}
	put_oom(o, p);
	if (o->exit_code & 0x7f)
		from = c.decider ? c.decider->sent_ns : 0;
	else
		from = p->exit_call_ns;
	if (from && d->reapable_ns >= from) {
		o->reapable_ns = d->reapable_ns - from;
		obituary_set(o, OB_REAPABLE);
	}
	return o->exit_code & 0x7f ? from : 0;
}

static void put_teardown(const struct join *j, struct obituary *o,
			 const struct proc *p, uint64_t sent_ns,
			 struct teardown *t)
{
	if (!ending_build(j, p, sent_ns, t))
		return;
	o->teardown = t;
	obituary_set(o, OB_TEARDOWN);
}

#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* Counters only grow: the greater of two readings is the later one. */
static void put_usage(struct obituary *o, const struct death *d,
		      const struct obit_release *r)
{
	static const struct obit_usage none;
	const struct obit_usage *a = d->have_exit ? &d->exit.usage : &none;
	const struct obit_usage *b = r ? &r->usage : &none;

	if (!d->have_exit && !r)
		return;
	o->usage.cpu_ns = MAX_OF(a->cpu_ns, b->cpu_ns);
	o->usage.utime_ns = MAX_OF(a->utime_ns, b->utime_ns);
	o->usage.stime_ns = MAX_OF(a->stime_ns, b->stime_ns);
	o->usage.maxrss_kb = MAX_OF(a->maxrss_kb, b->maxrss_kb);
	o->usage.minflt = MAX_OF(a->minflt, b->minflt);
	o->usage.majflt = MAX_OF(a->majflt, b->majflt);
	o->usage.nvcsw = MAX_OF(a->nvcsw, b->nvcsw);
	o->usage.nivcsw = MAX_OF(a->nivcsw, b->nivcsw);
	o->usage.read_bytes = MAX_OF(a->read_bytes, b->read_bytes);
	o->usage.write_bytes = MAX_OF(a->write_bytes, b->write_bytes);
	o->sampled_ns = o->usage.utime_ns + o->usage.stime_ns;
	usage_adjust(&o->usage);
	obituary_set(o, OB_USAGE);
}

static void put_fate(struct join *j, struct obituary *o, const struct death *d,
		     const struct obit_release *r, enum obituary_fate fate)
{
	struct fate f;

	o->fate = fate;
	o->sigchld = sigchld_of(d);
	if (o->sigchld)
		obituary_set(o, OB_SIGCHLD);
	if (!r) {
		if (d->have_exit && d->parent.who.tgid &&
		    d->parent.who.tgid != d->exit.parent.tgid)
			put_person(o, OB_NEW_PARENT, &o->new_parent,
				   &d->parent.who);
		return;
	}
	fate_of(d, r, proc_parent_is_real(&j->procs, r), &f);
	o->fate = f.fate;
	put_person(o, OB_REAPED_BY, &o->reaped_by, &f.reaped_by);
	put_person(o, OB_NEW_PARENT, &o->new_parent, &f.new_parent);
	if (f.have_zombie) {
		o->zombie_ns = f.zombie_ns;
		o->zombie_err_ns = f.zombie_err_ns;
		obituary_set(o, OB_ZOMBIE_NS);
	}
}

int compose(struct join *j, struct proc *p, const struct obit_release *r,
	    enum obituary_fate fate)
{
	struct death *d = p->death;
	struct teardown teardown;
	struct obituary o;
	char exe[OBIT_RECORD_MAX];

	memset(&o, 0, sizeof(o));
	o.source = j->cfg.source;
	o.exit_code = r ? r->exit_code : d->exit.exit_code;
	put_identity(&o, p, r);
	put_image(&o, p->image);
	if (d->have_exit && d->exit.flags & OBIT_EXIT_EXE_DELETED)
		put_deleted(&o, exe, sizeof(exe));
	if (d->have_exit)
		put_exit(j, &o, p);
	else if (r)
		put_release_only(&o, r);
	put_cgroup(j, &o, d, r);
	put_status(&o, d);
	put_teardown(j, &o, p, put_cause(j, &o, p, r), &teardown);
	put_asked_by(&o, d);
	put_usage(&o, d, r);
	put_fate(j, &o, d, r, fate);
	j->delivered++;
	if (o.exit_code || o.truncated)
		j->failures++;
	return j->ops.obituary ? j->ops.obituary(j->ops.ctx, &o) : 0;
}
