/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/cleanup.h"

extern char **environ;

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int spawn(const char *const argv[], int output, pid_t *ret_child)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawn(ret_child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static bool readable_until(int fd, int64_t end_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t left;
	int r;

	do {
		left = end_ms - now_ms();
		r = poll(&wait, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

static void read_output(int fd, int64_t end_ms, char *text, size_t size)
{
	size_t used = 0;

	while (used < size - 1 && readable_until(fd, end_ms)) {
		ssize_t n = read(fd, text + used, size - 1 - used);

		if (n <= 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
}

/* It is our child and not reaped: the number is its own until then. */
static int reap(pid_t child, int64_t end_ms)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	bool late = pidfd < 0 || !readable_until(pidfd, end_ms);
	int status;

	if (late)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return late ? -ETIMEDOUT : -ECHILD;
}

int ask(const char *const argv[], int timeout_ms, char *text, size_t size)
{
	_cleanup_close_ int output = -1;
	int64_t end_ms = now_ms() + timeout_ms;
	int fds[2], r;
	pid_t child;

	text[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	output = fds[0];
	r = spawn(argv, fds[1], &child);
	(void)close(fds[1]);
	if (r < 0)
		return r;
	read_output(output, end_ms, text, size);
	output = close_fd(output); /* what still wants to be written has nobody to read it */
	return reap(child, end_ms);
}
