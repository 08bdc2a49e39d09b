/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting stint-monitor: nothing of the launcher's reaches it but two descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/launch/internal.h"

enum {
	DISMISS_TIMEOUT_MS = 1000,
	TRIES = 3, /* one that is killed before it is ready is started again */
};

int monitor_spawn(const struct host *host, const struct cgroup_layout *layout, const char *key, int launcher_pidfd,
		  bool orphan, int *ret_channel, struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX];
	char program[] = "stint-monitor", launched[] = "--launched", resume[] = "--resume";
	char key_copy[STATE_KEY_MAX];
	char *argv[] = {program, launcher_pidfd >= 0 ? launched : resume, root, key_copy, NULL};
	_cleanup_close_ int ours = -1, its = -1;
	int fds[2];
	pid_t pid;
	int r = program_path("stint-monitor", path, err);

	if (r < 0)
		return r;
	(void)snprintf(root, sizeof root, "--root=%s", host->root);
	(void)snprintf(key_copy, sizeof key_copy, "%s", key);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return error_errno(err, errno, "start the monitor");
	ours = fds[0];
	its = fds[1];
	pid = program_fork(host, layout);
	if (pid < 0)
		return error_errno(err, errno, "start the monitor");
	if (pid == 0) {
		if (orphan && fork() != 0)
			_exit(0);
		program_become(path, argv, its, launcher_pidfd);
	}
	while (orphan && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_channel = steal_fd(&ours);
	return 0;
}

void monitor_go_on(int channel)
{
	/* One that has ended already may have said why, which program_wait_ready reads; one that is not to be reached ends. */
	if (send(channel, "", 1, MSG_NOSIGNAL) < 0)
		(void)shutdown(channel, SHUT_WR);
}

void monitor_dismiss(int channel)
{
	struct pollfd wait = {.fd = channel, .events = POLLIN};

	if (channel < 0)
		return;
	(void)shutdown(channel, SHUT_WR);
	(void)poll(&wait, 1, DISMISS_TIMEOUT_MS);
	(void)close(channel);
}

static int spawn_to_go_on(const struct host *host, const char *key, int launcher_pidfd, bool orphan, int *ret_channel,
			  struct error *err)
{
	struct cgroup_layout layout;
	int r = cgroup_layout_read(host, &layout, err);

	if (r == 0)
		r = monitor_spawn(host, &layout, key, launcher_pidfd, orphan, ret_channel, err);
	if (r == 0)
		monitor_go_on(*ret_channel);
	return r;
}

int monitor_start(const struct host *host, const char *key, int launcher_pidfd, bool orphan, int *channel,
		  struct error *err)
{
	int r = -ECHILD;

	for (int tries = 0; tries < TRIES && r == -ECHILD; tries++) {
		r = *channel >= 0 ? 0 : spawn_to_go_on(host, key, launcher_pidfd, orphan, channel, err);
		if (r == 0)
			r = program_wait_ready(*channel, "the monitor", err);
		if (r < 0)
			*channel = close_fd(*channel);
	}
	return r;
}
