// SPDX-License-Identifier: GPL-2.0-only
/*
 * `death selftest`: proves that the suite can fail. Every key of every
 * expectation is made wrong once and must be noticed; a false obit drops,
 * doubles, invents, dies, and must be found out each time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "match.h"

static int passed, failed;

static bool check(bool ok, const char *name, const char *why)
{
	if (ok)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	passed += ok;
	failed += !ok;
	return ok;
}

/* ---- every leaf of every expectation ---- */

/* The wrong key is named, or the neighbour that it bounds. */
static bool told_of(struct match *m, const char *path)
{
	json_t *e;
	size_t i;

	json_array_foreach(m->errs, i, e)
		if (!strncmp(json_string_value(e), path, strlen(path)) ||
		    (!strncmp(path, "zombie", 6) &&
		     !strncmp(json_string_value(e), "zombie", 6)))
			return true;
	return false;
}

static int notice(json_t *want, const char *tier, int *vain, char *why,
		  size_t size)
{
	struct faker f = { .tier = tier };
	struct match m = { .tier = tier, .errs = json_array() };
	json_t *got = fake_object(&f, want);
	int leaves = 0;

	if (match_object(&m, want, got))
		snprintf(why, size, "a right one is refused: %.300s", m.err);
	json_decref(m.errs);
	json_decref(got);
	for (int side = 0; side < 2; side++) {
		f.low = side;
		for (int leaf = 0; (got = fake_wrong(&f, want, leaf)); leaf++) {
			m.errs = json_array();
			m.err[0] = 0;
			if (f.vain)
				(*vain)++;
			else if (!match_object(&m, want, got))
				snprintf(why, size, "a wrong %s passes",
					 f.path);
			else if (!told_of(&m, f.path))
				snprintf(why, size,
					 "wrong %s is told as %.200s", f.path,
					 m.err);
			json_decref(m.errs);
			json_decref(got);
			leaves++;
		}
	}
	return leaves;
}

static void notice_all(const char *wanted, const char *tier)
{
	FILE *f = fopen(wanted, "re");
	char why[600] = "", name[64];
	int leaves = 0, vain = 0, cases = 0;
	json_t *j, *e;
	size_t i;

	while (f && (j = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL))) {
		cases++;
		json_array_foreach(json_object_get(j, "deaths"), i, e)
			leaves += notice(json_object_get(e, "want"), tier,
					 &vain, why, sizeof(why));
		json_array_foreach(json_object_get(j, "events"), i, e)
			leaves += notice(e, tier, &vain, why, sizeof(why));
		json_decref(j);
	}
	if (f)
		fclose(f);
	if (!leaves)
		snprintf(why, sizeof(why), "no expectations to spoil");
	snprintf(name, sizeof(name), "every_leaf_%s", tier);
	printf("# %d cases, %d leaves spoilt, %d take any value\n", cases,
	       leaves, vain);
	check(!why[0], name, why);
}

/* ---- a whole run against a false obit ---- */

static int run_fake(const char *mode, const char *tier, const char *still,
		    const char *dir, const char *cases, char *out, size_t size)
{
	char feed[300], keep[300], *argv[400];
	char *names = strdup(cases), *save = names, *name;
	int n = 0, p[2], status;
	size_t len = 0;
	ssize_t r;
	pid_t pid;

	snprintf(feed, sizeof(feed), "%s/feed", dir);
	snprintf(keep, sizeof(keep), "%s/run", dir);
	close(open(feed, O_CREAT | O_TRUNC | O_WRONLY, 0644));
	argv[n++] = "death";
	argv[n++] = "run";
	argv[n++] = "--obit";
	argv[n++] = (char *)self_path();
	argv[n++] = "--tier";
	argv[n++] = (char *)tier;
	argv[n++] = "--keep";
	argv[n++] = keep;
	while ((name = strsep(&names, " ")) && *name && n < 390) {
		argv[n++] = "--case";
		argv[n++] = name;
	}
	argv[n] = NULL;
	if (pipe(p))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		setenv("DEATH_FEED", feed, 1);
		setenv("DEATH_FAKE", mode, 1);
		setenv("DEATH_OWED_MS", "1600", 1);
		setenv("DEATH_STOOD_STILL_MS", still, 1);
		dup2(p[1], 1);
		close(p[0]);
		execv(self_path(), argv);
		_exit(127);
	}
	close(p[1]);
	while ((r = read(p[0], out + len, size - 1 - len)) > 0)
		len += r;
	out[len] = 0;
	close(p[0]);
	waitpid(pid, &status, 0);
	free(save);
	return status;
}

static void folder_drop(const char *dir)
{
	static const char *const left[] = {
		"run/again/obit.json",
		"run/again/obit.err",
		"run/again/wanted.json",
		"run/again",
		"run/obit.json",
		"run/obit.err",
		"run/wanted.json",
		"run",
		"feed",
		"",
	};
	char path[300];

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, left[i]);
		remove(path);
	}
}

/* What each false obit must be found out by; @still: though the machine stood
 * still for so many ms. */
static const struct {
	const char *mode, *cases, *told, *still;
} lies[] = {
	{ "wrong", "exit_3 exit_256", "not ok exit_256:", "0" },
	{ "wrong", "exit_3 exit_256", "not ok exit_256:", "900" },
	{ "drop", "exit_3", "not ok exit_3: exiter obituary: expected 1", "0" },
	{ "twice", "exit_3", "not ok stream_unique:", "0" },
	{ "twice", "exit_3", "not ok exit_3: exiter obituary: expected 1",
	  "0" },
	{ "surplus", "exit_3", "event: expected none, got", "0" },
	{ "junk", "exit_3", "not ok stream_is_json:", "0" },
	{ "nulls", "exit_3", "not ok stream_required_keys:", "0" },
	{ "lost", "exit_3", "not ok stream_nothing_lost:", "0" },
	{ "status1", "exit_3", "not ok obit_ends_cleanly:", "0" },
	{ "dies", "exit_3", "not ok obit_ends_cleanly:", "0" },
	{ "blind", "exit_3", "not ok obit_starts:", "0" },
	{ "refuses", "exit_3", "not ok obit_starts:", "0" },
	{ "no_self", "exit_3", "not ok exit_3: case obituary", "0" },
	{ "thread", "thread_exit_group", "expected none of thread", "0" },
	{ "no_event", "zombie_long", "event: expected one, got none", "0" },
};

/* One lie, in a process and a folder of its own; true if it was found out. */
static bool found_out(int i)
{
	static char out[1 << 20];
	char dir[] = "/tmp/death-lie.XXXXXX", name[64], why[400];
	int status;

	if (!mkdtemp(dir))
		return false;
	status = run_fake(lies[i].mode, "tracepoints", lies[i].still, dir,
			  lies[i].cases, out, sizeof(out));
	folder_drop(dir);
	snprintf(name, sizeof(name), "found_out_%s%s", lies[i].mode,
		 atoi(lies[i].still) ? "_again" : "");
	snprintf(why, sizeof(why),
		 "expected status 1 and \"%s\", got %#x and: %.200s",
		 lies[i].told, status, out);
	return check(WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
			     strstr(out, lies[i].told) &&
			     !strstr(out, "\nagain ") == !atoi(lies[i].still),
		     name, why);
}

static void run_lies(void)
{
	int n = sizeof(lies) / sizeof(lies[0]), live = 0, status;

	/* they wait more than they work */
	for (int i = 0; i < n || live;) {
		if (i < n && live < 6) {
			fflush(stdout);
			if (!fork())
				_exit(!found_out(i));
			i++;
			live++;
			continue;
		}
		if (wait(&status) < 0)
			break;
		live--;
		passed += !status;
		failed += !!status;
	}
}

int selftest_main(int argc, char **argv)
{
	static const char *const tiers[] = { "tracepoints", "fentry" };
	static char out[1 << 20];
	char dir[] = "/tmp/death-self.XXXXXX", path[300];
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir))
		return 73;
	/* an obit that is right in all passes all */
	status = run_fake("right", "tracepoints", "0", dir,
			  argc > 1 ? argv[1] : "", out, sizeof(out));
	for (char *l = out, *line; status && (line = strsep(&l, "\n"));)
		printf("# %s\n", line);
	snprintf(path, sizeof(path), "expected status 0, got %#x", status);
	check(!status, "right_passes", path);
	snprintf(path, sizeof(path), "%s/run/wanted.json", dir);
	for (int i = 0; i < 2; i++)
		notice_all(path, tiers[i]);
	folder_drop(dir);
	run_lies();
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}
