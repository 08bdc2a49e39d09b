/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorder's half in the kernel: which system calls the processes of one group make, with which values of the
 * arguments that matter, and which capabilities they use. One of each is kept, in tables that are read from outside;
 * nothing is queued, so nothing can be lost but what finds no room, which is counted.
 *
 * Calls that a filter refuses never get to sys_enter (seccomp comes first), but they do get to sys_exit, or the process dies of
 * them. A call that the filter can only refuse was refused; of others the arguments are kept, for the filter to be asked.
 *
 * Of capabilities the kernel tells each question and its answer (cap_capable), but not what came of it: many a question is a
 * probe, and the call goes on without. So one that is lacking was refused when the call that asked for it failed for it.
 *
 * Whose process it is, is told apart in recorder_group.bpf.h.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "shim/kernel_types.h"
#include "shim/recorder_call.bpf.h"
#include "shim/recorder_group.bpf.h"
#include "shim/recorder_shared.h"

char LICENSE[] SEC("license") = "GPL";

enum { CAP_SYS_ADMIN_ = 21, ABI_COUNT = CALL_PLACES >> CALL_BITS };

/* Set before it is loaded. */
const volatile __s32 seccomp_calls[ABI_COUNT] = {-1, -1, -1}; /* by which a filter is loaded */
const volatile bool watches_refusals = false;
const volatile __s32 prctl_calls[ABI_COUNT] = {-1, -1, -1};
const volatile __s32 capset_calls[ABI_COUNT] = {-1, -1, -1};
/* Those that the container would have but for its model; and whoever it runs as. */
const volatile __u64 taken_capabilities = 0, taken_ambient = 0;
struct call_arguments call_arguments[CALL_PLACES];
__u8 memory_calls[CALL_PLACES]; /* enum memory_call */

__u8 verdicts[CALL_PLACES]; /* enum call_verdict */
struct refused refused[CALL_PLACES]; /* of those that are denied */

struct seen calls[CALL_PLACES];
struct seen capabilities[CAPABILITY_PLACES];
struct refused refused_capabilities[CAPABILITY_PLACES];
__u8 runtime_calls[CALL_PLACES]; /* that the runtime makes under a filter which it has loaded */
__u32 value_counts[CALL_PLACES];
__u32 lacking_count = 0;

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

/* By thread: the capabilities that its present call was found to lack. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RUNTIME_TASKS);
	__type(key, __u32);
	__type(value, __u64);
} lacking SEC(".maps");

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

/* --- what it asks for --- */

static void see(struct seen *seen)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	BPF_CORE_READ_STR_INTO(&seen->program, task, group_leader, comm);
	seen->is = 1;
}

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

/* --- capabilities --- */

/* Before Linux 6.3 a set had another form; capabilities are not told of there anyway. */
static bool has_masks(void)
{
	return bpf_core_field_exists(((struct cred *)0)->cap_bset.val);
}

static bool is_capset(int place)
{
	unsigned long abi = (unsigned)place >> CALL_BITS;

	barrier_var(abi); /* or the compiler's form of the bound is none that the verifier understands */
	return abi < ABI_COUNT && (place & (CALL_COUNT - 1)) == capset_calls[abi];
}

/* Those that a process asks to keep: it fails unless it has them all. */
static __u64 kept_by_capset(struct pt_regs *regs, int place)
{
	enum { ONE_WORD_VERSION = 0x19980330 };
	struct {
		__u32 effective, permitted, inheritable;
	} words[2] = {0};
	__u32 version = 0;

	if (bpf_probe_read_user(&version, sizeof version, (const void *)pointer(regs, place >> CALL_BITS, 0)) != 0 ||
	    bpf_probe_read_user(words, version == ONE_WORD_VERSION ? sizeof words[0] : sizeof words,
				(const void *)pointer(regs, place >> CALL_BITS, 1)) != 0)
		return 0;
	return words[0].permitted | (__u64)words[1].permitted << 32;
}

/* Those that this one has not got because they were taken: the others it would not have either, since it is not root, or
 * is in a user namespace of its own, where it has all of them. */
static __u64 missed_by(const struct cred *cred)
{
	__u32 root;
	__u64 taken;

	if (!has_masks())
		return 0;
	root = BPF_CORE_READ(cred, user_ns, uid_map.extent[0].lower_first);
	taken = BPF_CORE_READ(cred, euid.val) == root ? taken_capabilities : taken_ambient;

	return taken & ~BPF_CORE_READ(cred, cap_bset.val);
}

static void see_capability(unsigned long place)
{
	barrier_var(place); /* as above */
	if (place >= CAPABILITY_PLACES || capabilities[place].is)
		return;
	see(&capabilities[place]);
	tell();
}

static void see_kept(struct pt_regs *regs, int place)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 kept;

	if (!has_masks())
		return;
	kept = kept_by_capset(regs, place) & BPF_CORE_READ(task, cred, cap_permitted.val);
	for (unsigned i = 0; i < CAPABILITY_PLACES; i++)
		if (kept & 1ULL << i)
			see_capability(i);
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
	if (is_capset(place) && !is_with_runtime())
		see_kept(regs, place);
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

static __u64 take_lacking(void)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	__u64 *found = lacking_count ? bpf_map_lookup_elem(&lacking, &thread) : NULL, mask = found ? *found : 0;

	if (found && bpf_map_delete_elem(&lacking, &thread) == 0)
		__sync_fetch_and_add(&lacking_count, -1);
	return mask;
}

static void see_refused_capability(unsigned long place)
{
	barrier_var(place);
	if (place >= CAPABILITY_PLACES)
		return;
	__sync_fetch_and_add(&refused_capabilities[place].count, 1);
	if (!refused_capabilities[place].seen.is) {
		see(&refused_capabilities[place].seen);
		tell();
	}
}

/* The kernel's two answers to who may not. */
static void see_lacking(struct pt_regs *regs, long result)
{
	enum { EPERM_ = 1, EACCES_ = 13 };
	__u64 mask = take_lacking();
	int place;

	if (result != -EPERM_ && result != -EACCES_)
		return;
	place = place_of((long)BPF_CORE_READ(regs, orig_ax));
	if (result == -EPERM_ && is_capset(place) && current_is_in_group() &&
	    !find_runtime_task((__u32)(bpf_get_current_pid_tgid() >> 32)) && !is_with_runtime())
		mask |= kept_by_capset(regs, place) & missed_by(BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), cred));
	for (unsigned i = 0; mask && i < CAPABILITY_PLACES; i++)
		if (mask & 1ULL << i)
			see_refused_capability(i);
}

SEC("raw_tp/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	enum { ERRNO_MAX = 4095 };

	if (taken_capabilities)
		see_lacking(regs, result);
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
	(void)take_lacking();
	if (find_runtime_task(tgid) && BPF_CORE_READ(task, signal, live.counter) == 0)
		remove_runtime_task(tgid);
	return 0;
}

/* What the process' present call does to it. */
static enum memory_call memory_call(struct pt_regs **ret_regs, int *ret_place)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	int place = place_of((long)BPF_CORE_READ(regs, orig_ax));

	*ret_regs = regs;
	*ret_place = place;
	return place < 0 || place >= CALL_PLACES ? MEMORY : memory_calls[place]; /* none: a page fault */
}

/* For each piece of memory the kernel asks whether the process may have more than its share (CAP_SYS_ADMIN, cap_vm_enough_memory),
 * and gives it without. */
static bool asks_for_memory(void)
{
	enum { NAMESPACES = 0x7e020000 }; /* CLONE_NEW… */
	struct pt_regs *regs;
	int place;
	enum memory_call what = memory_call(&regs, &place);

	if (what == MEMORY_OR_NAMESPACE)
		return !(argument(regs, place >> CALL_BITS, 0) & NAMESPACES);
	return what != NO_MEMORY;
}

/* It asks on its own account. What the runtime does once it is in the container's root, and lastly, is execute the container's
 * program: what that takes, the container needs. */
static bool asks_for_itself(void)
{
	struct pt_regs *regs;
	int place;

	if (!current_is_in_group() || is_with_runtime())
		return false;
	return !find_runtime_task((__u32)(bpf_get_current_pid_tgid() >> 32)) || memory_call(&regs, &place) == MEMORY_OF_PROGRAM;
}

static void add_lacking(unsigned place)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	__u64 *known = bpf_map_lookup_elem(&lacking, &thread), mask = 1ULL << place;

	if (known)
		*known |= mask;
	else if (bpf_map_update_elem(&lacking, &thread, &mask, BPF_NOEXIST) == 0)
		__sync_fetch_and_add(&lacking_count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
}

/* Of Linux 6.14 and later. */
SEC("raw_tp/cap_capable")
int BPF_PROG(cap_capable, const struct cred *cred, const void *target, const void *capable, int capability, int result)
{
	unsigned place = (unsigned)capability;

	if (place >= CAPABILITY_PLACES || (result == 0 && (taken_capabilities || capabilities[place].is)) ||
	    (result != 0 && !(taken_capabilities & 1ULL << place)) || !asks_for_itself() ||
	    (place == CAP_SYS_ADMIN_ && asks_for_memory()))
		return 0;
	if (result == 0)
		see_capability(place);
	else if (missed_by(cred) & 1ULL << place)
		add_lacking(place);
	return 0;
}
