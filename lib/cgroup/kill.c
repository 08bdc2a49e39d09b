/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Killing, signalling and freezing whole groups. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

enum { PIDS_MAX = 32768 };

static bool in_group(const struct cgroup *cgroup, pid_t pid, pid_t *pids)
{
	int count = cgroup_pids(cgroup, pids, PIDS_MAX);

	for (int i = 0; i < count && i < PIDS_MAX; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The number may have gone to another process since it was read: the pidfd is opened first, then the
 * number must still be in the group. */
static void signal_one(const struct cgroup *cgroup, pid_t pid, int signal, pid_t *scratch)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0 && in_group(cgroup, pid, scratch))
		(void)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}

int cgroup_signal(const struct cgroup *cgroup, int signal)
{
	_cleanup_free_ pid_t *pids = malloc(2 * PIDS_MAX * sizeof *pids);
	int count;

	if (!pids)
		return -ENOMEM;
	count = cgroup_pids(cgroup, pids, PIDS_MAX);
	for (int i = 0; i < count && i < PIDS_MAX; i++)
		signal_one(cgroup, pids[i], signal, pids + PIDS_MAX);
	return count < 0 ? count : 0;
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen)
{
	return ops_of(cgroup)->freeze(cgroup, frozen);
}

int cgroup_frozen(const struct cgroup *cgroup)
{
	return ops_of(cgroup)->frozen(cgroup);
}

int cgroup_kill(const struct cgroup *cgroup)
{
	int unified = cgroup_unified_fd(cgroup);
	int r = unified < 0 ? -ENOENT : file_write_small(unified, "cgroup.kill", "1");

	if (r == -ENODEV)
		return r;
	if (r < 0) { /* before 5.14, or v1 alone */
		if (cgroup_populated(cgroup) < 0)
			return -ENODEV;
		(void)cgroup_freeze(cgroup, true);
		r = cgroup_signal(cgroup, SIGKILL);
	}
	/* A process frozen by v1 takes no signal, not even this one, until it is thawed. */
	(void)cgroup_freeze(cgroup, false);
	return r;
}
