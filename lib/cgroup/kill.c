/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Killing, signalling and freezing whole groups. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

/* A batch's pidfds are open at one time, below the usual limit of 1024 descriptors. */
enum { PIDS_MAX = 32768, BATCH = 256 };

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* Signals the first of `pids`; returns how many of them are done with. A number may have gone to another process
 * since it was read: the pidfds are opened first, then the numbers must still be in the group. */
static unsigned signal_batch(const struct cgroup *cgroup, const pid_t *pids, unsigned count, int signal, pid_t *now)
{
	int fds[BATCH], n;
	unsigned opened = 0;

	for (; opened < count && opened < BATCH; opened++) {
		fds[opened] = (int)syscall(SYS_pidfd_open, pids[opened], 0);
		if (fds[opened] < 0 && (errno == EMFILE || errno == ENFILE) && opened)
			break;
	}
	n = cgroup_pids(cgroup, now, PIDS_MAX);
	if (n > PIDS_MAX)
		n = PIDS_MAX;
	if (n > 0)
		qsort(now, (size_t)n, sizeof *now, compare_pids);
	for (unsigned i = 0; i < opened; i++) {
		if (fds[i] >= 0 && n > 0 && bsearch(&pids[i], now, (size_t)n, sizeof *now, compare_pids))
			(void)syscall(SYS_pidfd_send_signal, fds[i], signal, NULL, 0);
		(void)close_fd(fds[i]);
	}
	return opened;
}

int cgroup_signal(const struct cgroup *cgroup, int signal)
{
	_cleanup_free_ pid_t *pids = malloc(2 * PIDS_MAX * sizeof *pids);
	int count;

	if (!pids)
		return -ENOMEM;
	count = cgroup_pids(cgroup, pids, PIDS_MAX);
	for (unsigned i = 0; count > 0 && i < (unsigned)count && i < PIDS_MAX;) {
		unsigned most = (unsigned)count < PIDS_MAX ? (unsigned)count : PIDS_MAX;

		i += signal_batch(cgroup, pids + i, most - i, signal, pids + PIDS_MAX);
	}
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

/* Until all have stopped there are forks that a list of processes misses; what does not stop soon is left to
 * the caller's next round. */
static void freeze_all(const struct cgroup *cgroup)
{
	enum { WAIT_MS = 20 };

	if (cgroup_freeze(cgroup, true) < 0)
		return;
	for (int ms = 0; ms < WAIT_MS && cgroup_frozen(cgroup) == 0; ms++)
		(void)usleep(1000);
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
		freeze_all(cgroup);
		r = cgroup_signal(cgroup, SIGKILL);
	}
	/* A process frozen by v1 takes no signal, not even this one, until it is thawed. */
	(void)cgroup_freeze(cgroup, false);
	return r;
}

void cgroup_hasten(const struct cgroup *cgroup)
{
	bool v2 = cgroup->layout->mode == CGROUP_V2;
	int cpu = group_fd(cgroup, CONTROLLER_CPU);
	struct cgroup_limits limits;

	if (cpu < 0)
		return;
	/* The greatest there are: cgroup-v2.rst; MAX_SHARES of kernel/sched/sched.h. */
	(void)kernel_write(cpu, v2 ? "cpu.weight" : "cpu.shares", v2 ? 10000 : 262144);
	if (cgroup_limits_get(cgroup, &limits, NULL) == 0 && limits.cpu_quota_us != NONE)
		(void)cgroup_cpu_quota(cgroup, 0, limits.cpu_period_us);
}
