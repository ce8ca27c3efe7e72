// SPDX-License-Identifier: GPL-2.0-only
/*
 * witnesses: from --source to open sources: who watches, and who instead where
 * that cannot be had. Owns what the options of the one mean to the other. Never
 * reads from a source.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <uapi/obit_dev.h>
#include "cmd/common.h"
#include "lib/log.h"

#define CGROUP2_MAGIC 0x63677270
#define BUFFER_DEFAULT (8ULL << 20)

/*
 * The kernel's filter compares the cgroup v2 id. On a hybrid machine the key
 * cgroup_id can be that of a v1 hierarchy: then it must not be pushed down.
 */
static bool only_cgroup_v2(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	bool only = f != NULL;
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "0::", 3))
			only = false;
	if (f)
		fclose(f);
	return only;
}

static void push_down(const struct filter *f, struct kernel_filter *k)
{
	struct filter_push p;

	if (!f)
		return;
	filter_pushdown(f, &p);
	k->have_tgid = p.have_tgid;
	k->tgid = p.tgid;
	k->have_uid = p.have_uid;
	k->uid = p.uid;
	k->have_comm = p.have_comm;
	memcpy(k->comm, p.comm, sizeof(k->comm));
	k->have_cgroup = p.have_cgroup_id && only_cgroup_v2();
	k->cgroup_id = p.cgroup_id;
}

/* --- usage -------------------------------------------------------------------------- */

static int check_replay(const struct source_choice_opts *o)
{
	if (o->source != CHOOSE_AUTO || o->tier != TIER_AUTO || o->precise ||
	    o->resume || o->lossless || o->teardown) {
		log_error(
			"--replay: a recording is of the source and the tier it was made with; --source, --tier, --precise, --teardown, --resume and --lossless do not apply");
		return -EINVAL;
	}
	return 0;
}

/* The size that --help names cannot be told from none. */
static int check_kmod(const struct source_choice_opts *o)
{
	if (o->tier != TIER_AUTO || o->precise) {
		log_error("--source=kmod: %s is about the eBPF programs; the module has one set of hooks",
			  o->precise ? "--precise" : "--tier");
		return -EINVAL;
	}
	if (o->buffer_bytes && o->buffer_bytes != BUFFER_DEFAULT) {
		log_error(
			"--source=kmod: the module's ring has its size from when it was loaded (modprobe obit ring_bytes=N); --buffer is the eBPF programs'");
		return -EINVAL;
	}
	return 0;
}

static int check_use(const struct source_choice_opts *o)
{
	if (o->replay)
		return check_replay(o);
	if ((o->resume || o->lossless) && o->source != CHOOSE_KMOD) {
		log_error("%s: only the module can do that; use --source=kmod",
			  o->resume ? "--resume" : "--lossless");
		return -EINVAL;
	}
	if (o->teardown == TEARDOWN_USER && o->source == CHOOSE_KMOD) {
		log_error(
			"--teardown=user: only the eBPF programs see exit(3); use --source=bpf or both");
		return -EINVAL;
	}
	if (o->stacks_hz && o->source == CHOOSE_KMOD) {
		log_error(
			"--stacks: only the eBPF programs take stacks; use --source=bpf or both");
		return -EINVAL;
	}
	return o->source == CHOOSE_KMOD ? check_kmod(o) : 0;
}

static int cgroup_id(const char *path, uint64_t *id)
{
	static const char *const mounts[] = { "/sys/fs/cgroup",
					      "/sys/fs/cgroup/unified" };
	struct statfs fs;
	char full[4096];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (statfs(mounts[i], &fs) || fs.f_type != CGROUP2_MAGIC)
			continue;
		snprintf(full, sizeof(full), "%s%s", mounts[i], path);
		if (stat(full, &st) || !S_ISDIR(st.st_mode)) {
			log_error("--lossless=%s: there is no such cgroup: %s",
				  path, strerror(errno));
			return -EINVAL;
		}
		*id = st.st_ino;
		return 0;
	}
	log_error("--lossless=%s: cgroup v2 is not mounted in /sys/fs/cgroup",
		  path);
	return -EINVAL;
}

static int parse_lossless(const char *scope, struct source_opts *so)
{
	so->lossless = true;
	if (!strcmp(scope, "all")) {
		so->lossless_scope = OBIT_SCOPE_ALL;
		return 0;
	}
	if (*scope == '/') {
		so->lossless_scope = OBIT_SCOPE_CGROUP;
		return cgroup_id(scope, &so->lossless_id);
	}
	so->lossless_scope = OBIT_SCOPE_TREE;
	if (!parse_u64(scope, &so->lossless_id) && so->lossless_id > 0 &&
	    so->lossless_id <= INT32_MAX)
		return 0;
	log_error("--lossless=%s: it must be a TGID, the path of a cgroup that begins with /, or `all`",
		  scope);
	return -EINVAL;
}

/* --- opening ------------------------------------------------------------------------- */

/* What one witness could not be, in one sentence: for the other to be told. */
static int open_held(const struct source_type *type, struct source **s,
		     const struct source_opts *so, struct buf *why)
{
	int err;

	log_hold_errors(why);
	err = type->open(s, so);
	log_hold_errors(NULL);
	return err;
}

/* BPF if it loads; else the module, if it is there. A tier that is asked for is
 * BPF's, as are probes in user space, and nothing else will do. */
static int open_auto(const struct source_choice_opts *o,
		     const struct source_opts *so,
		     const struct source_type **type, struct source **s,
		     struct buf *why)
{
	bool module = o->tier == TIER_AUTO && !so->user_exit &&
		      !so->stacks_hz && !access(OBIT_DEV_PATH, F_OK);
	int err;

	*type = &bpf_source;
	if (!module)
		return bpf_source.open(s, so);
	err = open_held(&bpf_source, s, so, why);
	if (!err)
		return 0;
	*type = &kmod_source;
	if (!kmod_source.open(s, so))
		return 0;
	/* The module has said why it cannot. */
	log_error("%s", buf_str(why));
	return err;
}

/* why: of `auto`, why it is not BPF; else empty. */
static int open_one(const struct source_choice_opts *o, const struct filter *f,
		    const struct source_type **type, struct source **s,
		    struct buf *why)
{
	struct source_opts so = {
		.path = o->replay,
		.tier = (enum tier_choice)o->tier,
		.precise = o->precise,
		.teardown = o->teardown != TEARDOWN_NOT,
		.user_exit = o->teardown == TEARDOWN_USER,
		.stacks_hz = o->stacks_hz,
		.buffer_bytes = o->buffer_bytes,
		.pdeath_scan_ns = o->pdeath_scan_ns,
		.resume = o->resume,
		.lossless_wait_ns = o->lossless_wait_ns,
	};
	int err = check_use(o);

	if (!err && o->lossless)
		err = parse_lossless(o->lossless, &so);
	if (err)
		return err;
	if (o->replay) {
		*type = &file_source;
		return file_source.open(s, &so);
	}
	/* Two that are compared must watch the same. */
	if (o->source != CHOOSE_BOTH)
		push_down(f, &so.filter);
	if (o->source == CHOOSE_AUTO)
		return open_auto(o, &so, type, s, why);
	*type = o->source == CHOOSE_KMOD ? &kmod_source : &bpf_source;
	return (*type)->open(s, &so);
}

static int open_other(const struct source_choice_opts *o,
		      struct pipeline_config *cfg)
{
	struct source_opts so = { .pdeath_scan_ns = o->pdeath_scan_ns,
				  .teardown = o->teardown != TEARDOWN_NOT };
	int err = kmod_source.open(&cfg->other, &so);

	if (!err)
		cfg->other_type = &kmod_source;
	return err;
}

static void describe(const struct pipeline_config *cfg, const struct buf *why,
		     struct source_info *info)
{
	struct source_info other;
	size_t len;

	cfg->type->info(cfg->source, info);
	len = strlen(info->text);
	if (cfg->other) {
		cfg->other_type->info(cfg->other, &other);
		snprintf(info->text + len, sizeof(info->text) - len, ", and %s",
			 other.text);
	} else if (why->len) {
		snprintf(info->text + len, sizeof(info->text) - len,
			 " (BPF: %.*s)", (int)why->len, why->p);
	}
}

int common_open_sources(const struct source_choice_opts *o,
			const struct filter *f, struct pipeline_config *cfg,
			struct source_info *info)
{
	struct buf why = BUF_INIT;
	int err;

	cfg->type = cfg->other_type = NULL;
	cfg->source = cfg->other = NULL;
	err = open_one(o, f, &cfg->type, &cfg->source, &why);
	if (err)
		cfg->type = NULL;
	if (!err && o->source == CHOOSE_BOTH)
		err = open_other(o, cfg);
	if (!err && info)
		describe(cfg, &why, info);
	if (err)
		common_close_sources(cfg);
	buf_free(&why);
	return err;
}

void common_close_sources(struct pipeline_config *cfg)
{
	if (cfg->other_type)
		cfg->other_type->close(cfg->other);
	if (cfg->type)
		cfg->type->close(cfg->source);
	cfg->type = cfg->other_type = NULL;
}
