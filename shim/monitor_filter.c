/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that the monitor uses. */
#include "shim/monitor_filter.h"

#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "shim/self_filter.h"

static const unsigned allowed[] = {
	/* what each look does */
	SYS_epoll_pwait, SYS_clock_gettime, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_setpriority,
	SYS_pread64, SYS_read, SYS_write, SYS_openat, SYS_close, SYS_close_range,
	SYS_timerfd_settime,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	/* groups and the first process */
	SYS_pwrite64, SYS_getdents64, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_fstatfs,
	SYS_pidfd_open, SYS_pidfd_send_signal, SYS_ioctl, SYS_fcntl, SYS_epoll_ctl, SYS_eventfd2, SYS_dup, SYS_signalfd4,
	/* the control socket */
	SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_getsockopt,
	/* the standby */
	SYS_clone, SYS_clone3, SYS_ppoll, SYS_set_robust_list, SYS_rseq, SYS_gettid, SYS_getpid, SYS_getppid,
	SYS_prctl, SYS_exit_group, SYS_exit,
#ifdef SYS_poll
	SYS_poll,
#endif
	/* the report and clearing away */
	SYS_flock, SYS_ftruncate, SYS_fchmod, SYS_fsync, SYS_renameat2, SYS_renameat, SYS_mkdirat, SYS_unlinkat,
	SYS_fallocate, SYS_sysinfo, SYS_geteuid, SYS_getuid, SYS_clock_nanosleep,
	/* libc */
	SYS_mmap, SYS_mlockall, SYS_mlock, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_rt_sigaction, SYS_rt_sigprocmask,
	SYS_rt_sigreturn, SYS_restart_syscall, SYS_futex, SYS_tgkill, SYS_getrandom,
};

_Static_assert(ARRAY_SIZE(allowed) <= SELF_FILTER_MAX, "the filter has room for them");

int filter_self(struct error *err)
{
	return self_filter(allowed, ARRAY_SIZE(allowed), err);
}
