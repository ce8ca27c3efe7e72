// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile_out: the files that a profile is written to.
 * Owns that nothing is overwritten unasked. Never writes to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/profile_out.h"
#include "cmd/run_as.h"
#include "lib/log.h"
#include "lib/out.h"

bool profile_file_is_stdout(const struct profile_file *f)
{
	return f->path && !strcmp(f->path, "-");
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A device or a pipe takes what several write. */
static bool clashes(const char *path, const struct stat *st)
{
	struct stat other;

	return path && strcmp(path, "-") && !stat(path, &other) &&
	       S_ISREG(other.st_mode) && same_file(st, &other);
}

static int check_others(const struct profile_file *files, size_t i,
			const struct stat *st, const char *const *others,
			size_t nr_others)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (clashes(files[k].path, st)) {
			log_error("--%s and --%s: both to %s; give two files",
				  files[k].option, files[i].option,
				  files[i].path);
			return -EINVAL;
		}
	for (k = 0; k < nr_others; k++)
		if (clashes(others[k], st)) {
			log_error("--%s=%s: that file is the recording itself",
				  files[i].option, files[i].path);
			return -EINVAL;
		}
	return 0;
}

/* It is not the input that is missing, but the output's folder. */
static int cannot_open(const struct profile_file *f, int err)
{
	log_error("--%s: cannot write %s: %s", f->option, f->path,
		  strerror(err));
	return err == ENOENT || err == ENOTDIR || err == EISDIR ? -EIO : -err;
}

static int open_one(struct profile_file *files, size_t i, bool force,
		    const struct account *as, const char *const *others,
		    size_t nr_others)
{
	struct profile_file *f = &files[i];
	struct stat st;
	int err;

	f->fd = run_open_as(as, f->path, O_WRONLY | O_CREAT | O_EXCL);
	f->created = f->fd >= 0;
	if (f->created)
		return 0;
	if (errno != EEXIST)
		return cannot_open(f, errno);
	if (stat(f->path, &st))
		return cannot_open(f, errno);
	err = S_ISREG(st.st_mode) ?
		      check_others(files, i, &st, others, nr_others) :
		      0;
	if (err)
		return err;
	if (S_ISREG(st.st_mode) && !force) {
		log_error("--%s: %s is there already; --force overwrites it",
			  f->option, f->path);
		return -EINVAL;
	}
	f->fd = run_open_as(as, f->path, O_WRONLY);
	return f->fd < 0 ? cannot_open(f, errno) : 0;
}

int profile_files_open(struct profile_file *files, size_t nr, bool force,
		       const struct account *as, const char *const *others,
		       size_t nr_others)
{
	const struct profile_file *on_stdout = NULL;
	int err = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		files[i].fd = -1;
	for (i = 0; i < nr && !err; i++) {
		if (!files[i].path)
			continue;
		if (!profile_file_is_stdout(&files[i])) {
			err = open_one(files, i, force, as, others, nr_others);
		} else if (on_stdout) {
			log_error("--%s and --%s: both to standard output; give a file to one",
				  on_stdout->option, files[i].option);
			err = -EINVAL;
		} else {
			on_stdout = &files[i];
			files[i].fd = dup(STDOUT_FILENO);
			if (files[i].fd < 0)
				err = cannot_open(&files[i], errno);
		}
	}
	return err ? profile_files_close(files, nr, err, false) : 0;
}

int profile_file_begin(struct profile_file *f)
{
	struct stat st;

	if (f->created || profile_file_is_stdout(f) || fstat(f->fd, &st) ||
	    !S_ISREG(st.st_mode) || !ftruncate(f->fd, 0))
		return 0;
	return cannot_open(f, errno);
}

int profile_files_close(struct profile_file *files, size_t nr, int err,
			bool keep)
{
	size_t i;
	int e;

	for (i = 0; i < nr; i++) {
		if (files[i].fd < 0)
			continue;
		/* NFS and quotas tell here and not before. */
		e = close(files[i].fd) && errno != EINTR ? -errno : 0;
		files[i].fd = -1;
		if (e && !err)
			log_error("--%s: cannot write %s: %s", files[i].option,
				  files[i].path, out_why(e));
		err = err ? err : e;
		if (files[i].created && !keep)
			unlink(files[i].path);
	}
	return err;
}
