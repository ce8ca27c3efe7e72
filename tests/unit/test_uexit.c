// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who the finder of C libraries is asked about, and which of its answers still
 * hold when they come. The finder here is the test's own: it answers what the
 * story says, when the story says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "procfs.h"
#include "source/uexit.h"
#include "source/uexit_find.h"

#define S 1000000000ull

/* --- a finder, and no BPF ------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int looks[64];		/* by tgid */
static bool covers[64];
static int try_err;

int finder_try(const struct uexit_programs *programs)
{
	(void)programs;
	return try_err;
}

struct finder *finder_new(const struct uexit_programs *programs,
			  const volatile bool *stop)
{
	(void)programs;
	(void)stop;
	return malloc(1);
}

void finder_free(struct finder *f)
{
	free(f);
}

void finder_scan(struct finder *f)
{
	(void)f;
}

bool finder_look(struct finder *f, uint32_t tgid, uint64_t start_ticks)
{
	bool yes;

	(void)f;
	pthread_mutex_lock(&lock);
	looks[tgid]++;
	yes = covers[tgid] && start_ticks == procfs_ticks(tgid * S);
	pthread_mutex_unlock(&lock);
	return yes;
}

struct bpf_program *
bpf_object__find_program_by_name(const struct bpf_object *obj, const char *name)
{
	(void)obj;
	(void)name;
	return NULL;
}

/* --- a stream --------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

static void see(struct uexit *u, enum obit_event type, uint32_t tgid,
		uint32_t flags)
{
	union {
		struct obit_exec exec;
		struct obit_user_exit user_exit;
		struct obit_exit exit;
		struct obit_task_seen task;
	} r;

	memset(&r, 0, sizeof(r));
	r.task.hdr.type = type;
	r.task.hdr.len = sizeof(r);
	r.task.hdr.boot_ns = now_ns();
	r.task.task.tgid = tgid;
	r.task.task.start_boottime = tgid * S;
	if (type == OBIT_EV_USER_EXIT)
		r.user_exit.flags = flags;
	uexit_see(u, &r.task.hdr);
}

static uint32_t told[16];
static unsigned int nr_told;

static int tell(void *ctx, const struct obit_hdr *h)
{
	const struct obit_user_exit *r = (const void *)h;

	(void)ctx;
	assert_int_equal(h->type, OBIT_EV_USER_EXIT);
	assert_int_equal(h->len, sizeof(*r));
	assert_int_equal(r->flags, OBIT_USER_EXIT_COVERED);
	assert_true(h->boot_ns && h->boot_ns <= now_ns());
	assert_int_equal(r->task.start_boottime, r->task.tgid * S);
	assert_true(nr_told < 16);
	told[nr_told++] = r->task.tgid;
	return 0;
}

static const struct emit to = { .event = tell };

static unsigned int looked(uint32_t tgid)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = looks[tgid];
	pthread_mutex_unlock(&lock);
	return n;
}

static void wait_for_look(uint32_t tgid)
{
	int i;

	for (i = 0; !looked(tgid) && i < 5000; i++)
		usleep(1000);
	assert_int_equal(looked(tgid), 1);
	usleep(20000);		/* and for the answer to be in */
}

static struct uexit *start(void)
{
	struct uexit *u;

	if (!procfs_is_initial()) {	/* then nobody is asked about at all */
		print_message("skip %s: not in the initial pid namespace\n",
			      __func__);
		skip();
	}
	memset(looks, 0, sizeof(looks));
	memset(covers, 0, sizeof(covers));
	nr_told = 0;
	assert_int_equal(uexit_open(&u, NULL), 0);
	return u;
}

/* --- stories ----------------------------------------------------------------------- */

static void asked_about_once_and_told_once(void **state)
{
	struct uexit *u = start();

	(void)state;
	covers[5] = true;
	uexit_begin(u);
	see(u, OBIT_EV_TASK, 5, 0);	/* was there already */
	see(u, OBIT_EV_EXEC, 6, 0);	/* a static one: no library */
	assert_int_equal(uexit_end(u, &to), 0);
	wait_for_look(5);
	wait_for_look(6);
	uexit_begin(u);
	assert_int_equal(uexit_end(u, &to), 1);
	assert_int_equal(told[0], 5);
	uexit_begin(u);
	assert_int_equal(uexit_end(u, &to), 0);
	uexit_close(u);
}

/* Whoever has passed a start or is dead is no trouble to anybody. */
static void not_asked_about(void **state)
{
	struct uexit *u = start();

	(void)state;
	uexit_begin(u);
	see(u, OBIT_EV_EXEC, 7, 0);
	see(u, OBIT_EV_EXEC, 8, 0);
	see(u, OBIT_EV_EXEC, 9, 0);
	see(u, OBIT_EV_EXEC, 10, 0);
	see(u, OBIT_EV_USER_EXIT, 7, OBIT_USER_EXIT_COVERED);
	see(u, OBIT_EV_EXIT, 8, 0);
	see(u, OBIT_EV_FORK, 11, 0);
	see(u, OBIT_EV_USER_EXIT, 9, 0);	/* a call proves no start */
	assert_int_equal(uexit_end(u, &to), 0);
	wait_for_look(9);
	wait_for_look(10);
	assert_int_equal(looked(7) + looked(8) + looked(11), 0);
	uexit_close(u);
}

/* An answer about the image before the exec must not be given after it. */
static void exec_makes_it_wrong(void **state)
{
	struct uexit *u = start();

	(void)state;
	covers[12] = covers[13] = true;
	uexit_begin(u);
	see(u, OBIT_EV_TASK, 12, 0);
	see(u, OBIT_EV_TASK, 13, 0);
	assert_int_equal(uexit_end(u, &to), 0);
	wait_for_look(12);
	wait_for_look(13);
	covers[12] = false;
	uexit_begin(u);
	see(u, OBIT_EV_EXEC, 12, 0);
	assert_int_equal(uexit_end(u, &to), 1);
	assert_int_equal(told[0], 13);
	uexit_close(u);
}

static int refuse(void *ctx, const struct obit_hdr *h)
{
	(void)ctx;
	(void)h;
	return -EPIPE;
}

static void errors_go_up(void **state)
{
	static const struct emit broken = { .event = refuse };
	struct uexit *u = start();

	(void)state;
	covers[14] = true;
	uexit_begin(u);
	see(u, OBIT_EV_TASK, 14, 0);
	assert_int_equal(uexit_end(u, &broken), 0);
	wait_for_look(14);
	uexit_begin(u);
	assert_int_equal(uexit_end(u, &broken), -EPIPE);
	uexit_close(u);
	try_err = -EOPNOTSUPP;
	assert_int_equal(uexit_open(&u, NULL), -EOPNOTSUPP);
	try_err = 0;
}

static void nobody_wants_it(void **state)
{
	(void)state;
	uexit_begin(NULL);
	see(NULL, OBIT_EV_EXEC, 15, 0);
	assert_int_equal(uexit_end(NULL, &to), 0);
	uexit_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_about_once_and_told_once),
		cmocka_unit_test(not_asked_about),
		cmocka_unit_test(exec_makes_it_wrong),
		cmocka_unit_test(errors_go_up),
		cmocka_unit_test(nobody_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
