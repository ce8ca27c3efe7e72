// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain: what 137, 0x8b, 256, -1, EX_CONFIG or SIGTERM means.
 * Owns how the readings (core/reading.h) are written. Needs no privilege, asks
 * the kernel nothing.
 */
#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd.h"
#include "core/reading.h"
#include "core/status.h"
#include "core/text.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"

enum output { OUTPUT_TABLE, OUTPUT_JSON };

/* clang-format off */
static const struct opt_name output_names[] = {
	{ "table", OUTPUT_TABLE, "sentences for people" },
	{ "json", OUTPUT_JSON, "one JSON object a status" },
	{ NULL, 0, NULL }
};

static struct explain_opts {
	int output;
} opts;

static const struct opt explain_options[] = {
	OPT_ENUM('o', "output", struct explain_opts, output, .dflt = "table",
		 .names = output_names, .help = "How to write the answer."),
	OPT_END
};

static const struct opts_group groups[] = {
	{ "Options", explain_options, &opts },
	OPTS_GROUP_END
};
/* clang-format on */

static void complain(const char *word, int err)
{
	const char *near;

	if (err == -ENOMEM) {
		log_error("out of memory");
		return;
	}
	if (err == -ERANGE) {
		log_error("%s is no status: one has 32 bits at most", word);
		return;
	}
	near = reading_nearest(word);
	if (near)
		log_error("\"%s\" is neither a status nor a signal; did you mean %s?",
			  word, near);
	else
		log_error("\"%s\" is neither a number, a signal, nor a name of sysexits.h",
			  word);
}

/* --- output ------------------------------------------------------------- */

static void write_table(struct buf *out, const char *word, struct readings *all)
{
	unsigned int width = tty_width(STDOUT_FILENO, 80);
	struct reading *r;
	size_t i;

	text_escape(out, word, strlen(word));
	buf_addc(out, '\n');
	for (i = 0; i < all->nr; i++) {
		r = &all->r[i];
		buf_addc(&r->says, '.');
		buf_printf(out, "  %s: ", reading_title(r));
		opts_wrap(out, buf_str(&r->says), 6,
			  (unsigned int)strlen(reading_title(r)) + 4, width);
		buf_addc(out, '\n');
		if (!r->note.len)
			continue;
		buf_fill(out, ' ', 6);
		opts_wrap(out, buf_str(&r->note), 6, 6, width);
		buf_addc(out, '\n');
	}
}

static void write_reading(struct json *j, const struct reading *r)
{
	json_object_begin(j, NULL);
	json_cstr(j, "as", reading_key(r));
	json_str(j, "says", r->says.p, r->says.len);
	if (r->note.len)
		json_str(j, "note", r->note.p, r->note.len);
	else
		json_nil(j, "note");
	if (r->exit_status >= 0)
		json_u64(j, "exit_status", (uint64_t)r->exit_status);
	else
		json_nil(j, "exit_status");
	json_cstr(j, "meaning",
		  r->exit_status >= 0 ? status_meaning(r->exit_status) : NULL);
	json_cstr(j, "signal", signal_name(r->signal));
	json_bool(j, "core_dumped", r->core_dumped);
	json_bool(j, "truncated", r->truncated);
	json_object_end(j);
}

static void write_json(struct buf *out, const char *word,
		       const struct readings *all)
{
	struct json j;
	size_t i;

	json_init(&j, out);
	json_object_begin(&j, NULL);
	json_bytes(&j, "status", word, strlen(word));
	json_array_begin(&j, "readings");
	for (i = 0; i < all->nr; i++)
		write_reading(&j, &all->r[i]);
	json_array_end(&j);
	json_object_end(&j);
	json_newline(&j);
}

static int run(int argc, char **argv)
{
	struct readings all = { .nr = 0 };
	struct buf out = BUF_INIT;
	int i, err, status = EX_OK;

	for (i = 0; i < argc; i++) {
		err = readings_find(&all, argv[i]);
		if (err) {
			complain(argv[i], err);
			status =
				cmd_exit_status(err == -ERANGE ? -EINVAL : err);
		} else if (opts.output == OUTPUT_JSON) {
			write_json(&out, argv[i], &all);
		} else {
			if (out.len)
				buf_addc(&out, '\n');
			write_table(&out, argv[i], &all);
		}
		readings_free(&all);
	}
	err = out_flush(STDOUT_FILENO, &out);
	if (err) {
		log_error("cannot write to standard output: %s", out_why(err));
		status = cmd_exit_status(err);
	}
	buf_free(&out);
	return status;
}

/* clang-format off */
static const char *const examples[] = {
	"obit explain 137", "A shell's $?, as logs and containers show it.",
	"obit explain 0x8b EX_CONFIG SIGTERM",
	"A raw wait status, a name of sysexits.h, a signal.",
	"obit explain -1 256", "Arguments of exit(), and what becomes of them.",
	NULL
};
/* clang-format on */

const struct cmd cmd_explain = {
	.name = "explain",
	.summary = "say what an exit status or a signal means",
	.operands = "STATUS...",
	.about = "Tells every reading of a STATUS that makes sense, the most "
		 "likely first. A STATUS is a number (decimal or 0x...), the "
		 "name of a signal (SIGTERM, term, RTMIN+3), a name of "
		 "sysexits.h (EX_CONFIG), or what systemctl prints (203/EXEC). "
		 "Needs no privilege.",
	.examples = examples,
	.groups = groups,
	.opts_flags = OPTS_NUMBERS,
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
