/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the kernel: which processes are the container's, and which are the runtime's still.
 *
 * What the runtime does on the container's behalf is not the workload's: a process that comes into the group from
 * outside (or is born into it), and what it forks, is the runtime's until it executes a program of the container's: one on a
 * mount of its own mount namespace, which is not the runtime's. (A runtime's own program is on a mount of the runtime's
 * namespace, or in a memfd, which is on none.) So it does not matter which runtime it is, nor what its processes are called.
 */
#ifndef STINT_SHIM_RECORDER_GROUP_BPF_H
#define STINT_SHIM_RECORDER_GROUP_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "shim/kernel_types.h"
#include "shim/recorder_shared.h"

enum { LEVELS_MAX = 32, ANCESTORS_MAX = 8, NO_LEVEL = -1, EEXIST_ = 17 };

/* Set before it is loaded. */
const volatile __u32 launcher = 0; /* the process that becomes the runtime, which the group is found by; or 0 */
const volatile __u32 runtime_mounts = 0; /* the inode of the mount namespace that the runtime is started in */

/* The group: its id in the v2 tree, and how deep it is; both may become known later. */
__u64 group_id = 0;
__s32 group_level = NO_LEVEL;

/* By process; the value: it has loaded a filter. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RUNTIME_TASKS);
	__type(key, __u32);
	__type(value, __u8);
} runtime_tasks SEC(".maps");
__u32 runtime_task_count = 0;
__u64 lost = 0; /* what found no room */

/* --- the group --- */

static bool find_level(void)
{
	for (int level = 0; level < LEVELS_MAX; level++)
		if (bpf_get_current_ancestor_cgroup_id(level) == group_id) {
			group_level = level;
			return true;
		}
	return false;
}

static bool current_is_in_group(void)
{
	if (!group_id)
		return false;
	return group_level == NO_LEVEL ? find_level() : bpf_get_current_ancestor_cgroup_id(group_level) == group_id;
}

static bool is_in_group(struct cgroup *cgroup)
{
	for (int i = 0; i < LEVELS_MAX && cgroup; i++) {
		struct cgroup_subsys_state *parent;

		if (BPF_CORE_READ(cgroup, kn, id) == group_id)
			return group_id != 0;
		parent = BPF_CORE_READ(cgroup, self.parent);
		cgroup = parent ? BPF_CORE_READ(parent, cgroup) : NULL;
	}
	return false;
}

static bool is_of_launcher(struct task_struct *task)
{
	for (int i = 0; launcher && i < ANCESTORS_MAX && task; i++) {
		if ((__u32)BPF_CORE_READ(task, tgid) == launcher)
			return true;
		task = BPF_CORE_READ(task, real_parent);
	}
	return false;
}

/* --- whose process it is --- */

static bool runs_own_program(struct task_struct *task)
{
	struct file *program = BPF_CORE_READ(task, mm, exe_file);
	struct mnt_namespace *mounts = BPF_CORE_READ(task, nsproxy, mnt_ns);
	struct mount *mount;

	if (!program || !mounts || BPF_CORE_READ(mounts, ns.inum) == runtime_mounts)
		return false;
	mount = (void *)BPF_CORE_READ(program, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	return BPF_CORE_READ(mount, mnt_ns) == mounts;
}

/* A process that is moved into the group is in it a moment before that is told, and runs meanwhile. */
static bool is_with_runtime(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) == runtime_mounts;
}

static void add_runtime_task(__u32 tgid, __u8 filtered)
{
	/* An int: before Linux 6.4 the upper half of what comes back is not the error's. */
	int r = (int)bpf_map_update_elem(&runtime_tasks, &tgid, &filtered, BPF_NOEXIST);

	if (r == 0)
		__sync_fetch_and_add(&runtime_task_count, 1);
	else if (r != -EEXIST_) /* what it does from now on is not known to be the runtime's */
		__sync_fetch_and_add(&lost, 1);
}

static void remove_runtime_task(__u32 tgid)
{
	if (bpf_map_delete_elem(&runtime_tasks, &tgid) == 0)
		__sync_fetch_and_add(&runtime_task_count, -1);
}

static __u8 *find_runtime_task(__u32 tgid)
{
	return runtime_task_count ? bpf_map_lookup_elem(&runtime_tasks, &tgid) : NULL;
}

SEC("raw_tp/cgroup_attach_task")
int BPF_PROG(attach_task, struct cgroup *to, const char *path, struct task_struct *task)
{
	if (BPF_CORE_READ(to, root, hierarchy_id) != 0)
		return 0;
	if (!group_id && is_of_launcher(task)) {
		group_level = BPF_CORE_READ(to, level);
		group_id = BPF_CORE_READ(to, kn, id);
	}
	/* A container may have groups of its own, and move about in them. */
	if (is_in_group(to) && (!current_is_in_group() || !runs_own_program(task)))
		add_runtime_task((__u32)BPF_CORE_READ(task, tgid), 0);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = (__u32)BPF_CORE_READ(child, tgid), parent_tgid = (__u32)BPF_CORE_READ(parent, tgid);
	__u8 *runtime;

	if (tgid == parent_tgid || !group_id)
		return 0;
	runtime = find_runtime_task(parent_tgid);
	if (runtime)
		add_runtime_task(tgid, *runtime);
	else if (!current_is_in_group() && is_in_group(BPF_CORE_READ(child, cgroups, dfl_cgrp)))
		add_runtime_task(tgid, 0); /* born into it (CLONE_INTO_CGROUP) */
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(exec, struct task_struct *task)
{
	__u32 tgid = (__u32)(bpf_get_current_pid_tgid() >> 32);

	if (find_runtime_task(tgid) && runs_own_program(task))
		remove_runtime_task(tgid);
	return 0;
}

#endif
