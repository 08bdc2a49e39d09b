/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a program of ours to say that it is ready. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/launch/internal.h"

enum { READY_TIMEOUT_MS = 20000 };

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
		if (n == 0 || (n < 0 && errno == ECONNRESET)) /* it ended; and had not read what we sent */
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

int program_wait_ready(int pipe, const char *who, struct error *err)
{
	char line[ERROR_TEXT_MAX];
	int r = read_line(pipe, line, sizeof line);

	if (r == -ETIMEDOUT)
		return error_set(err, ETIMEDOUT, "start %s: it does not get ready", who);
	if (r < 0)
		return error_errno(err, -r, "start %s", who);
	if (r == 0)
		return error_set(err, ECHILD, "start %s: it ended before it was ready", who);
	if (strcmp(line, "ready") != 0)
		return error_set(err, EIO, "start %s: %s", who, line);
	return 0;
}
