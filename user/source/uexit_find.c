// SPDX-License-Identifier: GPL-2.0-only
/*
 * uexit_find: from a process to its C library, and to probes in it. Owns the
 * table of libraries: one entry a file, whatever processes and containers use
 * it. Never looks at a record.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "lib/hash.h"
#include "lib/log.h"
#include "procfs.h"
#include "source/libc.h"
#include "source/uexit_find.h"

#define LIBS_MAX	1024
#define EXES_KEPT	4096	/* a power of two */

/* A file, for as long as somebody holds it. */
struct file_key {
	uint64_t dev, ino, mtime_s, mtime_ns, size;
};

struct lib {
	struct file_key key;
	unsigned int nr;	/* 0: it could not be had */
	struct bpf_link *links[LIBC_PLACE_NR * LIBC_PLACES_MAX];
};

struct finder {
	struct uexit_programs programs;
	struct lib *libs[LIBS_MAX];
	unsigned int nr;
	bool full;		/* said so */
	const volatile bool *stop;
	struct libc_map map;	/* of lib_mapped(), which has no room for it */
	char *line;
	size_t room;
	struct file_key exes[EXES_KEPT];	/* nothing is to be done for */
};

/* --- attaching ---------------------------------------------------------------- */

static struct bpf_link *probe_at(struct bpf_program *prog, int fd, uint64_t at)
{
	char path[64];

	/* the file itself, whatever its name leads to by now */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bpf_program__attach_uprobe_opts(prog, -1, path, at, NULL);
}

/*
 * With nobody there who has the code mapped the kernel takes any place; it looks
 * at the instruction when it puts the breakpoint in. So we map it ourselves.
 */
static struct bpf_link *probe_checked(struct bpf_program *prog, int fd,
				      uint64_t at)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd,
			 at & ~(uint64_t)(page - 1));
	struct bpf_link *link = probe_at(prog, fd, at);
	int err = errno;

	if (map != MAP_FAILED)
		munmap(map, page);
	errno = err;
	return link;
}

/* Some 100 ms a probe: the kernel waits for grace periods, one after the other
 * whoever calls (event_mutex). */
static void detach(struct lib *lib)
{
	while (lib->nr)
		bpf_link__destroy(lib->links[--lib->nr]);
}

/* The start last: who passes it has the others in its memory. */
static int attach(struct finder *f, struct lib *lib, int fd)
{
	struct bpf_program *const progs[LIBC_PLACE_NR] = {
		[LIBC_EXIT] = f->programs.exit,
		[LIBC_QUICK_EXIT] = f->programs.quick_exit,
		[LIBC_EXIT_CALL] = f->programs.exit_call,
		[LIBC_START] = f->programs.libc_start,
	};
	struct libc_places places;
	unsigned int i, k;
	int err = libc_places(fd, &places);

	/* whoever was held up until now finds that there is no program any more */
	if (err || *f->stop)
		return err ? err : -ECANCELED;
	for (i = 0; i < LIBC_PLACE_NR; i++)
		for (k = 0; progs[i] && k < places.nr[i]; k++) {
			struct bpf_link *link =
				probe_checked(progs[i], fd, places.at[i][k]);

			if (!link) {
				err = -errno;
				detach(lib);
				return err;
			}
			lib->links[lib->nr++] = link;
		}
	return 0;
}

/*
 * A page nobody has mapped: the kernel has to say whether there are uprobes, and
 * whether we may have one, and nothing comes of it.
 */
int finder_try(const struct uexit_programs *programs)
{
	int fd = memfd_create("obit", MFD_CLOEXEC), err = 0;
	struct bpf_link *link = NULL;

	if (fd < 0 || ftruncate(fd, sysconf(_SC_PAGESIZE)))
		err = -errno;
	else if (!(link = probe_at(programs->exit, fd, 0)))
		err = -errno;
	bpf_link__destroy(link);
	if (fd >= 0)
		close(fd);
	if (err == -EPERM || err == -EACCES)
		log_error("the kernel refuses uprobes (%s), so exit(3) cannot be seen: run as root, or with CAP_PERFMON and CAP_SYS_ADMIN",
			  strerrorname_np(-err));
	else if (err)
		log_error("this kernel has no uprobes (%s), so exit(3) cannot be seen: it needs CONFIG_UPROBE_EVENTS and CONFIG_BPF_EVENTS",
			  strerrorname_np(-err));
	if (!err || err == -EPERM || err == -EACCES)
		return err == -EACCES ? -EPERM : err;
	return -EOPNOTSUPP;
}

/* --- libraries ------------------------------------------------------------------ */

/*
 * An overlay gives every mount a device number of its own, while the file below,
 * which is what is probed, is the same in a hundred containers: there the rest
 * must do.
 */
static int key_of(int fd, struct file_key *key)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return -errno;
	key->dev = fs.f_type == OVERLAYFS_SUPER_MAGIC ? 0 : st.st_dev;
	key->ino = st.st_ino;
	key->mtime_s = st.st_mtim.tv_sec;
	key->mtime_ns = st.st_mtim.tv_nsec;
	key->size = st.st_size;
	return 0;
}

static struct lib *lib_find(struct finder *f, const struct file_key *key)
{
	unsigned int i;

	for (i = 0; i < f->nr; i++)
		if (!memcmp(&f->libs[i]->key, key, sizeof(*key)))
			return f->libs[i];
	return NULL;
}

static void say_attached(int fd, int err)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = 0;
	if (err)
		log_info("%s cannot be probed: %s", path, strerror(-err));
	else
		log_info("exit(3) is seen in %s", path);
}

/* The library in that file, attached to; NULL: it can not be had. Closes fd. */
static struct lib *lib_get(struct finder *f, int fd)
{
	struct file_key key;
	struct lib *lib = NULL;
	int err;

	if (fd < 0)
		return NULL;
	if (key_of(fd, &key))
		goto out;
	lib = lib_find(f, &key);
	if (lib)
		goto out;
	if (f->nr == LIBS_MAX) {
		if (!f->full)
			log_warn("exit(3) is seen in %d C libraries, and no more will be probed",
				 LIBS_MAX);
		f->full = true;
		goto out;
	}
	lib = calloc(1, sizeof(*lib));
	if (!lib)
		goto out;
	lib->key = key;
	err = attach(f, lib, fd);
	say_attached(fd, err);
	f->libs[f->nr++] = lib;
out:
	close(fd);
	return lib && lib->nr ? lib : NULL;
}

/* --- by what a process has mapped -------------------------------------------- */

/*
 * The file behind a mapping. The link is only for those with CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE; the path is wrong once another has taken its place.
 */
static int open_mapped(uint32_t tgid, const struct libc_map *m)
{
	char link[96];
	int root, fd;

	snprintf(link, sizeof(link), "/proc/%u/map_files/%llx-%llx", tgid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = libc_open_link(link);
	if (fd != -EPERM && fd != -EACCES)
		return fd;
	snprintf(link, sizeof(link), "/proc/%u/root", tgid);
	root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = libc_open(root, m->path);
	close(root);
	return fd;
}

/* Its C library; *mapped: it has one, known or not. */
static struct lib *lib_mapped(struct finder *f, uint32_t tgid, bool *mapped)
{
	struct lib *lib = NULL;
	char path[64];
	FILE *maps;

	*mapped = false;
	snprintf(path, sizeof(path), "/proc/%u/maps", tgid);
	maps = fopen(path, "re");
	if (!maps)
		return NULL;
	while (!lib && getline(&f->line, &f->room, maps) > 0)
		if (libc_map(f->line, &f->map)) {
			*mapped = true;
			lib = lib_get(f, open_mapped(tgid, &f->map));
		}
	fclose(maps);
	return lib;
}

/* --- by what a program asks for ---------------------------------------------- */

/* Not asked of a file server: what is known of the file now will do. */
static bool exe_is_done(struct finder *f, const char *exe)
{
	struct file_key key = {}, *slot;
	struct statx st;

	if (statx(AT_FDCWD, exe, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &st))
		return true;	/* it is gone */
	key.dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	key.ino = st.stx_ino;
	key.mtime_s = st.stx_mtime.tv_sec;
	key.mtime_ns = st.stx_mtime.tv_nsec;
	key.size = st.stx_size;
	slot = &f->exes[hash_u64_2(key.dev, key.ino) & (EXES_KEPT - 1)];
	if (!memcmp(slot, &key, sizeof(key)))
		return true;
	*slot = key;
	return false;
}

/* A program that has no library in its memory yet: it will have the one that
 * goes with its loader. True: something new has been attached to. */
static bool attach_ahead(struct finder *f, uint32_t tgid)
{
	char path[64], loader[PATH_MAX];
	unsigned int before = f->nr;
	int fd, root;

	snprintf(path, sizeof(path), "/proc/%u/exe", tgid);
	if (exe_is_done(f, path))
		return false;
	fd = libc_open_link(path);
	if (fd < 0)
		return false;
	if (!libc_loader(fd, loader, sizeof(loader))) {
		snprintf(path, sizeof(path), "/proc/%u/root", tgid);
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root >= 0) {
			lib_get(f, libc_of_loader(root, loader));
			close(root);
		}
	}
	close(fd);
	return f->nr != before;
}

static bool same_process(uint32_t tgid, uint64_t start_ticks)
{
	struct proc_stat st;

	return !procfs_stat(tgid, 0, &st) && st.start_ticks == start_ticks &&
	       st.state != 'Z' && st.state != 'X';
}

bool finder_look(struct finder *f, uint32_t tgid, uint64_t start_ticks)
{
	bool mapped;
	struct lib *lib = lib_mapped(f, tgid, &mapped);

	/* it may have mapped it while we were about it */
	if (!mapped && attach_ahead(f, tgid))
		lib = lib_mapped(f, tgid, &mapped);
	return lib && same_process(tgid, start_ticks);
}

/* --- at the start --------------------------------------------------------------- */

static int scan_one(uint32_t tgid, void *ctx)
{
	struct finder *f = ctx;
	bool mapped;

	lib_mapped(f, tgid, &mapped);
	return *f->stop;
}

/* Where loaders look: for programs too short to be looked at while they run. */
static const char *const places[] = {
#if defined(__x86_64__)
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/i386-linux-gnu/libc.so.6",
	"/lib32/libc.so.6",
	"/lib/ld-musl-x86_64.so.1",
	"/lib/ld-musl-i386.so.1",
#elif defined(__aarch64__)
	"/lib/aarch64-linux-gnu/libc.so.6",
	"/lib/ld-musl-aarch64.so.1",
#endif
	"/lib64/libc.so.6",
	"/usr/lib64/libc.so.6",
	"/lib/libc.so.6",
	"/usr/lib/libc.so.6",
};

void finder_scan(struct finder *f)
{
	size_t i;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (i = 0; root >= 0 && i < sizeof(places) / sizeof(*places); i++)
		lib_get(f, libc_open(root, places[i]));
	if (root >= 0)
		close(root);
	procfs_each(scan_one, f);
}

/* --- life ------------------------------------------------------------------------ */

struct finder *finder_new(const struct uexit_programs *programs,
			  const volatile bool *stop)
{
	struct finder *f = calloc(1, sizeof(*f));
	struct rlimit lim;

	if (!f)
		return NULL;
	f->programs = *programs;
	f->stop = stop;
	/* every probe holds a descriptor */
	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
	return f;
}

void finder_free(struct finder *f)
{
	if (!f)
		return;
	while (f->nr) {
		detach(f->libs[--f->nr]);
		free(f->libs[f->nr]);
	}
	free(f->line);
	free(f);
}
