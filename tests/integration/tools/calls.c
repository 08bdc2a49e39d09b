/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes calls by their numbers, with zeros for arguments, and says what each is answered: "272 EPERM". "wait" among them
 * reads standard input to its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char byte;

	for (int i = 1; i < argc; i++) {
		long r;

		if (strcmp(argv[i], "wait") == 0) {
			while (read(0, &byte, 1) > 0)
				;
			continue;
		}
		r = syscall(atol(argv[i]), 0L, 0L, 0L, 0L, 0L, 0L);
		printf("%s %s\n", argv[i], r >= 0 ? "done" : strerrorname_np(errno));
	}
	puts("end");
	return 0;
}
