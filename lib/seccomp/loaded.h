/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seccomp filters that a process has, as the kernel gives them back (ptrace(2), PTRACE_SECCOMP_GET_FILTER). That it
 * has some (/proc/PID/status) is no proof of what is in them. */
#ifndef STINT_SECCOMP_LOADED_H
#define STINT_SECCOMP_LOADED_H

#include <sys/types.h>

#include "lib/seccomp/bpf.h"

enum { LOADED_MAX = 64 };
struct loaded_filters {
	struct bpf_program programs[LOADED_MAX]; /* each has passed bpf_check */
	unsigned count;
};
void loaded_close(struct loaded_filters *filters);
#define _cleanup_loaded_ _cleanup_(loaded_close)

/*
 * Of the process that `pidfd` holds and whose number is `pid`. It is stopped for as long as that takes, which is less
 * than a millisecond; it notices as much as of SIGSTOP and SIGCONT, and a signal that comes meanwhile is delivered. Needs
 * CAP_SYS_PTRACE and CAP_SYS_ADMIN, and no filter on us.
 * -ESRCH: it has ended. -ETIMEDOUT: it cannot be stopped within `timeout_ms`, as when it is frozen: it is let go.
 */
int seccomp_loaded(pid_t pid, int pidfd, int timeout_ms, struct loaded_filters *ret_filters, struct error *err);

#endif
