/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getppid BATCHES: so many batches of calls, and the nanoseconds a call in the batch that was disturbed least. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 2000 };

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	double least = 1e18;

	for (long i = argc == 2 ? atol(argv[1]) : 1; i > 0; i--) {
		double took = now_ns();

		for (int k = 0; k < BATCH; k++)
			(void)syscall(SYS_getppid);
		took = (now_ns() - took) / BATCH;
		if (took < least)
			least = took;
	}
	printf("%.1f\n", least);
	return 0;
}
