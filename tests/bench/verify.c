// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify: how many instructions this kernel's verifier went through for each
 * program of the BPF object, with all switches on. Its limit is a million; a
 * program that grows towards it is seen here before a kernel refuses it.
 *
 *	bench verify OBJECT
 *
 * Loads each program alone, attaches none. What the kernel has no place for is
 * told as such.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "../../bpf/shared.h"
#include "bench.h"

#define LOG_SIZE (1 << 20)
#define LOG_STATS 4	/* BPF_LOG_STATS: only the summary */

static char verdict[LOG_SIZE];

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* The most code: what is switched off the verifier never sees. */
static void all_on(struct bpf_object *object)
{
	struct obit_config *cfg;
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, object)
	{
		if (!strstr(bpf_map__name(map), ".rodata"))
			continue;
		cfg = (struct obit_config *)bpf_map__initial_value(map, &size);
		if (!cfg || size < sizeof(*cfg))
			die("verify: %s has no config", bpf_map__name(map));
		cfg->cgroup_v1 = cfg->twins = 1;
		cfg->filter_tgid = cfg->filter_uid = 1;
		cfg->filter_comm = cfg->filter_cgroup = 1;
		cfg->page_shift = 12;
	}
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		die("%s: %s", path, strerror(errno));
	all_on(object);
	return object;
}

static void verify(const char *path, const char *name)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *p;
	const char *at;
	int err;

	bpf_object__for_each_program(p, object)
	{
		bpf_program__set_autoload(p,
					  !strcmp(bpf_program__name(p), name));
		if (bpf_program__autoload(p)) {
			bpf_program__set_log_level(p, LOG_STATS);
			bpf_program__set_log_buf(p, verdict, sizeof(verdict));
		}
	}
	verdict[0] = '\0';
	err = bpf_object__load(object);
	at = strstr(verdict, "processed ");
	if (at)
		printf("{\"program\":\"%s\",\"insns\":%ld,\"loaded\":%s}\n",
		       name, atol(at + 10), err ? "false" : "true");
	else
		printf("{\"program\":\"%s\",\"insns\":null,\"loaded\":false}\n",
		       name);
	bpf_object__close(object);
}

int verify_main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *p;

	if (argc != 2)
		die("verify: which object?");
	libbpf_set_print(quiet);
	object = open_object(argv[1]);
	bpf_object__for_each_program(p, object)
		verify(argv[1], bpf_program__name(p));
	bpf_object__close(object);
	return 0;
}
