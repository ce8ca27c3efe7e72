/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opts: options as typed tables, from which parsing, --help, the man page and
 * completion derive. Owns the GNU syntax and the sentences about bad usage.
 * Never prints, never exits, never guesses: a unique prefix is refused with a
 * suggestion, for scripts outlive the day a second option shares it.
 *
 *	struct demo { bool fast; uint64_t wait_ns; const char *file; };
 *
 *	static const struct opt demo_opts[] = {
 *		OPT_FLAG('f', "fast", struct demo, fast, .help = "Do not wait."),
 *		OPT_DURATION(0, "wait", struct demo, wait_ns, .dflt = "1s",
 *			     .help = "How long to wait."),
 *		OPT_STRING('F', "file", struct demo, file, .metavar = "PATH",
 *			   .help = "Read from PATH."),
 *		OPT_END
 *	};
 *	static struct demo demo;
 *	static const struct opts_group demo_groups[] = {
 *		{ "Options", demo_opts, &demo },
 *		{ "Filters", filter_options, &demo_filter },
 *		OPTS_GROUP_END
 *	};
 */
#ifndef LIB_OPTS_H
#define LIB_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

enum opt_kind {
	OPT_K_END,
	OPT_K_FLAG,	/* bool; `--no-NAME` too if .negatable */
	OPT_K_COUNT,	/* unsigned int, +1 each time */
	OPT_K_U32,	/* uint32_t, decimal or 0x..., within [min, max] */
	OPT_K_U64,	/* uint64_t */
	OPT_K_SIZE,	/* uint64_t bytes; K M G T are powers of 1024 */
	OPT_K_DURATION,	/* uint64_t ns; `1s` `20ms` (timefmt.h) */
	OPT_K_STRING,	/* const char *, points into argv or the environment */
	OPT_K_STRINGS,	/* struct opt_strings: repeatable */
	OPT_K_ENUM,	/* int, from .names */
	OPT_K_CALL,	/* .parse decides; repeatable */
};

struct opt_name {
	const char *name;	/* NULL ends the list */
	int value;
	const char *help;	/* may be NULL */
};

struct opt_strings {
	const char **v;		/* malloc'ed array of borrowed strings */
	size_t nr;
};

struct opt {
	enum opt_kind kind;
	char brief;		/* short form, or 0 */
	const char *name;	/* long form without dashes, never NULL */
	size_t offset;		/* of the field in the group's base */
	const char *metavar;	/* NULL: by kind (N, SIZE, TIME, a|b|c, ...). The
				 * completion goes by it: kind() of .ci/docs.sh */
	const char *help;	/* whole sentences; wrapped to the terminal */
	const char *env;	/* variable that gives a default, or NULL */
	const char *dflt;	/* parsed before all else, and shown by --help */
	const char *bare;	/* what `--name` without `=VALUE` means; makes the
				 * argument optional, and then only with `=` */
	const struct opt_name *names;	/* OPT_K_ENUM */
	uint64_t min, max;	/* U32 U64 SIZE DURATION; max 0: no limit */
	bool negatable;		/* FLAG: --no-NAME clears it */
	bool hidden;		/* left out of --help */
	/* OPT_K_CALL: field is base + offset; arg is never NULL, "" for a
	 * no_arg option. On error returns negative errno and appends the end of
	 * a sentence to why, as `it must be a signal name`. */
	int (*parse)(const struct opt *o, const char *arg, void *field,
		     struct buf *why);
	bool no_arg;		/* OPT_K_CALL that takes none */
};

struct opts_group {
	const char *title;	/* heading in --help; NULL title ends the list */
	const struct opt *opts;
	void *base;		/* what the offsets are relative to */
};

#define OPTS_GROUP_END { NULL, NULL, NULL }

/* clang-format off */
/* offsetof(), and the build breaks if the field has not the type. */
#define OPT_FIELD(T, f, type)						\
	(offsetof(T, f) + 0 * sizeof(char[				\
	 __builtin_types_compatible_p(__typeof__(((T *)0)->f), type) ? 1 : -1]))

#define OPT_(k, b, n, off, ...) \
	{ .kind = (k), .brief = (b), .name = (n), .offset = (off), __VA_ARGS__ }
#define OPT_END { .kind = OPT_K_END }

#define OPT_FLAG(b, n, T, f, ...) \
	OPT_(OPT_K_FLAG, b, n, OPT_FIELD(T, f, bool), __VA_ARGS__)
#define OPT_COUNT(b, n, T, f, ...) \
	OPT_(OPT_K_COUNT, b, n, OPT_FIELD(T, f, unsigned int), __VA_ARGS__)
#define OPT_U32(b, n, T, f, ...) \
	OPT_(OPT_K_U32, b, n, OPT_FIELD(T, f, uint32_t), __VA_ARGS__)
#define OPT_U64(b, n, T, f, ...) \
	OPT_(OPT_K_U64, b, n, OPT_FIELD(T, f, uint64_t), __VA_ARGS__)
#define OPT_SIZE(b, n, T, f, ...) \
	OPT_(OPT_K_SIZE, b, n, OPT_FIELD(T, f, uint64_t), __VA_ARGS__)
#define OPT_DURATION(b, n, T, f, ...) \
	OPT_(OPT_K_DURATION, b, n, OPT_FIELD(T, f, uint64_t), __VA_ARGS__)
#define OPT_STRING(b, n, T, f, ...) \
	OPT_(OPT_K_STRING, b, n, OPT_FIELD(T, f, const char *), __VA_ARGS__)
#define OPT_STRINGS(b, n, T, f, ...) \
	OPT_(OPT_K_STRINGS, b, n, OPT_FIELD(T, f, struct opt_strings), __VA_ARGS__)
/* f is an enum (its size is int) or an int. */
#define OPT_ENUM(b, n, T, f, ...) \
	OPT_(OPT_K_ENUM, b, n, offsetof(T, f) + 0 * sizeof(char[	\
	     sizeof(((T *)0)->f) == sizeof(int) ? 1 : -1]), __VA_ARGS__)
#define OPT_CALL(b, n, T, f, ...) \
	OPT_(OPT_K_CALL, b, n, offsetof(T, f), __VA_ARGS__)

/* clang-format on */

enum {
	OPTS_STOP = 1 << 0,	/* stop at the first operand (run -- CMD) */
	OPTS_NUMBERS = 1 << 1,	/* -1 is an operand, not an option */
};

/*
 * Sets defaults (dflt, then env), then parses argv[1..argc). Operands are moved
 * behind the options in their order; returns the index of the first (argc if
 * none). On error: -EINVAL (usage) or -ENOMEM, and one sentence without a full
 * stop or newline in err. Later groups never shadow earlier ones: the first
 * table that has the name wins.
 */
int opts_parse(const struct opts_group *groups, int argc, char **argv,
	       unsigned int flags, struct buf *err);

/* Frees what parsing allocated (OPT_K_STRINGS arrays). */
void opts_free(const struct opts_group *groups);

/* Appends every group as --help shows it, wrapped to width columns. */
void opts_help(const struct opts_group *groups, unsigned int width,
	       struct buf *out);

/* How an option is written: `-o, --output FORMAT`; man page and completion. */
void opt_syntax(const struct opt *o, struct buf *out);

/* Every visible option of every group, in order. */
void opts_for_each(const struct opts_group *groups,
		   void (*fn)(const struct opts_group *g, const struct opt *o,
			      void *ctx),
		   void *ctx);

/*
 * The name of `names[0..nr)` nearest to a mistyped word, or NULL if none is
 * near (edit distance with swaps, at most a third of the word; a unique prefix
 * counts as near).
 */
const char *opts_nearest(const char *word, const char *const *names, size_t nr);

/* Appends text wrapped at blanks to `width`, lines after the first indented.
 * col: the column the cursor is in. '\n' in text is kept. */
void opts_wrap(struct buf *out, const char *text, unsigned int indent,
	       unsigned int col, unsigned int width);

/* Parsers of single values, for others: 0, -EINVAL or -ERANGE. */
int parse_u64(const char *s, uint64_t *v);	/* decimal or 0x; no sign */
int parse_size(const char *s, uint64_t *bytes);

#endif
