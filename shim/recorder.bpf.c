/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder's half in the kernel: which system calls the processes of one group make, with which values of the
 * arguments that matter, and which capabilities they use. One of each is kept, in tables that are read from outside;
 * nothing is queued, so nothing can be lost but what finds no room, which is counted.
 *
 * Calls that a filter refuses never get to sys_enter (seccomp comes first), but they do get to sys_exit, or the process dies of
 * them. A call that the filter can only refuse was refused; of others the arguments are kept, for the filter to be asked.
 *
 * What the runtime does on the container's behalf is not the workload's: a process that comes into the group from
 * outside (or is born into it), and what it forks, is the runtime's until it executes a program of the container's: one on a
 * mount of its own mount namespace, which is not the runtime's. (A runtime's own program is on a mount of the runtime's
 * namespace, or in a memfd, which is on none.) So it does not matter which runtime it is, nor what its processes are called.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "shim/kernel_types.h"
#include "shim/recorder_shared.h"

char LICENSE[] SEC("license") = "GPL";

enum { LEVELS_MAX = 32, ANCESTORS_MAX = 8, NO_LEVEL = -1, CAP_SYS_ADMIN_ = 21, EEXIST_ = 17, ABI_COUNT = CALL_PLACES >> CALL_BITS };

/* Set before it is loaded. */
const volatile __u32 launcher = 0; /* the process that becomes the runtime, which the group is found by; or 0 */
const volatile __u32 runtime_mounts = 0; /* the inode of the mount namespace that the runtime is started in */
const volatile __s32 seccomp_calls[ABI_COUNT] = {-1, -1, -1}; /* by which a filter is loaded */
const volatile bool watches_refusals = false;
const volatile __s32 prctl_calls[ABI_COUNT] = {-1, -1, -1};
struct call_arguments call_arguments[CALL_PLACES];
__u8 memory_calls[CALL_PLACES]; /* enum memory_call */

/* The group: its id in the v2 tree, and how deep it is; both may become known later. */
__u64 group_id = 0;
__s32 group_level = NO_LEVEL;

__u8 verdicts[CALL_PLACES]; /* enum call_verdict */
struct refused refused[CALL_PLACES]; /* of those that are denied */

struct seen calls[CALL_PLACES];
struct seen capabilities[CAPABILITY_PLACES];
__u8 runtime_calls[CALL_PLACES]; /* that the runtime makes under a filter which it has loaded */
__u32 value_counts[CALL_PLACES];
__u64 lost = 0;
__u32 runtime_task_count = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VALUE_PLACES);
	__type(key, struct call_values);
	__type(value, struct seen);
} values SEC(".maps");

/* Of those that depend: they failed, which the kernel itself may have meant. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VALUE_PLACES);
	__type(key, struct call_values);
	__type(value, struct refused);
} failed SEC(".maps");

/* By process; the value: it has loaded a filter. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RUNTIME_TASKS);
	__type(key, __u32);
	__type(value, __u8);
} runtime_tasks SEC(".maps");

/* Only to wake who reads: what there is to read is in the tables. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} news SEC(".maps");

static void tell(void)
{
	__u8 nothing = 0;

	(void)bpf_ringbuf_output(&news, &nothing, sizeof nothing, 0);
}

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
	long r = bpf_map_update_elem(&runtime_tasks, &tgid, &filtered, BPF_NOEXIST);

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

/* --- what it asks for --- */

static void see(struct seen *seen)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	BPF_CORE_READ_STR_INTO(&seen->program, task, group_leader, comm);
	seen->is = 1;
}

#if defined(__TARGET_ARCH_x86)
enum { ABI_NATIVE, ABI_COMPAT, ABI_X32, TS_COMPAT = 2 };

/* -1: no such place. */
static int place_of(long number)
{
	int abi = ABI_NATIVE;

	if (bpf_get_current_task_btf()->thread_info.status & TS_COMPAT)
		abi = ABI_COMPAT;
	else if (number & X32_MARK)
		abi = ABI_X32;
	number &= ~(long)X32_MARK;
	return number < 0 || number >= CALL_COUNT ? -1 : abi << CALL_BITS | (int)number;
}

static __u32 argument(struct pt_regs *regs, int abi, unsigned index)
{
	if (abi == ABI_COMPAT)
		switch (index) {
		case 0: return (__u32)BPF_CORE_READ(regs, bx);
		case 1: return (__u32)BPF_CORE_READ(regs, cx);
		case 2: return (__u32)BPF_CORE_READ(regs, dx);
		default: return 0;
		}
	switch (index) {
	case 0: return (__u32)BPF_CORE_READ(regs, di);
	case 1: return (__u32)BPF_CORE_READ(regs, si);
	case 2: return (__u32)BPF_CORE_READ(regs, dx);
	default: return 0;
	}
}
#endif

static struct call_values values_of(struct pt_regs *regs, int place, const struct call_arguments *which)
{
	struct call_values key = {.place = (__u32)place};
	int abi = place >> CALL_BITS;

	if (which->index[0] != NO_ARGUMENT)
		key.values[0] = argument(regs, abi, which->index[0]);
	if (which->index[1] != NO_ARGUMENT)
		key.values[1] = argument(regs, abi, which->index[1]);
	return key;
}

static void see_values(struct pt_regs *regs, int place, const struct call_arguments *which)
{
	struct call_values key = values_of(regs, place, which);
	struct seen seen = {0};

	if (bpf_map_lookup_elem(&values, &key) || value_counts[place] > VALUES_MAX || is_with_runtime())
		return;
	__sync_fetch_and_add(&value_counts[place], 1);
	see(&seen);
	if (bpf_map_update_elem(&values, &key, &seen, BPF_ANY) != 0)
		__sync_fetch_and_add(&lost, 1);
	tell();
}

/* With a program: libseccomp asks without one what the kernel can do. */
static bool loads_filter(struct pt_regs *regs, int place)
{
	enum { SECCOMP_SET_MODE_FILTER_ = 1, PR_SET_SECCOMP_ = 22 };
	int abi = place >> CALL_BITS, number = place & (CALL_COUNT - 1);

	if (abi < 0 || abi >= ABI_COUNT || !argument(regs, abi, 2))
		return false;
	return (number == seccomp_calls[abi] && argument(regs, abi, 0) == SECCOMP_SET_MODE_FILTER_) ||
	       (number == prctl_calls[abi] && argument(regs, abi, 0) == PR_SET_SECCOMP_);
}

SEC("raw_tp/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long number)
{
	__u8 *runtime;
	int place;

	if (!current_is_in_group())
		return 0;
	place = place_of(number);
	if (place < 0 || place >= CALL_PLACES)
		return 0;
	runtime = find_runtime_task((__u32)(bpf_get_current_pid_tgid() >> 32));
	if (runtime) {
		if (*runtime)
			runtime_calls[place] = 1;
		else if (loads_filter(regs, place))
			*runtime = 1;
		return 0;
	}
	if (!calls[place].is && !is_with_runtime()) {
		see(&calls[place]);
		tell();
	}
	if (call_arguments[place].index[0] != NO_ARGUMENT)
		see_values(regs, place, &call_arguments[place]);
	return 0;
}

/* --- what it is refused --- */

static void see_failed(struct pt_regs *regs, int place)
{
	struct call_values key = values_of(regs, place, &call_arguments[place]);
	struct refused *known = bpf_map_lookup_elem(&failed, &key), new = {.count = 1};

	if (known) {
		__sync_fetch_and_add(&known->count, 1);
		return;
	}
	/* One call that fails in many ways leaves room for the others. */
	if (value_counts[place] >= FAILED_MAX) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__sync_fetch_and_add(&value_counts[place], 1);
	see(&new.seen);
	if (bpf_map_update_elem(&failed, &key, &new, BPF_NOEXIST) != 0)
		__sync_fetch_and_add(&lost, 1);
	tell();
}

static void see_refused(struct pt_regs *regs, long number)
{
	int place = place_of(number);

	if (place < 0 || place >= CALL_PLACES || verdicts[place] == CALL_ALLOWED || !current_is_in_group() ||
	    find_runtime_task((__u32)(bpf_get_current_pid_tgid() >> 32)) || is_with_runtime())
		return;
	if (verdicts[place] == CALL_DEPENDS) {
		see_failed(regs, place);
		return;
	}
	__sync_fetch_and_add(&refused[place].count, 1);
	if (!refused[place].seen.is) {
		see(&refused[place].seen);
		tell();
	}
}

SEC("raw_tp/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	enum { ERRNO_MAX = 4095 };

	if (result < 0 && result >= -ERRNO_MAX)
		see_refused(regs, (long)BPF_CORE_READ(regs, orig_ax));
	return 0;
}

/* Each thread comes by; the process is over with its last. */
SEC("raw_tp/sched_process_exit")
int BPF_PROG(leave, struct task_struct *task)
{
	__u32 tgid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	enum { SIGSYS_ = 31, SIGNAL_BITS = 0x7f };

	if (watches_refusals && (BPF_CORE_READ(task, exit_code) & SIGNAL_BITS) == SIGSYS_) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

		see_refused(regs, (long)BPF_CORE_READ(regs, orig_ax));
	}
	if (find_runtime_task(tgid) && BPF_CORE_READ(task, signal, live.counter) == 0)
		remove_runtime_task(tgid);
	return 0;
}

/* For each piece of memory the kernel asks whether the process may have more than its share (CAP_SYS_ADMIN, cap_vm_enough_memory),
 * and gives it without. */
static bool asks_for_memory(void)
{
	enum { NAMESPACES = 0x7e020000 }; /* CLONE_NEW… */
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	int place = place_of((long)BPF_CORE_READ(regs, orig_ax));

	if (place < 0 || place >= CALL_PLACES) /* a page fault */
		return true;
	if (memory_calls[place] == MEMORY_OR_NAMESPACE)
		return !(argument(regs, place >> CALL_BITS, 0) & NAMESPACES);
	return memory_calls[place] == MEMORY;
}

/* Of Linux 6.14 and later. What was asked for and held: a capability that was refused is none that is needed. */
SEC("raw_tp/cap_capable")
int BPF_PROG(cap_capable, const void *cred, const void *target, const void *capable, int capability, int result)
{
	unsigned long place = (unsigned)capability;

	barrier_var(place); /* or the compiler's form of the bound is none that the verifier understands */
	if (result != 0 || place >= CAPABILITY_PLACES || capabilities[place].is || !current_is_in_group() ||
	    find_runtime_task((__u32)(bpf_get_current_pid_tgid() >> 32)) || is_with_runtime() ||
	    (place == CAP_SYS_ADMIN_ && asks_for_memory()))
		return 0;
	see(&capabilities[place]);
	tell();
	return 0;
}
