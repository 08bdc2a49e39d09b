/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting stint-monitor: nothing of the launcher's reaches it but two descriptors. */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/launch/internal.h"

/* Where the monitor finds them: see shim/monitor.c. */
enum {
	MONITOR_PIPE_FD = 3, MONITOR_LAUNCHER_FD = 4,
	TRIES = 3, /* one that is killed before it is ready is started again */
};

/* Born in the monitors' group, where the kernel can (5.7): moving there later stops every fork of
 * the machine for an RCU grace period, that of the container's runtime too. 0 in the child. */
static pid_t fork_into(const struct host *host, const struct cgroup_layout *layout)
{
	struct cgroup group = CGROUP_CLOSED(layout);
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid = -1;

	if (cgroup_make(host, layout, MONITOR_GROUP, 0, false, &group, NULL) == 0 && cgroup_unified_fd(&group) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)cgroup_unified_fd(&group);
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	}
	if (pid != 0)
		cgroup_close(&group);
	return pid < 0 ? fork() : pid;
}

/* In the child: only what the monitor is to have. */
static void become_monitor(const char *path, char *const argv[], int pipe_write, int launcher_pidfd)
{
	/* Nothing is taken from the environment, whose author may be the image's. */
	char *const environment[] = {NULL};
	/* Above what they are dup2'ed to, so that one does not overwrite the other. */
	int pipe_high = fcntl(pipe_write, F_DUPFD_CLOEXEC, 10);
	int launcher_high = launcher_pidfd < 0 ? -1 : fcntl(launcher_pidfd, F_DUPFD_CLOEXEC, 10);

	if (dup2(pipe_high, MONITOR_PIPE_FD) == MONITOR_PIPE_FD &&
	    (launcher_pidfd < 0 || dup2(launcher_high, MONITOR_LAUNCHER_FD) == MONITOR_LAUNCHER_FD))
		(void)execve(path, argv, environment);
	_exit(127);
}

static int spawn(const struct host *host, const char *key, int launcher_pidfd, bool orphan, int *ret_pipe,
		 struct error *err)
{
	struct cgroup_layout layout;
	char path[PATH_MAX], root[PATH_MAX];
	char program[] = "stint-monitor", launched[] = "--launched", resume[] = "--resume";
	char key_copy[STATE_KEY_MAX];
	char *argv[] = {program, launcher_pidfd >= 0 ? launched : resume, root, key_copy, NULL};
	_cleanup_close_ int pipe_read = -1, pipe_write = -1;
	int fds[2];
	pid_t pid;
	int r = program_path("stint-monitor", path, err);

	if (r < 0)
		return r;
	(void)snprintf(root, sizeof root, "--root=%s", host->root);
	(void)snprintf(key_copy, sizeof key_copy, "%s", key);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "start the monitor");
	pipe_read = fds[0];
	pipe_write = fds[1];
	r = cgroup_layout_read(host, &layout, err);
	if (r < 0)
		return r;
	pid = fork_into(host, &layout);
	if (pid < 0)
		return error_errno(err, errno, "start the monitor");
	if (pid == 0) {
		if (orphan && fork() != 0)
			_exit(0);
		become_monitor(path, argv, pipe_write, launcher_pidfd);
	}
	while (orphan && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_pipe = steal_fd(&pipe_read);
	return 0;
}

int monitor_start(const struct host *host, const char *key, int launcher_pidfd, bool orphan, int *ret_pipe,
		  struct error *err)
{
	int r = -ECHILD;

	for (int tries = 0; tries < TRIES && r == -ECHILD; tries++) {
		_cleanup_close_ int pipe = -1;

		r = spawn(host, key, launcher_pidfd, orphan, &pipe, err);
		if (r == 0)
			r = program_wait_ready(pipe, "the monitor", err);
		if (r == 0)
			*ret_pipe = steal_fd(&pipe);
	}
	return r;
}
