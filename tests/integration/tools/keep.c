/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keep CAPABILITY...: by their numbers; asks to have these from now on and no others, and says what came of it. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};

	for (int i = 1; i < argc; i++) {
		unsigned number = (unsigned)strtoul(argv[i], NULL, 10);

		sets[number / 32 % 2].permitted |= 1U << number % 32;
	}
	for (int i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted;
	puts(syscall(SYS_capset, &header, sets) == 0 ? "kept" : strerror(errno));
	return 0;
}
