// SPDX-License-Identifier: GPL-2.0
/*
 * life: how a process begins and what it becomes: fork and exec.
 * Owns the FORK and EXEC records, the count of threads, and the path of the
 * running file. Never an end.
 */
#include <linux/binfmts.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "deferred.h"
#include "procs.h"
#include "record.h"
#include "ring.h"
#include "stories.h"

#define ARGS_MAX	4096	/* of the arguments, as the BPF programs cut them */
#define EXEC_ROOM	(OBIT_RECORD_MAX - sizeof(struct obit_exec))

/* --- fork ---------------------------------------------------------------------- */

static void count_threads(struct task_struct *child)
{
	u32 n = READ_ONCE(child->signal->nr_threads);
	struct proc_facts *f = procs_lock(child, true);

	if (!f)
		return;
	f->threads = max(f->threads, n);
	procs_unlock(f);
}

static void record_fork(struct task_struct *parent, struct task_struct *child)
{
	const struct task_struct *real_parent;
	struct obit_fork *r;

	r = ring_reserve(OBIT_EV_FORK, sizeof(*r), OBIT_LOST_CONTEXT);
	if (!r)
		return;
	real_parent = rcu_dereference(child->real_parent);
	fill_task(&r->task, child, child->pid);
	fill_task(&r->forker, parent, parent->pid);
	fill_task(&r->real_parent, real_parent, real_parent->pid);
	ring_commit(r);
}

/*
 * In kernel_clone(), after copy_process() and before the child is woken: the
 * child has its identity, and nothing of it can be in the ring yet.
 */
void obit_forked(struct task_struct *parent, struct task_struct *child)
{
	if (!READ_ONCE(ring_recording) || child->flags & PF_KTHREAD)
		return;
	rcu_read_lock();
	if (child->group_leader == child)
		record_fork(parent, child);
	else
		count_threads(child);
	rcu_read_unlock();
}

/* --- the path of the running file ----------------------------------------------- */

/* d_path() writes from the end of its buffer, and the path is longer than a
 * probe's stack may be. Exec is in process context and preemption is off. */
static char __percpu *path_pages;

static char *path_page(void)
{
	return this_cpu_ptr(path_pages);
}

int life_init(void)
{
	path_pages = __alloc_percpu(PATH_MAX, sizeof(u64));
	return path_pages ? 0 : -ENOMEM;
}

void life_exit(void)
{
	free_percpu(path_pages);
}

/*
 * Is the current task's root that of pid 1? Then d_path(), which goes by the
 * root of the caller, gives what readlink(/proc/TGID/exe) gives to others. Not
 * init_task's root: from 7.x on that is an empty file system. The lock only
 * keeps pid 1's fs_struct; what is read from either may change right after, and
 * in d_path() as well.
 */
static bool at_home(void)
{
	struct task_struct *init = READ_ONCE(init_pid_ns.child_reaper);
	struct fs_struct *fs = current->fs;
	bool home = false;

	if (!spin_trylock(&init->alloc_lock))
		return false;
	if (init->fs && fs)
		home = path_equal(&init->fs->root, &fs->root);
	spin_unlock(&init->alloc_lock);
	return home;
}

/* A file that names itself (memfd) is called so from everywhere. */
static bool names_itself(const struct dentry *d)
{
	return d->d_op && d->d_op->d_dname;
}

/* Puts `len` bytes before *at if they fit after start. */
static bool prepend(char *start, char **at, const void *bytes, size_t len)
{
	if (*at - start < len)
		return false;
	*at -= len;
	memcpy(*at, bytes, len);
	return true;
}

/* "/name", which a rename changes under this lock. */
static bool prepend_name(char *start, char **at, struct dentry *d)
{
	bool fits;

	spin_lock(&d->d_lock);
	fits = prepend(start, at, d->d_name.name, d->d_name.len) &&
	       prepend(start, at, "/", 1);
	spin_unlock(&d->d_lock);
	return fits;
}

/*
 * The path from the root of the mount namespace, over mount points, built from
 * its end as d_path() does: what a reader outside sees for a file that its own
 * root does not lead to. Sleeps: each step may put the last reference. NULL: no
 * room. A rename meanwhile can mix old names and new, which d_path() avoids by
 * trying again.
 */
static char *walk_up(const struct path *file, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct path path = *file;
	char *at = buf + size;
	bool fits = true;

	path_get(&path);
	if (d_unlinked(path.dentry))
		fits = prepend(buf, &at, deleted, strlen(deleted));
	while (fits) {
		struct dentry *d = path.dentry;

		if (d == path.mnt->mnt_root) {
			if (!follow_up(&path))
				break;
		} else if (IS_ROOT(d)) {
			break;
		} else {
			fits = prepend_name(buf, &at, d);
			path.dentry = dget_parent(d);
			dput(d);
		}
	}
	path_put(&path);
	return fits ? at : NULL;
}

/* --- exec ------------------------------------------------------------------------ */

/*
 * exe and the arguments behind it (args NULL: they are there), into a record
 * with room for both; the length it then has. No length is read back from a
 * record: it may be in the ring, and a reader that moves its cursor past a frame
 * that is being written lets others write there.
 */
static u32 put_data(struct obit_exec *r, const char *exe, u32 exe_len,
		    const char *args, u32 args_len)
{
	u32 used = exe_len + args_len;
	u32 len = ALIGN(sizeof(*r) + used, 8);

	r->exe_len = exe_len;
	r->args_len = args_len;
	memcpy(r->data, exe, exe_len);
	if (args)
		memcpy(r->data + exe_len, args, args_len);
	memset(r->data + used, 0, len - sizeof(*r) - used);
	return len;
}

static u32 args_kept(const struct mm_struct *mm)
{
	return min_t(u64, mm->arg_end - mm->arg_start, ARGS_MAX);
}

static void fill_exec(struct obit_exec *r, struct task_struct *p, pid_t old_pid,
		      const struct linux_binprm *bprm)
{
	const struct mm_struct *mm = p->mm;

	fill_task(&r->task, p, p->pid);
	fill_thread_comm(r->comm, p);
	r->flags = bprm->secureexec ? OBIT_EXEC_SECURE : 0;
	r->old_tid = old_pid;
	r->args_total = mm->arg_end - mm->arg_start;
	r->args_len = 0;
	r->exe_len = 0;
	r->pdeath_signal = p->pdeath_signal;
	r->pad = 0;
}

/* argv has just been copied to the new stack, so the pages are there. How many
 * of `len` bytes it is now. */
static u32 copy_args(struct obit_exec *r, const struct mm_struct *mm, char *to,
		     u32 len)
{
	if (!len ||
	    !copy_from_user_nofault(to, (void __user *)mm->arg_start, len))
		return len;
	r->flags |= OBIT_EXEC_ARGS_FAULT;
	return 0;
}

/* An EXEC record on its way, until the path can be walked. */
struct exec_later {
	struct deferred d;
	struct file *exe;
	struct obit_exec r;		/* data[]: the arguments alone */
};

/*
 * On the way to the new program's first instruction. A fatal signal on that way
 * is taken after task work, so EXIT comes behind.
 */
static void exec_later(struct deferred *d)
{
	struct exec_later *l = container_of(d, struct exec_later, d);
	struct obit_exec *r;
	char *page, *exe;
	u32 exe_len = 0;

	r = kmalloc(OBIT_RECORD_MAX, GFP_KERNEL);
	page = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!r || !page) {
		ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_OVERSIZE);
		goto out;
	}
	*r = l->r;
	exe = walk_up(&l->exe->f_path, page, PATH_MAX);
	if (exe)
		exe_len = page + PATH_MAX - exe;
	if (!exe || exe_len > EXEC_ROOM - l->r.args_len) {
		r->flags |= OBIT_EXEC_EXE_CUT;
		exe_len = 0;
	}
	r->hdr.len = put_data(r, exe, exe_len, l->r.data, l->r.args_len);
	if (!ring_write(r))
		ring_lost(OBIT_LOST_CONTEXT, OBIT_LOST_RING_FULL);
out:
	kfree(page);
	kfree(r);
	fput(l->exe);
}

static bool put_off(struct task_struct *p, pid_t old_pid,
		    const struct linux_binprm *bprm, struct file *exe)
{
	u32 args = args_kept(p->mm);
	struct exec_later *l;

	l = deferred_alloc(sizeof(*l) + args, exec_later);
	if (!l)
		return false;
	l->r.hdr.type = OBIT_EV_EXEC;
	l->r.hdr.boot_ns = ktime_get_boot_fast_ns();
	fill_exec(&l->r, p, old_pid, bprm);
	l->r.args_len = copy_args(&l->r, p->mm, l->r.data, args);
	l->exe = get_file(exe);
	if (deferred_add(l))
		return true;
	fput(exe);		/* not the last: it runs from it */
	return false;
}

static void record_exec(struct task_struct *p, pid_t old_pid,
			const struct linux_binprm *bprm, const char *exe,
			u32 exe_len, u32 flags)
{
	const struct mm_struct *mm = p->mm;
	u32 args = args_kept(mm);
	struct obit_exec *r;

	if (exe_len > EXEC_ROOM - args) {
		flags |= OBIT_EXEC_EXE_CUT;
		exe_len = 0;
	}
	r = ring_reserve(OBIT_EV_EXEC, ALIGN(sizeof(*r) + exe_len + args, 8),
			 OBIT_LOST_CONTEXT);
	if (!r)
		return;
	fill_exec(r, p, old_pid, bprm);
	r->flags |= flags;
	args = copy_args(r, mm, r->data + exe_len, args);
	r->hdr.len = put_data(r, exe, exe_len, NULL, args);
	ring_commit(r);
}

/*
 * In exec_binprm(), by the new program before its first instruction. Its memory
 * and exe_file are its own yet: nobody else can change them.
 */
void obit_execed(struct task_struct *p, pid_t old_pid,
		 struct linux_binprm *bprm)
{
	char *page = path_page(), *path;
	struct file *exe;

	if (!READ_ONCE(ring_recording))
		return;
	rcu_read_lock();
	exe = rcu_dereference(p->mm->exe_file);
	if (!exe) {
		record_exec(p, old_pid, bprm, NULL, 0, 0);
	} else if (names_itself(exe->f_path.dentry) || at_home()) {
		path = d_path(&exe->f_path, page, PATH_MAX);
		if (IS_ERR(path))
			record_exec(p, old_pid, bprm, NULL, 0,
				    OBIT_EXEC_EXE_CUT);
		else
			record_exec(p, old_pid, bprm, path, strlen(path), 0);
	} else if (!put_off(p, old_pid, bprm, exe)) {
		record_exec(p, old_pid, bprm, NULL, 0, OBIT_EXEC_EXE_CUT);
	}
	rcu_read_unlock();
}
