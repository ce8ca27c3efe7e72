# SPDX-License-Identifier: GPL-2.0-only
"""Proves that the debug kernel sees what it is for: seeded bugs are reported.

Owns one bug of each kind a module can have, each let loose in a guest of its
own, and the words the kernel must find for it. Never tests obit; a bug that
goes unseen is a failure here, before anything is believed of a clean run.

seeded.py [KERNEL]    (debug)
"""
import re
import sys
import time

import debs
import kmod
import vm

MEM = 1024

SOURCE = r"""
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

static char *how = "";
module_param(how, charp, 0444);

static DEFINE_SPINLOCK(a);
static DEFINE_SPINLOCK(b);
static DEFINE_RAW_SPINLOCK(raw);
static DEFINE_MUTEX(mutex);
static void __rcu *pointer;
static struct tracepoint *tp;
static void *leaked;

struct timed {
	struct timer_list timer;
};

static void find(struct tracepoint *t, void *arg)
{
	if (!strcmp(t->name, "sched_process_exit"))
		tp = t;
}

static void sleeps(void *data, struct task_struct *p)
{
	msleep(1);
}

static void from_irq(struct irq_work *work)
{
	raw_spin_lock(&raw);
	raw_spin_unlock(&raw);
}
static struct irq_work irq = IRQ_WORK_INIT_HARD(from_irq);

static void never(struct timer_list *t)
{
}

static void one_order(void)
{
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&b);
	spin_unlock(&a);
}

static void other_order(void)
{
	spin_lock(&b);
	spin_lock(&a);
	spin_unlock(&a);
	spin_unlock(&b);
}

static int __init seeded_init(void)
{
	volatile char *p;

	if (!strcmp(how, "sleep")) {
		for_each_kernel_tracepoint(find, NULL);
		return tracepoint_probe_register(tp, sleeps, NULL);
	} else if (!strcmp(how, "order")) {
		one_order();
		other_order();
	} else if (!strcmp(how, "irq")) {
		raw_spin_lock(&raw);
		raw_spin_unlock(&raw);
		irq_work_queue(&irq);
		irq_work_sync(&irq);
	} else if (!strcmp(how, "context")) {
		raw_spin_lock(&raw);
		spin_lock(&a);
		spin_unlock(&a);
		raw_spin_unlock(&raw);
	} else if (!strcmp(how, "held")) {
		mutex_lock(&mutex);
	} else if (!strcmp(how, "rcu")) {
		pr_info("%p\n", rcu_dereference(pointer));
	} else if (!strcmp(how, "percpu")) {
		pr_info("%d\n", smp_processor_id());
	} else if (!strcmp(how, "freed")) {
		p = kmalloc(64, GFP_KERNEL);
		kfree((void *)p);
		pr_info("%d\n", p[8]);
	} else if (!strcmp(how, "beyond")) {
		p = kmalloc(64, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
		p[65] = 1;
	} else if (!strcmp(how, "vmalloc")) {
		p = vmalloc(4000);
		OPTIMIZER_HIDE_VAR(p);
		p[4096] = 1;
	} else if (!strcmp(how, "timer")) {
		struct timed *t = kzalloc(sizeof(*t), GFP_KERNEL);

		timer_setup(&t->timer, never, 0);
		mod_timer(&t->timer, jiffies + 1000 * HZ);
		kfree(t);
	} else if (!strcmp(how, "leak")) {
		leaked = kmalloc(100, GFP_KERNEL);
		leaked = NULL;
	}
	return 0;
}
module_init(seeded_init);
static void __exit seeded_exit(void)
{
	if (tp)
		tracepoint_probe_unregister(tp, sleeps, NULL);
	tracepoint_synchronize_unregister();
}
module_exit(seeded_exit);
MODULE_LICENSE("GPL");
"""

# what is wrong, what the kernel must call it
SEEN = (
    ("sleep", "BUG: sleeping function called from invalid context"
              "|BUG: scheduling while atomic"),
    ("order", "WARNING: possible circular locking dependency"),
    ("irq", "WARNING: inconsistent lock state"),
    ("context", "BUG: Invalid wait context"),
    ("held", "WARNING: .*still has locks held|WARNING: lock held when "
             "returning to user space"),
    ("rcu", "WARNING: suspicious RCU usage"),
    ("percpu", r"BUG: using smp_processor_id\(\) in preemptible"),
    ("freed", "BUG: KASAN: slab-use-after-free"),
    ("beyond", "BUG: KASAN: slab-out-of-bounds"),
    ("vmalloc", "BUG: KASAN: vmalloc-out-of-bounds"),
    ("timer", "WARNING: .*lib/debugobjects|ODEBUG: free active"),
)

# kmemleak only tells who asks, and nothing younger than five seconds.
LEAK = """
insmod /seeded.ko how=leak
sleep 7
echo scan > /sys/kernel/debug/kmemleak
echo scan > /sys/kernel/debug/kmemleak
cat /sys/kernel/debug/kmemleak
"""


class Seeded:
    def __init__(self, name, emit):
        self.kernel = debs.cached(name) or debs.fetch([name])[name]
        self.emit = emit
        self.counts = [0, 0]
        source = vm.BUILD / "seeded"
        (source / "kmod").mkdir(parents=True, exist_ok=True)
        (source / "Kbuild").write_text("obj-m := seeded.o\n"
                                       "seeded-y := kmod/main.o\n")
        (source / "kmod/main.c").write_text(SOURCE)
        self.module = kmod.build(self.kernel, vm.BUILD / f"seeded-{name}",
                                 source=source)

    def guest(self, script, timeout=60):
        return vm.run(self.kernel, [f"{self.module}:/seeded.ko"],
                      ["sh", "-c", script], timeout, mem=MEM)

    def verdict(self, name, good, why, begin):
        self.counts[not good] += 1
        took = f" ({time.monotonic() - begin:.1f} s)"
        self.emit(f"ok seeded/{name}{took}" if good else
                  f"not ok seeded/{name}: {why}")

    def seen(self, how, words):
        begin = time.monotonic()
        result = self.guest(f"insmod /seeded.ko how={how}; true; rmmod seeded;"
                            "sleep 0.3; exit 0")
        found = re.search(words, result.console)
        self.verdict(how, result.lost and found,
                     f"not reported as {words} (rc {result.rc}, lost "
                     f"{result.lost!r})", begin)

    def leak(self):
        begin = time.monotonic()
        result = self.guest(LEAK)
        self.verdict("leak", not result.lost and
                     'comm "insmod"' in result.text,
                     f"kmemleak says {result.text!r}, lost {result.lost!r}",
                     begin)

    def well(self):
        begin = time.monotonic()
        result = self.guest("insmod /seeded.ko && rmmod seeded")
        self.verdict("none", result.rc == 0 and not result.lost,
                     f"a sound module: {result.lost or result.rc}", begin)


def run_all(name, emit=print):
    """Lets each loose; returns (passed, failed)."""
    seeded = Seeded(name, emit)
    seeded.well()
    for how, words in SEEN:
        seeded.seen(how, words)
    seeded.leak()
    return tuple(seeded.counts)


def main(argv):
    vm.on_signals()
    try:
        counts = run_all(argv[0] if argv else "debug",
                         lambda line: print(line, flush=True))
    except (vm.Broken, debs.Unavailable, kmod.BuildError) as e:
        print(f"not ok seeded: {e}\n{getattr(e, 'log', '')}")
        counts = 0, 1
    print("%d passed, %d failed, 0 skipped" % counts)
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
