/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built by hand and not by libseccomp: a plain list is a dozen lines, and the library's work and memory would be paid by
 * every container. */
#include "shim/self_filter.h"

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

#if defined(FILTER_ARCH) && !defined(__SANITIZE_ADDRESS__)
enum { HEAD = 4, TAIL = 2 };

int self_filter(const unsigned *allowed, unsigned count, struct error *err)
{
	struct sock_filter code[HEAD + SELF_FILTER_MAX + TAIL] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {.len = (unsigned short)(HEAD + count + TAIL), .filter = code};

	if (count > SELF_FILTER_MAX)
		return error_set(err, E2BIG, "put a seccomp filter on ourselves: there is no room for %u calls", count);
	for (unsigned i = 0; i < count; i++) {
		struct sock_filter jump = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0);

		jump.k = allowed[i];
		jump.jt = (unsigned char)(count - i);
		code[HEAD + i] = jump;
	}
	code[HEAD + count] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[HEAD + count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_errno(err, errno, "put a seccomp filter on ourselves");
	return 0;
}
#else
int self_filter(const unsigned *allowed, unsigned count, struct error *err)
{
	(void)allowed;
	(void)count;
	(void)err;
	return 0;
}
#endif
