/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the module share: cases and their verdicts, the module's
 * coming and going, /dev/obit, tracefs, and processes that die as asked.
 * Never a decoder of obit's: of the tree only the ABI, which is under test.
 */
#ifndef KTEST_H
#define KTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uapi/obit_dev.h>

typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- cases: check.c ---- */

/*
 * One case runs in a process group of its own, with the module loaded before
 * and unloaded after it: that this works is a part of each. What a case leaves
 * open or running is closed and killed.
 */
struct kcase {
	const char *name;
	bool (*run)(void);	/* false: as fail() said */
	const char *params;	/* of the module */
	int seconds;		/* at most */
	bool bare;		/* it loads and unloads the module itself */
};

struct ktest {
	const char *name;
	const struct kcase *cases;
	int nr;
};

extern const struct ktest stress_test, fuzz_test, lossless_test, cursor_test,
	resume_test, device_test, tracepoints_test, bpf_test, command_test,
	crowd_test;

/* Options of the whole run. */
extern const char *ko_path;
extern u64 seed;
extern int seconds;		/* how long what has no end goes on */
extern int cycles;		/* how often the module comes and goes */
extern int slow;		/* so many times longer all may take */

/* Says why the case fails; returns false. */
bool fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define need(cond, ...)                           \
	do {                                      \
		if (!(cond))                      \
			return fail(__VA_ARGS__); \
	} while (0)
/* Ends the case as not testable here. */
bool skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line for whoever reads the log. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void run_test(const struct ktest *t, const char *only);
int totals(void);		/* prints them; exit status */

u64 now_ns(void);		/* CLOCK_MONOTONIC */
u64 deadline(int ms);		/* then, on a machine that is @slow */
void nap_ms(int ms);
u32 random_below(u64 *state, u32 n);	/* 0..n-1; the same from the same state */
#define MSEC 1000000ULL
#define SEC 1000000000ULL

/* ---- the module: module.c ---- */

int module_load(const char *params);	/* 0 or negative errno */
int module_unload(void);		/* at once or negative errno */
/* Tries until it is not in use any more; -ETIMEDOUT after @ms. */
int module_unload_wait(int ms);
bool module_is_loaded(void);

/* One number of /proc/meminfo, in kB; -1. */
long meminfo_kb(const char *key);
/* Memory that only the kernel uses: slabs, per-CPU, vmalloc, page tables, kB. */
long kernel_kb(void);
/* Lines of a file that contain a word; -1: no such file. */
int file_count(const char *path, const char *word);
int write_file(const char *path, const char *text); /* 0 or negative errno */
int read_text(const char *path, char *buf, size_t size); /* bytes, or -errno */

/* ---- /dev/obit: dev.c ---- */

int dev_open(int flags);		/* O_RDWR | flags; fd or negative errno */
/* Fills in the version; 0 or negative errno. */
int dev_start(int fd, u32 flags, struct obit_dev_start *s);
int dev_info(int fd, struct obit_dev_info *info);
/* INFO by a file of its own; a case without it is none. */
struct obit_dev_info info_now(void);

/* One open file, read by read(2) or by mapping, the frames checked on the way. */
struct reader {
	int fd;
	struct obit_dev_start start;
	volatile struct obit_ring_page *page;
	volatile struct obit_cursor_page *cursor;
	const char *ring;
	char *buf;		/* for read(2) */
	size_t size, len, at;
	u64 first, next;	/* seq of the first frame, and behind the last */
	u64 frames, gaps;	/* gaps: what the numbers say is missing */
	u32 lost_first, lost_last;	/* obit_hdr.lost */
	const char *wrong;	/* what no frame may be; NULL: all well */
};

#define BUF_BYTES (1 << 20)

int reader_open(struct reader *r, u32 flags, int open_flags);
int reader_open_start(struct reader *r, struct obit_dev_start *s, u32 flags,
		      int open_flags);
int reader_map(struct reader *r);	/* 0 or negative errno */
/* The next frame, or NULL: nothing there now, or r->wrong. Never waits. Valid
 * until the next call. */
const struct obit_frame *reader_next(struct reader *r);
void reader_close(struct reader *r);

static inline const struct obit_hdr *frame_hdr(const struct obit_frame *f)
{
	return (const struct obit_hdr *)(f + 1);
}

/* ---- who dies: work.c ---- */

#define BATCH_MAX 4096
struct batch {			/* processes that exited, in order of their forks */
	int nr;
	struct {
		pid_t pid;
		int status;	/* as waitpid says */
		int exits, releases;	/* records seen, by batch_see() */
	} p[BATCH_MAX];
};

/* Forks one that exits with @code; waited for. */
pid_t die(int code);
/* @n of them one after the other, codes i & 0x7f; appended. */
void batch_die(struct batch *b, int n);
/* Notes a record that is about one of the batch; a wrong status is a fail. */
bool batch_see(struct batch *b, const struct obit_frame *f);
/* How many have not got an EXIT record. */
int batch_missing(const struct batch *b);
/* Reads until all have been seen or @ms are over. */
bool batch_read(struct batch *b, struct reader *r, int ms);

/* A storm: up to @jobs processes at once, mostly short ones, until it is
 * stopped, or dies with whoever began it. */
pid_t storm_start(int jobs);
void storm_stop(pid_t pid);
/* A child that runs fn and exits with what it returns. */
pid_t child(int (*fn)(void *), void *arg);
/* One byte from a child, or false after @ms. */
bool byte_from(int fd, int ms);
/* Its exit status within @ms, as waitpid has it; -1: it still runs. */
int child_end(pid_t pid, int ms);

/* ---- a function with as many BPF programs as it takes: full.c ---- */

/* How many it took, until the caller ends; or negative errno. */
int fill_function(const char *function);

/* ---- tracefs: trace.c ---- */

#define TRACING "/sys/kernel/tracing"
/* "" for the whole instance, else "obit/obit_exit"; 0 or negative errno */
int event_enable(const char *event, bool on);
int trace_clear(void);

/* A guest on a busy host takes seconds to look up fifteen functions by name. */
#define ARM_MS 30000
/*
 * Switches the event on, and waits until it fires: what is behind it is armed a
 * moment later. @provoke makes it fire. "obit_exit", without the system.
 */
bool trace_listen(const char *event, void (*provoke)(void));
/* What the last workload left in the trace, read by trace_heard(). */
extern char trace_text[1 << 20];
bool trace_heard(void);
/* Lines of @event whose arguments have all the words of @want, "a=1 b=2". */
int trace_lines(const char *event, const char *want);

#define expect_lines(n, event, ...)                                        \
	do {                                                               \
		char want_[256];                                           \
		int got_;                                                  \
		snprintf(want_, sizeof(want_), __VA_ARGS__);               \
		got_ = trace_lines(event, want_);                           \
		need(got_ == (n), "%s with %s: %d times, not %d", event, \
		     want_, got_, (n));                                    \
	} while (0)

#endif
