/* SPDX-License-Identifier: GPL-2.0-or-later */
/* send-as UID plain|override DIR VERB: as UID, speaks to the control socket in DIR. With "override" the process keeps
 * the capability to pass every permission of a file, so that it gets as far as the socket itself. Prints
 * "answer N", "no answer" or why it could not connect. */
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int become(unsigned uid, int override)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (override && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return -1;
	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	if (!override)
		return 0;
	data[0].effective = data[0].permitted = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
	return (int)syscall(SYS_capset, &header, data);
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct {
		uint32_t verb;
		int32_t value;
	} message = {0};
	int32_t answer;
	struct pollfd wait = {.fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), .events = POLLIN};

	/* Entered as root: a relative address needs no path to the directory. */
	if (argc != 5 || wait.fd < 0 || chdir(argv[3]) < 0 ||
	    become((unsigned)atoi(argv[1]), strcmp(argv[2], "override") == 0) < 0) {
		perror("send-as");
		return 2;
	}
	message.verb = (uint32_t)atoi(argv[4]);
	if (connect(wait.fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
		printf("connect: %s\n", strerror(errno));
		return 1;
	}
	(void)send(wait.fd, &message, sizeof message, MSG_NOSIGNAL);
	if (poll(&wait, 1, 5000) > 0 && recv(wait.fd, &answer, sizeof answer, 0) == (ssize_t)sizeof answer)
		printf("answer %d\n", answer);
	else
		printf("no answer\n");
	return 0;
}
