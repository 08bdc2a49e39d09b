/* SPDX-License-Identifier: GPL-2.0-or-later */
/* many-fds DIR CMD...: becomes CMD with two hundred descriptors that were left open, as a careless parent
 * would: files in DIR, DIR itself, the host's root, pipes. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[4096];
	int pipes[2], fd = 0;

	if (argc < 3)
		return 2;
	for (int i = 0; i < 50 && fd >= 0; i++) {
		(void)snprintf(path, sizeof path, "%s/inherited-%d", argv[1], i);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd >= 0)
			fd = open(i % 2 ? argv[1] : "/", O_RDONLY | O_DIRECTORY);
		if (fd >= 0)
			fd = pipe(pipes);
	}
	if (fd < 0) {
		perror("many-fds");
		return 1;
	}
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
