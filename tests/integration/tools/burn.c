/* SPDX-License-Identifier: GPL-2.0-or-later */
/* burn MILLISECONDS [PROCESSES]: spends that much CPU time by its own clock, shared among so many processes, and
 * prints in nanoseconds what getrusage says that it was, from here on. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t used_ns(int who)
{
	struct rusage usage;

	(void)getrusage(who, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void burn(uint64_t ns)
{
	volatile unsigned sink = 0;

	for (uint64_t began = used_ns(RUSAGE_SELF); used_ns(RUSAGE_SELF) - began < ns;)
		for (unsigned i = 0; i < 20000; i++)
			sink += i;
}

int main(int argc, char **argv)
{
	uint64_t began = used_ns(RUSAGE_SELF), ns;
	unsigned processes = argc > 2 ? (unsigned)atoi(argv[2]) : 1;

	if (argc < 2 || !processes)
		return 2;
	ns = (uint64_t)atoi(argv[1]) * 1000000u / processes;
	for (unsigned i = 1; i < processes; i++)
		if (fork() == 0) {
			burn(ns);
			_exit(0);
		}
	burn(ns);
	while (wait(NULL) > 0)
		;
	printf("%llu\n", (unsigned long long)(used_ns(RUSAGE_SELF) - began + used_ns(RUSAGE_CHILDREN)));
	return 0;
}
