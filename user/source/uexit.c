// SPDX-License-Identifier: GPL-2.0-only
/*
 * uexit: probes in the C libraries of this machine, so that exit(3) is seen.
 * Owns the thread that finds them, what it is asked and what it answers. Never
 * joins anything; never reads a stranger's file in the reader's own thread.
 *
 * A program's start in a probed library is seen by a probe, too, which says that
 * it is covered. The finder is asked of the others: those who run already, and
 * those who exec'ed and have not been seen to pass a start.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/libbpf.h>
#include "lib/log.h"
#include "procfs.h"
#include "source/uexit.h"
#include "source/uexit_find.h"

#define SCAN_WAIT_S	5
#define CLOSE_WAIT_S	2
#define ASKED_MAX	65536	/* more than that wait: nobody misses these */
#define LOOK_BACK	64

/* A process; when it was looked at, before what was seen of it. */
struct item {
	uint32_t tgid;
	uint64_t start_boottime;	/* 0: no more */
	uint64_t looked_ns;
};

struct items {
	struct item *all;
	size_t nr, room;
};

struct uexit {
	struct finder *finder;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asks, has_scanned;
	volatile bool stop;
	bool scanned;
	bool ids;		/* /proc has the same ids as the records */
	struct items asked;	/* under lock */
	struct items covered;	/* likewise: the answers */
	struct items execed;	/* in this read, and not seen to start */
	struct items told;	/* answers this read is going to give */
};

static uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* One more, or none if there is no memory: then nothing is said of it. */
static void items_add(struct items *l, const struct item *i)
{
	size_t room = l->room ? 2 * l->room : 256;
	struct item *all;

	if (l->nr == l->room) {
		all = l->nr < ASKED_MAX ? realloc(l->all, room * sizeof(*all)) :
					  NULL;
		if (!all)
			return;
		l->all = all;
		l->room = room;
	}
	l->all[l->nr++] = *i;
}

static void items_move(struct items *to, struct items *from)
{
	size_t i;

	for (i = 0; i < from->nr; i++)
		if (from->all[i].start_boottime)
			items_add(to, &from->all[i]);
	from->nr = 0;
}

/* --- the finder's thread ---------------------------------------------------- */

static void look(struct uexit *u, struct item *i)
{
	i->looked_ns = boot_ns();
	if (!finder_look(u->finder, i->tgid, procfs_ticks(i->start_boottime)))
		return;
	pthread_mutex_lock(&u->lock);
	items_add(&u->covered, i);
	pthread_mutex_unlock(&u->lock);
}

static void *find(void *arg)
{
	struct uexit *u = arg;
	struct items mine = {};
	size_t i;

	finder_scan(u->finder);
	pthread_mutex_lock(&u->lock);
	u->scanned = true;
	pthread_cond_signal(&u->has_scanned);
	while (!u->stop) {
		if (!u->asked.nr) {
			pthread_cond_wait(&u->asks, &u->lock);
			continue;
		}
		items_move(&mine, &u->asked);
		pthread_mutex_unlock(&u->lock);
		for (i = 0; i < mine.nr && !u->stop; i++)
			look(u, &mine.all[i]);
		mine.nr = 0;
		pthread_mutex_lock(&u->lock);
	}
	pthread_mutex_unlock(&u->lock);
	free(mine.all);
	return NULL;
}

/* --- the reader's ------------------------------------------------------------- */

/* An exec makes an older answer wrong: the new image has another library. */
static void execed(struct uexit *u, const struct obit_exec *r)
{
	struct item new = { r->task.tgid, r->task.start_boottime, 0 };
	size_t i;

	for (i = 0; i < u->told.nr; i++)
		if (u->told.all[i].tgid == r->task.tgid &&
		    u->told.all[i].looked_ns <= r->hdr.boot_ns)
			u->told.all[i].start_boottime = 0;
	if (u->ids)
		items_add(&u->execed, &new);
}

/* It has passed a start, or is no more: there is nothing to ask. */
static void settled(struct uexit *u, const struct obit_task *t)
{
	size_t i = u->execed.nr, n = i < LOOK_BACK ? i : LOOK_BACK;

	for (; n--; i--)
		if (u->execed.all[i - 1].tgid == t->tgid)
			u->execed.all[i - 1].start_boottime = 0;
}

void uexit_begin(struct uexit *u)
{
	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	items_move(&u->told, &u->covered);
	pthread_mutex_unlock(&u->lock);
}

void uexit_see(struct uexit *u, const struct obit_hdr *h)
{
	const struct obit_user_exit *r = (const void *)h;

	if (!u)
		return;
	switch ((enum obit_event)h->type) {
	case OBIT_EV_TASK:
		if (u->ids)
			items_add(&u->execed,
				  &(struct item){ r->task.tgid,
						  r->task.start_boottime, 0 });
		break;
	case OBIT_EV_EXEC:
		execed(u, (const void *)h);
		break;
	case OBIT_EV_USER_EXIT:
		if (r->flags & OBIT_USER_EXIT_COVERED)
			settled(u, &r->task);
		break;
	case OBIT_EV_EXIT:
		settled(u, &r->task);
		break;
	default:
		break;
	}
}

int uexit_end(struct uexit *u, const struct emit *to)
{
	struct obit_user_exit r = {
		.hdr = { .type = OBIT_EV_USER_EXIT, .len = sizeof(r) },
		.flags = OBIT_USER_EXIT_COVERED,
	};
	int err = 0, n = 0;
	size_t i;

	if (!u)
		return 0;
	if (u->execed.nr) {
		pthread_mutex_lock(&u->lock);
		items_move(&u->asked, &u->execed);
		pthread_cond_signal(&u->asks);
		pthread_mutex_unlock(&u->lock);
	}
	for (i = 0; i < u->told.nr && !err; i++) {
		const struct item *it = &u->told.all[i];

		if (!it->start_boottime)
			continue;
		r.hdr.boot_ns = it->looked_ns;
		r.task.tgid = it->tgid;
		r.task.start_boottime = it->start_boottime;
		err = to->event(to->ctx, &r.hdr);
		n++;
	}
	u->told.nr = 0;
	return err ? err : n;
}

/* --- programs ----------------------------------------------------------------- */

static struct bpf_program *program(struct bpf_object *obj, const char *name)
{
	return bpf_object__find_program_by_name(obj, name);
}

static bool is_chosen(struct bpf_object *obj, const char *name)
{
	struct bpf_program *p = program(obj, name);

	return p && bpf_program__autoload(p);
}

void uexit_choose(struct bpf_object *obj, bool wanted)
{
	bool seen = is_chosen(obj, "fentry__do_exit") ||
		    is_chosen(obj, "tp__sys_enter");

	bpf_program__set_autoload(program(obj, "uprobe__exit"), wanted);
	bpf_program__set_autoload(program(obj, "uprobe__quick_exit"), wanted);
	bpf_program__set_autoload(program(obj, "uprobe__exit_call"),
				  wanted && !seen);
	bpf_program__set_autoload(program(obj, "uprobe__libc_start"), wanted);
}

static struct uexit_programs programs_of(struct bpf_object *obj)
{
	return (struct uexit_programs){
		.exit = program(obj, "uprobe__exit"),
		.quick_exit = program(obj, "uprobe__quick_exit"),
		.exit_call = is_chosen(obj, "uprobe__exit_call") ?
				     program(obj, "uprobe__exit_call") :
				     NULL,
		.libc_start = program(obj, "uprobe__libc_start"),
	};
}

/* --- life ---------------------------------------------------------------------- */

static struct timespec in_seconds(int seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	return ts;
}

static void uexit_free(struct uexit *u)
{
	finder_free(u->finder);
	pthread_cond_destroy(&u->asks);
	pthread_cond_destroy(&u->has_scanned);
	pthread_mutex_destroy(&u->lock);
	free(u->asked.all);
	free(u->covered.all);
	free(u->execed.all);
	free(u->told.all);
	free(u);
}

int uexit_open(struct uexit **out, struct bpf_object *loaded)
{
	const struct uexit_programs programs = programs_of(loaded);
	struct timespec until = in_seconds(SCAN_WAIT_S);
	struct uexit *u;
	int err = finder_try(&programs);

	if (err)
		return err;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->asks, NULL);
	pthread_cond_init(&u->has_scanned, NULL);
	u->ids = procfs_is_initial();
	u->finder = finder_new(&programs, &u->stop);
	err = u->finder ? -pthread_create(&u->thread, NULL, find, u) : -ENOMEM;
	if (err) {
		log_error("exit(3) cannot be seen: %s", strerror(-err));
		uexit_free(u);
		return err;
	}
	pthread_mutex_lock(&u->lock);
	while (!u->scanned &&
	       !pthread_cond_timedwait(&u->has_scanned, &u->lock, &until))
		;
	if (!u->scanned)
		log_warn(
			"some C libraries take long to be read: until they have been, exit(3) in them is not seen");
	pthread_mutex_unlock(&u->lock);
	*out = u;
	return 0;
}

void uexit_close(struct uexit *u)
{
	struct timespec until = in_seconds(CLOSE_WAIT_S);

	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->stop = true;
	pthread_cond_signal(&u->asks);
	pthread_mutex_unlock(&u->lock);
	/* held up by a file system: the end of obit ends that, too, and takes
	 * the probes out */
	if (pthread_timedjoin_np(u->thread, NULL, &until)) {
		log_debug("the finder of C libraries is held up");
		return;
	}
	uexit_free(u);
}
