/* SPDX-License-Identifier: GPL-2.0-or-later */
/* v1's controllers (Documentation/admin-guide/cgroup-v1/), alone or beside a v2 tree. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

static int missing(const char *controller, struct error *err)
{
	return error_set(err, EOPNOTSUPP, "limit %s: there is no %s controller on this machine", controller, controller);
}

static int failed(int r, const char *file, uint64_t value, struct error *err)
{
	return error_errno(err, -r, "write %" PRIu64 " to %s", value, file);
}

/* memsw is never below limit: raised before it, lowered after it. Without swap accounting there is no memsw file. */
static int set_memory(int fd, const struct cgroup_limits *limits, struct error *err)
{
	static const char limit[] = "memory.limit_in_bytes", memsw[] = "memory.memsw.limit_in_bytes";
	uint64_t swap = limits->memory_swap_bytes;
	int r = 0;

	if (limits->memory_bytes == NONE && swap == NONE)
		return 0;
	if (fd < 0)
		return missing("memory", err);
	if (swap != NONE) {
		uint64_t now = number_or_none(fd, limit);

		if (now == NONE || swap < now)
			r = limits->memory_bytes == NONE ? 0 : kernel_write(fd, limit, limits->memory_bytes);
		if (r < 0)
			return failed(r, limit, limits->memory_bytes, err);
		r = kernel_write(fd, memsw, swap);
		if (r < 0 && r != -ENOENT && r != -EOPNOTSUPP)
			return failed(r, memsw, swap, err);
	}
	if (limits->memory_bytes != NONE) {
		r = kernel_write(fd, limit, limits->memory_bytes);
		if (r < 0)
			return failed(r, limit, limits->memory_bytes, err);
	}
	return 0;
}

/* A parent's ratio may not be below a child's (EINVAL): the child is brought down first. */
struct quota {
	uint64_t quota_us, period_us;
	int topfd;
	bool lowered;
};

static int lower_one(int groupfd, void *data)
{
	struct quota *want = data;
	uint64_t quota, less, period = number_or_none(groupfd, "cpu.cfs_period_us");

	if (groupfd == want->topfd || kernel_number(groupfd, "cpu.cfs_quota_us", &quota) < 0 || quota == NONE ||
	    period == NONE ||
	    (unsigned __int128)quota * want->period_us <= (unsigned __int128)want->quota_us * period)
		return 0;
	less = (uint64_t)((unsigned __int128)want->quota_us * period / want->period_us);
	/* The kernel takes no quota below a millisecond: with a longer period it need not be. */
	if (less < 1000) {
		(void)kernel_write(groupfd, "cpu.cfs_period_us", want->period_us);
		less = want->quota_us;
	}
	if (kernel_write(groupfd, "cpu.cfs_quota_us", less) == 0)
		want->lowered = true;
	return 0;
}

static int write_quota(int fd, uint64_t quota_us, uint64_t period_us)
{
	int r;

	if (quota_us == 0)
		return file_write_small(fd, "cpu.cfs_quota_us", "-1");
	/* Without a quota for the moment, any period will do. */
	if (number_or_none(fd, "cpu.cfs_period_us") != period_us) {
		r = kernel_write(fd, "cpu.cfs_period_us", period_us);
		if (r == -EINVAL) {
			(void)file_write_small(fd, "cpu.cfs_quota_us", "-1");
			r = kernel_write(fd, "cpu.cfs_period_us", period_us);
		}
		if (r < 0)
			return r;
	}
	return kernel_write(fd, "cpu.cfs_quota_us", quota_us);
}

static int cpu_quota(int fd, uint64_t quota_us, uint64_t period_us)
{
	struct quota want = {.quota_us = quota_us, .topfd = fd, .lowered = true};
	int r;

	want.period_us = period_us == NONE ? number_or_none(fd, "cpu.cfs_period_us") : period_us;
	r = write_quota(fd, quota_us, want.period_us);
	/* Lowest first, since a group's own children must be below it when it is lowered: a level each round. */
	for (int round = 0; r == -EINVAL && quota_us && want.lowered && round < WALK_DEPTH_MAX; round++) {
		want.lowered = false;
		(void)walk_groups(fd, lower_one, &want);
		r = write_quota(fd, quota_us, want.period_us);
	}
	return r;
}

static int limits_set(const struct cgroup *group, const struct cgroup_limits *limits, struct error *err)
{
	int cpu = group_fd(group, CONTROLLER_CPU), pids = group_fd(group, CONTROLLER_PIDS);
	int r = set_memory(group_fd(group, CONTROLLER_MEMORY), limits, err);

	if (r < 0)
		return r;
	if (limits->pids != NONE) {
		if (pids < 0)
			return missing("pids", err);
		r = kernel_write(pids, "pids.max", limits->pids);
		if (r < 0)
			return failed(r, "pids.max", limits->pids, err);
	}
	if (limits->cpu_quota_us != NONE) {
		if (cpu < 0)
			return missing("cpu", err);
		r = cpu_quota(cpu, limits->cpu_quota_us, limits->cpu_period_us);
		if (r < 0)
			return failed(r, "cpu.cfs_quota_us", limits->cpu_quota_us, err);
	}
	return 0;
}

static void limits_get(const struct cgroup *group, struct cgroup_limits *limits)
{
	int memory = group_fd(group, CONTROLLER_MEMORY), cpu = group_fd(group, CONTROLLER_CPU);

	limits->memory_bytes = number_or_none(memory, "memory.limit_in_bytes");
	limits->memory_swap_bytes = number_or_none(memory, "memory.memsw.limit_in_bytes");
	limits->pids = number_or_none(group_fd(group, CONTROLLER_PIDS), "pids.max");
	limits->cpu_quota_us = number_or_none(cpu, "cpu.cfs_quota_us");
	limits->cpu_period_us = number_or_none(cpu, "cpu.cfs_period_us");
}

static uint64_t cpu_ns(const struct cgroup *group)
{
	uint64_t us;
	int cpuacct = group_fd(group, CONTROLLER_CPUACCT);

	if (cpuacct >= 0)
		return number_or_none(cpuacct, "cpuacct.usage");
	us = keyed_or_none(cgroup_unified_fd(group), "cpu.stat", "usage_usec");
	return us == NONE ? NONE : us * 1000;
}

static uint64_t memory(const struct cgroup *group)
{
	return number_or_none(group_fd(group, CONTROLLER_MEMORY), "memory.usage_in_bytes");
}

static uint64_t oom_kills(const struct cgroup *group)
{
	return keyed_or_none(group_fd(group, CONTROLLER_MEMORY), "memory.oom_control", "oom_kill");
}

/* "Read" and "Write" of a device; else it is of no interest. */
static int take_io(char *line, uint64_t *reads, uint64_t *writes)
{
	char *save = NULL;
	const char *device = strtok_r(line, " ", &save), *kind = strtok_r(NULL, " ", &save);
	const char *number = strtok_r(NULL, " ", &save);
	uint64_t bytes, *sum;

	if (!device || !kind)
		return -EINVAL;
	if (strcmp(kind, "Read") != 0 && strcmp(kind, "Write") != 0)
		return 0;
	sum = *kind == 'R' ? reads : writes;
	if (!number || parse_number(number, &bytes) < 0 || __builtin_add_overflow(*sum, bytes, sum))
		return -EINVAL;
	return 0;
}

/* Lines "8:0 Read 4096", of each device, and a line "Total N". All or nothing. */
static void read_io(int fd, struct cgroup_usage *usage)
{
	char text[16384], *save = NULL;
	uint64_t reads = 0, writes = 0;

	if (fd < 0 || (file_read_small(fd, "blkio.throttle.io_service_bytes_recursive", text, sizeof text) < 0 &&
		       file_read_small(fd, "blkio.throttle.io_service_bytes", text, sizeof text) < 0))
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (take_io(line, &reads, &writes) < 0)
			return;
	usage->io_read_bytes = reads;
	usage->io_write_bytes = writes;
}

/* v1 counts user and system time by ticks, the total to the nanosecond: the two are scaled to it, as the kernel
 * does for a process (cputime_adjust). */
static void share_out(struct cgroup_usage *u)
{
	uint64_t sum;

	if (u->cpu_ns == NONE || u->cpu_user_ns == NONE || u->cpu_system_ns == NONE)
		return;
	sum = u->cpu_user_ns + u->cpu_system_ns;
	if (!sum)
		return;
	u->cpu_user_ns = (uint64_t)((unsigned __int128)u->cpu_ns * u->cpu_user_ns / sum);
	u->cpu_system_ns = u->cpu_ns - u->cpu_user_ns;
}

static void usage(const struct cgroup *group, struct cgroup_usage *u)
{
	int cpuacct = group_fd(group, CONTROLLER_CPUACCT), mem = group_fd(group, CONTROLLER_MEMORY);
	int pids = group_fd(group, CONTROLLER_PIDS);

	u->cpu_ns = cpu_ns(group);
	u->cpu_user_ns = number_or_none(cpuacct, "cpuacct.usage_user");
	u->cpu_system_ns = number_or_none(cpuacct, "cpuacct.usage_sys");
	share_out(u);
	u->throttled_ns = keyed_or_none(group_fd(group, CONTROLLER_CPU), "cpu.stat", "throttled_time");
	u->memory_bytes = memory(group);
	u->memory_peak_bytes = number_or_none(mem, "memory.max_usage_in_bytes");
	u->oom_kills = oom_kills(group);
	u->pids = number_or_none(pids, "pids.current");
	u->pids_peak = number_or_none(pids, "pids.peak");
	u->pids_refused = keyed_or_none(pids, "pids.events", "max");
	read_io(group_fd(group, CONTROLLER_IO), u);
}

/* An eventfd that the kernel signals at each "out of memory" in this very group, and once when it is removed. */
static int memory_events(const struct cgroup *group, uint32_t *ret_epoll_events)
{
	int fd = group_fd(group, CONTROLLER_MEMORY), r;
	_cleanup_close_ int event = -1, control = -1;
	char text[64];

	if (fd < 0)
		return -EOPNOTSUPP;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	control = openat(fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (event < 0 || control < 0)
		return -errno;
	(void)snprintf(text, sizeof text, "%d %d", event, control);
	r = file_write_small(fd, "cgroup.event_control", text);
	if (r < 0)
		return r;
	*ret_epoll_events = EPOLLIN;
	return steal_fd(&event);
}

static int thaw_by_freezer(int groupfd, void *data)
{
	(void)data;
	(void)file_write_small(groupfd, "freezer.state", "THAWED");
	return 0;
}

static int thaw_by_flag(int groupfd, void *data)
{
	(void)data;
	(void)file_write_small(groupfd, "cgroup.freeze", "0");
	return 0;
}

/* By v1's freezer, else by the v2 tree. Thawed is what either froze, whoever did it and on whichever level. */
static int freeze(const struct cgroup *group, bool frozen)
{
	int fd = group_fd(group, CONTROLLER_FREEZER), unified = cgroup_unified_fd(group);
	int r = 0, other = 0;

	if (fd < 0 && unified < 0)
		return -EOPNOTSUPP;
	if (frozen)
		return fd < 0 ? file_write_small(unified, "cgroup.freeze", "1") :
				file_write_small(fd, "freezer.state", "FROZEN");
	if (fd >= 0)
		r = walk_groups(fd, thaw_by_freezer, NULL);
	if (unified >= 0)
		other = walk_groups(unified, thaw_by_flag, NULL);
	return r < 0 ? r : other;
}

/* FREEZING is on the way there: not every process has stopped yet. */
static int frozen(const struct cgroup *group)
{
	char text[32];
	int fd = group_fd(group, CONTROLLER_FREEZER), unified = cgroup_unified_fd(group);
	ssize_t n = fd < 0 ? -EOPNOTSUPP : file_read_small(fd, "freezer.state", text, sizeof text);
	uint64_t value;
	int r;

	if (n >= 0 && strcmp(text, "FROZEN") == 0)
		return 1;
	if (unified < 0)
		return n < 0 ? (int)n : 0;
	r = kernel_keyed(unified, "cgroup.events", "frozen", &value);
	return r < 0 ? (n < 0 ? r : 0) : value == 1;
}

const struct cgroup_ops cgroup_v1_ops = {
	.limits_set = limits_set, .limits_get = limits_get, .cpu_quota = cpu_quota, .usage = usage,
	.cpu_ns = cpu_ns, .memory = memory, .oom_kills = oom_kills, .memory_events = memory_events,
	.freeze = freeze, .frozen = frozen,
};
