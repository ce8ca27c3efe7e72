/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log: one clear sentence on stderr.
 * Owns the level and the prefix; escapes control bytes, since messages quote
 * bytes from strangers. Never writes to stdout, never ends the process.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>

/* Not LOG_*: syslog.h owns those. Libraries' chatter belongs at LOG_LVL_DEBUG. */
enum log_level {
	LOG_LVL_ERROR,
	LOG_LVL_WARN,	/* the default: errors and warnings */
	LOG_LVL_INFO,	/* -v */
	LOG_LVL_DEBUG,	/* -vv */
};

void log_set_prefix(const char *prefix);	/* "obit"; kept by pointer */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* For tests: where messages go instead of fd 2; NULL puts fd 2 back. */
void log_set_writer(void (*write_line)(const char *line, void *ctx), void *ctx);

/* Errors go, as bare text, to the end of *held, until NULL ends that: for whoever
 * has another way to try first. */
struct buf;
void log_hold_errors(struct buf *held);

/* fmt without a newline, without the prefix. Keeps errno. One write(2) each. */
void log_msg(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_vmsg(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define log_error(...)	log_msg(LOG_LVL_ERROR, __VA_ARGS__)
#define log_warn(...)	log_msg(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...)	log_msg(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...)	log_msg(LOG_LVL_DEBUG, __VA_ARGS__)

#endif
