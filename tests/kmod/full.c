// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that takes no more programs: any can be loaded for it, none can be
 * attached. With empty programs of our own, until the kernel has enough.
 */
#include <errno.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "ktest.h"

#define PROGRAMS_MAX 64		/* BPF_MAX_TRAMP_LINKS: 38 (5.10: 40 at most) */

int fill_function(const char *function)
{
	const struct bpf_insn empty[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_TRACE_FENTRY);
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) :
		       -errno;

	btf__free(btf);
	if (id < 0)
		return id;
	opts.attach_btf_id = id;
	for (int i = 0; i < PROGRAMS_MAX; i++) {
		int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "full", "GPL",
				       empty, ARRAY_SIZE(empty), &opts);
		int link = fd < 0 ? fd : bpf_raw_tracepoint_open(NULL, fd);

		/* what is attached stays open, and goes with the case */
		if (fd >= 0)
			close(fd);
		if (link < 0)
			return link == -E2BIG ? i : link;
	}
	return -EOVERFLOW;
}
