// SPDX-License-Identifier: GPL-2.0
/*
 * dev: /dev/obit. Owns what an open file is: its reader, how it started, and
 * what stays when it is closed. Never touches a record but to copy it out.
 *
 * The module cannot go while a file is open or mapped (fops.owner, and a
 * mapping holds its file).
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "deferred.h"
#include "dev.h"
#include "ending.h"
#include "hooks.h"
#include "lossless.h"
#include "procs.h"
#include "ring.h"
#include "tasks.h"

#define WAKE_MS		20
#define WAKE_MS_MAX	100
/* Where the ring is full each of them is asked at each record. */
#define READERS_MAX	64

static unsigned int linger = 10;
module_param(linger, uint, 0644);
MODULE_PARM_DESC(
	linger,
	"seconds that recording goes on for a reader that comes back (10)");

/*
 * @lock:    one reader at a time takes from it, and starting is done once
 * @started: only ever goes from false to true; release pairs with acquire
 */
struct open_file {
	struct mutex lock;
	struct ring_reader reader;
	bool started;
	bool keep;
	bool endings;			/* OBIT_START_TEARDOWN */
};

static struct {
	struct mutex lock;		/* starting, ending, lingering */
	u32 started;
	u32 endings;			/* of those, how many want TEARDOWN */
	struct delayed_work linger;
} dev = {
	.lock = __MUTEX_INITIALIZER(dev.lock),
};

/* --- starting and ending --------------------------------------------------- */

/* Nobody is to read these any more: nothing is remembered for nobody. dev.lock. */
static void stop(unsigned long wants)
{
	if (wants & WANTS(ENDINGS))
		endings_close();
	hooks_want(wants, false);
	/* a probe that a tracepoint's listener keeps may be just in a record */
	synchronize_rcu();
	if (wants & WANTS(RECORDS))
		procs_clear();
}

static void lingered(struct work_struct *work)
{
	mutex_lock(&dev.lock);
	if (ring_is_kept()) {
		ring_forget();
		if (!ring_recording)
			stop(WANTS(RECORDS));
	}
	mutex_unlock(&dev.lock);
}

static int check_start(const struct obit_dev_start *s)
{
	if (s->version < OBIT_ABI_COMPAT)
		return -EPROTONOSUPPORT;
	if (s->flags & ~OBIT_START_FLAGS || s->pad || s->wake_ms > WAKE_MS_MAX)
		return -EINVAL;
	/* the rest may be padding, and then that much is never unread */
	if (s->wake_bytes > ring_bytes() / 2)
		return -EINVAL;
	return 0;
}

/* What the file wants is armed. Of an end nothing is required: a kernel may lack
 * any of its places. dev.lock held. */
static int arm(struct open_file *file, bool endings)
{
	unsigned long wants = WANTS(RECORDS) | (endings ? WANTS(ENDINGS) : 0);
	int err = 0;

	if (endings && !dev.endings)
		err = endings_open();
	if (err)
		return err;
	file->endings = endings;
	dev.endings += endings;
	return hooks_want(wants, true);
}

/* What nobody wants when the file has left the ring. dev.lock held. */
static void disarm(struct open_file *file)
{
	unsigned long wants = ring_recording ? 0 : WANTS(RECORDS);

	if (file->endings && !--dev.endings)
		wants |= WANTS(ENDINGS);
	file->endings = false;
	if (wants)
		stop(wants);
}

/* dev.lock and file->lock held. */
static int join(struct open_file *file, struct obit_dev_start *s)
{
	struct ring_reader *r = &file->reader;
	bool resumed;
	int err;

	if (dev.started >= READERS_MAX)
		return -EMFILE;
	err = ring_alloc();
	if (err)
		return err;
	if (s->flags & OBIT_START_LOSSLESS) {
		err = lossless_start(s, file);
		if (err)
			return err;
	}
	r->wake_bytes = s->wake_bytes ?: ring_bytes() / 4;
	r->wake_ms = s->wake_ms ?: WAKE_MS;
	r->timed = s->flags & OBIT_START_TIMED;
	ring_join(r, s->flags & OBIT_START_RESUME, &resumed);
	err = arm(file, s->flags & OBIT_START_TEARDOWN);
	if (err) {
		/* a place that it has taken over is for the next one to take */
		ring_leave(r, resumed);
		lossless_stop(file);
		disarm(file);
		return err;
	}
	if (!resumed)
		s->flags &= ~OBIT_START_RESUME;
	if (!ring_is_kept())
		cancel_delayed_work(&dev.linger);
	if (!READ_ONCE(linger))
		s->flags &= ~OBIT_START_KEEP;
	file->keep = s->flags & OBIT_START_KEEP;
	dev.started++;
	smp_store_release(&file->started, true);
	return 0;
}

static int start_file(struct open_file *file, struct obit_dev_start *s)
{
	int err = check_start(s);

	if (err)
		return err;
	mutex_lock(&dev.lock);
	mutex_lock(&file->lock);
	err = file->started ? -EALREADY : join(file, s);
	mutex_unlock(&file->lock);
	mutex_unlock(&dev.lock);
	s->version = OBIT_ABI_VERSION;
	s->compat = OBIT_ABI_COMPAT;
	s->ring_bytes = ring_bytes();
	s->cursor_offset = PAGE_SIZE + ring_bytes();
	return err;
}

/* read(2) and poll(2) of a file that nobody has started. */
static int start_plainly(struct open_file *file)
{
	struct obit_dev_start s = { .version = OBIT_ABI_VERSION };
	int err;

	if (smp_load_acquire(&file->started))
		return 0;
	err = start_file(file, &s);
	return err == -EALREADY ? 0 : err;
}

static int dev_open(struct inode *inode, struct file *filp)
{
	struct open_file *file;

	/* the mode alone would let in who was given the file's owner or mode */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	file = kzalloc(sizeof(*file), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	file->reader.page = vmalloc_user(PAGE_SIZE);
	if (!file->reader.page) {
		kfree(file);
		return -ENOMEM;
	}
	mutex_init(&file->lock);
	INIT_LIST_HEAD(&file->reader.node);
	filp->private_data = file;
	return stream_open(inode, filp);
}

static int dev_release(struct inode *inode, struct file *filp)
{
	struct open_file *file = filp->private_data;

	lossless_stop(file);
	mutex_lock(&dev.lock);
	if (file->started) {
		bool keep = file->keep && READ_ONCE(linger);

		ring_leave(&file->reader, keep);
		dev.started--;
		disarm(file);
		if (keep)
			mod_delayed_work(obit_wq, &dev.linger,
					 (unsigned long)READ_ONCE(linger) * HZ);
	}
	mutex_unlock(&dev.lock);
	vfree(file->reader.page);
	kfree(file);
	return 0;
}

/* --- reading ------------------------------------------------------------------ */

/* As many whole frames as are there and fit; 0: none is there. */
static ssize_t take_frames(struct open_file *file, char __user *buf, size_t len)
{
	const struct obit_frame *f;
	size_t done = 0;
	int err;

	while ((f = ring_peek(&file->reader, &err))) {
		u32 size = file->reader.size;	/* f->size may change */

		if (size > len - done)
			return done ?: -EINVAL;
		if (copy_to_user(buf + done, f, size))
			return done ?: -EFAULT;
		done += size;
		ring_consume(&file->reader);
		if (signal_pending(current))
			break;
	}
	return done ?: err;
}

/* Says so anew for each look: whoever wakes others forgets all who sleep. */
static bool has_frames(struct open_file *file)
{
	ring_sleeps(&file->reader);
	return ring_unread(&file->reader);
}

/* Something is there, perhaps not committed yet. */
static int wait_for_frames(struct open_file *file)
{
	int err;

	err = wait_event_interruptible(ring_wait, has_frames(file));
	ring_awake(&file->reader);
	return err;
}

static ssize_t dev_read(struct file *filp, char __user *buf, size_t len,
			loff_t *pos)
{
	struct open_file *file = filp->private_data;
	ssize_t n = start_plainly(file);

	if (n)
		return n;
	for (;;) {
		if (mutex_lock_interruptible(&file->lock))
			return -ERESTARTSYS;
		n = take_frames(file, buf, len);
		mutex_unlock(&file->lock);
		if (n || !len)
			return n;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		n = wait_for_frames(file);
		if (n)
			return n;
		/* it may be half written, by a task that runs elsewhere; or
		 * for ever, where a mapped cursor points to no frame */
		if (signal_pending(current))
			return -ERESTARTSYS;
		cond_resched();
	}
}

static __poll_t dev_poll(struct file *filp, poll_table *wait)
{
	struct open_file *file = filp->private_data;

	if (start_plainly(file))
		return EPOLLERR;
	poll_wait(filp, &ring_wait, wait);
	ring_sleeps(&file->reader);
	lossless_room();
	if (!ring_worth_reading(&file->reader))
		return 0;
	ring_awake(&file->reader);
	return EPOLLIN | EPOLLRDNORM;
}

static int dev_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct open_file *file = filp->private_data;
	unsigned long len = vma->vm_end - vma->vm_start;
	u64 off = (u64)vma->vm_pgoff << PAGE_SHIFT;

	if (!smp_load_acquire(&file->started))
		return -ENOTCONN;
	/* a private copy of the cursor would be nobody's */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!off)
		return len > PAGE_SIZE + ring_bytes() ? -EINVAL :
							ring_mmap(vma);
	if (off != PAGE_SIZE + ring_bytes() || len != PAGE_SIZE)
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	obit_vm_flags_clear(vma, VM_MAYEXEC);
	obit_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return remap_vmalloc_range(vma, file->reader.page, 0);
}

/* --- ioctls ---------------------------------------------------------------------- */

static long ioctl_start(struct open_file *file, void __user *arg)
{
	struct obit_dev_start s;
	int err;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	err = start_file(file, &s);
	/* told in any case: the caller can name the module's version */
	if (copy_to_user(arg, &s, sizeof(s)) && !err)
		return -EFAULT;
	return err;
}

static long ioctl_info(void __user *arg)
{
	struct obit_dev_info info = {
		.version = OBIT_ABI_VERSION,
		.compat = OBIT_ABI_COMPAT,
		.release = OBIT_VERSION,
		.linger_s = READ_ONCE(linger),
	};

	ring_info(&info);
	lossless_info(&info);
	info.readers = READ_ONCE(dev.started);
	info.hooks = hooks_count();
	info.missed = hooks_missed();
	info.procs = procs_count();
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long ioctl_hook(void __user *arg)
{
	struct obit_dev_hook h;
	int err;

	if (copy_from_user(&h, arg, sizeof(h)))
		return -EFAULT;
	err = hooks_describe(h.index, &h);
	if (!err && copy_to_user(arg, &h, sizeof(h)))
		err = -EFAULT;
	return err;
}

static long ioctl_scan(struct open_file *file, void __user *arg)
{
	struct obit_dev_scan s;
	int err;

	if (!smp_load_acquire(&file->started))
		return -ENOTCONN;
	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	err = tasks_scan(s.what, &s.scan);
	if (!err && copy_to_user(arg, &s, sizeof(s)))
		err = -EFAULT;
	return err;
}

static long dev_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct open_file *file = filp->private_data;
	void __user *at = (void __user *)arg;

	switch (cmd) {
	case OBIT_IOC_START:
		return ioctl_start(file, at);
	case OBIT_IOC_INFO:
		return ioctl_info(at);
	case OBIT_IOC_HOOK:
		return ioctl_hook(at);
	case OBIT_IOC_SCAN:
		return ioctl_scan(file, at);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.poll = dev_poll,
	.mmap = dev_mmap,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice dev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "obit",
	.mode = 0600,
	.fops = &dev_fops,
};

int dev_init(void)
{
	INIT_DELAYED_WORK(&dev.linger, lingered);
	return misc_register(&dev_misc);
}

void dev_exit(void)
{
	misc_deregister(&dev_misc);
	cancel_delayed_work_sync(&dev.linger);
	mutex_lock(&dev.lock);
	ring_forget();
	stop(WANTS(RECORDS));
	mutex_unlock(&dev.lock);
}
