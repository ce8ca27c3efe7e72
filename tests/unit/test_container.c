// SPDX-License-Identifier: GPL-2.0-only
/*
 * container: cgroup paths as the engines make them, and those of helpers and
 * strangers that look alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/container.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "kubepods-besteffort-pod2f3fa9f1_1d2a_4a7c_9d5e_3f5d3a1c2b4e"

/* clang-format off */
static const struct {
	const char *path, *id;
} rows[] = {
	{ "/docker/" ID, ID },
	{ "/system.slice/docker-" ID ".scope", ID },
	{ "/system.slice/docker-" ID ".scope/init", ID },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container", ID },
	{ "/machine.slice/libpod-" ID ".scope", ID },
	{ "/libpod_parent/libpod-" ID, ID },
	{ "/system.slice/containerd.service/kubepods/burstable/pod2f3fa9f1-1d2a/" ID, ID },
	{ "/kubepods/besteffort/pod2f3fa9f1-1d2a-4a7c-9d5e-3f5d3a1c2b4e/" ID, ID },
	{ "/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/cri-containerd-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/crio-" ID ".scope", ID },
	{ "/kubepods.slice/" POD ".slice:cri-containerd:" ID, ID },
	{ "/default/nerdctl-" ID ".scope", ID },
	{ "/ecs/9781c248-0edd-4cdb-9a93-f63cb662a5d3/" ID, ID },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "web" },
	{ "/machine.slice/machine-web.scope/payload", "web" },
	{ "/machine.slice/machine-my\\x2dbox.scope", "my-box" },
	{ "/lxc.payload.c1/system.slice/cron.service", "c1" },
	{ "/lxc/c1", "c1" },
	{ "/buildkit/x2kz1qv", "x2kz1qv" },
	/* the innermost */
	{ "/docker/" OTHER "/docker/" ID, ID },
	{ "/lxc.payload.c1/docker/" ID, ID },
	/* none */
	{ "/", NULL },
	{ "", NULL },
	{ "/user.slice/user-1000.slice/session-2.scope", NULL },
	{ "/system.slice/cron.service", NULL },
	{ "/kubepods/besteffort/pod2f3fa9f1-1d2a-4a7c-9d5e-3f5d3a1c2b4e", NULL },
	{ "/machine.slice/libpod-conmon-" ID ".scope", NULL },
	{ "/kubepods.slice/crio-conmon-" ID ".scope", NULL },
	{ "/lxc.monitor.c1", NULL },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL },
	{ "/system.slice/docker-0123.scope", NULL },
	{ "/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", NULL },
	{ "/docker/" ID "0", NULL },
	{ "/system.slice/docker.service", NULL },
};
/* clang-format on */

static void test_paths(void **state)
{
	char id[CONTAINER_ID_MAX];
	size_t i, len, want;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		len = container_id(rows[i].path, strlen(rows[i].path), id);
		want = rows[i].id ? strlen(rows[i].id) : 0;
		if (len != want ||
		    memcmp(id, rows[i].id ? rows[i].id : "", want))
			fail_msg("%s: %.*s", rows[i].path, (int)len, id);
	}
}

static void test_long_names(void **state)
{
	char path[300] = "/lxc/", id[CONTAINER_ID_MAX];

	(void)state;
	memset(path + 5, 'x', CONTAINER_ID_MAX);
	assert_int_equal(container_id(path, 5 + CONTAINER_ID_MAX, id),
			 CONTAINER_ID_MAX);
	memset(path + 5, 'x', CONTAINER_ID_MAX + 1);
	assert_int_equal(container_id(path, 6 + CONTAINER_ID_MAX, id), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
