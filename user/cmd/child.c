// SPDX-License-Identifier: GPL-2.0-only
/*
 * child: a command that obit runs, and the tree of its processes.
 * Owns when it may begin, when it is over, and that it sees nothing of obit.
 * Never says how its processes ended.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cmd/child.h"
#include "cmd/run_as.h"
#include "lib/clock.h"
#include "lib/jobctl.h"
#include "lib/log.h"
#include "lib/timefmt.h"
#include "procfs.h"

/* With tracepoints alone a release is heard of some 10 to 50 ms late. */
#define SETTLE_NS	(200 * NSEC_PER_MSEC)
/* How often it is made sure that who is thought to live does. */
#define LOOK_EVERY_NS	(500 * NSEC_PER_MSEC)
#define JUST_NOW_NS	NSEC_PER_SEC

/* clang-format off */
const struct opt child_opt_table[] = {
	OPT_STRING('u', "user", struct child_opts, user, .metavar = "USER",
		   .help = "Run COMMAND as this user, by name or number. Under "
			   "sudo it is who called sudo if not told otherwise."),
	OPT_FLAG(0, "as-root", struct child_opts, as_root,
		 .help = "Run COMMAND as root under sudo, too."),
	OPT_END
};
/* clang-format on */

/* Whose signals come to us: there is one. */
static struct child *ours;

int child_init(struct child *c, const struct child_opts *o)
{
	int err;

	c->spawn.gate = c->spawn.report = -1;
	c->initial = procfs_is_initial();
	c->visible = c->initial && !procfs_hides();
	err = run_as(o->user, o->as_root, &c->account);
	if (err < 0)
		return err;
	if (err)
		c->as = &c->account;
	return getrlimit(RLIMIT_MEMLOCK, &c->memlock) ||
			       getrlimit(RLIMIT_NOFILE, &c->nofile) ?
		       -errno :
		       0;
}

/* Only where a pid is what the records call it. Who sends a signal and ends is
 * dead when we come to it. */
static bool is_kin(pid_t pid)
{
	uint64_t lately = boot_now() - JUST_NOW_NS;
	struct tree_node *n = NULL;

	if (!ours || !ours->initial || !ours->tree)
		return false;
	while ((n = tree_next(ours->tree, n)))
		if (n->tgid == (uint32_t)pid &&
		    (n->state == TREE_ALIVE || n->died_ns > lately))
			return true;
	return false;
}

/*
 * In a pid namespace of our own our child has another number than in the
 * records; there it is found by a name that nobody else has.
 */
int child_begin(struct child *c, char *const *argv, size_t keep)
{
	struct spawn_opts so = { .argv = argv,
				 .as = c->as,
				 .memlock = c->memlock,
				 .nofile = c->nofile,
				 .comm = c->comm };
	uint32_t number;
	int err;

	snprintf(c->comm, sizeof(c->comm), "obit-run");
	if (!c->initial) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			number = (uint32_t)getpid();
		snprintf(c->comm, sizeof(c->comm), "obit-%08x", number);
	}
	ours = c;
	jobctl_begin();
	err = spawn_fork(&c->spawn, &so);
	jobctl_watch(c->spawn.pid, is_kin);
	if (err) {
		log_error("cannot fork: %s", strerror(-err));
		return err;
	}
	c->tree = tree_new((uint32_t)c->spawn.pid, c->initial ? NULL : c->comm,
			   keep);
	if (!c->tree)
		log_error("out of memory");
	return c->tree ? 0 : -ENOMEM;
}

void child_go(struct child *c)
{
	c->released = true;
	spawn_go(&c->spawn);
}

void child_bury_vanished(struct child *c)
{
	struct tree_node *n = NULL;
	struct proc_stat st;

	while (c->visible && (n = tree_next(c->tree, n)))
		if (n->state == TREE_ALIVE &&
		    (procfs_stat(n->tgid, 0, &st) ||
		     st.start_ticks != procfs_ticks(n->start_boottime) ||
		     st.state == 'X'))
			tree_gone(c->tree, n);
}

/* As on_exec() of the tree wants it; what does not fit is cut. */
static void name_root(struct child *c, const struct tree_node *root,
		      char *const *argv)
{
	const char *base = strrchr(argv[0], '/');
	struct obit_exec *x = calloc(1, OBIT_RECORD_MAX);
	size_t room = OBIT_RECORD_MAX - sizeof(*x), len;

	if (!x)
		return;
	x->hdr.type = OBIT_EV_EXEC;
	x->task.tgid = root->tgid;
	x->task.start_boottime = root->start_boottime;
	strncpy(x->comm, base ? base + 1 : argv[0], sizeof(x->comm) - 1);
	for (; *argv; argv++) {
		len = strlen(*argv) + 1;
		x->args_total += (uint32_t)len;
		if (len > room - x->args_len)
			len = room - x->args_len;
		memcpy(x->data + x->args_len, *argv, len);
		x->args_len += (uint16_t)len;
	}
	tree_event(c->tree, &x->hdr);
	free(x);
}

static void bury_root(struct child *c, const struct tree_node *root)
{
	int status = jobctl_status();
	struct obituary o = {
		.tgid = root->tgid,
		.start_boottime = root->start_boottime,
		.boot_ns = root->died_ns ? root->died_ns : c->root_ended_ns,
		.exit_code = (uint32_t)status,
		.exit_value = WEXITSTATUS(status),
		.exit_status = (uint32_t)WEXITSTATUS(status),
		.cause = CAUSE_EXIT,
	};

	obituary_set(&o, OB_EXIT_CODE);
	if (WIFSIGNALED(status)) {
		o.signal = WTERMSIG(status);
		o.core_dumped = WCOREDUMP(status);
		o.cause = CAUSE_UNKNOWN;
		obituary_set(&o, OB_SIGNAL);
		obituary_set(&o, OB_CORE);
	} else {
		obituary_set(&o, OB_EXIT_STATUS);
	}
	if (tree_bury(c->tree, &o, status != 0))
		log_error("out of memory");
}

void child_bury_unseen(struct child *c, char *const *argv)
{
	const struct tree_node *root;

	child_bury_vanished(c);
	root = tree_root(c->tree);
	if (!root || root->told)
		return;
	/* Else its own exec was seen. */
	if (!root->execed || !strncmp(root->comm, c->comm, sizeof(c->comm)))
		name_root(c, root, argv);
	bury_root(c, root);
}

static bool root_ended(struct child *c)
{
	if (!jobctl_turn())
		return false;
	if (!c->root_ended_ns)
		c->root_ended_ns = boot_now();
	return true;
}

static bool somebody_lives(struct child *c, uint64_t now)
{
	struct tree_node *root = tree_root(c->tree);
	struct tree_count count;

	if (now - c->looked_ns >= LOOK_EVERY_NS) {
		c->looked_ns = now;
		child_bury_vanished(c);
	}
	/* Its end is known, whatever became of the record and is to be seen. */
	if (root && now - c->root_ended_ns > SETTLE_NS)
		tree_gone(c->tree, root);
	tree_count(c->tree, &count);
	return count.alive > 0;
}

bool child_is_over(struct child *c, bool all)
{
	struct tree_count count;
	uint64_t now;

	if (!root_ended(c))
		return false;
	now = boot_now();
	if (all && !jobctl_asked() && somebody_lives(c, now)) {
		c->ended_ns = 0;
		return false;
	}
	/* What it did last is in the ring: to be read at the next turn. */
	if (!c->ended_ns) {
		c->ended_ns = now;
		c->looked_ns = now;
		return false;
	}
	tree_count(c->tree, &count);
	return count.told == count.dead || now - c->ended_ns > SETTLE_NS;
}

void child_wait(struct child *c)
{
	const struct timespec turn = { 0, 20 * 1000 * 1000 };

	if (!c->released)
		spawn_close(&c->spawn);
	while (c->spawn.pid > 0 && !root_ended(c))
		nanosleep(&turn, NULL);
	if (!c->ended_ns)
		c->ended_ns = boot_now();
}

/* What lives on after it may have written anything since. */
bool child_ended_typed(const struct child *c)
{
	uint64_t typed = jobctl_typed();

	return typed && c->ended_ns < typed + JUST_NOW_NS;
}

/* sudo replaces PATH (secure_path): what its caller finds need not be in there. */
static int not_found(const struct child *c, const char *name)
{
	bool by_path = !strchr(name, '/');

	log_error("%s: command not found%s", name,
		  by_path && c->as && getenv("SUDO_UID") ?
			  "; PATH is sudo's here, with `sudo env \"PATH=$PATH\" obit ...` it is yours" :
			  "");
	return NOT_FOUND;
}

/* Is there a file of this name in a folder of PATH? */
static bool in_path(const char *name)
{
	const char *p = getenv("PATH");
	char file[4096];
	size_t len;

	for (; p; p = p[len] ? p + len + 1 : NULL) {
		len = strcspn(p, ":");
		snprintf(file, sizeof(file), "%.*s/%s", len ? (int)len : 1,
			 len ? p : ".", name);
		if (!access(file, F_OK))
			return true;
	}
	return false;
}

static int cannot_exec(const struct child *c, const char *name, int err)
{
	struct stat st;
	bool there = strchr(name, '/') && !stat(name, &st);

	if (err == -ENOENT && !there)
		return not_found(c, name);
	/* execvp(3) says so, too, if the user may not look into one of PATH. */
	if (err == -EACCES && !strchr(name, '/') && !in_path(name))
		return not_found(c, name);
	if (err == -ENOENT)
		log_error("%s: cannot be run: the interpreter it names is not there",
			  name);
	else if (there && S_ISDIR(st.st_mode))
		log_error("%s: is a directory", name);
	else if (err == -EACCES)
		log_error("%s: is not executable, or may not be read", name);
	else
		log_error("%s: cannot be run: %s", name, strerror(-err));
	return NOT_EXECUTABLE;
}

/* As a shell has it in $?. */
static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int child_conclude(struct child *c, char *const *argv, bool *became)
{
	int err;

	*became = false;
	if (!c->released)
		return OWN_FAILURE;
	switch (spawn_failed(&c->spawn, &err)) {
	case SPAWN_BECOME:
		log_error("cannot become user %u: %s", c->account.uid,
			  strerror(-err));
		return OWN_FAILURE;
	case SPAWN_EXEC:
		return cannot_exec(c, argv[0], err);
	case SPAWN_OK:
		break;
	}
	*became = true;
	return shell_status(jobctl_status());
}

/*
 * A shell script goes on after a command that was interrupted and took it well,
 * and ends with one that died of it: it looks at how we ended.
 */
static void end_likewise(int status)
{
	if (!jobctl_interrupted() || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGINT)
		return;
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
}

void child_end(struct child *c)
{
	if (ours) {
		spawn_close(&c->spawn);
		jobctl_end();
	}
	ours = NULL;
	tree_free(c->tree);
	account_free(&c->account);
	end_likewise(jobctl_status());
}
