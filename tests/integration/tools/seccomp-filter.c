/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp-filter PID: the seccomp filters of a process as the kernel has them, the newest first, an
 * instruction a line. What /proc/PID/status says of a filter is no proof of what is in it. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	static struct sock_filter code[BPF_MAXINSNS];
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;

	if (pid <= 1 || ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 ||
	    waitpid(pid, NULL, __WALL) < 0) {
		perror("seccomp-filter");
		return 1;
	}
	for (long index = 0;; index++) {
		long count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, code);

		if (count < 0 && errno == ENOENT)
			return 0;
		if (count < 0) {
			perror("seccomp-filter: read");
			return 1;
		}
		printf("filter %ld\n", index);
		for (long i = 0; i < count; i++)
			printf("%04x %u %u %08x\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
	}
}
