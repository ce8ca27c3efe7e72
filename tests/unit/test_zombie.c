// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zombies: ages from the scheduler's clocks, whose fault they are, why, and the
 * screen. Every expected line and number is worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "core/zombie/zombie.h"

#define S 1000000000ull
#define MS 1000000ull
#define US 1000ull

/* --- ages --------------------------------------------------------------------------- */

/* Of a CPU whose clock is 100 s ahead of CLOCK_BOOTTIME, and whose task clock
 * is 7 s behind that. Obit arrived 10 us after it looked, ran 30 us. */
static struct cpu_now clock_at(uint64_t boot_ns)
{
	struct cpu_now now = {
		.note = { .arrived = boot_ns + 10 * US + 100 * S,
			  .ran = 30 * US,
			  .exec_start = boot_ns + 40 * US + 93 * S },
		.boot_from = boot_ns,
		.boot_to = boot_ns + 50 * US,
	};

	return now;
}

/* Switched to 2 ms before it died at `died`, with `lag` then. */
static struct sched_note dead_at(uint64_t died, uint64_t lag)
{
	struct sched_note note = {
		.arrived = died - 2 * MS + 100 * S,
		.ran = 2 * MS,
		.exec_start = died + 100 * S - lag,
	};

	return note;
}

static void age_is(const struct sched_note *dead, uint64_t born,
		   const struct cpu_now *now, const struct clock_rules *rules,
		   uint64_t most, uint64_t least)
{
	uint64_t age, err;

	assert_true(zombie_age(dead, born, now, rules, &age, &err));
	assert_int_equal(age, most);
	assert_int_equal(age - err, least);
}

static void ages(void **state)
{
	struct cpu_now now = clock_at(1000 * S);
	struct clock_rules rules = { .boot_ns = 1000 * S + 60 * US,
				     .ran_counts = true };
	/* It died at 996 s: the lag was 7 s then, as it is now. */
	struct sched_note dead = dead_at(996 * S, 7 * S);
	uint64_t drift = (4 * S + 70 * US) / 2000, age, err;

	(void)state;
	age_is(&dead, 0, &now, &rules, 4 * S + 70 * US + drift,
	       4 * S + 20 * US - drift);
	/* 200 ms were stolen since: that death may have been so much later. */
	dead = dead_at(996 * S, 6800 * MS);
	age_is(&dead, 0, &now, &rules, 4 * S + 70 * US + drift,
	       3800 * MS + 20 * US - drift);
	/* A BPF scheduler or a real-time task: only since it last arrived. */
	rules.ran_counts = false;
	now.note.exec_start = now.note.arrived - 7 * S;
	dead = dead_at(996 * S, 7 * S);
	drift = (4002 * MS + 70 * US) / 2000;
	age_is(&dead, 0, &now, &rules, 4002 * MS + 70 * US + drift,
	       4 * S + 20 * US - drift);
	rules.ran_counts = true;
	now = clock_at(1000 * S);

	/* The machine slept for 60 s, perhaps since; and it was born at 990. */
	rules.suspended_ns = 60 * S;
	drift = (4 * S + 70 * US) / 2000;
	age_is(&dead, 0, &now, &rules, 64 * S + 70 * US + drift,
	       4 * S + 20 * US - drift);
	age_is(&dead, 990 * S, &now, &rules, 10 * S + 60 * US,
	       4 * S + 20 * US - drift);
	rules.suspended_ns = 0;
	rules.unstable_ns = 20 * MS;
	age_is(&dead, 0, &now, &rules, 4 * S + 70 * US + drift + 20 * MS,
	       4 * S + 20 * US - drift - 20 * MS);
	/* Just now: never less than nothing. */
	dead = dead_at(1000 * S, 7 * S);
	rules.unstable_ns = 0;
	assert_true(zombie_age(&dead, 0, &now, &rules, &age, &err));
	assert_in_range(age, 60 * US, 80 * US);
	assert_int_equal(err, age - (20 * US - (70 * US) / 2000));

	/* By /proc: exec_start alone, and a limit of what was stolen. */
	memset(&dead, 0, sizeof(dead));
	dead.exec_start = 990 * S;
	now = (struct cpu_now){ .note.exec_start = 993 * S,
				.boot_from = 1000 * S,
				.boot_to = 1000 * S + 20 * US,
				.task_clock_lag = 7 * S };
	rules.boot_ns = 1000 * S + 20 * US;
	drift = (10 * S + 20 * US) / 2000;
	age_is(&dead, 0, &now, &rules, 10 * S + 20 * US + drift, 3 * S - drift);
	/* Nothing is known: nothing is said. */
	dead.exec_start = 0;
	assert_false(zombie_age(&dead, 0, &now, &rules, &age, &err));
}

static void age_says(uint64_t age, uint64_t err, const char *want)
{
	struct buf b = BUF_INIT;

	zombie_age_text(&b, true, age, err);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void age_words(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	age_says(3 * S, 300 * MS, "3 s");
	age_says(3 * S, 301 * MS, "~ 3 s");
	age_says(4 * S, 1 * S, "~ 4 s");
	age_says(4 * S, 1 * S + 1, "< 4 s");
	zombie_age_text(&b, false, 1, 1);
	assert_string_equal(buf_str(&b), "?");
	buf_free(&b);
}

/* --- why ----------------------------------------------------------------------------- */

static struct culprit culprit(void)
{
	struct culprit c = { .tgid = 812,
			     .readable = true,
			     .comm = "nginx",
			     .state = 'S',
			     .threads = 1,
			     .have_signals = true,
			     .nr = 2 };

	return c;
}

static void because(const struct culprit *c, enum zombie_why why,
		    const char *text, const char *advice)
{
	struct buf b = BUF_INIT;

	assert_int_equal(zombie_why(c), why);
	zombie_why_text(&b, c);
	assert_string_equal(buf_str(&b), text);
	buf_clear(&b);
	zombie_advice(&b, c);
	assert_string_equal(buf_str(&b), advice);
	buf_free(&b);
}

static void reasons(void **state)
{
	static const char restart[] =
		"restarting nginx[812], or ending it, lets init reap them";
	struct culprit c = culprit();

	(void)state;
	because(&c, WHY_DEFAULT,
		"does not handle SIGCHLD, and does not wait for them; it sleeps",
		restart);
	strcpy(c.doing, "epoll_wait");
	c.threads = 4;
	because(&c, WHY_DEFAULT,
		"does not handle SIGCHLD, and does not wait for them; it is in epoll_wait, one of 4 threads",
		restart);
	c.threads = 1;
	c.sigchld_caught = true;
	because(&c, WHY_HANDLER,
		"has a SIGCHLD handler, which did not wait for them; it is in epoll_wait",
		"another SIGCHLD may make it look again; restarting nginx[812], or ending it, lets init reap them");
	c.sigchld_blocked = c.sigchld_pending = true;
	because(&c, WHY_BLOCKED,
		"has SIGCHLD blocked, and it is pending; it is in epoll_wait",
		restart);
	c.sigchld_ignored = true;
	because(&c, WHY_IGNORED,
		"ignores SIGCHLD, but only since they died: it would have to wait for these; it is in epoll_wait",
		restart);
	/* What it is stopped by comes before what it would do. */
	c.state = 'D';
	strcpy(c.doing, "nfs_wait_bit_killable");
	because(&c, WHY_UNINTERRUPTIBLE,
		"is in uninterruptible sleep in nfs_wait_bit_killable",
		"nothing reaches it before that ends, not even SIGKILL");
	c.wait = (struct wait_seen){ .waits = WAITS_ONE, .id = 99 };
	because(&c, WHY_WAITS_OTHER, "is in wait, but for process 99 only",
		restart);
	c.wait.waits = WAITS_GROUP;
	because(&c, WHY_WAITS_OTHER,
		"is in wait, but for process group 99 only", restart);
	c.wait.inner = true;
	because(&c, WHY_WAITS_OTHER,
		"is in wait, but for process group 99 of its pid namespace only",
		restart);
	c.wait.id = 0;
	because(&c, WHY_WAITS_OTHER,
		"is in wait, but for its own process group only", restart);
	c.wait = (struct wait_seen){ .waits = WAITS_ANY, .names = true };
	because(&c, WHY_CLONE,
		"is in wait, but they were cloned without SIGCHLD: only __WALL or __WCLONE takes them",
		restart);
	c.state = 'T';
	because(&c, WHY_STOPPED, "is stopped: it reaps nothing until SIGCONT",
		"continuing nginx[812] (SIGCONT) lets it go on and reap");
	c.state = 't';
	c.tracer = 33;
	strcpy(c.tracer_comm, "gdb");
	because(&c, WHY_TRACED, "is stopped by its tracer gdb[33]",
		"its tracer has to let it go on, or to detach");
	/* Nothing of that ends before it is thawed. */
	buf_adds(&c.frozen, "/docker/4e\x1b");
	because(&c, WHY_FROZEN,
		"is frozen (cgroup /docker/4e\x1b): it reaps nothing until thawed",
		"thawing the cgroup lets it go on and reap");
	c.gone = true;
	c.readable = false;
	assert_int_equal(zombie_why(&c), WHY_GONE);
	buf_free(&c.frozen);

	/* By several; and by none that can be seen. */
	c = culprit();
	buf_add(&c.frozen, "/a\0/a/b", sizeof("/a\0/a/b"));
	because(&c, WHY_FROZEN,
		"is frozen (cgroup /a, and in it, by itself, /a/b): it reaps nothing until each is thawed",
		"thawing the outermost cgroup is not enough: those in it were frozen by themselves");
	buf_add(&c.frozen, "/a/b/c", sizeof("/a/b/c"));
	because(&c, WHY_FROZEN,
		"is frozen (cgroup /a, and in it, by itself, /a/b, /a/b/c): it reaps nothing until each is thawed",
		"thawing the outermost cgroup is not enough: those in it were frozen by themselves");
	buf_clear(&c.frozen);
	buf_add(&c.frozen, "/a", sizeof("/a"));
	c.frozen_outside = true;
	because(&c, WHY_FROZEN,
		"is frozen (cgroup /a, by one further out, not to be seen from here): it reaps nothing until thawed",
		"thawing the cgroup further out lets it go on and reap");
	buf_free(&c.frozen);

	c = culprit();
	c.as_tracer = true;
	because(&c, WHY_TRACER,
		"traces them, and must wait for them before their parents can; it sleeps",
		"ending nginx[812] gives them back to their parents");
	c = culprit();
	c.init_of_ns = true;
	because(&c, WHY_DEFAULT,
		"does not handle SIGCHLD, and does not wait for them; it sleeps",
		"nginx[812] is process 1 of its container, and no init: run the container with one (docker run --init), and restart it");
	c.readable = false;
	assert_int_equal(zombie_why(&c), WHY_UNKNOWN);
	c.gone = true;
	because(&c, WHY_GONE, "has ended meanwhile: init has them now",
		"look again: they may be gone by now");
}

/* --- whom a wait would take ---------------------------------------------------------- */

static const struct zombie plain = { .exit_signal = 17,
				     .have_exit_signal = true };
static const struct zombie cloned = { .have_exit_signal = true };

/* Of two zombies: 4711 of the parent's own group 7, then 4712 of group 4700. */
static void told(struct wait_seen w, const struct zombie *z,
		 enum zombie_why why, const char *text)
{
	static const struct zombie_ids ids[] = { { 4711, 7, true },
						 { 4712, 4700, false } };
	struct culprit c = culprit();
	struct buf b = BUF_INIT;

	wait_meets(&w, z, &ids[0]);
	wait_meets(&w, z, &ids[1]);
	culprit_waits(&c, &w);
	assert_int_equal(zombie_why(&c), why);
	zombie_why_text(&b, &c);
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
}

static struct wait_seen waits(enum wait_for what, uint32_t id)
{
	return (struct wait_seen){ .waits = what, .id = id, .others = true };
}

static void takes(void **state)
{
	static const char clones_only[] =
		"is in wait, but they were cloned without SIGCHLD: only __WALL or __WCLONE takes them";
	struct zombie unknown = { 0 };
	struct wait_seen w;

	(void)state;
	told(waits(WAITS_ANY, 0), &plain, WHY_WAITING,
	     "is in wait for any child: it is about to reap");
	told(waits(WAITS_ONE, 4711), &plain, WHY_WAITING,
	     "is in wait for one of them: it is about to reap");
	told(waits(WAITS_ONE, 4712), &plain, WHY_WAITING,
	     "is in wait for one of them: it is about to reap");
	told(waits(WAITS_ONE, 4713), &plain, WHY_WAITS_OTHER,
	     "is in wait, but for process 4713 only");
	told(waits(WAITS_GROUP, 4700), &plain, WHY_WAITING,
	     "is in wait for process group 4700, which one of them is of: it is about to reap");
	told(waits(WAITS_GROUP, 0), &plain, WHY_WAITING,
	     "is in wait for its own process group, which one of them is of: it is about to reap");
	told(waits(WAITS_GROUP, 4711), &plain, WHY_WAITS_OTHER,
	     "is in wait, but for process group 4711 only");

	/* What the wait's options leave out. */
	told(waits(WAITS_ANY, 0), &unknown, WHY_WAITING,
	     "is in wait for any child: it is about to reap");
	told(waits(WAITS_ANY, 0), &cloned, WHY_CLONE, clones_only);
	told(waits(WAITS_ONE, 4711), &cloned, WHY_CLONE, clones_only);
	w = waits(WAITS_ANY, 0);
	w.clones = true;
	told(w, &cloned, WHY_WAITING,
	     "is in wait for any child: it is about to reap");
	w.others = false;
	told(w, &plain, WHY_WAITS_OTHER,
	     "is in wait, but for what was cloned without SIGCHLD (__WCLONE) only");
}

/* A thread that takes its own children only: another's stay. */
static void takes_its_own(void **state)
{
	static const char own_only[] =
		"is in wait, but for the waiting thread's own children (__WNOTHREAD) only";
	static const char any[] =
		"is in wait for any child: it is about to reap";
	struct zombie z = plain;
	struct wait_seen w = waits(WAITS_ANY, 0);

	(void)state;
	w.only_of = 813;
	/* By /proc no thread is known; that it takes one is not to be said. */
	told(w, &z, WHY_WAITS_OTHER, own_only);
	z.parent_tid = 812;
	told(w, &z, WHY_WAITS_OTHER, own_only);
	told(waits(WAITS_ANY, 0), &z, WHY_WAITING, any);
	z.parent_tid = 813;
	told(w, &z, WHY_WAITING, any);
	/* Another thread's child, but this one traces it. */
	z.parent_tid = 812;
	z.tracer_tid = 813;
	told(w, &z, WHY_WAITING, any);
	z = cloned;
	z.parent_tid = 812;
	told(w, &z, WHY_WAITS_OTHER, own_only);
	/* Nor has that to do with what it does not wait for at all. */
	w = waits(WAITS_ONE, 4713);
	w.only_of = 813;
	told(w, &plain, WHY_WAITS_OTHER,
	     "is in wait, but for process 4713 only");
}

/* Of several threads, in any order, one that takes one of them counts. */
static void several_wait(void **state)
{
	static const struct zombie_ids ids = { 4711, 7, true };
	struct wait_seen other = waits(WAITS_ONE, 99);
	struct wait_seen it = waits(WAITS_ONE, 4711);
	struct culprit c = culprit();

	(void)state;
	wait_meets(&other, &plain, &ids);
	wait_meets(&it, &plain, &ids);
	c.nr = 1;
	culprit_waits(&c, &other);
	culprit_waits(&c, &it);
	culprit_waits(&c, &other);
	because(&c, WHY_WAITING, "is in wait for it: it is about to reap",
		"look again: they may be gone by now");
}

/* --- the screen -------------------------------------------------------------------------- */

static const char *no_names(uint32_t uid)
{
	return uid ? NULL : "root";
}

static struct zombie *add(struct zombies *all, uint32_t tgid, const char *comm,
			  uint32_t parent, uint32_t exit_code, uint64_t age)
{
	struct zombie *z = zombies_add(all);

	z->tgid = tgid;
	z->start_boottime = tgid * S;
	memcpy(z->comm, comm, strnlen(comm, sizeof(z->comm)));
	z->parent = parent;
	z->parent_start = parent * S;
	z->exit_code = exit_code;
	z->exit_signal = 17;
	z->have_uid = z->have_code = z->have_exit_signal = true;
	z->have_age = age != 0;
	z->age_ns = age;
	z->age_err_ns = age / 1000;
	return z;
}

/* Two of nginx's, one of a stranger's, one leader; the parents as /proc would. */
static void fill(struct zombies *all)
{
	struct culprit *c;

	memset(all, 0, sizeof(*all));
	all->boot_ns = 5 * S;
	all->real_ns = 1763812800ll * (int64_t)S;	/* 2025-11-22T12:00:00Z */
	add(all, 4711, "worker", 812, 0x100, 12 * S);
	add(all, 90, "a\x1b[31mb", 7, 0x8b, 0)->uid = 33;
	add(all, 500, "java", 1, 0, 60 * S)->threads = 3;
	add(all, 4712, "worker", 812, 9, 200 * S)->had_threads = true;
	assert_int_equal(zombies_sort(all), 0);
	assert_int_equal(all->nr, 3);
	assert_int_equal(all->nr_leaders, 1);
	assert_int_equal(all->nr_culprits, 2);
	c = &all->culprits[0];
	assert_int_equal(c->tgid, 7);
	assert_int_equal(c->nr, 1);
	c->readable = false;
	c = &all->culprits[1];
	assert_int_equal(c->tgid, 812);
	assert_int_equal(c->nr, 2);
	assert_int_equal(c->oldest_ns, 200 * S);
	c->readable = true;
	strcpy(c->comm, "nginx");
	c->state = 'T';
	buf_add(&c->args, "/usr/sbin/nginx\0-g\0daemon off;",
		sizeof("/usr/sbin/nginx\0-g\0daemon off;"));
}

static void shows(unsigned int width, const char *hint, const char *want)
{
	struct zombies_view v = { .width = width,
				  .user_name = no_names,
				  .hint = hint };
	struct zombies all;
	struct buf b = BUF_INIT;

	fill(&all);
	zombies_text(&b, &all, &v);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
	zombies_free(&all);
}

static void wide(void **state)
{
	(void)state;
	shows(160, NULL,
	      "3 zombies of 2 parents, the oldest dead for 3m 20s\n"
	      "\n"
	      "ZOMBIES   OLDEST  PARENT              WHY IT DOES NOT REAP\n"
	      "      2   3m 20s  nginx[812]          is stopped: it reaps nothing until SIGCONT\n"
	      "                                      /usr/sbin/nginx -g 'daemon off;'\n"
	      "                                      continuing nginx[812] (SIGCONT) lets it go on and reap\n"
	      "      1        ?  [7]                 can not be looked at\n"
	      "                                      restarting process 7, or ending it, lets init reap them\n"
	      "\n"
	      "    PID NAME            USER     DEAD FOR  STATUS LEFT                    PARENT\n"
	      "   4712 worker          root       3m 20s* killed by SIGKILL              nginx[812]\n"
	      "   4711 worker          root         12 s  exit 1                         nginx[812]\n"
	      "     90 a\\e[31mb        33              ?  killed by SIGSEGV, core dumped [7]\n"
	      "\n"
	      "No zombies: the main thread has ended, other threads live on\n"
	      "    PID NAME            USER        SINCE  THREADS LEFT\n"
	      "    500 java            root           1m  3\n"
	      "\n"
	      "* since its main thread ended: another may have lived longer\n");
}

static void narrow(void **state)
{
	(void)state;
	shows(60, "not root: ages are less exact, and more is hidden",
	      "3 zombies of 2 parents, the oldest dead for 3m 20s\n"
	      "\n"
	      "ZOMBIES   OLDEST  PARENT, AND WHY IT DOES NOT REAP\n"
	      "      2   3m 20s  nginx[812]\n"
	      "         is stopped: it reaps nothing until SIGCONT\n"
	      "         /usr/sbin/nginx -g 'daemon off;'\n"
	      "         continuing nginx[812] (SIGCONT) lets it go on and\n"
	      "         reap\n"
	      "      1        ?  [7]\n"
	      "         can not be looked at\n"
	      "         restarting process 7, or ending it, lets init reap\n"
	      "         them\n"
	      "\n"
	      "    PID NAME         DEAD FOR  STATUS LEFT      PARENT\n"
	      "   4712 worker         3m 20s* killed by SIGKI\xe2\x80\xa6 nginx[812]\n"
	      "   4711 worker           12 s  exit 1           nginx[812]\n"
	      "     90 a\\e[31mb            ?  killed by SIGSE\xe2\x80\xa6 [7]\n"
	      "\n"
	      "No zombies: the main thread has ended, other threads live on\n"
	      "    PID NAME            SINCE  THREADS LEFT\n"
	      "    500 java               1m  3\n"
	      "\n"
	      "* since its main thread ended: another may have lived longer\n"
	      "not root: ages are less exact, and more is hidden\n");
}

static void json(void **state)
{
	static const char zombie[] =
		"{\"event\":\"zombie\",\"time\":\"2025-11-22T12:00:00.000000000+00:00\",\"boot_ns\":5000000000,\"tgid\":4712,\"start_boottime\":4712000000000,\"comm\":\"worker\",\"uid\":0,\"exit_code\":9,\"exit_status\":null,\"signal\":\"SIGKILL\",\"core_dumped\":false,\"meaning\":null,\"parent\":{\"tgid\":812,\"start_boottime\":812000000000,\"comm\":\"nginx\"},\"tracer\":null,\"zombie_ns\":200000000000,\"zombie_err_ns\":200000000,\"had_threads\":true,\"why\":\"stopped\"}\n";
	static const char leader[] =
		"{\"event\":\"dead_leader\",\"time\":\"2025-11-22T12:00:00.000000000+00:00\",\"boot_ns\":5000000000,\"tgid\":500,\"start_boottime\":500000000000,\"comm\":\"java\",\"uid\":0,\"threads\":3,\"parent\":{\"tgid\":1,\"start_boottime\":1000000000,\"comm\":null},\"tracer\":null,\"dead_ns\":60000000000,\"dead_err_ns\":60000000}\n";
	static const char blame[] =
		"{\"event\":\"blame\",\"time\":\"2025-11-22T12:00:00.000000000+00:00\",\"boot_ns\":5000000000,\"tgid\":812,\"start_boottime\":812000000000,\"comm\":\"nginx\",\"args\":[\"/usr/sbin/nginx\",\"-g\",\"daemon off;\"],\"is_tracer\":false,\"zombies\":2,\"oldest_ns\":200000000000,\"oldest_err_ns\":200000000,\"state\":\"T\",\"threads\":null,\"why\":\"stopped\",\"text\":\"is stopped: it reaps nothing until SIGCONT\",\"advice\":\"continuing nginx[812] (SIGCONT) lets it go on and reap\"}\n";
	struct zombies all;
	struct buf b = BUF_INIT;

	(void)state;
	fill(&all);
	zombies_json(&b, &all);
	assert_ptr_equal(strstr(buf_str(&b), zombie), buf_str(&b));
	assert_non_null(strstr(buf_str(&b), leader));
	assert_non_null(strstr(buf_str(&b), blame));
	assert_non_null(strstr(buf_str(&b), "\"why\":null"));
	buf_free(&b);
	zombies_free(&all);
}

/* A child that is traced is its tracer's affair, however many parents. */
static void tracers(void **state)
{
	struct zombies all = { 0 };
	struct zombie *z;

	(void)state;
	add(&all, 10, "a", 1, 0, S)->tracer = 50;
	add(&all, 11, "b", 2, 0, S)->tracer = 50;
	add(&all, 12, "c", 50, 0, S);
	z = add(&all, 13, "d", 50, 0, S);
	z->tracer = 50;		/* its own parent traces it: no difference */
	z->exit_signal = 0;
	assert_int_equal(zombies_sort(&all), 0);
	assert_int_equal(all.nr_culprits, 2);
	assert_false(all.culprits[0].as_tracer);
	assert_int_equal(all.culprits[0].nr, 2);
	assert_true(all.culprits[1].as_tracer);
	assert_int_equal(all.culprits[1].nr, 2);
	zombies_free(&all);
}

static void nothing(void **state)
{
	struct zombies_view v = { 0 };
	struct zombies all = { 0 };
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(zombies_sort(&all), 0);
	zombies_text(&b, &all, &v);
	zombies_json(&b, &all);
	assert_string_equal(buf_str(&b), "no zombies\n");
	buf_free(&b);
	zombies_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages),	   cmocka_unit_test(age_words),
		cmocka_unit_test(reasons), cmocka_unit_test(takes),
		cmocka_unit_test(takes_its_own), cmocka_unit_test(several_wait),
		cmocka_unit_test(wide),		 cmocka_unit_test(narrow),
		cmocka_unit_test(json),		 cmocka_unit_test(tracers),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
