// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * pdeath: parent-death signals set, cleared, and as they stand. Owns the
 * programs that write PDEATH records. Never their sending: signal.bpf.c.
 */
#include "obit.bpf.h"
#include "pdeath.bpf.h"

#define PR_SET_PDEATHSIG 1

/*
 * prctl(2) on its return; regs are the caller's user registers, so option is
 * still in the first argument (arm64 keeps it in orig_x0).
 */
static __always_inline int prctl_returns(struct pt_regs *regs, long ret)
{
	struct task_struct *cur = current_task();
	u64 id;

	if (ret || syscall_arg1(regs) != PR_SET_PDEATHSIG)
		return 0;
	/* the same signal once more is no news */
	id = BPF_CORE_READ(cur, start_boottime) +
	     ((u64)BPF_CORE_READ(cur, pdeath_signal) << 56);
	if (!is_done(DONE_PRCTL, id))
		pdeath_set_record();
	return 0;
}

SEC("fexit/__x64_sys_prctl")
int BPF_PROG(fexit__x64_sys_prctl, struct pt_regs *regs, long ret)
{
	return prctl_returns(regs, ret);
}

SEC("fexit/__x64_sys_prctl")
int BPF_PROG(twin__x64_sys_prctl, struct pt_regs *regs, long ret)
{
	return prctl_returns(regs, ret);
}

SEC("fexit/__arm64_sys_prctl")
int BPF_PROG(fexit__arm64_sys_prctl, struct pt_regs *regs, long ret)
{
	return prctl_returns(regs, ret);
}

/* i386 callers: the same registers under other names. */
SEC("fexit/__ia32_sys_prctl")
int BPF_PROG(fexit__ia32_sys_prctl, struct pt_regs *regs, long ret)
{
	if (ret == 0 && syscall_compat_arg1(regs) == PR_SET_PDEATHSIG)
		pdeath_set_record();
	return 0;
}

/*
 * commit_creds() clears it when an effective or filesystem id changes (or when
 * capabilities are gained, which is not looked at: the scan finds those). A
 * setuid exec has cleared it earlier, see EXEC with OBIT_EXEC_SECURE.
 */
SEC("fentry/commit_creds")
int BPF_PROG(fentry__commit_creds, struct cred *new)
{
	struct task_struct *cur = current_task();
	const struct cred *old;

	if (!BPF_CORE_READ(cur, pdeath_signal))
		return 0;
	old = BPF_CORE_READ(cur, real_cred);
	if (BPF_CORE_READ(old, euid.val) != new->euid.val ||
	    BPF_CORE_READ(old, egid.val) != new->egid.val ||
	    BPF_CORE_READ(old, fsuid.val) != new->fsuid.val ||
	    BPF_CORE_READ(old, fsgid.val) != new->fsgid.val)
		pdeath_record(cur, OBIT_PDEATH_CRED, 0, 0);
	return 0;
}

/* One pass over all threads: who has one armed now. */
SEC("iter/task")
int iter__pdeath(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	u32 signal;

	if (!t)
		return 0;
	signal = t->pdeath_signal;
	if (signal && !t->exit_state && !(t->flags & (PF_KTHREAD | PF_EXITING)))
		pdeath_record(t, OBIT_PDEATH_STATE, signal, scan_id);
	return 0;
}
