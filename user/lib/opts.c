// SPDX-License-Identifier: GPL-2.0-only
/*
 * opts: parsing by typed option tables.
 * Owns the GNU syntax, the values of every kind and the sentences about bad
 * usage. Never prints, never exits; help is opts_help.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "opts.h"
#include "timefmt.h"

/* --- single values ------------------------------------------------------ */

int parse_u64(const char *s, uint64_t *v)
{
	unsigned int base = 10, digit;
	int err = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return -EINVAL;
	for (*v = 0; *s; s++) {
		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if (base == 16 && (*s | 32) >= 'a' && (*s | 32) <= 'f')
			digit = (unsigned int)(*s | 32) - 'a' + 10;
		else
			return -EINVAL;
		if (__builtin_mul_overflow(*v, base, v) ||
		    __builtin_add_overflow(*v, digit, v))
			err = -ERANGE;	/* unless it is no number */
	}
	return err;
}

int parse_size(const char *s, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	size_t n = strspn(s, "0123456789");
	const char *suffix;
	char number[24];
	int err;

	if (n >= sizeof(number))
		return -ERANGE;
	memcpy(number, s, n);
	number[n] = '\0';
	err = parse_u64(number, bytes);
	if (err)
		return err;
	s += n;
	if (!*s)
		return 0;
	suffix = strchr(suffixes, *s & ~32);
	if (!suffix)
		return -EINVAL;
	s++;
	if (*s && strcmp(s, "iB")) /* kB would be 1000, so it is refused */
		return -EINVAL;
	if (__builtin_mul_overflow(*bytes, 1ull << 10 * (suffix - suffixes + 1),
				   bytes))
		return -ERANGE;
	return 0;
}

static bool takes_arg(const struct opt *o)
{
	return o->kind != OPT_K_FLAG && o->kind != OPT_K_COUNT && !o->no_arg;
}

static void add_amount(struct buf *out, const struct opt *o, uint64_t v)
{
	char text[DURATION_MAX];

	if (o->kind == OPT_K_DURATION) {
		duration_format(text, v);
		buf_adds(out, text);
		return;
	}
	buf_addu(out, v);
	if (o->kind == OPT_K_SIZE)
		buf_adds(out, " bytes");
}

static int set_number(const struct opt *o, const char *arg, uint64_t *v,
		      struct buf *why)
{
	uint64_t max = o->max ? o->max : UINT64_MAX;
	int err;

	if (o->kind == OPT_K_U32 || o->kind == OPT_K_COUNT)
		max = max < UINT32_MAX ? max : UINT32_MAX;
	if (o->kind == OPT_K_SIZE)
		err = parse_size(arg, v);
	else if (o->kind == OPT_K_DURATION)
		err = duration_parse(arg, v);
	else
		err = parse_u64(arg, v);
	if (!err && *v >= o->min && *v <= max)
		return 0;

	if (o->kind == OPT_K_SIZE)
		buf_adds(why, "it must be a size such as 512K or 8M");
	else if (o->kind == OPT_K_DURATION)
		buf_adds(why, "it must be a duration such as 20ms, 1s or 2h");
	else
		buf_adds(why, "it must be a whole number");
	if (o->max ||
	    (max < UINT64_MAX && (err == -ERANGE || (!err && *v > max)))) {
		buf_adds(why, " from ");
		add_amount(why, o, o->min);
		buf_adds(why, " to ");
		add_amount(why, o, max);
	} else if (err == -ERANGE) {
		buf_adds(why, ", and this one is too large");
	} else if (o->min) {
		buf_adds(why, ", at least ");
		add_amount(why, o, o->min);
	}
	return -EINVAL;
}

static int set_enum(const struct opt *o, const char *arg, int *field,
		    struct buf *why)
{
	const char *all[64], *near;
	size_t nr = 0;
	const struct opt_name *n;

	for (n = o->names; n->name; n++) {
		if (!strcmp(n->name, arg)) {
			*field = n->value;
			return 0;
		}
		if (nr < sizeof(all) / sizeof(all[0]))
			all[nr++] = n->name;
	}
	near = opts_nearest(arg, all, nr);
	if (near) {
		buf_printf(why, "did you mean %s?", near);
		return -EINVAL;
	}
	buf_adds(why, "it must be ");
	for (n = o->names; n->name; n++) {
		buf_adds(why, n->name);
		if (n[1].name)
			buf_adds(why, n[2].name ? ", " : " or ");
	}
	return -EINVAL;
}

static int set_flag(const char *arg, bool *field, struct buf *why)
{
	static const char *const yes[] = { "1", "yes", "true", "on" };
	static const char *const no[] = { "0", "no", "false", "off", "" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcasecmp(arg, yes[i])) {
			*field = true;
			return 0;
		}
	}
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (!strcasecmp(arg, no[i])) {
			*field = false;
			return 0;
		}
	}
	buf_adds(why, "it must be 1 or 0");
	return -EINVAL;
}

static int add_string(const char *arg, struct opt_strings *list)
{
	const char **v = realloc(list->v, (list->nr + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	v[list->nr++] = arg;
	list->v = v;
	return 0;
}

/* One value into its field. why gets the end of a sentence. */
static int set_value(const struct opt *o, void *base, const char *arg,
		     struct buf *why)
{
	void *field = (char *)base + o->offset;
	uint64_t v;
	int err;

	switch (o->kind) {
	case OPT_K_END:
		break;
	case OPT_K_FLAG:
		return set_flag(arg, field, why);
	case OPT_K_COUNT:
	case OPT_K_U32:
		err = set_number(o, arg, &v, why);
		if (!err)
			*(uint32_t *)field = (uint32_t)v;
		return err;
	case OPT_K_U64:
	case OPT_K_SIZE:
	case OPT_K_DURATION:
		err = set_number(o, arg, &v, why);
		if (!err)
			*(uint64_t *)field = v;
		return err;
	case OPT_K_STRING:
		*(const char **)field = arg;
		return 0;
	case OPT_K_STRINGS:
		return add_string(arg, field);
	case OPT_K_ENUM:
		return set_enum(o, arg, field, why);
	case OPT_K_CALL:
		return o->parse(o, arg, field, why);
	}
	return -EINVAL;
}

/* --- finding an option -------------------------------------------------- */

struct found {
	const struct opt *opt;
	void *base;
	bool negated;
};

static bool find_long(const struct opts_group *groups, const char *name,
		      size_t len, struct found *f)
{
	const struct opts_group *g;
	const struct opt *o;

	for (g = groups; g->title; g++) {
		for (o = g->opts; o->kind != OPT_K_END; o++) {
			f->opt = o;
			f->base = g->base;
			f->negated = false;
			if (strlen(o->name) == len &&
			    !memcmp(o->name, name, len))
				return true;
			f->negated = true;
			if (o->negatable && len > 3 &&
			    !memcmp(name, "no-", 3) &&
			    strlen(o->name) == len - 3 &&
			    !memcmp(o->name, name + 3, len - 3))
				return true;
		}
	}
	return false;
}

static bool find_brief(const struct opts_group *groups, char c, struct found *f)
{
	const struct opts_group *g;
	const struct opt *o;

	for (g = groups; g->title; g++) {
		for (o = g->opts; o->kind != OPT_K_END; o++) {
			if (o->brief == c) {
				f->opt = o;
				f->base = g->base;
				f->negated = false;
				return true;
			}
		}
	}
	return false;
}

static int unknown_long(const struct opts_group *groups, const char *name,
			size_t len, struct buf *err)
{
	const char *all[256], *near;
	const struct opts_group *g;
	const struct opt *o;
	size_t nr = 0;
	char *word;

	for (g = groups; g->title; g++)
		for (o = g->opts; o->kind != OPT_K_END; o++)
			if (!o->hidden && nr < sizeof(all) / sizeof(all[0]))
				all[nr++] = o->name;
	word = strndup(name, len);
	if (!word)
		return -ENOMEM;
	near = opts_nearest(word, all, nr);
	buf_printf(err, "there is no option --%s", word);
	if (near)
		buf_printf(err, "; did you mean --%s?", near);
	free(word);
	return -EINVAL;
}

/* --- the command line --------------------------------------------------- */

/* spelled: how the user wrote it, as `--wait` or `-w`. */
static int apply(const struct found *f, const char *spelled, size_t len,
		 const char *arg, struct buf *err)
{
	struct buf why = BUF_INIT;
	int ret;

	ret = set_value(f->opt, f->base, arg, &why);
	if (ret && ret != -ENOMEM)
		buf_printf(err, "%.*s cannot be \"%s\": %s", (int)len, spelled,
			   arg, buf_str(&why));
	buf_free(&why);
	return ret;
}

static int apply_bare(const struct found *f, struct buf *err)
{
	const struct opt *o = f->opt;
	void *field = (char *)f->base + o->offset;
	struct buf why = BUF_INIT;
	int ret = 0;

	if (o->kind == OPT_K_FLAG) {
		*(bool *)field = !f->negated;
	} else if (o->kind == OPT_K_COUNT) {
		++*(unsigned int *)field;
	} else {
		ret = set_value(o, f->base, o->bare ? o->bare : "", &why);
		if (ret && ret != -ENOMEM)
			buf_printf(err, "--%s: %s", o->name, buf_str(&why));
	}
	buf_free(&why);
	return ret;
}

static int lacks_value(const char *spelled, size_t len, const struct opt *o,
		       struct buf *err)
{
	struct buf syntax = BUF_INIT;

	opt_syntax(o, &syntax);
	buf_printf(err, "%.*s needs a value: %s", (int)len, spelled,
		   buf_str(&syntax));
	buf_free(&syntax);
	return -EINVAL;
}

/* Returns the extra arguments used (0 or 1), or a negative errno. */
static int parse_long(const struct opts_group *groups, const char *word,
		      const char *next, struct buf *err)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct found f;

	if (!find_long(groups, name, len, &f))
		return unknown_long(groups, name, len, err);
	if (!takes_arg(f.opt)) {
		if (!eq)
			return apply_bare(&f, err);
		buf_printf(err, "%.*s takes no value", (int)len + 2, word);
		return -EINVAL;
	}
	if (eq)
		return apply(&f, word, len + 2, eq + 1, err);
	if (f.opt->bare)
		return apply_bare(&f, err);
	if (!next)
		return lacks_value(word, len + 2, f.opt, err);
	return apply(&f, word, len + 2, next, err) ?: 1;
}

/* `-output json`: one dash short, and -o would take "utput" as its value. */
static bool one_dash_short(const struct opts_group *groups, const char *word,
			   struct buf *err)
{
	size_t len = strcspn(word + 1, "=");
	struct found f;

	if (len < 2 || !find_long(groups, word + 1, len, &f))
		return false;
	buf_printf(err, "there is no option %s; did you mean -%s?", word, word);
	return true;
}

static int parse_brief(const struct opts_group *groups, const char *word,
		       const char *next, struct buf *err)
{
	char spelled[2] = "-";
	struct found f;
	const char *p;
	int ret;

	if (one_dash_short(groups, word, err))
		return -EINVAL;
	for (p = word + 1; *p; p++) {
		if (!find_brief(groups, *p, &f)) {
			buf_printf(err, "there is no option -%c", *p);
			return -EINVAL;
		}
		spelled[1] = *p;
		if (takes_arg(f.opt) && p[1])
			return apply(&f, spelled, 2, p + 1, err);
		if (takes_arg(f.opt) && !f.opt->bare) {
			if (!next)
				return lacks_value(spelled, 2, f.opt, err);
			return apply(&f, spelled, 2, next, err) ?: 1;
		}
		ret = apply_bare(&f, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_defaults(const struct opts_group *groups, struct buf *err)
{
	const struct opts_group *g;
	const struct opt *o;
	const char *value;
	struct buf why = BUF_INIT;
	int ret = 0;

	for (g = groups; g->title && !ret; g++) {
		for (o = g->opts; o->kind != OPT_K_END && !ret; o++) {
			if (o->dflt)
				ret = set_value(o, g->base, o->dflt, &why);
			if (ret) /* a mistake in the table itself */
				buf_printf(err,
					   "the default of --%s is bad: %s",
					   o->name, buf_str(&why));
			value = o->env ? getenv(o->env) : NULL;
			if (ret || !value || (!*value && takes_arg(o)))
				continue;
			ret = set_value(o, g->base, value, &why);
			if (ret && ret != -ENOMEM)
				buf_printf(err,
					   "the environment's %s cannot be \"%s\": %s",
					   o->env, value, buf_str(&why));
		}
	}
	buf_free(&why);
	return ret;
}

static bool is_operand(const struct opts_group *groups, const char *word,
		       unsigned int flags)
{
	struct found f;

	if (word[0] != '-' || !word[1])
		return true;
	return (flags & OPTS_NUMBERS) && word[1] >= '0' && word[1] <= '9' &&
	       !find_brief(groups, word[1], &f);
}

int opts_parse(const struct opts_group *groups, int argc, char **argv,
	       unsigned int flags, struct buf *err)
{
	int i, used, kept = 1, nr = 0, ret;
	char **operands = calloc((size_t)argc + 1, sizeof(*operands));

	if (!operands)
		return -ENOMEM;
	ret = set_defaults(groups, err);
	for (i = 1; !ret && i < argc; i++) {
		if (is_operand(groups, argv[i], flags)) {
			if (flags & OPTS_STOP)
				break;
			operands[nr++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			argv[kept++] = argv[i++];
			break;
		}
		if (argv[i][1] == '-')
			used = parse_long(groups, argv[i], argv[i + 1], err);
		else
			used = parse_brief(groups, argv[i], argv[i + 1], err);
		if (used < 0) {
			ret = used;
			break;
		}
		argv[kept++] = argv[i];
		if (used)
			argv[kept++] = argv[++i];
	}
	if (!ret) {
		for (; i < argc; i++)
			operands[nr++] = argv[i];
		memcpy(argv + kept, operands, (size_t)nr * sizeof(*operands));
		ret = kept;
	}
	free(operands);
	return err->err ? err->err : ret;
}

void opts_free(const struct opts_group *groups)
{
	const struct opts_group *g;
	const struct opt *o;

	for (g = groups; g->title; g++) {
		for (o = g->opts; o->kind != OPT_K_END; o++) {
			struct opt_strings *list =
				(void *)((char *)g->base + o->offset);

			if (o->kind != OPT_K_STRINGS)
				continue;
			free(list->v);
			list->v = NULL;
			list->nr = 0;
		}
	}
}
