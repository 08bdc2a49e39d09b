/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of lib/cgroup share: which hierarchy has what, and the operations that differ. */
#ifndef STINT_CGROUP_INTERNAL_H
#define STINT_CGROUP_INTERNAL_H

#include "lib/cgroup/cgroup.h"

#define NONE UINT64_MAX

/* The group's directory in the hierarchy of `controller`; -EBADF when it has none. */
int group_fd(const struct cgroup *group, enum controller controller);

/* "cpu,cpuacct" as a bit set of those that are used here. */
unsigned controllers_of(const char *options);

/* Kernel files. The number in a file that holds one; "max" and v1's largest page count are NONE. -errno. */
int kernel_number(int dirfd, const char *name, uint64_t *ret_value);
/* All of `text` must be one number, as above. */
int parse_number(const char *text, uint64_t *ret_value);
/* The numbers after `keys` in a file of lines "key number", read at one moment; NONE for a key that is not
 * there. All or nothing: a line of another form, a key twice or a value that is no number is -EINVAL. */
enum { KEYED_MAX = 8 };
int kernel_keyed_all(int dirfd, const char *name, const char *const *keys, unsigned count, uint64_t *ret_values);
int kernel_keyed(int dirfd, const char *name, const char *key, uint64_t *ret_value);
int kernel_write(int dirfd, const char *name, uint64_t value);
/* Reads without failing: NONE for what is not there. */
uint64_t number_or_none(int dirfd, const char *name);
uint64_t keyed_or_none(int dirfd, const char *name, const char *key);

/* Calls `each` with an open directory for the group's in `topfd` and all below it, parents first, without
 * recursion and within bounds; stops at the first that returns other than 0 and returns that. A group that
 * could not be looked at (too deep, too many, no descriptor left) does not keep it from the others: the
 * return is then -E2BIG or -errno, after all that could be done. */
enum { WALK_DEPTH_MAX = 128, WALK_GROUPS_MAX = 65536 };
int walk_groups(int topfd, int (*each)(int groupfd, void *data), void *data);

struct cgroup_ops {
	int (*limits_set)(const struct cgroup *group, const struct cgroup_limits *limits, struct error *err);
	void (*limits_get)(const struct cgroup *group, struct cgroup_limits *limits);
	int (*cpu_quota)(int dirfd, uint64_t quota_us, uint64_t period_us);
	void (*usage)(const struct cgroup *group, struct cgroup_usage *usage);
	uint64_t (*cpu_ns)(const struct cgroup *group);
	uint64_t (*memory)(const struct cgroup *group);
	uint64_t (*oom_kills)(const struct cgroup *group);
	int (*memory_events)(const struct cgroup *group, uint32_t *ret_epoll_events);
	int (*freeze)(const struct cgroup *group, bool frozen);
	int (*frozen)(const struct cgroup *group);
};
extern const struct cgroup_ops cgroup_v1_ops, cgroup_v2_ops;

static inline const struct cgroup_ops *ops_of(const struct cgroup *group)
{
	return group->layout->mode == CGROUP_V2 ? &cgroup_v2_ops : &cgroup_v1_ops;
}

#endif
