/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the containers of the benchmark do, statically linked into their root filesystem:
 *   burn flat THREADS    every thread is busy until it is killed
 *   burn below NS        busy until the container's group has used NS of CPU time, then nothing more
 *   burn crowd N         N children that sleep, itself asleep too
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void stay(void)
{
	for (;;)
		(void)pause();
}

static void *spin(void *argument)
{
	volatile uint64_t n = 0;

	(void)argument;
	for (;;)
		n = n + 1;
	return NULL;
}

static _Noreturn void flat(long threads)
{
	pthread_t thread;

	while (--threads > 0)
		if (pthread_create(&thread, NULL, spin, NULL))
			exit(1);
	(void)spin(NULL);
	exit(1);
}

/* Of this container's group, which is what is mounted here. */
static uint64_t group_cpu_ns(void)
{
	static const char *const v1[] = {"/sys/fs/cgroup/cpuacct/cpuacct.usage",
					 "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage"};
	char text[256] = "";
	int fd = -1;

	for (int i = 0; i < 2 && fd < 0; i++)
		fd = open(v1[i], O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, text, sizeof text - 1) <= 0)
			exit(1);
		(void)close(fd);
		return strtoull(text, NULL, 10);
	}
	fd = open("/sys/fs/cgroup/cpu.stat", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0 || strncmp(text, "usage_usec ", 11) != 0) {
		fprintf(stderr, "burn: this container cannot see its own CPU time\n");
		exit(1);
	}
	(void)close(fd);
	return strtoull(text + 11, NULL, 10) * 1000;
}

static _Noreturn void below(uint64_t ns)
{
	while (group_cpu_ns() < ns)
		;
	stay();
}

static _Noreturn void crowd(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			stay();
		if (pid < 0)
			exit(1);
	}
	stay();
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "flat") == 0)
		flat(strtol(argv[2], NULL, 10));
	if (strcmp(argv[1], "below") == 0)
		below(strtoull(argv[2], NULL, 10));
	if (strcmp(argv[1], "crowd") == 0)
		crowd(strtol(argv[2], NULL, 10));
	return 2;
}
