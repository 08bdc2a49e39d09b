/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting stint-monitor: nothing of the launcher's reaches it but two descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/launch/launch.h"

/* Where the monitor finds them: see shim/monitor.c. */
enum { MONITOR_PIPE_FD = 3, MONITOR_LAUNCHER_FD = 4, READY_TIMEOUT_MS = 20000 };

static int spawn(const char *path, char *const argv[], int pipe_write, int launcher_pidfd, struct error *err)
{
	/* Nothing is taken from the environment, whose author may be the image's. */
	char *const environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	_cleanup_close_ int pipe_high = -1, launcher_high = -1;
	pid_t pid;
	int r;

	/* Above what they are dup2'ed to, so that one does not overwrite the other. */
	pipe_high = fcntl(pipe_write, F_DUPFD_CLOEXEC, 10);
	launcher_high = launcher_pidfd < 0 ? -1 : fcntl(launcher_pidfd, F_DUPFD_CLOEXEC, 10);
	if (pipe_high < 0 || (launcher_pidfd >= 0 && launcher_high < 0))
		return error_errno(err, errno, "start the monitor");
	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return error_errno(err, r, "start the monitor");
	r = posix_spawn_file_actions_adddup2(&actions, pipe_high, MONITOR_PIPE_FD);
	if (r == 0 && launcher_high >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, launcher_high, MONITOR_LAUNCHER_FD);
	if (r == 0)
		r = posix_spawn(&pid, path, &actions, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return error_errno(err, r, "start the monitor, %s", path);
	return 0;
}

int monitor_spawn(const struct host *host, const char *key, int launcher_pidfd, int *ret_pipe,
		  struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX];
	char program[] = "stint-monitor", launched[] = "--launched", resume[] = "--resume";
	char key_copy[STATE_KEY_MAX];
	char *argv[] = {program, launcher_pidfd >= 0 ? launched : resume, root, key_copy, NULL};
	_cleanup_close_ int pipe_read = -1, pipe_write = -1;
	int fds[2];
	int r = program_path("stint-monitor", path, err);

	if (r < 0)
		return r;
	(void)snprintf(root, sizeof root, "--root=%s", host->root);
	(void)snprintf(key_copy, sizeof key_copy, "%s", key);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "start the monitor");
	pipe_read = fds[0];
	pipe_write = fds[1];
	r = spawn(path, argv, pipe_write, launcher_pidfd, err);
	if (r < 0)
		return r;
	*ret_pipe = steal_fd(&pipe_read);
	return 0;
}

/* One line, of which nothing after its newline is read: later lines are somebody else's. */
static int read_line(int fd, char *line, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t length = 0;

	while (length + 1 < size) {
		ssize_t n;
		int r = poll(&wait, 1, READY_TIMEOUT_MS);

		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		n = r > 0 ? read(fd, line + length, 1) : -1;
		if (n == 0)
			break;
		if (n < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -errno;
		}
		if (line[length] == '\n')
			break;
		length++;
	}
	line[length] = '\0';
	return (int)length;
}

int monitor_wait_ready(int pipe, struct error *err)
{
	char line[ERROR_TEXT_MAX];
	int r = read_line(pipe, line, sizeof line);

	if (r == -ETIMEDOUT)
		return error_set(err, ETIMEDOUT, "start the monitor: it does not get ready");
	if (r < 0)
		return error_errno(err, -r, "start the monitor");
	if (r == 0)
		return error_set(err, ECHILD, "start the monitor: it ended before it was ready");
	if (strcmp(line, "ready") != 0)
		return error_set(err, EIO, "start the monitor: %s", line);
	return 0;
}
