// SPDX-License-Identifier: GPL-2.0-only
/*
 * unseen: the obituary of a process whose death nobody saw, from what it left.
 * A status tells that a signal killed it, never whose. Does no I/O.
 */
#include <string.h>
#include "core/status.h"
#include "core/unseen.h"

void unseen_status(struct obituary *o, uint32_t exit_code)
{
	struct status st = status_decode(exit_code);

	o->exit_code = exit_code;
	obituary_set(o, OB_EXIT_CODE);
	o->cause = CAUSE_UNKNOWN;
	if (st.kind == STATUS_SIGNALED) {
		o->signal = st.signal;
		o->core_dumped = st.core_dumped;
		obituary_set(o, OB_SIGNAL);
		obituary_set(o, OB_CORE);
	} else if (st.kind == STATUS_EXITED) {
		o->cause = CAUSE_EXIT;
		o->exit_status = (uint32_t)st.exit_status;
		obituary_set(o, OB_EXIT_STATUS);
		o->meaning = status_meaning(st.exit_status);
		if (o->meaning)
			obituary_set(o, OB_MEANING);
	}
}

void unseen_zombie(struct obituary *o, const struct obit_task_seen *t,
		   const char *parent_comm)
{
	memset(o, 0, sizeof(*o));
	o->tgid = t->task.tgid;
	o->start_boottime = t->task.start_boottime;
	if (o->start_boottime)
		obituary_set(o, OB_START);
	memcpy(o->comm, t->comm, sizeof(o->comm));
	obituary_set(o, OB_COMM);
	o->uid = t->uid;
	obituary_set(o, OB_UID);
	o->parent.tgid = t->parent.tgid;
	o->parent.start_boottime = t->parent.start_boottime;
	if (parent_comm)
		strncpy(o->parent.comm, parent_comm,
			sizeof(o->parent.comm) - 1);
	if (o->parent.tgid)
		obituary_set(o, OB_PARENT);
	unseen_status(o, t->exit_code);
	o->fate = FATE_ZOMBIE;
}
