/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill_floor GROUP N: how fast this kernel can do it at best. Makes GROUP (a path in a cgroup v2 tree), N sleeping
 * processes in it, kills them with cgroup.kill, and prints the nanoseconds until the group was empty.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *group;

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "kill_floor: %s: ", what);
	perror(group);
	exit(1);
}

static int open_file(const char *name, int flags)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", group, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail(name);
	return fd;
}

static _Noreturn void stay(void)
{
	for (;;)
		(void)pause();
}

/* Ready when its end of the pipe is closed. */
static _Noreturn void crowd(long count, int ready)
{
	int procs = open_file("cgroup.procs", O_WRONLY);

	if (write(procs, "0", 1) != 1)
		fail("enter");
	while (--count > 0) {
		pid_t pid = fork();

		if (pid == 0) {
			(void)close(ready);
			stay();
		}
		if (pid < 0)
			fail("fork");
	}
	(void)close(ready);
	stay();
}

static uint64_t kill_all(void)
{
	struct sched_param parameters = {.sched_priority = 1};
	struct pollfd wait = {.fd = open_file("cgroup.events", O_RDONLY), .events = POLLPRI};
	int killer = open_file("cgroup.kill", O_WRONLY);
	char text[256] = "";
	uint64_t start;

	(void)sched_setscheduler(0, SCHED_FIFO, &parameters); /* as the monitor */
	start = now();
	if (write(killer, "1", 1) != 1)
		fail("kill");
	while (pread(wait.fd, text, sizeof text - 1, 0) > 0 && !strstr(text, "populated 0"))
		(void)poll(&wait, 1, 10000);
	return now() - start;
}

int main(int argc, char **argv)
{
	struct timespec settle = {.tv_nsec = 300000000};
	int ready[2];
	char byte;

	if (argc != 3 || pipe(ready) < 0)
		return 2;
	group = argv[1];
	if (mkdir(group, 0755) < 0)
		fail("make the group");
	(void)signal(SIGCHLD, SIG_IGN);
	if (fork() == 0) {
		(void)close(ready[0]);
		crowd(strtol(argv[2], NULL, 10), ready[1]);
	}
	(void)close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	(void)nanosleep(&settle, NULL);
	printf("%llu\n", (unsigned long long)kill_all());
	for (int i = 0; i < 100 && rmdir(group) < 0; i++)
		(void)nanosleep(&settle, NULL);
	return 0;
}
