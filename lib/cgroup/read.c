/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures, limits and event files, the same for each version but for the operations behind. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

static bool directory_gone(int fd)
{
	return fd < 0 || (faccessat(fd, "cgroup.procs", F_OK, 0) < 0 && (errno == ENODEV || errno == ENOENT));
}

/* Removed since it was opened, or being removed? v1's hierarchies go one after the other. */
static bool gone(const struct cgroup *group)
{
	bool opened = false;

	for (int i = 0; i < group->layout->count; i++) {
		if (group->fds[i] < 0)
			continue;
		opened = true;
		if (directory_gone(group->fds[i]))
			return true;
	}
	return !opened;
}

int cgroup_limits_set(const struct cgroup *cgroup, const struct cgroup_limits *limits, struct error *err)
{
	return ops_of(cgroup)->limits_set(cgroup, limits, err);
}

int cgroup_limits_get(const struct cgroup *cgroup, struct cgroup_limits *ret_limits, struct error *err)
{
	struct cgroup_limits limits = CGROUP_LIMITS_NONE;

	if (gone(cgroup))
		return error_set(err, ENODEV, "read the limits of a cgroup: it is gone");
	ops_of(cgroup)->limits_get(cgroup, &limits);
	*ret_limits = limits;
	return 0;
}

int cgroup_cpu_quota(const struct cgroup *cgroup, uint64_t quota_us, uint64_t period_us)
{
	int fd = group_fd(cgroup, CONTROLLER_CPU);

	return fd < 0 ? -EOPNOTSUPP : ops_of(cgroup)->cpu_quota(fd, quota_us, period_us);
}

const struct cgroup_usage cgroup_usage_unknown = {NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE};

int cgroup_usage_read(const struct cgroup *cgroup, struct cgroup_usage *usage)
{
	enum { FIGURES = sizeof *usage / sizeof(uint64_t) };
	_Static_assert(FIGURES * sizeof(uint64_t) == sizeof *usage, "figures, and nothing else");
	struct cgroup_usage now = cgroup_usage_unknown;
	uint64_t before[FIGURES], figures[FIGURES];
	bool lost = false;

	ops_of(cgroup)->usage(cgroup, &now);
	memcpy(before, usage, sizeof before);
	memcpy(figures, &now, sizeof figures);
	for (int i = 0; i < FIGURES; i++)
		if (figures[i] == NONE && before[i] != NONE) {
			figures[i] = before[i];
			lost = true;
		}
	memcpy(usage, figures, sizeof figures);
	return lost || gone(cgroup) ? -ENODEV : 0;
}

static int result(const struct cgroup *cgroup, uint64_t value, uint64_t *ret_value)
{
	if (value == NONE)
		return gone(cgroup) ? -ENODEV : -EOPNOTSUPP;
	*ret_value = value;
	return 0;
}

/* To every CPU that we may run on, and back to being free among them. */
static void visit_cpus(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof all, &all) < 0)
		return; /* more CPUs than the set holds: the lag stays */
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		(void)sched_setaffinity(0, sizeof one, &one);
	}
	(void)sched_setaffinity(0, sizeof all, &all);
}

int cgroup_cpu_ns(const struct cgroup *cgroup, bool exact, uint64_t *ret_ns)
{
	if (exact)
		visit_cpus();
	return result(cgroup, ops_of(cgroup)->cpu_ns(cgroup), ret_ns);
}

int cgroup_memory_bytes(const struct cgroup *cgroup, uint64_t *ret_bytes)
{
	return result(cgroup, ops_of(cgroup)->memory(cgroup), ret_bytes);
}

int cgroup_oom_kills(const struct cgroup *cgroup, uint64_t *ret_count)
{
	return result(cgroup, ops_of(cgroup)->oom_kills(cgroup), ret_count);
}

int cgroup_pids_refused(const struct cgroup *cgroup, uint64_t *ret_count)
{
	return result(cgroup, keyed_or_none(group_fd(cgroup, CONTROLLER_PIDS), "pids.events", "max"), ret_count);
}

/* The hierarchy that tells most about its processes: v2's, else any. */
static int any_fd(const struct cgroup *group)
{
	int fd = cgroup_unified_fd(group);

	for (int i = 0; fd < 0 && i < group->layout->count; i++)
		fd = group->fds[i];
	return fd;
}

int cgroup_wait_for_moves(const struct cgroup *cgroup)
{
	int fd = any_fd(cgroup);

	return fd < 0 ? -ENODEV : file_write_small(fd, "cgroup.procs", "0");
}

struct pid_list {
	pid_t *pids;
	unsigned max, count;
};

static int list_pids(int groupfd, void *data)
{
	struct pid_list *list = data;
	_cleanup_close_ int fd = openat(groupfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[4097];
	size_t kept = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + kept, sizeof text - 1 - kept)) > 0) {
		char *at = text, *newline;

		text[kept + (size_t)n] = '\0';
		while ((newline = strchr(at, '\n'))) {
			if (list->count < list->max)
				list->pids[list->count] = (pid_t)strtol(at, NULL, 10);
			list->count++;
			at = newline + 1;
		}
		kept = strlen(at);
		memmove(text, at, kept);
	}
	return 0;
}

int cgroup_pids(const struct cgroup *cgroup, pid_t *pids, unsigned max)
{
	struct pid_list list = {.pids = pids, .max = max};
	int fd = any_fd(cgroup);
	int r = fd < 0 ? -ENODEV : walk_groups(fd, list_pids, &list);

	/* Those that were found, when some of the groups could not be looked at. */
	return r < 0 && !list.count ? r : (int)list.count;
}

int cgroup_populated(const struct cgroup *cgroup)
{
	int unified = cgroup_unified_fd(cgroup);
	uint64_t populated;
	pid_t pid;
	int r;

	if (unified >= 0) {
		r = kernel_keyed(unified, "cgroup.events", "populated", &populated);
		return r == -ENOENT ? -ENODEV : r < 0 ? r : populated == 1;
	}
	if (directory_gone(any_fd(cgroup)))
		return -ENODEV;
	/* Where one might hide it is not said to be empty. */
	r = cgroup_pids(cgroup, &pid, 1);
	return r != 0;
}

unsigned cgroup_cpus(const struct cgroup *cgroup)
{
	static const char *const files[] = {"cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"};
	int fd = group_fd(cgroup, CONTROLLER_CPUSET);
	char text[4096], *save = NULL;
	unsigned count = 0;
	ssize_t n = -1;

	for (size_t i = 0; fd >= 0 && n <= 0 && i < ARRAY_SIZE(files); i++)
		n = file_read_small(fd, files[i], text, sizeof text);
	if (n <= 0)
		return 0;
	for (char *part = strtok_r(text, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		unsigned first, last;
		int fields = sscanf(part, "%u-%u", &first, &last);

		if (fields >= 1)
			count += fields == 2 && last >= first ? last - first + 1 : 1;
	}
	return count;
}

int cgroup_events_fd(const struct cgroup *cgroup)
{
	int unified = cgroup_unified_fd(cgroup);
	int fd = unified < 0 ? -1 : openat(unified, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -EOPNOTSUPP : fd;
}

int cgroup_memory_events_fd(const struct cgroup *cgroup, uint32_t *ret_epoll_events)
{
	return ops_of(cgroup)->memory_events(cgroup, ret_epoll_events);
}

int cgroup_pids_events_fd(const struct cgroup *cgroup)
{
	int pids = group_fd(cgroup, CONTROLLER_PIDS);
	int fd = pids < 0 ? -1 : openat(pids, "pids.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -EOPNOTSUPP : fd;
}
