// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what this machine allows, which hook serves each fact, what is
 * missing, and what watching costs here.
 * Owns how all is laid out; the hooks are source/probe's, the fields the field
 * table's, the module and the surroundings have files of their own. Never
 * leaves anything behind.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/common.h"
#include "cmd/doctor.h"
#include "core/text.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/timefmt.h"
#include "lib/tty.h"
#include "lib/utf8.h"
#include "source/probe.h"

static struct doctor {
	int format;		/* enum output_format */
	int tier;		/* enum tier, or TIER_HERE */
	uint64_t measure_ns;
	bool fields;
} doctor;

#define TIER_HERE TIER_NR

/* clang-format off */
static const struct opt_name doctor_tiers[] = {
	{ "auto", TIER_HERE, "the one that `obit trace` takes" },
	{ "tracepoints", TIER_TRACEPOINTS, NULL },
	{ "fentry", TIER_FENTRY, NULL },
	{ "kmod", TIER_KMOD, "the module's" },
	{ NULL, 0, NULL }
};

static const struct opt doctor_opts[] = {
	OPT_ENUM('o', "output", struct doctor, format, .names = output_formats,
		 .dflt = "table",
		 .help = "A report for people, or one JSON object."),
	OPT_ENUM(0, "tier", struct doctor, tier, .names = doctor_tiers,
		 .dflt = "auto", .help = "Tell what the fields are in this tier."),
	OPT_DURATION(0, "measure", struct doctor, measure_ns, .dflt = "500ms",
		     .max = 60000000000,
		     .help = "Run the programs so long, under a load of short "
			     "processes, to tell what they cost; 0: do not. "
			     "At most 1 min."),
	OPT_FLAG(0, "fields", struct doctor, fields,
		 .help = "Also list every field and when it is known."),
	OPT_END
};

static const struct opts_group doctor_groups[] = {
	{ "Options", doctor_opts, &doctor },
	OPTS_GROUP_END
};
/* clang-format on */

static const char *const avail_names[] = {
	[AVAIL_REQUIRED] = "required",
	[AVAIL_WHEN_SEEN] = "when_seen",
	[AVAIL_IMPOSSIBLE] = "impossible",
};

static const char *const state_names[HOOK_STATE_NR] = {
	[HOOK_OK] = "ok",
	[HOOK_ABSENT] = "absent",
	[HOOK_REFUSED] = "refused",
	[HOOK_NOT_TRIED] = "not_tried",
};

/* --- a load to measure under ---------------------------------------------------------- */

extern char **environ;

static void one_fork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Short lives of both kinds: a fork that exits, and a program. */
static void make_load(void *ctx)
{
	char *const argv[] = { (char *)"true", NULL };
	unsigned int i;
	pid_t pid;

	(void)ctx;
	for (i = 0; i < 300; i++)
		one_fork();
	for (i = 0; i < 30; i++)
		if (!posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
			waitpid(pid, NULL, 0);
}

/* --- JSON ------------------------------------------------------------------------------ */

static void json_hook(struct json *j, const struct hook *h)
{
	json_object_begin(j, NULL);
	json_cstr(j, "name", h->name);
	json_cstr(j, "kind", h->kind);
	json_cstr(j, "program", h->program);
	json_cstr(j, "fact", h->fact);
	json_cstr(j, "tier", tier_names[h->tier]);
	json_bool(j, "required", h->required);
	json_cstr(j, "state", state_names[h->state]);
	json_cstr(j, "reason", *h->why ? h->why : NULL);
	if (h->measured) {
		json_u64(j, "runs", h->runs);
		json_u64(j, "run_ns", h->run_ns);
	} else {
		json_nil(j, "runs");
		json_nil(j, "run_ns");
	}
	if (h->measured && h->misses >= 0)
		json_s64(j, "misses", h->misses);
	else
		json_nil(j, "misses");
	json_object_end(j);
}

static void json_field(struct json *j, const struct field *f, enum tier tier)
{
	size_t i;

	json_object_begin(j, NULL);
	json_cstr(j, "key", f->key);
	json_cstr(j, "availability", avail_names[f->avail[tier]]);
	json_cstr(j, "reason", f->why[tier]);
	json_cstr(j, "kernel_note", f->kernel_note);
	json_cstr(j, "otel", f->otel);
	json_cstr(j, "help", f->help);
	json_object_begin(j, "tiers");
	for (i = 0; i < TIER_NR; i++) {
		json_object_begin(j, tier_names[i]);
		json_cstr(j, "availability", avail_names[f->avail[i]]);
		json_cstr(j, "reason", f->why[i]);
		json_object_end(j);
	}
	json_object_end(j);
	json_object_end(j);
}

static void report_json(struct buf *out, const struct utsname *uts,
			const struct checks *cs, const struct probe *p,
			const struct module_state *m, enum tier tier)
{
	const struct field *f;
	struct json j;
	size_t i;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_cstr(&j, "kernel", uts->release);
	json_cstr(&j, "machine", uts->machine);
	json_cstr(&j, "tier", tier_names[tier]);
	json_bool(&j, "usable", p->usable || m->usable);
	json_array_begin(&j, "checks");
	for (i = 0; i < cs->nr; i++) {
		json_object_begin(&j, NULL);
		json_cstr(&j, "name", cs->c[i].name);
		json_bool(&j, "ok", cs->c[i].ok);
		json_cstr(&j, "text", cs->c[i].text);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_array_begin(&j, "hooks");
	for (i = 0; i < p->nr; i++)
		json_hook(&j, &p->hooks[i]);
	json_array_end(&j);
	module_json(&j, m);
	json_array_begin(&j, "fields");
	for (f = obituary_fields; f->key; f++)
		json_field(&j, f, tier);
	json_array_end(&j);
	json_object_end(&j);
	json_newline(&j);
}

/* --- for people ------------------------------------------------------------------------- */

/* Text that wraps under itself, from column `at` on. */
void doctor_wrapped(struct buf *out, const char *text, unsigned int at)
{
	opts_wrap(out, text, at, at, tty_width(STDOUT_FILENO, 100));
	buf_addc(out, '\n');
}

static void report_checks(struct buf *out, const struct checks *cs)
{
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		buf_printf(out, "  %s %-14s ", cs->c[i].ok ? "+" : "-",
			   cs->c[i].name);
		doctor_wrapped(out, cs->c[i].text, 19);
	}
}

#define PLACE_WIDTH 24
#define COST_WIDTH 9
#define FACT_AT (4 + 8 + PLACE_WIDTH + 1 + COST_WIDTH + 2)
#define WHY_AT (4 + 8 + PLACE_WIDTH + 1)

/* Where the text of a hook goes: behind what is there, up to column `at`, or on a
 * line of its own if that leaves it too little. */
#define LEAST_WIDTH 30
#define BELOW_AT 12

static unsigned int text_column(struct buf *out, unsigned int at)
{
	if (tty_width(STDOUT_FILENO, 100) >= at + LEAST_WIDTH)
		return at;
	buf_addc(out, '\n');
	buf_fill(out, ' ', BELOW_AT);
	return BELOW_AT;
}

static void report_cost(struct buf *out, const struct hook *h)
{
	char text[DURATION_MAX] = "";

	if (h->measured && h->runs)
		duration_format(text, h->run_ns / h->runs);
	else if (h->measured)
		snprintf(text, sizeof(text), "not run");
	buf_printf(out, "%*s  ", COST_WIDTH, text);
}

static void report_working(struct buf *out, const struct hook *h)
{
	char text[256];

	report_cost(out, h);
	if (h->misses > 0)
		snprintf(text, sizeof(text), "%s; MISSED %lld of %llu", h->fact,
			 (long long)h->misses,
			 (unsigned long long)h->runs + (uint64_t)h->misses);
	else
		snprintf(text, sizeof(text), "%s", h->fact);
	doctor_wrapped(out, text, text_column(out, FACT_AT));
}

static void report_missing(struct buf *out, const struct hook *h)
{
	unsigned int at = text_column(out, WHY_AT);
	char text[256];

	snprintf(text, sizeof(text), "%s: %s", state_names[h->state],
		 *h->why ? h->why : "no reason given");
	doctor_wrapped(out, text, at);
	buf_printf(out, "%*s", (int)at, "");
	doctor_wrapped(out, h->fact, at);
}

static void report_hooks(struct buf *out, const struct probe *p, bool ok)
{
	const struct hook *h;
	size_t i;

	for (i = 0; i < p->nr; i++) {
		h = &p->hooks[i];
		if ((h->state == HOOK_OK) != ok)
			continue;
		buf_printf(out, "  %s %-7s ",
			   ok	       ? "+" :
			   h->required ? "!" :
					 "-",
			   h->kind);
		text_fit(out, h->name, strlen(h->name), PLACE_WIDTH, true);
		buf_addc(out, ' ');
		if (ok)
			report_working(out, h);
		else
			report_missing(out, h);
	}
}

static bool any_missing(const struct probe *p)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		if (p->hooks[i].state != HOOK_OK)
			return true;
	return false;
}

static void report_total(struct buf *out, const struct probe *p)
{
	uint64_t deaths = 0, ns = 0;
	char text[DURATION_MAX];
	size_t i;

	for (i = 0; i < p->nr; i++) {
		if (!p->hooks[i].measured)
			continue;
		ns += p->hooks[i].run_ns;
		if (!strcmp(p->hooks[i].name, "sched_process_exit"))
			deaths = p->hooks[i].runs;
	}
	if (!deaths)
		return;
	duration_format(text, ns / deaths);
	buf_printf(out,
		   "\nAll of them together took %s for each process or thread that ended\n(%llu did, while measuring; fork, exec and signals included).\n",
		   text, (unsigned long long)deaths);
}

#define FIELD_WIDTH 24
#define HELP_AT (4 + FIELD_WIDTH + 1)

static void report_fields(struct buf *out, enum tier tier)
{
	static const char mark[] = { [AVAIL_REQUIRED] = '+',
				     [AVAIL_WHEN_SEEN] = '~',
				     [AVAIL_IMPOSSIBLE] = '-' };
	const struct field *f;

	buf_printf(out,
		   "\nFields in tier %s (+ always known, ~ where it applies and was seen, - never)\n",
		   tier_names[tier]);
	for (f = obituary_fields; f->key; f++) {
		buf_printf(out, "  %c %-*s", mark[f->avail[tier]], FIELD_WIDTH,
			   f->key);
		if (strlen(f->key) > FIELD_WIDTH)
			buf_printf(out, "\n%*s", HELP_AT, "");
		else
			buf_addc(out, ' ');
		doctor_wrapped(out, f->help, HELP_AT);
		if (f->why[tier] && f->avail[tier] != AVAIL_REQUIRED) {
			buf_printf(out, "%*s", HELP_AT, "");
			doctor_wrapped(out, f->why[tier], HELP_AT);
		}
	}
}

static const char *verdict(const struct probe *p, const struct module_state *m)
{
	if (p->usable && m->usable)
		return "obit can watch this machine, by BPF, by the module, or by both.";
	if (p->usable)
		return "obit can watch this machine.";
	if (m->usable)
		return "obit can watch this machine by its module; by BPF it can not.";
	if (!p->nr)
		return "The hooks could not be tried.";
	return "obit can not watch this machine: a required hook (!) is missing.";
}

static void report_text(struct buf *out, const struct utsname *uts,
			const struct checks *cs, const struct probe *p,
			const struct module_state *m, enum tier tier)
{
	char head[96];

	buf_printf(out, "Linux %s, %s\n", uts->release, uts->machine);
	report_checks(out, cs);
	if (p->nr) {
		snprintf(head, sizeof(head),
			 "Hooks that work here (tier %s), and what a run costs",
			 tier_names[p->tier]);
		buf_addc(out, '\n');
		doctor_wrapped(out, head, 0);
		report_hooks(out, p, true);
		if (any_missing(p)) {
			buf_adds(out, "\nHooks that do not\n");
			report_hooks(out, p, false);
		}
		report_total(out, p);
	}
	module_text(out, m);
	if (doctor.fields)
		report_fields(out, tier);
	buf_printf(out, "\n%s\n", verdict(p, m));
}

static int doctor_run(int argc, char **argv)
{
	struct probe p = { .tier = TIER_TRACEPOINTS };
	static struct module_state module;
	struct checks cs = { .nr = 0 };
	struct buf out = BUF_INIT;
	struct utsname uts;
	int err, write_err;
	enum tier tier;

	(void)argc;
	(void)argv;
	uname(&uts);
	/* What can be told without a probe is told without it. */
	err = probe_hooks(doctor.measure_ns, make_load, NULL, &p);
	module_look(&module, doctor.measure_ns ? make_load : NULL, NULL);
	check_all(&cs, &module.dev);
	tier = doctor.tier != TIER_HERE	    ? (enum tier)doctor.tier :
	       p.usable || !module.usable ? p.tier :
					    TIER_KMOD;
	if (doctor.format == OUTPUT_JSON)
		report_json(&out, &uts, &cs, &p, &module, tier);
	else
		report_text(&out, &uts, &cs, &p, &module, tier);
	write_err = out_flush(STDOUT_FILENO, &out);
	if (write_err)
		log_error("cannot write to standard output: %s",
			  out_why(write_err));
	buf_free(&out);
	if (!p.usable && module.usable)
		err = 0;
	else if (!err && !p.usable)
		err = -EOPNOTSUPP;
	return cmd_exit_status(write_err ? write_err : err);
}

static const char *const doctor_examples[] = {
	"sudo obit doctor",
	"Can this machine be watched, and what would be missing?",
	"sudo obit doctor --fields --tier tracepoints",
	"What each field means, and why it can be null without fentry.",
	"sudo obit doctor -o json | jq '.hooks[] | select(.state != \"ok\")'",
	"What did not load, for a bug report.",
	NULL
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "tell what this kernel allows and what watching costs",
	.about = "Tries every hook, runs all that work for a moment under a "
		 "load of short processes, and tells which place in the kernel "
		 "serves which fact, what is missing and why, and what a "
		 "record costs here.\n"
		 "Ends with 0 if the machine can be watched, 69 if not, 77 "
		 "without the privilege to try.",
	.examples = doctor_examples,
	.groups = doctor_groups,
	.max_operands = 0,
	.run = doctor_run,
};
