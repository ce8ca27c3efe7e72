// SPDX-License-Identifier: GPL-2.0-only
/*
 * container: one table row a way to name a container's cgroup.
 * Owns no memory. Never reports a helper of an engine (conmon, a monitor, a
 * virtual machine) as a container.
 */
#include <stdbool.h>
#include <string.h>

#include "core/container.h"

#define HEX_ID 64	/* docker, containerd, CRI-O, podman: a SHA-256 or 32 random bytes */

enum id_kind {
	ID_HEX,		/* exactly 64 hex digits */
	ID_NAME,	/* what a person called it */
};

/*
 * A path component, `prefix` id `suffix`, inside the component `under` if that
 * is not NULL. systemd escapes '-' and others in unit names as \x2d.
 */
struct form {
	const char *under, *prefix, *suffix;
	enum id_kind kind;
	bool escaped;
};

static const struct form forms[] = {
	/* cgroupfs driver of every engine: /docker/ID, /kubepods/.../podUID/ID,
	 * /ecs/TASK/ID, /actions_job/ID, /system.slice/.../ID */
	{ NULL, "", "", ID_HEX, false },
	{ NULL, "docker-", ".scope", ID_HEX, false },
	{ NULL, "cri-containerd-", ".scope", ID_HEX, false },
	{ NULL, "nerdctl-", ".scope", ID_HEX, false },
	{ NULL, "crio-", ".scope", ID_HEX, false },
	{ NULL, "crio-", "", ID_HEX, false },
	{ NULL, "libpod-", ".scope", ID_HEX, false },
	{ NULL, "libpod-", "", ID_HEX, false },
	{ NULL, "libpod-payload-", "", ID_HEX, false },
	/* systemd-nspawn, run by hand and as a service */
	{ "machine.slice", "systemd-nspawn@", ".service", ID_NAME, true },
	{ "machine.slice", "machine-", ".scope", ID_NAME, true },
	/* LXC 4 and LXD; before that /lxc/NAME */
	{ NULL, "lxc.payload.", "", ID_NAME, false },
	{ "lxc", "", "", ID_NAME, false },
	{ "garden", "", "", ID_NAME, false },
	{ "buildkit", "", "", ID_NAME, false },
};

/* Virtual machines that libvirt registers beside containers. */
static const char *const not_containers[] = { "qemu-", "xen-" };

static bool is_hex(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((p[i] >= '0' && p[i] <= '9') ||
		      (p[i] >= 'a' && p[i] <= 'f')))
			return false;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				      -1;
}

static size_t unescape(const char *p, size_t len, char *out)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (p[i] == '\\' && len - i >= 4 && p[i + 1] == 'x' &&
		    hex_digit(p[i + 2]) >= 0 && hex_digit(p[i + 3]) >= 0) {
			out[n++] = (char)(hex_digit(p[i + 2]) << 4 |
					  hex_digit(p[i + 3]));
			i += 3;
		} else {
			out[n++] = p[i];
		}
	}
	return n;
}

static size_t match_name(const struct form *f, const char *p, size_t len,
			 char *out)
{
	size_t i, n;

	if (!len || len > CONTAINER_ID_MAX)
		return 0;
	if (f->escaped) {
		n = unescape(p, len, out);
	} else {
		memcpy(out, p, len);
		n = len;
	}
	for (i = 0; i < sizeof(not_containers) / sizeof(*not_containers); i++) {
		size_t l = strlen(not_containers[i]);

		if (f->escaped && n > l && !memcmp(out, not_containers[i], l))
			return 0;
	}
	return n;
}

static size_t match(const struct form *f, const char *p, size_t len, char *out)
{
	size_t pre = strlen(f->prefix), suf = strlen(f->suffix);

	if (len <= pre + suf || memcmp(p, f->prefix, pre) ||
	    memcmp(p + len - suf, f->suffix, suf))
		return 0;
	p += pre;
	len -= pre + suf;
	if (f->kind == ID_NAME)
		return match_name(f, p, len, out);
	if (len != HEX_ID || !is_hex(p, len))
		return 0;
	memcpy(out, p, len);
	return len;
}

/* containerd with the systemd driver misconfigured: SLICE:cri-containerd:ID. */
static size_t match_colons(const char *p, size_t len, char *out)
{
	if (len < HEX_ID + 2 || p[len - HEX_ID - 1] != ':' ||
	    !memchr(p, ':', len - HEX_ID - 1) ||
	    !is_hex(p + len - HEX_ID, HEX_ID))
		return 0;
	memcpy(out, p + len - HEX_ID, HEX_ID);
	return HEX_ID;
}

static bool same(const char *p, size_t len, const char *s)
{
	return strlen(s) == len && !memcmp(p, s, len);
}

size_t container_id(const char *path, size_t len, char out[CONTAINER_ID_MAX])
{
	const char *part = path, *end = path + len, *slash, *up = NULL;
	size_t n, i, up_len = 0, found = 0;
	char id[CONTAINER_ID_MAX];

	for (; part < end; part = slash + 1) {
		slash = memchr(part, '/', (size_t)(end - part));
		if (!slash)
			slash = end;
		n = match_colons(part, (size_t)(slash - part), id);
		for (i = 0; !n && i < sizeof(forms) / sizeof(*forms); i++)
			if (!forms[i].under ||
			    (up && same(up, up_len, forms[i].under)))
				n = match(&forms[i], part,
					  (size_t)(slash - part), id);
		if (n) {
			memcpy(out, id, n);
			found = n;
		}
		up = part;
		up_len = (size_t)(slash - part);
	}
	return found;
}
