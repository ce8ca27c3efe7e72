// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a C library is, as a file. The oracle is the loader of this very program:
 * dlsym(3), dl_iterate_phdr(3) and its own /proc/self/maps; files that lie are
 * made from the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "source/libc.h"

#define LIBC "libc.so.6"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/obit-libc-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static int put(const char *name, const void *bytes, size_t len)
{
	int fd = open(in_dir(name), O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

/* --- names ------------------------------------------------------------------ */

static void names(void **state)
{
	static const char *const yes[] = {
		"/lib/x86_64-linux-gnu/libc.so.6",
		"libc.so.6",
		"/lib/x86_64-linux-gnu/libc-2.31.so",
		"/lib/ld-musl-x86_64.so.1",
		"/usr/lib/musl/lib/libc.so",
		"/lib/libc.musl-aarch64.so.1",
		"/lib/libuClibc-1.0.42.so",
	};
	static const char *const no[] = {
		"/lib/libcrypt.so.1",
		"/lib/libc.so.6.bak",
		"/lib/libc.so.6/x",
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/libc-client.so",
		"",
		"/",
		"/lib/libm.so.6",
		"/lib/libc.a",
		"/lib/mylibc.so.6",
	};
	char longest[NAME_MAX + 8];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!libc_named(yes[i], strlen(yes[i])))
			fail_msg("%s is one", yes[i]);
	for (i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (libc_named(no[i], strlen(no[i])))
			fail_msg("%s is none", no[i]);
	memset(longest, 'c', sizeof(longest));
	assert_false(libc_named(longest, sizeof(longest)));
	/* no byte behind the length is looked at */
	assert_true(libc_named("/lib/libc.so.6 (deleted)", 14));
}

static void mappings(void **state)
{
	struct libc_map m;

	(void)state;
	assert_true(libc_map(
		"7f0e6c826000-7f0e6c97b000 r-xp 00026000 fe:01 3932173                    /usr/lib/libc.so.6\n",
		&m));
	assert_int_equal(m.start, 0x7f0e6c826000);
	assert_int_equal(m.end, 0x7f0e6c97b000);
	assert_string_equal(m.path, "/usr/lib/libc.so.6");
	assert_true(libc_map(
		"f7c00000-f7d00000 r-xp 00000000 00:25 7 /a b/libc.so.6 (deleted)\n",
		&m));
	assert_string_equal(m.path, "/a b/libc.so.6 (deleted)");
	/* data of it, no file, another's name, cut short */
	assert_false(libc_map("1000-2000 r--p 0 fe:01 1 /lib/libc.so.6\n", &m));
	assert_false(libc_map("1000-2000 r-xp 0 00:00 0 \n", &m));
	assert_false(libc_map("1000-2000 r-xp 0 00:00 0 [vdso]\n", &m));
	assert_false(libc_map("1000-2000 r-xp 0 00:00 0 libc.so.6\n", &m));
	assert_false(libc_map("1000-2000 r-xp 0 fe:01 1 /lib/libm.so.6\n", &m));
	assert_false(libc_map("1000-2000 r-xp\n", &m));
	assert_false(libc_map("", &m));
}

/* --- what is inside --------------------------------------------------------- */

/* Our own library: its mapping and the offset of that in the file. */
static void own_libc(struct libc_map *m, uint64_t *offset)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	unsigned long long off;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (libc_map(line, m)) {
			assert_int_equal(sscanf(line, "%*s %*s %llx", &off), 1);
			*offset = off;
			fclose(f);
			return;
		}
	fclose(f);
	print_message("skip %s: the test has no C library mapped\n", __func__);
	skip();
}

static bool has(const struct libc_places *p, enum libc_place place, uint64_t at)
{
	unsigned int i;

	for (i = 0; i < p->nr[place]; i++)
		if (p->at[place][i] == at)
			return true;
	return false;
}

static void places_are_where_the_loader_says(void **state)
{
	static const struct {
		const char *name;
		enum libc_place place;
	} want[] = { { "exit", LIBC_EXIT },
		     { "quick_exit", LIBC_QUICK_EXIT },
		     { "_exit", LIBC_EXIT_CALL },
		     { "_Exit", LIBC_EXIT_CALL },
		     { "__libc_start_main", LIBC_START } };
	void *lib = dlopen(LIBC, RTLD_NOLOAD | RTLD_LAZY);
	struct libc_places p;
	struct libc_map m;
	uint64_t offset;
	size_t i;
	int fd;

	(void)state;
	own_libc(&m, &offset);
	assert_non_null(lib);
	fd = open(m.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(libc_places(fd, &p), 0);
	for (i = 0; i < sizeof(want) / sizeof(*want); i++) {
		uint64_t addr = (uintptr_t)dlsym(lib, want[i].name);

		assert_in_range(addr, m.start, m.end - 1);
		if (!has(&p, want[i].place, addr - m.start + offset))
			fail_msg("%s is at %#llx, not there", want[i].name,
				 (unsigned long long)(addr - m.start + offset));
	}
	close(fd);
	dlclose(lib);
}

static void others_are_refused(void **state)
{
	struct libc_places p;
	struct stat st;
	int fd;

	(void)state;
	fd = put("text", "#!/bin/sh\n", 10);
	assert_int_equal(libc_places(fd, &p), -ENOEXEC);
	close(fd);
	fd = put("empty", "", 0);
	assert_int_equal(libc_places(fd, &p), -ENOEXEC);
	/* larger than any library, without a byte of it on the disk */
	assert_int_equal(ftruncate(fd, LIBC_BYTES_MAX + 1ll), 0);
	assert_int_equal(libc_places(fd, &p), -ENOEXEC);
	close(fd);
	/* ourselves: a program that calls exit(3) but does not have it */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	if (st.st_size <= LIBC_BYTES_MAX)
		assert_int_equal(libc_places(fd, &p), -ENOENT);
	close(fd);
}

static char *read_libc(size_t *len)
{
	struct libc_map m;
	struct stat st;
	uint64_t offset;
	char *bytes;
	int fd;

	own_libc(&m, &offset);
	fd = open(m.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	*len = st.st_size;
	bytes = malloc(*len);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *len), st.st_size);
	close(fd);
	return bytes;
}

static void other_machines(void **state)
{
	struct libc_places p;
	size_t len;
	char *bytes = read_libc(&len);
	ElfW(Ehdr) *e = (void *)bytes;
	int fd;

	(void)state;
	e->e_machine = EM_RISCV;
	fd = put("riscv", bytes, len);
	assert_int_equal(libc_places(fd, &p), -ENOEXEC);
	close(fd);
	free(bytes);
}

/* A file that lies may be refused, or give places; it must not end us. */
static void liars(void **state)
{
	struct libc_places p;
	char loader[PATH_MAX];
	size_t len, i, k, n;
	char *bytes = read_libc(&len), *copy = malloc(len);
	int fd, err;

	(void)state;
	assert_non_null(copy);
	srandom(3);
	for (i = 0; i < 60; i++) {
		n = i % 2 ? len : (size_t)random() % len;
		memcpy(copy, bytes, len);
		/* headers, the first sections, and the section table */
		for (k = 0; i % 2 && k < 1 + i / 8; k++)
			copy[(k % 2 ? random() % 1024 :
				      (long)len - 1 - random() % 4096)] =
				(char)random();
		fd = put("liar", copy, n);
		err = libc_places(fd, &p);
		assert_true(err <= 0);
		if (!err)
			assert_in_range(p.nr[LIBC_EXIT], 1, LIBC_PLACES_MAX);
		err = libc_loader(fd, loader, sizeof(loader));
		assert_true(err <= 0);
		if (!err)
			assert_true(strlen(loader) < sizeof(loader));
		close(fd);
	}
	free(copy);
	free(bytes);
}

static int own_interp(struct dl_phdr_info *info, size_t size, void *out)
{
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)out =
				(void *)(info->dlpi_addr +
					 info->dlpi_phdr[i].p_vaddr);
	return 1;		/* the first is the program itself */
}

static void loader_of_ourselves(void **state)
{
	const char *want = NULL;
	char got[PATH_MAX];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	dl_iterate_phdr(own_interp, &want);
	if (!want) {
		assert_int_equal(libc_loader(fd, got, sizeof(got)), -ENOENT);
	} else {
		assert_int_equal(libc_loader(fd, got, sizeof(got)), 0);
		assert_string_equal(got, want);
		assert_int_equal(libc_loader(fd, got, 4), -ENAMETOOLONG);
	}
	close(fd);
	fd = put("script", "#!/bin/sh\n", 10);
	assert_int_equal(libc_loader(fd, got, sizeof(got)), -ENOEXEC);
	close(fd);
}

/* --- files ------------------------------------------------------------------ */

static void check_content(int fd, const char *want)
{
	char got[32] = "";

	if (fd < 0)
		fail_msg("%s: %s", want, strerror(-fd));
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(got, want);
	close(fd);
}

static void links_stay_inside(void **state)
{
	int root;

	(void)state;
	assert_int_equal(mkdir(in_dir("lib"), 0700), 0);
	assert_int_equal(mkdir(in_dir("lib/gnu"), 0700), 0);
	assert_int_equal(mkdir(in_dir("lib64"), 0700), 0);
	close(put("lib/gnu/ld.so", "loader", 6));
	close(put("lib/gnu/libc.so.6", "glibc", 5));
	close(put("lib/libc.so", "musl", 4));
	assert_int_equal(symlink("/lib/gnu/ld.so", in_dir("lib64/ld.so.2")), 0);
	assert_int_equal(symlink("libc.so", in_dir("lib/ld-musl-x.so.1")), 0);
	assert_int_equal(symlink("../../../../../etc/passwd", in_dir("up")), 0);
	assert_int_equal(symlink("/proc/self/exe", in_dir("magic")), 0);
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check_content(libc_open(root, "/lib64/ld.so.2"), "loader");
	check_content(libc_of_loader(root, "/lib64/ld.so.2"), "glibc");
	check_content(libc_of_loader(root, "/lib/ld-musl-x.so.1"), "musl");
	assert_int_equal(libc_open(root, "/up"), -ENOENT);
	assert_int_equal(libc_open(root, "/magic"), -ENOENT);
	assert_int_equal(libc_of_loader(root, "/none"), -ENOENT);
	close(root);
}

/* Nothing happens to what is no file, and nobody waits for it. */
static void no_files(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(libc_open_link(in_dir("fifo")), -ENOEXEC);
	assert_int_equal(libc_open_link(dir), -ENOEXEC);
	assert_int_equal(libc_open_link("/dev/null"), -ENOEXEC);
	assert_int_equal(libc_open_link(in_dir("nobody")), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(mappings),
		cmocka_unit_test(places_are_where_the_loader_says),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(other_machines),
		cmocka_unit_test(liars),
		cmocka_unit_test(loader_of_ourselves),
		cmocka_unit_test(links_stay_inside),
		cmocka_unit_test(no_files),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
