// SPDX-License-Identifier: GPL-2.0-only
/*
 * libc: what a C library is, as a file: its name among what a process has
 * mapped, the loader a program asks for, and where in it an end begins.
 * Never trusts a file to be what it says; never attaches anything to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "source/libc.h"

/* --- names ------------------------------------------------------------------ */

/* glibc (before 2.34 libc-2.31.so), musl and its two links, Bionic, uClibc */
static const char *const patterns[] = {
	"libc.so.6", "libc-[0-9]*.so", "ld-musl-*.so.1", "libc.musl-*.so.1",
	"libc.so",   "libuClibc-*.so", "libc.so.[01]",
};

bool libc_named(const char *path, size_t len)
{
	char name[NAME_MAX + 1];
	const char *slash = memrchr(path, '/', len);
	size_t i;

	if (slash) {
		len -= slash + 1 - path;
		path = slash + 1;
	}
	if (len >= sizeof(name))
		return false;
	memcpy(name, path, len);
	name[len] = 0;
	for (i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

bool libc_map(const char *line, struct libc_map *m)
{
	static const char gone[] = " (deleted)";
	unsigned long long start, end;
	size_t len, base;
	char perms[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %*s %*s %*s %n", &start, &end, perms,
		   &at) != 3 ||
	    !at || perms[2] != 'x' || line[at] != '/')
		return false;
	len = strcspn(line + at, "\n");
	if (len >= sizeof(m->path))
		return false;
	base = len;
	if (base > strlen(gone) &&
	    !memcmp(line + at + base - strlen(gone), gone, strlen(gone)))
		base -= strlen(gone);
	if (!libc_named(line + at, base))
		return false;
	m->start = start;
	m->end = end;
	memcpy(m->path, line + at, len);
	m->path[len] = 0;
	return true;
}

/* --- what is inside --------------------------------------------------------- */

static const struct {
	const char *name;
	enum libc_place place;
} symbols[] = {
	{ "exit", LIBC_EXIT },
	{ "quick_exit", LIBC_QUICK_EXIT },
	{ "_Exit", LIBC_EXIT_CALL },	/* what musl's _exit() calls */
	{ "_exit", LIBC_EXIT_CALL },
	{ "__libc_start_main", LIBC_START },	/* glibc, musl */
	{ "__uClibc_main", LIBC_START },
	{ "__libc_init", LIBC_START },		/* Bionic */
};

/* Code that runs here: of this machine, or of its 32-bit ways. Others can be
 * there (qemu-user), and no probe would ever hit. */
static bool runs_here(const GElf_Ehdr *e)
{
#if defined(__x86_64__)
	return (e->e_machine == EM_X86_64 &&
		e->e_ident[EI_CLASS] == ELFCLASS64) ||
	       e->e_machine == EM_386;
#elif defined(__aarch64__)
	return e->e_machine == EM_AARCH64;
#else
	return false;
#endif
}

/* Where in the file the code at an address is; 0: it is no code of it. */
static uint64_t offset_of(Elf *elf, size_t nr, uint64_t addr)
{
	GElf_Phdr ph;
	size_t i;

	for (i = 0; i < nr; i++)
		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_LOAD &&
		    ph.p_flags & PF_X && addr >= ph.p_vaddr &&
		    addr - ph.p_vaddr < ph.p_filesz)
			return addr - ph.p_vaddr + ph.p_offset;
	return 0;
}

static void add_place(struct libc_places *p, enum libc_place place, uint64_t at)
{
	unsigned int i;

	if (!at || p->nr[place] == LIBC_PLACES_MAX)
		return;
	for (i = 0; i < p->nr[place]; i++)
		if (p->at[place][i] == at)
			return;
	p->at[place][p->nr[place]++] = at;
}

static void add_symbol(Elf *elf, size_t headers, size_t strings,
		       const GElf_Sym *sym, struct libc_places *p)
{
	const char *name;
	size_t i;

	if (GELF_ST_TYPE(sym->st_info) != STT_FUNC ||
	    sym->st_shndx == SHN_UNDEF)
		return;
	name = elf_strptr(elf, strings, sym->st_name);
	for (i = 0; name && i < sizeof(symbols) / sizeof(*symbols); i++)
		if (!strcmp(name, symbols[i].name))
			add_place(p, symbols[i].place,
				  offset_of(elf, headers, sym->st_value));
}

static void read_symbols(Elf *elf, size_t headers, struct libc_places *p)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	GElf_Sym sym;
	Elf_Data *data;
	size_t i, nr;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_DYNSYM ||
		    !sh.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		nr = data ? sh.sh_size / sh.sh_entsize : 0;
		for (i = 0; i < nr && gelf_getsym(data, i, &sym); i++)
			add_symbol(elf, headers, sh.sh_link, &sym, p);
	}
}

/* Opens it as ELF of this machine; by read(2), never by a mapping: whoever cuts
 * a mapped file short kills the reader. NULL: it is not. */
static Elf *elf_of(int fd, size_t *headers)
{
	GElf_Ehdr e;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &e) &&
	    runs_here(&e) && !elf_getphdrnum(elf, headers))
		return elf;
	elf_end(elf);
	return NULL;
}

int libc_places(int fd, struct libc_places *p)
{
	struct stat st;
	size_t headers;
	Elf *elf;

	memset(p, 0, sizeof(*p));
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size > LIBC_BYTES_MAX)
		return -ENOEXEC;
	elf = elf_of(fd, &headers);
	if (!elf)
		return -ENOEXEC;
	read_symbols(elf, headers, p);
	elf_end(elf);
	return p->nr[LIBC_EXIT] ? 0 : -ENOENT;
}

int libc_loader(int fd, char *path, size_t size)
{
	size_t headers, i;
	Elf *elf = elf_of(fd, &headers);
	GElf_Phdr ph;
	int err = -ENOENT;

	if (!elf)
		return -ENOEXEC;
	for (i = 0; i < headers; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_INTERP)
			continue;
		err = ph.p_filesz > size ? -ENAMETOOLONG : -ENOEXEC;
		if (err == -ENOEXEC && ph.p_filesz > 1 &&
		    pread(fd, path, ph.p_filesz, ph.p_offset) ==
			    (ssize_t)ph.p_filesz &&
		    !path[ph.p_filesz - 1])
			err = 0;
		break;
	}
	elf_end(elf);
	return err;
}

/* --- files ------------------------------------------------------------------ */

/* By a link of /proc: a first look with O_PATH tells a device or a FIFO before
 * opening it does something. */
int libc_open_link(const char *link)
{
	char again[64];
	struct stat st;
	int fd, path = open(link, O_PATH | O_CLOEXEC);

	if (path < 0)
		return -errno;
	if (fstat(path, &st) || !S_ISREG(st.st_mode)) {
		close(path);
		return -ENOEXEC;
	}
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path);
	fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	fd = fd < 0 ? -errno : fd;
	close(path);
	return fd;
}

int libc_open(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT |
					   RESOLVE_NO_MAGICLINKS };
	char link[64];
	int fd, at = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (at < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
	fd = libc_open_link(link);
	close(at);
	return fd;
}

/* Where the file lies once links have been followed, as its process sees it.
 * /proc/self/fd shows it from our root: what is before theirs is cut off. */
static int real_path(int root, const char *path, char *real, size_t size)
{
	char link[64], base[PATH_MAX], *from = real;
	ssize_t n, b;
	int fd = libc_open(root, path);

	if (fd < 0)
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, size - 1);
	close(fd);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
	b = readlink(link, base, sizeof(base) - 1);
	if (n <= 0 || b <= 0)
		return -ENOENT;
	real[n] = 0;
	base[b] = 0;
	if (b > 1 && !strncmp(real, base, b) && real[b] == '/')
		from += b;
	memmove(real, from, strlen(from) + 1);
	return 0;
}

int libc_of_loader(int root, const char *loader)
{
	char real[PATH_MAX], path[PATH_MAX + 16], *slash;
	int err;

	err = real_path(root, loader, real, sizeof(real));
	if (err)
		return err;
	slash = strrchr(real, '/');
	if (!slash)
		return -ENOENT;
	if (libc_named(real, strlen(real)) ||
	    libc_named(loader, strlen(loader)))
		return libc_open(root, real);
	*slash = 0;
	snprintf(path, sizeof(path), "%s/libc.so.6", real);
	return libc_open(root, path);
}
