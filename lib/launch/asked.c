/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder that a container's filter asks: whether it lives is told by a lock, since its number may become another's. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "lib/base/cleanup.h"
#include "lib/launch/launch.h"

int recorder_lock(int state_fd, int *ret_fd, struct error *err)
{
	_cleanup_close_ int fd = openat(state_fd, RECORDING_FILTER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_errno(err, errno, "lock the filter that asks the recorder");
	*ret_fd = steal_fd(&fd);
	return 0;
}

bool recorder_has_ended(int state_fd)
{
	_cleanup_close_ int fd = openat(state_fd, RECORDING_FILTER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
}

int recorder_hold(int state_fd, pid_t pid)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int r = pidfd < 0 ? -errno : 0;

	/* It lives still, so the number was no other's when it was held by that. */
	if (recorder_has_ended(state_fd))
		return -ESRCH;
	return r < 0 ? r : steal_fd(&pidfd);
}
