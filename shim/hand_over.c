/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "lib/base/file.h"
#include "shim/runtime.h"

int hand_over(const char *text, size_t length, int lowest, char path[HAND_OVER_PATH_MAX], struct error *err)
{
	static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	_cleanup_close_ int fd = memfd_create("stint", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : write_all(fd, text, length), high;

	if (r == 0 && fcntl(fd, F_ADD_SEALS, seals) < 0)
		r = -errno;
	high = r < 0 ? -1 : fcntl(fd, F_DUPFD, lowest);
	if (r == 0 && high < 0)
		r = -errno;
	if (r < 0)
		return error_errno(err, -r, "hand a file over to the runtime");
	(void)snprintf(path, HAND_OVER_PATH_MAX, "/proc/self/fd/%d", high);
	return 0;
}
