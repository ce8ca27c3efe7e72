// SPDX-License-Identifier: GPL-2.0-only
/*
 * pick: --comm, --uid and the like of the commands that list what is there now.
 * Owns how such a list of values is checked and matched.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <uapi/obit.h>
#include "cmd/pick.h"
#include "core/status.h"
#include "lib/log.h"
#include "names.h"

/* A name of a user, or a number. */
static int to_uid(const char *value, uint32_t *uid)
{
	uint64_t n;

	if (!user_id(value, uid))
		return 0;
	if (parse_u64(value, &n) || n > UINT32_MAX)
		return -EINVAL;
	*uid = (uint32_t)n;
	return 0;
}

static int to_tgid(const char *value, uint32_t *tgid)
{
	uint64_t n;

	if (parse_u64(value, &n) || !n || n > INT32_MAX)
		return -EINVAL;
	*tgid = (uint32_t)n;
	return 0;
}

int pick_check_uid(const struct opt_strings *users)
{
	uint32_t uid;
	size_t i;

	for (i = 0; i < users->nr; i++) {
		if (!to_uid(users->v[i], &uid))
			continue;
		log_error("--uid=%s: /etc/passwd has no user of this name",
			  users->v[i]);
		return -EINVAL;
	}
	return 0;
}

int pick_check_tgid(const char *option, const struct opt_strings *tgids)
{
	uint32_t tgid;
	size_t i;

	for (i = 0; i < tgids->nr; i++) {
		if (!to_tgid(tgids->v[i], &tgid))
			continue;
		log_error("--%s=%s: it must be a process id", option,
			  tgids->v[i]);
		return -EINVAL;
	}
	return 0;
}

int pick_check_signal(const struct opt_strings *signals)
{
	size_t i;

	for (i = 0; i < signals->nr; i++) {
		if (signal_parse(signals->v[i]) > 0)
			continue;
		log_error("--signal=%s: it must be the name or number of a signal",
			  signals->v[i]);
		return -EINVAL;
	}
	return 0;
}

bool pick_comm(const struct opt_strings *comms, const char *comm)
{
	char text[OBIT_COMM_LEN + 1] = "";
	size_t i;

	memcpy(text, comm, OBIT_COMM_LEN);
	for (i = 0; i < comms->nr; i++)
		if (!fnmatch(comms->v[i], text, 0))
			return true;
	return !comms->nr;
}

bool pick_uid(const struct opt_strings *users, bool known, uint32_t uid)
{
	uint32_t wanted;
	size_t i;

	for (i = 0; i < users->nr; i++)
		if (known && !to_uid(users->v[i], &wanted) && wanted == uid)
			return true;
	return !users->nr;
}

bool pick_tgid(const struct opt_strings *tgids, uint32_t tgid)
{
	uint32_t wanted;
	size_t i;

	for (i = 0; i < tgids->nr; i++)
		if (!to_tgid(tgids->v[i], &wanted) && wanted == tgid)
			return true;
	return !tgids->nr;
}

bool pick_signal(const struct opt_strings *signals, uint32_t signal)
{
	size_t i;

	for (i = 0; i < signals->nr; i++)
		if (signal_parse(signals->v[i]) == (int)signal)
			return true;
	return !signals->nr;
}
