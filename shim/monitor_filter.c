/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of the system calls that the monitor uses; all others fail with EPERM. Built by hand and not by
 * libseccomp: a plain list is a dozen lines, and the library's work and memory would be paid by every
 * container.
 */
#include "shim/monitor_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define FILTER_ARCH AUDIT_ARCH_S390X
#endif

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

enum { HEAD = 4, COUNT = ARRAY_SIZE(allowed), TAIL = 2 };

static int load(const struct sock_fprog *program, struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0)
		return error_errno(err, errno, "put a seccomp filter on the monitor");
	return 0;
}

int filter_self(struct error *err)
{
#if defined(FILTER_ARCH) && !defined(__SANITIZE_ADDRESS__)
	struct sock_filter code[HEAD + COUNT + TAIL] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {.len = HEAD + COUNT + TAIL, .filter = code};

	_Static_assert(COUNT < 250, "a jump's offset has eight bits");
	for (unsigned i = 0; i < COUNT; i++) {
		struct sock_filter jump = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0);

		jump.k = allowed[i];
		jump.jt = (unsigned char)(COUNT - i);
		code[HEAD + i] = jump;
	}
	code[HEAD + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[HEAD + COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return load(&program, err);
#else
	(void)allowed;
	(void)load;
	(void)err;
	return 0;
#endif
}
