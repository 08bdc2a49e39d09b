/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of stint-recorder share. The theory of operation is in recorder.c. */
#ifndef STINT_SHIM_RECORDER_H
#define STINT_SHIM_RECORDER_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/record/recording.h"
#include "lib/seccomp/filter.h"

struct kernel_side;

/* What is recorded: the v2 group with this id and those below it. 0: the group to which somebody moves `launcher`, or
 * what it forked. `runtime`: a process that is in it already and is the runtime's still; 0: none. */
struct recorded_group {
	uint64_t id;
	pid_t launcher, runtime;
	uint32_t runtime_mounts; /* the inode of the mount namespace that the runtime is started in */
};

/* Loads the programs and attaches them: from then on nothing is missed. With a filter it is what that refuses that is seen,
 * else what is asked for. -ENOTSUP, with what the kernel lacks. */
int kernel_side_start(const struct recorded_group *group, const struct seccomp_filter *filter, struct kernel_side **ret,
		      struct error *err);
/* Readable when there is something new; kernel_side_hush() before it is waited for again. */
int kernel_side_fd(const struct kernel_side *side);
void kernel_side_hush(struct kernel_side *side);
/* Adds what was seen so far to the recording's needs, and sets what was lost. */
int kernel_side_read(const struct kernel_side *side, struct recording *recording, struct error *err);
/* Calls `each` for what the filter refused so far, and how often. */
int kernel_side_refused(const struct kernel_side *side, const struct seccomp_filter *filter,
			int (*each)(const struct need *need, unsigned count, void *data, struct error *err), void *data,
			struct error *err);
void kernel_side_stop(struct kernel_side *side);

#endif
