// SPDX-License-Identifier: GPL-2.0-only
/*
 * main: the command table and the global options.
 * Owns which command runs and what --help says. Never does a command's work.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "lib/log.h"
#include "lib/out.h"
#include "lib/tty.h"

#ifndef OBIT_VERSION
#define OBIT_VERSION "0.1.0"
#endif

/* The first is what `obit` alone means. A new command is one row. */
/* clang-format off */
static const struct cmd *const commands[] = {
	&cmd_trace,
	&cmd_run,
	&cmd_wait,
	&cmd_profile,
	&cmd_zombies,
	&cmd_pdeath,
	&cmd_explain,
	&cmd_doctor,
};
/* clang-format on */

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static struct global {
	bool help;
	bool version;
	unsigned int verbose;
} global;

/* clang-format off */
static const struct opt global_opts[] = {
	OPT_FLAG('h', "help", struct global, help, .help = "Show this help."),
	OPT_FLAG('V', "version", struct global, version,
		 .help = "Show the version."),
	OPT_COUNT('v', "verbose", struct global, verbose,
		  .help = "Say more on standard error; twice, also what "
			  "libraries say."),
	OPT_END
};

static const struct opts_group global_groups[] = {
	{ "Global options", global_opts, &global },
	OPTS_GROUP_END
};
/* clang-format on */

static int print(struct buf *out)
{
	int err = out_flush(STDOUT_FILENO, out);

	if (err)
		log_error("cannot write to standard output: %s", out_why(err));
	buf_free(out);
	return cmd_exit_status(err);
}

static unsigned int help_width(void)
{
	unsigned int width = tty_width(STDOUT_FILENO, 80);

	return width > 100 ? 100 : width;
}

static int print_version(void)
{
	struct buf out = BUF_INIT;

	buf_adds(&out, "obit " OBIT_VERSION "\n");
	return print(&out);
}

static void add_example(struct buf *out, const char *line, const char *does)
{
	buf_printf(out, "  %s\n        %s\n", line, does);
}

/* Those of <sysexits.h> that obit uses; cmd_exit_status() chooses. */
static const char *const statuses[][2] = {
	{ "0", "all is well; also after Ctrl-C and SIGTERM" },
	{ "64", "the command line makes no sense" },
	{ "65, 66", "a recording is damaged, or not there" },
	{ "69", "this kernel or machine can not do it (obit doctor)" },
	{ "70, 71", "obit has failed; there is no memory" },
	{ "74", "what was to be written could not be" },
	{ "77", "it needs more privilege" },
	{ "others", "run, wait, profile: the command's; zombies: see there" },
};

static int print_overview(void)
{
	unsigned int width = help_width();
	struct buf out = BUF_INIT;
	size_t i;

	buf_adds(&out, "Usage: obit [COMMAND] [OPTION...]\n\n");
	opts_wrap(&out,
		  "Writes the obituary of every process on this machine: "
		  "what status it left, why it died, who killed it and what "
		  "became of it.",
		  0, 0, width);
	buf_adds(&out, "\n\nCommands (`obit COMMAND --help` tells more):\n");
	for (i = 0; i < NR_COMMANDS; i++)
		buf_printf(&out, "  %-10s %s%s\n", commands[i]->name,
			   commands[i]->summary, i ? "" : " (the default)");
	buf_addc(&out, '\n');
	opts_help(global_groups, width, &out);
	buf_adds(&out, "\nExit status:\n");
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		buf_printf(&out, "  %-10s %s\n", statuses[i][0],
			   statuses[i][1]);
	buf_adds(&out, "\nExamples:\n");
	add_example(&out, "sudo obit", "Watch every death of the machine.");
	add_example(&out, "obit explain 137", "What does this status mean?");
	return print(&out);
}

static void add_usage(struct buf *out, const struct cmd *cmd)
{
	buf_printf(out, "Usage: obit %s", cmd->name);
	buf_adds(out, " [OPTION...]");
	if (cmd->operands)
		buf_printf(out, " %s", cmd->operands);
	buf_addc(out, '\n');
}

static int print_help(const struct cmd *cmd, const struct opts_group *groups)
{
	unsigned int width = help_width();
	struct buf out = BUF_INIT;
	const char *const *e;

	add_usage(&out, cmd);
	buf_addc(&out, '\n');
	opts_wrap(&out, cmd->about ? cmd->about : cmd->summary, 0, 0, width);
	buf_adds(&out, "\n\n");
	opts_help(groups, width, &out);
	if (cmd->examples) {
		buf_adds(&out, "\nExamples:\n");
		for (e = cmd->examples; *e; e += 2)
			add_example(&out, e[0], e[1]);
	}
	return print(&out);
}

static const struct cmd *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *names[NR_COMMANDS], *near;
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		names[i] = commands[i]->name;
	near = opts_nearest(word, names, NR_COMMANDS);
	if (near)
		log_error("there is no command \"%s\"; did you mean \"%s\"?",
			  word, near);
	else if (word[0] >= '0' && word[0] <= '9')
		log_error("there is no command \"%s\"; did you mean \"obit explain %s\"?",
			  word, word);
	else
		log_error("there is no command \"%s\"; `obit --help` lists them",
			  word);
	return EX_USAGE;
}

/* Its own groups, then the global ones. */
#define MAX_GROUPS 12

static int all_groups(const struct cmd *cmd, struct opts_group *all)
{
	const struct opts_group *g = cmd->groups;
	size_t nr = 0;

	for (; g && g->title; g++) {
		if (nr + 2 >= MAX_GROUPS)
			return -E2BIG;
		all[nr++] = *g;
	}
	all[nr++] = global_groups[0];
	memset(&all[nr], 0, sizeof(all[nr]));
	return 0;
}

static bool is_spelled(const struct opt *o, const char *word)
{
	if (word[0] != '-')
		return false;
	if (word[1] == '-')
		return !strcmp(word + 2, o->name);
	return o->brief && word[1] == o->brief && !word[2];
}

/* The option of this line that has a value of its own unless one is joined to it
 * by `=`: what stands behind it was meant so. */
static const struct opt *with_joined_value(const struct opts_group *groups,
					   char **options, int nr)
{
	const struct opts_group *g;
	const struct opt *o;
	int i;

	for (i = 0; i < nr; i++)
		for (g = groups; g->title; g++)
			for (o = g->opts; o->kind != OPT_K_END; o++)
				if (o->bare && is_spelled(o, options[i]))
					return o;
	return NULL;
}

/* argv: options up to `first`, then operands up to argc. */
static int check_operands(const struct cmd *cmd,
			  const struct opts_group *groups, int argc,
			  char **argv, int first)
{
	int nr = argc - first;
	bool many = cmd->max_operands >= 0 && nr > cmd->max_operands;
	const struct opt *o;

	if (nr >= cmd->min_operands && !many)
		return 0;
	o = many ? with_joined_value(groups, argv + 1, first - 1) : NULL;
	if (o)
		log_error("obit %s takes options only, and \"%s\" is none; did you mean --%s=%s?",
			  cmd->name, argv[first], o->name, argv[first]);
	else if (many && !cmd->max_operands)
		log_error("obit %s takes options only, and \"%s\" is none",
			  cmd->name, argv[first]);
	else
		log_error("obit %s needs %s: obit %s %s", cmd->name,
			  many ? "fewer words" : "more words", cmd->name,
			  cmd->operands ? cmd->operands : "");
	return -EINVAL;
}

/* Of a line that makes no sense: is the status somebody else's? */
static int usage_failure(const struct cmd *cmd, int argc, char **argv, int err)
{
	bool others = cmd->min_operands > 0;
	int i;

	for (i = 1; i < argc && !others; i++)
		others = !strcmp(argv[i], "--");
	return cmd->own_failure && others ? cmd->own_failure :
					    cmd_exit_status(err);
}

/* argv[0] is the command's name, the rest its arguments. */
static int run_command(const struct cmd *cmd, int argc, char **argv)
{
	struct opts_group groups[MAX_GROUPS];
	struct buf err = BUF_INIT;
	int first, ret;

	if (all_groups(cmd, groups)) {
		log_error("obit %s has too many groups of options", cmd->name);
		return EX_SOFTWARE;
	}
	first = opts_parse(groups, argc, argv, cmd->opts_flags, &err);
	if (global.help) {
		ret = print_help(cmd, groups);
	} else if (global.version) {
		ret = print_version();
	} else if (first < 0) {
		log_error("%s",
			  first == -ENOMEM ? "out of memory" : buf_str(&err));
		ret = usage_failure(cmd, argc, argv, first);
	} else {
		log_set_level(LOG_LVL_WARN +
			      (global.verbose < 2 ? global.verbose : 2));
		ret = check_operands(cmd, groups, argc, argv, first);
		if (ret)
			ret = usage_failure(cmd, argc, argv, ret);
		else
			ret = cmd->run(argc - first, argv + first);
	}
	opts_free(groups);
	buf_free(&err);
	return ret;
}

/* An option that means the same before the command's name. */
static bool take_global(const char *word)
{
	if (!strcmp(word, "-h") || !strcmp(word, "--help"))
		global.help = true;
	else if (!strcmp(word, "-V") || !strcmp(word, "--version"))
		global.version = true;
	else if (!strcmp(word, "-v") || !strcmp(word, "--verbose"))
		global.verbose++;
	else if (!strcmp(word, "-vv"))
		global.verbose += 2;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	const struct cmd *cmd;
	int i = 1;

	log_set_prefix("obit");
	out_init();
	while (i < argc && take_global(argv[i]))
		i++;
	if (global.version && i == argc)
		return print_version();
	if (global.help && i == argc)
		return print_overview();

	/* Only options left, or nothing: the default command's. */
	if (i == argc || argv[i][0] == '-')
		return run_command(commands[0], argc - i + 1, argv + i - 1);
	if (!strcmp(argv[i], "help")) {
		global.help = true;
		if (++i == argc)
			return print_overview();
	}
	cmd = find_command(argv[i]);
	if (!cmd)
		return unknown_command(argv[i]);
	return run_command(cmd, argc - i, argv + i);
}
