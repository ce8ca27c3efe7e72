// SPDX-License-Identifier: GPL-2.0-only
/*
 * log: one clear sentence on stderr.
 * Owns the level, the prefix and the escaping of what a message quotes.
 * Never writes to stdout, never ends the process.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>
#include "buf.h"
#include "log.h"
#include "out.h"
#include "utf8.h"

static enum log_level current = LOG_LVL_WARN;
static const char *log_prefix = "";
static void (*line_writer)(const char *line, void *ctx);
static void *writer_ctx;
static struct buf *held_errors;

void log_set_prefix(const char *prefix)
{
	log_prefix = prefix;
}

void log_set_level(enum log_level level)
{
	current = level;
}

enum log_level log_get_level(void)
{
	return current;
}

void log_set_writer(void (*write_line)(const char *line, void *ctx), void *ctx)
{
	line_writer = write_line;
	writer_ctx = ctx;
}

void log_hold_errors(struct buf *held)
{
	held_errors = held;
}

/* A message is one line: a comm with a newline must not forge a second. */
static void add_safe(struct buf *out, const char *p, size_t len)
{
	uint32_t cp;
	int n, i, used;

	for (; len; p += used, len -= (size_t)used) {
		n = utf8_decode(p, len, &cp);
		used = n < 0 ? -n : n;
		if (n > 0 && utf8_cp_printable(cp)) {
			buf_add(out, p, (size_t)n);
			continue;
		}
		for (i = 0; i < used; i++)
			buf_printf(out, "\\x%02x", (unsigned char)p[i]);
	}
}

void log_vmsg(enum log_level level, const char *fmt, va_list ap)
{
	struct buf text = BUF_INIT, line = BUF_INIT;
	int saved = errno;

	if (level > current)
		return;
	if (held_errors && level == LOG_LVL_ERROR) {
		if (held_errors->len)
			buf_adds(held_errors, "; ");
		buf_vprintf(held_errors, fmt, ap);
		return;
	}
	buf_vprintf(&text, fmt, ap);
	while (text.len && text.p[text.len - 1] == '\n')
		text.len--;
	if (*log_prefix) {
		buf_adds(&line, log_prefix);
		buf_adds(&line, ": ");
	}
	add_safe(&line, text.p, text.len);
	if (line_writer) {
		line_writer(buf_str(&line), writer_ctx);
	} else {
		buf_addc(&line, '\n');
		/* Nobody is left to be told when stderr itself fails. */
		(void)out_write(STDERR_FILENO, line.p, line.len);
	}
	buf_free(&text);
	buf_free(&line);
	errno = saved;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vmsg(level, fmt, ap);
	va_end(ap);
}
