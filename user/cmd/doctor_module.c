// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_module: obit.ko as it stands: version, ring, readers, losses, hooks.
 * Owns the moment in which its hooks are armed to see which of them this kernel
 * gives. Never reads a record, never loads or unloads the module.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "cmd/doctor.h"
#include "core/text.h"

static const char *const state_names[] = {
	[OBIT_HOOK_IDLE] = "idle",	 [OBIT_HOOK_ARMED] = "armed",
	[OBIT_HOOK_ABSENT] = "absent",	 [OBIT_HOOK_REFUSED] = "refused",
	[OBIT_HOOK_SKIPPED] = "skipped", [OBIT_HOOK_UNNEEDED] = "unneeded",
};

static const char *const kind_names[] = {
	[OBIT_HOOK_TRACEPOINT] = "tracept",
	[OBIT_HOOK_FTRACE] = "entry",
	[OBIT_HOOK_KRETPROBE] = "return",
};

static const char *const kinds[OBIT_LOST_KIND_NR] = {
	[OBIT_LOST_OBITUARY] = "obituary",
	[OBIT_LOST_CONTEXT] = "context",
	[OBIT_LOST_SIGNAL] = "signal",
};

static const char *const device_names[] = {
	[KDEV_OK] = "loaded",		     [KDEV_NOT_LOADED] = "not_loaded",
	[KDEV_NO_DEVICE] = "no_device",	     [KDEV_NO_PRIVILEGE] = "no_privilege",
	[KDEV_OTHER_ABI] = "other_abi",	     [KDEV_FAILED] = "failed",
};

#define NAME(names, i) \
	((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : "?")

/* --- looking ---------------------------------------------------------------------- */

/* It is asked for nothing but to watch: what it wrote is dropped at the end. */
static int arm(struct module_state *m)
{
	struct obit_dev_start st = {
		.version = OBIT_ABI_VERSION,
		.flags = OBIT_START_TIMED,
	};

	return ioctl(m->dev.fd, OBIT_IOC_START, &st) ? -errno : 0;
}

static void take_state(struct module_state *m)
{
	if (ioctl(m->dev.fd, OBIT_IOC_INFO, &m->info))
		m->info = m->dev.info;
	kdev_hooks(&m->dev, &m->hooks);
}

void module_look(struct module_state *m, void (*load)(void *ctx), void *ctx)
{
	int err;

	memset(m, 0, sizeof(*m));
	err = kdev_open(&m->dev);
	if (err)
		kdev_why(&m->dev, m->why, sizeof(m->why));
	if (m->dev.fd < 0)
		return;
	if (err || m->dev.info.readers) {
		m->usable = !err;
	} else {
		err = arm(m);
		m->tried = m->usable = !err;
		if (err == -ENODEV)
			snprintf(m->why, sizeof(m->why),
				 "a required hook is missing");
		else if (err)
			snprintf(m->why, sizeof(m->why),
				 "it cannot be started: %s", strerror(-err));
		if (!err && load)
			load(ctx);
	}
	take_state(m);
	/* As the others left it: our own reading is nobody's business. */
	if (m->tried) {
		m->info.readers--;
		m->info.unread_bytes = 0;
		m->info.flags &= ~OBIT_INFO_RECORDING;
	}
	kdev_close(&m->dev);
}

/* --- for people -------------------------------------------------------------------- */

static void add_bytes(struct buf *out, uint64_t bytes)
{
	if (bytes >= 1 << 20 && !(bytes & ((1 << 20) - 1)))
		buf_printf(out, "%llu MiB", (unsigned long long)(bytes >> 20));
	else
		buf_printf(out, "%llu KiB", (unsigned long long)(bytes >> 10));
}

static void text_ring(struct buf *out, const struct obit_dev_info *i)
{
	buf_adds(out, "  ring     ");
	add_bytes(out, i->ring_bytes);
	buf_adds(out, ", of which ");
	add_bytes(out, i->unread_bytes);
	buf_printf(out, " wait to be read; %llu records since it was loaded\n",
		   (unsigned long long)i->seq);
	buf_printf(out, "  readers  %u%s", i->readers,
		   i->flags & OBIT_INFO_RECORDING ? ", recording" : "");
	if (i->flags & OBIT_INFO_KEEPING)
		buf_printf(out,
			   "; it records for one that is to come back within %u s",
			   i->linger_s);
	buf_addc(out, '\n');
}

static void text_losses(struct buf *out, const struct obit_dev_info *i)
{
	unsigned int kind, reason;

	buf_printf(out, "  lost     %llu", (unsigned long long)i->lost_total);
	for (kind = 0; kind < OBIT_LOST_KIND_NR; kind++) {
		uint64_t n = 0;

		for (reason = 0; reason < OBIT_LOST_REASON_NR; reason++)
			n += i->lost[kind][reason];
		if (n)
			buf_printf(out, ", %llu of kind %s",
				   (unsigned long long)n, kinds[kind]);
	}
	buf_printf(out, "; %llu times a probe could not run\n",
		   (unsigned long long)i->missed);
	buf_printf(out,
		   "  lossless %s; %llu exits have waited, %llu of them in vain, %u wait now\n",
		   i->flags & OBIT_INFO_LOSSLESS ? "on" : "off",
		   (unsigned long long)i->waits,
		   (unsigned long long)i->timeouts, i->waiting);
}

#define PLACE_WIDTH 24
#define FACT_AT (4 + 8 + PLACE_WIDTH + 1)

static void text_hook(struct buf *out, const struct module_state *m,
		      const struct obit_dev_hook *h)
{
	bool works = h->state == OBIT_HOOK_ARMED || h->state == OBIT_HOOK_IDLE;
	char text[256];

	buf_printf(out, "  %s %-7s ",
		   works	    ? "+" :
		   kdev_is_served(&m->hooks, h) ? "." :
		   h->required	    ? "!" :
						  "-",
		   NAME(kind_names, h->kind));
	text_fit(out, h->place, strnlen(h->place, sizeof(h->place)),
		 PLACE_WIDTH, true);
	buf_addc(out, ' ');
	if (works && h->missed)
		snprintf(text, sizeof(text), "%.79s; MISSED %llu", h->fact,
			 (unsigned long long)h->missed);
	else if (works)
		snprintf(text, sizeof(text), "%.79s%s", h->fact,
			 h->state == OBIT_HOOK_IDLE ? " (not armed now)" : "");
	else
		snprintf(text, sizeof(text), "%s%s%s: %.79s",
			 NAME(state_names, h->state), h->err ? ", " : "",
			 h->err ? strerror(-h->err) : "", h->fact);
	doctor_wrapped(out, text, FACT_AT);
}

void module_text(struct buf *out, const struct module_state *m)
{
	size_t i;

	if (m->dev.state != KDEV_OK && m->dev.state != KDEV_OTHER_ABI)
		return;
	buf_printf(out, "\nThe module obit.ko %.31s, event ABI %u%s%s\n",
		   m->info.release, m->info.version, m->why[0] ? ": " : "",
		   m->why);
	text_ring(out, &m->info);
	text_losses(out, &m->info);
	buf_printf(out,
		   "\nIts hooks%s (+ works, . another name of the place does, - is missing)\n",
		   m->tried ? ", armed for a moment" : "");
	for (i = 0; i < m->hooks.nr; i++)
		text_hook(out, m, &m->hooks.hook[i]);
}

/* --- JSON -------------------------------------------------------------------------- */

static void json_lost(struct json *j, const struct obit_dev_info *i)
{
	static const char *const reasons[OBIT_LOST_REASON_NR] = {
		[OBIT_LOST_RING_FULL] = "ring_full",
		[OBIT_LOST_MAP_FULL] = "map_full",
		[OBIT_LOST_MISSED] = "missed",
		[OBIT_LOST_OVERSIZE] = "oversize",
	};
	unsigned int kind, reason;

	json_object_begin(j, "lost");
	for (kind = 0; kind < OBIT_LOST_KIND_NR; kind++) {
		json_object_begin(j, kinds[kind]);
		for (reason = 0; reason < OBIT_LOST_REASON_NR; reason++)
			json_u64(j, reasons[reason], i->lost[kind][reason]);
		json_object_end(j);
	}
	json_object_end(j);
}

static void json_info(struct json *j, const struct obit_dev_info *i)
{
	json_str(j, "version", i->release,
		 strnlen(i->release, sizeof(i->release)));
	json_u64(j, "abi", i->version);
	json_u64(j, "abi_compat", i->compat);
	json_bool(j, "recording", i->flags & OBIT_INFO_RECORDING);
	json_bool(j, "keeping", i->flags & OBIT_INFO_KEEPING);
	json_bool(j, "lossless", i->flags & OBIT_INFO_LOSSLESS);
	json_u64(j, "linger_s", i->linger_s);
	json_u64(j, "readers", i->readers);
	json_u64(j, "ring_bytes", i->ring_bytes);
	json_u64(j, "unread_bytes", i->unread_bytes);
	json_u64(j, "records", i->seq);
	json_u64(j, "lost_total", i->lost_total);
	json_lost(j, i);
	json_u64(j, "missed", i->missed);
	json_u64(j, "waits", i->waits);
	json_u64(j, "timeouts", i->timeouts);
	json_u64(j, "waiting", i->waiting);
	json_u64(j, "processes", i->procs);
}

static void json_module_hook(struct json *j, const struct obit_dev_hook *h)
{
	json_object_begin(j, NULL);
	json_str(j, "name", h->place, strnlen(h->place, sizeof(h->place)));
	json_cstr(j, "kind", NAME(kind_names, h->kind));
	json_str(j, "fact", h->fact, strnlen(h->fact, sizeof(h->fact)));
	json_bool(j, "required", h->required);
	json_cstr(j, "state", NAME(state_names, h->state));
	json_cstr(j, "reason", h->err ? strerror(-h->err) : NULL);
	json_u64(j, "missed", h->missed);
	json_object_end(j);
}

void module_json(struct json *j, const struct module_state *m)
{
	size_t i;

	json_object_begin(j, "module");
	json_cstr(j, "state", NAME(device_names, m->dev.state));
	json_bool(j, "usable", m->usable);
	json_cstr(j, "reason", m->why[0] ? m->why : NULL);
	if (m->dev.state == KDEV_OK || m->dev.state == KDEV_OTHER_ABI) {
		json_info(j, &m->info);
		json_bool(j, "tried", m->tried);
		json_array_begin(j, "hooks");
		for (i = 0; i < m->hooks.nr; i++)
			json_module_hook(j, &m->hooks.hook[i]);
		json_array_end(j);
	}
	json_object_end(j);
}
