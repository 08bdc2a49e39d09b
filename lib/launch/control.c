/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/launch/control.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/base/cleanup.h"

/* Through the directory's descriptor: the path may be longer than a socket address takes, and is
 * not looked up a second time. */
static struct sockaddr_un address(int state_fd)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "/proc/self/fd/%d/socket", state_fd);
	return sa;
}

int control_listen(int state_fd, int *ret_fd, struct error *err)
{
	struct sockaddr_un sa = address(state_fd);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, errno, "make the monitor's control socket");
	(void)unlinkat(state_fd, "socket", 0);
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 16) < 0)
		return error_errno(err, errno, "listen on the monitor's control socket");
	*ret_fd = steal_fd(&fd);
	return 0;
}

int control_call(int state_fd, enum control_verb verb, int32_t value, int timeout_ms, struct error *err)
{
	const struct control_message message = {.verb = verb, .value = value};

	return control_send(state_fd, &message, timeout_ms, err);
}

int control_send(int state_fd, const struct control_message *message, int timeout_ms, struct error *err)
{
	size_t size = message->verb == CONTROL_UPDATE ? sizeof *message : offsetof(struct control_message, limits);
	struct sockaddr_un sa = address(state_fd);
	struct control_answer answer;
	struct pollfd wait = {.events = POLLIN};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t n;
	int r;

	if (fd < 0)
		return error_errno(err, errno, "speak to the monitor");
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
		return error_errno(err, errno, "speak to the monitor");
	if (send(fd, message, size, MSG_NOSIGNAL) != (ssize_t)size)
		return error_errno(err, errno == EPIPE ? ECONNRESET : errno, "speak to the monitor");
	wait.fd = fd;
	do
		r = poll(&wait, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return error_set(err, ETIMEDOUT, "the monitor does not answer");
	n = recv(fd, &answer, sizeof answer, 0);
	if (n != (ssize_t)sizeof answer)
		return error_errno(err, ECONNRESET, "the monitor went away before it answered");
	if (answer.result < 0)
		return error_errno(err, -answer.result, "the monitor");
	return 0;
}
