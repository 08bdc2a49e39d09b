/* SPDX-License-Identifier: GPL-2.0-or-later */
/* v2 (Documentation/admin-guide/cgroup-v2.rst). */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/cgroup/internal.h"

static int failed(int r, const char *file, uint64_t value, struct error *err)
{
	if (r == -ENOENT)
		return error_set(err, EOPNOTSUPP, "limit %.*s: the controller is not enabled for this group; see "
						  "cgroup.subtree_control of the groups above it",
				 (int)strcspn(file, "."), file);
	return error_errno(err, -r, "write %" PRIu64 " to %s", value, file);
}

static int set_memory(int fd, const struct cgroup_limits *limits, struct error *err)
{
	int r = 0;

	if (limits->memory_bytes != NONE) {
		r = kernel_write(fd, "memory.max", limits->memory_bytes);
		if (r < 0)
			return failed(r, "memory.max", limits->memory_bytes, err);
	}
	if (limits->memory_swap_bytes != NONE) {
		uint64_t now = limits->memory_bytes == NONE ? number_or_none(fd, "memory.max") : limits->memory_bytes;
		uint64_t memory = now == NONE ? 0 : now;
		uint64_t swap = limits->memory_swap_bytes > memory ? limits->memory_swap_bytes - memory : 0;

		r = kernel_write(fd, "memory.swap.max", swap);
		if (r < 0 && r != -ENOENT) /* no swap accounting: nothing to limit */
			return failed(r, "memory.swap.max", swap, err);
	}
	if (limits->oom_group) {
		r = file_write_small(fd, "memory.oom.group", "1");
		if (r < 0)
			return failed(r, "memory.oom.group", 1, err);
	}
	return 0;
}

static int cpu_quota(int fd, uint64_t quota_us, uint64_t period_us)
{
	char text[64];

	if (quota_us == 0)
		(void)snprintf(text, sizeof text, "max %" PRIu64, period_us && period_us != NONE ? period_us : 100000);
	else if (period_us == NONE) /* as it is */
		(void)snprintf(text, sizeof text, "%" PRIu64, quota_us);
	else
		(void)snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, quota_us, period_us);
	return file_write_small(fd, "cpu.max", text);
}

static int limits_set(const struct cgroup *group, const struct cgroup_limits *limits, struct error *err)
{
	int fd = cgroup_unified_fd(group);
	int r = set_memory(fd, limits, err);

	if (r == 0 && limits->pids != NONE) {
		r = kernel_write(fd, "pids.max", limits->pids);
		if (r < 0)
			return failed(r, "pids.max", limits->pids, err);
	}
	if (r == 0 && limits->cpu_quota_us != NONE) {
		r = cpu_quota(fd, limits->cpu_quota_us, limits->cpu_period_us);
		if (r < 0)
			return failed(r, "cpu.max", limits->cpu_quota_us, err);
	}
	return r;
}

static void limits_get(const struct cgroup *group, struct cgroup_limits *limits)
{
	int fd = cgroup_unified_fd(group);
	char text[64], quota[32];
	uint64_t swap = number_or_none(fd, "memory.swap.max"), group_kill = number_or_none(fd, "memory.oom.group");

	limits->memory_bytes = number_or_none(fd, "memory.max");
	limits->memory_swap_bytes = swap == NONE || limits->memory_bytes == NONE ? NONE : swap + limits->memory_bytes;
	limits->pids = number_or_none(fd, "pids.max");
	limits->oom_group = group_kill == 1;
	if (file_read_small(fd, "cpu.max", text, sizeof text) > 0 &&
	    sscanf(text, "%31s %" SCNu64, quota, &limits->cpu_period_us) == 2 && strcmp(quota, "max") != 0)
		limits->cpu_quota_us = strtoull(quota, NULL, 10);
}

static uint64_t micro(uint64_t us)
{
	return us > NONE / 1000 ? NONE : us * 1000;
}

static uint64_t cpu_ns(const struct cgroup *group)
{
	return micro(keyed_or_none(cgroup_unified_fd(group), "cpu.stat", "usage_usec"));
}

static uint64_t memory(const struct cgroup *group)
{
	return number_or_none(cgroup_unified_fd(group), "memory.current");
}

static uint64_t oom_kills(const struct cgroup *group)
{
	return keyed_or_none(cgroup_unified_fd(group), "memory.events", "oom_kill");
}

static int add_value(const char *word, const char *key, uint64_t *sum)
{
	size_t length = strlen(key);
	uint64_t value;

	if (strncmp(word, key, length) != 0)
		return 0;
	return parse_number(word + length, &value) < 0 || __builtin_add_overflow(*sum, value, sum) ? -EINVAL : 0;
}

/* Lines "8:0 rbytes=1 wbytes=2 rios=…", one a device. All or nothing. */
static void read_io(int fd, struct cgroup_usage *usage)
{
	char text[16384], *save = NULL;
	uint64_t reads = 0, writes = 0;

	if (file_read_small(fd, "io.stat", text, sizeof text) < 0)
		return;
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		if (add_value(word, "rbytes=", &reads) < 0 || add_value(word, "wbytes=", &writes) < 0)
			return;
	usage->io_read_bytes = reads;
	usage->io_write_bytes = writes;
}

/* One reading, so that user and system add up to the whole. */
static void read_cpu(int fd, struct cgroup_usage *u)
{
	static const char *const keys[] = {"usage_usec", "user_usec", "system_usec", "throttled_usec"};
	uint64_t us[ARRAY_SIZE(keys)];

	if (kernel_keyed_all(fd, "cpu.stat", keys, ARRAY_SIZE(keys), us) < 0)
		return;
	u->cpu_ns = micro(us[0]);
	u->cpu_user_ns = micro(us[1]);
	u->cpu_system_ns = micro(us[2]);
	u->throttled_ns = micro(us[3]);
}

static void usage(const struct cgroup *group, struct cgroup_usage *u)
{
	int fd = cgroup_unified_fd(group);

	read_cpu(fd, u);
	u->memory_bytes = memory(group);
	u->memory_peak_bytes = number_or_none(fd, "memory.peak");
	u->oom_kills = oom_kills(group);
	u->pids = number_or_none(fd, "pids.current");
	u->pids_peak = number_or_none(fd, "pids.peak");
	u->pids_refused = keyed_or_none(fd, "pids.events", "max");
	read_io(fd, u);
}

static int memory_events(const struct cgroup *group, uint32_t *ret_epoll_events)
{
	int fd = openat(cgroup_unified_fd(group), "memory.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -EOPNOTSUPP;
	*ret_epoll_events = EPOLLPRI;
	return fd;
}

static int thaw_one(int groupfd, void *data)
{
	(void)data;
	(void)file_write_small(groupfd, "cgroup.freeze", "0");
	return 0;
}

static int freeze(const struct cgroup *group, bool frozen)
{
	int fd = cgroup_unified_fd(group);

	return frozen ? file_write_small(fd, "cgroup.freeze", "1") : walk_groups(fd, thaw_one, NULL);
}

static int frozen(const struct cgroup *group)
{
	uint64_t value;
	int r = kernel_keyed(cgroup_unified_fd(group), "cgroup.events", "frozen", &value);

	return r < 0 ? r : value == 1;
}

const struct cgroup_ops cgroup_v2_ops = {
	.limits_set = limits_set, .limits_get = limits_get, .cpu_quota = cpu_quota, .usage = usage,
	.cpu_ns = cpu_ns, .memory = memory, .oom_kills = oom_kills, .memory_events = memory_events,
	.freeze = freeze, .frozen = frozen,
};
