/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control groups, by descriptor, behind one interface: v2, v1, and hybrid (v1 controllers beside a
 * v2 tree that has none but still offers cgroup.kill, cgroup.events, cgroup.freeze and cpu.stat).
 *
 * A `struct cgroup` holds directory descriptors from the moment it was made or opened, and every
 * later read, write and kill goes through them: when the group is removed they answer ENODEV or
 * ENOENT, and a new group of the same name is never touched. -ENODEV from here always means "gone":
 * neither out of memory nor zero usage.
 *
 * Sources of the rules: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/ of the kernel.
 */
#ifndef STINT_CGROUP_CGROUP_H
#define STINT_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/base/host.h"

enum cgroup_mode { CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };
extern const char *const cgroup_mode_names[]; /* "v1", "hybrid", "v2" */

/* What is used; a controller may share its hierarchy with another ("cpu,cpuacct"). */
enum controller {
	CONTROLLER_CPU, CONTROLLER_CPUACCT, CONTROLLER_CPUSET, CONTROLLER_MEMORY, CONTROLLER_PIDS, CONTROLLER_IO /* v1: blkio */,
	CONTROLLER_FREEZER, CONTROLLER_COUNT
};
extern const char *const controller_names[CONTROLLER_COUNT]; /* v1's: "cpu", …, "blkio", "freezer" */

/* The mounted hierarchies, from /proc/self/mountinfo. */
enum { HIERARCHY_MAX = 16 };
struct hierarchy {
	char path[256];	      /* its mount point */
	char name[64];	      /* "name=systemd" of one without a controller; else "" */
	unsigned controllers; /* bit set of 1u << enum controller; 0: named or one we do not use */
	bool unified;
};
struct cgroup_layout {
	enum cgroup_mode mode;
	int count;
	struct hierarchy hierarchies[HIERARCHY_MAX];
};
int cgroup_layout_read(const struct host *host, struct cgroup_layout *ret_layout, struct error *err);

/* A path in the tree as config.json has it: absolute or not, made of components that are not ".",
 * ".." or empty, printable, at most 255 bytes each and 1024 in all; else -EINVAL. */
int cgroup_path_check(const char *path, struct error *err);

/* `fds[i]` belongs to layout hierarchy i; -EBADF where the group is not. */
struct cgroup {
	const struct cgroup_layout *layout; /* must outlive it */
	int fds[HIERARCHY_MAX];
};
#define CGROUP_CLOSED(layout_) ((struct cgroup){.layout = (layout_), .fds = {[0 ... HIERARCHY_MAX - 1] = -EBADF}})

/* Makes `path` (missing parents too) in the hierarchies that have one of `controllers` and in the
 * unified one, enables those controllers down to the parent of `path` on v2 (so that `path` has its
 * own limits and its children may too), and opens it. `exclusive`: -EEXIST when the last component
 * is there already in any of them and has processes; an empty leftover is taken over.
 * Checks that each directory is on a cgroup filesystem (unless host->any_filesystem). */
int cgroup_make(const struct host *host, const struct cgroup_layout *layout, const char *path,
		unsigned controllers, bool exclusive, struct cgroup *ret_cgroup, struct error *err);
/* A child of an open one, likewise ("payload"). On v2 enables the controllers for it. */
int cgroup_make_child(const struct host *host, const struct cgroup *parent, const char *name,
		      struct cgroup *ret_cgroup, struct error *err);
/* Opens the group in which process `pid` is, in every hierarchy (from /proc/PID/cgroup). */
int cgroup_open_of(const struct host *host, const struct cgroup_layout *layout, pid_t pid,
		   struct cgroup *ret_cgroup, struct error *err);
/* The v2 group in which `pid` is and `outsider` is not: its id (what `socket cgroupv2` of nf_tables compares: the inode of its
 * directory), and how deep it is below the root. -ENOTSUP: there is none. */
int cgroup_unified_own(const struct host *host, const struct cgroup_layout *layout, pid_t pid, pid_t outsider, uint64_t *ret_id,
		       uint32_t *ret_level, struct error *err);
/* Opens `path` wherever it exists; -ENOENT when nowhere. */
int cgroup_open(const struct host *host, const struct cgroup_layout *layout, const char *path,
		struct cgroup *ret_cgroup, struct error *err);
void cgroup_close(struct cgroup *cgroup);
/* Removes `path` and all groups below it in every hierarchy of the layout, deepest first, and its parents
 * while they are empty up to `keep_above` (not included). -EBUSY when a process is in one; what is not there is
 * success. */
int cgroup_remove(const struct host *host, const struct cgroup_layout *layout, const char *path,
		  const char *keep_above, struct error *err);
/* Removes `path` alone, hierarchy by hierarchy from *next on, until it comes to one where there is still something in
 * it (false: to be called again). */
bool cgroup_remove_empty(const struct cgroup_layout *layout, const char *path, int *next);
/* Moves the calling process, which must have one thread, to `path`, which exists, in the hierarchies that
 * have one of `controllers` and in the unified one; to the root in the others. */
int cgroup_enter(const struct host *host, const struct cgroup_layout *layout, const char *path, unsigned controllers,
		 struct error *err);
/* The directory in the v2 tree, for CLONE_INTO_CGROUP; -EBADF when there is no such tree. */
int cgroup_unified_fd(const struct cgroup *cgroup);

/* Limits; UINT64_MAX: leave as it is. */
struct cgroup_limits {
	uint64_t memory_bytes;
	uint64_t memory_swap_bytes; /* memory + swap, as in OCI (v1 memsw; v2 swap.max is the difference) */
	uint64_t pids;
	uint64_t cpu_quota_us, cpu_period_us;
	bool oom_group; /* v2: memory.oom.group=1; v1 has none: the monitor kills the rest */
};
#define CGROUP_LIMITS_NONE ((struct cgroup_limits){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, false})
/* -EOPNOTSUPP and an error that names the controller when it is not there. A swap limit without
 * swap accounting in the kernel is no error. */
int cgroup_limits_set(const struct cgroup *cgroup, const struct cgroup_limits *limits, struct error *err);
/* What the kernel has now; UINT64_MAX: unlimited or not there. */
int cgroup_limits_get(const struct cgroup *cgroup, struct cgroup_limits *ret_limits, struct error *err);
/* Only the CPU quota, without error text, for the monitor; quota 0 lifts it. */
int cgroup_cpu_quota(const struct cgroup *cgroup, uint64_t quota_us, uint64_t period_us);

/* Figures; UINT64_MAX: the kernel does not offer it here. Whoever removes a group takes its files and, on v1, its
 * hierarchies one after the other: what *usage knows and is no longer to be had stays as it is, and -ENODEV says
 * that the group is gone, or going. So it holds earlier figures, or cgroup_usage_unknown. */
struct cgroup_usage {
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns, throttled_ns;
	uint64_t memory_bytes, memory_peak_bytes;
	uint64_t pids, pids_peak;
	uint64_t io_read_bytes, io_write_bytes;
	uint64_t oom_kills; /* v1: of this very group only; v2: of all below it */
	uint64_t pids_refused; /* forks refused at pids.max */
};
extern const struct cgroup_usage cgroup_usage_unknown;
int cgroup_usage_read(const struct cgroup *cgroup, struct cgroup_usage *usage);

/* CPU time in ns. The kernel charges a running task at its tick (every 4 ms at 250 Hz) and when it is
 * switched out, so the counter lags by as much as a tick for each CPU in use. `exact`: the caller,
 * which must have one thread, moves over all CPUs in turn, and what runs there is switched out and
 * charged; a real-time caller needs some 20 µs for each. (Measured on Linux 6.18: reading another
 * process's CPU clock charges nothing.) */
enum { CGROUP_CPU_LAG_NS = 10000000 }; /* a tick at 100 Hz, the slowest there is */
int cgroup_cpu_ns(const struct cgroup *cgroup, bool exact, uint64_t *ret_ns);
int cgroup_memory_bytes(const struct cgroup *cgroup, uint64_t *ret_bytes);
int cgroup_oom_kills(const struct cgroup *cgroup, uint64_t *ret_count);
int cgroup_pids_refused(const struct cgroup *cgroup, uint64_t *ret_count);
/* 1 when a process is in it or below it, 0 when none, -ENODEV when it is gone. */
int cgroup_populated(const struct cgroup *cgroup);
/* Process ids in it and below it: at most `max`; returns how many there are (which may be more than max). */
int cgroup_pids(const struct cgroup *cgroup, pid_t *pids, unsigned max);
/* cpuset: how many CPUs its processes may use; 0 when unknown. */
unsigned cgroup_cpus(const struct cgroup *cgroup);

/* Descriptors to poll. EPOLLPRI on a v2 events file and on pids.events, EPOLLIN on a v1 OOM eventfd; -EOPNOTSUPP
 * where there is none. The caller owns them. After an event: read the counts again. */
int cgroup_events_fd(const struct cgroup *cgroup);	/* populated: cgroup.events */
int cgroup_memory_events_fd(const struct cgroup *cgroup, uint32_t *ret_epoll_events);
int cgroup_pids_events_fd(const struct cgroup *cgroup);

/* The first process that anybody moves into a group after a quiet moment waits for an RCU grace period, 10 ms and more
 * (percpu_down_write of cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c), and those that follow do not. This moves
 * the caller to where it is, and waits in place of the next. 0, or a negative errno. */
int cgroup_wait_for_moves(const struct cgroup *cgroup);

/* Kills everything in it and below it, once: cgroup.kill where there is one, else freeze, SIGKILL
 * to each by pidfd, thaw. A frozen group is thawed afterwards (v1: a frozen process takes no signal). The caller waits
 * for cgroup_populated() and calls again while it is 1. 0, -ENODEV when it is gone. */
int cgroup_kill(const struct cgroup *cgroup);
/* To die takes CPU time: gives the group the greatest weight and lifts its quota, so that neither its own limits nor
 * a busy machine hold up what was killed. */
void cgroup_hasten(const struct cgroup *cgroup);
/* Sends `signal` to every process by pidfd, without freezing. */
int cgroup_signal(const struct cgroup *cgroup, int signal);
int cgroup_freeze(const struct cgroup *cgroup, bool frozen);
int cgroup_frozen(const struct cgroup *cgroup); /* 1, 0, -errno */

#endif
