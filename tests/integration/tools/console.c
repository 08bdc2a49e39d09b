/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console SOCKET: listens there as an engine does for --console-socket, takes the terminal that the runtime
 * sends, says something into it, and prints what comes out of it until its other end is closed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive_fd(int connection)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char name[4096];
	struct iovec text = {.iov_base = name, .iov_len = sizeof name};
	struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &control,
				 .msg_controllen = sizeof control};
	int fd;

	if (recvmsg(connection, &message, 0) < 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), terminal;
	char text[4096];
	ssize_t n;

	if (argc != 2 || strlen(argv[1]) >= sizeof sa.sun_path)
		return 2;
	strcpy(sa.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(listener, 1) < 0) {
		perror("console");
		return 1;
	}
	terminal = receive_fd(accept(listener, NULL, NULL));
	if (terminal < 0) {
		fprintf(stderr, "console: no terminal came\n");
		return 1;
	}
	if (write(terminal, "hello terminal\n", 15) != 15)
		return 1;
	while ((n = read(terminal, text, sizeof text)) > 0)
		if (write(STDOUT_FILENO, text, (size_t)n) != n)
			return 1;
	return 0;
}
