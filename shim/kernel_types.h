/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of the kernel's types that recorder.bpf.c reads; where they are in the running kernel, its BTF says. */
#ifndef STINT_SHIM_KERNEL_TYPES_H
#define STINT_SHIM_KERNEL_TYPES_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id; /* 0: the v2 tree */
};

struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct vfsmount {
	int mnt_flags;
};

struct mount {
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
};

struct file {
	struct path f_path;
};

struct mm_struct {
	struct file *exe_file;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct thread_info {
	__u32 status;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u64 val; /* since Linux 6.3 */
} kernel_cap_t;

struct uid_gid_extent {
	__u32 lower_first;
};

struct uid_gid_map {
	struct uid_gid_extent extent[5];
};

struct user_namespace {
	struct uid_gid_map uid_map;
};

struct cred {
	kuid_t euid;
	kernel_cap_t cap_permitted, cap_bset;
	struct user_namespace *user_ns;
};

struct task_struct {
	struct thread_info thread_info;
	const struct cred *cred;
	struct mm_struct *mm;
	int tgid, exit_code;
	struct task_struct *real_parent, *group_leader;
	char comm[16];
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct signal_struct *signal;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, r9, r8, bp, bx, cx, dx, si, di, orig_ax;
};
#endif

#pragma clang attribute pop

#endif
