// SPDX-License-Identifier: GPL-2.0-only
/*
 * source bpf: records from the BPF programs. Owns the skeleton: loads what
 * choice.c has chosen, attaches, drains the ring, and turns the programs' loss
 * counters into LOSS records. Never joins anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "../bpf/shared.h"
#include "obit.skel.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "source/choice.h"
#include "source/hooks.h"
#include "source/sizes.h"
#include "source/source.h"
#include "source/stacks.h"
#include "source/uexit.h"

#define MISSES_EVERY_NS	1000000000ULL

struct source {
	struct obit_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *links[HOOK_ROWS_MAX], *tasks,
		*pdeath; /* the last two: in links */
	struct uexit *uexit;	/* NULL: not asked for */
	struct stacks *stacks;	/* likewise */
	int wake;		/* epoll: edge-triggered on the ring */
	enum tier tier;
	bool precise, teardown;
	bool scanned;		/* the first read has listed the tasks */
	char why[128];		/* why not fentry, empty if it runs */
	unsigned int programs;
	const struct emit *to;	/* while draining */
	uint32_t hdr_lost;	/* of the last record */
	uint64_t lost[OBIT_LOST_KIND_NR][OBIT_LOST_REASON_NR];
	uint64_t missed[HOOK_ROWS_MAX];	/* by row of hook_rows */
	uint64_t misses, misses_at;
};

static struct bpf_program *program_of(struct source *s, const char *name)
{
	return bpf_object__find_program_by_name(s->skel->obj, name);
}

static int libbpf_says(enum libbpf_print_level level, const char *fmt,
		       va_list args)
{
	char *text, *line, *save = NULL;

	(void)level;
	if (log_get_level() < LOG_LVL_DEBUG || vasprintf(&text, fmt, args) < 0)
		return 0;
	/* a verifier's log comes as one message of many lines */
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		log_debug("%s", line);
	free(text);
	return 0;
}

/* --- loading ------------------------------------------------------------- */

static void configure(struct source *s, const struct source_opts *o,
		      const struct choice *c)
{
	struct obit_config *cfg = (void *)&s->skel->rodata->config;
	const struct kernel_filter *f = &o->filter;
	uint32_t bytes = ring_bytes(o->buffer_bytes);
	size_t i;

	cfg->exit_has_group_dead = tracepoint_has_arg("sched_process_exit", 1);
	cfg->victim_is_task = tracepoint_arg_is_pointer("mark_victim", 0);
	cfg->exact_reapable = c->exact_reapable;
	cfg->twins = tracepoints_preemptible();
	cfg->cgroup_v1 = cgroup_v1_mounted();
	cfg->page_shift = __builtin_ctz(sysconf(_SC_PAGESIZE));
	cfg->wake_bytes = bytes / 4;
	cfg->filter_tgid = f->have_tgid;
	cfg->tgid = f->tgid;
	cfg->filter_uid = f->have_uid;
	cfg->uid = f->uid;
	cfg->filter_comm = f->have_comm;
	memcpy(cfg->comm, f->comm, sizeof(cfg->comm));
	cfg->filter_cgroup = f->have_cgroup;
	cfg->cgroup_id = f->cgroup_id;

	bpf_map__set_max_entries(s->skel->maps.ring, bytes);
	bpf_map__set_max_entries(s->skel->maps.procs, state_entries(bytes));
	if (!o->teardown) {
		bpf_map__set_max_entries(s->skel->maps.ends, 1);
		bpf_map__set_max_entries(s->skel->maps.group_ends, 1);
		bpf_map__set_max_entries(s->skel->maps.leftovers, 1);
	}
	for (i = 0; hook_rows[i].program; i++) {
		struct bpf_program *p = program_of(s, hook_rows[i].program);

		bpf_program__set_autoload(p, c->load[i]);
		if (c->load[i] && hook_rows[i].serves == SERVES_EXIT_CALL)
			cfg->exit_calls = true;
		s->programs += c->load[i];
	}
	uexit_choose(s->skel->obj, o->user_exit);
	stacks_choose(s->skel->obj, o->stacks_hz);
	s->skel->rodata->sample_ns =
		o->stacks_hz ? 1000000000ULL / o->stacks_hz : 0;
}

/*
 * Attaches all but the iterators, which run when asked. The order matters at
 * the start: who sees the end must be there before who sees the beginning, or
 * a process could die unseen between the two with its birth on record.
 */
static int attach(struct source *s, const struct choice *c)
{
	size_t i, n = 0;
	int err;

	while (hook_rows[n].program)
		n++;
	for (i = n; i-- > 0;) {
		struct bpf_link *link;

		if (!c->load[i])
			continue;
		link = bpf_program__attach(program_of(s, hook_rows[i].program));
		if (!link) {
			err = -errno;
			log_info("%s cannot be attached: %s",
				 hook_rows[i].program, strerror(-err));
			return err;
		}
		s->links[i] = link;
		if (!strcmp(hook_rows[i].program, "iter__tasks"))
			s->tasks = link;
		else if (!strcmp(hook_rows[i].program, "iter__pdeath"))
			s->pdeath = link;
	}
	return 0;
}

static int tell_losses(struct source *s, const struct emit *to);

static int drain_one(void *ctx, void *data, size_t size)
{
	struct source *s = ctx;
	struct obit_hdr *h = data;
	int err = 0;

	if (size < sizeof(*h) || h->len > size)
		return -EBADMSG;
	if (!s->to)
		return 0;
	uexit_see(s->uexit, h);
	/* The gap is here: records before this one found no room. */
	if (h->lost != s->hdr_lost) {
		s->hdr_lost = h->lost;
		err = tell_losses(s, s->to);
	}
	return err ? err : s->to->event(s->to->ctx, h);
}

static int open_ring(struct source *s)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int fd = bpf_map__fd(s->skel->maps.ring);

	s->ring = ring_buffer__new(fd, drain_one, s, NULL);
	if (!s->ring)
		return -errno;
	/*
	 * Level-triggered, the ring is "readable" with every record, and the
	 * reader would run once a record. Edge-triggered, it is only when a
	 * program asked for a wake-up because the ring fills.
	 */
	s->wake = epoll_create1(EPOLL_CLOEXEC);
	if (s->wake < 0 || epoll_ctl(s->wake, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	return 0;
}

static void unload(struct source *s)
{
	size_t i;

	uexit_close(s->uexit);
	s->uexit = NULL;
	stacks_close(s->stacks);
	s->stacks = NULL;
	for (i = 0; i < sizeof(s->links) / sizeof(*s->links); i++) {
		bpf_link__destroy(s->links[i]);
		s->links[i] = NULL;
	}
	s->tasks = s->pdeath = NULL;
	ring_buffer__free(s->ring);
	s->ring = NULL;
	obit_bpf__destroy(s->skel);
	s->skel = NULL;
	if (s->wake >= 0)
		close(s->wake);
	s->wake = -1;
}

static void bpf_close(struct source *s)
{
	if (!s)
		return;
	unload(s);
	free(s);
}

/*
 * A type that this kernel has not libbpf looks for in its modules, and to list
 * those takes CAP_SYS_ADMIN. Given the kernel's own types as if they were
 * others' it does not: then CAP_BPF and CAP_PERFMON are enough.
 */
static struct obit_bpf *open_skeleton(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);

	if (geteuid())
		opts.btf_custom_path = "/sys/kernel/btf/vmlinux";
	return obit_bpf__open_opts(&opts);
}

/* What choose() could not foresee; it has said the rest. */
static int refused(int err)
{
	if (err == -EPERM)
		log_error(
			"the kernel refuses to load the BPF programs (EPERM): run as root (-vv shows why)");
	return err;
}

/* All but the attaching. */
static int load_programs(struct source *s, const struct source_opts *o,
			 const struct choice *c)
{
	s->skel = open_skeleton();
	if (!s->skel) {
		log_error("the BPF object cannot be opened: %s",
			  strerror(errno));
		return -errno;
	}
	s->programs = 0;
	configure(s, o, c);
	return refused(obit_bpf__load(s->skel));
}

static int load(struct source *s, const struct source_opts *o, bool exact)
{
	struct choice c;
	int err;

	err = choose(o, exact, TRIAL_LOADS, &c);
	if (err)
		return err;
	err = load_programs(s, o, &c);
	if (!err && attach(s, &c)) {
		/* A place can be loaded for and refuse to be attached to: only
		 * then is it worth while to try each. */
		unload(s);
		err = choose(o, exact, TRIAL_ATTACHES, &c);
		if (!err)
			err = load_programs(s, o, &c);
		if (!err)
			err = refused(attach(s, &c));
	}
	if (!err)
		err = open_ring(s);
	if (!err && o->user_exit)
		err = uexit_open(&s->uexit, s->skel->obj);
	if (!err)
		err = stacks_open(&s->stacks, s->skel->obj, o->stacks_hz);
	if (err) {
		unload(s);
		if (err == -ENOMEM || err == -EPERM)
			log_info(
				"BPF maps may be limited by RLIMIT_MEMLOCK before Linux 5.11");
		return err;
	}
	s->tier = c.tier;
	s->precise = o->precise && c.tier == TIER_TRACEPOINTS;
	s->teardown = o->teardown;
	snprintf(s->why, sizeof(s->why), "%s", c.why);
	return 0;
}

/* Did choose() say why, and is no other attempt worth while? */
static bool is_final(int err)
{
	return !err || err == -EPERM || err == -EOPNOTSUPP;
}

/* Loads as much as the kernel takes. */
static int load_best(struct source *s, const struct source_opts *o)
{
	bool exact = o->tier != TIER_FORCE_TRACEPOINTS;
	int err = load(s, o, exact);

	if (is_final(err) || !exact || o->tier != TIER_AUTO)
		return err;
	log_info("tier fentry does not load (%s), trying tracepoints alone",
		 strerror(-err));
	return load(s, o, false);
}

static int bpf_open(struct source **out, const struct source_opts *o)
{
	/* before 5.11 maps count as locked memory; refused is fine elsewhere */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct source *s;
	int err;

	libbpf_set_print(libbpf_says);
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited))
		log_debug("RLIMIT_MEMLOCK stays as it is: %s", strerror(errno));
	if (!hooks_btf()) {
		log_error(
			"this kernel has no BTF (/sys/kernel/btf/vmlinux): BPF needs CONFIG_DEBUG_INFO_BTF=y");
		return -EOPNOTSUPP;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		log_error("out of memory");
		return -ENOMEM;
	}
	s->wake = -1;
	err = load_best(s, o);
	if (err) {
		if (!is_final(err))
			log_error("the BPF programs cannot be loaded: %s (-vv shows why)",
				  strerror(-err));
		bpf_close(s);
		return err;
	}
	*out = s;
	return 0;
}

static void bpf_info(struct source *s, struct source_info *info)
{
	info->tier = s->tier;
	info->source = SOURCE_BPF;
	info->live = true;
	info->teardown = s->teardown;
	if (s->tier == TIER_FENTRY)
		snprintf(info->text, sizeof(info->text),
			 "bpf, tier fentry (%u programs)", s->programs);
	else
		snprintf(info->text, sizeof(info->text),
			 "bpf, tier tracepoints%s (%u programs)%s%.100s",
			 s->precise ? " with system calls" : "", s->programs,
			 s->why[0] ? "; " : "", s->why);
}

static int bpf_fd(struct source *s)
{
	return s->wake;
}

/* --- reading ------------------------------------------------------------- */

static int run_iterator(struct bpf_link *link)
{
	char buf[64];
	ssize_t n;
	int fd = bpf_iter_create(bpf_link__fd(link));

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf, sizeof(buf));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	close(fd);
	return n < 0 ? -errno : 0;
}

static int drain(struct source *s, const struct emit *to)
{
	int n;

	s->to = to;
	/* from here on they may wake us again */
	__atomic_store_n(&s->skel->bss->woken, false, __ATOMIC_SEQ_CST);
	n = ring_buffer__consume(s->ring);
	s->to = NULL;
	return n;
}

/* Runs an iterator, gives its records, and closes them with a SCAN. */
static int scan(struct source *s, const struct emit *to, struct bpf_link *link,
		enum obit_scan_what what)
{
	struct obit_scan end = {
		.hdr = { .type = OBIT_EV_SCAN, .len = sizeof(end) },
		.what = what,
	};
	int err, n;

	if (!link)
		return 0;
	end.scan = ++s->skel->bss->scan_id;
	err = run_iterator(link);
	if (err) {
		log_warn("the tasks that run already cannot be listed: %s",
			 strerror(-err));
		return 0;
	}
	n = drain(s, to);
	if (n < 0)
		return n;
	end.hdr.boot_ns = boot_now();
	err = to->event(to->ctx, &end.hdr);
	return err ? err : n + 1;
}

static bool bpf_source_has(struct source *s, const char *program)
{
	struct bpf_program *p = program_of(s, program);

	return p && bpf_program__fd(p) >= 0;
}

/* Runs of a program that the kernel skipped since one was in progress on that
 * CPU; counted since 5.12. */
static uint64_t misses_of(struct source *s, size_t row)
{
	struct program_stats st;

	if (bpf_source_stats(s, hook_rows[row].program, &st) || st.misses <= 0)
		return 0;
	if ((uint64_t)st.misses > s->missed[row])
		log_info("the kernel skipped %llu runs of %s",
			 (unsigned long long)(st.misses - s->missed[row]),
			 hook_rows[row].program);
	s->missed[row] = st.misses;
	return st.misses;
}

/* With twins a fact is lost only if both were skipped: at most the lesser. */
static uint64_t count_misses(struct source *s)
{
	uint64_t sum = 0;
	size_t i, k;

	for (i = 0; hook_rows[i].program; i++) {
		uint64_t n = misses_of(s, i), twin;

		if (hook_is_twin(&hook_rows[i]))
			continue;
		for (k = i + 1; n && hook_rows[k].program; k++) {
			if (!hook_is_twin_of(&hook_rows[k], &hook_rows[i]) ||
			    !bpf_source_has(s, hook_rows[k].program))
				continue;
			twin = misses_of(s, k);
			n = twin < n ? twin : n;
		}
		sum += n;
	}
	return sum;
}

static int tell_losses(struct source *s, const struct emit *to)
{
	int err = source_losses(to, s->skel->bss->counters.lost, s->lost);
	uint64_t now = boot_now(), all, n;

	if (err || now - s->misses_at < MISSES_EVERY_NS)
		return err;
	s->misses_at = now;
	all = count_misses(s);
	if (all <= s->misses)
		return 0;
	n = all - s->misses;
	s->misses = all;
	return source_loss(to, OBIT_LOST_CONTEXT, OBIT_LOST_MISSED, n);
}

static int bpf_read(struct source *s, const struct emit *to)
{
	struct epoll_event ev;
	int n, err, before = 0;

	epoll_wait(s->wake, &ev, 1, 0);		/* takes back the edge */
	uexit_begin(s->uexit);
	if (!s->scanned) {
		s->scanned = true;
		err = s->teardown ? source_teardown_begins(to) : 0;
		if (err)
			return err;
		before = scan(s, to, s->tasks, OBIT_SCAN_TASKS);
		if (before < 0)
			return before;
	}
	n = drain(s, to);
	if (n < 0)
		return n;
	before += n;
	n = uexit_end(s->uexit, to);
	if (n < 0)
		return n;
	err = tell_losses(s, to);
	return err ? err : n + before;
}

static int bpf_scan(struct source *s, const struct emit *to)
{
	return scan(s, to, s->pdeath, OBIT_SCAN_PDEATH);
}

int bpf_source_tasks(struct source *s, const struct emit *to)
{
	int n = scan(s, to, s->tasks, OBIT_SCAN_TASKS);
	int err = n < 0 ? n : tell_losses(s, to);

	return err ? err : n;
}

/*
 * Whoever sleeps is switched to again between two looks at the clock, and the
 * program sees what the scheduler noted then.
 */
int bpf_source_cpu_clock(struct source *s, struct cpu_clock *c)
{
	volatile struct obit_cpu_clock *seen = &s->skel->bss->cpu_clock;
	int err;

	if (!s->tasks)
		return -EOPNOTSUPP;
	seen->arrived = 0;
	s->skel->bss->only_clock = true;
	c->boot_from = boot_now();
	nanosleep(&(struct timespec){ .tv_nsec = 1 }, NULL);
	err = run_iterator(s->tasks);
	s->skel->bss->only_clock = false;
	c->boot_to = seen->boot_ns;
	c->arrived = seen->arrived;
	c->ran = seen->ran;
	c->exec_start = seen->exec_start;
	return err ? err : c->arrived ? 0 : -EOPNOTSUPP;
}

const struct source_type bpf_source = {
	.name = "bpf",
	.open = bpf_open,
	.info = bpf_info,
	.fd = bpf_fd,
	.read = bpf_read,
	.scan = bpf_scan,
	.close = bpf_close,
};

int bpf_source_stats(struct source *s, const char *program,
		     struct program_stats *st)
{
	struct bpf_program *p = program_of(s, program);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int err;

	if (!p || bpf_program__fd(p) < 0)
		return -ENOENT;
	err = bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len);
	if (err)
		return err;
	st->runs = info.run_cnt;
	st->run_ns = info.run_time_ns;
	/* the field is there since 5.12; older kernels fill in less */
	st->misses = len > offsetof(struct bpf_prog_info, recursion_misses) ?
			     (int64_t)info.recursion_misses :
			     -1;
	return 0;
}
