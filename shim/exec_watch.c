/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exec in a container whose filter asks a recorder: should that be killed while it is on its way, it ends (monitor_recorder.c), and
 * its runtime may not say a word (crun 1.8). We are the runtime by then, so a process beside it says why, and is gone with it.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/file.h"
#include "lib/launch/launch.h"
#include "lib/state/ledger.h"
#include "shim/runtime.h"

enum { OF_RUNTIME, OF_RECORDER, HELD, FIRST_FD = STDERR_FILENO + 1 };

/* Of our caller's we keep standard error alone, and that as long as the runtime does. */
static void let_go(struct pollfd held[HELD])
{
	/* Above what they are dup2'ed to, so that one does not overwrite the other. */
	for (int i = 0; i < HELD; i++)
		held[i].fd = fcntl(held[i].fd, F_DUPFD, FIRST_FD + HELD);
	for (int i = 0; i < HELD; i++) {
		held[i].fd = dup2(held[i].fd, FIRST_FD + i);
		if (held[i].fd < 0)
			_exit(1);
	}
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)syscall(SYS_close_range, (unsigned)(FIRST_FD + HELD), ~0U, 0);
}

static _Noreturn void watch(const struct runtime *runtime, const struct ledger *ledger, struct pollfd held[HELD])
{
	struct error err = {0};

	let_go(held);
	while (poll(held, HELD, -1) < 0 && errno == EINTR)
		;
	/* The runtime's end may be a consequence. A recorder that has nothing left to do takes its number away. */
	if (!held[OF_RECORDER].revents || !atomic_load(&ledger->asked.pid))
		_exit(0);
	(void)error_set(&err, EPERM, "stint-recorder was killed, which the container's seccomp filter asks: an exec whose program has not "
				     "begun yet is killed");
	(void)error_prefix(&err, "exec in %s", runtime->arguments.id);
	_exit(runtime_fail(&runtime->arguments, &err));
}

static int fork_watch(const struct runtime *runtime, const struct ledger *ledger, int recorder, struct error *err)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct pollfd held[HELD] = {{.fd = self, .events = POLLIN}, {.fd = recorder, .events = POLLIN}};
	pid_t pid = self < 0 ? -1 : fork();

	if (pid < 0)
		return error_errno(err, errno, "watch the container's recorder");
	if (pid == 0) {
		/* The child's child is nobody's: crun's `exec` waits for all that it has. */
		if (fork() == 0)
			watch(runtime, ledger, held);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int exec_watch(const struct runtime *runtime, int state_fd, struct error *err)
{
	_cleanup_close_ int recorder = -1;
	struct ledger *ledger;
	int r = ledger_open(state_fd, false, &ledger, NULL, err);

	if (r < 0)
		return r;
	if (atomic_load(&ledger->asked.pid)) {
		recorder = recorder_hold(state_fd, atomic_load(&ledger->asked.pid));
		r = recorder == -ESRCH ? error_set(err, EPERM, "its seccomp filter asks stint-recorder, which was killed: it would wait for an "
							       "answer for ever; start the container anew") :
		    recorder < 0 ? error_errno(err, -recorder, "watch the container's recorder") :
				   fork_watch(runtime, ledger, recorder, err);
	}
	ledger_unmap(ledger);
	return r;
}
