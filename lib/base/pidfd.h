/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a pidfd tells, for headers that are older: linux/pidfd.h of Linux 6.13 (PIDFD_GET_INFO) and 6.15
 * (PIDFD_INFO_EXIT), in its first published size. */
#ifndef STINT_BASE_PIDFD_H
#define STINT_BASE_PIDFD_H

#include <stdint.h>
#include <sys/ioctl.h>

struct pidfd_info_v0 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code; /* a wait status */
};
#define PIDFD_INFO_REQUEST _IOWR(0xFF, 11, struct pidfd_info_v0)
#define PIDFD_INFO_HAS_EXIT (UINT64_C(1) << 3)

#endif
