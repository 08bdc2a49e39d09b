/* SPDX-License-Identifier: GPL-2.0-or-later */
/* churn SECONDS: takes process ids, a hundred at a time, each for a moment, so that they are used again soon. Prints
 * how many were taken and how many of these processes were ended by a signal; exits 1 when one was. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec life = {.tv_nsec = 3000000};
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	long taken = 0, killed = 0;

	while (time(NULL) < end) {
		int children = 0, status;

		while (children < 100) {
			pid_t pid = fork();

			if (pid < 0)
				break;
			if (pid == 0) {
				(void)nanosleep(&life, NULL);
				_exit(0);
			}
			children++;
		}
		for (; children; children--, taken++)
			if (wait(&status) > 0 && WIFSIGNALED(status))
				killed++;
	}
	printf("taken %ld killed %ld\n", taken, killed);
	return killed ? 1 : 0;
}
