/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child of ours does the tracing. Whatever becomes of it, it ends, by itself or by us, and the kernel lets go of what a
 * tracer held that has ended; so there is no way in which the traced process stays stopped, or we wait for ever.
 */
#include "lib/seccomp/loaded.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"

/* What the child leaves: one program after another. The kernel has no more for a process (MAX_INSNS_PER_PATH). */
enum { ALL_MAX = 32768 };
struct answer {
	atomic_int result; /* 0, -errno */
	unsigned count, lengths[LOADED_MAX];
	struct sock_filter code[ALL_MAX];
};

static int read_filters(pid_t pid, struct answer *answer)
{
	for (unsigned used = 0;; answer->count++) {
		long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)answer->count, NULL);

		if (length < 0)
			return errno == ENOENT ? 0 : -errno;
		if (answer->count == LOADED_MAX || used + (unsigned long)length > ALL_MAX)
			return -E2BIG;
		if (ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)answer->count, &answer->code[used]) < 0)
			return -errno;
		answer->lengths[answer->count] = (unsigned)length;
		used += (unsigned)length;
	}
}

/* From the seizing on the number is the seized one's: if the pidfd's process is there then, it is that one. */
static int trace(pid_t pid, int pidfd, struct answer *answer)
{
	int status, r;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -errno;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFSTOPPED(status))
		return -ESRCH;
	r = read_filters(pid, answer);
	/* A stop without an event is a signal on its way, which goes on with us or not at all. */
	(void)ptrace(PTRACE_DETACH, pid, NULL, (void *)(uintptr_t)(status >> 16 ? 0 : WSTOPSIG(status)));
	return r;
}

/* Until it has ended, by itself or by us when its time is up. */
static void wait_for(pid_t child, int timeout_ms)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	int ready;

	do
		ready = pidfd < 0 ? 0 : poll(&ended, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		(void)kill(child, SIGKILL); /* it is not waited for yet: the number is its own */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static int trace_in_child(pid_t pid, int pidfd, int timeout_ms, struct answer *answer)
{
	pid_t child;

	atomic_store(&answer->result, -ETIMEDOUT);
	child = fork();
	if (child == 0) {
		atomic_store(&answer->result, trace(pid, pidfd, answer));
		_exit(0);
	}
	if (child < 0)
		return -errno;
	wait_for(child, timeout_ms);
	return atomic_load(&answer->result);
}

static int take(const struct answer *answer, struct loaded_filters *filters, struct error *err)
{
	const struct sock_filter *from = answer->code;

	for (unsigned i = 0; i < answer->count; i++) {
		struct bpf_program *program = &filters->programs[i];
		int r;

		program->length = answer->lengths[i];
		program->code = calloc(program->length, sizeof *program->code);
		if (!program->code)
			return error_set(err, ENOMEM, "out of memory");
		filters->count++;
		memcpy(program->code, from, program->length * sizeof *program->code);
		from += program->length;
		r = bpf_check(program, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int seccomp_loaded(pid_t pid, int pidfd, int timeout_ms, struct loaded_filters *ret_filters, struct error *err)
{
	struct answer *answer = mmap(NULL, sizeof *answer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	_cleanup_loaded_ struct loaded_filters filters = {.count = 0};
	int r;

	if (answer == MAP_FAILED)
		return error_errno(err, errno, "read the seccomp filters of process %d", (int)pid);
	r = trace_in_child(pid, pidfd, timeout_ms, answer);
	if (r < 0)
		(void)error_errno(err, -r, "read the seccomp filters of process %d", (int)pid);
	else
		r = take(answer, &filters, err);
	(void)munmap(answer, sizeof *answer);
	if (r == 0) {
		*ret_filters = filters;
		filters.count = 0;
	}
	return r;
}

void loaded_close(struct loaded_filters *filters)
{
	for (unsigned i = 0; i < filters->count; i++)
		bpf_close(&filters->programs[i]);
	filters->count = 0;
}
