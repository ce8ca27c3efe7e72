// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of trace.h: their code, and what a first listener and a last
 * one set going. Owns no probe: hooks.c arms what a tracepoint needs. Never
 * fires one.
 */
#include "compat.h"
#include "hooks.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * reg is called before a tracepoint's first probe is put in, unreg after its
 * last one is out, both under tracepoints_mutex. Registering a probe anywhere
 * takes that mutex: not from here. unreg can come after the module's exit
 * function: the tracepoints' own module notifier runs later than that.
 */
#define TRACE_REG(event, want)						\
	int obit_trace_reg_##event(void)				\
	{								\
		hooks_want_later(want, true);				\
		return 0;						\
	}								\
	void obit_trace_unreg_##event(void)				\
	{								\
		hooks_want_later(want, false);				\
	}

TRACE_REG(exit, WANT_EXIT)
TRACE_REG(reapable, WANT_REAPABLE)
TRACE_REG(released, WANT_RELEASED)
TRACE_REG(pdeath, WANT_PDEATH)
TRACE_REG(pgrp_orphaned, WANT_ORPHANED)
TRACE_REG(hangup, WANT_HANGUP)
TRACE_REG(teardown, WANT_TEARDOWN)
