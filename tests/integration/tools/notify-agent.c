/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify-agent SOCKET: what a runtime's "listenerPath" leads to, and not to be trusted: it lets every call that it is asked
 * about go on, and prints its number. It answers for each filter that it is handed until that is gone.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The descriptor that comes with the state of the container. */
static int receive(int connection)
{
	static char state[1 << 16];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {state, sizeof state};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int fd = -1;

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

static void answer_all(int filter)
{
	struct pollfd wait = {.fd = filter, .events = POLLIN};

	while (poll(&wait, 1, -1) > 0 && !(wait.revents & POLLHUP)) {
		struct seccomp_notif asked = {0};
		struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

		if (ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
			continue; /* who asked is gone */
		printf("%d\n", asked.data.nr);
		answer.id = asked.id;
		(void)ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;

	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1) < 0) {
		perror("notify-agent");
		return 1;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	while ((connection = accept(listener, NULL, NULL)) >= 0) {
		int filter = receive(connection);

		(void)close(connection);
		if (filter >= 0)
			answer_all(filter);
		(void)close(filter);
	}
	return 0;
}
