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
static struct sockaddr_un address(int state_fd, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "/proc/self/fd/%d/%s", state_fd, name);
	return sa;
}

int control_listen(int state_fd, const char *name, int *ret_fd, struct error *err)
{
	struct sockaddr_un sa = address(state_fd, name);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, errno, "make the control socket %s", name);
	(void)unlinkat(state_fd, name, 0);
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 16) < 0)
		return error_errno(err, errno, "listen on the control socket %s", name);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int control_connect(int state_fd, const char *name, const char *who, int *ret_fd, struct error *err)
{
	struct sockaddr_un sa = address(state_fd, name);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
		return error_errno(err, errno, "speak to %s", who);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int control_exchange(int fd, const char *who, const void *message, size_t size, void *ret_answer, size_t answer_size,
		     int timeout_ms, struct error *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int r;

	if (send(fd, message, size, MSG_NOSIGNAL) != (ssize_t)size)
		return error_errno(err, errno == EPIPE ? ECONNRESET : errno, "speak to %s", who);
	do
		r = poll(&wait, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return error_set(err, ETIMEDOUT, "%s does not answer", who);
	if (recv(fd, ret_answer, answer_size, 0) != (ssize_t)answer_size)
		return error_errno(err, ECONNRESET, "%s went away before it answered", who);
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
	struct control_answer answer;
	_cleanup_close_ int fd = -1;
	int r = control_connect(state_fd, CONTROL_SOCKET, "the monitor", &fd, err);

	if (r == 0)
		r = control_exchange(fd, "the monitor", message, size, &answer, sizeof answer, timeout_ms, err);
	if (r == 0 && answer.result < 0)
		return error_errno(err, -answer.result, "the monitor");
	return r;
}
