/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library as an image's author would have it loaded: it leaves a line in MARKER in whatever process it is. */
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void here(void)
{
	int fd = open(MARKER, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd < 0 || write(fd, "loaded\n", 7) != 7)
		return;
	(void)close(fd);
}
