/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stint-network gives up: nearly everything when it has started, and the rest when the rules are set. */
#include <cap-ng.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "shim/network.h"
#include "shim/self_filter.h"
#include "shim/settle.h"

static const unsigned allowed[] = {
	/* waiting, and telling */
	SYS_epoll_pwait, SYS_epoll_ctl, SYS_ppoll, SYS_read, SYS_write, SYS_close, SYS_inotify_add_watch,
	SYS_accept4, SYS_socket, SYS_connect, SYS_bind, SYS_getsockopt, SYS_setsockopt, SYS_getsockname,
	SYS_sendto, SYS_sendmsg, SYS_recvfrom, SYS_recvmsg,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
	/* the state directory, and the lock on the ledger */
	SYS_newfstatat, SYS_fstat, SYS_statx, SYS_flock, SYS_fcntl, SYS_lseek,
	/* promptness */
	SYS_sched_setscheduler, SYS_setpriority, SYS_mlockall, SYS_mlock,
	/* libc */
	SYS_clock_gettime, SYS_getpid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect,
	SYS_madvise, SYS_brk, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall, SYS_futex, SYS_tgkill,
	SYS_getrandom, SYS_exit_group, SYS_exit,
};

_Static_assert(ARRAY_SIZE(allowed) <= SELF_FILTER_MAX, "the filter has room for them");

static int keep(const unsigned *capabilities, unsigned count, struct error *err)
{
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned i = 0; i < count; i++)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i]);
	/* The bounding set and the ambient one matter to what is executed, and nothing is. */
	return capng_apply(CAPNG_SELECT_CAPS) < 0 ? error_set(err, EPERM, "drop stint-network's capabilities") : 0;
}

int confine_until_set(struct error *err)
{
	/* To enter a namespace of a process that may have capabilities of its own. */
	static const unsigned needed[] = {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_NET_ADMIN};

	return keep(needed, ARRAY_SIZE(needed), err);
}

int confine_at_work(struct error *err)
{
	static const unsigned needed[] = {CAP_NET_ADMIN};
	int r = keep(needed, ARRAY_SIZE(needed), err);

	if (r < 0)
		return r;
	settle_be_prompt();
	return self_filter(allowed, ARRAY_SIZE(allowed), err);
}
