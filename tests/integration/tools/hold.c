/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold MEBIBYTES MILLISECONDS: touches that much memory, keeps it that long, gives it back, and prints in bytes what the
 * kernel says was the most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc > 2 ? (size_t)atoi(argv[1]) << 20 : 0;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rusage usage;

	if (memory == MAP_FAILED)
		return 2;
	memset(memory, 1, size);
	(void)usleep((useconds_t)atoi(argv[2]) * 1000);
	(void)munmap(memory, size);
	(void)getrusage(RUSAGE_SELF, &usage);
	printf("%lu\n", (unsigned long)usage.ru_maxrss * 1024);
	return 0;
}
